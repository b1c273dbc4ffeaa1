"""Processes by fork: from a parent that has imported everything, a child is there in a hundredth of a second.

Every child knows of its parent's end by a pipe, and ends with it, however that came; the parent knows of a child's end
by another. Nothing here may be called while threads or an event loop run: a fork copies neither.
"""

from __future__ import annotations

import gc
import os
import random
import select
import signal
import sys
import threading
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import NoReturn, Self

KILLED_WITHIN_S = 60.0


def rest(seconds: float) -> None:
    """Wait so long, in the parent."""
    select.select([], [], [], seconds)


@dataclass(slots=True)
class Child:
    """One process.

    Attributes:
        pid: Its id.
        life: Readable once it has ended.
        code: Its exit code, below zero for a signal; None while it lives.
    """

    pid: int
    life: int
    code: int | None = None

    def ended(self, within_s: float = 0.0) -> bool:
        """Wait until it has ended, at most so long; say whether it has."""
        if self.code is None and select.select([self.life], [], [], within_s)[0]:
            os.close(self.life)
            self.code = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        return self.code is not None

    def signal(self, number: int) -> None:
        """Send it a signal, if it is there."""
        if not self.ended():
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def kill(self) -> None:
        """End it at once."""
        self.signal(signal.SIGKILL)
        self.ended(KILLED_WITHIN_S)


@dataclass(slots=True)
class Children:
    """All children of a run; use it as a context: none of them outlives it."""

    alive: list[Child] = field(default_factory=list)
    leash: tuple[int, int] = field(default_factory=os.pipe)

    def __enter__(self) -> Self:
        gc.collect()
        gc.freeze()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for child in self.alive:
            child.kill()
        for end in self.leash:
            os.close(end)
        gc.unfreeze()

    def start(self, play: Callable[[], int], log: Path) -> Child:
        """Start a child that plays a part, and ends with what that returns.

        Args:
            play: What it does.
            log: Where its output goes.
        """
        life, living = os.pipe()
        sys.stdout.flush()
        sys.stderr.flush()
        pid = os.fork()
        if pid == 0:
            self._play(play, log)
        os.close(living)
        child = Child(pid, life)
        self.alive = [one for one in self.alive if not one.ended()] + [child]
        return child

    def _play(self, play: Callable[[], int], log: Path) -> NoReturn:
        """Be the child; nothing of the parent's code runs on."""
        code = 70
        try:
            os.setsid()
            os.close(self.leash[1])
            for number in (signal.SIGTERM, signal.SIGINT):
                signal.signal(number, signal.SIG_DFL)
            signal.signal(signal.SIGHUP, signal.SIG_IGN)
            output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            os.dup2(output, 1)
            os.dup2(output, 2)
            sys.stdout = sys.stderr = os.fdopen(output, "w", buffering=1, encoding="utf-8", errors="backslashreplace")
            random.seed()
            threading.Thread(target=_follow, args=(self.leash[0],), daemon=True).start()
            code = play()
        except BaseException:  # noqa: BLE001 - whatever it was, it ends here
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)  # the parent's exit handlers are not the child's


def _follow(leash: int) -> None:
    """End when the parent has ended."""
    os.read(leash, 1)
    os.kill(os.getpid(), signal.SIGKILL)
