from __future__ import annotations

import pytest
from domain_world import PANEL, T0, after
from journal_kit import event, plan

from bursar.journal import events, ledger, streams
from bursar.journal.sidecar import Mark
from bursar.journal.writer import Tx


def test_a_fact_that_nobody_wrote_is_none(tx: Tx) -> None:
    assert ledger.get(tx, "note") is None


def test_a_fact_is_kept_overwritten_and_taken_back(tx: Tx) -> None:
    found = []
    for value in ("a", "b", None):
        ledger.put(tx, "note", value)
        found.append(ledger.get(tx, "note"))
    assert found == ["a", "b", None]


def test_an_instant_is_kept(tx: Tx) -> None:
    ledger.put_instant(tx, "started_at", T0)
    assert ledger.instant_of(tx, "started_at") == T0


def test_a_journal_is_new_until_a_daemon_ran_on_it(tx: Tx) -> None:
    before = ledger.is_new(tx)
    ledger.put_instant(tx, "started_at", T0)
    assert (before, ledger.is_new(tx)) == (True, False)


def test_the_key_of_the_digests_is_long_enough(tx: Tx) -> None:
    assert len(ledger.digest_key(tx)) == 32


def test_sendings_are_counted(tx: Tx) -> None:
    id_ = ledger.mark(tx).journal
    assert [ledger.count_sending(tx), ledger.count_sending(tx), ledger.mark(tx)] == [
        Mark(id_, 1), Mark(id_, 2), Mark(id_, 2),
    ]  # fmt: skip


@pytest.mark.parametrize(("sidecar_sent", "restored"), [(1, False), (2, False), (3, True)])
def test_a_journal_that_is_behind_its_sidecar_was_restored(tx: Tx, sidecar_sent: int, restored: bool) -> None:
    ledger.count_sending(tx)
    id_ = ledger.count_sending(tx).journal
    assert ledger.restored(tx, Mark(id_, sidecar_sent)) is restored


@pytest.mark.parametrize("sidecar", [None, Mark("another", 9)])
def test_a_journal_that_sent_and_lost_its_sidecar_may_have_been_restored(tx: Tx, sidecar: Mark | None) -> None:
    ledger.count_sending(tx)
    assert ledger.restored(tx, sidecar)


def test_a_journal_that_sent_nothing_and_has_no_sidecar_was_not_restored(tx: Tx) -> None:
    assert not ledger.restored(tx, None)


def test_a_restored_journal_counts_on_from_what_was_sent(tx: Tx) -> None:
    ledger.catch_up(tx, Mark(ledger.mark(tx).journal, 9))
    assert ledger.count_sending(tx).sent == 10


def test_a_journal_does_not_count_back(tx: Tx) -> None:
    id_ = ledger.count_sending(tx).journal
    ledger.catch_up(tx, Mark(id_, 0))
    assert ledger.mark(tx).sent == 1


def test_an_empty_journal_was_never_written_to(tx: Tx) -> None:
    assert ledger.last_commit(tx) is None


def test_the_last_commit_is_the_latest_of_all(tx: Tx) -> None:
    streams.tick(tx, PANEL, "orders", after(1))
    events.add(tx, event(at=after(3)))
    plan(tx, at=after(2))
    assert ledger.last_commit(tx) == after(3)
