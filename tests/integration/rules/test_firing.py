"""Event rules and state rules: who is asked, when, and how often it fires."""

from __future__ import annotations

from bursar.api import Refused, Unreachable
from support.config import account, config
from support.world import World

STATE = '{name: s, on: order, when: order.state == "partial", do: [refill]}'
EVENT = "{name: e, on: order.partial, do: [refill]}"


async def watch(world: World, *states: str, **more: float) -> None:
    """Let order 1 be seen in these states, one after the other."""
    for state in states:
        world.site.orders["1"] = state
        await world.live(**(more or {"minutes": 12}))


async def test_an_event_rule_is_asked_once_per_event(world: World) -> None:
    await world.open(config(EVENT))
    await world.track("1")
    await watch(world, "partial", "partial", "partial", minutes=30)
    assert world.site.done("refill") == ["1"]


async def test_an_event_rule_is_asked_again_at_the_next_event(world: World) -> None:
    await world.open(config(EVENT))
    await world.track("1")
    await watch(world, "partial", "in_progress", "partial")
    assert world.site.done("refill") == ["1", "1"]


async def test_a_restart_asks_no_event_again(world: World) -> None:
    await world.open(config(EVENT))
    await world.track("1")
    await watch(world, "partial")
    await world.restart(clean=False)
    await world.live(minutes=30)
    assert world.site.done("refill") == ["1"]


async def test_an_event_rule_of_another_account_is_not_asked(world: World) -> None:
    both = f"{account()}, {account('other', 2, 'OTHER')}"
    await world.open(config("{name: e, on: order.partial, accounts: [other], do: [refill]}", accounts=both))
    await world.track("1")
    await watch(world, "partial")
    assert world.site.done("refill") == []


async def test_an_event_rule_whose_condition_is_unknown_does_not_match(world: World) -> None:
    await world.open(config("{name: e, on: order.partial, when: not order.remains > 5, do: [refill]}"))
    await world.track("1")
    await watch(world, "partial")
    assert [row["verdict"] for row in await world.say("why", rule="e")] == ["unknown"]


async def test_a_rule_that_is_off_is_not_asked(world: World) -> None:
    await world.open(config("{name: e, on: order.partial, mode: off, do: [refill]}"))
    await world.track("1")
    await watch(world, "partial")
    assert world.site.done("refill") == []


async def test_a_state_rule_fires_once_per_entry(world: World) -> None:
    await world.open(config(STATE))
    await world.track("1")
    await watch(world, "in_progress", "partial", "partial", minutes=20)
    assert world.site.done("refill") == ["1"]


async def test_a_state_rule_fires_again_at_the_next_entry(world: World) -> None:
    await world.open(config(STATE))
    await world.track("1")
    await watch(world, "partial", "in_progress", "partial")
    assert world.site.done("refill") == ["1", "1"]


async def test_a_state_rule_does_not_fire_again_after_a_restart(world: World) -> None:
    await world.open(config(STATE))
    await world.track("1")
    await watch(world, "partial")
    await world.restart(clean=False)
    await watch(world, "partial")
    assert world.site.done("refill") == ["1"]


async def test_an_unknown_word_between_two_equal_states_is_no_second_entry(world: World) -> None:
    await world.open(config(STATE))
    await world.track("1")
    await watch(world, "partial", "unknown", "partial")
    assert world.site.done("refill") == ["1"]


async def test_a_new_subject_that_is_inside_enters(world: World) -> None:
    await world.open(config(STATE))
    await world.live(minutes=2)
    await world.track("1")
    await watch(world, "partial")
    assert world.site.done("refill") == ["1"]


async def test_a_subject_that_is_inside_when_the_rule_is_new_does_not_fire(world: World) -> None:
    await world.open(config())
    await world.track("1")
    await watch(world, "partial")
    await world.restart(config(STATE))
    await watch(world, "partial", minutes=20)
    assert world.site.done("refill") == []


async def test_a_subject_of_the_baseline_that_is_inside_does_not_fire(world: World) -> None:
    world.site.coupons["a"] = "activated"
    rule = '{name: s, on: coupon, when: coupon.state == "activated", do: [{notify: {sink: ops, text: x}}]}'
    await world.open(config(rule))
    await world.live(minutes=20)
    assert await world.texts() == []


async def test_a_subject_that_was_inside_when_the_rule_was_new_fires_when_it_enters_anew(world: World) -> None:
    await world.open(config())
    await world.track("1")
    await watch(world, "partial")
    await world.restart(config(STATE))
    await watch(world, "partial", "in_progress", "partial")
    assert world.site.done("refill") == ["1"]


async def test_a_rule_whose_condition_is_edited_is_a_new_rule(world: World) -> None:
    await world.open(config('{name: s, on: order, when: order.state == "completed", do: [refill]}'))
    await world.track("1")
    await watch(world, "partial")
    await world.reload(config(STATE))
    await watch(world, "partial")
    assert world.site.done("refill") == []


