"""Small facts of the journal as a whole: its key, its count of sendings, whether it was restored."""

from __future__ import annotations

import pytest

from bursar.journal import events, meta, streams
from bursar.journal.files.send_counter import SendCount
from bursar.journal.writer import Tx
from support.domain import PANEL, T0, after
from support.journal import event, plan


def test_a_fact_that_nobody_wrote_is_none(tx: Tx) -> None:
    assert meta.get(tx, "note") is None


def test_a_fact_is_kept_overwritten_and_taken_back(tx: Tx) -> None:
    found = []
    for value in ("a", "b", None):
        meta.put(tx, "note", value)
        found.append(meta.get(tx, "note"))
    assert found == ["a", "b", None]


def test_an_instant_is_kept(tx: Tx) -> None:
    meta.put_instant(tx, "started_at", T0)
    assert meta.instant_of(tx, "started_at") == T0


def test_a_journal_is_new_until_a_daemon_ran_on_it(tx: Tx) -> None:
    before = meta.is_new(tx)
    meta.put_instant(tx, "started_at", T0)
    assert (before, meta.is_new(tx)) == (True, False)


def test_the_key_of_the_digests_is_long_enough(tx: Tx) -> None:
    assert len(meta.digest_key(tx)) == 32


def test_sendings_are_counted(tx: Tx) -> None:
    id_ = meta.send_count(tx).journal
    assert [meta.count_sending(tx), meta.count_sending(tx), meta.send_count(tx)] == [
        SendCount(id_, 1), SendCount(id_, 2), SendCount(id_, 2),
    ]  # fmt: skip


@pytest.mark.parametrize(("sidecar_sent", "restored"), [(1, False), (2, False), (3, True)])
def test_a_journal_that_is_behind_its_sidecar_was_restored(tx: Tx, sidecar_sent: int, restored: bool) -> None:
    meta.count_sending(tx)
    id_ = meta.count_sending(tx).journal
    assert meta.restored(tx, SendCount(id_, sidecar_sent)) is restored


@pytest.mark.parametrize("sidecar", [None, SendCount("another", 9)])
def test_a_journal_that_sent_and_lost_its_sidecar_may_have_been_restored(tx: Tx, sidecar: SendCount | None) -> None:
    meta.count_sending(tx)
    assert meta.restored(tx, sidecar)


def test_a_journal_that_sent_nothing_and_has_no_sidecar_was_not_restored(tx: Tx) -> None:
    assert not meta.restored(tx, None)


def test_a_journal_on_which_a_daemon_ran_and_that_has_no_sidecar_may_have_been_restored(tx: Tx) -> None:
    meta.put_instant(tx, "started_at", T0)
    assert meta.restored(tx, None)


def test_a_restored_journal_counts_on_from_what_was_sent(tx: Tx) -> None:
    meta.catch_up(tx, SendCount(meta.send_count(tx).journal, 9))
    assert meta.count_sending(tx).sent == 11


def test_a_journal_does_not_count_back(tx: Tx) -> None:
    id_ = meta.count_sending(tx).journal
    meta.catch_up(tx, SendCount(id_, 0))
    assert meta.send_count(tx).sent == 2


def test_an_empty_journal_was_never_written_to(tx: Tx) -> None:
    assert meta.last_commit(tx) is None


def test_the_last_commit_is_the_latest_of_all(tx: Tx) -> None:
    streams.tick(tx, PANEL, "orders", after(1))
    events.add(tx, event(at=after(3)))
    plan(tx, at=after(2))
    assert meta.last_commit(tx) == after(3)
