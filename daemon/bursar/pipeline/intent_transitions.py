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
    PlannedIntent,
    Refused,
    State,
    Succeeded,
)
from bursar.domain.intent_states import (
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
from bursar.pipeline.rule_evaluation import ask_unobserved, blocks, describe, spent_of
from bursar.pipeline.unit_of_work import UnitOfWork, emit_core

PERSON = "person"
DENIED_PAUSE = timedelta(hours=24)


class ActionRejected(Exception):
    """What a person asked for cannot be done; one sentence."""


def plan_by_person(uow: UnitOfWork, planned: PlannedIntent) -> Intent:
    """Write an intent that a person asked for.

    Raises:
        ActionRejected: something stands in the way; one sentence.
    """
    paused = accounts.paused(uow.tx, planned.account)
    row = accounts.load(uow.tx, planned.account)
    action = uow.config.accounts[planned.account].actions[planned.action]
    open_ = intents.open_on(uow.tx, planned.account, planned.subject)
    blocked = blocks(uow, planned.account, action)
    if uow.config.mode is Mode.SHADOW:
        raise ActionRejected("the whole daemon is in shadow mode (settings.mode): it does nothing")
    if paused is not None:
        raise ActionRejected(f"{paused}: say `bursar resume` first")
    if row is not None and row.frozen_digest is not None:
        raise ActionRejected(
            f"{planned.account} is frozen: say `bursar accounts same {planned.account}` or `new` first"
        )
    if open_ is not None:
        raise ActionRejected(f"{planned.subject} has an open intent: {open_.id} ({open_.action}, {open_.state})")
    if blocked is not None:
        raise ActionRejected(
            f"{planned.action} is blocked on {planned.account} by {blocked[1]}: "
            f"say `bursar actions resolve {blocked[0]}` first"
        )
    planned = _within_budget(uow, planned, action)
    intent = intents.add(uow.tx, planned, move(None, Cause.PLANNED), None, uow.now, uow.now)
    audit.add(uow.tx, PERSON, "intent.ready", intent.id, describe(planned), uow.now)
    uow.wake.add("executing")
    return intent


def _within_budget(uow: UnitOfWork, planned: PlannedIntent, action: ActionType) -> PlannedIntent:
    """Note what it moves; the account's budgets stop a person, too.

    Raises:
        ActionRejected: one of them would be passed.
    """
    account = uow.config.accounts[planned.account]
    snapshot = subjects.find(uow.tx, planned.account, account.kinds, planned.subject)
    cost = action.cost(planned.params, snapshot) if action.cost is not None else None
    held = guard_budget(action, cost, spent_of(uow, planned.account, action), uow.now)
    if held is not None:
        raise ActionRejected(f"the account's budget for {action.name} does not allow it: {held.reason}")
    return replace(planned, cost=cost)


def record_outcome(uow: UnitOfWork, id_: IntentId, fence: int, outcome: Outcome) -> Intent | None:
    """Write how an attempt ended. An answer for an older fence is recorded, and changes nothing."""
    intent = intents.load(uow.tx, id_)
    if intent is None:
        return None
    word = type(outcome).__name__.lower()
    reason = outcome.reference or "" if isinstance(outcome, Succeeded) else outcome.reason
    if intent.fence != fence or intent.state is not State.SENDING:
        audit.add(uow.tx, "bursar", "attempt.late", id_, {"fence": fence, "outcome": word, "reason": reason}, uow.now)
        return intent
    intents.end_attempt(uow.tx, id_, fence, word, reason, uow.now)
    account = uow.config.accounts[intent.account]
    action = account.actions[intent.action]
    step = next_step(intent, outcome, action.lost_reply, account.settle, uow.now)
    if isinstance(outcome, Succeeded):
        _succeed(uow, intent, outcome)
    return take_step(uow, intent, step, never=isinstance(outcome, Refused) and outcome.never)


def record_finding(uow: UnitOfWork, id_: IntentId, fence: int, finding: Finding, asked_at: datetime) -> Intent | None:
    """Write what a look at an unknown attempt showed; it counts from when it was begun."""
    intent = intents.load(uow.tx, id_)
    if intent is None or intent.state is not State.UNKNOWN or intent.fence != fence:
        return intent
    account = uow.config.accounts[intent.account]
    finding = _its_own(uow, intent, finding)
    if isinstance(finding, Happened):
        _succeed(uow, intent, finding.success)
    step = settle_with(intent, finding, account.settle, asked_at)
    return take_step(uow, intent, step)


def _its_own(uow: UnitOfWork, intent: Intent, finding: Finding) -> Finding:
    """Believe a finding, unless what was found was made for another intent: evidence may have been read stale."""
    reference = finding.success.reference if isinstance(finding, Happened) else None
    other = intents.made_for(uow.tx, intent, reference) if reference is not None else None
    return finding if other is None else CannotTell(f"{reference} is what intent {other} had made")


def pass_time(uow: UnitOfWork) -> None:
    """Do what time alone does to intents and to matches without a subject; tell of actions that showed no effect."""
    for intent in intents.in_state(uow.tx, (State.READY, State.AWAITING_APPROVAL, State.DEFERRED)):
        step = when_due(intent, uow.now)
        if step is not None:
            take_step(uow, intent, step)
    for intent in intents.in_state(uow.tx, (State.UNKNOWN,)):
        _repeat_unknown(uow, intent)
    for intent in intents.unconfirmed(uow.tx, uow.now):
        _tell(uow, "action.unconfirmed", intent, "accepted, but no later status shows it")
    ask_unobserved(uow)


def _repeat_unknown(uow: UnitOfWork, intent: Intent) -> None:
    account = uow.config.accounts.get(intent.account)
    action = account.actions.get(intent.action) if account is not None else None
    if (
        action is None
        or action.lost_reply is not LostReply.REPEATABLE
        or intent.due_at is None
        or intent.due_at > uow.now
    ):
        return
    step = repeat(intent)
    if step is not None:
        take_step(uow, intent, step)


_MAY_HAVE_BEEN_SENT = (State.SENDING, State.READY, State.DEFERRED)
"""What a restored journal has still before it, and may long be done."""


def wake_up(uow: UnitOfWork, *, restored: bool) -> None:
    """At the start: what was being sent when the process died is unknown; in a restored journal, what was ready too.

    What waited for a person then may have been answered and sent since: it lapses, and the rule asks anew.
    """
    for intent in intents.in_state(uow.tx, _MAY_HAVE_BEEN_SENT if restored else (State.SENDING,)):
        cause = Cause.RESTORED if restored else Cause.LOST
        reason = "the journal was restored; it may have been sent" if restored else "the process died while it was sent"
        account = uow.config.accounts.get(intent.account)
        settle = account.settle if account is not None else timedelta(minutes=5)
        if intent.state is State.SENDING:
            intents.end_attempt(uow.tx, intent.id, intent.fence, "lost", reason, uow.now)
        take_step(
            uow, intent, Step(cause, move(intent.state, cause), reason, uow.now + min(settle, timedelta(minutes=1)))
        )
    for intent in intents.in_state(uow.tx, (State.AWAITING_APPROVAL,)) if restored else ():
        state = move(intent.state, Cause.UNANSWERED)
        take_step(
            uow, intent, Step(Cause.UNANSWERED, state, "the journal was restored; it may have been answered since")
        )


def decide(uow: UnitOfWork, id_: IntentId, cause: Cause, reason: str) -> Intent:
    """Write a person's decision about an intent.

    Raises:
        ActionRejected: there is no such intent, or it is not waiting for this decision (the service notes the attempt).
    """
    intent = intents.load(uow.tx, id_)
    expected = State.AWAITING_APPROVAL if cause in (Cause.APPROVED, Cause.DENIED) else State.UNKNOWN
    if intent is None:
        raise ActionRejected(f"there is no intent {id_}: see `bursar actions`")
    if intent.state is not expected:
        raise ActionRejected(f"intent {id_} is {intent.state}, not {expected}")
    if cause is Cause.PERSON_HAPPENED:
        _succeed(uow, intent, Succeeded(reference=intent.reference))
    return take_step(uow, intent, Step(cause, move(intent.state, cause), reason), actor=PERSON)


def _succeed(uow: UnitOfWork, intent: Intent, success: Succeeded) -> None:
    """Write what a yes brings: facts about the subject, new subjects under watch, and by when the effect must show."""
    account = uow.config.accounts.get(intent.account)
    action = account.actions.get(intent.action) if account is not None else None
    confirm_by = uow.now + UNCONFIRMED_AFTER if action is not None and action.confirmed_by else None
    intents.refer(uow.tx, intent.id, success.reference, confirm_by)
    if account is None:
        return
    kind = account.kinds.get(intent.subject.type)
    if kind is not None and success.facts:
        subjects.set_facts(uow.tx, account.name, kind, intent.subject.id, success.facts, uow.now)
    for seen in success.tracked:
        tracked = account.kinds[seen.ref.type]
        subjects.track(uow.tx, account.name, tracked, [(seen.ref.id, seen.fields, seen.created_at)], uow.now)
    uow.wake.add("polling")


_EVENT_OF = {
    State.SUCCEEDED: "action.succeeded",
    State.REFUSED: "action.refused",
    State.UNKNOWN: "action.unknown",
    State.DENIED: "action.denied",
    State.LAPSED: "action.lapsed",
    State.GAVE_UP: "action.gave_up",
}


def take_step(uow: UnitOfWork, intent: Intent, step: Step, *, actor: str = "bursar", never: bool = False) -> Intent:
    """Write a step of an intent's life, with all that follows from it."""
    after = intents.take_step(uow.tx, intent, step, uow.now)
    moved = after.state is not intent.state
    if moved:
        detail: dict[str, Json] = {
            "from": intent.state,
            "cause": step.cause,
            "reason": step.reason,
            "fence": intent.fence,
        }
        audit.add(uow.tx, actor, f"intent.{after.state}", intent.id, detail, uow.now)
    if after.state is State.UNKNOWN and intents.ask_person(uow.tx, intent.id, uow.now):
        _tell(uow, "action.unknown", after, step.reason)
    if moved and after.state not in OPEN:
        _end(uow, after, step, never=never)
    uow.wake.add("executing")
    return after


def _end(uow: UnitOfWork, intent: Intent, step: Step, *, never: bool) -> None:
    """What the end of an intent means for its match, for those that waited for it, and for people."""
    _tell(uow, _EVENT_OF[intent.state], intent, step.reason)
    if intent.match is not None and intent.state is not State.SUCCEEDED and not never:
        _hold_match(uow, intent, step)
    matches.release_waiting(uow.tx, intent.id, uow.now)


def _hold_match(uow: UnitOfWork, intent: Intent, step: Step) -> None:
    match = matches.load(uow.tx, intent.match) if intent.match is not None else None
    rule = uow.config.rules.get(intent.rule or "")
    if match is None or rule is None:
        return
    held = _obstacle_after(uow, intent, step, rule.cooldown)
    if held is None:
        return
    matches.hold_back_if_alone(uow.tx, match, held, max(match.acts_planned - 1, 0))
    if held.obstacle is Obstacle.GAVE_UP:
        _tell(uow, "action.gave_up", intent, held.reason)


def _obstacle_after(uow: UnitOfWork, intent: Intent, step: Step, cooldown: timedelta | None) -> HeldBack | None:
    if intent.state is State.REFUSED:
        row = accounts.load(uow.tx, intent.account)
        since = row.resumed_at if row is not None else None
        ends = intents.last_ended(uow.tx, intent.account, intent.subject, intent.action, MAX_REFUSALS, since)
        if len(ends) >= MAX_REFUSALS and all(state == "refused" for state, _ in ends):
            return HeldBack(Obstacle.GAVE_UP, f"refused {len(ends)} times in a row; a person decides")
        pause = cooldown or (REFUSED_MONEY_PAUSE if _is_money(uow, intent) else REFUSED_PAUSE)
        return HeldBack(Obstacle.REFUSED, step.reason, uow.now + pause)
    if intent.state is State.DENIED or step.cause is Cause.UNANSWERED:
        obstacle = Obstacle.DENIED if intent.state is State.DENIED else Obstacle.LAPSED
        return HeldBack(obstacle, step.reason, uow.now + (cooldown or DENIED_PAUSE))
    if intent.state is State.LAPSED:
        return HeldBack(Obstacle.LAPSED, step.reason, uow.now)
    return None


def _is_money(uow: UnitOfWork, intent: Intent) -> bool:
    """Say whether it moves money; of an account that is configured no more, it is taken for that."""
    account = uow.config.accounts.get(intent.account)
    action = account.actions.get(intent.action) if account is not None else None
    return action is None or action.money


def _tell(uow: UnitOfWork, type_: str, intent: Intent, reason: str) -> None:
    data: dict[str, Json] = {
        "intent": str(intent.id),
        "action": intent.action,
        "rule": intent.rule,
        "state": str(intent.state),
        "reason": reason,
    }
    if intent.reference is not None:
        data["reference"] = intent.reference
    emit_core(uow, type_, intent.account, data, intent.subject)


def release_pause(uow: UnitOfWork, account: AccountName | None) -> None:
    """Acting goes on: what the pause, and earlier refusals, held back is asked again."""
    for obstacle in (Obstacle.PAUSED, Obstacle.GAVE_UP):
        matches.release(uow.tx, obstacle, uow.now, account=account)
    uow.wake.update(("executing", "polling"))
