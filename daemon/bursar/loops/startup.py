"""Opening the context: from a configuration and a journal to what the loops share, with what the last run left taken
over in one commit."""

from __future__ import annotations

from datetime import timedelta

from bursar.api.clock import Clock
from bursar.journal import meta
from bursar.journal.writer import Journal
from bursar.loops.liveness import Liveness
from bursar.loops.runtime_context import RuntimeContext
from bursar.pipeline.account_identity import bind_accounts, open_books
from bursar.pipeline.config_snapshot import snapshot_of
from bursar.pipeline.unit_of_work import UnitOfWork
from bursar.settings.identity import account_digest
from bursar.settings.model import Configuration

BEHIND = timedelta(seconds=60)


async def open_context(configuration: Configuration, journal: Journal, clock: Clock) -> RuntimeContext:
    """Open the context for one run of the daemon.

    Raises:
        JournalError: the journal cannot be written; nothing happened.
    """
    key = await journal.read(meta.digest_key)
    started_at = clock.now()
    context = RuntimeContext(
        journal,
        snapshot_of(configuration, key, await journal.read(meta.send_count)),
        clock,
        Liveness(clock),
        started_at,
    )
    last_at = await journal.read(meta.last_commit)
    clean = await journal.read(lambda tx: meta.get(tx, "clean") is not None or meta.is_new(tx))
    sidecar = journal.send_counter.read()
    restored = await journal.read(lambda tx: meta.restored(tx, sidecar))

    def take_over(uow: UnitOfWork) -> None:
        meta.put_instant(uow.tx, "started_at", uow.now)
        bind(uow, configuration)
        open_books(uow, clean=clean, restored=restored, sinks=set(configuration.sinks))
        if restored:
            meta.catch_up(uow.tx, sidecar)
            meta.put_instant(uow.tx, "restored_at", uow.now)

    await context.commit(take_over)
    journal.send_counter.raise_to(await journal.read(meta.send_count))
    if last_at is not None and started_at < last_at - BEHIND:
        context.unsteady_since = last_at
    return context


async def apply_configuration(context: RuntimeContext, configuration: Configuration) -> None:
    """Take a new configuration on, between two crews.

    Raises:
        JournalError: it cannot be written down; the old one stays.
    """
    key, mark = await context.journal.read(meta.digest_key), await context.journal.read(meta.send_count)
    before, context.config = context.config, snapshot_of(configuration, key, mark)

    def take_on(uow: UnitOfWork) -> None:
        bind(uow, configuration)
        open_books(uow, clean=True, restored=False, sinks=set(configuration.sinks))

    try:
        await context.commit(take_on)
    except BaseException:
        context.config = before
        raise


async def close_context(context: RuntimeContext) -> None:
    """Note that the run ended cleanly."""
    await context.commit(lambda uow: meta.put(uow.tx, "clean", "1"))


def bind(uow: UnitOfWork, configuration: Configuration) -> None:
    """Compare what account names mean with what the journal knows them as."""
    key = meta.digest_key(uow.tx)
    bind_accounts(uow, {n: (a.provider.name, account_digest(a, key)) for n, a in configuration.accounts.items()})
