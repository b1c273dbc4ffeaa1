"""From an observation to the journal: snapshots, events, matches, intents and deliveries of one poll, in one commit.

What comes in is what the adapter saw; what is decided is decided by `domain`. A poll that says nothing new, and that
nobody waits for, writes the stream's one row.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from bursar.domain.detect import Change, detect, vanish
from bursar.domain.ids import AccountName, SubjectRef
from bursar.domain.observation import Observation, Observed, Snapshot
from bursar.domain.plausibility import implausible
from bursar.domain.subject import Coverage, SubjectType
from bursar.journal import accounts, events, held, intents, streams, subjects
from bursar.journal.streams import StreamRow
from bursar.pipeline.config_snapshot import AccountSpec
from bursar.pipeline.recognition import thaw
from bursar.pipeline.rule_evaluation import ask_state_rules, retry_deferred
from bursar.pipeline.unit_of_work import UnitOfWork, emit, emit_core

UNREACHABLE_AFTER = 3


@dataclass(frozen=True, slots=True)
class Recorded:
    """What a poll's commit did.

    Attributes:
        changed: The new snapshots of what changed, by id (for the watch's cadence).
        absent: Subjects were absent from a complete listing for the first time: the next one must be looked at, too.
        held: The observation was implausible and is kept aside: nothing of it is believed.
        doubted: Some observation of the stream is held, this one or another.
    """

    changed: Mapping[str, Snapshot]
    held: bool = False
    doubted: bool = False
    absent: bool = False


def record(
    uow: UnitOfWork,
    account: AccountSpec,
    observation: Observation,
    asked: Collection[SubjectRef] = (),
    *,
    first: bool = False,
    recovering: bool = False,
    believed: datetime | None = None,
) -> Recorded:
    """Write what one good poll saw, and all that follows from it.

    Args:
        c: The commit.
        account: Whose poll it was.
        observation: What it saw.
        asked: Subjects that somebody waits for (holds that fell due, held-back matches, ready intents).
        first: The first poll of these subjects in this run: state rules are asked of what did not change, too.
        recovering: The stream's last poll failed, or the account was parked, or something of the stream is held.
        believed: When it was seen, if a person accepted it now: its plausibility is not asked, and nothing that comes
            of it is sent without a fresh look.
    """
    wanted = first or recovering or bool(asked) or _says_something(observation)
    row = streams.load(uow.tx, account.name, observation.stream) if wanted else None
    if believed is None:
        streams.tick(uow.tx, account.name, observation.stream, uow.now)
    if row is None:
        return Recorded({})
    if recovering or row.failures or row.told_at is not None:
        _recover(uow, account.name, row)
    kinds = account.kinds_of(observation.stream)
    rearmed = events.rearmed(uow.tx, account.name, kinds)
    steps = _see(uow, account, kinds, observation, row, rearmed)
    if believed is not None:
        steps = [step.as_of(believed) for step in steps]
    elif (reason := _doubt(uow, kinds, observation, steps, row)) is not None:
        _rearm_again(uow, account.name, kinds, rearmed)
        return _hold(uow, account, observation, reason)
    doubted = _unhold(uow, account, observation)
    _write(uow, account, observation, steps, row)
    pairs = [(step.before, step.sight) for step in steps if step.seen and step.before is not None]
    thaw(uow, account, observation, pairs)
    _follow(uow, account, observation, steps, asked, first)
    changed = {step.sight.snapshot.ref.id: step.sight.snapshot for step in steps if step.sight.fresh}
    absent = any(not step.seen and step.sight.snapshot.missed == 1 for step in steps)
    return Recorded(changed, doubted=doubted, absent=absent)


def record_failure(uow: UnitOfWork, account: AccountName, stream: str, kind: str, reason: str) -> int:
    """Write that a poll failed; it teaches nothing else. Tell after the third in a row, once."""
    failures = streams.fail(uow.tx, account, stream, kind, reason, uow.now)
    row = streams.load(uow.tx, account, stream)
    if failures >= UNREACHABLE_AFTER and row.told_at is None:
        others = _others_told(uow, account, stream)
        streams.told(uow.tx, account, stream, uow.now)
        if not others:
            emit_core(uow, "account.unreachable", account, {"stream": stream, "reason": reason, "kind": kind})
    return failures


def record_rejection(uow: UnitOfWork, account: AccountName, stream: str, reason: str) -> None:
    """Write that the provider rejects the caller: the account is parked. Told once."""
    row = accounts.load(uow.tx, account)
    streams.fail(uow.tx, account, stream, "rejected", reason, uow.now)
    accounts.park(uow.tx, account, reason, uow.now)
    if row is None or row.parked_at is None:
        streams.told(uow.tx, account, stream, uow.now)
        emit_core(uow, "account.rejected", account, {"stream": stream, "reason": reason})


def _others_told(uow: UnitOfWork, account: AccountName, stream: str) -> bool:
    """Say whether people know of the failure of another stream that is still polled."""
    terms = uow.config.accounts.get(account)
    polled = terms.polled if terms is not None else frozenset()
    rows = streams.load_all(uow.tx, account)
    return any(row.told_at is not None and row.stream in polled for row in rows if row.stream != stream)


@dataclass(frozen=True, slots=True)
class _Step:
    before: Snapshot | None
    sight: Change
    seen: bool
    news: bool

    def as_of(self, at: datetime) -> _Step:
        """Give the step of an observation that was made earlier."""
        snapshot = replace(self.sight.snapshot, observed_at=at)
        return replace(self, sight=replace(self.sight, snapshot=snapshot))


def _says_something(observation: Observation) -> bool:
    if observation.subjects or observation.problems or observation.cursor is not None:
        return True
    return not observation.nothing_new and not observation.unchanged


def _recover(uow: UnitOfWork, account: AccountName, row: StreamRow) -> None:
    """A stream answers again: tell, if people were told that it did not and it was the last that failed."""
    accounts.unpark(uow.tx, account)
    if row.told_at is not None and not _others_told(uow, account, row.stream):
        emit_core(uow, "account.recovered", account, {"stream": row.stream})


def _see(
    uow: UnitOfWork,
    account: AccountSpec,
    kinds: dict[str, SubjectType],
    observation: Observation,
    row: StreamRow,
    rearmed: Collection[str],
) -> list[_Step]:
    """Compare every subject that was seen with its snapshot; and, of a complete listing, those that were not."""
    steps: list[_Step] = []
    coverage = account.streams[observation.stream].coverage
    for kind in kinds.values():
        seen = {one.ref.id: one for one in observation.subjects if one.ref.type == kind.name}
        listing = coverage is Coverage.LISTING and observation.complete and not observation.nothing_new
        known = (
            subjects.load_all(uow.tx, account.name, kind)
            if listing or (rearmed and observation.nothing_new)
            else subjects.load(uow.tx, account.name, kind, list(seen))
        )
        steps += [
            _compare(uow, account.name, kind, known.get(one.ref.id), one, row, coverage, rearmed)
            for one in seen.values()
        ]
        if rearmed and observation.nothing_new:
            steps += [_again(uow, account.name, kind, one, row, coverage, rearmed) for one in known.values()]
        if listing:
            shown = {*seen, *observation.unchanged}
            steps += [
                _Step(one, vanish(kind, one, uow.now), seen=False, news=False)
                for id_, one in known.items()
                if id_ not in shown and one.vanished_at is None and one.first_seen_at is not None
            ]
    return steps


def _compare(
    uow: UnitOfWork,
    account: AccountName,
    kind: SubjectType,
    before: Snapshot | None,
    one: Observed,
    row: StreamRow,
    coverage: Coverage,
    rearmed: Collection[str],
) -> _Step:
    news = (
        coverage is Coverage.TRACKED
        or kind.first_sight_is_news
        or uow.config.baseline_events
        or row.baselined_at is not None
    )
    return _Step(before, detect(kind, account, before, one, uow.now, news=news, rearmed=rearmed), seen=True, news=news)


def _again(
    uow: UnitOfWork,
    account: AccountName,
    kind: SubjectType,
    before: Snapshot,
    row: StreamRow,
    coverage: Coverage,
    rearmed: Collection[str],
) -> _Step:
    """An unchanged answer shows a subject as it was: look at it anew."""
    same = Observed(before.ref, before.fields, before.state, before.created_at)
    return _compare(uow, account, kind, before, same, row, coverage, rearmed)


def _doubt(
    uow: UnitOfWork,
    kinds: dict[str, SubjectType],
    observation: Observation,
    steps: list[_Step],
    row: StreamRow,
) -> str | None:
    known = [step for step in steps if step.before is not None and step.before.first_seen_at is not None]
    moved = [(step.before, step.sight) for step in known if step.seen and step.sight.fresh and step.before is not None]
    vanishing = sum(1 for step in known if not step.seen and step.before is not None and step.before.missed == 0)
    looked_at = sum(1 for step in known if step.seen) + len(observation.unchanged)
    since = uow.now - row.ok_at if row.ok_at is not None else None
    return implausible(kinds, moved, looked_at, vanishing, len(known), since)


def _hold(uow: UnitOfWork, account: AccountSpec, observation: Observation, reason: str) -> Recorded:
    """Keep a poll aside; one that looks again at what is held already takes its place, and is not told again."""
    whole = account.streams[observation.stream].coverage is not Coverage.TRACKED
    rows = [row for row in held.held(uow.tx, account.name) if row.stream == observation.stream]
    same = next((row for row in rows if held.covers(row, observation, listing=whole)), None)
    key = held.key(observation) if same is None else same.digest
    newly = held.hold(uow.tx, account.name, observation, key, reason, uow.now)
    if newly is not None:
        data = {"stream": observation.stream, "reason": reason, "held": str(newly)}
        emit_core(uow, "observation.held", account.name, {**data})
    return Recorded({}, held=True, doubted=True)


def _rearm_again(
    uow: UnitOfWork, account: AccountName, kinds: Mapping[str, SubjectType], rearmed: Collection[str]
) -> None:
    """What a poll that is not believed would have been asked anew is asked at the next."""
    for kind in kinds.values():
        for event in kind.events:
            if event.name in rearmed:
                events.rearm(uow.tx, account, event.name, kind.name, uow.now)


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
        emit_core(uow, "observation.dropped", account.name, {"stream": row.stream, "reason": why, "held": str(row.id)})
    return len(slips) < len(rows)


def _write(uow: UnitOfWork, account: AccountSpec, observation: Observation, steps: list[_Step], row: StreamRow) -> None:
    subjects.save(uow.tx, [step.sight.snapshot for step in steps if step.sight.fresh])
    kinds = account.kinds_of(observation.stream)
    for id_, problem in observation.problems.items():
        for kind in kinds.values():
            subjects.set_problem(uow.tx, account.name, kind, id_, problem)
    baselined = uow.now if row.baselined_at is None and not observation.more else None
    streams.settle(uow.tx, account.name, observation.stream, observation.cursor, baselined)
    for step in steps:
        for event in step.sight.events:
            emit(uow, event, step.sight.snapshot)


def _follow(
    uow: UnitOfWork,
    account: AccountSpec,
    observation: Observation,
    steps: list[_Step],
    asked: Collection[SubjectRef],
    first: bool,
) -> None:
    """Ask the state rules about what changed or is waited for; and once more the rules that were held back."""
    seen = {step.sight.snapshot.ref for step in steps if step.seen}
    for step in steps:
        if step.seen and (step.sight.fresh or first or step.sight.snapshot.ref in asked):
            ask_state_rules(uow, step.sight.snapshot, news=step.news)
    if not asked and not first:
        return
    unchanged = _unchanged_refs(account, observation)
    for ref in {*asked, *(unchanged if first else ())}:
        kind = account.kinds.get(ref.type)
        if kind is None or kind.stream != observation.stream:
            continue
        if ref not in seen and ref not in unchanged and not observation.nothing_new:
            continue
        snapshot = subjects.load_one(uow.tx, account.name, kind, ref.id)
        if snapshot is not None and snapshot.vanished_at is None and snapshot.first_seen_at is not None:
            _answer_waiting(uow, account, replace(snapshot, observed_at=uow.now), asked_already=ref in seen)


def _answer_waiting(uow: UnitOfWork, account: AccountSpec, snapshot: Snapshot, *, asked_already: bool) -> None:
    if not asked_already:
        ask_state_rules(uow, snapshot, news=False)
    intents.facts_seen(uow.tx, account.name, snapshot.ref, uow.now)
    retry_deferred(uow, account.name, snapshot.ref, snapshot)


def _unchanged_refs(account: AccountSpec, observation: Observation) -> set[SubjectRef]:
    kinds = list(account.kinds_of(observation.stream))
    return {SubjectRef(kinds[0], id_) for id_ in observation.unchanged} if len(kinds) == 1 else set()
