"""From news and sights to matches, and from matches to intents and deliveries, within one commit.

The deciding is done by `domain` (`evaluate`, `stand`, `plan`); here its answers are written, in order.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

from bursar.domain.action import ActionType
from bursar.domain.detect import public
from bursar.domain.evaluate import Match, evaluate, judge, stand
from bursar.domain.event import Event
from bursar.domain.guard import HeldBack, History, Obstacle
from bursar.domain.ids import AccountName, IntentId, SubjectRef
from bursar.domain.intent import LostReply, PlannedIntent
from bursar.domain.intent_states import MAX_REFUSALS, Cause, move
from bursar.domain.observation import Snapshot
from bursar.domain.plan import Note, Plan, plan
from bursar.domain.route import route_note
from bursar.domain.rule import Budget, Mode, Rule, Scope
from bursar.domain.values import Json
from bursar.journal import accounts, audit, deliveries, events, intents, matches, meta, verdicts
from bursar.journal.matches import MatchRow
from bursar.journal.verdicts import NOTHING
from bursar.pipeline.unit_of_work import DEEPEST, UnitOfWork, emit_core

NOBODY = AccountName("")


def process_events(uow: UnitOfWork) -> None:
    """Ask the rules about all news of this commit, and about the news that comes of it."""
    while uow.news:
        news = uow.news.popleft()
        if news.depth > DEEPEST:
            continue
        uow.depth = news.depth
        ask_event_rules(uow, news.event, news.snapshot)


def ask_event_rules(uow: UnitOfWork, event: Event, snapshot: Snapshot | None) -> None:
    """Put an event to the rules that listen to it, once each."""
    facts = uow.config.facts(event.account)
    for rule in uow.config.rules.for_event(event.type, facts):
        verdict = evaluate(rule, event, facts, snapshot, uow.now)
        verdicts.note(uow.tx, rule, event.account, event.subject, verdict, event, uow.now)
        if isinstance(verdict, Match):
            match = matches.add(uow.tx, rule, event.account, event.subject, event, verdict.reason, uow.now)
            apply_match(uow, rule, match, Scope(facts, uow.now, snapshot, event))


def ask_state_rules(uow: UnitOfWork, snapshot: Snapshot, *, news: bool) -> None:
    """Put a subject that was just observed to the state rules that watch its type.

    Args:
        c: The commit.
        snapshot: The subject as the observation left it.
        news: Its first sight, if this is it, counts as an entry; a baseline does not.
    """
    facts = uow.config.facts(snapshot.account)
    for rule in uow.config.rules.for_subject(snapshot.ref.type, facts):
        since = verdicts.rule_since(uow.tx, rule, uow.now)
        held = verdicts.standing(uow.tx, rule, snapshot.account, snapshot.ref)
        before = held.standing if held is not None else None
        entry = news and snapshot.first_seen_at == uow.now and since < uow.now
        after, verdict = stand(rule, facts, snapshot, before, uow.now, entry=entry)
        if held is None or after != before or (verdicts.word(verdict), verdict.reason) != (held.verdict, held.reason):
            verdicts.stand(uow.tx, rule, snapshot.account, snapshot.ref, uow.now, after, verdict)
        if isinstance(verdict, Match):
            match = matches.add(uow.tx, rule, snapshot.account, snapshot.ref, None, verdict.reason, uow.now)
            apply_match(uow, rule, match, Scope(facts, uow.now, snapshot))


def retry_deferred(uow: UnitOfWork, account: AccountName, ref: SubjectRef, snapshot: Snapshot | None) -> None:
    """The obstacle of held-back matches has ended and their subject was just observed: ask their rules once more."""
    facts = uow.config.facts(account)
    for match in matches.held_of(uow.tx, account, ref, uow.now):
        rule = active(uow, match.rule)
        if rule is None:
            matches.drop(uow.tx, match.id, "the rule is gone or off")
            continue
        if has_left(uow, rule, match):
            matches.drop(uow.tx, match.id, "it has left its condition since")
            continue
        scope = Scope(facts, uow.now, snapshot, recall(uow, match))
        answer = judge(rule, scope)
        if answer.truth:
            apply_match(uow, rule, match, scope)
        elif answer.truth is False or snapshot is None:
            matches.drop(uow.tx, match.id, f"no longer true: {answer.reason}")


def ask_unobserved(uow: UnitOfWork) -> None:
    """Ask once more what no poll will ever show: news without a subject, or of one that never came to be."""
    for account in (*uow.config.accounts, NOBODY):
        for ref in matches.due_subjects(uow.tx, account, uow.now):
            if ref == NOTHING or ref.id.startswith("+"):
                retry_deferred(uow, account, ref, None)


def active(uow: UnitOfWork, name: str | None) -> Rule | None:
    """Give a rule by its name, if it is there and not off."""
    rule = uow.config.rules.get(name or "")
    return None if rule is None or rule.mode is Mode.OFF else rule


def has_left(uow: UnitOfWork, rule: Rule, match: MatchRow) -> bool:
    """Say whether the entry that a state rule fired for is over: then its `for` counts anew, if it is inside again."""
    if rule.watches is None or match.subject is None:
        return False
    held = verdicts.standing(uow.tx, rule, match.account, match.subject)
    since = held.standing.since if held is not None and held.standing.inside else None
    return since is None or since > match.at


def recall(uow: UnitOfWork, match: MatchRow) -> Event | None:
    """Give the event that a match answers to."""
    account = uow.config.accounts.get(match.account)
    if match.event_id is None:
        return None
    return events.load(uow.tx, account.kinds if account is not None else {}, match.event_id)


def apply_match(uow: UnitOfWork, rule: Rule, match: MatchRow, scope: Scope) -> None:
    """Plan a match and write what comes of it."""
    account = uow.config.accounts.get(match.account)
    actions = account.actions if account is not None else {}

    def history(action: ActionType | None, subject: SubjectRef | None) -> History:
        return load_guard_facts(uow, rule, match, action, subject)

    decided = plan(
        rule,
        match.id,
        scope,
        actions,
        history,
        uow.config.seal,
        acts_planned=match.acts_planned,
        told=match.fired_at is not None,
    )
    data = (
        public(scope.subject)
        if scope.subject is not None
        else dict(scope.event.data)
        if scope.event is not None
        else {}
    )
    for note in decided.notes:
        _owe(uow, rule, match, scope, note, data)
    intent_id = _plan_intent(uow, decided, scope) if decided.intent is not None else None
    _close_match(uow, match, decided, intent_id)


def _owe(uow: UnitOfWork, rule: Rule, match: MatchRow, scope: Scope, note: Note, data: dict[str, Json]) -> None:
    key = f"{match.account}{match.id}{match.at.isoformat()}"
    owed = route_note(note, key, rule.name, match.account, scope.event, match.subject, data, uow.now)
    deliveries.add(uow.tx, [owed])
    uow.wake.add("delivering")


def _plan_intent(uow: UnitOfWork, decided: Plan, scope: Scope) -> int:
    planned = decided.intent
    assert planned is not None
    state = move(None, Cause.GUARDED if planned.asks is not None else Cause.PLANNED)
    due_at = uow.now + (planned.within or timedelta(0)) if planned.asks is not None else None
    facts_at = uow.now if scope.subject is not None and scope.subject.observed_at == uow.now else None
    intent = intents.add(uow.tx, planned, state, due_at, facts_at, uow.now)
    audit.add(uow.tx, f"rule:{planned.rule}", f"intent.{state}", intent.id, describe(planned), uow.now)
    uow.caused += 1
    if planned.asks is not None:
        _ask_person(uow, planned, intent.id)
    uow.wake.add("executing")
    return intent.id


def _ask_person(uow: UnitOfWork, planned: PlannedIntent, id_: int) -> None:
    data = {"intent": str(id_), "action": planned.action, "rule": planned.rule, "reason": planned.asks}
    over_ceiling = uow.caused > uow.config.ceiling
    if over_ceiling and not uow.ceiling_told:
        uow.ceiling_told = True
        emit_core(uow, "ceiling.reached", planned.account, {"reason": planned.asks, "action": planned.action})
    if not over_ceiling:
        until = uow.now + (planned.within or timedelta(0))
        links = uow.config.links.of(IntentId(id_), until) if uow.config.links is not None else {}
        emit_core(uow, "approval.wanted", planned.account, {**data}, planned.subject, {**links})


def describe(planned: PlannedIntent) -> dict[str, Json]:
    """Give what the audit trail keeps of a planned intent."""
    return {
        "account": planned.account,
        "action": planned.action,
        "subject": str(planned.subject),
        "params": dict(planned.params),
        "cost": None if planned.cost is None else str(planned.cost),
        "match": planned.match,
        "reason": planned.reason,
    }


def _close_match(uow: UnitOfWork, match: MatchRow, decided: Plan, intent_id: int | None) -> None:
    held = decided.held
    if intent_id is not None or held is None:
        matches.fired(uow.tx, match, decided.acts_planned, 1 if intent_id is not None else 0, uow.now)
    if held is None:
        return
    if intent_id is not None:
        held = replace(held, waits_for=intent_id)
    if held.obstacle is Obstacle.FAILED:
        matches.drop(uow.tx, match.id, held.reason)
        emit_core(uow, "rule.failed", match.account, {"rule": match.rule, "reason": held.reason}, match.subject)
        return
    matches.hold_back(uow.tx, match, held, decided.acts_planned)
    _tell_held(uow, match, held)


def _tell_held(uow: UnitOfWork, match: MatchRow, held: HeldBack) -> None:
    """A budget that stops, and a giving up, are told once per match."""
    if held.obstacle is Obstacle.BUDGET and match.obstacle != Obstacle.BUDGET:
        emit_core(uow, "budget.exhausted", match.account, {"rule": match.rule, "reason": held.reason}, match.subject)


def load_guard_facts(
    uow: UnitOfWork, rule: Rule, match: MatchRow, action: ActionType | None, subject: SubjectRef | None
) -> History:
    """Gather what the guards need to know."""
    row = accounts.load(uow.tx, match.account)
    history = History(
        mode=uow.config.mode,
        paused=accounts.paused(uow.tx, match.account),
        frozen=row is not None and row.frozen_digest is not None,
        steady=uow.steady,
        fired_at=matches.last_fired(uow.tx, rule, match.account, match.subject, but=match.id)
        if rule.cooldown
        else None,
        counted=_counted(uow, rule, match),
        restored=meta.get(uow.tx, "restored_at") is not None,
        caused=uow.caused,
        ceiling=uow.config.ceiling,
    )
    if action is None or subject is None:
        return history
    return _gather_action(uow, rule, match.account, action, subject, history)


def _gather_action(
    uow: UnitOfWork, rule: Rule, account: AccountName, action: ActionType, subject: SubjectRef, history: History
) -> History:
    open_ = intents.open_on(uow.tx, account, subject)
    blocking = blocks(uow, account, action)
    row = accounts.load(uow.tx, account)
    resumed_at = row.resumed_at if row is not None else None
    ends = intents.last_ended(uow.tx, account, subject, action.name, MAX_REFUSALS, resumed_at)
    refusals = 0
    for state, _ in ends:
        if state != "refused":
            break
        refusals += 1
    undone = events.last_of(uow.tx, account, action.undone_by)
    last = ends[0][1] if refusals else None
    return replace(
        history,
        open_intent=None if open_ is None else (open_.id, f"intent {open_.id} ({open_.action}, {open_.state})"),
        blocked_by=blocking,
        refusals=refusals,
        refused_at=max((at for at in (last, undone) if at is not None), default=None),
        spent=spent_of(uow, account, action, rule),
    )


def blocks(
    uow: UnitOfWork, account: AccountName, action: ActionType, *, but: int | None = None
) -> tuple[int, str] | None:
    """Say what blocks an action on the account: an unknown attempt at one whose loss cannot be repeated."""
    if action.lost_reply is LostReply.REPEATABLE:
        return None
    unknown = intents.unknown_of(uow.tx, account, action.name, but=None if but is None else IntentId(but))
    return None if unknown is None else (unknown.id, f"intent {unknown.id} ({unknown.state})")


def _counted(uow: UnitOfWork, rule: Rule, match: MatchRow) -> list[datetime]:
    limit = rule.limit
    if limit is None:
        return []
    account = None if limit.per == "rule" else match.account
    subject = match.subject if limit.per not in ("rule", "account") else None
    since = uow.now - limit.every
    if rule.acts():
        return intents.planned_times(uow.tx, rule.name, since, account=account, subject=subject)
    return matches.fired_times(uow.tx, rule, since, account=account, subject=subject)


def spent_of(
    uow: UnitOfWork, account: AccountName, action: ActionType, rule: Rule | None = None
) -> list[tuple[Budget, Decimal, datetime | None]]:
    """Give what each budget of the account (and of the rule) for an action has reserved and spent in its window."""
    terms, own = uow.config.accounts[account], rule.budget if rule is not None else ()
    found: list[tuple[Budget, Decimal, datetime | None]] = []
    for budget, by_rule in [(b, True) for b in own] + [(b, False) for b in terms.budgets]:
        if budget.action != action.name:
            continue
        spent, oldest = intents.spent(
            uow.tx,
            action.name,
            uow.now - budget.every,
            account=None if by_rule else account,
            rule=rule.name if by_rule and rule is not None else None,
        )
        found.append((budget, spent, None if oldest is None else oldest + budget.every))
    return found
