"""The audit trail: a chain of hashes, in which any change anywhere is found."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bursar.domain.ids import IntentId
from bursar.journal import audit
from bursar.journal.files.connection import connect
from bursar.journal.writer import Journal, Tx
from support.domain import T0, after
from support.journal import count
from support.properties import examples


@pytest.fixture(autouse=True)
def short_segments(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have segments of five, so that a few entries make several."""
    monkeypatch.setattr(audit, "SEGMENT", 5)


def write(tx: Tx, entries: int, start: int = 0) -> None:
    """Append so many entries."""
    for number in range(start, start + entries):
        audit.add(tx, "bursar", "intent.sending", IntentId(number), {"fence": number}, after(number))


def test_an_empty_trail_is_in_order(tx: Tx) -> None:
    assert audit.verify(tx) == (0, None)


@pytest.mark.parametrize("entries", [1, 4, 5, 6, 10, 11, 23])
def test_a_trail_is_in_order(tx: Tx, entries: int) -> None:
    write(tx, entries)
    assert audit.verify(tx) == (entries, None)


def test_segments_are_closed_as_they_fill(tx: Tx) -> None:
    write(tx, 11)
    assert tx.all("SELECT segment, first_seq, last_seq FROM audit_segments") == [(0, 1, 5), (1, 6, 10)]


def test_an_entry_says_who_did_what_when(tx: Tx) -> None:
    audit.add(tx, "person", "pause", None, {"account": "panel"}, T0)
    (entry,) = audit.export(tx)
    assert (entry["actor"], entry["what"], entry["at"], entry["detail"]) == (
        "person", "pause", "2026-01-01T12:00:00Z", '{"account":"panel"}',
    )  # fmt: skip


def test_entries_are_exported_oldest_first_with_their_hashes(tx: Tx) -> None:
    write(tx, 3)
    entries = list(audit.export(tx))
    assert [entry["previous"] for entry in entries[1:]] == [entry["hash"] for entry in entries[:-1]]


COLUMNS = ("actor", "what", "detail", "at", "intent_id", "previous", "hash")
CHANGES = {"at": 7, "intent_id": 777}


@pytest.mark.parametrize("column", COLUMNS)
@pytest.mark.parametrize("seq", [1, 3, 5, 6, 12])
def test_a_changed_entry_is_the_first_broken_link(tx: Tx, seq: int, column: str) -> None:
    write(tx, 12)
    tx.run(f"UPDATE audit SET {column} = ? WHERE seq = ?", CHANGES.get(column, "forged"), seq)
    good, broken = audit.verify(tx)
    assert (good, broken is not None and broken.seq) == (seq - 1, seq)


@pytest.mark.parametrize("seq", [1, 3, 5, 6, 11])
def test_a_missing_entry_is_found(tx: Tx, seq: int) -> None:
    write(tx, 12)
    tx.run("DELETE FROM audit WHERE seq = ?", seq)
    broken = audit.verify(tx)[1]
    assert broken is not None
    assert broken.seq in {seq, max(5, seq)}


def test_entries_missing_at_the_end_are_found(tx: Tx) -> None:
    write(tx, 12)
    tx.run("DELETE FROM audit WHERE seq > 11")
    assert audit.verify(tx) == (11, audit.Broken(12, "entries at the end are missing"))


def test_a_trail_that_is_all_gone_is_missed(tx: Tx) -> None:
    write(tx, 3)
    tx.run("DELETE FROM audit")
    assert audit.verify(tx)[1] is not None


def test_two_entries_that_changed_places_are_found(tx: Tx) -> None:
    write(tx, 4)
    for was, is_ in ((2, 99), (3, 2), (99, 3)):
        tx.run("UPDATE audit SET seq = ? WHERE seq = ?", is_, was)
    assert audit.verify(tx)[1] is not None


def test_an_entry_that_was_forged_with_its_hash_breaks_the_next(tx: Tx) -> None:
    write(tx, 4)
    (previous,) = tx.one("SELECT previous FROM audit WHERE seq = 2") or ("",)
    (at,) = tx.one("SELECT at FROM audit WHERE seq = 2") or (0,)
    forged = audit.chain(previous, 2, at, "bursar", "intent.denied", 1, "{}")
    tx.run("UPDATE audit SET what = 'intent.denied', detail = '{}', hash = ? WHERE seq = 2", forged)
    assert audit.verify(tx) == (2, audit.Broken(3, "it does not follow the entry before"))


def test_a_forged_end_is_found(tx: Tx) -> None:
    write(tx, 3)
    tx.run("UPDATE meta SET value = 'forged' WHERE key = 'audit_head'")
    assert audit.verify(tx)[1] is not None


@pytest.mark.parametrize("column", ["first_seq", "last_seq", "first_previous", "head"])
def test_a_forged_head_of_a_segment_is_found(tx: Tx, column: str) -> None:
    write(tx, 12)
    tx.run(f"UPDATE audit_segments SET {column} = ? WHERE segment = 0", 3 if column.endswith("seq") else "forged")
    assert audit.verify(tx)[1] is not None


def test_what_retention_removed_still_anchors_what_is_left(tx: Tx) -> None:
    write(tx, 12)
    tx.run("DELETE FROM audit WHERE segment = 0")
    assert audit.verify(tx) == (7, None)


def test_a_trail_goes_on_after_everything_closed_was_removed(tx: Tx) -> None:
    write(tx, 11)
    tx.run("DELETE FROM audit WHERE segment < 2")
    write(tx, 3, start=11)
    assert audit.verify(tx) == (4, None)


def test_a_segment_that_was_removed_cannot_be_cut_out(tx: Tx) -> None:
    write(tx, 12)
    tx.run("DELETE FROM audit WHERE segment = 0")
    tx.run("DELETE FROM audit_segments WHERE segment = 0")
    assert audit.verify(tx)[1] is not None


def test_parts_of_an_entry_do_not_run_together() -> None:
    one = audit.chain("0", 1, 2, "bursar", "sent", None, "{}")
    assert one != audit.chain("0", 1, 2, "bursars", "ent", None, "{}")


async def test_a_trail_is_in_order_after_writers_that_came_together(journal: Journal) -> None:
    for _ in range(7):
        await journal.write(lambda tx: write(tx, 3))
    assert await journal.read(audit.verify) == (21, None)


@given(entries=st.integers(1, 17), data=st.data())
@examples(60)
def test_any_change_anywhere_is_found(
    tmp_path_factory: pytest.TempPathFactory, entries: int, data: st.DataObject
) -> None:
    path = tmp_path_factory.mktemp("trail") / "journal.db"
    Journal.open(path).close()
    connection = connect(path)
    tx = Tx(connection)
    write(tx, entries)
    seq = data.draw(st.integers(1, entries))
    column = data.draw(st.sampled_from(COLUMNS))
    before = tx.one(f"SELECT {column} FROM audit WHERE seq = ?", seq)
    forged = data.draw(st.text(max_size=5) | st.binary(max_size=5) | st.integers(-9, 9))
    tx.run(f"UPDATE audit SET {column} = ? WHERE seq = ?", forged, seq)
    changed = tx.one(f"SELECT {column} FROM audit WHERE seq = ?", seq) != before
    found = audit.verify(tx)[1] is not None
    assert (found, count(tx, "audit")) == (changed, entries)
    connection.close()
