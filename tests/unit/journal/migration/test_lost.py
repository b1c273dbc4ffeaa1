"""A journal of the first version: what was lost stays lost, though a later attempt never left."""

from __future__ import annotations

from pathlib import Path

import pytest

from bursar.domain.ids import IntentId
from bursar.journal import intents, ledger
from bursar.journal.writer import Journal, read_once
from support.old_journal import OldJournal, filling, make_old, us


def lost_then_put_off(path: Path, state: str, later: str = "notsent") -> IntentId:
    """Write an intent whose first attempt was lost and whose second never left; bring the journal up to date."""
    make_old(path)
    with filling(path) as journal:
        id_ = _write(journal, state, later)
    Journal.open(path).close()
    return IntentId(id_)


def _write(journal: OldJournal, state: str, later: str) -> int:
    id_ = journal.intent(state, sent=8, ended=9, outcome=later, evidence='{"known":["1"]}')
    journal.tx.run("UPDATE attempts SET fence = 2 WHERE intent_id = ?", id_)
    journal.tx.run("UPDATE intents SET fence = 2, attempts = 2 WHERE id = ?", id_)
    journal.insert("attempts", intent_id=id_, fence=1, sent_at=us(1), outcome="lost", ended_at=us(2))
    return id_


@pytest.mark.parametrize("state", ["deferred", "ready"])
def test_what_was_lost_is_looked_for_before_it_is_made_again(path: Path, state: str) -> None:
    id_ = lost_then_put_off(path, state)
    found = read_once(path, lambda tx: intents.load(tx, id_))
    assert found is not None
    assert found.lost


@pytest.mark.parametrize("state", ["lapsed", "gave_up", "denied"])
def test_what_ended_so_is_in_doubt(path: Path, state: str) -> None:
    id_ = lost_then_put_off(path, state)
    entry = read_once(path, lambda tx: ledger.load(tx, id_))
    assert entry is not None
    assert (entry.in_doubt, entry.sent_at is not None) == (True, True)


def test_what_was_answered_later_is_not(path: Path) -> None:
    id_ = lost_then_put_off(path, "succeeded", "succeeded")
    entry = read_once(path, lambda tx: ledger.load(tx, id_))
    assert entry is not None
    assert not entry.in_doubt
