"""A rule is edited, removed or renamed while something waits for it; or its event does not hold any more."""

from __future__ import annotations

import pytest

from bursar.api import Later, Refused, Unreachable
from bursar.control.messages import RequestRejected
from bursar.pipeline.renames import Renamed
from support.config import account, config
from support.world import World

REFILL = "{name: e, on: order.partial, do: [refill], cooldown: 2h}"
CANCEL = "{name: e, on: order.completed, do: [cancel], cooldown: 2h}"
PAY = '{name: p, on: balance.passed_min_payout, do: [{payout: {method: "7"}}]}'
GONE = Unreachable("the answer was lost")


async def held(world: World, rule: str = REFILL) -> None:
    """Have a second refill of order 1 wait for the cooldown."""
    world.site.orders["1"] = "partial"
    await world.open(config(rule))
    await world.track("1")
    await world.live(minutes=10)
    for state in ("in_progress", "partial"):
        world.site.orders["1"] = state
        await world.live(minutes=12)
    assert await world.matches() == ["cooldown"]


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


async def test_a_state_rules_question_that_its_edit_ended_can_be_put_to_it(world: World) -> None:
    rule = '{name: c, on: order, when: order.state == "in_progress", for: 1h, do: [cancel], approve: {within: 12h}}'
    world.site.orders["1"] = "in_progress"
    await world.open(config(rule))
    await world.track("1")
    await world.live(hours=2)
    await world.reload(config(rule.replace("[cancel]", "[refill]")))
    await world.live(minutes=12)
    await world.say("retry", ids=["1"])
    await world.live(minutes=12)
    assert [(one.action, str(one.state)) for one in await world.intents()] == [
        ("cancel", "lapsed"), ("refill", "awaiting_approval"),
    ]  # fmt: skip


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


async def test_a_renamed_rule_is_refused_at_a_reload_without_was(world: World) -> None:
    await held(world)
    with pytest.raises(Renamed, match="was: e"):
        await world.reload(config(REFILL.replace("name: e", "name: f")))


async def test_a_renamed_rule_takes_over_its_cooldown(world: World) -> None:
    await held(world)
    await world.reload(config(REFILL.replace("name: e", "name: f, was: e")))
    await world.live(minutes=60, every_s=300)
    early = world.site.done("refill")
    await world.live(hours=2, every_s=300)
    assert (early, world.site.done("refill")) == (["1"], ["1", "1"])


async def test_a_rule_that_was_renamed_while_the_daemon_was_down_takes_over_its_cooldown(world: World) -> None:
    await held(world)
    await world.restart(config(REFILL.replace("name: e", "name: f")))
    await world.live(minutes=60, every_s=300)
    early = world.site.done("refill")
    await world.live(hours=2, every_s=300)
    assert (early, world.site.done("refill")) == (["1"], ["1", "1"])


async def paid(world: World, *names: str) -> list[str]:
    """Pay once, go through other configurations of the rule with its cooldown of 14 days, and have money again."""
    rules = [PAY.replace("name: p", name).replace("}}]}", "}}], cooldown: 14d}") for name in ("name: p", *names)]
    world.site.money("80")
    await world.open(config(rules[0]))
    await world.turn()
    world.site.money("0")
    for rule in rules[1:]:
        await world.live(minutes=6)
        await world.reload(config(rule))
    await world.live(minutes=6)
    world.site.money("80")
    await world.live(minutes=20)
    return world.site.done("payout")


@pytest.mark.parametrize(
    "names",
    [
        ("name: p, mode: off", "name: q, was: p"),
        ("name: q, was: p, mode: off", "name: q, was: p"),
        ("name: p, when: account.name == '', mode: off", "name: q, was: p"),
    ],
)
async def test_a_rule_that_was_off_and_is_renamed_takes_over_its_cooldown(world: World, names: tuple[str, ...]) -> None:
    assert await paid(world, *names) == ["balance"]


async def test_a_rule_that_was_off_is_not_renamed_without_was(world: World) -> None:
    with pytest.raises(Renamed, match="was: p"):
        await paid(world, "name: p, mode: off", "name: q")


