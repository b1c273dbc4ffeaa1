"""Nobody harms a neighbor: plugins that raise, lie or hang, disks that are full; and who is looked at, how often."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from bursar.api import EventType, Observation, Observed, SubjectRef, Succeeded
from bursar.journal.errors import JournalFull
from bursar.loops.clock import RealClock
from bursar.loops.outcome_writer import OutcomeWriter
from bursar.pipeline.dispatch import claim
from support.config import account, config
from support.limits import WAIT_S
from support.toy import BALANCE, ORDER, STREAMS, ToyAdapter, hang
from support.world import World

BOTH = f"{account()}, {account('second', 2)}"
PATIENT = account(more="timeout: 1h")
"""Longer than any test: whatever is seen to go on did not wait for it."""
REFILL = "{name: e, on: order.partial, do: [refill]}"
SECOND = "http://127.0.0.1:2/api"


@pytest.mark.parametrize(
    "answer",
    [
        ValueError("a bug"),
        KeyError("x"),
        SystemExit(3),
        asyncio.CancelledError(),
        RecursionError(),
        MemoryError(),
        None,
        "yes",
        7,
        Observation("coupons"),
        Observation("orders", (Observed(SubjectRef("order", "77"), {}, "partial"),)),
        Observation("orders", (Observed(SubjectRef("order", "1"), {"remains": 1.5}, "partial"),)),  # type: ignore[dict-item]
        Observation("orders", (Observed(SubjectRef("order", "1"), {}, "no such state"),)),
    ],
    ids=lambda answer: type(answer).__name__,
)
async def test_a_plugin_that_raises_or_lies_harms_no_neighbor(world: World, answer: Any) -> None:
    world.site.orders["1"] = "in_progress"
    other = world.sites.sites[SECOND]
    other.orders["1"] = "partial"
    world.site.will("orders", *[answer] * 99)
    await world.open(config(REFILL, accounts=BOTH))
    await world.track("1")
    await world.track("1", account="second")
    await world.live(minutes=10)
    assert (await world.state(), other.done("refill"), world.site.done("refill")) == ("unreachable", ["1"], [])


async def test_a_plugin_that_cannot_open_an_account_harms_no_neighbor(world: World) -> None:
    def open_(settings: Any, context: Any) -> Any:
        if settings.name == "panel":
            raise ValueError("a bug")
        return ToyAdapter(world.sites.sites[settings.url], context)

    world.sites.open = open_
    world.sites.sites[SECOND].orders["1"] = "partial"
    await world.open(config(REFILL, accounts=BOTH))
    await world.track("1", account="second")
    await world.live(minutes=10)
    assert (await world.state(), world.sites.sites[SECOND].done("refill")) == ("unreachable", ["1"])


async def crew_until(world: World, happened: asyncio.Event) -> None:
    """Let all loops turn by themselves, on the real clock, until something happened."""
    async with asyncio.TaskGroup() as group, asyncio.timeout(WAIT_S):
        await world.supervisor.start(group)
        await happened.wait()
        await world.supervisor.shutdown(0)


async def test_an_account_that_hangs_harms_no_neighbor(world: World) -> None:
    done = asyncio.Event()

    async def refilled(_intent: Any) -> Succeeded:
        done.set()
        return Succeeded()

    world.clock = RealClock()  # type: ignore[assignment]
    world.site.will("orders", *[hang] * 99)
    world.sites.sites[SECOND].will("refill", refilled)
    for site in (world.site, world.sites.sites[SECOND]):
        site.orders["1"] = "partial"
    await world.open(config(REFILL, accounts=f"{PATIENT}, {account('second', 2)}"))
    await world.track("1")
    await world.track("1", account="second")
    await crew_until(world, done)
    assert (world.site.performed, world.sites.sites[SECOND].done("refill")) == ([], ["1"])


async def test_an_action_that_hangs_stops_no_poll(world: World) -> None:
    done = asyncio.Event()

    async def refill(_intent: Any) -> Any:
        world.site.will("coupons", looked)
        return await hang(None)

    async def looked(_look: Any) -> Observation:
        done.set()
        return Observation("coupons")

    world.clock = RealClock()  # type: ignore[assignment]
    world.site.will("refill", refill)
    world.site.orders["1"] = "partial"
    await world.open(config(REFILL, accounts=account(more="timeout: 1h, poll: {coupons: 1s}")))
    await world.track("1")
    await crew_until(world, done)
    assert world.site.done("refill") == ["1"]


@pytest.mark.parametrize(
    ("what", "state", "told"),
    [("raised", "unreachable", []), ("cost", "ok", ["rule.failed"]), ("still", "ok", ["rule.failed"])],
)
async def test_a_declaration_that_raises_harms_nobody_else(
    world: World, what: str, state: str, told: list[str]
) -> None:
    def bad(*_: Any) -> Any:
        raise ZeroDivisionError

    registry = world.sites.registry
    event = EventType("balance.odd", "", bad, at_first_sight=True)
    passed = replace(BALANCE.events[0], still=bad)

    def broken(**changes: Any) -> Any:
        made = registry(**changes)
        toy = made.providers["toy"]
        if what == "cost":
            actions = tuple(replace(one, cost=bad) if one.name == "payout" else one for one in toy.actions)
            return registry(toy=replace(toy, actions=actions))
        odd = (*BALANCE.events, event) if what == "raised" else (passed,)
        subjects = (ORDER, *toy.subjects[1:2], replace(BALANCE, events=odd), *toy.subjects[3:])
        return registry(toy=replace(toy, subjects=subjects))

    world.sites.registry = broken  # type: ignore[method-assign]
    world.site.money("80")
    world.site.orders["1"] = "partial"
    await world.open(config(REFILL + '\n{name: p, on: balance.passed_min_payout, do: [{payout: {method: "7"}}]}'))
    await world.track("1")
    await world.live(minutes=5)
    assert (await world.state(), world.site.done("refill"), world.site.done("payout")) == (state, ["1"], [])
    assert await world.told("rule.failed") == told


async def test_orders_are_polled_again_when_the_disk_was_full(world: World) -> None:
    world.site.orders["1"] = "in_progress"
    await world.open(config(REFILL))
    await world.track("1")
    await world.live(minutes=2)
    write = world.journal.write

    async def full(_function: Any) -> Any:
        raise JournalFull("the disk is full")

    world.journal.write = full  # type: ignore[method-assign]
    world.site.orders["1"] = "partial"
    for _ in range(5):
        await world.wait(minutes=1)
        with pytest.raises(JournalFull):
            await world.poll()
    world.journal.write = write  # type: ignore[method-assign]
    await world.live(minutes=5)
    assert world.site.done("refill") == ["1"]


async def test_a_quiet_order_is_polled_at_its_interval(world: World) -> None:
    world.site.orders["1"] = "in_progress"
    await world.open(config())
    await world.track("1")
    await world.turn()
    before = world.site.looked("orders")
    await world.live(minutes=30, every_s=5)
    assert 28 <= world.site.looked("orders") - before <= 31


async def test_an_order_that_was_quiet_for_long_is_polled_less(world: World) -> None:
    world.site.orders["1"] = "in_progress"
    await world.open(config())
    await world.track("1")
    await world.live(hours=2)
    before = world.site.looked("orders")
    await world.live(hours=1)
    assert 15 <= world.site.looked("orders") - before <= 25


async def test_a_finished_order_is_polled_daily(world: World) -> None:
    world.site.orders["1"] = "completed"
    await world.open(config())
    await world.track("1")
    await world.live(hours=26, every_s=600)
    before = world.site.looked("orders")
    await world.live(hours=72, every_s=1800)
    assert 2 <= world.site.looked("orders") - before <= 4


async def test_an_order_that_was_finished_for_long_is_polled_no_more(world: World) -> None:
    world.site.orders["1"] = "completed"
    await world.open(config())
    await world.track("1")
    await world.live(hours=24 * 33, every_s=6 * 3600)
    before = world.site.looked("orders")
    await world.live(hours=24 * 5, every_s=6 * 3600)
    assert world.site.looked("orders") == before


async def test_an_order_that_is_tracked_again_is_looked_at_at_once(world: World) -> None:
    world.site.orders["1"] = "completed"
    await world.open(config())
    await world.track("1")
    await world.live(hours=26, every_s=600)
    before = world.site.looked("orders")
    await world.track("1")
    await world.live(seconds=10, every_s=1)
    assert world.site.looked("orders") - before == 1


async def test_an_order_that_is_untracked_is_polled_no_more(world: World) -> None:
    world.site.orders["1"] = "in_progress"
    await world.open(config())
    await world.track("1")
    await world.live(minutes=3)
    await world.say("untrack", account="panel", ids=["1"])
    await world.poll()
    before = world.site.looked("orders")
    await world.live(hours=1)
    assert world.site.looked("orders") == before


async def test_an_order_that_was_acted_on_is_looked_at_soon(world: World) -> None:
    world.site.will("refill", Succeeded(facts={"refill_requested": True}))
    world.site.orders["1"] = "partial"
    await world.open(config(REFILL))
    await world.track("1")
    await world.poll()
    await world.send()
    before = world.site.looked("orders")
    await world.live(seconds=20, every_s=1)
    assert world.site.looked("orders") - before == 1


async def test_many_who_wait_are_one_look(world: World) -> None:
    ids = [str(number) for number in range(40)]
    world.site.orders |= dict.fromkeys(ids, "in_progress")
    await world.open(config("{name: h, on: order, when: 'order.state == \"in_progress\"', for: 90s, do: [cancel]}"))
    await world.track(*ids)
    await world.poll()
    before = world.site.looked("orders")
    await world.wait(seconds=91)
    await world.poll()
    assert world.site.looked("orders") - before == 1


async def test_a_held_back_match_does_not_hurry_its_order_before_its_obstacle_ends(world: World) -> None:
    await world.open(config(REFILL.replace("do:", "cooldown: 6h, do:")))
    await world.track("1")
    for state in ("partial", "in_progress", "partial"):
        world.site.orders["1"] = state
        await world.live(minutes=12)
    await world.live(minutes=30)
    before = world.site.looked("orders")
    await world.live(hours=1)
    assert world.site.looked("orders") - before <= 7


async def test_streams_that_are_off_are_not_polled(world: World) -> None:
    await world.open(config(accounts=account(more="poll: {coupons: off, info: off}")))
    await world.live(minutes=20)
    assert {look.stream for look in world.site.looks} == {"payouts"}


async def test_one_request_asks_for_a_hundred_ids_at_most(world: World) -> None:
    ids = [str(number) for number in range(250)]
    world.site.orders |= dict.fromkeys(ids, "in_progress")
    await world.open(config())
    await world.track(*ids)
    await world.poll()
    assert sorted(len(look.ids) for look in world.site.looks if look.stream == "orders") == [50, 100, 100]


async def test_the_streams_of_these_tests_are_those_of_the_provider(world: World) -> None:
    await world.open(config())
    assert set(world.supervisor.pollers["panel"].streams) == {stream.name for stream in STREAMS}


async def test_an_answer_that_cannot_be_written_costs_no_other_of_the_same_request_its_own(world: World) -> None:
    """One request cancels many; what a plugin brings for one of them is of a kind that nobody knows."""
    world.site.orders |= {"1": "partial", "2": "partial"}
    await world.open(config(REFILL))
    await world.track("1", "2")
    await world.poll()
    ids = [intent.id for intent in await world.intents()]
    claimed = await world.context.commit(lambda uow: claim(uow, ids, {}))
    strange = Succeeded(tracked=(Observed(SubjectRef("nothing", "x"), {}),))
    writer = OutcomeWriter(world.context, world.site_account)
    writer.note(claimed.intents, {ids[0]: strange, ids[1]: Succeeded()}, world.context.now())
    await writer.record(claimed.intents)
    assert await world.states() == ["unknown", "succeeded"]
