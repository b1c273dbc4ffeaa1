"""What polls see and what comes of it: baselines, first sights, failures, recoveries, rejections."""

from __future__ import annotations

from decimal import Decimal

import pytest

from bursar.api import BadAnswer, Observation, Observed, ProviderError, RateLimited, Rejected, SubjectRef, Unreachable
from bursar.journal import streams, views
from support.config import account, config
from support.world import World

DOWN = Unreachable("no answer")


async def test_the_first_sight_of_a_listing_raises_nothing(world: World) -> None:
    world.site.coupons = {"a": "new", "b": "activated"}
    await world.open(config())
    await world.turn()
    assert await world.told() == []


async def test_the_first_sight_of_a_listing_raises_events_if_the_settings_say_so(world: World) -> None:
    world.site.coupons = {"a": "activated"}
    await world.open(config(settings="baseline: events"))
    await world.turn()
    assert await world.told() == ["coupon.appeared", "coupon.activated"]


async def test_what_appears_after_the_baseline_raises_the_event_of_its_state(world: World) -> None:
    world.site.coupons = {"a": "new"}
    await world.open(config())
    await world.turn()
    world.site.coupons["b"] = "activated"
    await world.live(minutes=2)
    assert await world.told() == ["coupon.appeared", "coupon.activated"]


async def test_an_empty_first_listing_is_a_baseline_too(world: World) -> None:
    await world.open(config())
    await world.turn()
    world.site.coupons["a"] = "new"
    await world.live(minutes=2)
    assert await world.told() == ["coupon.appeared", "coupon.new"]


async def test_a_restart_makes_no_second_baseline(world: World) -> None:
    world.site.coupons = {"a": "new"}
    await world.open(config())
    await world.turn()
    world.site.coupons = {"a": "activated", "b": "new"}
    await world.restart()
    await world.turn()
    assert sorted(await world.told()) == ["coupon.activated", "coupon.appeared", "coupon.changed", "coupon.new"]


async def test_the_first_sight_of_a_tracked_order_raises_the_event_of_its_state(world: World) -> None:
    world.site.orders["1"] = "partial"
    await world.open(config())
    await world.track("1")
    await world.turn()
    assert await world.told("order.partial") == ["order.partial"]


async def test_a_balance_that_is_above_its_minimum_is_news_at_first_sight(world: World) -> None:
    world.site.money("80")
    await world.open(config())
    await world.turn()
    assert await world.told() == ["balance.passed_min_payout"]


async def test_a_restart_does_not_tell_of_the_balance_again(world: World) -> None:
    world.site.money("80")
    await world.open(config())
    await world.turn()
    await world.restart()
    await world.turn()
    assert await world.told() == ["balance.passed_min_payout"]


async def test_a_balance_that_fell_below_is_told_of_again(world: World) -> None:
    await world.open(config())
    for amount in ("80", "10", "60"):
        world.site.money(amount)
        await world.live(minutes=6)
    assert await world.told("balance.passed*") == ["balance.passed_min_payout"] * 2


async def test_a_payout_that_ended_has_the_balance_told_of_again_though_its_answer_did_not_change(world: World) -> None:
    world.site.money("80")
    world.site.payouts["7"] = "waiting"
    await world.open(config())
    await world.turn()
    world.site.payouts["7"] = "done"
    await world.live(minutes=12)
    assert await world.told("balance.passed*") == ["balance.passed_min_payout"] * 2


async def test_a_held_poll_does_not_use_up_that_the_balance_is_told_of_again(world: World) -> None:
    world.site.money("80")
    world.site.payouts["7"] = "waiting"
    await world.open(config())
    await world.turn()
    world.site.payouts["7"] = "done"
    world.site.money("80", currency="RUB")
    await world.live(minutes=12)
    world.site.money("80")
    await world.live(minutes=12)
    assert await world.told("balance.passed*") == ["balance.passed_min_payout"] * 2


@pytest.mark.parametrize(
    "error", [DOWN, BadAnswer("HTML"), RateLimited("slower"), ProviderError("a bug", kind="plugin")]
)
async def test_a_failed_poll_changes_no_snapshot(world: World, error: ProviderError) -> None:
    world.site.orders["1"] = "in_progress"
    await world.open(config())
    await world.track("1")
    await world.turn()
    before = await world.say("orders")
    world.site.down["orders"] = error
    await world.live(minutes=5)
    assert await world.say("orders") == before


async def test_coming_back_is_no_change(world: World) -> None:
    world.site.orders["1"] = "in_progress"
    await world.open(config())
    await world.track("1")
    await world.turn()
    before = await world.told("order.*")
    world.site.down["orders"] = DOWN
    await world.live(minutes=30)
    world.site.down.clear()
    await world.live(hours=1)
    assert await world.told("order.*") == before


