"""The demo's two child processes: started in a group of their own, and ended whatever happens."""

from __future__ import annotations

import asyncio
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path

STOP_WITHIN_S = 60.0
LAST_LINES = 15


@asynccontextmanager
async def child(words: Sequence[str], log: Path, environ: Mapping[str, str] | None = None) -> AsyncIterator[Process]:
    """Run `bursar WORDS` beside us; end it when the block ends.

    Args:
        words: The command line.
        log: Where its error stream goes.
        environ: Further variables.
    """
    with log.open("wb") as errors:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "bursar",
            *words,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=PIPE,
            stderr=errors,
            env={**os.environ, "PYTHONUNBUFFERED": "1", **(environ or {})},
            start_new_session=True,
        )
    try:
        yield process
    finally:
        await asyncio.shield(stop(process))


async def stop(process: Process) -> None:
    """Ask a process to end, and make it if it does not."""
    with suppress(ProcessLookupError):
        if process.returncode is None:
            process.terminate()
            try:
                async with asyncio.timeout(STOP_WITHIN_S):
                    await process.communicate()
            except TimeoutError:
                process.kill()
        await process.communicate()


def last_words(log: Path) -> str:
    """Return the end of a log, for a person to see why."""
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines() if log.exists() else []
    return "\n".join(lines[-LAST_LINES:])
