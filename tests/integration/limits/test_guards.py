"""What stands between a match and an action: limits, cooldowns, pauses, shadow, the ceiling; and what was held back."""

from __future__ import annotations

import pytest

from bursar.api import Refused, Unreachable
from support.config import account, config
from support.world import World

BOTH = f"{account()}, {account('second', 2)}"
REFILL = "{name: e, on: order.partial, do: [refill]"
TELL = "do: [{notify: {sink: ops, text: '{{ event.type }}'}}]"


async def enter(world: World, *ids: str, after_minutes: float = 12) -> None:
    """Let orders leave `partial` and enter it again."""
    for state in ("in_progress", "partial"):
        world.site.orders |= dict.fromkeys(ids or ("1",), state)
        await world.live(minutes=after_minutes)


async def test_a_limit_stops_what_is_too_much(world: World) -> None:
    await world.open(config(REFILL + ", limit: {per: order, max: 2, every: 24h}}"))
    await world.track("1")
    for _ in range(4):
        await enter(world)
    assert world.site.done("refill") == ["1", "1"]


async def test_a_limit_per_order_leaves_other_orders_alone(world: World) -> None:
    await world.open(config(REFILL + ", limit: {per: order, max: 1, every: 24h}}"))
    await world.track("1", "2")
    for _ in range(2):
        await enter(world, "1", "2")
    assert sorted(world.site.done("refill")) == ["1", "2"]


async def test_a_limit_per_account_counts_all_orders(world: World) -> None:
    await world.open(config(REFILL + ", limit: {per: account, max: 2, every: 24h}}"))
    await world.track("1", "2", "3")
    await enter(world, "1", "2", "3")
    assert len(world.site.done("refill")) == 2


async def test_a_limit_rolls(world: World) -> None:
    await world.open(config(REFILL + ", limit: {per: order, max: 1, every: 2h}}"))
    await world.track("1")
    for _ in range(2):
        await enter(world)
    early = world.site.done("refill")
    await world.live(hours=2)
    assert (early, world.site.done("refill")) == (["1"], ["1", "1"])


async def test_a_limit_survives_a_restart(world: World) -> None:
    await world.open(config(REFILL + ", limit: {per: order, max: 1, every: 24h}}"))
    await world.track("1")
    await enter(world)
    await world.restart(clean=False)
    await enter(world)
    assert world.site.done("refill") == ["1"]


async def test_a_limit_counts_intents_not_attempts(world: World) -> None:
    await world.open(config(REFILL + ", limit: {per: order, max: 2, every: 24h}}"))
    world.site.will("refill", Unreachable("lost"), Unreachable("lost"))
    await world.track("1")
    for _ in range(2):
        await enter(world, after_minutes=20)
    assert await world.states("refill") == ["succeeded", "succeeded"]


async def test_a_cooldown_stops_the_second_firing(world: World) -> None:
    await world.open(config(REFILL + ", cooldown: 6h}"))
    await world.track("1")
    for _ in range(3):
        await enter(world)
    assert world.site.done("refill") == ["1"]


async def test_a_cooldown_is_per_subject(world: World) -> None:
    await world.open(config(REFILL + ", cooldown: 6h}"))
    await world.track("1", "2")
    await enter(world, "1")
    await enter(world, "2")
    assert world.site.done("refill") == ["1", "2"]


async def test_a_cooldown_is_per_account(world: World) -> None:
    await world.open(config("{name: e, on: balance.passed_min_payout, cooldown: 6h, " + TELL + "}", accounts=BOTH))
    world.site.money("80")
    world.sites.sites["http://127.0.0.1:2/api"].money("80")
    await world.live(minutes=7)
    assert len(await world.texts()) == 2


async def test_a_cooldown_is_per_rule(world: World) -> None:
    await world.open(config(f"{REFILL}, cooldown: 6h}}\n{{name: f, on: order.partial, cooldown: 6h, {TELL}}}"))
    await world.track("1")
    await enter(world)
    assert (world.site.done("refill"), await world.texts()) == (["1"], ["order.partial"])


