"""What a copy of a rule has paid while the rule was away counts for the rule, also where the account was away before."""

from __future__ import annotations

import pytest

from bursar.api import Intent, Succeeded
from support.config import account, config
from support.scenarios.lost import QUICK
from support.world import World

SECOND = account("second", 2)
BOTH = f"{QUICK}, {SECOND}"
RULE = '{name: p, on: balance.passed_min_payout, do: [{payout: {method: "7"}}], cooldown: 30d}'
OFF = RULE.replace("name: p", "name: p, mode: 'off'")
NARROW = RULE.replace("name: p", "name: p, accounts: [second]")
COPY = RULE.replace("name: p", "name: q, accounts: [panel]")


@pytest.mark.parametrize("away", [OFF, NARROW], ids=["off", "not for it"])
@pytest.mark.parametrize("gone", [False, True], ids=["account there", "account gone first"])
async def test_what_a_copy_has_done_meanwhile_counts(world: World, away: str, gone: bool) -> None:
    """p was for panel; panel is taken out of the configuration, and comes back when p is away, with the copy q: q pays.
    Then p is back and q is gone: within the cooldown of 30 days p pays nothing."""

    async def pays(_intent: Intent) -> Succeeded:
        world.site.money("0")
        number = str(len(world.site.performed))
        world.site.payouts[number] = "done"
        return Succeeded(number)

    world.site.money("20")
    world.site.will("payout", pays, pays)
    await world.open(config(RULE, accounts=BOTH))
    await world.live(minutes=12)
    if gone:
        await world.reload(config(RULE, accounts=SECOND))
        await world.wait(minutes=6)
        await world.reload(config(away, accounts=SECOND))
        await world.wait(minutes=6)
    await world.reload(config(f"{away}\n{COPY}", accounts=BOTH))
    await world.live(minutes=12)
    world.site.money("900")
    await world.live(minutes=30)
    assert len(world.site.performed) == 1
    await world.reload(config(RULE, accounts=BOTH))
    await world.live(hours=1, every_s=300)
    world.site.money("700")
    await world.live(hours=6, every_s=300)
    assert len(world.site.performed) == 1
