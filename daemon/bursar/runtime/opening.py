"""Opening the office: from a configuration and a journal to what the loops share, with what the last run left taken
over in one commit."""

from __future__ import annotations

from datetime import timedelta

from bursar.api.clock import Clock
from bursar.journal import ledger
from bursar.journal.writer import Journal
from bursar.runtime.binding import bind_accounts, open_books
from bursar.runtime.office import Office
from bursar.runtime.pulse import Pulse
from bursar.runtime.telling import Commit
from bursar.runtime.terms import terms_of
from bursar.settings.identity import account_digest
from bursar.settings.model import Configuration

BEHIND = timedelta(seconds=60)


async def open_office(configuration: Configuration, journal: Journal, clock: Clock) -> Office:
    """Open the office for one run of the daemon.

    Raises:
        JournalError: the journal cannot be written; nothing happened.
    """
    key = await journal.read(ledger.digest_key)
    started_at = clock.now()
    office = Office(
        journal, terms_of(configuration, key, await journal.read(ledger.mark)), clock, Pulse(clock), started_at
    )
    last_at = await journal.read(ledger.last_commit)
    clean = await journal.read(lambda tx: ledger.get(tx, "clean") is not None or ledger.is_new(tx))
    sidecar = journal.sidecar.read()
    restored = await journal.read(lambda tx: ledger.restored(tx, sidecar))

    def take_over(c: Commit) -> None:
        ledger.put_instant(c.tx, "started_at", c.now)
        bind(c, configuration)
        open_books(c, clean=clean, restored=restored, sinks=set(configuration.sinks))
        if restored:
            ledger.catch_up(c.tx, sidecar)
            ledger.put_instant(c.tx, "restored_at", c.now)

    await office.commit(take_over)
    journal.sidecar.raise_to(await journal.read(ledger.mark))
    if last_at is not None and started_at < last_at - BEHIND:
        office.unsteady_since = last_at
    return office


async def rearrange(office: Office, configuration: Configuration) -> None:
    """Take a new configuration on, between two crews.

    Raises:
        JournalError: it cannot be written down; the old one stays.
    """
    key, mark = await office.journal.read(ledger.digest_key), await office.journal.read(ledger.mark)
    before, office.terms = office.terms, terms_of(configuration, key, mark)

    def take_on(c: Commit) -> None:
        bind(c, configuration)
        open_books(c, clean=True, restored=False, sinks=set(configuration.sinks))

    try:
        await office.commit(take_on)
    except BaseException:
        office.terms = before
        raise


async def close_office(office: Office) -> None:
    """Note that the run ended cleanly."""
    await office.commit(lambda c: ledger.put(c.tx, "clean", "1"))


def bind(c: Commit, configuration: Configuration) -> None:
    """Compare what account names mean with what the journal knows them as."""
    key = ledger.digest_key(c.tx)
    bind_accounts(c, {n: (a.provider.name, account_digest(a, key)) for n, a in configuration.accounts.items()})