async def test_what_a_cooldown_held_back_is_done_after_it_if_it_is_still_true(world: World) -> None:
    await world.open(config('{name: e, on: order.partial, when: order.state == "partial", cooldown: 6h, do: [refill]}'))
    await world.track("1")
    for _ in range(2):
        await enter(world)
    await world.live(hours=6)
    assert world.site.done("refill") == ["1", "1"]


async def test_what_a_cooldown_held_back_is_dropped_after_it_if_it_is_no_longer_true(world: World) -> None:
    await world.open(config('{name: e, on: order.partial, when: order.state == "partial", cooldown: 6h, do: [refill]}'))
    await world.track("1")
    for _ in range(2):
        await enter(world)
    world.site.orders["1"] = "completed"
    await world.live(hours=8)
    assert (world.site.done("refill"), await world.matches()) == (["1"], [])


async def test_what_a_cooldown_held_back_is_done_once(world: World) -> None:
    await world.open(config(REFILL + ", cooldown: 6h}"))
    await world.track("1")
    for _ in range(4):
        await enter(world)
    await world.live(hours=24, every_s=120)
    assert world.site.done("refill") == ["1", "1"]


async def test_news_without_a_subject_that_a_cooldown_held_back_is_told_after_it(world: World) -> None:
    await world.open(config("{name: t, on: account.unreachable, cooldown: 6h, " + TELL + "}"))
    for _ in range(2):
        world.site.down["coupons"] = Unreachable("no answer")
        await world.live(minutes=20)
        world.site.down.clear()
        await world.live(minutes=40)
    early = len(await world.texts())
    await world.live(hours=6)
    assert (early, len(await world.texts())) == (1, 2)


async def test_a_cooldown_does_not_stop_the_later_actions_of_a_match(world: World) -> None:
    await world.open(config("{name: e, on: order.partial, do: [cancel, refill], cooldown: 6h}"))
    await world.track("1")
    world.site.orders["1"] = "partial"
    await world.live(hours=1)
    assert [intent.action for intent in world.site.performed] == ["cancel", "refill"]


async def test_a_cooldown_does_not_stop_what_a_person_has_tried_again(world: World) -> None:
    await world.open(config(REFILL + ", cooldown: 6h}"))
    world.site.will("refill", Refused("no"))
    await world.track("1")
    world.site.orders["1"] = "partial"
    await world.live(minutes=12)
    await world.say("retry", ids=["1"])
    await world.live(minutes=12)
    assert await world.states("refill") == ["refused", "succeeded"]


async def test_a_pause_stops_actions(world: World) -> None:
    await world.open(config(REFILL + "}"))
    await world.track("1")
    await world.say("pause")
    await enter(world)
    assert world.site.performed == []


async def test_a_pause_of_one_account_leaves_others_alone(world: World) -> None:
    await world.open(config(REFILL + "}", accounts=BOTH))
    await world.say("pause", account="second")
    await world.track("1")
    await enter(world)
    assert world.site.done("refill") == ["1"]


async def test_news_go_out_in_a_pause(world: World) -> None:
    await world.open(config("{name: e, on: order.partial, " + TELL + "}"))
    await world.track("1")
    await world.say("pause")
    await enter(world)
    assert await world.texts() == ["order.partial"]


async def test_a_pause_takes_effect_before_the_next_send(world: World) -> None:
    await world.open(config(REFILL + "}"))
    await world.track("1")
    world.site.orders["1"] = "partial"
    await world.poll()
    await world.say("pause")
    await world.send()
    assert (world.site.performed, await world.states()) == ([], ["ready"])


async def test_what_was_ready_when_a_long_pause_began_is_done_once_after_it(world: World) -> None:
    await world.open(config(REFILL + "}"))
    await world.track("1")
    world.site.orders["1"] = "partial"
    await world.poll()
    await world.say("pause")
    await world.live(hours=5, every_s=300)
    await world.say("resume")
    await world.live(hours=2, every_s=300)
    assert world.site.done("refill") == ["1"]


