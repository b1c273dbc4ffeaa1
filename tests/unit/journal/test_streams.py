"""How each stream does: good polls, failures in a row, cursors, baselines."""

from __future__ import annotations

from bursar.journal import streams
from bursar.journal.streams import StreamRow
from bursar.journal.writer import Tx
from support.domain import PANEL, T0, after


def row(tx: Tx) -> StreamRow:
    """Return the stream."""
    return streams.load(tx, PANEL, "orders")


def test_a_stream_that_was_never_polled_is_fresh(tx: Tx) -> None:
    assert row(tx) == StreamRow("orders")


def test_a_good_poll_is_one_row(tx: Tx) -> None:
    for minute in range(3):
        streams.tick(tx, PANEL, "orders", after(minute))
    assert tx.all("SELECT count(*), max(polls) FROM streams") == [(1, 3)]


def test_a_good_poll_says_when(tx: Tx) -> None:
    streams.tick(tx, PANEL, "orders", T0)
    streams.tick(tx, PANEL, "orders", after(1))
    assert row(tx).ok_at == after(1)


def test_failures_count_in_a_row(tx: Tx) -> None:
    assert [streams.fail(tx, PANEL, "orders", "html", "HTML", T0) for _ in range(3)] == [1, 2, 3]


def test_a_failure_says_what_and_why(tx: Tx) -> None:
    streams.fail(tx, PANEL, "orders", "html", "HTML instead of JSON", after(1))
    found = row(tx)
    assert (found.kind, found.reason, found.failed_at) == ("html", "HTML instead of JSON", after(1))


def test_a_failure_does_not_change_when_it_was_well(tx: Tx) -> None:
    streams.tick(tx, PANEL, "orders", T0)
    streams.fail(tx, PANEL, "orders", "html", "HTML", after(1))
    assert row(tx).ok_at == T0


def test_a_good_poll_ends_a_row_of_failures(tx: Tx) -> None:
    streams.fail(tx, PANEL, "orders", "html", "HTML", T0)
    streams.told(tx, PANEL, "orders", T0)
    streams.tick(tx, PANEL, "orders", after(1))
    found = row(tx)
    assert (found.failures, found.kind, found.reason, found.told_at) == (0, None, None, None)


def test_that_people_were_told_is_kept(tx: Tx) -> None:
    streams.fail(tx, PANEL, "orders", "html", "HTML", T0)
    streams.told(tx, PANEL, "orders", after(1))
    streams.fail(tx, PANEL, "orders", "html", "HTML", after(2))
    assert row(tx).told_at == after(1)


def test_a_cursor_survives(tx: Tx) -> None:
    streams.tick(tx, PANEL, "orders", T0)
    streams.settle(tx, PANEL, "orders", {"time": 7, "ids": ["a"]}, None)
    assert row(tx).cursor == {"time": 7, "ids": ["a"]}


def test_no_cursor_keeps_the_old_one(tx: Tx) -> None:
    streams.tick(tx, PANEL, "orders", T0)
    streams.settle(tx, PANEL, "orders", 7, None)
    streams.settle(tx, PANEL, "orders", None, None)
    assert row(tx).cursor == 7


def test_the_baseline_stays_where_it_was(tx: Tx) -> None:
    streams.tick(tx, PANEL, "orders", T0)
    streams.settle(tx, PANEL, "orders", None, after(1))
    streams.settle(tx, PANEL, "orders", None, after(2))
    assert row(tx).baselined_at == after(1)


def test_streams_of_one_account_do_not_share(tx: Tx) -> None:
    streams.fail(tx, PANEL, "orders", "html", "HTML", T0)
    streams.tick(tx, PANEL, "balance", T0)
    assert {found.stream: found.failures for found in streams.load_all(tx, PANEL)} == {"orders": 1, "balance": 0}
