"""What a person says became of a request: it happened, it did not, it did not and is made again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from bursar.domain.action import ActionType
from bursar.domain.ids import IntentId, SubjectRef, is_id
from bursar.domain.intent import Intent, LostReply, State, Succeeded
from bursar.domain.intent_states import Cause, step
from bursar.domain.ledger import Post
from bursar.domain.observation import Observed
from bursar.domain.subject import SubjectType
from bursar.domain.values import FieldKind, Json, Value, number
from bursar.journal import audit, ledger, references, subjects
from bursar.pipeline.dispatch import review_questions
from bursar.pipeline.intent_facts import action_of, is_undone, is_waiting, lands_until
from bursar.pipeline.intent_transitions import OPERATOR, note_listed, settle_effect, take_step, write_success
from bursar.pipeline.operator.action_rejected import ActionRejected
from bursar.pipeline.operator.decisions import Answered, asked_about
from bursar.pipeline.outcomes import late_success, made_instead
from bursar.pipeline.unit_of_work import UnitOfWork

RULE_CHANGED_SINCE = "its rule was changed since: it is not sent again as it was, and the rule asks as it is now"


def resolve(uow: UnitOfWork, said: str, cause: Cause, reason: str, reference: str | None = None) -> Answered:
    """Record what became of an unknown attempt, as a person says; also that what was accepted has shown its effect.

    Raises:
        ActionRejected: it is not unknown.
    """
    happened_after_all = cause is Cause.PERSON_HAPPENED
    ended = (State.LAPSED, State.DENIED, State.REFUSED, State.GAVE_UP, State.SUCCEEDED) if happened_after_all else ()
    intent, _ = asked_about(uow, said, State.UNKNOWN, *ended)
    if intent.state is not State.UNKNOWN and intent.state is not State.SUCCEEDED:
        entry = ledger.load(uow.tx, intent.id)
        # A wrong number: what plainly never left cannot have happened, and would use up a budget.
        if entry is None or not (entry.in_doubt or entry.outcome is Post.REFUSED):
            raise ActionRejected(f"intent {intent.id} is {intent.state} ({intent.reason}), and nothing of it was lost")
    # One payout at the site is one effect: two lost intents must not both be settled by it.
    other = references.made_for(uow.tx, intent, reference) if reference is not None else None
    if other is not None:
        raise ActionRejected(f"{reference} is what intent {other} had made: look at the provider's page once more")
    if intent.state is State.SUCCEEDED:
        return _has_shown(uow, intent, reference)
    made = _made(uow, intent, reference) if reference is not None and happened_after_all else ()
    if not happened_after_all:
        changed = cause is Cause.PERSON_AGAIN and _rule_changed(uow, intent)
        cause = Cause.PERSON_DID_NOT if changed else cause
        again = cause is Cause.PERSON_AGAIN
        warnings = (
            RULE_CHANGED_SINCE if changed else None,
            _may_be(uow, intent),
            _may_still_land(uow, intent, again=again),
            _unseen(uow, intent) if again else None,
        )
        warning = "; ".join(one for one in warnings if one is not None) or None
        return Answered(take_step(uow, intent, step(intent, cause, reason), actor=OPERATOR), warning=warning)
    success = Succeeded(reference=reference or intent.reference, tracked=made)
    warning = _under_way_instead(uow, intent) or _unknown_reference(uow, intent, reference)
    if intent.state is not State.UNKNOWN:
        return Answered(late_success(uow, intent, success, reason, actor=OPERATOR), warning=warning)
    return Answered(
        take_step(uow, intent, step(intent, cause, reason), actor=OPERATOR, success=success), warning=warning
    )


def _rule_changed(uow: UnitOfWork, intent: Intent) -> bool:
    """Return whether a rule's text has changed since it decided: what it decided is not made again."""
    rule = uow.config.active_rule(intent.rule)
    return intent.rule is not None and (rule is None or rule.fingerprint != intent.fingerprint)


def _has_shown(uow: UnitOfWork, intent: Intent, reference: str | None) -> Answered:
    """Take a person's word that what was accepted has had its effect, and which it is: nothing waits for it any more.

    Raises:
        ActionRejected: nothing does, or it is another one.
    """
    busy, named = _is_busy(uow, intent), reference is not None and intent.reference != reference
    if reference is not None and intent.reference not in (None, reference) and _is_seen(uow, intent):
        raise ActionRejected(f"intent {intent.id} is {intent.reference}, which the provider lists")
    if not busy and not named:
        raise ActionRejected(f"intent {intent.id} has succeeded, and nothing waits for its effect")
    detail: dict[str, Json] = {"account": intent.account, "reference": reference or intent.reference}
    audit.add(uow.tx, OPERATOR, "intent.shown", intent.id, detail, uow.now)
    entry = ledger.load(uow.tx, intent.id)
    undone = entry is not None and entry.undone_at is not None
    if named and undone and not is_undone(uow, replace(intent, reference=reference)):  # another was taken for it
        # Undone was the one that it was taken for: this one has moved its money, and counts in the budget.
        ledger.post(uow.tx, intent.id, Post.REDONE, uow.now, intent.cost)
        busy = _is_busy(uow, intent)
    if named and reference is not None:
        success = Succeeded(reference=reference, tracked=_made(uow, intent, reference))
        intent = write_success(uow, intent, success, accepted=busy)
        note_listed(uow, intent)
    busy = _is_busy(uow, intent)
    # Naming a payout is not saying that it is done: the site lists it as waiting, and its balance is not new money.
    if busy and named and is_waiting(uow, intent):
        return Answered(intent, warning=f"it is listed as waiting, and keeps its balance; {frees(intent.id)}")
    if busy:
        settle_effect(uow, intent, Post.CONFIRMED)
        review_questions(uow, intent.account)  # what was asked beside it waits for nobody now
    return Answered(intent, warning=_unknown_reference(uow, intent, reference) if named else None)


