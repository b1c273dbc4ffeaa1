"""Who edits one of the rules, between two runs and while the daemon runs, and looks whether anything still waits for
what it was before."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from bursar.api import Clock
from bursar.api.scenario import EDITED
from bursar.domain.ids import microseconds
from bursar.journal.dump import read_waiting
from bursar.journal.writer import read_once
from bursar_prove.beyond import Edit
from bursar_prove.findings import BEYOND, Finding
from bursar_prove.world import Stage

RELOADED = b'"reloaded"'


@dataclass(slots=True)
class Editor:
    """Edits the configuration.

    Attributes:
        fingerprint: Reads the edited rule's, of the configuration as it is written; None: it is not in it.
        edits: Every edit that the daemon has taken on.
        found: What still waited for a rule that was no more.
    """

    stage: Stage
    clock: Clock
    dice: random.Random
    fingerprint: Callable[[], str | None]
    edits: list[Edit] = field(default_factory=list)
    found: list[Finding] = field(default_factory=list)
    _variant: int = 0
    _written_us: int = 0
    _log_size: int | None = 0
    _known: dict[int, str | None] = field(default_factory=dict)

    @property
    def _log(self) -> Path:
        return self.stage.folder / "daemon.log"

    def edit(self) -> None:
        """Write another configuration."""
        if self._log_size is None:  # one that was not seen taken on may have been: what came before ends with it
            self._written_us = microseconds(self.clock.now())
        others = [number for number in range(len(self.stage.variants)) if number != self._variant]
        self._variant = self.dice.choice(others or [self._variant])
        self.stage.write(self._variant)
        self._log_size = self._log.stat().st_size if self._log.exists() else 0

    def started(self) -> None:
        """A daemon has come up: what was written before, it has taken on."""
        if self._log_size is not None:
            self._take_on()

    def look(self) -> None:
        """Look whether a running daemon has taken on what was written."""
        if self._log_size is None:
            return
        with self._log.open("rb") as log:
            log.seek(self._log_size)
            if RELOADED in log.read():
                self._take_on()

    def _take_on(self) -> None:
        """Note the edit, and look whether anything still waits for what the rule was before."""
        if self._variant not in self._known:
            self._known[self._variant] = self.fingerprint()
        now_us, now = microseconds(self.clock.now()), self._known[self._variant]
        self._log_size = None
        self.edits.append(Edit(self._written_us, now_us, now))
        waiting = read_once(self.stage.journal, lambda tx: read_waiting(tx, EDITED))
        stale = sum(1 for one in waiting if one != now)
        if stale:
            words = f"{stale} of {len(waiting)} wait for a rule that was changed or removed"
            self.found.append(Finding(BEYOND, words, now_us))
