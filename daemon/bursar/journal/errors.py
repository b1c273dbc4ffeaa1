"""What can be wrong with a journal: each error one sentence that says what to do."""

from __future__ import annotations

import errno
import os
import sqlite3
from pathlib import Path


class JournalError(Exception):
    """The journal cannot be used as asked."""


class JournalLocked(JournalError):
    """Another process writes this journal."""


class JournalMissing(JournalError):
    """There is no journal where one must be."""


class JournalFull(JournalError):
    """The disk is full, or a quota is used up. What was not committed did not happen."""


class JournalReadOnly(JournalError):
    """The journal or its disk cannot be written."""


class JournalNewer(JournalError):
    """A newer bursar has written this journal."""


class JournalDamaged(JournalError):
    """The file is not a journal, or is damaged."""


def explain(error: sqlite3.Error | OSError, path: object) -> JournalError:
    """Turn the database's words into ours."""
    text, named = str(error), getattr(error, "filename", None)
    path = named if str(named).startswith(str(path)) else path  # one of the files beside it
    lower = text.lower()
    if "full" in lower or getattr(error, "errno", None) in (28, 122):
        return JournalFull(f"{path}: the disk is full; make room: nothing that was promised is lost")
    # Asked of the file system itself: SQLite says "disk I/O error" there, and people would look for a failing disk.
    if getattr(error, "errno", None) == errno.EROFS or (isinstance(error, sqlite3.Error) and _on_read_only(path)):
        return JournalReadOnly(
            f"{path}: its file system is read-only; see why (`dmesg`), and mount it so that it can be written "
            f"(`findmnt -T {Path(str(path)).parent}` names it): nothing that was promised is lost"
        )
    if "readonly" in lower or "read-only" in lower or "permission" in lower or getattr(error, "errno", None) == 13:
        return JournalReadOnly(f"{path}: cannot be written; check the owner and mode of the file and its folder")
    if "locked" in lower or "busy" in lower:
        return JournalLocked(f"{path}: another program holds it open for writing")
    if "i/o error" in lower:
        return JournalError(f"{path}: the disk did not do as it was asked ({text}): is it full, or failing?")
    if "unable to open" in lower or "no such file" in lower:
        return JournalReadOnly(f"{path}: cannot be opened; check that its folder exists and who may enter it")
    if "not a database" in lower or "malformed" in lower or "corrupt" in lower:
        return JournalDamaged(f"{path}: is not a journal of bursar or is damaged; restore a backup")
    return JournalError(f"{path}: {text}")


def _on_read_only(path: object) -> bool:
    """Return whether a journal lies on a file system that is read-only; the database says "disk I/O error" there."""
    try:
        return bool(os.statvfs(Path(str(path)).parent).f_flag & os.ST_RDONLY)
    except OSError:
        return False


def of_database(error: BaseException) -> bool:
    """Return whether an error is the database's own: nothing that follows in the transaction can succeed."""
    return isinstance(error, (sqlite3.Error, JournalError))
