"""Real journals in a temporary folder."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from bursar.journal.files.connection import connect
from bursar.journal.files.opening import prepare_file
from bursar.journal.files.send_counter import SendCounter
from bursar.journal.writer import Journal, Tx
from support.old_journal import make_old


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the journal is, or will be."""
    return tmp_path / "journal.db"


@pytest.fixture
async def journal(path: Path) -> AsyncIterator[Journal]:
    """An open journal."""
    opened = Journal.open(path)
    yield opened
    opened.close()


@pytest.fixture
def tx(path: Path) -> Iterator[Tx]:
    """One transaction under way in a new journal."""
    sidecar = SendCounter(path.with_name(path.name + ".fence"))
    prepare_file(path, sidecar, {}, create=True)
    connection = connect(path)
    connection.execute("BEGIN")
    yield Tx(connection)
    connection.execute("ROLLBACK")
    connection.close()
    sidecar.close()


@pytest.fixture
def old(path: Path) -> Path:
    """An empty journal of version 1."""
    make_old(path)
    return path
