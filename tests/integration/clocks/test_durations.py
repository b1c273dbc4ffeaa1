"""Durations are physical: no setting of the wall clock, in a run or between two, makes one shorter."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from bursar.api import DidNot, Happened, Later, NeverSent, NotSent, Outcome, Refused, Succeeded, Unreachable
from bursar.api.exchange import current
from bursar.api.http import Deadline
from support.config import account, config
from support.world import World

PAY = '{name: p, on: balance.passed_min_payout, do: [{payout: {method: "7"}}]'
HOLD = '{name: h, on: order, when: \'order.state in ["pending", "in_progress"]\', for: 48h, do: [cancel]}'
GONE = Unreachable("the answer was lost")
HOUR_S, DAY_S = 3600.0, 86400.0


async def lost(world: World, rule: str = PAY + "}", **more: str) -> None:
    """Lose the answer to a payout."""
    world.site.money("80")
    world.site.will("payout", GONE)
    world.site.will("reconcile", *[DidNot()] * 99)
    await world.open(config(rule, accounts=account(**more)))
    await world.turn()


@pytest.mark.parametrize("jump_s", [HOUR_S, -HOUR_S, 400 * DAY_S])
async def test_a_clock_that_is_set_does_not_shorten_settle(world: World, jump_s: float) -> None:
    await lost(world)
    world.clock.jump(jump_s)
    await world.live(minutes=4, every_s=10)
    assert world.site.done("payout") == ["balance"]


@pytest.mark.parametrize("jump_s", [HOUR_S, -HOUR_S, 400 * DAY_S])
async def test_a_clock_that_is_set_while_the_daemon_is_down_does_not_shorten_settle(
    world: World, jump_s: float
) -> None:
    await lost(world)
    await world.restart(clean=False)
    world.clock.jump(jump_s)
    await world.restart()
    await world.live(minutes=4, every_s=10)
    assert world.site.done("payout") == ["balance"]


async def test_a_jump_of_the_clock_starts_settle_anew(world: World) -> None:
    await lost(world)
    await world.live(minutes=4, every_s=10)
    world.clock.jump(HOUR_S)
    await world.live(minutes=4, every_s=10)
    assert world.site.done("payout") == ["balance"]


async def test_a_restart_starts_settle_anew(world: World) -> None:
    await lost(world)
    await world.live(minutes=4, every_s=10)
    await world.restart(clean=False)
    await world.live(minutes=4, every_s=10)
    assert world.site.done("payout") == ["balance"]


async def test_settle_counts_from_the_end_of_the_request(world: World) -> None:
    """The answer took 20 minutes to be lost: the request may have landed at the end of them."""

    async def slow(_intent: object) -> object:
        await world.clock.advance(20 * 60)
        raise GONE

    world.site.money("80")
    world.site.will("payout", slow)
    world.site.will("reconcile", *[DidNot()] * 99)
    await world.open(config(PAY + "}"))
    await world.turn()
    await world.live(minutes=4, every_s=10)
    assert world.site.done("payout") == ["balance"]


async def test_a_payout_leaves_on_no_facts_that_are_hours_old(world: World) -> None:
    world.site.money("80")
    await world.open(config(PAY + "}"))
    await world.poll()
    await world.wait(hours=0.9)
    await world.send()
    assert world.site.performed == []


async def test_days_that_the_clock_was_set_ahead_are_no_days_of_a_hold(world: World) -> None:
    ids = [str(number) for number in range(30)]
    world.site.orders |= dict.fromkeys(ids, "in_progress")
    await world.open(config(HOLD))
    await world.track(*ids)
    await world.turn()
    world.clock.jump(3 * DAY_S)
    await world.live(minutes=10, every_s=10)
    assert world.site.performed == []


async def test_a_machine_that_starts_with_its_clock_far_ahead_has_nothing_forgotten(world: World) -> None:
    world.site.money("80")
    await world.open(config(PAY + "}"))
    await world.turn()
    before = await world.told(), await world.states()
    await world.reboot(jump_s=400 * DAY_S)
    await world.live(minutes=5)
    after = await world.told(), await world.states()
    assert (len(before[0]) > 0, after) == (True, before)


async def test_a_clock_that_was_far_ahead_for_minutes_has_nothing_forgotten(world: World) -> None:
    world.site.money("600")
    await world.open(config(PAY + ", cooldown: 14d, budget: {payout: {max: 1000, every: 30d}}}"))
    await world.turn()
    world.clock.jump(400 * DAY_S)
    await world.live(minutes=5, every_s=10)
    world.clock.jump(-400 * DAY_S)
    world.site.money("0")
    await world.live(minutes=12)
    world.site.money("900")
    await world.live(days=1.5, every_s=1800)
    assert [str(intent.cost) for intent in world.site.performed] == ["600"]


async def test_nothing_is_deleted_for_a_day_after_a_jump(world: World) -> None:
    world.site.orders["1"] = "in_progress"
    await world.open(config())
    await world.track("1")
    await world.turn()
    world.clock.jump(400 * DAY_S)
    await world.live(hours=20, every_s=1800)
    assert "order.appeared" in await world.told()


async def test_an_approval_does_not_lapse_by_a_clock_that_is_set(world: World) -> None:
    world.site.money("80")
    await world.open(config(PAY + ", approve: {within: 12h}}"))
    await world.turn()
    world.clock.jump(13 * HOUR_S)
    await world.live(minutes=10, every_s=10)
    assert await world.states() == ["awaiting_approval"]


async def test_a_message_that_is_due_goes_out_though_the_clock_was_set_back(world: World) -> None:
    world.site.orders["1"] = "partial"
    await world.open(config("{name: t, on: order.partial, do: [{notify: {sink: ops, text: partial}}]}"))
    await world.track("1")
    await world.poll()
    world.clock.jump(-5 * HOUR_S)
    await world.deliver()
    assert await world.texts() == ["partial"]


async def test_a_request_that_could_not_leave_in_time_does_not_leave(world: World) -> None:
    """The daemon stood still between the commit and the request."""
    world.site.money("80")
    left = []

    async def late(intent: object) -> object:
        await world.clock.advance(600)
        exchange = current()
        assert exchange is not None
        try:
            Deadline(world.clock, exchange).check()
        except NeverSent as error:
            return NotSent(error.reason)
        left.append(intent)
        return Succeeded("41")

    world.site.will("payout", late)
    await world.open(config(PAY + "}"))
    await world.turn()
    assert (left, await world.states()) == ([], ["deferred"])


async def test_whatever_money_is_judged_by_is_read_strictly(world: World) -> None:
    from bursar.api.exchange import current

    strict: dict[str, bool] = {}

    def noting(what: str, answer: object) -> object:
        async def note(_intent: object) -> object:
            exchange = current()
            strict[what] = exchange is not None and exchange.strict
            if isinstance(answer, Exception):
                raise answer
            return answer

        return note

    world.site.money("80")
    world.site.will("prepare", noting("prepare", {"balance": "80"}))
    world.site.will("payout", noting("perform", Unreachable("the answer was lost")))
    world.site.will("reconcile", noting("reconcile", Happened(Succeeded("41"), "it is there")))
    await world.open(config(PAY + "}"))
    await world.live(minutes=12)
    assert (strict["prepare"], strict["reconcile"], await world.states()) == (True, True, ["succeeded"])


@pytest.mark.parametrize("asked", ["a rule", "a person"])
async def test_a_request_leaves_within_a_minute_of_its_evidence(world: World, asked: str) -> None:
    """Whoever asks for it: the daemon stood still between the evidence and the commit."""
    from bursar.api.exchange import current

    left_s: list[float] = []

    async def stands_still(_intent: object) -> object:
        await world.clock.advance(50)
        return {"balance": "80"}

    async def note(_intent: object) -> object:
        exchange = current()
        assert exchange is not None
        assert exchange.not_after_s is not None
        left_s.append(exchange.not_after_s - world.clock.monotonic())
        return Succeeded("41")

    world.site.orders["1"] = "partial"
    world.site.will("prepare", stands_still)
    world.site.will("add", note)
    rule = "{name: a, on: order.partial, do: [{add: {link: more}}]}"
    await world.open(config(rule if asked == "a rule" else ""))
    if asked == "a person":
        await world.say("call", account="panel", method="add", params={"link": "more"}, wait_s=0)
    await world.track("1")
    await world.turn()
    assert [0 < left <= 10 for left in left_s] == [True]


async def test_a_payout_that_takes_the_whole_balance_leaves_within_seconds_of_the_last_look(world: World) -> None:
    from bursar.api.exchange import current

    asked: list[float] = []
    world.site.money("80")

    async def note(_intent: object) -> object:
        exchange = current()
        assert exchange is not None
        assert exchange.not_after_s is not None
        asked.append(exchange.not_after_s - world.clock.monotonic())
        return Succeeded("41")

    world.site.will("payout", note)
    await world.open(config(PAY + "}"))
    await world.turn()
    assert 0 < asked[0] <= 5


async def test_a_budget_counts_from_the_sending_not_from_the_plan(world: World) -> None:
    world.site.money("900")
    world.site.will("payout", Later("busy", retry_after=timedelta(hours=23)))
    await world.open(config(PAY + ", budget: {payout: {max: 1000, every: 24h}}}"))
    await world.live(hours=24, every_s=600)
    world.site.money("0")
    await world.live(minutes=12)
    world.site.money("900")
    await world.live(hours=10, every_s=600)
    assert len(world.site.performed) == 2


async def test_what_was_held_for_weeks_and_then_paid_counts_in_its_cooldown(world: World) -> None:
    """The match is older than any retention of matches when it is paid."""
    world.site.money("80")
    await world.open(config(PAY + ", cooldown: 14d}", settings="retention: {matches: 30d, events: 30d}"))
    await world.say("pause")
    await world.turn()
    await world.live(days=32, every_s=12 * HOUR_S)
    await world.say("resume")
    await world.live(minutes=30)
    paid = len(world.site.performed)
    world.site.money("0")
    await world.live(minutes=12)
    world.site.money("90")
    await world.live(days=10, every_s=6 * HOUR_S)
    assert (paid, len(world.site.performed)) == (1, 1)


async def test_a_limit_is_not_used_up_by_what_was_never_sent(world: World) -> None:
    rule = "{name: e, on: order.partial, do: [refill], limit: {per: order, max: 1, every: 30d}}"
    world.site.orders["1"] = "partial"
    await world.open(config(rule))
    await world.say("pause")
    await world.track("1")
    for _ in range(3):
        for state in ("in_progress", "partial"):
            world.site.orders["1"] = state
            await world.live(minutes=12)
    await world.say("resume")
    await world.live(minutes=30)
    assert world.site.done("refill") == ["1"]


async def test_ids_are_never_used_again(world: World) -> None:
    world.site.orders["1"] = "partial"
    rule = "{name: e, on: order.partial, do: [refill]}"
    await world.open(config(rule, settings="retention: {events: 1d, matches: 1d}"))
    await world.track("1")
    await world.live(minutes=10)
    await world.live(days=3, every_s=6 * HOUR_S)
    assert await world.intents() == []
    for state in ("in_progress", "partial"):
        world.site.orders["1"] = state
        await world.live(hours=25, every_s=HOUR_S / 2)
    assert await world.read(lambda tx: tx.all("SELECT id FROM ledger ORDER BY id")) == [(1,), (2,)]


async def test_a_new_add_inherits_no_refusals_of_an_old_one(world: World) -> None:

    rule = "{name: a, on: order.partial, do: [{add: {link: more}}]}"
    world.site.will("add", Refused("no"), Refused("no"), Refused("no"))
    world.site.orders["1"] = "partial"
    await world.open(config(rule, settings="retention: {events: 1d, matches: 1d}"))
    await world.track("1")
    await world.live(days=8, every_s=6 * HOUR_S)
    world.site.orders["1"] = "completed"
    await world.live(days=410, every_s=240 * HOUR_S)
    world.site.orders["2"] = "partial"
    await world.track("2")
    await world.live(minutes=10)
    assert await world.states() == ["succeeded"]


@pytest.mark.parametrize("of", [{"account": "panel"}, {}])
async def test_what_has_not_left_yet_when_a_person_pauses_does_not_leave(world: World, of: dict[str, str]) -> None:
    """It was committed to `sending`, and hangs in its connection."""
    world.site.money("80")
    connecting, connected = asyncio.Event(), asyncio.Event()

    async def slow(_intent: object) -> Outcome:
        connecting.set()
        await connected.wait()
        exchange = current()
        assert exchange is not None
        try:
            Deadline(world.clock, exchange).check()
        except NeverSent as error:
            return NotSent(error.reason)
        return Succeeded("41")

    world.site.will("payout", slow)
    await world.open(config(PAY + "}"))
    await world.poll()
    sending = asyncio.ensure_future(world.send())
    await connecting.wait()
    await world.say("pause", **of)
    connected.set()
    await sending
    [row] = await world.say("actions")
    assert (row["state"], row["reason"]) == ("deferred", "it was paused before it left")
    await world.say("resume", **of)
    await world.live(minutes=5)
    assert await world.states() == ["succeeded"]
