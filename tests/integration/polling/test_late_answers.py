"""An answer is as old as its question: one that was asked for before a newer one, or before an effect ended, changes
nothing; and nobody is asked about one thing twice at the same time."""

from __future__ import annotations

import asyncio
from decimal import Decimal

import pytest

from bursar.api import Observation, Observed, PollRequest, SubjectRef
from bursar.pipeline.ingest import Poll, ingest
from support.config import config
from support.world import World

CANCEL = "{name: c, on: order.in_progress, do: [cancel]}"
PAY = '{name: p, on: balance.passed_min_payout, do: [{payout: {method: "7"}}]}'


class Gate:
    """An answer that waits: the world goes on meanwhile."""

    def __init__(self, observation: Observation) -> None:
        self.asked, self.open = asyncio.Event(), asyncio.Event()
        self._observation = observation

    async def __call__(self, _look: PollRequest) -> Observation:
        self.asked.set()
        await self.open.wait()
        return self._observation


def of_order(state: str) -> Observation:
    return Observation("orders", (Observed(SubjectRef("order", "1"), {}, state),))


def of_balance(amount: str) -> Observation:
    fields = {"amount": Decimal(amount), "min_payout": Decimal(50), "currency": "USD"}
    return Observation("info", (Observed(SubjectRef("balance", "balance"), fields),))


async def asking(world: World, gate: Gate) -> asyncio.Future[None]:
    """Have the poller ask what the gate holds back; give the turn that waits for it."""
    while True:
        turn = asyncio.ensure_future(world.supervisor.pollers["panel"].turn())
        while not turn.done() and not gate.asked.is_set():
            await asyncio.sleep(0)
        if gate.asked.is_set():
            return turn


async def in_progress(world: World, rule: str = CANCEL) -> None:
    world.site.orders["1"] = "in_progress"
    await world.open(config(rule))
    await world.track("1")
    await world.live(minutes=2)


async def test_an_order_is_never_asked_for_twice_at_the_same_time(world: World) -> None:
    await in_progress(world, "{name: t, on: order.partial, do: [{notify: {sink: ops, text: x}}]}")
    gate = Gate(of_order("in_progress"))
    world.site.will("orders", gate)
    await world.wait(minutes=2)
    first = await asking(world, gate)
    await world.track("1")
    before = world.site.looked("orders")
    await world.wait(minutes=2)
    await world.poll()
    during = world.site.looked("orders") - before
    gate.open.set()
    await first
    await world.poll()
    assert (during, world.site.looked("orders") - before) == (0, 1)


async def test_an_answer_asked_for_before_a_newer_one_changes_nothing(world: World) -> None:
    await in_progress(world, "")
    spec, asked_at = world.context.config.accounts[world.site_account], world.context.now()
    await world.wait(minutes=2)
    world.site.orders["1"] = "completed"
    await world.live(minutes=3)
    await world.context.commit(lambda uow: ingest(uow, spec, of_order("in_progress"), Poll(asked_at)))
    await world.live(minutes=1)
    assert await world.told("order.in_progress") == ["order.in_progress"]


async def test_a_late_answer_enters_no_state_again_and_sends_no_second_cancel(world: World) -> None:
    await in_progress(world)
    gate = Gate(of_order("in_progress"))
    spec, asked_at = world.context.config.accounts[world.site_account], world.context.now()
    world.site.orders["1"] = "canceled"
    await world.live(minutes=3)
    await world.context.commit(lambda uow: ingest(uow, spec, of_order("in_progress"), Poll(asked_at)))
    await world.live(minutes=30)
    assert (world.site.done("cancel"), gate.asked.is_set()) == (["1"], False)


async def test_a_balance_asked_for_before_a_payout_asks_for_no_second_one(world: World) -> None:
    world.site.money("80")
    await world.open(config(PAY))
    await world.poll()
    gate = Gate(of_balance("80"))
    world.site.will("info", gate)
    await world.wait(minutes=5.2)
    first = await asking(world, gate)
    await _send_meanwhile(world)
    world.site.money("0")
    gate.open.set()
    await first
    world.site.payouts = {"41": "done"}
    await world.live(hours=3, every_s=300)
    assert world.site.done("payout") == ["balance"]


async def _send_meanwhile(world: World) -> None:
    """Have the payout that is ready be sent while the look is under way."""
    fresh = world.context.now()
    await world.context.commit(lambda uow: uow.tx.run("UPDATE intents SET facts_at = ?", int(fresh.timestamp() * 1e6)))
    await world.wait(seconds=1)
    await world.send()
    assert world.site.done("payout") == ["balance"]
    await world.wait(seconds=1)


async def test_an_answer_about_an_order_asked_for_before_its_cancel_ended_is_looked_at_again(world: World) -> None:
    await in_progress(world)
    assert world.site.done("cancel") == ["1"]
    spec = world.context.config.accounts[world.site_account]
    world.context.effects.note(spec.name, SubjectRef("order", "1"), world.context.now())
    valid = world.context.effects.still_true(spec, of_order("pending"), world.context.started_at)
    assert valid is not None
    assert (valid.observation.subjects, valid.outdated) == ((), frozenset({"1"}))


async def test_an_answer_about_another_order_stays_true(world: World) -> None:
    await in_progress(world, "")
    spec = world.context.config.accounts[world.site_account]
    world.context.effects.note(spec.name, SubjectRef("order", "2"), world.context.now())
    valid = world.context.effects.still_true(spec, of_order("pending"), world.context.started_at)
    assert valid is not None
    assert len(valid.observation.subjects) == 1


@pytest.mark.parametrize("observation", [of_balance("80"), Observation("payouts"), Observation("coupons")])
async def test_an_effect_makes_older_answers_about_money_and_lists_old(world: World, observation: Observation) -> None:
    await in_progress(world, "")
    spec = world.context.config.accounts[world.site_account]
    world.context.effects.note(spec.name, SubjectRef("order", "2"), world.context.now())
    assert world.context.effects.still_true(spec, observation, world.context.started_at) is None


async def test_facts_are_as_old_as_the_question(world: World) -> None:
    """An answer that took two minutes to come is no fresh fact: the balance is looked at again."""

    async def slow(_look: PollRequest) -> Observation:
        await world.clock.advance(120)
        return of_balance("80")

    world.site.money("80")
    world.site.will("info", slow)
    await world.open(config(PAY))
    await world.poll()
    await world.send()
    assert (world.site.looked("info"), world.site.done("payout")) == (2, ["balance"])


async def test_a_hold_that_fell_due_after_the_question_does_not_fire_by_its_answer(world: World) -> None:
    rule = "{name: h, on: order, when: 'order.state == \"in_progress\"', for: 10m, do: [cancel]}"
    await in_progress(world, rule)

    async def slow(_look: PollRequest) -> Observation:
        await world.clock.advance(15 * 60)
        return of_order("in_progress")

    await world.wait(minutes=2)
    world.site.will("orders", slow)
    before = world.site.looked("orders")
    await world.poll()
    assert (world.site.looked("orders") - before, [one.action for one in await world.intents()]) == (2, ["cancel"])
