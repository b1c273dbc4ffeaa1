"""Find what changed: one subject's last snapshot and what a poll saw of it give its new snapshot and events.

Pure. Comes in: the snapshot before (None: never heard of), what was seen, the type's declaration. Goes out: a `Change`.
"No information" changes nothing; an unknown status word between two equal states is no entry; what is seen for the
first time is a baseline unless it counts as news.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bursar.domain.event import Event
from bursar.domain.ids import AccountName
from bursar.domain.observation import Observed, Snapshot
from bursar.domain.subject import SubjectType
from bursar.domain.values import Fields, Json, Value, to_public

NO_TIME = timedelta(0)


@dataclass(frozen=True, slots=True)
class Change:
    """What one look at one subject gave.

    Attributes:
        snapshot: The subject as it is now known.
        events: What happened, in the order in which it is told.
        fresh: The snapshot differs from the one before, and must be written.
    """

    snapshot: Snapshot
    events: tuple[Event, ...]
    fresh: bool


def detect(
    kind: SubjectType,
    account: AccountName,
    before: Snapshot | None,
    seen: Observed,
    at: datetime,
    *,
    news: bool,
    rearmed: Collection[str] = (),
    asked_at: datetime | None = None,
    ahead: timedelta = NO_TIME,
    problem: str | None = None,
) -> Change:
    """Compare what was seen with what was known.

    Args:
        kind: The declaration of the subject's type.
        account: Whose subject it is.
        before: The last snapshot; one without `first_seen_at` was put under watch and not seen yet.
        seen: What the poll saw.
        at: When the poll's answer was complete.
        news: A first sight raises events (after the baseline, or under watch by a person).
        rearmed: Event types to be asked as if this were the first sight.
        asked_at: When the poll was asked for: an answer is as old as its question. None: at the same instant.
        ahead: By how much the wall clock, in which providers date things, is ahead of the timeline.
        problem: What of it the poll could not read.
    """
    # Providers date by the wall clock: without this an order would be
    # as much too old as that is ahead, and `age > 30d` true at once.
    if ahead and seen.created_at is not None:
        seen = replace(seen, created_at=seen.created_at - ahead)
    first = before is None or before.first_seen_at is None
    # As old as its question: an answer that was overtaken by a newer one is known by this, and changes nothing.
    after = replace(_merge(kind, account, before, seen, at), observed_at=asked_at or at, problem=problem)
    entered = _entered(before, after, kind)
    # A first sight has no former values: a rule on `order.changed`
    # must not take an import of a thousand orders for changes.
    former = {} if first or before is None else _former(before, after)
    returned = before is not None and before.vanished_at is not None
    words = []
    if returned or (first and news):
        words.append("appeared")
    if not first and former:
        words.append("changed")
    if entered is not None and (news or not first):
        words.append(entered)
    types = [f"{kind.name}.{word}" for word in words]
    types += _special(kind, None if first or before is None else before.fields, after.fields, first, news, rearmed)
    data = public(after)
    events = tuple(Event(type_, account, at, seen.ref, data, former) for type_ in types)
    fresh = first or bool(former) or returned or (before is not None and _bookkeeping(before) != _bookkeeping(after))
    if not former and not first and before is not None:
        after = replace(after, changed_at=before.changed_at)
    return Change(after, events, fresh)


def vanish(kind: SubjectType, before: Snapshot, at: datetime) -> Change:
    """Count one complete listing in which the subject was absent; the second in a row declares it vanished."""
    missed = before.missed + 1
    # One list that leaves a payout out may be a page that was cut short.
    if missed < 2 or before.vanished_at is not None:
        return Change(replace(before, missed=missed), (), before.vanished_at is None)
    gone = replace(before, missed=missed, vanished_at=at)
    return Change(gone, (Event(f"{kind.name}.vanished", before.account, at, before.ref, public(gone)),), True)


def public(snapshot: Snapshot) -> dict[str, Json]:
    """Return the fields of a subject as a receiver may see them."""
    data: dict[str, Json] = {"id": snapshot.ref.id}
    if snapshot.state is not None:
        data["state"] = snapshot.state
    data.update({name: to_public(value) for name, value in snapshot.fields.items()})
    return data


def _merge(kind: SubjectType, account: AccountName, before: Snapshot | None, seen: Observed, at: datetime) -> Snapshot:
    known: dict[str, Value | None] = {name: spec.default for name, spec in kind.fields.items()}
    if before is not None:
        known.update(before.fields)
    # No information keeps the last value: a balance of null is not 0, and "below 10" must not fire.
    known.update({name: value for name, value in seen.fields.items() if value is not None and name in kind.fields})
    state, known_state, since = _state(kind, before, seen, at)
    # The first word counts: an age that began anew with each poll would never pass `order.age > 30d`.
    created = before.created_at if before is not None else seen.created_at or at
    if before is not None and before.first_seen_at is None and seen.created_at is not None:
        created = seen.created_at
    return Snapshot(
        account=account,
        ref=seen.ref,
        fields=known,
        created_at=created,
        state=state,
        known_state=known_state,
        first_seen_at=(before.first_seen_at if before is not None else None) or at,
        state_since=since,
        changed_at=at,
        observed_at=at,
    )


def _state(
    kind: SubjectType, before: Snapshot | None, seen: Observed, at: datetime
) -> tuple[str | None, str | None, datetime | None]:
    """Return (state, last known state, since when in it)."""
    was = before.state if before is not None else None
    known = before.known_state if before is not None else None
    since = before.state_since if before is not None else None
    if seen.state is None or not kind.states:
        # An answer without a state leaves it: the order is not stuck any less because one poll did not say so.
        return was, known, since
    if seen.state == kind.unknown:
        # The known state stays beside the unknown word, so that "in progress,
        # ???, in progress" is no second entry, and no second cancel.
        return seen.state, known, since or at
    return seen.state, seen.state, since if known == seen.state else at


def _entered(before: Snapshot | None, after: Snapshot, kind: SubjectType) -> str | None:
    """Name the state that was entered, if one was."""
    was, known = (before.state, before.known_state) if before is not None else (None, None)
    if after.state is None or after.state == was:
        return None
    if after.state == kind.unknown:
        return after.state
    return after.state if after.state != known else None


def _former(before: Snapshot, after: Snapshot) -> Mapping[str, Value | None]:
    """Return the former values of what changed."""
    former = {
        name: before.fields.get(name)
        for name, value in after.fields.items()
        if value is not None and before.fields.get(name) != value
    }
    if before.state != after.state:
        former["state"] = before.state
    return former


def _special(
    kind: SubjectType, before: Fields | None, after: Fields, first: bool, news: bool, rearmed: Collection[str]
) -> list[str]:
    """Name the declared events that this step raises."""
    raised = []
    for event in kind.events:
        # A restart or a new account must not raise what was true long before it was watched.
        if first and not (event.at_first_sight or (event.when_new and news)):
            continue
        # Rearmed (a payout has ended): a balance that is still above its
        # minimum passes it anew, or it would never be paid out again.
        if event.raised(None if event.name in rearmed else before, after):
            raised.append(event.name)
    return raised


def _bookkeeping(snapshot: Snapshot) -> tuple[object, ...]:
    return (snapshot.missed, snapshot.vanished_at, snapshot.problem, snapshot.created_at)
