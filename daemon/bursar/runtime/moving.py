"""The life of an intent, written: every step of it is decided by `domain.intent`, and committed here with its event,
its audit entry, and what it means for the match that it comes from."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from bursar.domain.action import ActionType
from bursar.domain.guard import REFUSED_MONEY_PAUSE, REFUSED_PAUSE, HeldBack, Obstacle, guard_budget
from bursar.domain.ids import AccountName, IntentId
from bursar.domain.intent import (
    OPEN,
    CannotTell,
    Finding,
    Happened,
    Intent,
    LostReply,
    Outcome,
    Planned,
    Refused,
    State,
    Succeeded,
)
from bursar.domain.life import (
    MAX_REFUSALS,
    UNCONFIRMED_AFTER,
    Cause,
    Step,
    move,
    next_step,
    repeat,
    settle_with,
    when_due,
)
from bursar.domain.rule import Mode
from bursar.domain.values import Json
from bursar.journal import accounts, audit, intents, matches, subjects
from bursar.runtime.ruling import ask_unobserved, blocks, describe, spent_of
from bursar.runtime.telling import Commit, tell_core

PERSON = "person"
DENIED_PAUSE = timedelta(hours=24)


class Unwanted(Exception):
    """What a person asked for cannot be done; one sentence."""


def plan_by_person(c: Commit, planned: Planned) -> Intent:
    """Write an intent that a person asked for.

    Raises:
        Unwanted: something stands in the way; one sentence.
    """
    paused = accounts.paused(c.tx, planned.account)
    row = accounts.load(c.tx, planned.account)
    action = c.terms.accounts[planned.account].actions[planned.action]
    open_ = intents.open_on(c.tx, planned.account, planned.subject)
    blocked = blocks(c, planned.account, action)
    if c.terms.mode is Mode.SHADOW:
        raise Unwanted("the whole daemon is in shadow mode (settings.mode): it does nothing")
    if paused is not None:
        raise Unwanted(f"{paused}: say `bursar resume` first")
    if row is not None and row.frozen_digest is not None:
        raise Unwanted(f"{planned.account} is frozen: say `bursar accounts same {planned.account}` or `new` first")
    if open_ is not None:
        raise Unwanted(f"{planned.subject} has an open intent: {open_.id} ({open_.action}, {open_.state})")
    if blocked is not None:
        raise Unwanted(
            f"{planned.action} is blocked on {planned.account} by {blocked[1]}: "
            f"say `bursar actions resolve {blocked[0]}` first"
        )
    planned = _within_budget(c, planned, action)
    intent = intents.add(c.tx, planned, move(None, Cause.PLANNED), None, c.now, c.now)
    audit.add(c.tx, PERSON, "intent.ready", intent.id, describe(planned), c.now)
    c.woken.add("executing")
    return intent


def _within_budget(c: Commit, planned: Planned, action: ActionType) -> Planned:
    """Note what it moves; the account's budgets stop a person, too.

    Raises:
        Unwanted: one of them would be passed.
    """
    account = c.terms.accounts[planned.account]
    snapshot = subjects.find(c.tx, planned.account, account.kinds, planned.subject)
    cost = action.cost(planned.params, snapshot) if action.cost is not None else None
    held = guard_budget(action, cost, spent_of(c, planned.account, action), c.now)
    if held is not None:
        raise Unwanted(f"the account's budget for {action.name} does not allow it: {held.reason}")
    return replace(planned, cost=cost)


def record_outcome(c: Commit, id_: IntentId, fence: int, outcome: Outcome) -> Intent | None:
    """Write how an attempt ended. An answer for an older fence is recorded, and changes nothing."""
    intent = intents.load(c.tx, id_)
    if intent is None:
        return None
    word = type(outcome).__name__.lower()
    reason = outcome.reference or "" if isinstance(outcome, Succeeded) else outcome.reason
    if intent.fence != fence or intent.state is not State.SENDING:
        audit.add(c.tx, "bursar", "attempt.late", id_, {"fence": fence, "outcome": word, "reason": reason}, c.now)
        return intent
    intents.end_attempt(c.tx, id_, fence, word, reason, c.now)
    account = c.terms.accounts[intent.account]
    action = account.actions[intent.action]
    step = next_step(intent, outcome, action.lost_reply, account.settle, c.now)
    if isinstance(outcome, Succeeded):
        _succeed(c, intent, outcome)
    return take_step(c, intent, step, never=isinstance(outcome, Refused) and outcome.never)


def record_finding(c: Commit, id_: IntentId, fence: int, finding: Finding, asked_at: datetime) -> Intent | None:
    """Write what a look at an unknown attempt showed; it counts from when it was begun."""
    intent = intents.load(c.tx, id_)
    if intent is None or intent.state is not State.UNKNOWN or intent.fence != fence:
        return intent
    account = c.terms.accounts[intent.account]
    finding = _its_own(c, intent, finding)
    if isinstance(finding, Happened):
        _succeed(c, intent, finding.success)
    step = settle_with(intent, finding, account.settle, asked_at)
    return take_step(c, intent, step)


def _its_own(c: Commit, intent: Intent, finding: Finding) -> Finding:
    """Believe a finding, unless what was found was made for another intent: evidence may have been read stale."""
    reference = finding.success.reference if isinstance(finding, Happened) else None
    other = intents.made_for(c.tx, intent, reference) if reference is not None else None
    return finding if other is None else CannotTell(f"{reference} is what intent {other} had made")


def pass_time(c: Commit) -> None:
    """Do what time alone does to intents and to matches without a subject; tell of actions that showed no effect."""
    for intent in intents.in_state(c.tx, (State.READY, State.AWAITING_APPROVAL, State.DEFERRED)):
        step = when_due(intent, c.now)
        if step is not None:
            take_step(c, intent, step)
    for intent in intents.in_state(c.tx, (State.UNKNOWN,)):
        _repeat_unknown(c, intent)
    for intent in intents.unconfirmed(c.tx, c.now):
        _tell(c, "action.unconfirmed", intent, "accepted, but no later status shows it")
    ask_unobserved(c)


def _repeat_unknown(c: Commit, intent: Intent) -> None:
    account = c.terms.accounts.get(intent.account)
    action = account.actions.get(intent.action) if account is not None else None
    if (
        action is None
        or action.lost_reply is not LostReply.REPEATABLE
        or intent.due_at is None
        or intent.due_at > c.now
    ):
        return
    step = repeat(intent)
    if step is not None:
        take_step(c, intent, step)


_MAY_HAVE_BEEN_SENT = (State.SENDING, State.READY, State.DEFERRED)
"""What a restored journal has still before it, and may long be done."""


def wake_up(c: Commit, *, restored: bool) -> None:
    """At the start: what was being sent when the process died is unknown; in a restored journal, what was ready too.

    What waited for a person then may have been answered and sent since: it lapses, and the rule asks anew.
    """
    for intent in intents.in_state(c.tx, _MAY_HAVE_BEEN_SENT if restored else (State.SENDING,)):
        cause = Cause.RESTORED if restored else Cause.LOST
        reason = "the journal was restored; it may have been sent" if restored else "the process died while it was sent"
        account = c.terms.accounts.get(intent.account)
        settle = account.settle if account is not None else timedelta(minutes=5)
        if intent.state is State.SENDING:
            intents.end_attempt(c.tx, intent.id, intent.fence, "lost", reason, c.now)
        take_step(c, intent, Step(cause, move(intent.state, cause), reason, c.now + min(settle, timedelta(minutes=1))))
    for intent in intents.in_state(c.tx, (State.AWAITING_APPROVAL,)) if restored else ():
        state = move(intent.state, Cause.UNANSWERED)
        take_step(c, intent, Step(Cause.UNANSWERED, state, "the journal was restored; it may have been answered since"))


def decide(c: Commit, id_: IntentId, cause: Cause, reason: str) -> Intent:
    """Write a person's decision about an intent.

    Raises:
        Unwanted: there is no such intent, or it is not waiting for this decision (the desk notes the attempt).
    """
    intent = intents.load(c.tx, id_)
    expected = State.AWAITING_APPROVAL if cause in (Cause.APPROVED, Cause.DENIED) else State.UNKNOWN
    if intent is None:
        raise Unwanted(f"there is no intent {id_}: see `bursar actions`")
    if intent.state is not expected:
        raise Unwanted(f"intent {id_} is {intent.state}, not {expected}")
    if cause is Cause.PERSON_HAPPENED:
        _succeed(c, intent, Succeeded(reference=intent.reference))
    return take_step(c, intent, Step(cause, move(intent.state, cause), reason), actor=PERSON)


def _succeed(c: Commit, intent: Intent, success: Succeeded) -> None:
    """Write what a yes brings: facts about the subject, new subjects under watch, and by when the effect must show."""
    account = c.terms.accounts.get(intent.account)
    action = account.actions.get(intent.action) if account is not None else None
    confirm_by = c.now + UNCONFIRMED_AFTER if action is not None and action.confirmed_by else None
    intents.refer(c.tx, intent.id, success.reference, confirm_by)
    if account is None:
        return
    kind = account.kinds.get(intent.subject.type)
    if kind is not None and success.facts:
        subjects.set_facts(c.tx, account.name, kind, intent.subject.id, success.facts, c.now)
    for seen in success.tracked:
        tracked = account.kinds[seen.ref.type]
        subjects.track(c.tx, account.name, tracked, [(seen.ref.id, seen.fields, seen.created_at)], c.now)
    c.woken.add("polling")


_EVENT_OF = {
    State.SUCCEEDED: "action.succeeded",
    State.REFUSED: "action.refused",
    State.UNKNOWN: "action.unknown",
    State.DENIED: "action.denied",
    State.LAPSED: "action.lapsed",
    State.GAVE_UP: "action.gave_up",
}


def take_step(c: Commit, intent: Intent, step: Step, *, actor: str = "bursar", never: bool = False) -> Intent:
    """Write a step of an intent's life, with all that follows from it."""
    after = intents.take_step(c.tx, intent, step, c.now)
    moved = after.state is not intent.state
    if moved:
        detail: dict[str, Json] = {
            "from": intent.state,
            "cause": step.cause,
            "reason": step.reason,
            "fence": intent.fence,
        }
        audit.add(c.tx, actor, f"intent.{after.state}", intent.id, detail, c.now)
    if after.state is State.UNKNOWN and intents.ask_person(c.tx, intent.id, c.now):
        _tell(c, "action.unknown", after, step.reason)
    if moved and after.state not in OPEN:
        _end(c, after, step, never=never)
    c.woken.add("executing")
    return after


