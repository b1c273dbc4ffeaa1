"""What a person decides about actions: asks for one, says yes or no.

Whatever a person says is put to the same gate (`Phase.OPERATOR`), on what is known just then.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from bursar.domain.guard_facts import Consent, Cost, GuardFacts
from bursar.domain.ids import AccountName, IntentId
from bursar.domain.intent import OPEN, Intent, PlannedIntent, State
from bursar.domain.intent_states import Cause, step, transition
from bursar.domain.permission import Phase
from bursar.domain.rests import rest_after_no
from bursar.domain.values import Json
from bursar.domain.verdict import BlockReason, HoldBack, Lapse, Question, RequireApproval
from bursar.journal import accounts, audit, intents, matches, questions
from bursar.pipeline.approvals import CEILING, ask, changed_words, past_ceiling, shown_amount
from bursar.pipeline.dispatch import describe
from bursar.pipeline.gate import gate
from bursar.pipeline.gate.candidate import Candidate
from bursar.pipeline.intent_transitions import OPERATOR, take_step
from bursar.pipeline.operator.action_rejected import ActionRejected, say_first
from bursar.pipeline.unit_of_work import ReadView, UnitOfWork

SAID_YES = "a person said yes"


@dataclass(frozen=True, slots=True)
class Answered:
    """What came of an answer.

    Attributes:
        intent: The intent as it is now.
        problem: Why the answer was not taken, in a sentence; None: it was.
        warning: It was taken, and this may come of it.
    """

    intent: Intent
    problem: str | None = None
    warning: str | None = None


def quote(view: ReadView, planned: PlannedIntent) -> Cost:
    """Return what something would cost that a person is about to ask for, as far as it is known."""
    return gate.ask(view, _wanted(view, planned), Phase.OPERATOR)[1].cost


def plan_call(uow: UnitOfWork, planned: PlannedIntent, shown: Consent | None = None) -> Intent:
    """Write an intent that a person asked for.

    Args:
        uow: The unit of work.
        planned: What the person asked for.
        shown: The yes, to the amount that was shown, or to one that was shown as not known: if more would leave, he is
            asked once more. None: he was shown nothing.

    Raises:
        ActionRejected: the gate does not let it through; one sentence.
    """
    verdict, facts = gate.ask(uow, _wanted(uow, planned), Phase.OPERATOR)
    # A call has no match that could wait: what is held back now is refused in a sentence.
    if isinstance(verdict, HoldBack):
        raise ActionRejected(_advice(planned, verdict))
    its, now = shown.currency if shown is not None else None, facts.cost.currency
    # Shown 100 USD and said yes; the account counts in BTC since a reload between the two.
    if None not in (its, now) and its != now:
        raise ActionRejected(f"the amount was shown in {its}, and {planned.account} counts in {now} now: call again")
    planned = replace(planned, cost=facts.cost.amount, currency=facts.cost.currency)
    intent = intents.add(uow.tx, planned, transition(None, Cause.PLANNED), None, uow.now, uow.now)
    audit.add(uow.tx, OPERATOR, "intent.ready", intent.id, describe(planned), uow.now)
    if shown is not None:
        questions.consent(uow.tx, intent.id, shown)
    uow.wake.add("executing")
    return intent


def _wanted(view: ReadView, planned: PlannedIntent) -> Candidate:
    action = view.config.accounts[planned.account].actions[planned.action]
    return Candidate(planned.account, None, None, action, planned.subject, planned.params, planned.sealed)


def _advice(planned: PlannedIntent, held: HoldBack) -> str:
    """Return why something that a person asked for is not done, and what to do first."""
    if held.block is BlockReason.PAUSED:
        name = "" if held.reason == accounts.EVERYTHING_PAUSED else f" {planned.account}"
        return f"{held.reason}: `bursar resume{name}` first"
    if held.block is BlockReason.OPEN_INTENT:
        return f"{planned.subject} has an open intent: {held.reason}"
    if held.block is BlockReason.BLOCKED:
        return f"{held.reason}: {say_first(held.waits_for)}"
    if held.block is BlockReason.BUDGET:
        return f"{planned.action} is not allowed: {held.reason}"
    return held.reason


def approve(uow: UnitOfWork, said: str) -> list[Answered]:
    """Take a yes to a question: by the id of its intent, with the question's number, or to all past a ceiling.

    Raises:
        ActionRejected: there is no such question.
    """
    if said.startswith(CEILING):
        return _approve_ceiling(uow, AccountName(said.removeprefix(CEILING)))
    intent, number = asked_about(uow, said, State.AWAITING_APPROVAL)
    asked = questions.of_intent(uow.tx, intent.id)
    if number != max(intent.question, 1):
        before = next((one.amount for one in asked if one.number == number), None)
        return [Answered(intent, changed_words(intent, before))]
    return [_answer_yes(uow, intent)]


def _answer_yes(uow: UnitOfWork, intent: Intent) -> Answered:
    """Take a yes for the amount that was shown, unless more would leave now, or what it was for is over."""
    # The timer may be a second late: a yes after the deadline is none, also before the timer has ended the question.
    if intent.due_at is not None and intent.due_at <= uow.now:
        ended = take_step(uow, intent, step(intent, Cause.UNANSWERED, "nobody answered in time"))
        return Answered(ended, f"intent {intent.id} has lapsed: nobody answered in time")
    verdict, facts, candidate = gate.ask_about(uow, intent, phase=Phase.OPERATOR)
    if candidate is None:
        raise ActionRejected(f"{intent.account} is not configured, or has no {intent.action}, now")
    if isinstance(verdict, Lapse) and facts.may_hold_again:
        return Answered(intent, f"intent {intent.id} cannot go on now: {verdict.reason}; its question stays")
    if isinstance(verdict, Lapse):
        ended = take_step(uow, intent, step(intent, Cause.STALE, verdict.reason))
        return Answered(ended, f"intent {intent.id} has lapsed: {verdict.reason}")
    # A pause of a minute costs no yes; but in a quarantine a
    # person would say yes to a payout at what may be another site.
    if isinstance(verdict, HoldBack) and (not verdict.brief or verdict.block is BlockReason.QUARANTINED):
        when = "" if verdict.retry_at is None else f"; not before {verdict.retry_at + uow.ahead:%Y-%m-%d %H:%M:%S}Z"
        return Answered(intent, f"intent {intent.id} cannot go on now: {verdict.reason}{when}")
    above = _asks_above(uow, intent, facts)
    # The balance has grown since the question: a yes to what the person did
    # not see is asked for anew, unless nobody would be asked about so much now.
    amount = facts.cost.amount
    if _more_than(amount, intent.cost) and (above is None or amount is None or amount > above):
        return _ask_anew(uow, intent, facts)
    given = Consent(amount=intent.cost, ceiling=True) if intent.past_ceiling else Consent(True, intent.cost, above)
    questions.consent(uow.tx, intent.id, given)
    questions.answered_yes(uow.tx, intent.id, intent.question)
    waits = f"it waits, for an hour at most: {verdict.reason}" if isinstance(verdict, HoldBack) else None
    warnings = [one for one in (_beside(uow, intent), waits) if one is not None]
    ready = take_step(uow, intent, step(intent, Cause.APPROVED, SAID_YES), actor=OPERATOR)
    return Answered(ready, warning="; ".join(warnings) or None)


def _beside(view: ReadView, intent: Intent) -> str | None:
    """Return what a yes is said beside, in the words of the question."""
    if not questions.asked_beside(view.tx, intent):
        return None
    return f"it leaves beside this: {intent.reason.rpartition(': ')[0] or intent.reason}"


def _asks_above(view: ReadView, intent: Intent, facts: GuardFacts) -> Decimal | None:
    """Return above which amount its rule asks now; None: at any, or something else than the amount was the reason."""
    approve = facts.rule.approve if facts.rule is not None else None
    if approve is None or approve.above is None or intent.past_ceiling:
        return None
    return None if questions.last_about(view.tx, intent) is not None else Decimal(str(approve.above))


def _more_than(now: Decimal | None, asked: Decimal | None) -> bool:
    """Return whether more would leave now than was asked about; an amount not known then is more than was shown."""
    return now is not None and (asked is None or now > asked)


def _ask_anew(uow: UnitOfWork, intent: Intent, facts: GuardFacts) -> Answered:
    before = intent.cost
    grown = questions.set_cost(uow.tx, intent.id, facts.cost)
    now, then = (str(shown_amount(amount) or "not known") for amount in (grown.cost, before))
    suspicion, words = questions.last_about(uow.tx, intent) or (None, "")
    reason = f"the amount has changed: {now} now, {then} before{'; ' if words else ''}{words}"
    grown = take_step(uow, grown, step(grown, Cause.GREW, reason, intent.due_at))
    kind = Question.CEILING if intent.past_ceiling else Question.RULE
    asked = ask(uow, grown, RequireApproval(reason, (intent.question_until or uow.now) - uow.now, kind), suspicion)
    return Answered(asked, changed_words(asked, before))


def _approve_ceiling(uow: UnitOfWork, account: AccountName) -> list[Answered]:
    waiting = past_ceiling(uow, account)
    if not waiting:
        raise ActionRejected(f"nothing of {account} waits to go past settings.ceiling: see `bursar actions`")
    return [_answer_yes(uow, intent) for intent in waiting]


def deny(uow: UnitOfWork, said: str) -> list[Answered]:
    """Take a no: to a question, or to what is ready or deferred and not sent yet.

    Raises:
        ActionRejected: there is nothing of that id that could be ended.
    """
    if said.startswith(CEILING):
        account = AccountName(said.removeprefix(CEILING))
        waiting: Sequence[Intent] = past_ceiling(uow, account)
        if not waiting:
            raise ActionRejected(f"nothing of {account} waits to go past settings.ceiling: see `bursar actions`")
    else:
        # Nothing that was sent: a no to what is unknown would free money that may be on its way.
        waiting = [asked_about(uow, said, State.AWAITING_APPROVAL, State.READY, State.DEFERRED)[0]]
    return [_answer_no(uow, one) for one in waiting]


def _answer_no(uow: UnitOfWork, intent: Intent) -> Answered:
    denied = take_step(uow, intent, step(intent, Cause.DENIED, "a person said no"), actor=OPERATOR)
    # An earlier yes to the same question must not let the next payout pass the same suspicion.
    questions.taken_back(uow.tx, intent)
    match = matches.load(uow.tx, intent.match) if intent.match is not None else None
    if match is None or match.state != "held":
        return Answered(denied)
    ends_at = uow.now + rest_after_no(uow.config.rules.get(intent.rule or ""))
    until = f"{ends_at + uow.ahead:%Y-%m-%d %H:%M:%S}Z"
    words = f"its rule asks no more before {until}; `bursar actions retry {intent.id}` has it ask earlier"
    return Answered(denied, warning=words)


def asked_about(uow: UnitOfWork, said: str, *expected: State) -> tuple[Intent, int]:
    """Return the intent that an id names, and the number of the question that goes with it.

    Raises:
        ActionRejected: there is none, or it is in another state.
    """
    id_, number = read_id(said)
    intent = intents.load(uow.tx, id_)
    if intent is None:
        raise ActionRejected(f"there is no action {id_}: see `bursar actions`")
    # `approve 17.2` from a message of before a restore speaks of a question that this journal never asked.
    if number > (last := max(intent.question, 1)):
        raise ActionRejected(f"intent {id_} has no question {number} (the last is {last}): see `bursar actions`")
    if intent.state not in expected:
        why = f" ({intent.reason})" if intent.state not in OPEN and intent.reason else ""
        first = f": {say_first(id_)}" if intent.state is State.UNKNOWN else ""
        raise ActionRejected(f"intent {id_} is {intent.state}{why}, not {' or '.join(expected)}{first}")
    return intent, number


MAX_DIGITS = 18


def read_id(said: str) -> tuple[IntentId, int]:
    """Read `17` or `17.2`: an intent, and which question about it.

    Raises:
        ActionRejected: it is neither.
    """
    id_, dot, number = said.partition(".")
    # `int` reads "1_7" and Arabic digits, too; a mistyped id must not answer another question.
    whole = all(part.isascii() and part.isdigit() and len(part) <= MAX_DIGITS for part in (id_, number or "1"))
    if not whole or (dot and (not number or int(number) == 0)):
        raise ActionRejected(f"{said!r} is not the id of an action: see `bursar actions`")
    return IntentId(int(id_)), int(number or "1")


def _what(intent: Intent) -> str:
    """Return what an intent is about, in words: `payout of 80 USD at exchange, for the rule payout-when-due`."""
    unit = f" {intent.currency}" if intent.currency is not None else ""
    amount = f" of {shown_amount(intent.cost)}{unit}" if intent.cost is not None else ""
    named = not intent.subject.unnamed and intent.subject.id != intent.subject.type
    on = f" on {intent.subject}" if named else ""
    by = f", for the rule {intent.rule}" if intent.rule is not None else ", called for by a person"
    return f"{intent.action}{amount}{on} at {intent.account}{by}"


def shown(answered: Answered) -> dict[str, Json]:
    """Return what came of an answer as commands print it."""
    intent = answered.intent
    return {
        "id": intent.shown_id,
        "what": _what(intent),
        "state": str(intent.state),
        "reason": answered.problem or intent.reason,
        "problem": answered.problem,
        "warning": answered.warning,
    }
