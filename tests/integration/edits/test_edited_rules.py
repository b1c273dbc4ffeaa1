"""A rule is edited or removed while something waits for it; or its event does not hold any more."""

from __future__ import annotations

import pytest

from bursar.api import Later, Refused, Unreachable
from support.config import account, config
from support.scenarios.edits import REFILL, held
from support.world import World

CANCEL = "{name: e, on: order.completed, do: [cancel], cooldown: 2h}"
PAY = '{name: p, on: balance.passed_min_payout, do: [{payout: {method: "7"}}]}'
GONE = Unreachable("the answer was lost")


async def deferred(world: World, rule: str = REFILL) -> None:
    """Have a refill of order 1 wait for an hour, since the panel said later."""
    from datetime import timedelta

    world.site.will("refill", Later("busy", retry_after=timedelta(hours=1)))
    world.site.orders["1"] = "partial"
    await world.open(config(rule))
    await world.track("1")
    await world.turn()
    assert await world.states() == ["deferred"]


async def test_what_is_held_for_a_rule_does_not_follow_it_into_another_meaning(world: World) -> None:
    await held(world)
    await world.reload(config(CANCEL))
    await world.live(hours=5, every_s=600)
    assert (world.site.done("cancel"), world.site.done("refill"), await world.matches()) == ([], ["1"], [])


async def test_what_a_rule_does_no_more_is_not_sent(world: World) -> None:
    await deferred(world)
    await world.reload(config(REFILL.replace("[refill]", "[{notify: {sink: ops, text: partial}}]")))
    await world.live(hours=3, every_s=600)
    assert (await world.states(), world.site.done("refill")) == (["lapsed"], ["1"])


async def test_what_a_rule_that_is_gone_decided_is_not_sent(world: World) -> None:
    await deferred(world)
    await world.reload(config())
    await world.live(hours=3, every_s=600)
    assert (await world.states(), world.site.done("refill")) == (["lapsed"], ["1"])


async def test_what_a_rule_decided_before_its_condition_changed_is_not_sent(world: World) -> None:
    await deferred(world)
    await world.restart(config(REFILL.replace("do:", "when: order.remains == null, do:")))
    await world.live(hours=3, every_s=600)
    assert (await world.states(), (await world.intents())[0].reason) == (["lapsed"], "the rule changed")


@pytest.mark.parametrize(
    "edited",
    [
        REFILL.replace("2h", "3h"),
        REFILL.replace("do:", "limit: {per: order, max: 9, every: 1d}, do:"),
        REFILL.replace("do: [refill]", "do:   [ refill ]"),
        REFILL.replace("do:", "severity: high, do:"),
    ],
)
async def test_what_does_not_change_a_rules_meaning_ends_nothing(world: World, edited: str) -> None:
    await deferred(world)
    await world.reload(config(edited))
    await world.live(hours=2, every_s=60)
    assert (await world.states(), world.site.done("refill")) == (["succeeded"], ["1", "1"])


async def test_the_order_of_what_a_condition_joins_is_no_change(world: World) -> None:
    one = 'when: order.remains == null and order.state == "partial", do:'
    two = 'when: order.state == "partial" and order.remains == null, do:'
    await deferred(world, REFILL.replace("do:", one))
    await world.reload(config(REFILL.replace("do:", two)))
    await world.live(hours=2, every_s=60)
    assert await world.states() == ["succeeded"]


ASKS = PAY.replace("]}", "], approve: {within: 12h}}")


async def test_an_account_that_was_taken_out_of_a_rule_is_not_acted_on(world: World) -> None:
    names = f"{account()}, {account('second', 2)}"
    rule = REFILL.replace("do:", "accounts: [{0}], do:")
    from datetime import timedelta

    world.site.will("refill", Later("busy", retry_after=timedelta(hours=1)))
    world.site.orders["1"] = "partial"
    await world.open(config(rule.replace("{0}", "panel"), accounts=names))
    await world.track("1")
    await world.turn()
    await world.reload(config(rule.replace("{0}", "second"), accounts=names))
    await world.live(hours=3, every_s=600)
    assert (await world.states(), world.site.done("refill")) == (["lapsed"], ["1"])


