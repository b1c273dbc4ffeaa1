"""The pauses of a journal that a restore replaces: no person has said that what they stop may go on."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

from bursar.journal.accounts import EVERYWHERE
from bursar.journal.files.connection import connect


def paused(path: Path) -> list[tuple[str, str, str, int, int]]:
    """Return what is paused in the journal that is replaced: each with what it means, and since when."""
    try:
        with closing(connect(path, read_only=True)) as connection:
            columns = "name, digest, provider, bound_at, paused_at"
            sql = f"SELECT {columns} FROM accounts WHERE paused_at IS NOT NULL"
            found: list[tuple[str, str, str, int, int]] = connection.execute(sql).fetchall()
            return found
    except sqlite3.Error:
        return []


def keep(path: Path, rows: Iterable[tuple[str, str, str, int, int]]) -> None:
    """Have paused what a person has paused since the back-up: he has not said that it may go on.

    What the back-up knows by another name is paused under that; what it does not know at all, as it was.
    """
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for name, digest, provider, bound_at, paused_at in rows:
            pause = "UPDATE accounts SET paused_at = coalesce(paused_at, ?) WHERE"
            if connection.execute(f"{pause} name = ?", (paused_at, name)).rowcount:
                continue
            # Renamed since the backup: the account is known there by what its name means.
            if name != EVERYWHERE and connection.execute(f"{pause} digest = ?", (paused_at, digest)).rowcount:
                continue
            columns = "name, digest, provider, bound_at, paused_at"
            row = (name, digest, provider, bound_at, paused_at)
            connection.execute(f"INSERT INTO accounts ({columns}) VALUES (?,?,?,?,?)", row)
