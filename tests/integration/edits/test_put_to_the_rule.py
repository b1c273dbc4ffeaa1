"""What ended with a change of its rule is put to the rule as it is, or to the one that does it now."""

from __future__ import annotations

import pytest

from bursar.api import Unreachable
from bursar.control.messages import RequestRejected
from support.config import account, config
from support.scenarios.edits import REFILL
from support.world import World

PAY = '{name: p, on: balance.passed_min_payout, do: [{payout: {method: "7"}}]}'

ASKS = PAY.replace("]}", "], approve: {within: 12h}}")


async def edited(world: World, rule: str) -> None:
    """Have a question about a payout end with a change of its rule."""
    world.site.money("80")
    await world.open(config(ASKS))
    await world.turn()
    await world.reload(config(rule))
    await world.live(hours=2, every_s=600)
    assert (await world.states())[0] == "lapsed"


async def test_what_ended_with_a_change_of_its_rule_is_put_to_the_rule_as_it_is(world: World) -> None:
    """The balance never falls below the minimum: its event would not come anew."""
    await edited(world, ASKS.replace("do:", "when: balance.amount > 60, do:"))
    assert await world.states() == ["lapsed", "awaiting_approval"]
    await world.say("approve", ids=["2"])
    await world.live(minutes=12)
    assert [str(one.cost) for one in world.site.performed] == ["80"]


async def test_what_ended_with_a_change_that_does_not_ask_for_it_is_not_asked_for(world: World) -> None:
    await edited(world, ASKS.replace("do:", "when: balance.amount > 900, do:"))
    assert await world.states() == ["lapsed"]


PARTIAL = "{name: p, on: order.partial, do: [refill], approve: {within: 12h}}"


async def test_what_its_event_does_not_ask_anew_a_person_can_put_to_the_rule_as_it_is(world: World) -> None:
    world.site.orders["1"] = "partial"
    await world.open(config(PARTIAL))
    await world.track("1")
    await world.turn()
    await world.reload(config(PARTIAL.replace("[refill]", "[cancel]")))
    await world.live(hours=2, every_s=600)
    assert await world.states() == ["lapsed"]
    [answer] = await world.say("retry", ids=["1"])
    await world.live(minutes=12)
    assert (answer["problem"], await world.states()) == (None, ["lapsed", "awaiting_approval"])


async def test_what_ended_while_its_rule_was_gone_can_be_put_to_it_again(world: World) -> None:
    await edited(world, REFILL)
    await world.reload(config(ASKS))
    await world.say("retry", ids=["1"])
    await world.live(minutes=12)
    assert await world.states() == ["lapsed", "awaiting_approval"]


async def test_it_is_put_to_the_rule_once(world: World) -> None:
    await edited(world, ASKS.replace("do:", "when: balance.amount > 60, do:"))
    with pytest.raises(RequestRejected, match="the rule p has asked for payout since, as intent 2"):
        await world.say("retry", ids=["1"])
    await world.live(minutes=12)
    assert await world.states() == ["lapsed", "awaiting_approval"]


@pytest.mark.parametrize(
    ("rule", "why"),
    [
        (ASKS.replace("do:", "when: balance.amount > 900, do:"), "does not ask for it"),
        (ASKS.replace("passed_min_payout", "changed"), "does not ask about balance.passed_min_payout"),
        (ASKS.replace("do:", "accounts: [second], do:"), "does not ask about"),
        (REFILL, "there is no rule p"),
    ],
)
async def test_what_the_rule_does_not_ask_for_now_is_not_done(world: World, rule: str, why: str) -> None:
    names = f"{account()}, {account('second', 2)}"
    world.site.money("80")
    await world.open(config(ASKS, accounts=names))
    await world.turn()
    await world.reload(config(rule, accounts=names))
    await world.live(minutes=12)
    with pytest.raises(RequestRejected, match=why):
        await world.say("retry", ids=["1"])
    await world.live(hours=2, every_s=600)
    assert (world.site.performed, await world.states()) == ([], ["lapsed"])


async def test_what_lapsed_for_another_reason_is_not_put_to_its_rule(world: World) -> None:
    world.site.money("80")
    await world.open(config(ASKS))
    await world.turn()
    world.site.money("0")
    await world.live(minutes=12)
    with pytest.raises(RequestRejected, match="no longer true"):
        await world.say("retry", ids=["1"])


async def test_a_state_rules_question_that_its_edit_ended_is_put_to_it(world: World) -> None:
    rule = '{name: c, on: order, when: order.state == "in_progress", for: 1h, do: [cancel], approve: {within: 12h}}'
    world.site.orders["1"] = "in_progress"
    await world.open(config(rule))
    await world.track("1")
    await world.live(hours=2)
    await world.reload(config(rule.replace("[cancel]", "[refill]")))
    await world.live(minutes=12)
    with pytest.raises(RequestRejected, match="has asked for refill since, as intent 2: `bursar actions` shows it"):
        await world.say("retry", ids=["1"])
    assert [(one.action, str(one.state)) for one in await world.intents()] == [
        ("cancel", "lapsed"), ("refill", "awaiting_approval"),
    ]  # fmt: skip


@pytest.mark.parametrize("how", ["merged", "narrowed", "off"])
async def test_what_ended_with_its_rule_is_asked_of_the_other_rule_that_does_it_now(world: World, how: str) -> None:
    """Two rules, one for each account; a question of one waits when the other takes its account over."""
    names = f"{account()}, {account('second', 2)}"
    p, q = (
        ASKS.replace("name: p", f"name: {name}, accounts: [{where}]")
        for name, where in (("p", "panel"), ("q", "second"))
    )
    world.site.money("80")
    await world.open(config(f"{p}\n{q}", accounts=names))
    await world.turn()
    assert await world.states() == ["awaiting_approval"]
    wide = ASKS.replace("name: p", "name: q")
    edited = {
        "merged": wide,
        "narrowed": p.replace("[panel]", "[second]") + "\n" + wide.replace("name: q", "name: q, accounts: [panel]"),
        "off": p.replace("name: p", "name: p, mode: 'off'") + "\n" + wide,
    }[how]
    await world.reload(config(edited, accounts=names))
    await world.live(minutes=12)
    assert [(one.rule, str(one.state)) for one in await world.intents()] == [
        ("p", "lapsed"), ("q", "awaiting_approval"),
    ]  # fmt: skip


async def test_did_not_of_a_rule_that_is_off_by_then_is_put_to_the_rule_that_has_its_text(world: World) -> None:
    """While it is unknown, the rule is switched off, and a copy goes live; a person says that it did not happen."""
    rule = '{name: %s, on: balance.passed_min_payout, do: [{payout: {method: "7"}}]%s}'
    world.site.money("400")
    world.site.will("payout", Unreachable("lost"))
    panel = account(more="settle: 10m")
    await world.open(config(rule % ("p", ""), accounts=panel))
    await world.live(minutes=2)
    await world.reload(config(rule % ("p", ", mode: off") + "\n" + rule % ("p2", ""), accounts=panel))
    await world.live(minutes=2)
    await world.say("resolve", id="1")
    await world.live(days=3, every_s=900)
    assert len(world.site.performed) == 2
