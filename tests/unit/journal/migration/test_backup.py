"""The old journal is kept beside the new one; and what is not brought up to date, or is interrupted in the middle."""

from __future__ import annotations

import shutil
import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest

from bursar.journal import meta
from bursar.journal.errors import JournalError, JournalNewer
from bursar.journal.files import migrate
from bursar.journal.files.backup import check_file
from bursar.journal.files.send_counter import SendCounter
from bursar.journal.migrations import FIRST, LEDGER, VERSION
from bursar.journal.writer import Journal, read_once
from support.journal import look_inside
from support.old_journal import dump, everything, filling, opened, updated


def backup_of(path: Path) -> Path:
    """Return where the old journal is kept."""
    return path.with_name("journal.db.version-1")


def test_the_old_journal_is_kept_beside_the_new_one(old: Path) -> None:
    with filling(old) as journal:
        everything(journal)
    before = dump(old)
    updated(old)
    assert dump(backup_of(old)) == before


def test_the_kept_journal_is_a_whole_one_of_its_version(old: Path) -> None:
    updated(old, everything)
    check_file(backup_of(old))
    assert look_inside(backup_of(old), "PRAGMA user_version") == [(1,)]


def test_the_kept_journal_can_be_brought_up_to_date_itself(old: Path, tmp_path: Path) -> None:
    updated(old, everything)
    again = tmp_path / "again" / "journal.db"
    again.parent.mkdir()
    shutil.copyfile(backup_of(old), again)
    updated(again)
    assert dump(again) == dump(old)


def test_nobody_else_may_read_the_kept_journal(old: Path) -> None:
    updated(old)
    assert stat.S_IMODE(backup_of(old).stat().st_mode) == 0o600


def test_the_kept_journal_holds_what_is_still_in_the_log(old: Path) -> None:
    with opened(old) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM intents").fetchone()
        with filling(old) as journal:
            journal.intent("ready", id_=41)
        assert old.with_name("journal.db-wal").stat().st_size
        reader.execute("ROLLBACK")
        Journal.open(old).close()
    assert look_inside(backup_of(old), "SELECT id FROM intents") == [(41,)]


def test_nothing_is_kept_of_a_new_journal(path: Path) -> None:
    for _ in range(2):
        Journal.open(path).close()
    assert not list(path.parent.glob("*version*"))


def test_nothing_is_left_over_beside_the_kept_journal(old: Path) -> None:
    updated(old)
    assert {path.name for path in old.parent.iterdir()} == {
        "journal.db", "journal.db.fence",
        "journal.db.ids", "journal.db.lock", "journal.db.version-1",
    }  # fmt: skip


def test_the_counter_beside_the_journal_stays_as_it_was(old: Path) -> None:
    counter = old.with_name("journal.db.fence")
    before = counter.read_bytes()
    updated(old, everything)
    assert counter.read_bytes() == before
    assert not read_once(old, lambda tx: meta.restored(tx, SendCounter(counter).read()))


def test_a_journal_of_a_newer_version_is_refused_and_left_alone(old: Path) -> None:
    with filling(old) as journal:
        everything(journal)
    with opened(old) as connection:
        connection.execute(f"PRAGMA user_version={VERSION + 1}")
    before = old.read_bytes()
    with pytest.raises(JournalNewer, match=f"tables {VERSION + 1}, this one knows {VERSION}"):
        Journal.open(old)
    assert (old.read_bytes(), list(old.parent.glob("*version*"))) == (before, [])


FAILING = LEDGER + "\nINSERT INTO songs VALUES (1);\n"


def interrupted(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Try to bring a journal up to date, and fail at the very last."""
    with monkeypatch.context() as patched:
        patched.setattr(migrate, "MIGRATIONS", (FIRST, FAILING))
        with pytest.raises(JournalError, match="no such table: songs"):
            Journal.open(path)


def test_what_is_interrupted_leaves_the_old_journal_as_it_was(old: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with filling(old) as journal:
        everything(journal)
    before = dump(old)
    interrupted(old, monkeypatch)
    assert (dump(old), look_inside(old, "PRAGMA user_version")) == (before, [(1,)])


def test_what_was_interrupted_can_be_done_again(old: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with filling(old) as journal:
        everything(journal)
    interrupted(old, monkeypatch)
    updated(old)
    assert look_inside(old, "PRAGMA user_version") == [(VERSION,)]


def test_what_is_interrupted_lets_the_lock_go(old: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    interrupted(old, monkeypatch)
    with closing(sqlite3.connect(old, timeout=0)) as connection:
        connection.execute("BEGIN EXCLUSIVE")
        assert connection.in_transaction
    interrupted(old, monkeypatch)


def test_an_old_journal_is_not_read_by_others_before_a_daemon_has_brought_it_up_to_date(old: Path) -> None:
    with pytest.raises(JournalError, match="start the daemon once"):
        read_once(old, lambda tx: tx.all("SELECT * FROM meta"))


def test_reading_an_old_journal_changes_nothing(old: Path) -> None:
    before = old.read_bytes()
    with pytest.raises(JournalError):
        read_once(old, lambda tx: tx.all("SELECT * FROM meta"))
    assert (old.read_bytes(), list(old.parent.glob("*version*"))) == (before, [])
