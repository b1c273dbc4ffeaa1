"""The sandbox's panel: the adapter against it, its formats, and how its world moves."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import aiohttp
import pytest
from aiohttp.test_utils import TestServer

from bursar.api import Lost, Rejected, SandboxServer, SubjectRef, Succeeded
from bursar.domain.ids import IntentId
from bursar.testing import Faults, VirtualClock
from bursar.testing.fakes import Loan, look_at, make_intent, subjects_of
from bursar_smm.adapter import SmmAdapter
from bursar_smm.sandbox.server import wire
from bursar_smm.sandbox.world import FATES, World
from bursar_smm.service_types import TYPES
from support.limits import LEAP_S
from support.smm import open_account

HOUR_S = 3600.0


@dataclass
class Stage:
    """A sandbox panel that runs, an account there, and the clock of both."""

    wire: SandboxServer
    adapter: SmmAdapter
    clock: VirtualClock
    url: str

    async def orders(self) -> dict[str, Any]:
        """Return every order under watch, by id."""
        seen = await self.adapter.observe(look_at("orders", self.wire.track()))
        return {ref.id: fields for ref, fields in subjects_of(seen).items()}

    async def in_state(self, state: str) -> str:
        """Return the id of an order in that state."""
        return next(id_ for id_, fields in (await self.orders()).items() if fields["state"] == state)

    async def balance(self) -> Decimal:
        amount = (await self.adapter.observe(look_at("balance"))).subjects[0].fields["amount"]
        assert isinstance(amount, Decimal)
        return amount

    async def do(self, action: str, id_: str) -> Any:
        return await self.adapter.perform(make_intent(action, SubjectRef("order", id_), id=IntentId(3)))

    async def ask(self, **form: str) -> Any:
        async with aiohttp.ClientSession() as session, session.post(self.url, data=form) as response:
            return await response.json()


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    clock = VirtualClock()
    made = wire(7, 1.0, clock)
    server = TestServer(made.app)
    await server.start_server()
    url = str(server.make_url(made.path))
    loan = Loan(clock)
    yield Stage(made, open_account(url, loan.context, key=made.settings["key"]), clock, url)
    await loan.close()
    await server.close()


@pytest.mark.parametrize("speed", [1, 60, 100_000])
@pytest.mark.parametrize("seed", range(5))
async def test_a_partial_and_stuck_orders_are_there_at_once_at_any_speed(seed: int, speed: float) -> None:
    world = World(seed)
    for t in (0.0, 1.0 * speed):
        words = [order.status(t) for order in world.orders.values()]
        assert {"Partial", "Pending", "In progress", "Completed"} <= set(words)


@pytest.mark.parametrize("seed", range(5))
async def test_never_do_most_orders_move(seed: int) -> None:
    world = World(seed)
    moved = sum(order.status(0.0) != order.status(1e9) for order in world.orders.values())
    assert moved * 2 <= len(FATES)


async def test_stuck_orders_stay_stuck(stage: Stage) -> None:
    await stage.clock.advance(1000 * HOUR_S)
    states = [fields["state"] for fields in (await stage.orders()).values()]
    assert (states.count("pending"), states.count("in_progress")) == (2, 2)


async def test_the_world_moves_with_the_clock(stage: Stage) -> None:
    before = await stage.orders()
    await stage.clock.advance(HOUR_S)
    assert await stage.orders() != before


async def test_the_same_seed_makes_the_same_world() -> None:
    one, other = World(3), World(3)
    assert [order.link + order.status(500.0) for order in one.orders.values()] == [
        order.link + order.status(500.0) for order in other.orders.values()
    ]


async def test_a_refilled_partial_order_is_completed(stage: Stage) -> None:
    id_ = await stage.in_state("partial")
    outcome = await stage.do("refill", id_)
    assert isinstance(outcome, Succeeded)
    states = [(await stage.orders())[id_]["state"]]
    await stage.clock.advance(6 * HOUR_S)
    after = (await stage.orders())[id_]
    assert ([*states, after["state"]], after["remains"]) == (["in_progress", "completed"], 0)


async def test_a_refills_status_goes_on(stage: Stage) -> None:
    outcome = await stage.do("refill", await stage.in_state("partial"))
    made = outcome.tracked[0]
    look = look_at("refills", [made.ref.id], known={made.ref.id: made.fields})
    states = []
    for pause in (0, 2 * HOUR_S, 5 * HOUR_S):
        await stage.clock.advance(pause)
        states += [seen.state for seen in (await stage.adapter.observe(look)).subjects]
    assert (states[0], states[-1]) == ("pending", "completed")


@pytest.mark.parametrize(("state", "end"), [("pending", "canceled"), ("in_progress", "partial")])
async def test_a_stuck_order_that_is_canceled(stage: Stage, state: str, end: str) -> None:
    await stage.clock.advance(1000 * HOUR_S)
    id_ = await stage.in_state(state)
    assert isinstance(await stage.do("cancel", id_), Succeeded)
    await stage.clock.advance(60)
    assert (await stage.orders())[id_]["state"] == end


async def test_a_cancel_gives_back_what_was_not_delivered(stage: Stage) -> None:
    await stage.clock.advance(1000 * HOUR_S)
    id_, before = await stage.in_state("pending"), await stage.balance()
    charge = (await stage.orders())[id_]["charge"]
    await stage.do("cancel", id_)
    await stage.clock.advance(60)
    assert await stage.balance() == before + charge


async def test_an_added_order_is_charged(stage: Stage) -> None:
    before = await stage.balance()
    params = {"service": "1", "link": "https://x.example/1", "quantity": "100"}
    outcome = await stage.adapter.perform(make_intent("add", SubjectRef("order", "+"), params))
    assert isinstance(outcome, Succeeded)
    assert outcome.reference is not None
    seen = subjects_of(await stage.adapter.observe(look_at("orders", [outcome.reference])))
    charge = seen[SubjectRef("order", outcome.reference)]["charge"]
    assert before - await stage.balance() == charge


async def test_every_effect_is_counted_once(stage: Stage) -> None:
    partial, pending = await stage.in_state("partial"), await stage.in_state("pending")
    await stage.do("refill", partial)
    await stage.do("refill", partial)
    await stage.do("cancel", pending)
    assert stage.wire.effects() == {"refill": 1, f"refill:{partial}": 1, "cancel": 1, f"cancel:{pending}": 1}


async def test_it_sells_every_type_of_service(stage: Stage) -> None:
    seen = await stage.adapter.observe(look_at("services"))
    fields = [one.fields for one in seen.subjects]
    assert [str(one["type"]).lower().replace(" ", "_") for one in fields] == list(TYPES)
    assert {(one["refill"], one["cancel"]) for one in fields} >= {(True, True), (False, True), (True, False)}


async def test_a_wrong_key_is_not_let_in(stage: Stage) -> None:
    loan = Loan(stage.clock)
    with pytest.raises(Rejected):
        await open_account(stage.url, loan.context, key="wrong").observe(look_at("balance"))
    await loan.close()


@pytest.mark.parametrize("transport", ["form", "json", "get"])
@pytest.mark.parametrize("auth", ["body", "bearer"])
async def test_every_way_of_asking_is_understood(stage: Stage, transport: str, auth: str) -> None:
    loan = Loan(stage.clock)
    adapter = open_account(stage.url, loan.context, key=stage.wire.settings["key"], transport=transport, auth=auth)
    seen = await adapter.observe(look_at("orders", stage.wire.track()))
    await loan.close()
    assert len(seen.subjects) == len(FATES)


async def test_its_formats_are_those_of_the_contract(stage: Stage) -> None:
    key, partial, pending = stage.wire.settings["key"], await stage.in_state("partial"), await stage.in_state("pending")
    one = await stage.ask(key=key, action="status", order=partial)
    assert list(one) == ["charge", "start_count", "status", "remains", "currency"]
    assert {type(value) for value in one.values()} == {str}
    several = await stage.ask(key=key, action="status", orders=f"{partial},1")
    assert several == {partial: one, "1": {"error": "Incorrect order ID"}}
    assert await stage.ask(key=key, action="refill", order=partial) == {"refill": "1"}
    assert await stage.ask(key=key, action="refill", orders=f"1,{partial}") == [
        {"order": 1, "refill": {"error": "Incorrect order ID"}},
        {"order": int(partial), "refill": {"error": "Refill already requested"}},
    ]
    assert await stage.ask(key=key, action="refill_status", refill="1") == {"status": "Pending"}
    assert await stage.ask(key=key, action="refill_status", refills="1,9") == [
        {"refill": 1, "status": "Pending"},
        {"refill": 9, "status": {"error": "Refill not found"}},
    ]
    assert await stage.ask(key=key, action="cancel", orders=f"9,{pending}") == [
        {"order": 9, "cancel": {"error": "Incorrect order ID"}},
        {"order": int(pending), "cancel": 1},
    ]
    assert list(await stage.ask(key=key, action="balance")) == ["balance", "currency"]
    added = await stage.ask(key=key, action="add", service="1", link="https://x.example/1", quantity="50")
    assert added == {"order": 23500 + len(FATES)}
    assert await stage.ask(key=key, action="teleport") == {"error": "Incorrect request"}
    assert await stage.ask(key="wrong", action="balance") == {"error": "Invalid API key"}


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({"service": "99", "link": "x", "quantity": "50"}, "Incorrect service ID"),
        ({"service": "1", "link": "x"}, "add needs quantity for a service of type Default"),
        ({"service": "1", "link": "x", "quantity": "1"}, "Quantity must be between 10 and 10000"),
        ({"service": "1", "link": "x", "quantity": "10000", "runs": "9999"}, "Quantity must be between 10 and 10000"),
    ],
)
async def test_it_refuses_bad_orders(stage: Stage, form: dict[str, str], error: str) -> None:
    assert await stage.ask(key=stage.wire.settings["key"], action="add", **form) == {"error": error}


async def test_over_a_hundred_ids_the_rest_is_cut_silently(stage: Stage) -> None:
    ids = ",".join(str(number) for number in range(150))
    assert len(await stage.ask(key=stage.wire.settings["key"], action="status", orders=ids)) == 100


@pytest.mark.parametrize(
    ("fault", "performed"), [("timeout-before", 0), ("timeout-after", 1), ("reset-after", 1), ("truncated", 1)]
)
@pytest.mark.parametrize("transport", ["form", "json", "get"])
async def test_a_fault_in_front_of_a_refill_is_a_lost_refill(fault: str, performed: int, transport: str) -> None:
    clock = VirtualClock()
    made, loan = wire(7, 1.0, clock), Loan(clock)
    assert made.name_of is not None
    faults = Faults(made.name_of, leap_s=LEAP_S)
    faults.attach(made.app)
    faults.add("refill", fault)
    partial = next(id_ for id_, order in World(7).orders.items() if order.status(0.0) == "Partial")
    async with TestServer(made.app) as server:
        adapter = open_account(
            str(server.make_url(made.path)), loan.context, key=made.settings["key"], transport=transport
        )
        await adapter.observe(look_at("orders", made.track()))
        outcome = await adapter.perform(make_intent("refill", SubjectRef("order", partial)))
        await loan.close()
    assert (type(outcome), made.effects().get("refill", 0)) == (Lost, performed)