async def test_what_is_held_at_an_account_that_was_taken_out_of_a_rule_ends(world: World) -> None:
    await held(world)
    await world.reload(
        config(REFILL.replace("do:", "accounts: [second], do:"), accounts=f"{account()}, {account('second', 2)}")
    )
    await world.live(hours=5, every_s=600)
    assert (world.site.done("refill"), await world.matches()) == (["1"], [])


async def test_a_lost_payout_lives_on_when_its_rule_changes_and_is_told_with_the_rules_name(world: World) -> None:
    world.site.money("80")
    world.site.will("payout", GONE)
    await world.open(config(PAY))
    await world.turn()
    await world.reload(config(PAY.replace('"7"', '"8"')))
    await world.say("resolve", id="1", happened=True, reference="41")
    told = (await world.events("action.succeeded"))[0]["data"]
    assert (await world.states(), told["rule"], told["reference"]) == (["succeeded"], "p", "41")


async def test_a_question_of_a_rule_that_changed_is_none(world: World) -> None:
    rule = PAY.replace("}]}", "}], approve: {within: 12h}}")
    world.site.money("80")
    await world.open(config(rule))
    await world.turn()
    await world.reload(config(rule.replace('"7"', '"8"')))
    assert (await world.states(), await world.told("action.lapsed")) == (["lapsed"], ["action.lapsed"])


async def test_an_edited_hold_moves_its_end(world: World) -> None:
    rule = "{name: h, on: order, when: 'order.state == \"in_progress\"', for: 48h, do: [cancel]}"
    world.site.orders["1"] = "in_progress"
    await world.open(config(rule))
    await world.track("1")
    await world.live(hours=10, every_s=600)
    await world.reload(config(rule.replace("48h", "12h")))
    await world.live(hours=1, every_s=600)
    early = world.site.done("cancel")
    await world.live(hours=3, every_s=600)
    assert (early, world.site.done("cancel")) == ([], ["1"])


async def test_a_balance_that_a_person_has_paid_out_by_hand_is_not_asked_for(world: World) -> None:
    """A rule without `when`: the event's own condition ends what was decided on it."""
    world.site.money("80")
    await world.open(config(PAY))
    await world.poll()
    world.site.money("0")
    await world.live(hours=30, every_s=600)
    assert (world.site.performed, await world.told("action.gave_up")) == ([], [])


async def test_a_budget_that_is_raised_counts_at_once(world: World) -> None:
    world.site.money("900")
    tight = PAY[:-1] + ", budget: {payout: {max: 600, every: 7d}}}"
    await world.open(config(tight))
    await world.turn()
    held = await world.matches()
    await world.reload(config(tight.replace("600", "1000")))
    await world.live(minutes=10)
    assert (held, world.site.done("payout")) == (["budget"], ["balance"])


async def test_what_a_person_says_did_not_happen_rests_over_a_reload(world: World) -> None:
    """Who wants it done again says so: `resolve --did-not --again`."""
    world.site.money("80")
    world.site.will("payout", Unreachable("the answer was lost"))
    await world.open(config(PAY))
    await world.turn()
    await world.say("resolve", id="1")
    await world.reload(config(PAY))
    await world.live(hours=2, every_s=300)
    rested = world.site.done("payout")
    await world.live(hours=25, every_s=900)
    assert (rested, world.site.done("payout")) == (["balance"], ["balance"] * 2)


PAY_WHEN = PAY.replace("do:", "when: balance.amount >= 60, do:")


@pytest.mark.parametrize(("rule", "balance"), [(PAY, "0"), (PAY_WHEN, "55"), (PAY, "49.99")])
async def test_a_condition_is_asked_of_the_evidence_too(world: World, rule: str, balance: str) -> None:
    """Somebody has paid by hand since the last poll, and the look just before the request shows it."""
    world.site.money("80")
    await world.open(config(rule))
    await world.poll()
    world.site.money(balance)
    await world.send()
    assert (len(world.site.prepared), world.site.performed, await world.states()) == (1, [], ["lapsed"])


async def test_a_condition_that_the_evidence_does_not_speak_of_is_asked_of_what_is_known(world: World) -> None:
    world.site.money("80")
    world.site.will("prepare", {"other": "1"})
    await world.open(config(PAY))
    await world.poll()
    await world.send()
    assert len(world.site.performed) == 1


