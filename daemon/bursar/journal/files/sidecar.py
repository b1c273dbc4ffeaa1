"""The small files beside the journal: its lock, its counter of sendings, its last ids."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path


def open_sidecar(path: Path) -> int:
    """Open a file beside the journal for writing, made if it is not there; return its descriptor.

    What root makes belongs to whom the folder belongs: else the daemon could write nothing after a command that root gave.

    Raises:
        OSError: it cannot be opened; names the file.
    """
    new = not path.exists()
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    if new and os.geteuid() == 0:
        folder = path.parent.stat()
        with suppress(OSError):  # a file system without owners
            os.fchown(descriptor, folder.st_uid, folder.st_gid)
    return descriptor
