"""A journal of the fourth and fifth version: what each match goes on from, what was told of what holds it back, and where
rules are live."""

from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path

import pytest

from bursar.domain.ids import MatchId
from bursar.journal import matches, verdicts, views
from bursar.journal.files.backup import examine
from bursar.journal.files.migrate import APPLICATION_ID
from bursar.journal.files.scripts import statements
from bursar.journal.migrations import MIGRATIONS
from bursar.journal.writer import Journal, read_once
from support.old_journal import opened

MATCH = (
    "INSERT INTO matches (id, rule, account, subject_type, subject_id, at, state, block, reason) VALUES (?, ?, 'panel', "
    "'order', '1', 0, 'held', ?, '')"
)


def written(path: Path, version: int) -> None:
    """Write an empty journal of a version."""
    with opened(path) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        for script in MIGRATIONS[:version]:
            for statement in statements(script):
                connection.execute(statement)
        connection.executemany(
            "INSERT INTO meta VALUES (?, ?)", {"journal_id": "0123456789abcdef", "sent": "0"}.items()
        )
        connection.execute(f"PRAGMA application_id={APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version={version}")
    path.chmod(0o600)
    path.with_name(f"{path.name}.fence").write_text(f"0123456789abcdef {0:020d}\n", "ascii")


def test_each_match_is_the_first_of_its_line_and_what_was_told_is_not_told_again(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    written(path, 4)
    with opened(path) as connection:
        connection.executemany(MATCH, [(7, "r", "budget"), (8, "q", "limit")])
    Journal.open(path).close()
    found = read_once(path, lambda tx: [matches.load(tx, MatchId(id_)) for id_ in (7, 8)])
    assert [(one.first, one.told_block) for one in found if one is not None] == [(7, "budget"), (8, "limit")]


def test_a_rule_that_was_live_at_an_account_is_live_there_still(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    written(path, 5)
    with opened(path) as connection:
        connection.execute("INSERT INTO live_rules (rule, account, meaning, since) VALUES ('r', 'panel', 'm', 1000000)")
    Journal.open(path).close()
    found = read_once(path, lambda tx: verdicts.live_since(tx, "r"))
    assert {name: at.second for name, at in found.items()} == {"panel": 1}


PROBLEMS = "CREATE INDEX subjects_problem ON subjects (account, type, watched) WHERE problem IS NOT NULL AND vanished_at IS NULL"


@pytest.mark.parametrize("before", [[], [PROBLEMS]], ids=["without its index", "with its index"])
def test_the_problems_of_a_journal_of_the_fifth_version_can_be_listed(tmp_path: Path, before: list[str]) -> None:
    """Its step made the index for a while, and not before: both are brought up to date, to the same tables."""
    path, fresh = tmp_path / "journal.db", tmp_path / "fresh.db"
    written(path, 5)
    with opened(path) as connection:
        for statement in before:
            connection.execute(statement)
    Journal.open(path).close()
    Journal.open(fresh).close()
    made = "SELECT name, sql FROM sqlite_master WHERE name = 'subjects_problem'"
    [index] = read_once(path, lambda tx: tx.all(made))
    assert [index] == read_once(fresh, lambda tx: tx.all(made))
    assert read_once(path, views.problems) == read_once(fresh, views.problems)


@pytest.mark.parametrize("version", [3, 4, 5, 6])
def test_the_doctor_looks_at_a_journal_that_no_daemon_has_brought_up_to_date(tmp_path: Path, version: int) -> None:
    path = tmp_path / "journal.db"
    written(path, version)
    assert {one.what for one in examine(path, datetime(2026, 1, 1, tzinfo=timezone.utc))} >= {"file", "tables", "audit"}