async def test_an_id_that_is_left_out_keeps_its_state(world: World) -> None:
    world.site.orders |= {"1": "in_progress", "2": "in_progress"}
    await world.open(config())
    await world.track("1", "2")
    await world.turn()
    world.site.orders["1"] = None
    await world.live(minutes=10)
    assert [row["state"] for row in await world.say("orders")] == ["in_progress", "in_progress"]


async def test_two_failures_in_a_row_are_told_to_nobody(world: World) -> None:
    world.site.will("coupons", DOWN, DOWN)
    await world.open(config())
    await world.live(minutes=10)
    assert await world.told() == []


async def test_the_third_failure_in_a_row_is_told_once(world: World) -> None:
    world.site.down["coupons"] = DOWN
    await world.open(config())
    await world.live(hours=6)
    assert await world.told() == ["account.unreachable"]


async def test_several_streams_that_fail_are_one_unreachable_account(world: World) -> None:
    world.site.down |= dict.fromkeys(("coupons", "info", "payouts"), DOWN)
    await world.open(config())
    await world.live(hours=6)
    assert await world.told() == ["account.unreachable"]


async def test_failures_before_and_after_a_restart_are_in_a_row(world: World) -> None:
    world.site.will("coupons", DOWN, DOWN, DOWN)
    await world.open(config())
    await world.turn()
    await world.restart()
    await world.live(minutes=15)
    assert await world.told() == ["account.unreachable", "account.recovered"]


async def test_an_account_that_recovers_is_told_once(world: World) -> None:
    world.site.down |= dict.fromkeys(("coupons", "info"), DOWN)
    await world.open(config())
    await world.live(hours=3)
    world.site.down.clear()
    await world.live(hours=3)
    assert await world.told() == ["account.unreachable", "account.recovered"]


async def test_recovering_is_told_though_the_first_good_answer_is_unchanged(world: World) -> None:
    world.site.coupons["a"] = "new"
    await world.open(config())
    await world.turn()
    world.site.down["coupons"] = DOWN
    await world.live(hours=1)
    world.site.down.clear()
    await world.live(hours=1)
    assert await world.told() == ["account.unreachable", "account.recovered"]


async def test_a_stream_that_failed_and_is_polled_no_more_does_not_silence_the_others(world: World) -> None:
    world.site.down["coupons"] = DOWN
    await world.open(config())
    await world.live(hours=1)
    await world.reload(config(accounts=account(more="poll: {coupons: off}")))
    world.site.down["info"] = DOWN
    await world.live(hours=3)
    assert await world.told() == ["account.unreachable"] * 2


@pytest.mark.parametrize("state", ["starting", "ok", "unreachable", "rejected"])
async def test_accounts_say_the_truth_at_once(world: World, state: str) -> None:
    await world.open(config())
    if state != "starting":
        world.site.down |= {"unreachable": {"coupons": DOWN}, "rejected": {"coupons": Rejected("no")}}.get(state, {})
        await world.turn()
    assert await world.state() == state


async def test_a_rejected_account_is_asked_no_more(world: World) -> None:
    world.site.down |= dict.fromkeys(("coupons", "info", "payouts"), Rejected("wrong key"))
    await world.open(config())
    await world.live(hours=20, every_s=600)
    assert len(world.site.looks) == 1


async def test_a_rejection_is_told_once(world: World) -> None:
    world.site.down |= dict.fromkeys(("coupons", "info", "payouts"), Rejected("wrong key"))
    await world.open(config())
    await world.live(hours=50, every_s=1800)
    assert await world.told() == ["account.rejected"]


async def test_a_rejection_is_told_once_whatever_restarts_there_are(world: World) -> None:
    world.site.down["coupons"] = Rejected("wrong key")
    await world.open(config())
    await world.turn()
    await world.restart()
    await world.turn()
    assert await world.told() == ["account.rejected"]


async def test_a_rejected_account_is_looked_at_once_a_day(world: World) -> None:
    world.site.down |= dict.fromkeys(("coupons", "info", "payouts"), Rejected("wrong key"))
    await world.open(config())
    await world.live(hours=47, every_s=1800)
    assert len(world.site.looks) == 2


async def test_the_daily_look_finds_a_rejected_account_well(world: World) -> None:
    world.site.down["coupons"] = Rejected("wrong key")
    await world.open(config())
    await world.turn()
    world.site.down.clear()
    await world.live(hours=25, every_s=1800)
    assert (await world.told(), await world.state()) == (["account.rejected", "account.recovered"], "ok")


