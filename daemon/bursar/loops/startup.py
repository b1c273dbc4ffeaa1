"""The start of a run: from a configuration and a journal to what the loops share, with what the last run left taken
over in one commit; and the change to another configuration."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog

from bursar.api.clock import Clock
from bursar.domain.ids import MICROSECOND, AccountName
from bursar.domain.timeline import AGREES, STEADY_AFTER, Anchor, Measured, Offsets, Resumed, confirms, resume
from bursar.domain.verdict import BlockReason
from bursar.journal import clock as timekeeping
from bursar.journal import matches, meta, verdicts
from bursar.journal.files.send_counter import SendCount
from bursar.journal.writer import Journal, Tx
from bursar.loops.liveness import Liveness
from bursar.loops.machine import Machine, this_machine
from bursar.loops.runtime_context import RuntimeContext
from bursar.pipeline.account_identity import bind_accounts, would_mean_others
from bursar.pipeline.config_snapshot import snapshot_of
from bursar.pipeline.events import NOBODY, emit_core
from bursar.pipeline.reload.ending import Ending, ending
from bursar.pipeline.reload.renames import refuse_renamed
from bursar.pipeline.reload.start import start_run
from bursar.pipeline.reload.takeover import take_over
from bursar.pipeline.unit_of_work import ReadView, UnitOfWork
from bursar.settings.identity import account_digest
from bursar.settings.model import Configuration

log = structlog.get_logger("bursar")
MEASURED = (BlockReason.COOLDOWN, BlockReason.LIMIT, BlockReason.BUDGET, BlockReason.REFUSED)
"""What is held back for a time that is measured."""
JUMPED_AT = "jumped_at"
"""The journal keeps when the wall clock jumped last."""
CHANGED = "the configuration changed before it left"
"""Why a reload keeps back what was claimed before it, and has not left."""
SETTLES_AFTER = timedelta(days=1)
"""So long after a jump of the wall clock nothing is deleted by its age."""


@dataclass(frozen=True, slots=True)
class _Found:
    """What the journal says before a run begins."""

    digest_key: bytes
    count: SendCount
    anchor: Anchor | None
    last_at: datetime | None
    offsets: Offsets
    measured: Measured
    jumped_at: datetime | None
    clean: bool
    new: bool


def _read(tx: Tx) -> _Found:
    return _Found(
        meta.digest_key(tx),
        meta.send_count(tx),
        timekeeping.anchor(tx),
        meta.last_commit(tx),
        timekeeping.offsets(tx),
        timekeeping.measured(tx),
        meta.instant_of(tx, JUMPED_AT),
        meta.get(tx, "clean") is not None or meta.is_new(tx),
        meta.is_new(tx),
    )


async def open_context(
    configuration: Configuration, journal: Journal, clock: Clock, machine: Machine | None = None
) -> RuntimeContext:
    """Open one run of the daemon.

    Raises:
        JournalError: the journal cannot be written; nothing happened.
    """
    found = await journal.read(_read)
    context, resumed = begin(configuration, journal, clock, machine or this_machine(), found)
    counter = journal.send_counter.read()
    # Read before anything is written: once the counts have caught up, nothing tells a restored journal any more.
    restored = await journal.read(lambda tx: meta.restored(tx, counter))
    known_since = f"{found.offsets.wall(found.last_at):%Y-%m-%d %H:%M}Z" if found.last_at is not None else "never"

    def start(uow: UnitOfWork) -> None:
        if restored:  # first: whatever is written gets an id
            meta.catch_up(uow.tx, counter)
        meta.put_instant(uow.tx, "started_at", uow.now)
        # Before whatever counts time: settle, cooldowns and lapses of
        # this start go by the timeline as it is taken up here.
        note_time(uow, context, resumed)
        bind(uow, configuration)
        # first: what a changed rule ends may have been sent after the back-up, and must not lapse unasked
        start_run(uow, clean=found.clean, restored=restored, known_since=known_since)
        take_over(uow, set(configuration.sinks))

    await context.commit(start)
    if found.new:  # of an account that acted before, on a volume that is not mounted now, it would know nothing
        log.warning("journal.new", path=str(journal.path), reason="there was none: nothing done before is known")
    # After the commit, as with each sending: a crash in between leaves the journal ahead, which is no alarm.
    journal.send_counter.raise_to(await journal.read(meta.send_count))
    return context


def begin(
    configuration: Configuration, journal: Journal, clock: Clock, machine: Machine, found: _Found
) -> tuple[RuntimeContext, Resumed]:
    """Make the context of a run, and take the timeline up."""
    boot, wall = timedelta(seconds=clock.monotonic()), clock.now()
    resumed = resume(found.anchor, found.last_at, found.offsets.newest, machine.boot_id, boot, wall)
    now = resumed.timeline.now(boot)
    ahead = wall - now
    context = RuntimeContext(
        journal,
        snapshot_of(configuration, found.digest_key, found.count),
        clock,
        machine,
        Liveness(clock),
        resumed.timeline,
        found.offsets.newest if resumed.jump is None and resumed.gap is None and found.offsets.ahead else ahead,
        started_at=now,
        started_wall=wall,
        fresh_from=now,
        unsteady_since=_unsteady_since(found, resumed, now),
    )
    return context, resumed


def _unsteady_since(found: _Found, resumed: Resumed, now: datetime) -> datetime | None:
    """Return since when the wall clock is not steady: a jump in the last run, or the one that is found now, counts on.

    Time that was not measured is no part of the minute: it ends that much later.
    """
    if resumed.jump is not None:
        return now
    if found.jumped_at is None:
        return None
    gaps = found.measured.gaps if resumed.gap is None else (*found.measured.gaps, resumed.gap)
    steady_for = Measured(gaps).between(found.jumped_at, now)
    return now - steady_for if steady_for < STEADY_AFTER else None


async def open_alone(
    configuration: Configuration, journal: Journal, clock: Clock, machine: Machine | None = None
) -> RuntimeContext:
    """Open the journal for one command, where no daemon runs: nothing is taken over, but accounts are compared."""
    found = await journal.read(_read)
    context, resumed = begin(configuration, journal, clock, machine or this_machine(), found)

    def start(uow: UnitOfWork) -> None:
        note_time(uow, context, resumed)
        bind(uow, configuration)

    await context.commit(start)
    return context


def note_time(uow: UnitOfWork, context: RuntimeContext, resumed: Resumed) -> None:
    """Write down how the timeline was taken up; tell of a wall clock that was set between two runs."""
    timekeeping.put_offset(uow.tx, uow.now, context.ahead // MICROSECOND)
    if resumed.gap is not None:
        before = timekeeping.anchor(uow.tx)  # a journal of the first version has none, and followed the wall clock
        timekeeping.put_gap(uow.tx, resumed.gap, vouched=before is None or before.vouched)
    anchor(uow, context)
    if resumed.jump is not None:
        note_jump(
            uow, context, f"the wall clock was set by {resumed.jump.total_seconds():+.0f} s while bursar did not run"
        )


def anchor(uow: UnitOfWork, context: RuntimeContext) -> None:
    """Write down where the timeline stands."""
    boot, vouched = context.boot(), context.vouched and context.clock_steady()
    stood = Anchor(context.machine.boot_id, boot, context.timeline.now(boot), context.clock.now(), vouched)
    timekeeping.put_anchor(uow.tx, stood)


async def vouch(context: RuntimeContext, witness: datetime) -> None:
    """A witness says what time it is: if the wall clock agrees it is believed, and what was not measured may count.

    Args:
        context: What the loops share.
        witness: The true time now, by the kernel or a provider.
    """
    # A provider whose own clock is off must not end a cooldown.
    if abs(witness - context.clock.now()) > AGREES:
        return
    context.vouched = True
    # Right now is not enough: the gap was measured by what the wall clock said at the start.
    if not confirms(context.started_wall, context.now() - context.started_at, witness):
        return

    def close(uow: UnitOfWork) -> None:
        for gap in timekeeping.vouched_gaps(uow.tx):
            if gap.at + gap.length >= context.started_at:  # the one before this run; of older ones it is not known
                timekeeping.close_gap(uow.tx, gap)
        for block in MEASURED:
            matches.release(uow.tx, block, uow.now)  # what waits for a time is over sooner than it was said

    await context.commit(close)


def note_jump(uow: UnitOfWork, context: RuntimeContext, reason: str) -> None:
    """Emit `clock.jumped`, and note since when the clock is not steady; for a day nothing is deleted by its age.

    The offset alone would not show it: the next run finds the wall clock where it was left.
    """
    timekeeping.put_offset(uow.tx, uow.now, context.ahead // MICROSECOND)
    # On disk, not in memory: killed within the minute, the next run would take the false hour for steady, and pay.
    meta.put_instant(uow.tx, JUMPED_AT, uow.now)
    verdicts.ask_by_calendar(uow.tx, uow.now)
    emit_core(uow, "clock.jumped", NOBODY, {"reason": reason})


async def apply_configuration(context: RuntimeContext, configuration: Configuration) -> None:
    """Take a new configuration on, between two supervisors.

    Raises:
        Renamed: it would have a rule forget what it did; the old configuration stays.
        JournalError: it cannot be written down; the old configuration stays.
    """
    key, count = await context.journal.read(meta.digest_key), await context.journal.read(meta.send_count)
    before, after = context.config, snapshot_of(configuration, key, count)

    def take_on(uow: UnitOfWork) -> None:
        uow.config = after
        # Before anything is bound or ended: a reload that is refused leaves all as it was.
        refuse_renamed(uow.tx, uow.config.rules.rules)
        bind(uow, configuration)
        take_over(uow, set(configuration.sinks))
        context.config = after  # what is decided next, in the writer's order, is decided by it

    try:
        await context.commit(take_on)
    except BaseException:
        # A commit that fails leaves the old rules in force, in memory as on disk.
        context.config = before
        raise
    # What is still connecting was judged by the old configuration: the old wallet, say.
    context.call_off(None, CHANGED)


async def preview(context: RuntimeContext, configuration: Configuration) -> Ending:
    """Return what a configuration would end, before anything is changed over.

    Raises:
        Renamed: it would have a rule forget what it did.
    """
    key, count = await context.journal.read(meta.digest_key), await context.journal.read(meta.send_count)
    config = snapshot_of(configuration, key, count)

    def look(tx: Tx) -> Ending:
        view = ReadView(tx, config, context.now())
        refuse_renamed(view.tx, view.config.rules.rules)
        return replace(ending(view), accounts=would_mean_others(tx, _digests(configuration, key)))

    return await context.journal.read(look)


async def close_context(context: RuntimeContext) -> None:
    """Note that the run ended cleanly."""

    def end(uow: UnitOfWork) -> None:
        meta.put(uow.tx, "clean", "1")
        anchor(uow, context)

    await context.commit(end)


def bind(uow: UnitOfWork, configuration: Configuration) -> None:
    """Compare what account names mean with what the journal knows them as."""
    bind_accounts(uow, _digests(configuration, meta.digest_key(uow.tx)))


def _digests(configuration: Configuration, key: bytes) -> dict[AccountName, tuple[str, str]]:
    """Return what each name means: its provider, and the digest of its provider, address and key."""
    return {name: (one.provider.name, account_digest(one, key)) for name, one in configuration.accounts.items()}
