"""What a person has asked for anew: what was refused or gave up, and what a change of its rule ended."""

from __future__ import annotations

from collections.abc import Sequence

from bursar.domain.evaluate import judge
from bursar.domain.guard_facts import Consent
from bursar.domain.ids import RuleName
from bursar.domain.intent import Intent, PlannedIntent, State
from bursar.domain.ledger import Post
from bursar.domain.permission import Phase
from bursar.domain.rule import Rule, TemplateFailed
from bursar.domain.verdict import BlockReason, HoldBack, Verdict
from bursar.journal import audit, intents, ledger, matches
from bursar.journal.matches import MatchRow
from bursar.pipeline.gate import gate
from bursar.pipeline.gate.lineage import lineage_of
from bursar.pipeline.gate.refusals import answered_like
from bursar.pipeline.intent_transitions import OPERATOR
from bursar.pipeline.match_facts import RULE_ENDS, recall, scope_of
from bursar.pipeline.operator.action_rejected import ActionRejected
from bursar.pipeline.operator.decisions import Answered, asked_about, plan_call
from bursar.pipeline.reload.edited_rules import begun_at, why_not_anew
from bursar.pipeline.unit_of_work import ReadView, UnitOfWork

ANEW = "a person has it tried again"
OF_A_MOMENT = frozenset({BlockReason.STALE, BlockReason.CLOCK, BlockReason.COST, BlockReason.LAPSED})
"""What holds back only until something is looked at."""


def retry(uow: UnitOfWork, said: str) -> Answered:
    """Have what gave up, was refused, or denied by a person, asked for anew: that does not count any more.

    What lapsed because its rule was changed is put to the rule as it is now.

    What else was held back by them is asked, too: a newer match, or one of another rule. The gate knows which. What a
    person had asked for is planned once more only where nothing else waits: it would be done twice.

    Raises:
        ActionRejected: it has not ended so.
    """
    intent, _ = asked_about(uow, said, State.REFUSED, State.GAVE_UP, State.DENIED, State.LAPSED)
    own_entry = ledger.load(uow.tx, intent.id)
    own = matches.load(uow.tx, intent.match) if intent.match is not None else None
    if intent.state is State.LAPSED and (own is None or own.state != "held"):
        return _ask_rule_anew(uow, intent, intent.reason)
    # Two retries of one call have paid twice.
    if own_entry is not None and (own_entry.retried or (intent.state is State.DENIED and _asked_since(uow, intent))):
        return Answered(intent, f"intent {intent.id} was asked for anew already: see `bursar actions`")
    alike = answered_like(uow, intent)
    # The whole row, not this one alone: the ones before it would still make three.
    counted = {one.id for one in alike if one.outcome is Post.REFUSED or one.undone_at is not None} | {intent.id}
    for id_ in sorted(counted):
        ledger.post(uow.tx, id_, Post.FORGIVEN, uow.now)
    audit.add(uow.tx, OPERATOR, "intent.retry", intent.id, {"account": intent.account}, uow.now)
    # Only what waits for these refusals: the retry of one order must not buy all the others.
    of_others = [one for one in matches.given_up(uow.tx, intent.account, counted) if own is None or one.id != own.id]
    waiting = [*of_others, *([own] if own is not None and own.state == "held" else [])]
    if intent.state is State.DENIED and not waiting and own is not None:  # a newer one is held back by the same no
        alike_held = [one for one in matches.held_by(uow.tx, own.rule) if one.block == BlockReason.DENIED]
        waiting = [one for one in alike_held if (one.account, one.subject) == (own.account, own.subject)]
    ended = own is not None and own.state == "dropped" and own.reason in RULE_ENDS
    if own is not None and ended and not waiting and uow.config.active_rule(own.rule) is not None:
        return _ask_rule_anew(uow, intent, own.reason)
    if intent.match is not None and not waiting:
        return Answered(intent, _nothing_waits(uow, intent))
    for match in waiting:
        released = HoldBack(BlockReason(match.block or BlockReason.GAVE_UP), ANEW, uow.now)
        matches.hold_back(uow.tx, match, released, match.acts_planned)
    uow.wake.add("polling")
    if waiting:  # what a rule asks for now is not asked for by a second action as well
        return Answered(intent, warning=_held_still(uow, waiting))
    # The journal has a wallet as a mask alone, so that it could not be planned again.
    if intent.sealed:
        return Answered(intent, f"intent {intent.id} has a secret parameter, which is not kept: call again")
    return Answered(_plan_again(uow, intent))


def _asked_since(view: ReadView, intent: Intent) -> bool:
    """Return whether the match of an intent, or its rule for what it was about, has asked again since."""
    match = matches.load(view.tx, intent.match) if intent.match is not None else None
    if match is None:
        return False
    lineage = lineage_of(view, RuleName(match.rule))
    entries = ledger.of_rule(view.tx, lineage, match.account, match.subject, intent.created_at)
    return any(one.id > intent.id for one in entries)