async def test_a_rejected_account_is_asked_again_when_a_person_has_it_retried(world: World) -> None:
    world.site.down["coupons"] = Rejected("wrong key")
    await world.open(config())
    await world.turn()
    world.site.down.clear()
    await world.say("accounts_retry", account="panel")
    await world.live(minutes=2)
    assert await world.state() == "ok"


async def test_a_rejected_account_that_was_retried_and_answers_is_told(world: World) -> None:
    world.site.down["coupons"] = Rejected("wrong key")
    await world.open(config())
    await world.turn()
    world.site.down.clear()
    await world.say("accounts_retry", account="panel")
    await world.live(minutes=12)
    assert await world.told() == ["account.rejected", "account.recovered"]


async def test_an_account_that_is_rejected_again_after_a_retry_is_told_again(world: World) -> None:
    world.site.down["coupons"] = Rejected("wrong key")
    await world.open(config())
    await world.turn()
    await world.say("accounts_retry", account="panel")
    await world.live(minutes=12)
    assert await world.told() == ["account.rejected"] * 2


async def test_unchanged_ids_of_a_listing_do_not_vanish(world: World) -> None:
    world.site.coupons = {"a": "new", "b": "new"}
    await world.open(config())
    await world.turn()
    only_b = Observation("coupons", (Observed(SubjectRef("coupon", "b"), {"amount": Decimal(1)}, "new"),), ["a"])
    world.site.will("coupons", only_b, only_b, only_b)
    await world.live(minutes=5)
    assert await world.told("coupon.vanished") == []


async def test_what_a_complete_listing_leaves_out_twice_has_vanished(world: World) -> None:
    world.site.coupons = {"a": "new", "b": "new"}
    await world.open(config())
    await world.turn()
    del world.site.coupons["a"]
    await world.live(minutes=5)
    assert [(row["type"], row["subject"]) for row in await world.events()] == [("coupon.vanished", "coupon/a")]


async def test_what_is_left_out_once_has_not_vanished(world: World) -> None:
    world.site.coupons = {"a": "new", "b": "new"}
    await world.open(config())
    await world.turn()
    world.site.will("coupons", Observation("coupons", (Observed(SubjectRef("coupon", "b"), {}, "new"),)))
    await world.live(minutes=5)
    assert await world.told() == []


async def test_an_unchanged_poll_writes_the_tick_row_and_nothing_else(world: World) -> None:
    world.site.coupons["a"] = "new"
    world.site.orders["1"] = "in_progress"
    await world.open(config("{name: r, on: order, when: order.remains > 5, do: [refill]}"))
    await world.track("1")
    await world.live(minutes=10)
    before = await world.read(
        lambda tx: [tx.all(f"SELECT * FROM {t}") for t in ("subjects", "events", "verdicts", "matches")]
    )
    await world.live(minutes=30)
    after = await world.read(
        lambda tx: [tx.all(f"SELECT * FROM {t}") for t in ("subjects", "events", "verdicts", "matches")]
    )
    assert after == before


async def test_the_tick_of_an_unchanged_poll_is_written(world: World) -> None:
    await world.open(config())
    await world.turn()
    await world.live(hours=1)
    row = await world.read(lambda tx: streams.load(tx, world.site_account, "coupons"))
    assert row.ok_at is not None
    assert (world.clock.now() - row.ok_at).total_seconds() < 120


async def test_an_order_that_does_not_exist_is_a_problem_and_no_failure(world: World) -> None:
    world.site.orders["1"] = "Incorrect order ID"
    await world.open(config())
    await world.track("1")
    await world.turn()
    rows = await world.read(lambda tx: views.orders(tx, None))
    assert (rows[0]["problem"], await world.state()) == ("Incorrect order ID", "ok")


LOW = "{name: low, on: balance, when: balance.amount < 10, do: [{notify: {sink: ops, text: low}}]}"


async def test_a_balance_that_is_low_from_the_beginning_is_told_once(world: World) -> None:
    world.site.money("5")
    await world.open(config(LOW))
    await world.live(minutes=30, every_s=300)
    assert await world.texts() == ["low"]


async def test_a_balance_that_was_low_before_a_rule_was_there_has_not_entered_its_condition(world: World) -> None:
    world.site.money("5")
    await world.open(config("{name: other, on: coupon.activated, do: [{notify: {sink: ops, text: hi}}]}"))
    await world.live(minutes=30, every_s=300)
    await world.reload(config(LOW))
    await world.live(minutes=30, every_s=300)
    assert await world.texts() == []
