"""A journal of the third version: which action of its match each entry is, and where each rule was live."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from bursar.domain.ids import MatchId
from bursar.journal import ledger, verdicts
from bursar.journal.errors import JournalError
from bursar.journal.files import opening
from bursar.journal.files.migrate import APPLICATION_ID
from bursar.journal.files.scripts import statements
from bursar.journal.migrations import FIRST, LEDGER, MEANINGS
from bursar.journal.writer import Journal, read_once
from support.old_journal import make_old, opened, us

INTENT = (
    "INSERT INTO intents (id, match_id, rule, account, action, subject_type, subject_id, params, sealed, state, reason, created_at, "
    "ready_at) VALUES (?, ?, 'r', 'panel', ?, 'order', ?, '{}', '{}', ?, '', 0, 0)"
)
ENTRY = (
    "INSERT INTO ledger (id, account, action, subject_type, subject_id, rule, planned_at, meaning) VALUES (?, 'panel', ?, 'order', ?, "
    "'r', 0, 'm')"
)
MATCH = (
    "INSERT INTO matches (id, rule, account, subject_type, subject_id, at, state, reason, acts_planned) VALUES (7, 'r', 'panel', "
    "'order', '1', 0, ?, '', ?)"
)


@pytest.fixture
def third(tmp_path: Path) -> Path:
    """A journal of the third version in which a match has done two things, one of them at the second try."""
    return written(
        tmp_path,
        [(1, "refill", "refused"), (2, "refill", "succeeded"), (3, "add", "succeeded"), (4, "cancel", "ready")],
        3,
    )


def written(tmp_path: Path, tries: list[tuple[int, str, str]], acts_planned: int, match: str = "fired") -> Path:
    """Write a journal of the third version with the intents of one match, and bring it up to date."""
    path = tmp_path / "journal.db"
    with opened(path) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        for script in (FIRST, LEDGER, MEANINGS):
            for statement in statements(script):
                connection.execute(statement)
        connection.executemany(
            "INSERT INTO meta VALUES (?, ?)", {"journal_id": "0123456789abcdef", "sent": "0"}.items()
        )
        connection.execute(MATCH, (match, acts_planned))
        for id_, action, state in tries:
            connection.execute(ENTRY, (id_, action, f"{id_}"))
            connection.execute(INTENT, (id_, 7, action, f"{id_}", state))
        connection.execute(ENTRY, (9, "refill", "5"))  # its intent was let go
        connection.execute(f"INSERT INTO rules VALUES ('r', 'f', 0, 'm', {us(3)}), ('q', 'f', 0, 'm', {us(4)})")
        connection.execute(f"PRAGMA application_id={APPLICATION_ID}")
        connection.execute("PRAGMA user_version=3")
    path.chmod(0o600)
    path.with_name(f"{path.name}.fence").write_text(f"0123456789abcdef {0:020d}\n", "ascii")
    Journal.open(path).close()
    return path


def test_each_entry_of_a_match_says_which_of_its_actions_it_is(third: Path) -> None:
    found = read_once(third, lambda tx: ledger.of_match(tx, MatchId(7)))
    assert [(one.id, one.act) for one in found] == [(1, 0), (2, 0), (3, 1), (4, 2)]


def acts(path: Path) -> list[tuple[int, int | None]]:
    return [(one.id, one.act) for one in read_once(path, lambda tx: ledger.of_match(tx, MatchId(7)))]


def test_a_first_that_turned_up_beside_its_second_is_the_same_action(tmp_path: Path) -> None:
    tries = [(1, "add", "succeeded"), (2, "add", "succeeded"), (3, "cancel", "refused")]
    assert acts(written(tmp_path, tries, 1, "held")) == [(1, 0), (2, 0), (3, 1)]


def test_what_came_before_and_was_let_go_counts(tmp_path: Path) -> None:
    assert acts(written(tmp_path, [(2, "add", "refused")], 1, "held")) == [(2, 1)]


def test_a_last_one_that_is_open_or_done_is_the_one_that_was_planned_last(tmp_path: Path) -> None:
    assert acts(written(tmp_path, [(1, "refill", "succeeded"), (2, "refill", "unknown")], 2, "fired")) == [
        (1, 0),
        (2, 1),
    ]


def test_a_rule_was_live_where_it_has_acted(third: Path) -> None:
    acted, other = read_once(third, lambda tx: (verdicts.live_since(tx, "r"), verdicts.live_since(tx, "q")))
    assert ([(name, us_of.minute) for name, us_of in acted.items()], other) == ([("panel", 3)], {})


def test_a_back_up_of_it_lies_beside_it(third: Path) -> None:
    assert [one.name for one in third.parent.glob("*version-3*")] != []


def test_a_disk_that_is_full_is_named_and_leaves_the_journal_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "journal.db"
    make_old(path)
    room = opening.connect

    def no_room(path: Path, **how: bool) -> sqlite3.Connection:
        connection = room(path, **how)
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
        connection.execute(f"PRAGMA max_page_count={pages + 2}")
        return connection

    monkeypatch.setattr(opening, "connect", no_room)
    with pytest.raises(JournalError, match="full"):
        Journal.open(path)
    monkeypatch.undo()
    with opened(path) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (1,)