async def test_a_pause_between_the_evidence_and_the_send_takes_effect(world: World) -> None:
    world.site.money("80")
    await world.open(config('{name: p, on: balance.passed_min_payout, do: [{payout: {method: "7"}}]}'))
    await world.poll()

    async def pause(_intent: object) -> None:
        await world.say("pause")

    world.site.will("prepare", pause)
    await world.send()
    assert world.site.performed == []


async def test_a_pause_survives_a_restart(world: World) -> None:
    await world.open(config(REFILL + "}"))
    await world.track("1")
    await world.say("pause")
    await world.restart()
    await enter(world)
    assert world.site.performed == []


async def test_what_a_pause_held_back_is_done_after_it(world: World) -> None:
    await world.open(config(REFILL + "}"))
    await world.track("1")
    await world.say("pause")
    await enter(world)
    await world.say("resume")
    await world.live(minutes=12)
    assert world.site.done("refill") == ["1"]


async def test_what_a_pause_held_back_and_is_no_longer_true_is_dropped(world: World) -> None:
    await world.open(config('{name: s, on: order, when: order.state == "partial", do: [refill]}'))
    await world.track("1")
    await world.say("pause")
    await enter(world)
    world.site.orders["1"] = "completed"
    await world.live(minutes=12)
    await world.say("resume")
    await world.live(minutes=12)
    assert (world.site.performed, await world.matches()) == ([], [])


async def test_a_shadow_rule_does_nothing_and_is_journalled(world: World) -> None:
    await world.open(
        config(REFILL.replace("do: [refill]", "mode: shadow, do: [refill, {notify: {sink: ops, text: x}}]") + "}")
    )
    await world.track("1")
    await enter(world)
    assert (world.site.performed, await world.texts(), await world.matches()) == ([], [], ["shadow"])


async def test_a_daemon_in_shadow_does_nothing_and_journals(world: World) -> None:
    await world.open(config(REFILL + "}", settings="mode: shadow", events="order.*"))
    await world.track("1")
    await enter(world)
    await world.deliver()
    done = (world.site.performed, world.sites.boxes["ops"].tried, await world.matches())
    assert done == ([], [], ["shadow"])


async def test_a_daemon_in_shadow_sends_nothing_that_was_ready_before(world: World) -> None:
    await world.open(config(REFILL + "}"))
    await world.track("1")
    world.site.orders["1"] = "partial"
    await world.poll()
    await world.restart(config(REFILL + "}", settings="mode: shadow"))
    await world.live(minutes=20)
    assert world.site.performed == []


async def test_what_a_shadow_held_back_is_asked_again_when_the_rule_is_live(world: World) -> None:
    await world.open(config(REFILL.replace("do:", "mode: shadow, do:") + "}"))
    await world.track("1")
    await enter(world)
    await world.reload(config(REFILL + "}"))
    await world.live(minutes=12)
    assert world.site.done("refill") == ["1"]


async def test_a_rule_that_was_switched_off_drops_what_was_held_back(world: World) -> None:
    await world.open(config(REFILL + ", cooldown: 1h}"))
    await world.track("1")
    for _ in range(2):
        await enter(world)
    await world.reload(config(REFILL.replace("do:", "mode: off, do:") + ", cooldown: 1h}"))
    await world.live(hours=2)
    assert (world.site.done("refill"), await world.matches()) == (["1"], [])


async def test_two_rules_have_one_open_intent_on_a_subject(world: World) -> None:
    await world.open(config(f"{REFILL}}}\n{{name: f, on: order.partial, do: [cancel]}}"))
    await world.track("1")
    world.site.orders["1"] = "partial"
    await world.poll()
    assert (await world.states(), await world.matches()) == (["ready"], ["open_intent"])


async def test_an_order_that_is_refilling_is_not_canceled_by_a_second_rule(world: World) -> None:
    await world.open(config(f"{REFILL}}}\n{{name: f, on: order.partial, do: [cancel]}}"))
    await world.track("1")
    await enter(world)
    waiting = await world.matches()
    world.site.orders["1"] = "in_progress"
    await world.live(hours=30, every_s=600)
    done = [intent.action for intent in world.site.performed]
    assert (waiting, done, await world.matches()) == (["open_intent"], ["refill"], [])