async def test_a_was_that_is_said_late_takes_over_the_cooldown(world: World) -> None:
    world.site.money("80")
    await world.open(config(PAY[:-1] + ", cooldown: 14d}"))
    await world.turn()
    world.site.money("0")
    other = PAY.replace("name: p", "name: q").replace('"7"', '"8"')[:-1] + ", cooldown: 14d}"
    await world.live(minutes=6)
    await world.reload(config(other))
    await world.live(minutes=6)
    await world.reload(config(other.replace("name: q", "name: q, was: p")))
    world.site.money("80")
    await world.live(minutes=20)
    assert world.site.done("payout") == ["balance"]


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


async def test_a_was_that_names_nothing_is_refused_where_a_rule_would_forget(world: World) -> None:
    world.site.money("80")
    once = PAY[:-1] + ", cooldown: 24h}"
    await world.open(config(once))
    await world.turn()
    with pytest.raises(Renamed, match=r"`was: o` names no rule that there was.*with `was: p`"):
        await world.reload(config(once.replace("name: p", "name: q, was: o")))


async def test_a_was_that_names_nothing_at_a_start_forgets_nothing(world: World) -> None:
    world.site.money("80")
    once = PAY[:-1] + ", cooldown: 24h}"
    await world.open(config(once))
    await world.turn()
    world.site.money("0")
    await world.live(minutes=20)
    world.site.money("90")
    await world.restart(config(once.replace("name: p", "name: q, was: o")))
    await world.live(hours=2, every_s=300)
    assert world.site.done("payout") == ["balance"]


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


async def test_a_rule_that_is_removed_and_added_under_another_name_later_forgets_nothing(world: World) -> None:
    await held(world)
    await world.reload(config())
    await world.live(minutes=6)
    with pytest.raises(Renamed, match="was: e"):
        await world.reload(config(REFILL.replace("name: e", "name: f")))


async def test_a_rule_that_never_acted_may_come_back_under_another_name(world: World) -> None:
    await world.open(config(REFILL))
    await world.reload(config())
    await world.reload(config(REFILL.replace("name: e", "name: f")))
    assert [row["rule"] for row in await world.say("why", rule="f")] == []


async def test_a_rule_that_comes_back_under_its_own_name_begins_anew_and_forgets_nothing(world: World) -> None:
    await held(world)
    await world.reload(config())
    await world.reload(config(REFILL))
    for state in ("in_progress", "partial"):
        world.site.orders["1"] = state
        await world.live(minutes=10)
    assert (world.site.done("refill"), await world.matches()) == (["1"], ["cooldown"])


AWAY = "{name: b, on: order.completed, do: [cancel]}"


async def acted_and_gone(world: World, then: str) -> None:
    """Have the rule `b` act on order 9, and be replaced by another."""
    world.site.orders["9"] = "completed"
    await world.open(config(AWAY))
    await world.track("9")
    await world.live(minutes=3)
    assert world.site.done("cancel") == ["9"]
    await world.reload(config(then))


async def test_a_rule_is_not_renamed_without_was_to_a_name_that_acted_once(world: World) -> None:
    daily = '{name: a, on: balance.passed_min_payout, do: [{payout: {method: "7"}}], cooldown: 24h}'
    await acted_and_gone(world, daily)
    world.site.money("900")
    await world.live(minutes=7)
    with pytest.raises(Renamed, match="the rule b has the `on` and `do` of a, which is gone"):
        await world.reload(config(daily.replace("name: a", "name: b")))


async def test_a_rule_does_not_take_the_name_and_the_place_of_another_at_once(world: World) -> None:
    """`b` is there, and becomes at one reload what `a` was, which goes."""
    daily = '{name: a, on: balance.passed_min_payout, do: [{payout: {method: "7"}}], cooldown: 24h}'
    await world.open(config(f"{daily}\n{AWAY}"))
    with pytest.raises(Renamed):
        await world.reload(config(daily.replace("name: a", "name: b")))


async def test_what_is_held_back_goes_along_with_a_rule_to_a_name_that_acted_once(world: World) -> None:
    refill = "{name: a, on: order.partial, do: [refill]}"
    await acted_and_gone(world, refill)
    await world.say("pause")
    world.site.orders["1"] = "partial"
    await world.track("1")
    await world.live(minutes=3)
    await world.reload(config(refill.replace("name: a", "name: b, was: a")))
    await world.say("resume")
    await world.live(minutes=10)
    assert world.site.done("refill") == ["1"]


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
