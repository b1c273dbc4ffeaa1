"""What was just listed as over, and may still be in the balance: for a while no other payout is asked for beside it.

A site may list a payout as done minutes before it leaves the balance, or for once by a slip.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from bursar.domain.action import ActionType
from bursar.domain.event import Event
from bursar.domain.ids import IntentId
from bursar.domain.intent import Intent
from bursar.domain.intent_states import LAPSE_AFTER
from bursar.domain.subject import SubjectType
from bursar.domain.verdict import BlockReason, HoldBack
from bursar.journal import events, intents, ledger, streams, subjects
from bursar.pipeline.config_snapshot import AccountSpec
from bursar.pipeline.gate.candidate import Candidate
from bursar.pipeline.gate.waiting import SEEN_WITHIN, just_read
from bursar.pipeline.unit_of_work import ReadView

SETTLES = 3
"""So many times `settle` the balance may show what is listed as over: a quarter of an hour, unless `settle` is set."""
UNPOLLED_FOR = timedelta(hours=1)
"""So long another poll is waited for, where none succeeds."""
LOOKED_AGAIN = timedelta(minutes=1)
ASKED_BEFORE = timedelta(minutes=1)
"""So long after a look a poll may come that was asked for before it."""
MAX_LOOKS = 64
MAX_BEFORE = 20
"""So many of the last payouts are asked for what was over when they were sent."""


class Looks:
    """Since when the looks for an intent have listed each id as over. In memory: a restart waits for one poll more."""

    def __init__(self) -> None:
        self._first: dict[IntentId, dict[str, datetime]] = {}

    def of(self, intent: Intent) -> dict[str, datetime]:
        """Return those of an intent; the guard notes what it sees for the first time."""
        first = self._first[intent.id] = self._first.pop(intent.id, {})
        # Only those that have seen something: refills beside a payout have nothing to remember.
        for id_ in [id_ for id_, seen in self._first.items() if not seen and id_ != intent.id]:
            del self._first[id_]
        while len(self._first) > MAX_LOOKS:
            del self._first[next(iter(self._first))]
        return first


def just_over(view: ReadView, spec: AccountSpec, candidate: Candidate) -> HoldBack | None:
    """Wait for what was just listed as over: for three times `settle`, and another poll, the balance may show it still.

    Not for what a person asks for himself: he sees the balance.
    """
    action = candidate.action
    if action is None or candidate.rule is None or not action.takes_balance:
        return None
    if spec.debits_at_once or action.settled_by is None:
        return None
    kind = spec.kinds[action.settled_by[0]]
    if (news := _read_as_over(view, spec, candidate, kind)) is not None:
        return HoldBack(BlockReason.STALE, f"{kind.name}/{news} is over, and no poll has shown it yet", brief=True)
    last = _last_end(view, spec, kind)
    if last is None:
        return None
    row, polled = streams.load(view.tx, spec.name, kind.stream), spec.looks_at(kind.stream)
    until = _shown_until(view, spec, last)
    seen_again = not polled or (row.ok_at is not None and row.ok_at > last.at)
    # A stream that fails from then on must not keep the money for ever: what is read before sending tells it, too.
    if until <= view.now and (seen_again or until + UNPOLLED_FOR <= view.now):
        return None
    words = f"{last.subject} was listed as over a short while ago: the balance may show it still"
    return HoldBack(BlockReason.UNSETTLED, words, max(until, view.now + LOOKED_AGAIN), brief=True)


def ready_from(view: ReadView, spec: AccountSpec, action: ActionType, intent: Intent) -> datetime | None:
    """Return until when a ready intent waits for what ended before its hour was over; None: nothing did."""
    if spec.debits_at_once or not action.takes_balance or action.settled_by is None:
        return None
    last = _last_end(view, spec, spec.kinds[action.settled_by[0]])
    # What ends later makes its hour no longer: else a row of ends would keep an old yes for ever.
    if last is None or last.at > intent.ready_at + LAPSE_AFTER:
        return None
    return _shown_until(view, spec, last)


def _last_end(view: ReadView, spec: AccountSpec, kind: SubjectType) -> Event | None:
    """Return the newest end that polls have told; not what the first poll lists, which may have been over for years."""
    ends = (events.last(view.tx, spec.kinds, spec.name, f"{kind.name}.{state}") for state in kind.terminal)
    last = max(filter(None, ends), key=lambda one: one.at, default=None)
    since = streams.load(view.tx, spec.name, kind.stream).baselined_at  # `baseline: events` tells of older ones, too
    return last if last is not None and (since is None or last.at > since) else None


def _shown_until(view: ReadView, spec: AccountSpec, last: Event) -> datetime:
    """Return until when the balance may still show what has ended."""
    return view.measured.after(last.at, SETTLES * spec.settle, view.now)


def _read_as_over(view: ReadView, spec: AccountSpec, candidate: Candidate, kind: SubjectType) -> str | None:
    """Return what the list just read shows as over, and no poll that came later has told of: that tells since when."""
    over = sorted(id_ for id_, waits in just_read(candidate).items() if not waits)
    if candidate.intent is None or not over:
        return None
    known = subjects.load(view.tx, spec.name, kind, over)
    unknown = {id_ for id_ in over if id_ not in known or known[id_].known_state not in kind.terminal}
    if not spec.looks_at(kind.stream):  # no poll will ever tell: what was read for the last one does
        unknown -= _over_before(view, spec, candidate)
    first = {id_: candidate.first_shown.setdefault(id_, view.now) for id_ in sorted(unknown)}
    ok_at = streams.load(view.tx, spec.name, kind.stream).ok_at
    # Where one has come since, and shows nothing of it, it is old; where none succeeds, it is not waited for for ever.
    since = max(ok_at - ASKED_BEFORE if ok_at is not None else view.now - SEEN_WITHIN, view.now - SEEN_WITHIN)
    return next((id_ for id_, at in first.items() if at >= since), None)


def _over_before(view: ReadView, spec: AccountSpec, candidate: Candidate) -> set[str]:
    """Return what was over when an earlier payout was sent, a while ago."""
    if candidate.action is None or candidate.subject is None:
        return set()
    found: set[str] = set()
    for entry in ledger.of_subject(view.tx, spec.name, candidate.subject, MAX_BEFORE):
        if entry.action != candidate.action.name or entry.sent_at is None:
            continue
        intent = intents.load(view.tx, entry.id)
        if intent is not None and view.measured.after(entry.sent_at, SEEN_WITHIN, view.now) <= view.now:
            read = just_read(replace(candidate, evidence=intent.evidence))
            found.update(id_ for id_, waits in read.items() if not waits)
    return found