async def test_editing_what_a_rule_does_is_no_new_entry(world: World) -> None:
    await world.open(config(STATE))
    await world.track("1")
    await watch(world, "partial")
    await world.reload(config('{name: s, on: order, when: order.state == "partial", do: [cancel]}'))
    await watch(world, "partial")
    assert world.site.done("cancel") == []


async def test_a_quiet_order_is_asked_again_when_its_age_changes_the_answer(world: World) -> None:
    await world.open(config('{name: a, on: order, when: order.age >= t"PT2H", do: [cancel]}'))
    await world.track("1")
    await watch(world, "in_progress", minutes=100)
    before = len(world.site.performed)
    await watch(world, "in_progress", minutes=22)
    assert (before, world.site.done("cancel")) == (0, ["1"])


async def test_a_quiet_order_is_asked_again_when_the_time_in_its_state_changes_the_answer(world: World) -> None:
    await world.open(config('{name: a, on: order, when: order.state_age >= t"PT3H", do: [cancel]}'))
    await world.track("1")
    await watch(world, "pending", minutes=60)
    await watch(world, "in_progress", hours=2, minutes=50)
    before = len(world.site.performed)
    await watch(world, "in_progress", minutes=12)
    assert (before, world.site.done("cancel")) == (0, ["1"])


async def test_a_listing_that_never_changes_is_asked_again_when_time_changes_the_answer(world: World) -> None:
    world.site.coupons["a"] = "new"
    rule = '{name: a, on: coupon, when: coupon.age >= t"PT2H", do: [{notify: {sink: ops, text: old}}]}'
    await world.open(config(rule))
    await world.live(hours=2, minutes=3)
    assert await world.texts() == ["old"]


async def test_an_age_counts_from_what_the_person_said(world: World) -> None:
    await world.open(config('{name: a, on: order, when: order.age >= t"P30D", do: [cancel]}'))
    await world.live(minutes=1)
    await world.track("1", created_at="2025-11-01")
    await watch(world, "in_progress")
    assert world.site.done("cancel") == ["1"]


async def test_news_of_actions_reach_rules(world: World) -> None:
    told = '{name: t, on: action.refused, do: [{notify: {sink: ops, text: "{{ event.reason }}"}}]}'
    world.site.will("refill", Refused("no such service"))
    await world.open(config(f"{EVENT}\n{told}"))
    await world.track("1")
    await watch(world, "partial")
    assert await world.texts() == ["no such service"]


async def test_news_of_accounts_reach_rules(world: World) -> None:
    world.site.down["coupons"] = Unreachable("no answer")
    await world.open(config('{name: t, on: "account.*", do: [{notify: {sink: ops, text: "{{ event.type }}"}}]}'))
    await world.live(minutes=20)
    assert await world.texts() == ["account.unreachable"]


async def test_rules_that_answer_each_other_come_to_an_end(world: World) -> None:
    rules = "\n".join(
        f"{{name: r{i}, on: rule.failed, do: [{{payout: {{method: '{{{{ order.id }}}}'}}}}]}}" for i in range(2)
    )
    await world.open(
        config(f"{rules}\n{{name: e, on: order.partial, do: [{{cancel: {{why: '{{{{ order.link }}}}'}}}}]}}")
    )
    await world.track("1")
    await watch(world, "partial")
    assert 1 <= len(await world.told("rule.failed")) < 60


async def test_several_actions_follow_one_another(world: World) -> None:
    await world.open(config("{name: e, on: order.partial, do: [cancel, refill]}"))
    await world.track("1")
    world.site.orders["1"] = "partial"
    await world.poll()
    await world.send()
    first = [intent.action for intent in world.site.performed]
    await world.live(minutes=5)
    assert (first, [intent.action for intent in world.site.performed]) == (["cancel"], ["cancel", "refill"])


async def test_several_actions_are_done_once_each(world: World) -> None:
    await world.open(config("{name: e, on: order.partial, do: [cancel, {cancel: {why: again}}, refill]}"))
    await world.track("1")
    await watch(world, "partial", minutes=60)
    assert [intent.action for intent in world.site.performed] == ["cancel", "cancel", "refill"]


async def test_a_text_goes_out_with_the_first_firing_only(world: World) -> None:
    await world.open(config("{name: e, on: order.partial, do: [{notify: {sink: ops, text: hello}}, refill, cancel]}"))
    world.site.will("refill", Refused("not yet"), Refused("not yet"))
    await world.track("1")
    await watch(world, "partial", hours=3)
    assert await world.texts() == ["hello"]


async def test_a_text_goes_out_once_whatever_restarts_there_are(world: World) -> None:
    await world.open(config("{name: e, on: order.partial, do: [{notify: {sink: ops, text: hello}}, refill]}"))
    await world.track("1")
    await watch(world, "partial")
    await world.restart(clean=False)
    await watch(world, "partial")
    assert await world.texts() == ["hello"]


async def test_a_parameter_that_cannot_be_filled_in_is_told_and_nothing_is_done(world: World) -> None:
    await world.open(config("{name: e, on: order.partial, do: [{cancel: {why: '{{ order.link }}'}}]}"))
    await world.track("1")
    await watch(world, "partial")
    assert (await world.told("rule.failed"), world.site.performed) == (["rule.failed"], [])