async def test_the_balance_of_next_week_is_paid_after_a_person_has_paid_by_hand(world: World) -> None:
    world.site.money("80")
    await world.open(config(PAY))
    await world.poll()
    world.site.money("0")
    await world.live(hours=30, every_s=600)
    world.site.money("900")
    await world.live(hours=1, every_s=300)
    assert [str(intent.cost) for intent in world.site.performed] == ["900"]


async def test_what_a_site_refuses_is_given_up_and_not_what_comes_later(world: World) -> None:
    world.site.money("80")
    world.site.will("payout", *[Refused("no")] * 3)
    await world.open(config(PAY))
    await world.live(hours=80, every_s=1800)
    given_up = await world.told("action.gave_up")
    await world.say("retry", ids=["3"])
    await world.live(hours=1, every_s=300)
    assert (given_up, await world.states()) == (["action.gave_up"], ["refused"] * 3 + ["succeeded"])


async def test_an_order_that_left_the_state_of_its_event_is_left_alone(world: World) -> None:
    world.site.orders["1"] = "partial"
    await world.open(config(REFILL))
    await world.track("1")
    await world.poll()
    world.site.orders["1"] = "completed"
    await world.wait(minutes=2)
    await world.live(minutes=10)
    assert (world.site.performed, await world.states()) == ([], ["lapsed"])


@pytest.mark.parametrize("gone", [True, False])
async def test_what_was_held_for_a_rule_that_is_gone_is_told(world: World, gone: bool) -> None:
    world.site.money("80")
    await world.open(config(PAY))
    await world.say("pause")
    await world.live(minutes=6)
    assert await world.matches() == ["paused"]
    await world.reload(config(REFILL if gone else PAY.replace("name: p", "name: p, mode: 'off'")))
    [told] = [one["data"] for one in await world.events("rule.changed")]
    assert (told["rule"], told["reason"]) == ("p", "1 that waited end: its rule is gone or off")


ORDER_AND_PAY = '{name: p, on: balance.passed_min_payout, do: [{add: {link: x}}, {payout: {method: "7"}}], '


@pytest.mark.parametrize("lost", [False, True])
async def test_an_edit_begins_nothing_anew_that_is_half_done(world: World, lost: bool) -> None:
    """The order is out, or nobody knows whether it is, and the payout waits."""
    world.site.money("900")
    if lost:
        world.site.will("add", GONE)
    rule = ORDER_AND_PAY + "budget: {payout: {max: 500, every: 7d}}}"
    await world.open(config(rule))
    await world.live(minutes=20)
    assert len(world.site.done("add")) == 1
    await world.reload(config(rule.replace("do:", "when: balance.amount > 60, do:")))
    await world.live(hours=2, every_s=300)
    assert len(world.site.done("add")) == 1


async def test_an_edit_of_one_rule_has_no_other_act_once_more(world: World) -> None:
    """`q` made its order when the balance passed; `p` asks a person, and is edited again and again, and removed."""
    world.site.money("900")
    q = "{name: q, on: balance.passed_min_payout, do: [{add: {link: x}}, {notify: {sink: ops, text: hi}}]}"
    await world.open(config(f"{ASKS}\n{q}"))
    await world.live(minutes=20)
    for number in range(3):
        await world.reload(config(f"{ASKS.replace('do:', f'when: balance.amount > {number}, do:')}\n{q}"))
        await world.live(hours=1, every_s=300)
    await world.reload(config(q))
    await world.live(hours=1, every_s=300)
    assert (len(world.site.done("add")), await world.texts()) == (1, ["hi"])


async def test_a_sibling_that_has_paid_is_not_asked_for_what_an_edit_of_the_other_ends(world: World) -> None:
    """Two rules with one text; the site debits on completion, and payouts are not polled."""
    world.site.money("900")
    both = PAY + "\n" + PAY.replace("name: p", "name: q")
    await world.open(config(both, accounts=account(more="settle: 1m, poll: {payouts: off}")))
    await world.live(minutes=20)
    assert (len(world.site.performed), await world.matches()) == (1, ["open_intent"])
    edited = config(PAY + "\n" + REFILL.replace("name: r", "name: q"), accounts=account(more="poll: {payouts: off}"))
    await world.reload(edited)
    await world.live(hours=3, every_s=300)
    assert len(world.site.performed) == 1
