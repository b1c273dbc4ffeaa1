"""Where an open journal lies: whether its files are the ones that were opened, and no other program has written into them."""

from __future__ import annotations

import fcntl
import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from bursar.journal.errors import JournalDamaged, JournalLocked


def claim_file(path: Path) -> int:
    """Take the lock of the main file itself, whatever folder it is seen in; return its descriptor.

    A bind mount of the file alone shows it in another folder, whose lock is another one. The descriptor must be closed
    after every connection to the file: closing it takes the locks of SQLite in this process away.

    Raises:
        JournalLocked: another process has it.
    """
    lock = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        raise JournalLocked(f"{path}: another bursar writes this file, where it is seen in another folder") from None
    return lock


def lock_of(path: Path) -> Path:
    """Return the lock file of a journal."""
    return path.with_name(path.name + ".lock")


def noted_of(lock: int) -> str:
    """Return what the last writer noted of the main file."""
    return os.pread(lock, 200, 0).decode("ascii", "replace").partition("\n")[2].strip()


@dataclass(frozen=True, slots=True)
class Looks:
    """What the main file looks like: only checkpoints of the one writer change it while it is open."""

    inode: int
    size: int
    mtime_ns: int

    @classmethod
    def of(cls, path: Path) -> Looks:
        found = path.stat()
        return cls(found.st_ino, found.st_size, found.st_mtime_ns)


class Place:
    """Which files an open journal is: the daemon stops acting when other files, or other pages, are found in their place.

    Args:
        path: The main file, resolved.
        lock: The descriptor of the lock file, in which is noted what the main file looks like.
    """

    def __init__(self, path: Path, lock: int) -> None:
        # what was committed last is in the log alone; what was sent, and which ids were given, is counted beside it
        beside = [path.with_name(f"{path.name}{suffix}") for suffix in ("-wal", ".fence", ".ids")]
        files = [one for one in (path, *beside) if one.exists()]
        self._path, self._lock = path, lock
        self._known = (*((one, _inode(one.stat())) for one in files), (lock_of(path), _inode(os.fstat(lock))))
        self._looks: Looks | None = None
        self._noted: Looks | None = None
        self.overwritten: str | None = None
        self.note()

    def wrong(self) -> str | None:
        """Return what is wrong with the files, in a sentence; None: they are where they were."""
        if self.overwritten is not None:
            return self.overwritten
        for path, known in self._known:
            try:
                found = _inode(path.stat())
            except OSError:
                return (
                    f"{path} is gone: the journal that is being written was moved or removed, or its volume is not "
                    "mounted; put it back, then restart bursar"
                )
            # By device and inode: a volume that is mounted over the folder shows another file under the same name.
            if found != known:
                return f"{path} is another file now: the journal that is being written was replaced; restart bursar"
        return None

    def check(self) -> None:
        """Check, just before a commit, that no other program has written into the main file: what is read would be mixed.

        Raises:
            JournalDamaged: somebody has, by `cp` of a back-up say; nothing can be committed any more.
        """
        with suppress(OSError):  # it is gone: `wrong` says so
            found = Looks.of(self._path)
            # Size or time have changed, and not by this writer, whose checkpoints alone touch the main file.
            if self._looks is not None and found.inode == self._looks.inode and found != self._looks:
                self.overwritten = (
                    f"{self._path}: another program wrote into the journal while bursar ran; stop bursar, and "
                    "restore a back-up with `bursar restore`"
                )
        if self.overwritten is not None:
            raise JournalDamaged(self.overwritten)

    def note(self) -> None:
        """Note, just after a commit, what the main file looks like: a checkpoint of ours may have changed it.

        A later start compares, if a write-ahead log lies beside it then. Where the note cannot be written (a full disk),
        it is written after the next commit: what is known here does not depend on it.
        """
        with suppress(OSError):
            found = Looks.of(self._path)
            if self.overwritten is None and (self._looks is None or found.inode == self._looks.inode):
                self._looks = found
            if self._looks is not None and self._looks != self._noted:
                noted = f"{os.getpid()}\n{self._looks.inode} {self._looks.size} {self._looks.mtime_ns}\n".encode(
                    "ascii"
                )
                os.pwrite(self._lock, noted, 0)
                os.ftruncate(self._lock, len(noted))
                self._noted = self._looks


def _inode(found: os.stat_result) -> tuple[int, int]:
    return found.st_dev, found.st_ino