def _held_still(uow: UnitOfWork, waiting: Sequence[MatchRow]) -> str | None:
    """Return what holds back all that waits, whatever a person has tried again; None: something is asked at once."""
    verdicts = [_foreseen(uow, match) for match in waiting]
    held = [one for one in verdicts if isinstance(one, HoldBack) and one.block not in OF_A_MOMENT]
    if len(held) < len(verdicts):
        return None
    until = max((one.retry_at for one in held if one.retry_at is not None), default=None)
    when = f" until {until + uow.ahead:%Y-%m-%d %H:%M:%S}Z" if until is not None else ""
    return f"it is held back still{when}: {held[0].reason}"


def _foreseen(view: ReadView, match: MatchRow) -> Verdict | None:
    rule = view.config.active_rule(match.rule)
    if rule is None or match.acts_planned >= len(rule.acts()):
        return None
    try:
        _, candidate = gate.next_of(view, rule, match, scope_of(view, match))
    except TemplateFailed:  # told when it is its turn
        return None
    return gate.ask(view, candidate, Phase.PLAN)[0]


def _nothing_waits(uow: UnitOfWork, intent: Intent) -> str:
    """Return the sentence that nothing waits for an intent; a call of it is no advice while the same is under way."""
    words = f"nothing waits for intent {intent.id} any more"
    open_ = intents.open_on(uow.tx, intent.account, intent.subject)
    if open_ is not None:
        return f"{words}: intent {open_.id} ({open_.action}, {open_.state}) is about the same"
    match = matches.load(uow.tx, intent.match) if intent.match is not None else None
    of_line = ledger.of_match(uow.tx, match.first) if match is not None else ()
    done = next((one for one in of_line if one.done and one.action == intent.action), None)
    if done is not None:  # a call of it would do it twice
        return f"{words}: {done.action} was done as intent {done.id}"
    return f"{words}: its rule asks at its next event, and `bursar call` at once"


def _ask_rule_anew(uow: UnitOfWork, intent: Intent, ended: str) -> Answered:
    """Have the rule, as it is now, asked about what its former version had decided, at the next fresh sight of it.

    Raises:
        ActionRejected: it lapsed for another reason, or no rule asks for it now.
    """
    match = matches.load(uow.tx, intent.match) if intent.match is not None else None
    if match is None or ended not in RULE_ENDS:
        raise ActionRejected(f"intent {intent.id} has lapsed ({intent.reason}): `bursar call` asks for it at once")
    rule = uow.config.active_rule(match.rule)
    if rule is None:
        raise ActionRejected(f"intent {intent.id} has lapsed, and there is no rule {match.rule} that asks now")
    against = why_not_anew(uow, rule, match)
    own_entry = ledger.load(uow.tx, intent.id)
    if against is not None and own_entry is not None and own_entry.retried:
        return Answered(intent, f"intent {intent.id} was asked for anew already: {against}")
    # What the match, or the rule since, has done already would be done a second time.
    if against is not None:
        waits = intents.open_on(uow.tx, intent.account, intent.subject) is not None
        then = "`bursar actions` shows it" if waits else "`bursar call` does at once what is still to be done"
        raise ActionRejected(f"{against}: {then}")
    reason = _asks(uow, rule, match)
    event = recall(uow, match)
    anew = matches.add(uow.tx, rule, match.account, match.subject, event, reason, uow.now, match)
    matches.hold_back(uow.tx, anew, HoldBack(BlockReason.LAPSED, ANEW, uow.now), begun_at(uow, match))
    ledger.post(uow.tx, intent.id, Post.RETRIED, uow.now)
    audit.add(uow.tx, OPERATOR, "intent.retry", intent.id, {"account": intent.account, "match": anew.id}, uow.now)
    uow.wake.add("polling")
    return Answered(intent)


def _asks(uow: UnitOfWork, rule: Rule, match: MatchRow) -> str:
    """Return why a rule asks for something now, about what a match of its former version was about.

    Raises:
        ActionRejected: it does not.
    """
    scope = scope_of(uow, match)
    listening = (
        uow.config.rules.for_event(scope.event.type, scope.account)
        if scope.event is not None
        else uow.config.rules.for_subject(match.subject.type if match.subject is not None else "", scope.account)
    )
    if rule not in listening:
        about = scope.event.type if scope.event is not None else match.subject
        raise ActionRejected(f"the rule {rule.name}, as it is now, does not ask about {about} of {match.account}")
    answer = judge(rule, scope)
    if not answer.truth:
        raise ActionRejected(f"the rule {rule.name}, as it is now, does not ask for it: {answer.reason}")
    return answer.reason


def _plan_again(uow: UnitOfWork, intent: Intent) -> Intent:
    """Plan once more what a person asked for."""
    planned = PlannedIntent(
        intent.account,
        intent.action,
        intent.subject,
        intent.params,
        currency=intent.currency,
        instead_of=intent.id,
        reason=f"a person has {intent.id} tried again",
    )
    # For the amount that was shown at first: a retry after a day is no yes to what has come in since.
    given = Consent(True, intent.consent_amount, currency=intent.currency) if intent.consented else None
    made = plan_call(uow, planned, given)
    ledger.post(uow.tx, intent.id, Post.RETRIED, uow.now)
    return made
