"""Ask a rule: does it match this event, or this subject, now? The answer always carries its reason.

Pure. `evaluate` is for event rules, `stand` for state rules: the latter keeps, per rule and subject, a `HoldState`
(inside or not, since when, fired or not) and says what becomes of it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from bursar.domain.event import Event
from bursar.domain.observation import Snapshot
from bursar.domain.rule import AccountFacts, Judgement, Rule, Scope

ALWAYS = Judgement(True, "the rule has no condition")


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


def evaluate(
    rule: Rule, event: Event, account: AccountFacts, snapshot: Snapshot | None, now: datetime
) -> Match | NoMatch:
    """Ask an event rule about one event and the subject as it is known now."""
    answer = judge(rule, Scope(account, now, snapshot, event))
    if answer.truth:
        return Match(answer.reason)
    return NoMatch(answer.reason, unknown=answer.truth is None)


def stand(
    rule: Rule, account: AccountFacts, snapshot: Snapshot, before: HoldState | None, now: datetime, *, entry: bool
) -> tuple[HoldState, Match | NoMatch]:
    """Ask a state rule about a subject that was just observed.

    Args:
        rule: The state rule.
        account: The subject's account.
        snapshot: The subject as this observation left it.
        before: How it stood; None when the rule has never seen it.
        now: The instant of the observation.
        entry: With no standing before: the subject is new (its being inside is an entry), not the rule.

    Returns:
        The new standing, and the verdict. Only `Match` fires; it does so once per entry.
    """
    scope = Scope(account, now, snapshot)
    answer = judge(rule, scope)
    crossing = rule.when.changes_at(scope) if rule.when is not None else None
    if not answer.truth:
        return _outside(before, answer, crossing, obscured(snapshot))
    standing = before if before is not None and before.inside else _enter(rule, before, now, entry)
    if standing.fired:
        return replace(standing, ask_at=crossing), NoMatch("it has fired for this entry already")
    due = (standing.since or now) + rule.hold_for if rule.hold_for is not None else now
    if due > now:
        ask_at = min(due, crossing) if crossing is not None else due
        waiting = NoMatch(f"true since {standing.since:%Y-%m-%d %H:%M:%S}Z, holds until {due:%Y-%m-%d %H:%M:%S}Z")
        return replace(standing, ask_at=ask_at), waiting
    return replace(standing, fired=True, ask_at=crossing), Match(answer.reason)


def obscured(snapshot: Snapshot) -> bool:
    """Say whether an unknown status word hides the state: then "not true" is no break."""
    return snapshot.known_state is not None and snapshot.state != snapshot.known_state


def _enter(rule: Rule, before: HoldState | None, now: datetime, entry: bool) -> HoldState:
    inside_when_new = before is None and not entry and rule.hold_for is None
    return HoldState(inside=True, since=now, fired=inside_when_new, ask_at=None)


def _outside(
    before: HoldState | None, answer: Judgement, crossing: datetime | None, hidden: bool
) -> tuple[HoldState, NoMatch]:
    verdict = NoMatch(answer.reason, unknown=answer.truth is None)
    if before is not None and before.inside and (hidden or answer.truth is None):
        return replace(before, ask_at=crossing), verdict
    return HoldState(inside=False, since=None, fired=False, ask_at=crossing), verdict
