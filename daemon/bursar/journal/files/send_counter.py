"""The counter beside the journal, by which a restored journal is recognized.

Every `sending` that is committed raises it, on disk, before the request leaves. A journal that has counted fewer than
its sidecar was restored from a back-up: things were sent that it does not know of. (It is raised after the commit, not
before: then a crash between the two cannot look like a restored journal; see docs/decisions.)
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from bursar.journal.files.sidecar import open_sidecar


@dataclass(frozen=True, slots=True)
class SendCount:
    """What the sidecar says: which journal it belongs to, and how many sendings that had."""

    journal: str
    sent: int


def was_restored(own: SendCount, sidecar: SendCount | None, *, new: bool) -> bool:
    """Return whether a journal is behind what was sent: it was restored from a back-up, or its sidecar is lost.

    One without its sidecar may be a back-up from before the first sending: what was sent after it is not known.

    Args:
        own: What the journal has counted.
        sidecar: What the file beside it says.
        new: No daemon ever ran on it.
    """
    if sidecar is None or sidecar.journal != own.journal:
        return own.sent > 0 or not new
    # A journal that is ahead is no alarm: a crash between the commit and this file leaves it so, with nothing sent.
    return sidecar.sent > own.sent


class SendCounter:
    """A small file, replaced in place and fsynced."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file: int | None = None
        self._raised: SendCount | None = None

    @classmethod
    def beside(cls, journal: Path) -> SendCounter:
        """Return that of a journal, by its resolved path."""
        return cls(journal.with_name(f"{journal.name}.fence"))

    def exists(self) -> bool:
        return self.path.exists()

    def read(self) -> SendCount | None:
        """Return what it says; None when it is not there or holds nothing sensible."""
        try:
            journal, sent = self.path.read_text("ascii").split()
            return SendCount(journal, int(sent))
        except (OSError, ValueError, UnicodeDecodeError):
            return None

    def raise_to(self, mark: SendCount) -> None:
        """Write and fsync; never lower, in whatever order two senders come.

        Raises:
            OSError: it could not be written; then nothing may be sent.
        """
        self._raised = self._raised or self.read()
        if self._raised is not None and self._raised.journal == mark.journal and self._raised.sent >= mark.sent:
            return
        if self._file is None:
            self._file = open_sidecar(self.path)
        line = f"{mark.journal} {mark.sent:020d}\n".encode("ascii")
        os.pwrite(self._file, line, 0)
        # On disk, not in the kernel's cache: a power cut after the request must not take the count back.
        os.fsync(self._file)
        self._raised = mark

    def close(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None
