"""A journal of the third version: which action of its match each entry is, and where each rule was live."""

from __future__ import annotations

from pathlib import Path

import pytest
from old_journal import opened, us

from bursar.domain.ids import MatchId
from bursar.journal import ledger, verdicts
from bursar.journal.files import APPLICATION_ID
from bursar.journal.migrations import FIRST, LEDGER, MEANINGS
from bursar.journal.schema import statements
from bursar.journal.writer import Journal, read_once

INTENT = (
    "INSERT INTO intents (id, match_id, rule, account, action, subject_type, subject_id, params, sealed, state, reason, created_at, "
    "ready_at) VALUES (?, ?, 'r', 'panel', ?, 'order', ?, '{}', '{}', ?, '', 0, 0)"
)
ENTRY = (
    "INSERT INTO ledger (id, account, action, subject_type, subject_id, rule, planned_at, meaning) VALUES (?, 'panel', ?, 'order', ?, "
    "'r', 0, 'm')"
)


@pytest.fixture
def third(tmp_path: Path) -> Path:
    """A journal of the third version in which a match has done two things, one of them at the second try."""
    path = tmp_path / "journal.db"
    with opened(path) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        for script in (FIRST, LEDGER, MEANINGS):
            for statement in statements(script):
                connection.execute(statement)
        connection.executemany(
            "INSERT INTO meta VALUES (?, ?)", {"journal_id": "0123456789abcdef", "sent": "0"}.items()
        )
        tries = [(1, "refill", "refused"), (2, "refill", "succeeded"), (3, "add", "succeeded"), (4, "cancel", "ready")]
        for id_, action, state in tries:
            connection.execute(ENTRY, (id_, action, f"{id_}"))
            connection.execute(INTENT, (id_, 7, action, f"{id_}", state))
        connection.execute(ENTRY, (5, "refill", "5"))  # its intent was let go
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


def test_a_rule_was_live_where_it_has_acted(third: Path) -> None:
    acted, other = read_once(third, lambda tx: (verdicts.live_since(tx, "r"), verdicts.live_since(tx, "q")))
    assert ([(name, us_of.minute) for name, us_of in acted.items()], other) == ([("panel", 3)], {})


def test_a_back_up_of_it_lies_beside_it(third: Path) -> None:
    assert [one.name for one in third.parent.glob("*version-3*")] != []
