"""A sink that writes one line of JSON for each message: a delivery in, a whole line at the end of the file out.

bursar may hand over the same delivery again (after a crash, say); its `delivery` id is in the line, so that a reader
can drop repeats. A line is there whole or not at all.
"""

from __future__ import annotations

import asyncio
import json
import os
from pathlib import Path

from bursar.api import Delivery, DeliveryFailed, Sink, SinkSettings, SinkType, AdapterContext
from bursar.api.schema import text


class JsonLines:
    """One file that gets news."""

    def __init__(self, path: Path) -> None:
        self._path = path

    async def deliver(self, delivery: Delivery) -> None:
        """Append one line.

        Raises:
            DeliveryFailed: it could not be written; bursar tries again later.
        """
        line = json.dumps({"delivery": delivery.id, **delivery.body}, ensure_ascii=False, default=str) + "\n"
        try:
            # In a thread, so that a slow disk does not hold up the daemon's loop.
            await asyncio.to_thread(self._append, line.encode())
        except OSError as error:
            raise DeliveryFailed(f"{self._path.name} cannot be written: {error.strerror or 'short write'}") from None

    async def close(self) -> None:
        """Nothing is held."""

    def _append(self, line: bytes) -> None:
        with open(self._path, "ab", buffering=0, opener=_for_its_owner) as file:
            end = file.tell()
            if file.write(line) != len(line):
                file.truncate(end)
                raise OSError


def _for_its_owner(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def open_sink(settings: SinkSettings, _context: AdapterContext) -> Sink:
    """Make the live object of one configured sink."""
    return JsonLines(Path(settings.options["path"]).expanduser())


JSONL = SinkType(
    "jsonl",
    open_sink,
    {"path": text("The file that grows.", pattern="^(/|~/)", expected="an absolute path, or one that begins with ~/")},
    required=("path",),
    description="One line of JSON in a file for each message.",
)