def _is_busy(uow: UnitOfWork, intent: Intent) -> bool:
    """Return whether an intent was accepted, and its effect has yet to show, also where that was told."""
    entry = ledger.load(uow.tx, intent.id)
    return entry is not None and entry.unshown


def frees(id_: IntentId) -> str:
    """Return how a person says that what was accepted has had its effect."""
    return f"`bursar actions resolve {id_} --happened` says that it has been taken from there"


def _is_seen(uow: UnitOfWork, intent: Intent) -> bool:
    """Return whether polls have shown what an intent is said to have made."""
    action = action_of(uow, intent)
    if action is None or intent.reference is None:
        return False
    made = uow.subject(intent.account, SubjectRef(_made_type(action), intent.reference))
    return made is not None and made.first_seen_at is not None


def _made_type(action: ActionType) -> str:
    return action.settled_by[0] if action.settled_by is not None else action.subject


def _under_way_instead(uow: UnitOfWork, intent: Intent) -> str | None:
    """Return that what was planned in the place of something that happened is out, too: it may be done twice."""
    out = [one.id for one in made_instead(uow, intent, State.SENDING, State.UNKNOWN)]
    if not out:
        return None
    then = f"`bursar actions resolve {out[0]} --happened` or `--did-not` once you know"
    return f"intent {out[0]} was sent in its place, and may have happened, too: {then}"


def _may_be(uow: UnitOfWork, intent: Intent) -> str | None:
    """Return what is new at the provider and may be what was lost: what a look suspects, or what a poll has listed."""
    if intent.suspect is not None:
        return f"{intent.suspect} is new at the provider, and may be it"
    action, account = action_of(uow, intent), uow.config.accounts.get(intent.account)
    if action is None or account is None or action.settled_by is None or intent.sent_at is None:
        return None
    kind = account.kinds[action.settled_by[0]]
    new = [
        id_
        for id_ in subjects.listed_since(uow.tx, intent.account, kind, intent.sent_at)
        if references.by_reference(uow.tx, intent.account, intent.action, id_) is None
    ]
    return f"{kind.name} {new[0]} was listed for the first time after it was sent, and may be it" if new else None


def _may_still_land(uow: UnitOfWork, intent: Intent, *, again: bool) -> str | None:
    """Return that what a person has not found may still be done by the provider, and until when."""
    until = lands_until(uow, intent)
    if until is None:
        return None
    at = f"{until + uow.ahead:%H:%M:%S}Z"
    if again:
        return (
            f"it may still land until {at} (settle), and is sent again then; `bursar actions deny {intent.id}` ends it"
        )
    return f"it may still land until {at} (settle): look at the provider's page once more then"


def _unseen(uow: UnitOfWork, intent: Intent) -> str | None:
    """Return that what is sent again is not looked for before."""
    action = action_of(uow, intent)
    looked_for = action is not None and action.lost_reply is not LostReply.NEITHER
    return None if looked_for else "nothing is looked for before that: if it happened after all, it is done twice"


def _unknown_reference(uow: UnitOfWork, intent: Intent, reference: str | None) -> str | None:
    """Return what is not known of something that happened: which it is, or whether the provider has it."""
    action = action_of(uow, intent)
    if action is None or not (action.creates or action.settled_by):
        return None
    type_ = _made_type(action)
    if reference is None:
        follow = f"; `bursar track {intent.account} ID` puts it under watch" if action.creates else ""
        return f"no --reference was given: which {type_} it is stays unknown, and its cost what was reserved{follow}"
    if action.creates or uow.subject(intent.account, SubjectRef(type_, reference)) is not None:
        return None
    return f"no poll has shown {type_} {reference} so far: look at the number once more"


def _made(uow: UnitOfWork, intent: Intent, reference: str) -> tuple[Observed, ...]:
    """Return what an action had made, by the id that a person knows, so that it comes under watch as after a yes.

    Raises:
        ActionRejected: that is no id.
    """
    account = uow.config.accounts.get(intent.account)
    action = account.actions.get(intent.action) if account is not None else None
    kind = account.kinds.get(intent.subject.type) if account is not None else None
    if action is None or kind is None or not (action.creates and kind.trackable):
        return ()
    if not is_id(reference):
        raise ActionRejected(f"{reference!r} is not an id: pass what the provider's page shows")
    # What stands in the intent is their mask, and not what was ordered.
    secret = {name for name, param in action.params.items() if param.secret}
    known = {name: value for name, value in intent.params.items() if name not in secret}
    fields = action.made_fields(known) if action.made_fields is not None else _named_alike(kind, known)
    sent_at = None if intent.sent_at is None else intent.sent_at + uow.ahead
    return (Observed(SubjectRef(kind.name, reference), fields, created_at=sent_at),)


def _named_alike(kind: SubjectType, params: Mapping[str, Json]) -> dict[str, Value | None]:
    fields: dict[str, Value | None] = {}
    for name, spec in kind.fields.items():
        said = params.get(name) if not spec.own else None
        if said is not None:
            fields[name] = number(said) if spec.kind is FieldKind.NUMBER else str(said)
    return fields
