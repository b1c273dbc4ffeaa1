"""Above a sum a person is asked: what their yes, their no and their silence do."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from bursar.api import SubjectType
from bursar.control.messages import RequestRejected
from bursar.host.registry import Registry
from support.scenarios.payouts import payout_due
from support.toy import Sites
from support.world import World

TOY = Sites().registry().providers["toy"]


async def test_above_the_sum_a_person_is_asked_and_nothing_is_sent(world: World) -> None:
    await payout_due(world, "approve: {above: 500, within: 12h}")
    await world.live(minutes=10)
    assert (await world.states(), world.site.done("payout"), await world.told("approval.*")) == (
        ["awaiting_approval"],
        [],
        ["approval.wanted"],
    )


async def test_up_to_the_sum_nobody_is_asked(world: World) -> None:
    await payout_due(world, "approve: {above: 500, within: 12h}", amount="500")
    assert await world.states() == ["succeeded"]


async def test_a_yes_sends_it_once_on_fresh_facts(world: World) -> None:
    await payout_due(world, "approve: {above: 500, within: 12h}")
    await world.say("approve", ids=["1"])
    await world.live(minutes=10)
    assert (await world.states(), world.site.done("payout")) == (["succeeded"], ["balance"])


async def test_a_yes_to_what_is_not_true_any_more_sends_nothing(world: World) -> None:
    await payout_due(world, "approve: {above: 500, within: 12h}, when: 'balance.amount >= 550'")
    world.site.money("520")
    await world.live(minutes=10)
    await world.say("approve", ids=["1"])
    await world.live(minutes=10)
    assert ((await world.states())[0], world.site.done("payout")) == ("awaiting_approval", [])


async def test_a_no_sends_nothing_and_is_told(world: World) -> None:
    await payout_due(world, "approve: {above: 500, within: 12h}")
    await world.say("deny", ids=["1"])
    await world.live(hours=2)
    assert (await world.states(), world.site.done("payout"), await world.told("action.*")) == (
        ["denied"],
        [],
        ["action.denied"],
    )


async def test_silence_means_no(world: World) -> None:
    await payout_due(world, "approve: {above: 500, within: 12h}")
    await world.live(hours=13, every_s=600)
    assert (await world.states(), world.site.done("payout"), await world.told("action.*")) == (
        ["lapsed"],
        [],
        ["action.lapsed"],
    )


async def test_what_waits_for_a_yes_survives_a_restart(world: World) -> None:
    await payout_due(world, "approve: {above: 500, within: 12h}")
    await world.restart(clean=False, minutes=5)
    await world.turn()
    await world.say("approve", ids=["1"])
    await world.live(minutes=10)
    assert (await world.states(), len(world.site.done("payout"))) == (["succeeded"], 1)


async def test_what_was_denied_is_asked_again_after_the_cooldown(world: World) -> None:
    await payout_due(world, "approve: {above: 500, within: 12h}, cooldown: 24h")
    await world.say("deny", ids=["1"])
    await world.live(hours=25, every_s=1200)
    assert await world.states() == ["denied", "awaiting_approval"]


@pytest.mark.parametrize("verb", ["approve", "deny"])
async def test_a_decision_about_what_is_over_changes_nothing_and_is_in_the_audit_trail(world: World, verb: str) -> None:
    await payout_due(world, "approve: {above: 500, within: 12h}")
    await world.say("deny", ids=["1"])
    with pytest.raises(RequestRejected, match="intent 1 is denied"):
        await world.say(verb, ids=["1"])
    noted = await world.read(lambda tx: tx.all("SELECT actor, what FROM audit ORDER BY seq DESC LIMIT 1"))
    assert (await world.states(), noted) == (["denied"], [("person", f"declined.{verb}")])


async def test_resolving_what_is_not_unknown_is_declined(world: World) -> None:
    await payout_due(world, "cooldown: 24h")
    with pytest.raises(RequestRejected, match=r"intent 1 is succeeded \(the provider said yes\), not unknown"):
        await world.say("resolve", id="1")


async def test_an_unknown_id_is_declined(world: World) -> None:
    await payout_due(world, "cooldown: 24h")
    with pytest.raises(RequestRejected, match="there is no action 99"):
        await world.say("approve", ids=["99"])


@pytest.mark.parametrize("ids", [["1", "99"], ["99", "1"]])
async def test_an_unknown_id_costs_the_others_nothing(world: World, ids: list[str]) -> None:
    await payout_due(world, "approve: {above: 500, within: 12h}")
    said = await world.say("deny", ids=ids)
    assert (await world.states(), said[1]["problem"]) == (["denied"], "there is no action 99: see `bursar actions`")


@pytest.mark.parametrize("still", [0, "", Decimal(0), []])
async def test_a_plugins_no_that_is_no_false_is_a_no(world: World, still: Any) -> None:
    kinds = {kind.name: kind for kind in TOY.subjects}
    event = replace(kinds["balance"].events[0], still=lambda _fields: still)
    subjects = tuple(kind if kind.name != "balance" else other(kind, events=(event,)) for kind in TOY.subjects)
    toy = replace(world.sites.registry().providers["toy"], subjects=subjects)
    sinks = world.sites.registry().sinks
    world.sites.registry = lambda: Registry({"toy": toy}, sinks)  # type: ignore[method-assign]
    await payout_due(world, "cooldown: 1h")
    assert world.site.performed == []


def other(kind: SubjectType, **changes: Any) -> SubjectType:
    """Return a type of subject that is declared in another way."""
    declared = {name: getattr(kind, name) for name in kind.__dataclass_fields__ if name != "all_fields"}
    return SubjectType(**{**declared, **changes})
