"""The lock of a journal's folder: one process writes, whatever names lead to the file."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from bursar.journal.errors import JournalError, JournalLocked, JournalMissing, explain
from bursar.journal.files.place import lock_of, noted_of
from bursar.journal.files.send_counter import SendCounter
from bursar.journal.files.sidecar import open_sidecar


def resolved(path: Path) -> Path:
    """Return where a journal really lies: two names for one file must meet at one lock."""
    try:
        return path.resolve()
    except (OSError, RuntimeError) as error:
        raise JournalError(f"{path}: cannot be found out where it lies ({type(error).__name__})") from error


def claim(path: Path, *, create: bool) -> int:
    """Take the writer's lock of a journal, beside the file itself, whatever names lead to it; return its descriptor.

    Raises:
        JournalLocked: another process has it.
        JournalError: the folder cannot be used.
    """
    path = resolved(path)
    if not create and not path.exists():
        raise missing(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = open_sidecar(lock_of(path))
    except OSError as error:
        raise explain(error, path) from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        owner = os.pread(lock, 20, 0).decode("ascii", "replace").split("\n")[0].strip()
        os.close(lock)
        raise JournalLocked(f"{path}: another bursar writes this journal (process {owner or 'unknown'})") from None
    try:
        # What the last writer noted of the main file stays: by it a log that does not belong to that is recognized.
        kept = noted_of(lock)
        os.ftruncate(lock, 0)
        os.pwrite(lock, f"{os.getpid()}\n{kept}".encode("ascii"), 0)
    except OSError as error:
        os.close(lock)
        raise explain(error, path) from error
    return lock


def writer_of(path: Path) -> int | None:
    """Return the process that has the writer's lock of a journal; None: none, or it may not be looked at.

    The lock is tried only where the process that is noted there lives: a daemon that starts just now is not disturbed.
    """
    try:
        lock = os.open(lock_of(resolved(path)), os.O_RDONLY | os.O_CLOEXEC)
    except (OSError, JournalError):
        return None
    try:
        noted = os.pread(lock, 20, 0).decode("ascii", "replace").split("\n")[0].strip()
        pid = int(noted) if noted.isdecimal() else 0
        if not pid or not Path("/proc", str(pid)).exists():
            return None
        fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return pid
    except OSError:
        return None
    finally:
        os.close(lock)
    return None


def refuse_written(path: Path) -> None:
    """Refuse a journal that another process writes.

    Raises:
        JournalLocked: one does.
        JournalError: the folder cannot be used.
    """
    if lock_of(resolved(path)).exists():
        os.close(claim(path, create=True))


def missing(path: Path) -> JournalMissing:
    """Return that there is no journal, and what to do: it was never made, it is gone, or its volume is not mounted."""
    if not path.parent.is_dir():
        return JournalMissing(
            f"{path}: the folder {path.parent} is not there: is its volume mounted? If bursar never ran here, "
            "`bursar run` makes it, and the journal"
        )
    counter = SendCounter.beside(path).path
    if not counter.exists():
        return JournalMissing(f"{path}: there is no journal yet; `bursar run` makes it")
    return JournalMissing(
        f"{path}: the journal is gone, but {counter.name} says that it was here; restore a backup, or remove "
        f"{counter.name} to start with nothing known"
    )
