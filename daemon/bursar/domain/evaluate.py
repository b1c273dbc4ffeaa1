"""Ask a rule: does it match this event, or this subject, now? The answer always carries its reason.

Pure. `evaluate` is for event rules, `evaluate_state` for state rules: the latter keeps, per rule and subject, a
`HoldState` (inside or not, since when, fired or not) and says what becomes of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bursar.domain.event import Event
from bursar.domain.observation import Snapshot
from bursar.domain.rule import ALWAYS, AccountFacts, Judgement, Rule, Scope
from bursar.domain.subject import SubjectType


@dataclass(frozen=True, slots=True)
class Match:
    """The rule matched."""

    reason: str


@dataclass(frozen=True, slots=True)
class NoMatch:
    """The rule did not match: the first clause that was not true, with its values."""

    reason: str
    unknown: bool = False


@dataclass(frozen=True, slots=True)
class HoldState:
    """How one subject stands with one state rule.

    Attributes:
        inside: The condition held at the last sight.
        since: Since when it has held without a break; None when it does not.
        fired: This entry has matched already, or must not (it was inside when the rule was new).
        ask_at: When time alone will change the answer: `for:` ends, or a field that moves with the clock crosses.
    """

    inside: bool
    since: datetime | None
    fired: bool
    ask_at: datetime | None


def judge(rule: Rule, scope: Scope) -> Judgement:
    """Ask the rule's condition."""
    return ALWAYS if rule.when is None else rule.when.judge(scope)


def judge_again(rule: Rule, scope: Scope) -> Judgement:
    """Judge a condition that was true before, of a subject whose state an unknown status word may hide now: that says
    neither that it is true still nor that it is not."""
    answer = judge(rule, scope)
    hidden = answer.truth is False and scope.subject is not None and obscured(scope.subject)
    return replace(answer, truth=None) if hidden else answer


_STILL = {True: "still holds for it", False: "does not hold for it any more", None: "holds or not, nobody can tell"}


def predicate(kinds: Mapping[str, SubjectType], event_type: str, snapshot: Snapshot | None) -> Judgement | None:
    """Return whether what an event says still holds; None: the event has no condition of its own.

    `X.<state>` holds while the subject is in that state; an unknown status word says neither. Events that a provider
    declares bring theirs (`EventType.still`).
    """
    name, _, word = event_type.partition(".")
    kind = kinds.get(name)
    if kind is None or snapshot is None or snapshot.ref.type != name:
        return None
    special = next((one for one in kind.events if one.name == event_type), None)
    if word not in kind.states and (special is None or special.still is None):
        return None
    # Nothing may be done to what is not listed any more: its last state is not its state.
    if snapshot.vanished_at is not None:
        return Judgement(False, f"the {name} has vanished")
    if special is not None and special.still is not None:
        answer = special.still(snapshot.fields)
        # A plugin may say no with 0 or an empty text: whatever is not None is a yes or a no.
        truth = None if answer is None else bool(answer)
        return Judgement(truth, f"{event_type} {_STILL[truth]}")
    # An unknown status word may be the same state in other words, or the end of it.
    if obscured(snapshot) and word != snapshot.state:
        return Judgement(None, f"the {name}'s state is {snapshot.state}")
    return Judgement(snapshot.state == word, f"the {name} is {snapshot.state}, not {word}")


def evaluate(
    rule: Rule, event: Event, account: AccountFacts, snapshot: Snapshot | None, now: datetime, ahead: timedelta
) -> Match | NoMatch:
    """Ask an event rule about one event and the subject as it is known now."""
    answer = judge(rule, Scope(account, now, snapshot, event, ahead))
    if answer.truth:
        return Match(answer.reason)
    # Only *true* matches: `not unknown` is unknown, so that a missing balance cannot fire "not above 10".
    return NoMatch(answer.reason, unknown=answer.truth is None)


def evaluate_state(
    rule: Rule, scope: Scope, before: HoldState | None, asked_at: datetime, *, entry: bool
) -> tuple[HoldState, Match | NoMatch]:
    """Ask a state rule about a subject that was just observed.

    Args:
        rule: The state rule.
        scope: The subject as this observation left it, its account, and the instant of deciding.
        before: How it stood; None when the rule has never seen it.
        asked_at: When the observation was asked for: a hold is over only if it fell due before that.
        entry: With no hold state before: the subject is new (its being inside is an entry), not the rule.

    Returns:
        How it stands now, and the verdict. Only `Match` fires; it does so once per entry.
    """
    answer = judge(rule, scope)
    crossing = rule.when.changes_at(scope) if rule.when is not None else None
    if not answer.truth:
        return _outside(before, answer, crossing, scope.subject is not None and obscured(scope.subject))
    # Since when it holds is kept over restarts and edits of `for`: physical time in the journal, not a timer in memory.
    state = before if before is not None and before.inside else _enter(rule, before, scope.now, entry)
    if state.fired:
        return replace(state, ask_at=crossing), NoMatch(
            "it has matched for this entry, or the entry is older than the rule"
        )
    # Held against the question, not the answer: a look from before
    # the hold was over does not show that it held to its end.
    due = (state.since or scope.now) + rule.hold_for if rule.hold_for is not None else asked_at
    if due > asked_at:
        ask_at = min(due, crossing) if crossing is not None else due
        return replace(state, ask_at=ask_at), NoMatch("it is true, and `for` is not over yet")
    return replace(state, fired=True, ask_at=crossing), Match(answer.reason)


def has_left(standing: HoldState | None, matched_at: datetime, snapshot: Snapshot | None) -> str | None:
    """Return why the entry that a state rule fired for is over, if it is; inside again, `for` counts anew.

    Args:
        standing: How the subject stands with the rule; None: the rule, as it is now, has never seen it, and its `when`
            alone tells.
        matched_at: When the rule matched.
        snapshot: The subject as it is known. What has vanished is in no condition; if it comes back, that is no entry.
    """
    if snapshot is not None and snapshot.vanished_at is not None:
        return f"it has left its condition since: the {snapshot.ref.type} has vanished"
    if standing is None:
        return None
    since = standing.since if standing.inside else None
    # Inside again is another entry: the cancel that was decided for the first one is not for this one.
    return "it has left its condition since" if since is None or since > matched_at else None


def obscured(snapshot: Snapshot) -> bool:
    """Return whether an unknown status word hides the state: then "not true" is no break."""
    return snapshot.known_state is not None and snapshot.state != snapshot.known_state


def _enter(rule: Rule, before: HoldState | None, now: datetime, entry: bool) -> HoldState:
    # A rule that is new must not act at once on a thousand old orders that have been in its condition for months.
    inside_when_new = before is None and not entry and rule.hold_for is None
    return HoldState(inside=True, since=now, fired=inside_when_new, ask_at=None)


def _outside(
    before: HoldState | None, answer: Judgement, crossing: datetime | None, hidden: bool
) -> tuple[HoldState, NoMatch]:
    verdict = NoMatch(answer.reason, unknown=answer.truth is None)
    # No information is no break: a poll with "Unknown" must not start a hold of 48 hours anew.
    if before is not None and before.inside and (hidden or answer.truth is None):
        return replace(before, ask_at=crossing), verdict
    return HoldState(inside=False, since=None, fired=False, ask_at=crossing), verdict
