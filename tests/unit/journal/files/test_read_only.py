"""What is said of a journal on a file system that is read-only, and of one whose folder is not there."""

from __future__ import annotations

import errno
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from bursar.journal.errors import JournalError, JournalMissing, JournalReadOnly, explain
from bursar.journal.writer import Journal, read_once

MOUNT = [
    "unshare",
    "--user",
    "--map-root-user",
    "--mount",
    "sh",
    "-c",
    'mount -t tmpfs none "$1" && exec "$2" "$3" "$1"',
    "sh",
]
WORKS = (
    shutil.which("unshare") is not None
    and not subprocess.run([*MOUNT, "/mnt", "true", ""], capture_output=True, check=False).returncode
)
needs_mount = pytest.mark.skipif(not WORKS, reason="this machine lets nobody mount a file system (unshare --mount)")
SCRIPT = """
import sqlite3, subprocess, sys
from pathlib import Path
from bursar.journal.errors import explain
from bursar.journal.writer import Journal, read_once
path = Path(sys.argv[1], "journal.db")
Journal.open(path).close()
subprocess.run(["mount", "-o", "remount,ro", sys.argv[1]], check=True)
def tell(what):
    try:
        what()
    except Exception as error:
        print(type(error).__name__, error)
tell(lambda: read_once(path, lambda tx: None))
tell(lambda: Journal.open(path, create=False))
for said in ("disk I/O error", "attempt to write a readonly database", "unable to open database file"):
    error = explain(sqlite3.OperationalError(said), path)
    print(type(error).__name__, error)
"""


@needs_mount
def test_a_read_only_file_system_is_named_and_no_owner_and_no_failing_disk(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(SCRIPT, encoding="utf-8")
    volume = tmp_path / "volume"
    volume.mkdir()
    done = subprocess.run(
        [*MOUNT, str(volume), sys.executable, str(script)], capture_output=True, encoding="utf-8", check=True
    )
    said = done.stdout.splitlines()
    assert len(said) == 5
    assert all(line.startswith("JournalReadOnly") and "its file system is read-only" in line for line in said)


def test_a_file_that_cannot_be_written_for_a_read_only_file_system_says_so(path: Path) -> None:
    error = explain(OSError(errno.EROFS, "Read-only file system"), path)
    assert (type(error), "its file system is read-only" in str(error), "findmnt" in str(error)) == (
        JournalReadOnly,
        True,
        True,
    )


def test_a_disk_that_fails_is_no_read_only_one(path: Path) -> None:
    assert "is it full, or failing?" in str(explain(sqlite3.OperationalError("disk I/O error"), path))


def test_a_file_that_another_user_owns_is_no_read_only_file_system(path: Path) -> None:
    assert "check the owner and mode" in str(explain(PermissionError(errno.EACCES, "Permission denied"), path))


@pytest.mark.parametrize("ask", ["read", "open"])
def test_of_a_folder_that_is_not_there_its_volume_is_asked_for(tmp_path: Path, ask: str) -> None:
    """The advice to begin a new journal would have one begun beneath a volume that is not mounted."""
    path = tmp_path / "volume" / "bursar" / "journal.db"
    with pytest.raises(JournalMissing, match=r"the folder .*/volume/bursar is not there: is its volume mounted\?"):
        read_once(path, lambda tx: None) if ask == "read" else Journal.open(path, create=False)
    assert not path.parent.exists()


def test_where_only_the_journal_is_missing_nothing_is_said_of_a_volume(path: Path) -> None:
    with pytest.raises(JournalError, match="there is no journal yet; `bursar run` makes it"):
        read_once(path, lambda tx: None)
