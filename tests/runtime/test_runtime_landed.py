"""A payout was lost, not found, and let go; it lands late. The next one is not sent beside it, whatever let it go."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from kit import World
from runtime_config import account, config

from bursar.api import CannotTell, DidNot, Finding, Happened, Intent, Lost, Refused, Succeeded
from bursar.domain.ids import IntentId
from bursar.journal import ledger
from bursar.pipeline.findings import record_finding
from bursar.pipeline.intent_transitions import record_outcome

PAY = '{name: p, on: balance.passed_min_payout, do: [{payout: {method: "7", account: {env: WALLET}}}]}'
QUICK = account(more="settle: 1m")
LANDED = Happened(Succeeded(reference="1", moved=Decimal(900)), "payout 1 is new")


async def lost(world: World, *then: object, rule: str = PAY) -> None:
    """Lose the answer to a payout of 900 at a site that debits on completion; two looks do not find it.

    Args:
        world: The daemon.
        then: What comes of the attempts after it.
        rule: The rule.
    """
    world.site.money("900")
    world.site.will("payout", Lost("no answer"), *then)

    async def look(intent: Intent) -> Finding:
        assert intent.params["account"] == "T-wallet-1"
        return LANDED if "1" in world.site.payouts else DidNot("not there")

    world.site.will("reconcile", *[look] * 999)
    await world.open(config(rule, accounts=QUICK))
    await world.turn()


async def let_go_by_a_pause(world: World) -> None:
    await lost(world)
    await world.say("pause")
    await world.live(hours=2)


async def let_go_by_a_person(world: World) -> None:
    await lost(world)
    await world.say("pause")
    await world.live(minutes=5)
    await world.say("deny", ids=["1"])


async def let_go_by_what_a_person_found(world: World) -> None:
    await lost(world)
    await world.say("pause")
    await world.say("resolve", id="1")


async def let_go_by_a_refusal(world: World) -> None:
    await lost(world, Refused("a payout is waiting already"))
    await world.live(minutes=5)
    await world.say("pause")


async def let_go_by_an_edit(world: World) -> None:
    await lost(world)
    await world.say("pause")
    await world.live(minutes=5)
    await world.reload(config(PAY.replace("passed_min_payout", "passed_min_payout, when: balance.amount > 1")))


WAYS = [
    let_go_by_a_pause,
    let_go_by_a_person,
    let_go_by_what_a_person_found,
    let_go_by_a_refusal,
    let_go_by_an_edit,
]


async def asked_for_anew(world: World) -> None:
    """Have the rule ask for the next one: at its match's next turn, within a day; or else at its next event."""
    await world.say("resume")
    await world.live(hours=26, every_s=600)
    if len(await world.intents()) == 1:
        world.site.money("20")
        await world.live(minutes=12)
        world.site.money("900")
        await world.live(hours=1)


@pytest.mark.parametrize("let_go", WAYS)
async def test_the_next_payout_is_not_sent_beside_one_that_landed_late(world: World, let_go: Any) -> None:
    await let_go(world)
    before = len(world.site.performed)
    world.site.payouts["1"] = "waiting"
    await asked_for_anew(world)
    [first, second] = await world.intents()
    words = "intent 1, whose answer was lost, had happened: this would be the second"
    assert (first.state, first.reference, second.state, second.reason) == ("succeeded", "1", "lapsed", words)
    assert len(world.site.performed) == before


@pytest.mark.parametrize("let_go", WAYS)
async def test_the_next_payout_is_sent_where_nothing_has_landed(world: World, let_go: Any) -> None:
    await let_go(world)
    before = len(world.site.performed)
    await asked_for_anew(world)
    assert (len(world.site.performed), (await world.states())[-1]) == (before + 1, "succeeded")


@pytest.mark.parametrize("let_go", WAYS)
async def test_the_next_payout_is_sent_once_the_one_that_landed_late_is_done(world: World, let_go: Any) -> None:
    async def take_all(_intent: Intent) -> Succeeded:
        world.site.money("0")
        return Succeeded()

    await let_go(world)
    before = len(world.site.performed)
    world.site.will("payout", take_all)
    world.site.payouts["1"] = "done"
    await asked_for_anew(world)
    assert (await world.states(), len(world.site.performed)) == (["succeeded", "succeeded"], before + 1)


async def test_what_landed_late_is_told_and_counts_in_budgets(world: World) -> None:
    await let_go_by_a_pause(world)
    world.site.payouts["1"] = "waiting"
    await asked_for_anew(world)
    [told] = await world.events("action.succeeded")
    entry = await world.read(lambda tx: ledger.load(tx, IntentId(1)))
    data = told["data"]
    assert (data["intent"], data["paid"], data["reason"]) == ("1", "900", "it had happened: payout 1 is new")
    assert (entry.spends if entry is not None else None) == 900


async def test_what_nobody_can_tell_stops_nothing_that_was_decided_since(world: World) -> None:
    """A payout that a person has answered for must not stop all others because a look says nothing."""
    await let_go_by_what_a_person_found(world)
    world.site.next["reconcile"].clear()
    world.site.will("reconcile", *[CannotTell("the balance fell")] * 99)
    await asked_for_anew(world)
    assert len(world.site.performed) == 2


async def test_what_was_made_for_another_is_not_the_one_that_landed(world: World) -> None:
    await let_go_by_a_pause(world)
    world.site.will("payout", Succeeded(reference="1", moved=Decimal(900)))
    await asked_for_anew(world)
    world.site.money("20")
    await world.live(minutes=12)
    world.site.money("900")
    await world.live(minutes=12)
    assert [intent.state for intent in await world.intents()] == ["lapsed", "succeeded", "succeeded"]


async def test_after_a_week_a_lost_one_is_looked_for_no_more(world: World) -> None:
    await let_go_by_a_pause(world)
    await world.live(days=8, every_s=3600)
    world.site.payouts["1"] = "waiting"
    await asked_for_anew(world)
    assert len(world.site.performed) == 2


async def test_adapters_are_told_what_was_made_for_others(world: World) -> None:
    await let_go_by_a_pause(world)
    world.site.will("payout", Succeeded(reference="5"))
    await asked_for_anew(world)
    world.site.payouts["5"] = "done"
    await world.live(minutes=12)
    world.site.will("payout", Lost("no answer"))
    world.site.money("20")
    await world.live(minutes=12)
    world.site.money("900")
    await world.live(minutes=30)
    assert world.site.reconciled[-1].made_for_others == {"5"}


async def test_what_a_look_finds_while_a_person_says_that_it_did_not_happen_counts(world: World) -> None:
    await lost(world)
    [intent] = await world.intents()
    await world.say("resolve", id="1")
    now = world.context.now()
    await world.context.commit(lambda uow: record_finding(uow, intent.id, intent.fence, LANDED, now))
    [after] = await world.intents()
    assert (after.state, after.reference, await world.matches()) == ("succeeded", "1", [])


async def test_a_late_yes_counts_where_a_person_has_said_that_it_did_not_happen(world: World) -> None:
    await lost(world)
    [intent] = await world.intents()
    await world.say("resolve", id="1")
    yes = Succeeded(reference="1")
    await world.context.commit(lambda uow: record_outcome(uow, intent.id, intent.fence, yes, uow.now))
    assert (await world.states(), await world.told("action.succeeded")) == (["succeeded"], ["action.succeeded"])
