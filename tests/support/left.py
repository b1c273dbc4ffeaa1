"""What a daemon has left, for the commands that people use where none runs: written by the pipeline itself."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from bursar.api import Observation, Observed, Outcome, SubjectRef
from bursar.control.commands import track
from bursar.domain.ids import AccountName, IntentId
from bursar.host.plugins import load_plugins
from bursar.journal.writer import Journal
from bursar.loops.clock import RealClock
from bursar.loops.startup import close_context, open_context
from bursar.pipeline.dispatch import claim
from bursar.pipeline.ingest import Poll, ingest
from bursar.pipeline.outcomes import record_outcome
from bursar.pipeline.unit_of_work import UnitOfWork
from bursar.settings.read import read_configuration
from support.commands import Command

BALANCE = SubjectRef("balance", "balance")
EXCHANGE, PANEL = AccountName("exchange"), AccountName("main-panel")
PAY = '{name: pay, on: balance.passed_min_payout, do: [{payout: {method: "7", account: T-wallet-1}}], cooldown: 1h'
ASKS = f"{PAY}, approve: {{above: 500, within: 12h}}}}"


def without_times(text: str) -> str:
    """Put a word in the place of each instant."""
    return re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ", "TIME", text)


@dataclass
class Left:
    """What a daemon has left, and the command line beside it."""

    folder: Path
    command: Command

    @property
    def path(self) -> Path:
        return self.folder / "bursar.yaml"

    def configure(self, rule: str, key: str = "k1", settings: str = "") -> None:
        """Write a configuration."""
        self.path.write_text(
            f"""
settings: {{state: ./journal.db{settings}}}
accounts:
  exchange: {{provider: premium_exchanger, url: 'http://127.0.0.1:1/api.html', key: {key}, currency: USD}}
  main-panel: {{provider: smm, url: 'http://127.0.0.1:1/api', key: k2}}
rules: [{rule}]
""",
            encoding="utf-8",
        )

    def write(self, *commits: Callable[[UnitOfWork], object]) -> None:
        """Let a daemon start, make some commits, and stop."""
        asyncio.run(self._write(commits))

    async def _write(self, commits: Sequence[Callable[[UnitOfWork], object]]) -> None:
        configuration = read_configuration([self.path], load_plugins(), environ={})
        journal = Journal.open(configuration.settings.state)
        try:
            context = await open_context(configuration, journal, RealClock())
            for decide in commits:
                await context.commit(decide)
            await close_context(context)
        finally:
            journal.close()

    def balance(self, amount: str, outcome: Outcome | None = None) -> None:
        """Let the balance be seen; with an outcome, let what comes of that be sent."""
        seen = Observed(BALANCE, {"amount": Decimal(amount), "min_payout": Decimal(50)})

        def look(uow: UnitOfWork) -> None:
            spec, poll = uow.config.accounts[EXCHANGE], Poll(uow.now, (BALANCE,), first=True)
            ingest(uow, spec, Observation("payouts", ()), Poll(uow.now, first=True))
            ingest(uow, spec, Observation("info", (seen,)), poll)

        def send(uow: UnitOfWork) -> None:
            [sent] = claim(uow, [IntentId(1)], None).intents
            record_outcome(uow, sent.id, sent.fence, outcome, uow.now)  # type: ignore[arg-type]

        self.write(*([look] if outcome is None else [look, send]))

    def orders(self, *ids: str) -> None:
        """Let orders be seen that are partial."""
        seen = tuple(Observed(SubjectRef("order", id_), {}, "partial") for id_ in ids)
        configuration = read_configuration([self.path], load_plugins(), environ={})

        def decide(uow: UnitOfWork) -> None:
            track(uow, configuration, {"account": PANEL, "rows": [{"id": id_} for id_ in ids]})
            ingest(uow, uow.config.accounts[PANEL], Observation("orders", seen), Poll(uow.now, first=True))

        self.write(decide)

    def restored(self) -> None:
        """Let a daemon start on a journal that is older than what was sent."""
        self.ahead()
        self.write()

    def ahead(self) -> None:
        """Have more been sent than the journal knows."""
        sidecar = self.folder / "journal.db.fence"
        journal, sent = sidecar.read_text(encoding="utf-8").split()
        sidecar.write_text(f"{journal} {int(sent) + 1:020d}\n", encoding="utf-8")

    def actions(self) -> list[tuple[str, str]]:
        """Return each action's id and state, as the list shows them."""
        return [(row["id"], row["state"]) for row in self.rows("actions")]

    def rows(self, *words: str) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = self.command(*words, "--json").json
        return rows