async def test_the_second_of_two_rules_follows_the_first_that_showed_no_effect(world: World) -> None:
    await world.open(config(f"{REFILL}}}\n{{name: f, on: order.partial, do: [cancel]}}"))
    await world.track("1")
    await enter(world)
    await world.live(hours=23, every_s=600)
    before = [intent.action for intent in world.site.performed]
    await world.live(hours=2, every_s=600)
    after = [intent.action for intent in world.site.performed]
    assert (before, after, await world.told("action.unconfirmed")) == (
        ["refill"],
        ["refill", "cancel"],
        ["action.unconfirmed"],
    )


async def test_a_poll_that_would_cause_more_than_the_ceiling_waits_for_a_person(world: World) -> None:
    await world.open(config(REFILL + "}", settings="ceiling: 3"))
    ids = [str(number) for number in range(5)]
    world.site.orders |= dict.fromkeys(ids, "partial")
    await world.track(*ids)
    await world.live(minutes=5)
    assert sorted(await world.states()) == ["awaiting_approval"] * 2 + ["succeeded"] * 3


async def test_the_ceiling_is_told_once_a_poll(world: World) -> None:
    await world.open(config(REFILL + "}", settings="ceiling: 3"))
    ids = [str(number) for number in range(6)]
    world.site.orders |= dict.fromkeys(ids, "partial")
    await world.track(*ids)
    await world.live(minutes=5)
    assert await world.told("ceiling.reached") == ["ceiling.reached"]


async def test_what_the_ceiling_kept_is_done_when_a_person_says_yes(world: World) -> None:
    await world.open(config(REFILL + "}", settings="ceiling: 1"))
    world.site.orders |= {"1": "partial", "2": "partial"}
    await world.track("1", "2")
    await world.live(minutes=5)
    await world.say("approve", ids=["2"])
    await world.live(minutes=5)
    assert sorted(world.site.done("refill")) == ["1", "2"]


async def test_what_the_ceiling_kept_lapses_when_nobody_says_anything(world: World) -> None:
    await world.open(config(REFILL + "}", settings="ceiling: 1"))
    world.site.orders |= {"1": "partial", "2": "partial"}
    await world.track("1", "2")
    await world.live(minutes=5)
    await world.wait(hours=25)
    await world.tick()
    assert sorted(await world.states()) == ["lapsed", "succeeded"]


async def test_three_refusals_in_a_row_and_a_person_decides(world: World) -> None:
    await world.open(config(REFILL + "}"))
    world.site.will("refill", *[Refused("no")] * 9)
    await world.track("1")
    world.site.orders["1"] = "partial"
    await world.live(hours=12, every_s=300)
    assert (len(world.site.performed), await world.told("action.gave_up")) == (3, ["action.gave_up"])


async def test_refusals_in_a_row_are_counted_over_an_outage(world: World) -> None:
    """What lapses in it every hour, because its evidence cannot be read, is no answer."""
    world.site.money("80")
    world.site.will("payout", *[Refused("no")] * 9)
    await world.open(config("{name: p, on: balance.passed_min_payout, do: [{payout: {method: '7'}}], cooldown: 1h}"))
    await world.live(minutes=90)
    world.site.will("prepare", *[Unreachable("down")] * 999)
    await world.live(hours=12)
    world.site.next.clear()
    world.site.will("payout", *[Refused("no")] * 9)
    await world.live(hours=10, every_s=300)
    assert (await world.states()).count("refused") == 3


async def test_after_three_refusals_new_events_change_nothing(world: World) -> None:
    await world.open(config(REFILL + "}"))
    world.site.will("refill", *[Refused("no")] * 9)
    await world.track("1")
    world.site.orders["1"] = "partial"
    await world.live(hours=5, every_s=300)
    await enter(world)
    await world.live(hours=5, every_s=300)
    assert (len(world.site.performed), await world.told("action.gave_up")) == (3, ["action.gave_up"])