def _end(c: Commit, intent: Intent, step: Step, *, never: bool) -> None:
    """What the end of an intent means for its match, for those that waited for it, and for people."""
    _tell(c, _EVENT_OF[intent.state], intent, step.reason)
    if intent.match is not None and intent.state is not State.SUCCEEDED and not never:
        _hold_match(c, intent, step)
    matches.release_waiting(c.tx, intent.id, c.now)


def _hold_match(c: Commit, intent: Intent, step: Step) -> None:
    match = matches.load(c.tx, intent.match) if intent.match is not None else None
    rule = c.terms.rules.get(intent.rule or "")
    if match is None or rule is None:
        return
    held = _obstacle_after(c, intent, step, rule.cooldown)
    if held is None:
        return
    matches.hold_back_if_alone(c.tx, match, held, max(match.acts_planned - 1, 0))
    if held.obstacle is Obstacle.GAVE_UP:
        _tell(c, "action.gave_up", intent, held.reason)


def _obstacle_after(c: Commit, intent: Intent, step: Step, cooldown: timedelta | None) -> HeldBack | None:
    if intent.state is State.REFUSED:
        row = accounts.load(c.tx, intent.account)
        since = row.resumed_at if row is not None else None
        ends = intents.last_ended(c.tx, intent.account, intent.subject, intent.action, MAX_REFUSALS, since)
        if len(ends) >= MAX_REFUSALS and all(state == "refused" for state, _ in ends):
            return HeldBack(Obstacle.GAVE_UP, f"refused {len(ends)} times in a row; a person decides")
        pause = cooldown or (REFUSED_MONEY_PAUSE if _is_money(c, intent) else REFUSED_PAUSE)
        return HeldBack(Obstacle.REFUSED, step.reason, c.now + pause)
    if intent.state is State.DENIED or step.cause is Cause.UNANSWERED:
        obstacle = Obstacle.DENIED if intent.state is State.DENIED else Obstacle.LAPSED
        return HeldBack(obstacle, step.reason, c.now + (cooldown or DENIED_PAUSE))
    if intent.state is State.LAPSED:
        return HeldBack(Obstacle.LAPSED, step.reason, c.now)
    return None


def _is_money(c: Commit, intent: Intent) -> bool:
    """Say whether it moves money; of an account that is configured no more, it is taken for that."""
    account = c.terms.accounts.get(intent.account)
    action = account.actions.get(intent.action) if account is not None else None
    return action is None or action.money


def _tell(c: Commit, type_: str, intent: Intent, reason: str) -> None:
    data: dict[str, Json] = {
        "intent": str(intent.id),
        "action": intent.action,
        "rule": intent.rule,
        "state": str(intent.state),
        "reason": reason,
    }
    if intent.reference is not None:
        data["reference"] = intent.reference
    tell_core(c, type_, intent.account, data, intent.subject)


def release_pause(c: Commit, account: AccountName | None) -> None:
    """Acting goes on: what the pause, and earlier refusals, held back is asked again."""
    for obstacle in (Obstacle.PAUSED, Obstacle.GAVE_UP):
        matches.release(c.tx, obstacle, c.now, account=account)
    c.woken.update(("executing", "polling"))
