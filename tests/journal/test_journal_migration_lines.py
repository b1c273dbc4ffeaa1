"""A journal of the fourth version: what each match goes on from, and what was told of what holds it back."""

from __future__ import annotations

from pathlib import Path

from old_journal import opened

from bursar.domain.ids import MatchId
from bursar.journal import matches
from bursar.journal.files import APPLICATION_ID
from bursar.journal.migrations import MIGRATIONS
from bursar.journal.schema import statements
from bursar.journal.writer import Journal, read_once

FOURTH = MIGRATIONS[:4]
MATCH = (
    "INSERT INTO matches (id, rule, account, subject_type, subject_id, at, state, block, reason) VALUES (?, ?, 'panel', "
    "'order', '1', 0, 'held', ?, '')"
)


def test_each_match_is_the_first_of_its_line_and_what_was_told_is_not_told_again(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    with opened(path) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        for script in FOURTH:
            for statement in statements(script):
                connection.execute(statement)
        connection.executemany(
            "INSERT INTO meta VALUES (?, ?)", {"journal_id": "0123456789abcdef", "sent": "0"}.items()
        )
        connection.executemany(MATCH, [(7, "r", "budget"), (8, "q", "limit")])
        connection.execute(f"PRAGMA application_id={APPLICATION_ID}")
        connection.execute("PRAGMA user_version=4")
    path.chmod(0o600)
    path.with_name(f"{path.name}.fence").write_text(f"0123456789abcdef {0:020d}\n", "ascii")
    Journal.open(path).close()
    found = read_once(path, lambda tx: [matches.load(tx, MatchId(id_)) for id_ in (7, 8)])
    assert [(one.first, one.told_block) for one in found if one is not None] == [(7, "budget"), (8, "limit")]
