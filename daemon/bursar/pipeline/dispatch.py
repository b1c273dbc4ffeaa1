"""From a match to an intent, and from a ready intent to `sending`: each time the facts are loaded once, the gate is
asked once, and its verdict is written."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from bursar.domain.detect import public
from bursar.domain.guard_facts import Consent, GuardFacts
from bursar.domain.ids import AccountName, IntentId, SubjectRef
from bursar.domain.intent import Intent, PlannedIntent, State
from bursar.domain.intent_states import Cause, Step, step, transition
from bursar.domain.permission import Phase
from bursar.domain.plan import Notification, SecretChanged, notifications
from bursar.domain.route import route_note
from bursar.domain.rule import Rule, Scope, TemplateFailed
from bursar.domain.values import Json
from bursar.domain.verdict import Allow, BlockReason, HoldBack, Lapse, RequireApproval, Verdict
from bursar.journal import audit, deliveries, intents, ledger, matches, meta, questions
from bursar.journal.files.send_counter import SendCount
from bursar.journal.matches import MatchRow
from bursar.pipeline.approvals import ask, shown_amount
from bursar.pipeline.events import emit_core
from bursar.pipeline.gate import gate
from bursar.pipeline.gate.candidate import Candidate
from bursar.pipeline.gate.just_over import Looks
from bursar.pipeline.gate.second import happened_before
from bursar.pipeline.gate.unfamiliar import no_longer_waits
from bursar.pipeline.holding import hold_back
from bursar.pipeline.intent_transitions import take_step
from bursar.pipeline.match_facts import PARAM_CHANGED, RULE_ENDS
from bursar.pipeline.outcomes import go_on
from bursar.pipeline.reload.edited_rules import end_held
from bursar.pipeline.revealed import revealed
from bursar.pipeline.unit_of_work import UnitOfWork

WAITS_NO_MORE = "what it was asked beside does not wait there any more"
SAYS_AT_ONCE = "what it was asked beside has left the balance already: its account says debits_at_once"
CONTRADICTED_REST = timedelta(minutes=5)
MAX_CONTRADICTED_REST = timedelta(hours=12)


def apply_match(uow: UnitOfWork, rule: Rule, match: MatchRow, scope: Scope) -> None:
    """Plan what a match leads to now, ask the gate, and write what comes of it.

    A match fires as a whole: its texts go out once, and those about an action not before that was sent; its actions
    follow one another, since a subject has at most one open intent.
    """
    former = happened_before(uow, match, None)
    if former is not None:  # it landed late, and this match was held back meanwhile
        go_on(uow, former)
        return
    try:
        if match.acts_planned < len(rule.acts()):
            _apply_action(uow, rule, match, scope)
        else:
            _apply_texts(uow, rule, match, scope)
    except TemplateFailed as failed:
        matches.drop(uow.tx, match.id, str(failed), uow.now)
        fail(uow, match, str(failed))


def fail(uow: UnitOfWork, match: MatchRow, reason: str) -> None:
    """Emit `rule.failed`: a rule could not be carried out."""
    emit_core(uow, "rule.failed", match.account, {"rule": match.rule, "reason": reason}, match.subject)


def _apply_action(uow: UnitOfWork, rule: Rule, match: MatchRow, scope: Scope) -> None:
    planned, candidate = gate.next_of(uow, rule, match, scope)
    notifications(rule, scope)  # a text that cannot be filled in stops the action before anything is asked or sent
    verdict, facts = gate.ask(uow, candidate, Phase.PLAN)
    if isinstance(verdict, (HoldBack, Lapse)):
        _keep(uow, match, verdict, match.acts_planned)
        return
    # Reserved from now on: two payouts that are planned in one poll must not both fit into what is left of a budget.
    intent = _write_intent(uow, replace(planned, cost=facts.cost.amount, currency=facts.cost.currency), scope, verdict)
    position = match.acts_planned + 1
    matches.fired(uow.tx, match, position, 1, uow.now)
    if position < len(rule.acts()):
        # One after the other: an order that is refilling must not be canceled by the next action of the same rule.
        waits = HoldBack(BlockReason.OPEN_INTENT, f"waits for its {planned.action}", waits_for=intent.id)
        matches.hold_back(uow.tx, match, waits, position)


def _apply_texts(uow: UnitOfWork, rule: Rule, match: MatchRow, scope: Scope) -> None:
    """Owe the texts of a rule that only tells; of one that acts, nothing is left to do."""
    # The texts of a rule that acts go out at the `sending`: a
    # payout that a person denies must not have been told as made.
    if rule.acts():
        matches.fired(uow.tx, match, match.acts_planned, 0, uow.now)
        return
    candidate = Candidate(match.account, rule, match, scope=scope, fingerprint=match.fingerprint)
    verdict, _ = gate.ask(uow, candidate, Phase.PLAN)
    if isinstance(verdict, (HoldBack, Lapse)):
        _keep(uow, match, verdict, match.acts_planned)
        return
    _owe(uow, rule, match, scope, notifications(rule, scope))
    matches.fired(uow.tx, match, match.acts_planned, 0, uow.now)


def _keep(uow: UnitOfWork, match: MatchRow, verdict: HoldBack | Lapse, acts_planned: int) -> None:
    """Hold a match back, or end it."""
    if isinstance(verdict, Lapse) and verdict.reason in RULE_ENDS:
        end_held(uow, [(match, verdict.reason)])
        return
    if isinstance(verdict, Lapse):
        matches.drop(uow.tx, match.id, verdict.reason, uow.now)
        return
    hold_back(uow, match, verdict, acts_planned)


def _owe(uow: UnitOfWork, rule: Rule, match: MatchRow, scope: Scope, texts: Sequence[Notification]) -> None:
    """Owe the texts of a match to their sinks."""
    data = public(scope.subject) if scope.subject is not None else dict(scope.event.data if scope.event else {})
    key = f"{match.account}{match.id}{match.at.isoformat()}"
    for text in texts:
        owed = route_note(text, key, rule.name, match.account, scope.event, match.subject, data, uow.now, uow.wall)
        deliveries.add(uow.tx, [owed])
    if texts:
        matches.told(uow.tx, match.id, uow.now)
        uow.wake.add("delivering")


def _write_intent(uow: UnitOfWork, planned: PlannedIntent, scope: Scope, verdict: Allow | RequireApproval) -> Intent:
    """Write a planned intent: ready, or with its first question to a person."""
    asks = isinstance(verdict, RequireApproval)
    state = transition(None, Cause.GUARDED if asks else Cause.PLANNED)
    seen_at = scope.subject.observed_at if scope.subject is not None else None
    # A snapshot of the last run, or of an observation that was held
    # for hours, makes nothing fresh: it is looked at anew first.
    facts_at = seen_at if seen_at is not None and uow.fresh_since is not None and seen_at >= uow.fresh_since else None
    intent = intents.add(uow.tx, planned, state, None, facts_at, uow.now)
    audit.add(uow.tx, f"rule:{planned.rule}", f"intent.{state}", intent.id, describe(planned), uow.now)
    uow.effects[planned.account] = uow.effects.get(planned.account, 0) + (not asks)
    uow.wake.add("executing")
    return ask(uow, intent, verdict) if isinstance(verdict, RequireApproval) else intent


def describe(planned: PlannedIntent) -> dict[str, Json]:
    """Return what the audit trail keeps of a planned intent."""
    return {
        "account": planned.account,
        "action": planned.action,
        "subject": str(planned.subject),
        "params": dict(planned.params),
        "cost": shown_amount(planned.cost),
        "currency": planned.currency,
        "match": planned.match,
        "reason": planned.reason,
    }


def review(uow: UnitOfWork, id_: IntentId, failed: str | None = None) -> None:
    """Write why a ready intent is not sent, before anything is read for it: it lapses, or is held back.

    Args:
        uow: The unit of work.
        id_: The intent.
        failed: What is wrong with its parameters, if something is.
    """
    intent = intents.load(uow.tx, id_)
    if intent is None or intent.state is not State.READY:
        return
    verdict, facts, _ = gate.ask_about(uow, intent)
    # What the gate says goes before what is wrong with the
    # parameters: a pause must not end what only waits for its end.
    if failed is not None and (verdict is None or isinstance(verdict, (Allow, RequireApproval))):
        verdict = Lapse(failed)
    if isinstance(verdict, (Lapse, HoldBack)):
        _refuse(uow, intent, facts, verdict)


def review_questions(uow: UnitOfWork, account: AccountName, changed: Collection[SubjectRef] = ()) -> None:
    """End the questions about subjects that changed, where what they ask about is over; so, too, where nothing waits
    at the provider any more beside which a yes was wanted, or none is wanted now."""
    for id_, about in intents.questions_about(uow.tx, account):
        intent = intents.load(uow.tx, id_)
        beside = questions.asked_beside(uow.tx, intent) if intent is not None else None
        if intent is None or (about not in changed and not beside):
            continue
        verdict, facts, _ = gate.ask_about(uow, intent, phase=Phase.OPERATOR)
        if (
            beside
            and facts.action is not None
            and no_longer_waits(uow, intent.account, facts.action, intent.subject, beside)
        ):
            at_once = uow.config.accounts[intent.account].debits_at_once
            ended = step(intent, Cause.STALE, SAYS_AT_ONCE if at_once else WAITS_NO_MORE)
            take_step(uow, intent, replace(ended, again=True))
            continue
        if isinstance(verdict, Lapse) and not facts.may_hold_again:
            take_step(uow, intent, step(intent, Cause.STALE, verdict.reason))


@dataclass(frozen=True, slots=True)
class Claimed:
    """Intents that were committed to `sending`, their secret parameters filled in, and the count for the send counter.

    Attributes:
        waiting: The others, that stay ready: they are asked again soon.
    """

    intents: tuple[Intent, ...]
    count: SendCount | None
    waiting: tuple[IntentId, ...] = ()


def claim(uow: UnitOfWork, ids: Sequence[IntentId], evidence: Json, looks: Looks | None = None) -> Claimed:
    """Commit ready intents to `sending`: each that the gate allows, by the evidence just read."""
    started: list[Intent] = []
    waiting: list[IntentId] = []
    count: SendCount | None = None
    for id_ in ids:
        intent = intents.load(uow.tx, id_)
        # Between the look and this commit a person may have denied it, or time ended it.
        if intent is None or intent.state is not State.READY:
            continue
        sent = _claim_one(uow, intent, evidence, looks or Looks())
        if sent is None:
            waiting.append(id_)
            continue
        # In the same transaction as `sending`: a journal that has counted fewer than the file beside it was restored.
        count = meta.count_sending(uow.tx)
        started.append(sent)
    return Claimed(tuple(started), count, tuple(waiting))


def _claim_one(uow: UnitOfWork, intent: Intent, evidence: Json, looks: Looks) -> Intent | None:
    """Ask the gate about one intent, and write its verdict; return it as adapters get it if it is to be sent."""
    verdict, facts, candidate = gate.ask_about(uow, intent, evidence, first_shown=looks.of(intent))
    if candidate is None or verdict is None:
        return None
    if not isinstance(verdict, Allow):
        _refuse(uow, intent, facts, verdict)
        return None
    try:
        params = dict(revealed(uow, intent).params)
    except TemplateFailed as failed:
        # The wallet was edited since the plan: the money was decided for another one.
        reason = PARAM_CHANGED if isinstance(failed, SecretChanged) else str(failed)
        take_step(uow, intent, step(intent, Cause.STALE, reason))
        return None
    if intent.rule is None and not intent.consented:  # asked for with `--yes`: what is there now, and later no more
        # Written down before it leaves: if this attempt is lost, the next one must not take what has come in since.
        questions.consent(uow.tx, intent.id, Consent(True, facts.cost.amount))
    # With the cost of the evidence just read, not of the plan: budgets and the yes are for what leaves.
    sent = intents.send(uow.tx, intent, evidence, facts.cost.amount, uow.now, facts.cost.currency)
    detail: dict[str, Json] = {"fence": sent.fence, "cost": shown_amount(sent.cost), "evidence": evidence}
    audit.add(uow.tx, "bursar", "intent.sending", intent.id, detail, uow.now)
    if candidate.match is not None and candidate.rule is not None:
        # In the same commit: a crash after it leaves the text owed,
        # and one before it leaves nothing told of what was not sent.
        _tell_of_sending(uow, candidate.rule, candidate.match, candidate.scope)
    return replace(sent, params=params)


def _refuse(uow: UnitOfWork, intent: Intent, facts: GuardFacts, verdict: Verdict) -> None:
    """Write why a ready intent is not sent: it is asked about anew, lapses, or (for a while) stays ready."""
    if isinstance(verdict, RequireApproval):
        # The amount of a question never changes silently: it is asked
        # anew, under a new number, and a yes to the old one is none.
        grown = questions.set_cost(uow.tx, intent.id, facts.cost)
        ask(uow, take_step(uow, grown, step(grown, Cause.GREW, verdict.reason)), verdict)
    elif isinstance(verdict, Lapse):
        held = _contradicted(uow, intent, facts, verdict)
        take_step(uow, intent, replace(step(intent, Cause.STALE, verdict.reason), again=verdict.again), held=held)
    elif isinstance(verdict, HoldBack) and not verdict.brief:
        reason = f"held back: {verdict.block} ({verdict.reason})"
        state = transition(intent.state, Cause.HELD_BACK)
        take_step(uow, intent, Step(Cause.HELD_BACK, state, reason), held=verdict)


def _contradicted(uow: UnitOfWork, intent: Intent, facts: GuardFacts, lapse: Lapse) -> HoldBack | None:
    """Return until when a match rests whose polls and looks contradict each other, longer each time; None: they do not,
    or for the first time."""
    match = matches.load(uow.tx, intent.match) if intent.match is not None else None
    by_the_look = lapse.again and facts.looked and facts.second is None and facts.too_old is None
    if match is None or not by_the_look:
        return None
    before = [one for one in ledger.of_match(uow.tx, match.first) if one.id != intent.id and one.sent_at is None]
    if not before:
        return None
    rest = min(CONTRADICTED_REST * 2 ** min(len(before), 10), MAX_CONTRADICTED_REST)
    return HoldBack(BlockReason.LAPSED, lapse.reason, uow.now + rest)


def _tell_of_sending(uow: UnitOfWork, rule: Rule, match: MatchRow, scope: Scope | None) -> None:
    """Owe the texts of a rule, once its first action is being sent."""
    if match.told_at is not None or scope is None:
        return
    try:
        _owe(uow, rule, match, scope, notifications(rule, scope))
    # A text that fails now must not undo a `sending` that the gate has allowed.
    except TemplateFailed as failed:
        fail(uow, match, str(failed))
