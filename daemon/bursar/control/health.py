"""What `doctor` asks beside the journal: whether a daemon watches, and whether it sees what it watches.

What comes in is what `status` answers, from the daemon or, where none runs, from the journal; what goes out is a
finding each. A sound journal is no good news where no daemon runs on it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import cast

from bursar.control.asking import silent_writer
from bursar.control.client import ask_daemon
from bursar.control.messages import RequestRejected
from bursar.control.queries import status
from bursar.domain.values import Json
from bursar.journal.errors import JournalError
from bursar.journal.files.backup import Finding
from bursar.journal.writer import read_once
from bursar.settings.model import Configuration

ANSWER_WITHIN_S = 30.0
LONG = timedelta(hours=1)
"""An account that is polled more often than this, and was not polled well for so long, is not watched."""
INTERVALS = 3
"""One that is polled less often may miss two of its own intervals."""
AWAY = frozenset({"unreachable", "rejected"})
NOBODY_WATCHES = "no daemon runs: nobody watches; start it (`systemctl start bursar`, or `bursar run`)"


async def examine_watch(configuration: Configuration, now: datetime) -> list[Finding]:
    """Look whether a daemon answers, and how its accounts are; without a journal there is nothing to say of those."""
    daemon, facts = await _daemon(configuration)
    if facts is None:
        facts = await asyncio.to_thread(_from_the_file, configuration)
    return [daemon] if facts is None else [daemon, accounts_seen(facts, configuration, now)]


async def _daemon(configuration: Configuration) -> tuple[Finding, Mapping[str, Json] | None]:
    """Ask the daemon how it is."""
    settings = configuration.settings
    try:
        facts = cast(
            "dict[str, Json]", await ask_daemon(settings.socket, "status", {}, ANSWER_WITHIN_S, settings.state)
        )
    except ConnectionError:
        return Finding("daemon", "bad", silent_writer(configuration) or NOBODY_WATCHES), None
    except RequestRejected as rejected:
        return Finding("daemon", "bad", str(rejected)), None
    problem = facts.get("problem")
    return Finding("daemon", "ok" if problem is None else "bad", str(problem or "runs, and answers")), facts


def _from_the_file(configuration: Configuration) -> Mapping[str, Json] | None:
    """Return what the journal itself says; None: it cannot be read, which its own row tells."""
    try:
        found = read_once(configuration.settings.state, lambda tx: status(tx, configuration, {"running": False}))
    except JournalError:
        return None
    return cast("Mapping[str, Json]", found)


def accounts_seen(facts: Mapping[str, Json], configuration: Configuration, now: datetime) -> Finding:
    """Return whether every account is reached: each that is not is named, with the reason.

    Args:
        facts: What `status` answered.
        configuration: Which accounts there are, and how often each is polled.
        now: The wall clock's instant.
    """
    started_at = _instant(facts.get("started_at"))
    unseen: list[str] = []
    fresh: list[str] = []
    for row in cast("list[Mapping[str, Json]]", facts["accounts"]):
        reason = _not_seen(row, configuration, now)
        if reason is None:
            continue
        young = row["last_ok_at"] is None and row["state"] not in AWAY and _is_young(started_at, now)
        (fresh if young else unseen).append(f"{row['name']} ({reason})")
    if unseen:
        return Finding("accounts", "bad", "; ".join([*unseen, *fresh]))
    return Finding("accounts", "warning", "; ".join(fresh)) if fresh else Finding("accounts", "ok", "all are reached")


def _not_seen(row: Mapping[str, Json], configuration: Configuration, now: datetime) -> str | None:
    """Return why nothing is known of an account as it is now, if so."""
    every = [one for name, one in _polls(configuration, str(row["name"])) if one is not None]
    if row["state"] in AWAY:
        return f"{row['state']}: {row['reason']}"
    if not every:
        return None
    last_ok_at = _instant(row["last_ok_at"])
    if last_ok_at is None:
        return "never polled well"
    if now - last_ok_at > max(LONG, INTERVALS * min(every)):
        return f"not polled well since {last_ok_at:%Y-%m-%d %H:%M:%S}Z"
    return None


def _polls(configuration: Configuration, name: str) -> list[tuple[str, timedelta | None]]:
    return next(list(one.polls.items()) for known, one in configuration.accounts.items() if known == name)


def _is_young(started_at: datetime | None, now: datetime) -> bool:
    return started_at is not None and now - started_at <= LONG


def _instant(text: Json) -> datetime | None:
    return None if text is None else datetime.fromisoformat(str(text))
