"""The counter of sendings beside the journal: made with it, raised, never lowered."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bursar.journal.files.send_counter import SendCount, SendCounter
from bursar.journal.writer import Journal
from support.journal import change_inside, look_inside


def test_a_sidecar_is_made_with_the_journal(path: Path) -> None:
    Journal.open(path).close()
    (id_,) = look_inside(path, "SELECT value FROM meta WHERE key = 'journal_id'")[0]
    assert SendCounter(path.with_name("journal.db.fence")).read() == SendCount(id_, 0)


def test_a_sidecar_that_is_lost_after_a_sending_stays_lost(path: Path) -> None:
    Journal.open(path).close()
    change_inside(path, "UPDATE meta SET value = '3' WHERE key = 'sent'")
    path.with_name("journal.db.fence").unlink()
    Journal.open(path).close()
    assert not path.with_name("journal.db.fence").exists()


@pytest.fixture
def sidecar(tmp_path: Path) -> Iterator[SendCounter]:
    made = SendCounter(tmp_path / "fence")
    yield made
    made.close()


def test_a_sidecar_says_what_it_was_raised_to(sidecar: SendCounter) -> None:
    sidecar.raise_to(SendCount("abc", 7))
    assert sidecar.read() == SendCount("abc", 7)


def test_a_sidecar_is_never_lowered(sidecar: SendCounter) -> None:
    sidecar.raise_to(SendCount("abc", 7))
    sidecar.raise_to(SendCount("abc", 6))
    assert sidecar.read() == SendCount("abc", 7)


def test_a_sidecar_of_another_journal_is_begun_anew(sidecar: SendCounter) -> None:
    sidecar.raise_to(SendCount("abc", 7))
    sidecar.raise_to(SendCount("xyz", 1))
    assert sidecar.read() == SendCount("xyz", 1)


@pytest.mark.parametrize("content", [b"", b"abc", b"abc x", b"\xff\xfe", b"abc 1 2"])
def test_a_sidecar_that_makes_no_sense_says_nothing(sidecar: SendCounter, content: bytes) -> None:
    sidecar.path.write_bytes(content)
    assert sidecar.read() is None


def test_a_sidecar_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file"):
        SendCounter(tmp_path / "nowhere" / "fence").raise_to(SendCount("abc", 1))
