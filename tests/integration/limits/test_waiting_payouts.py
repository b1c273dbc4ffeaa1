"""What budgets count of a payout that waits; what was refused is looked for, whatever was done since."""

from __future__ import annotations

from decimal import Decimal

import pytest

from bursar.api import DidNot, Finding, Happened, Intent, Observation, Observed, Outcome, Refused, SubjectRef, Succeeded
from support.config import account, config
from support.world import World

PAY = '{name: p, on: balance.passed_min_payout, do: [{payout: {method: "7"}}]'


def listed(amount: str, state: str) -> Observation:
    return Observation("payouts", (Observed(SubjectRef("payout", "1"), {"amount": Decimal(amount)}, state),))


@pytest.mark.parametrize("shown", ["450", "500", "400"])
async def test_what_is_listed_of_a_payout_that_waits_gives_no_budget_back(world: World, shown: str) -> None:
    """900 left; listed as waiting with half of it ("a site may list anything at first"), later as done with 900. Budget
    1000: the next 500 would be more."""

    async def pays(_intent: Intent) -> Outcome:
        world.site.money("0")
        return Succeeded(str(len(world.site.performed)))

    world.site.money("900")
    world.site.will("payout", pays, pays)
    await world.open(config(PAY + "}", accounts=account(more="settle: 1m, budget: {payout: {max: 1000, every: 7d}}")))
    await world.turn()
    world.site.will("payouts", *[listed(shown, "waiting")] * 60)
    await world.live(hours=1, every_s=300)
    world.site.money("500")
    await world.live(hours=2, every_s=300)
    world.site.next["payouts"].clear()
    world.site.will("payouts", *[listed("900", "done")] * 999)
    await world.live(hours=2, every_s=300)
    assert [str(one.cost) for one in world.site.performed] == ["900"]


async def test_what_was_refused_is_looked_for_after_another_one_was_done(world: World) -> None:
    """Refused, and made all the same: it turns up after the next one was done, and waits at a site that debits late."""

    def look() -> object:
        async def find(intent: Intent) -> Finding:
            known = intent.id == 1 and "1" in world.site.payouts
            return Happened(Succeeded("1", moved=Decimal(900)), "payout 1 is new") if known else DidNot("no")

        return find

    async def pays(_intent: Intent) -> Outcome:
        world.site.money("0")
        world.site.payouts["2"] = "done"
        return Succeeded("2")

    world.site.money("900")
    world.site.will("payout", Refused("not enough money"), pays, Succeeded("3"))
    world.site.will("reconcile", *[look()] * 99)
    await world.open(config(PAY + ", cooldown: 1h}", accounts=account(more="settle: 1m")))
    await world.turn()
    await world.live(hours=2, every_s=300)
    assert await world.states() == ["refused", "succeeded"]
    world.site.payouts["1"] = "waiting"
    world.site.money("800")
    await world.live(hours=5, every_s=300)
    assert len(world.site.performed) == 2
