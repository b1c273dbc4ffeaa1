"""From an observation to the journal: snapshots, events, matches, intents and deliveries of one poll, in one commit.

The way is load → decide → apply: what is known is loaded once, `decide` (pure) compares it with what was seen, and what
comes of it is written once. A poll that says nothing new, and is not waited for, writes the stream's one row.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

from bursar.domain.detect import Change, detect, vanish
from bursar.domain.ids import IntentId, SubjectRef
from bursar.domain.observation import Observation, Observed, Snapshot
from bursar.domain.plausibility import implausible
from bursar.domain.subject import Coverage, SubjectType
from bursar.journal import accounts, events, held, intents, streams, subjects
from bursar.journal.streams import StreamRow
from bursar.pipeline.config_snapshot import AccountSpec
from bursar.pipeline.dispatch import review_questions
from bursar.pipeline.effects.balance_taken import note_balance
from bursar.pipeline.effects.later_states import read_change
from bursar.pipeline.effects.left_out import note_left_out
from bursar.pipeline.effects.unseen_changes import note_unseen
from bursar.pipeline.effects.yet_to_show import yet_to_show
from bursar.pipeline.events import emit, emit_core
from bursar.pipeline.poll_failures import recover
from bursar.pipeline.rearming import ask_at_the_next
from bursar.pipeline.recognition import recognize
from bursar.pipeline.rule_evaluation import ask_state_rules, retry_held_back
from bursar.pipeline.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class Poll:
    """How an observation came about.

    Attributes:
        asked_at: The instant before its request left: an answer is as old as its question.
        waited_for: Subjects that somebody waits for (holds that fell due, held-back matches, ready intents).
        first: The first poll of these subjects in this run: state rules are asked of what did not change, too.
        recovering: The stream's last poll failed, or the account was parked, or something of the stream is held.
        accepted: A person accepted it: its plausibility is not asked, and nothing that comes of it is sent without a
            fresh look.
        goes_on: It is a later page of a list, or may be.
    """

    asked_at: datetime
    waited_for: Collection[SubjectRef] = ()
    first: bool = False
    recovering: bool = False
    accepted: bool = False
    goes_on: bool = False


@dataclass(frozen=True, slots=True)
class Ingested:
    """What a poll's commit did.

    Attributes:
        changed: The new snapshots of what changed, by id (for the watch's intervals).
        absent: Subjects were absent from a complete listing for the first time: the next one must be looked at, too.
        waits: An effect has yet to show in the stream: its next answer is read in full, even if it is the same.
        held: Nothing of it is believed: it was implausible and is kept aside, or the account is in quarantine.
        doubted: Some observation of the stream is held, this one or another.
    """

    changed: Mapping[str, Snapshot]
    held: bool = False
    doubted: bool = False
    absent: bool = False
    waits: bool = False


NOTHING = Ingested({})


def ingest(uow: UnitOfWork, account: AccountSpec, observation: Observation, poll: Poll) -> Ingested:
    """Write what one good poll saw, and all that follows from it; the events are put to the rules as the commit ends
    (`rule_evaluation.process_events`).

    Nothing of it is believed where the account's name means another one by now (a reload came between), or may: in
    quarantine it is only held against what is known.
    """
    # A poll that was asked for before a reload shows the orders of the
    # old url: taken in, they would end the quarantine of the new one.
    if not uow.config.means(account):
        return NOTHING
    # Another site's balance of 0 would say that our payout was taken,
    # and the next one would leave as soon as the url is put back.
    if accounts.in_quarantine(uow.tx, account.name):
        if poll.recovering:
            accounts.unpark(uow.tx, account.name)
        recognize(uow, account, observation)
        return Ingested({}, held=True)
    wanted = poll.first or poll.recovering or bool(poll.waited_for) or observation.says_something
    # Before the tick: what is implausible depends on how long ago the last good poll was.
    loaded = _load(uow, account, observation) if wanted else None
    if loaded is None:
        waits = note_balance(uow, account, observation, poll.asked_at)
        streams.tick(uow.tx, account.name, observation.stream, uow.now)
        return Ingested({}, waits=waits)
    if not poll.accepted:
        streams.tick(uow.tx, account.name, observation.stream, uow.now)
    if poll.recovering or loaded.row.failures or loaded.row.told_at is not None:
        recover(uow, account.name, loaded.row)
    steps = decide(loaded, account, observation, poll, uow.now, uow.ahead, uow.config.baseline_events)
    doubt = None if poll.accepted else _doubt(uow, account, observation, loaded, steps, poll)
    if doubt is not None:
        asked = held.Asked(account.digest, poll.asked_at, _shown(uow, account, steps, poll))
        # Before anything of it is written: a slip of the provider
        # must not enter a state, raise an event or confirm an effect.
        return _hold(uow, account, observation, loaded, doubt, asked)
    ingested = _apply(uow, account, observation, loaded, steps, poll)
    if poll.accepted:  # it is old, and was doubted: the next ones show whether it was a slip
        return ingested
    return replace(ingested, waits=note_balance(uow, account, observation, poll.asked_at, loaded.row))


@dataclass(frozen=True, slots=True)
class Loaded:
    """What is known before an observation is compared with it.

    Attributes:
        row: How the stream is doing.
        kinds: The types of its subjects.
        known: The snapshots that the comparison needs, by subject.
        rearmed: Event types that are asked as if this were the first sight.
        listing: The observation lists everything there is.
    """

    row: StreamRow
    kinds: Mapping[str, SubjectType]
    known: Mapping[SubjectRef, Snapshot]
    rearmed: frozenset[str]
    listing: bool


def _load(uow: UnitOfWork, account: AccountSpec, observation: Observation) -> Loaded:
    kinds = account.kinds_of(observation.stream)
    rearmed = events.rearmed(uow.tx, account.name, kinds, uow.now)
    coverage = account.streams[observation.stream].coverage
    # Absence means something only in a complete list: of a page that was cut short nothing may vanish.
    listing = coverage is Coverage.LISTING and observation.complete and not observation.nothing_new
    known: dict[SubjectRef, Snapshot] = {}
    for kind in kinds.values():
        ids = [one.ref.id for one in observation.subjects if one.ref.type == kind.name]
        whole = listing or (rearmed and observation.nothing_new)
        found = (
            subjects.load_all(uow.tx, account.name, kind) if whole else subjects.load(uow.tx, account.name, kind, ids)
        )
        known.update({one.ref: one for one in found.values()})
    row = streams.load(uow.tx, account.name, observation.stream)
    return Loaded(row, kinds, known, rearmed, listing)


@dataclass(frozen=True, slots=True)
class Step:
    """What becomes of one subject: what was known, what is known now, whether it was seen, and whether that is news."""

    before: Snapshot | None
    change: Change
    seen: bool
    news: bool = False


def decide(
    loaded: Loaded,
    account: AccountSpec,
    observation: Observation,
    poll: Poll,
    now: datetime,
    ahead: timedelta,
    baseline_events: bool,
) -> tuple[Step, ...]:
    """Compare every subject that was seen with its snapshot; of a complete listing, those that were not, too. Pure."""
    coverage = account.streams[observation.stream].coverage
    baselined = loaded.row.baselined_at is not None or baseline_events or coverage is Coverage.TRACKED

    def compare(one: Observed) -> Step:
        kind, before = loaded.kinds[one.ref.type], loaded.known.get(one.ref)
        news = kind.first_sight_is_news or baselined
        change = detect(
            kind,
            account.name,
            before,
            one,
            now,
            news=news,
            rearmed=loaded.rearmed,
            asked_at=poll.asked_at,
            ahead=ahead,
            problem=_problem_of(one, before, observation),
        )
        return Step(before, change, seen=True, news=news or kind.first_sight_is_entry)

    seen = {one.ref: one for one in observation.subjects}
    # Eight requests may be under way: the late answer of an earlier one
    # would have an order enter its state again, and be canceled twice.
    steps = [compare(one) for one in seen.values() if not _known_newer(loaded, one.ref, poll)]
    if loaded.rearmed and observation.nothing_new:
        # After a payout has ended a balance that did not change is
        # asked again all the same: it may still be above its minimum.
        steps += [compare(_as_it_was(one, ahead)) for one in loaded.known.values()]
    if loaded.listing:
        steps += [
            Step(one, vanish(loaded.kinds[one.ref.type], one, now), seen=False)
            for ref, one in loaded.known.items()
            if ref not in seen
            and ref.id not in observation.unchanged
            and one.vanished_at is None
            and one.first_seen_at is not None
        ]
    return tuple(steps)


def _problem_of(one: Observed, before: Snapshot | None, observation: Observation) -> str | None:
    """Return what of a subject could not be read; a poll that says nothing new leaves what was said before."""
    if observation.nothing_new:
        return None if before is None else before.problem
    return observation.problems.get(one.ref.id)


def _known_newer(loaded: Loaded, ref: SubjectRef, poll: Poll) -> bool:
    """Return whether what is known of a subject was asked for after this poll: then this changes nothing of it."""
    before = loaded.known.get(ref)
    return before is not None and before.observed_at is not None and before.observed_at > poll.asked_at


def _as_it_was(one: Snapshot, ahead: timedelta) -> Observed:
    """Return what an unchanged answer shows of a subject."""
    return Observed(one.ref, one.fields, one.state, one.created_at + ahead)


def _doubt(
    uow: UnitOfWork, account: AccountSpec, observation: Observation, loaded: Loaded, steps: tuple[Step, ...], poll: Poll
) -> str | None:
    """Return why a poll is not believed, if so; what was done here, and shows in it, is no reason."""
    known = [step for step in steps if step.before is not None and step.before.first_seen_at is not None]
    moved = [
        (step.before, step.change) for step in known if step.seen and step.change.fresh and step.before is not None
    ]
    vanishing = sum(1 for step in known if not step.seen and step.before is not None and step.before.missed == 0)
    looked_at = sum(1 for step in known if step.seen) + len(observation.unchanged)
    since = uow.now - loaded.row.ok_at if loaded.row.ok_at is not None else None
    ask = partial(implausible, dict(loaded.kinds), moved, looked_at, vanishing, len(known), since)
    # Asked twice, since nearly every poll is plausible at once, and loading what we have done ourselves costs more.
    if ask() is None:
        return None
    own = yet_to_show(uow, account)
    return ask({one.ref for one, sight in moved if own.shown_by(one, sight.snapshot, poll.asked_at)})


def _apply(
    uow: UnitOfWork,
    account: AccountSpec,
    observation: Observation,
    loaded: Loaded,
    steps: tuple[Step, ...],
    poll: Poll,
) -> Ingested:
    """Write snapshots and events, and ask the rules that watch the subjects."""
    # First: what is decided below must not wait for an observation that this poll has shown to be a slip.
    doubted = _unhold(uow, account, observation)
    subjects.save(uow.tx, [step.change.snapshot for step in steps if step.change.fresh])
    for id_, problem in observation.problems.items():
        for kind in loaded.kinds.values():
            subjects.set_problem(uow.tx, account.name, kind, id_, problem)
    baselined = uow.now if loaded.row.baselined_at is None and not observation.more else None
    streams.settle(uow.tx, account.name, observation.stream, observation.cursor, baselined)
    note_left_out(uow, account, observation, poll.asked_at, goes_on=poll.goes_on)
    note_unseen(uow, account.name, ((one.before, one.change.snapshot, one.change.fresh) for one in steps if one.seen))
    for step in steps:
        # Before its events: rules that they wake must find a ledger that knows what was paid.
        read_change(uow, account, step.before, step.change)
        for event in step.change.events:
            emit(uow, event, step.change.snapshot)
    seen = {step.change.snapshot.ref.type for step in steps if step.seen}
    ask_at_the_next(uow, account, (kind for name, kind in loaded.kinds.items() if name not in seen), loaded.rearmed)
    _ask(uow, account, observation, steps, poll)
    changed = {step.change.snapshot.ref.id: step.change.snapshot for step in steps if step.change.fresh}
    if changed:
        review_questions(uow, account.name, {one.ref for one in changed.values()})
    # Not remembered by its digest then: the second absence must be looked at, though the answer is the same.
    absent = any(not step.seen and step.change.snapshot.missed == 1 for step in steps)
    return Ingested(changed, doubted=doubted, absent=absent)


def _ask(uow: UnitOfWork, account: AccountSpec, observation: Observation, steps: tuple[Step, ...], poll: Poll) -> None:
    """Ask the state rules about what changed or is waited for; and once more the rules that were held back."""
    seen = {step.change.snapshot.ref for step in steps if step.seen}
    for step in steps:
        if step.seen and (step.change.fresh or poll.first or step.change.snapshot.ref in poll.waited_for):
            ask_state_rules(uow, step.before, step.change.snapshot, poll.asked_at, news=step.news)
    if not poll.waited_for and not poll.first:
        return
    unchanged = _unchanged_refs(account, observation)
    listing = account.streams[observation.stream].coverage is Coverage.LISTING and observation.complete
    for ref in {*poll.waited_for, *(unchanged if poll.first else ())}:
        kind = account.kinds.get(ref.type)
        if kind is None or kind.stream != observation.stream:
            continue
        snapshot = subjects.load_one(uow.tx, account.name, kind, ref.id)
        if snapshot is None or snapshot.first_seen_at is None:
            continue
        absent = listing and snapshot.vanished_at is not None  # the list shows that it is still gone
        # Only what this answer speaks of: an order that it left out is as old as before, and nothing is sent on it.
        if absent or ref in seen or ref in unchanged or observation.nothing_new:
            _answer_waiting(uow, account, replace(snapshot, observed_at=poll.asked_at), poll, known=ref in seen)


def _answer_waiting(uow: UnitOfWork, account: AccountSpec, snapshot: Snapshot, poll: Poll, *, known: bool) -> None:
    if not known and snapshot.vanished_at is None:
        ask_state_rules(uow, snapshot, snapshot, poll.asked_at, news=False)
    # As old as the question: an answer that took a minute makes no fact younger than that.
    intents.facts_seen(uow.tx, account.name, snapshot.ref, poll.asked_at)
    retry_held_back(uow, account.name, snapshot.ref, snapshot)


def _unchanged_refs(account: AccountSpec, observation: Observation) -> set[SubjectRef]:
    kinds = list(account.kinds_of(observation.stream))
    return {SubjectRef(kinds[0], id_) for id_ in observation.unchanged} if len(kinds) == 1 else set()


def _shown(uow: UnitOfWork, account: AccountSpec, steps: tuple[Step, ...], poll: Poll) -> tuple[IntentId, ...]:
    """Return the intents whose effect a poll shows that is not believed: they are not made again meanwhile."""
    own = yet_to_show(uow, account)
    seen = [(step.before, step.change.snapshot) for step in steps if step.seen]
    return tuple(sorted({id_ for before, after in seen for id_ in own.shown_by(before, after, poll.asked_at)}))


def _hold(
    uow: UnitOfWork, account: AccountSpec, observation: Observation, loaded: Loaded, reason: str, asked: held.Asked
) -> Ingested:
    """Keep a poll aside; one that looks again at what is held already takes its place, and is not told again."""
    ask_at_the_next(uow, account, loaded.kinds.values(), loaded.rearmed)
    whole = account.streams[observation.stream].coverage is not Coverage.TRACKED
    rows = [row for row in held.held(uow.tx, account.name) if row.stream == observation.stream]
    same = next((row for row in rows if held.covers(row, observation, listing=whole)), None)
    key = held.key(observation) if same is None else same.digest
    newly = held.hold(uow.tx, account.name, observation, key, reason, asked, uow.now)
    if newly is not None:
        data = {"stream": observation.stream, "reason": reason, "held": str(newly)}
        emit_core(uow, "observation.held", account.name, data)
    return Ingested({}, held=True, doubted=True)


def _unhold(uow: UnitOfWork, account: AccountSpec, observation: Observation) -> bool:
    """A plausible poll of a stream of which something was held: the held one was a slip, and is dropped.

    Returns:
        Whether something of the stream is still held.
    """
    rows = [row for row in held.held(uow.tx, account.name) if row.stream == observation.stream]
    listing = account.streams[observation.stream].coverage is Coverage.LISTING and observation.complete
    if not rows or not (observation.subjects or observation.unchanged or observation.nothing_new):
        return bool(rows)
    slips = [row for row in rows if held.covers(row, observation, listing=listing)]
    for row in slips:
        held.end(uow.tx, row.id, "dropped", uow.now)
        why = "the next poll was plausible again"
        data = {"stream": row.stream, "reason": why, "held": str(row.id)}
        emit_core(uow, "observation.dropped", account.name, data)
    return len(slips) < len(rows)
