"""A poll that failed, and a stream that answers again: what is written of it, and when people are told.

A failed poll teaches nothing but that it failed.
"""

from __future__ import annotations

from bursar.domain.ids import AccountName
from bursar.journal import accounts, streams
from bursar.journal.streams import StreamRow
from bursar.pipeline.config_snapshot import AccountSpec
from bursar.pipeline.events import emit_core
from bursar.pipeline.unit_of_work import UnitOfWork

UNREACHABLE_AFTER = 3


def recover(uow: UnitOfWork, account: AccountName, row: StreamRow) -> None:
    """A stream answers again: tell, if people were told that it did not and it was the last that failed."""
    accounts.unpark(uow.tx, account)
    if row.told_at is not None and not _others_told(uow, account, row.stream):
        emit_core(uow, "account.recovered", account, {"stream": row.stream})


def record_failure(uow: UnitOfWork, spec: AccountSpec, stream: str, kind: str, reason: str) -> None:
    """Write that a poll failed; it teaches nothing else. Tell after the third in a row, once."""
    # The failure of the url before a reload is none of the url after it.
    if not uow.config.means(spec):
        return
    account = spec.name
    failures = streams.fail(uow.tx, account, stream, kind, reason, uow.now)
    row = streams.load(uow.tx, account, stream)
    if failures >= UNREACHABLE_AFTER and row.told_at is None:
        others = _others_told(uow, account, stream)
        streams.told(uow.tx, account, stream, uow.now)
        if not others:
            emit_core(uow, "account.unreachable", account, {"stream": stream, "reason": reason, "kind": kind})


def record_rejection(uow: UnitOfWork, spec: AccountSpec, stream: str, reason: str) -> None:
    """Write that the provider rejects the caller: the account is parked. Told once."""
    if not uow.config.means(spec):
        return
    account = spec.name
    row = accounts.load(uow.tx, account)
    streams.fail(uow.tx, account, stream, "rejected", reason, uow.now)
    accounts.park(uow.tx, account, reason, uow.now)
    if row is None or row.parked_at is None:
        streams.told(uow.tx, account, stream, uow.now)
        emit_core(uow, "account.rejected", account, {"stream": stream, "reason": reason})


def _others_told(uow: UnitOfWork, account: AccountName, stream: str) -> bool:
    """Return whether people know of the failure of another stream that is still polled."""
    spec = uow.config.accounts.get(account)
    polled = spec.polled if spec is not None else frozenset()
    rows = streams.load_all(uow.tx, account)
    return any(row.told_at is not None and row.stream in polled for row in rows if row.stream != stream)