async def test_after_three_refusals_a_person_has_it_tried_again(world: World) -> None:
    await world.open(config(REFILL + "}"))
    world.site.will("refill", *[Refused("no")] * 3)
    await world.track("1")
    world.site.orders["1"] = "partial"
    await world.live(hours=5, every_s=300)
    await world.say("retry", ids=["3"])
    await world.live(minutes=12)
    assert await world.states("refill") == ["refused"] * 3 + ["succeeded"]


async def test_after_three_refusals_a_new_event_is_tried_again_with_the_old_one(world: World) -> None:
    """The newer match takes the place of the one that the refused intents came from."""
    await world.open(config(REFILL + "}"))
    world.site.will("refill", *[Refused("no")] * 3)
    await world.track("1")
    world.site.orders["1"] = "partial"
    await world.live(hours=5, every_s=300)
    await enter(world, after_minutes=26 * 60)
    await world.say("retry", ids=["3"])
    await world.live(minutes=12)
    assert await world.states("refill") == ["refused"] * 3 + ["succeeded"]


async def test_what_another_rule_had_refused_three_times_is_tried_again_with_it(world: World) -> None:
    await world.open(config("\n".join(REFILL.replace("name: e", f"name: {name}") + "}" for name in "ef")))
    world.site.will("refill", *[Refused("no")] * 3)
    await world.track("1")
    world.site.orders["1"] = "partial"
    await world.live(hours=12, every_s=300)
    before = await world.matches()
    await world.say("retry", ids=["3"])
    await world.live(hours=26, every_s=3600)
    assert (before, await world.matches()) == (["gave_up"] * 2, [])


async def test_a_retry_of_what_nothing_waits_for_says_so(world: World) -> None:
    await world.open(config(REFILL + "}"))
    world.site.will("refill", Refused("no", never=True))
    await world.track("1")
    world.site.orders["1"] = "partial"
    await world.live(minutes=12)
    [said] = await world.say("retry", ids=["1"])
    assert "nothing waits" in said["problem"]


async def test_a_resume_has_nothing_tried_again_that_gave_up(world: World) -> None:
    await world.open(config(REFILL + "}"))
    world.site.will("refill", *[Refused("no")] * 3)
    await world.track("1")
    world.site.orders["1"] = "partial"
    await world.live(hours=5, every_s=300)
    await world.say("resume", account="panel")
    await world.live(hours=5, every_s=300)
    assert (await world.states("refill"), await world.matches()) == (["refused"] * 3, ["gave_up"])


async def test_a_refusal_is_not_asked_again_at_once(world: World) -> None:
    await world.open(config(REFILL + "}"))
    world.site.will("refill", Refused("no"))
    await world.track("1")
    world.site.orders["1"] = "partial"
    await world.live(minutes=50)
    assert world.site.done("refill") == ["1"]


async def test_what_will_always_be_refused_is_not_asked_again(world: World) -> None:
    await world.open(config(REFILL + "}"))
    world.site.will("refill", Refused("no such service", never=True))
    await world.track("1")
    world.site.orders["1"] = "partial"
    await world.live(hours=30, every_s=300)
    assert world.site.done("refill") == ["1"]


@pytest.mark.parametrize("verb", ["approve", "deny"])
async def test_a_decision_about_an_intent_that_waits_for_none_changes_nothing(world: World, verb: str) -> None:
    from bursar.control.messages import RequestRejected

    await world.open(config(REFILL + "}"))
    await world.track("1")
    await enter(world)
    with pytest.raises(RequestRejected) as caught:
        await world.say(verb, ids=["1"])
    assert (caught.value.code, await world.states()) == ("invalid_request", ["succeeded"])


async def test_the_end_of_an_accounts_pause_says_that_everything_is_paused(world: World) -> None:
    await world.open(config())
    await world.say("pause")
    await world.say("pause", account="panel")
    still = await world.say("resume", account="panel")
    over = await world.say("resume")
    assert (still["paused"], still["reason"], over["paused"]) == (True, "everything is paused", False)
