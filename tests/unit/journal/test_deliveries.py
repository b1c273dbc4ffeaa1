"""Messages owed to sinks: due, tried again, delivered, dead."""

from __future__ import annotations

from datetime import datetime

from bursar.domain.ids import DeliveryId, SinkName
from bursar.domain.route import Delivery
from bursar.journal import deliveries
from bursar.journal.writer import Tx
from support.domain import T0, after

OPS, BOOK = SinkName("ops"), SinkName("book")


def owed(id_: str = "dl_1", sink: SinkName = OPS, at: datetime = T0) -> Delivery:
    """Return a delivery."""
    return Delivery(DeliveryId(id_), sink, "ev_1", {"id": "ev_1", "data": {"remains": "4.50"}}, at)


def due(tx: Tx, minutes: float = 0, sink: SinkName = OPS, limit: int = 20) -> list[str]:
    """Return the ids of what is due."""
    return [one.id for one in deliveries.due(tx, sink, after(minutes), limit)]


def state(tx: Tx) -> tuple[str, int, str | None]:
    """Return how the one delivery is."""
    row = tx.one("SELECT state, attempts, reason FROM deliveries")
    assert row is not None
    return row[0], row[1], row[2]


def test_a_delivery_survives_whole(tx: Tx) -> None:
    deliveries.add(tx, [owed()])
    assert deliveries.due(tx, OPS, T0, 1) == [owed()]


def test_a_delivery_that_is_said_twice_is_one(tx: Tx) -> None:
    deliveries.add(tx, [owed()])
    deliveries.add(tx, [owed()])
    assert due(tx) == ["dl_1"]


def test_a_delivery_that_was_taken_does_not_come_back(tx: Tx) -> None:
    deliveries.add(tx, [owed()])
    deliveries.delivered(tx, ["dl_1"], T0)
    deliveries.add(tx, [owed()])
    assert due(tx) == []


def test_what_is_due_comes_oldest_first(tx: Tx) -> None:
    deliveries.add(tx, [owed("dl_2", at=after(2)), owed("dl_1", at=after(1)), owed("dl_3", at=after(1))])
    assert due(tx, 5) == ["dl_1", "dl_3", "dl_2"]


def test_only_so_many_are_given(tx: Tx) -> None:
    deliveries.add(tx, [owed(f"dl_{number}") for number in range(5)])
    assert len(due(tx, limit=3)) == 3


def test_each_sink_has_its_own(tx: Tx) -> None:
    deliveries.add(tx, [owed("dl_1"), owed("dl_2", BOOK)])
    assert due(tx, sink=BOOK) == ["dl_2"]


def test_what_failed_is_due_again_later(tx: Tx) -> None:
    deliveries.add(tx, [owed()])
    deliveries.failed(tx, "dl_1", "503", after(5), T0)
    assert [due(tx, 4.9), due(tx, 5)] == [[], ["dl_1"]]


def test_what_failed_counts_its_tries(tx: Tx) -> None:
    deliveries.add(tx, [owed()])
    deliveries.failed(tx, "dl_1", "503", after(5), T0)
    assert state(tx) == ("due", 1, "503")


def test_what_failed_for_good_is_a_dead_letter(tx: Tx) -> None:
    deliveries.add(tx, [owed()])
    deliveries.failed(tx, "dl_1", "410", None, T0)
    assert (state(tx), due(tx, 10**6)) == (("dead", 1, "410"), [])


def test_what_was_taken_is_due_no_more(tx: Tx) -> None:
    deliveries.add(tx, [owed()])
    deliveries.failed(tx, "dl_1", "503", after(5), T0)
    deliveries.delivered(tx, ["dl_1"], after(5))
    assert (state(tx), due(tx, 10**6)) == (("delivered", 2, None), [])


def test_a_dead_letter_is_due_again_when_it_is_retried(tx: Tx) -> None:
    deliveries.add(tx, [owed()])
    deliveries.failed(tx, "dl_1", "410", None, T0)
    assert (deliveries.retry(tx, ["dl_1"], after(5)), due(tx, 5), state(tx)[1]) == (1, ["dl_1"], 0)


def test_only_dead_letters_are_retried(tx: Tx) -> None:
    deliveries.add(tx, [owed()])
    deliveries.delivered(tx, ["dl_1"], T0)
    assert deliveries.retry(tx, ["dl_1", "dl_9"], after(5)) == 0


def test_the_next_one_that_is_due_is_known(tx: Tx) -> None:
    deliveries.add(tx, [owed("dl_1", at=after(7)), owed("dl_2", at=after(3))])
    assert deliveries.next_due(tx, OPS) == after(3)


def test_nothing_is_due_where_nothing_is_owed(tx: Tx) -> None:
    assert deliveries.next_due(tx, OPS) is None


def test_what_is_owed_to_a_sink_that_is_gone_is_dead(tx: Tx) -> None:
    deliveries.add(tx, [owed()])
    assert (deliveries.orphans(tx, {"book"}, T0), state(tx)[0]) == (1, "dead")


def test_what_is_owed_to_a_sink_that_is_there_stays(tx: Tx) -> None:
    deliveries.add(tx, [owed()])
    assert (deliveries.orphans(tx, {"ops"}, T0), state(tx)[0]) == (0, "due")
