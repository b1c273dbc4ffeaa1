"""Orders as a real server tells of them: every shape, every kind of value, and what says nothing new."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from bursar.api import BadAnswer, Observation, ProviderError, Refusal
from bursar.domain.ids import SubjectRef
from bursar.testing.fakes import Loan, Memory, look_at, subjects_of
from bursar_smm.adapter import SmmAdapter
from support.smm import KEY, ScriptedPanel, open_account, orders

PARTIAL = {"charge": "0.27819", "start_count": "3572", "status": "Partial", "remains": "157", "currency": "USD"}
SEEN = {
    "charge": Decimal("0.27819"),
    "start_count": Decimal(3572),
    "status": "Partial",
    "remains": Decimal(157),
    "currency": "USD",
    "state": "partial",
}
RUNNING = {"charge": "1.44219", "start_count": "234", "status": "In progress", "remains": "10", "currency": "USD"}


def order(id_: str) -> SubjectRef:
    return SubjectRef("order", id_)


@pytest.mark.parametrize(
    "shape",
    [
        pytest.param(PARTIAL, id="flat"),
        pytest.param({"order": 1, **PARTIAL}, id="flat with its id"),
        pytest.param({"1": PARTIAL}, id="map"),
        pytest.param([{"order": 1, **PARTIAL}], id="list"),
        pytest.param([{"id": "1", **PARTIAL}], id="list with id"),
        pytest.param([PARTIAL], id="list without ids"),
        pytest.param({"error": "", **PARTIAL}, id="flat with an empty error"),
        pytest.param({"error": None, "1": PARTIAL}, id="map with an error that is null"),
        pytest.param({"error": "0", **PARTIAL}, id="flat with the error 0"),
    ],
)
async def test_one_order_is_read_from_every_shape(adapter: SmmAdapter, panel: ScriptedPanel, shape: Any) -> None:
    panel.say(shape)
    assert subjects_of(await orders(adapter, "1")) == {order("1"): SEEN}


@pytest.mark.parametrize(
    "shape",
    [
        pytest.param({"1": PARTIAL, "2": PARTIAL}, id="map"),
        pytest.param([{"order": 1, **PARTIAL}, {"order": "2", **PARTIAL}], id="list"),
    ],
)
async def test_several_orders_are_read_from_every_shape(adapter: SmmAdapter, panel: ScriptedPanel, shape: Any) -> None:
    panel.say(shape)
    assert subjects_of(await orders(adapter, "1", "2")) == {order("1"): SEEN, order("2"): SEEN}


async def test_one_order_is_asked_for_as_order(adapter: SmmAdapter, panel: ScriptedPanel) -> None:
    panel.say(PARTIAL)
    await orders(adapter, "23501")
    assert panel.forms == [{"key": KEY, "action": "status", "order": "23501"}]


async def test_several_orders_are_asked_for_as_orders(adapter: SmmAdapter, panel: ScriptedPanel) -> None:
    panel.say({})
    await orders(adapter, "1", "ord_01HG", "5f4dcc3b5aa765d61d8327de")
    assert panel.forms == [{"key": KEY, "action": "status", "orders": "1,ord_01HG,5f4dcc3b5aa765d61d8327de"}]


async def test_an_id_that_could_break_the_form_is_quoted(adapter: SmmAdapter, panel: ScriptedPanel) -> None:
    panel.say({})
    await orders(adapter, "1&action=cancel", "2")
    assert panel.forms[0]["orders"] == "1&action=cancel,2"


@pytest.mark.parametrize("id_", ["ord_01HGXYZ", "5f4dcc3b5aa765d61d8327de", "007", "99999999999999999999"])
async def test_ids_are_opaque(adapter: SmmAdapter, panel: ScriptedPanel, id_: str) -> None:
    panel.say({id_: PARTIAL, "1": RUNNING})
    assert order(id_) in subjects_of(await orders(adapter, id_, "1"))


async def test_an_id_that_is_missing_means_nothing(adapter: SmmAdapter, panel: ScriptedPanel) -> None:
    panel.say({"1": PARTIAL})
    observation = await orders(adapter, "1", "2")
    assert (set(subjects_of(observation)), observation.problems) == ({order("1")}, {})


async def test_an_id_that_was_not_asked_for_is_not_taken(adapter: SmmAdapter, panel: ScriptedPanel) -> None:
    panel.say({"1": PARTIAL, "3": PARTIAL})
    assert set(subjects_of(await orders(adapter, "1", "2"))) == {order("1")}


async def test_a_flat_answer_about_another_order_is_not_taken(adapter: SmmAdapter, panel: ScriptedPanel) -> None:
    panel.say({"order": 9, **PARTIAL})
    assert subjects_of(await orders(adapter, "1")) == {}


async def test_an_empty_batch_means_nothing(adapter: SmmAdapter, panel: ScriptedPanel) -> None:
    panel.say([])
    assert await orders(adapter, "1", "2") == Observation("orders", unchanged=[])


@pytest.mark.parametrize(
    "error", [{"error": "Incorrect order ID"}, "Incorrect order ID", {"error": {"message": "Incorrect order ID"}}]
)
async def test_an_error_under_an_id_is_a_problem_of_that_id(
    adapter: SmmAdapter, panel: ScriptedPanel, error: Any
) -> None:
    panel.say({"1": PARTIAL, "10": error})
    observation = await orders(adapter, "1", "10")
    assert (set(subjects_of(observation)), observation.problems) == ({order("1")}, {"10": "Incorrect order ID"})


async def test_an_error_in_a_list_is_a_problem_of_its_id(adapter: SmmAdapter, panel: ScriptedPanel) -> None:
    panel.say([{"order": 1, **PARTIAL}, {"order": 10, "error": "Incorrect order ID"}])
    assert (await orders(adapter, "1", "10")).problems == {"10": "Incorrect order ID"}


async def test_an_error_beside_the_fields_of_one_order_is_a_problem(adapter: SmmAdapter, panel: ScriptedPanel) -> None:
    panel.say({"1": {"error": "Not found", **PARTIAL}, "2": PARTIAL})
    assert set(subjects_of(await orders(adapter, "1", "2"))) == {order("2")}


async def test_a_refusal_of_the_only_order_is_its_problem(adapter: SmmAdapter, panel: ScriptedPanel) -> None:
    panel.say({"error": "Incorrect order ID"})
    assert (await orders(adapter, "1")).problems == {"1": "Incorrect order ID"}


async def test_a_refusal_of_several_orders_is_a_failure(adapter: SmmAdapter, panel: ScriptedPanel) -> None:
    panel.say({"error": "Incorrect order ID"})
    with pytest.raises(Refusal, match="Incorrect order ID"):
        await orders(adapter, "1", "2")


async def test_a_flat_answer_for_several_orders_is_a_failure(adapter: SmmAdapter, panel: ScriptedPanel) -> None:
    panel.say(PARTIAL)
    with pytest.raises(BadAnswer):
        await orders(adapter, "1", "2")


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        (b'"12.340"', Decimal("12.340")),
        (b"12.34", Decimal("12.34")),
        (b"0.1", Decimal("0.1")),
        (b"7", Decimal(7)),
        (b"12345678901234567.89", Decimal("12345678901234567.89")),
        (b'"1,234.5"', Decimal("1234.5")),
        (b"0", Decimal(0)),
        (b"null", None),
        (b'""', None),
        (b'"Unknown"', None),
        (b'"NaN"', None),
        (b"true", None),
        (b"{}", None),
    ],
)
@pytest.mark.parametrize("others", ["", ',"2":{"status":"Completed"}'])
async def test_money_is_exact_and_no_information_is_none(
    adapter: SmmAdapter, panel: ScriptedPanel, raw: bytes, value: Decimal | None, others: str
) -> None:
    panel.say(b'{"1":{"status":"Completed","charge":' + raw + b"}" + others.encode() + b"}")
    observation = await orders(adapter, *(["1", "2"] if others else ["1"]))
    assert observation.subjects[0].fields["charge"] == value


async def test_a_field_that_is_missing_is_not_told(adapter: SmmAdapter, panel: ScriptedPanel) -> None:
    panel.say({"1": {"status": "Active", "runs": 5, "orders": [7, 8], "posts": "3", "expiry": "2027-01-01"}})
    assert subjects_of(await orders(adapter, "1")) == {order("1"): {"status": "Active", "state": "in_progress"}}


async def test_a_subscription_alone_is_read_flat(adapter: SmmAdapter, panel: ScriptedPanel) -> None:
    panel.say({"status": "Active", "expiry": None, "posts": 0, "orders": []})
    assert subjects_of(await orders(adapter, "1")) == {order("1"): {"status": "Active", "state": "in_progress"}}


async def test_an_unknown_word_is_kept_raw(adapter: SmmAdapter, panel: ScriptedPanel) -> None:
    panel.say({"1": {"status": "Teleporting"}})
    assert subjects_of(await orders(adapter, "1")) == {order("1"): {"status": "Teleporting", "state": "unknown"}}


async def test_a_number_is_a_state_only_by_a_setting(panel: ScriptedPanel, loan: Loan) -> None:
    adapter = open_account(panel.url, loan.context, status_numbers={"3": "partial"})
    panel.say({"1": {"status": 3}, "2": {"status": "4"}})
    states = [seen.state for seen in (await orders(adapter, "1", "2")).subjects]
    assert states == ["partial", "unknown"]


@pytest.mark.parametrize(
    "before", [b"\xef\xbb\xbf", b"<br />\n<b>Warning</b>: Undefined array key [1] in x.php<br />\n", b"\n\n"]
)
async def test_what_stands_before_the_json_is_passed_over(
    adapter: SmmAdapter, panel: ScriptedPanel, before: bytes
) -> None:
    panel.say(before + json.dumps({"1": PARTIAL, "2": RUNNING}).encode())
    assert subjects_of(await orders(adapter, "1", "2"))[order("1")] == SEEN


@pytest.mark.parametrize("status", [400, 403, 404, 500, 503])
async def test_the_http_status_decides_nothing_beside_json(
    adapter: SmmAdapter, panel: ScriptedPanel, status: int
) -> None:
    panel.say({"1": PARTIAL}, status=status)
    assert subjects_of(await orders(adapter, "1")) == {order("1"): SEEN}


@pytest.mark.parametrize(
    "shape",
    [
        pytest.param({"1": PARTIAL, "2": RUNNING}, id="map"),
        pytest.param([{"order": 1, **PARTIAL}, {"order": 2, **RUNNING}], id="list"),
    ],
)
async def test_an_unchanged_order_is_recognized(adapter: SmmAdapter, panel: ScriptedPanel, shape: Any) -> None:
    memory = Memory()
    panel.say(shape)
    await adapter.observe(look_at("orders", ["1", "2"], is_unchanged=memory))
    memory.commit()
    again = await adapter.observe(look_at("orders", ["1", "2"], is_unchanged=memory))
    assert (again.subjects, list(again.unchanged)) == ((), ["1", "2"])


async def test_only_what_changed_is_told(adapter: SmmAdapter, panel: ScriptedPanel) -> None:
    memory = Memory()
    panel.say({"1": PARTIAL, "2": RUNNING}, {"1": PARTIAL, "2": {**RUNNING, "remains": "9"}})
    await adapter.observe(look_at("orders", ["1", "2"], is_unchanged=memory))
    memory.commit()
    again = await adapter.observe(look_at("orders", ["1", "2"], is_unchanged=memory))
    assert ([seen.ref.id for seen in again.subjects], list(again.unchanged)) == (["2"], ["1"])


@pytest.mark.parametrize("stream", ["services", "balance"])
async def test_an_unchanged_listing_is_recognized(adapter: SmmAdapter, panel: ScriptedPanel, stream: str) -> None:
    memory = Memory()
    panel.say([] if stream == "services" else {"balance": "1"})
    await adapter.observe(look_at(stream, is_unchanged=memory))
    memory.commit()
    assert (await adapter.observe(look_at(stream, is_unchanged=memory))).nothing_new


@pytest.mark.parametrize(
    "said",
    [
        {"code": 404, "status": "error", "data": "Server busy"},
        {"status": "success"},
        {"status": "fail"},
        {"status": True},
        {"status": "error", "result": {"code": 1}},
    ],
)
@pytest.mark.parametrize("ids", [("1",), ("1", "2")])
async def test_the_calls_own_words_are_no_orders_state(
    adapter: SmmAdapter, panel: ScriptedPanel, said: Any, ids: tuple[str, ...]
) -> None:
    panel.say(said)
    with pytest.raises(ProviderError):
        await orders(adapter, *ids)


async def test_the_calls_own_words_under_an_id_say_nothing_of_the_order(
    adapter: SmmAdapter, panel: ScriptedPanel
) -> None:
    panel.say({"1": {"status": "success"}, "2": RUNNING})
    assert [seen.ref.id for seen in (await orders(adapter, "1", "2")).subjects] == ["2"]


@pytest.mark.parametrize("wrapper", ["data", "result", "response"])
@pytest.mark.parametrize("inner", [PARTIAL, {"1": PARTIAL}, [{"order": 1, **PARTIAL}]])
async def test_an_order_is_read_out_of_a_wrapper(
    adapter: SmmAdapter, panel: ScriptedPanel, wrapper: str, inner: Any
) -> None:
    panel.say({"status": "success", wrapper: inner})
    assert subjects_of(await orders(adapter, "1")) == {order("1"): SEEN}


async def test_a_failed_order_is_one_where_something_of_an_order_stands_beside_the_word(
    adapter: SmmAdapter, panel: ScriptedPanel
) -> None:
    panel.say({"charge": "0", "status": "Error", "remains": "5"})
    assert [seen.state for seen in (await orders(adapter, "1")).subjects] == ["failed"]
