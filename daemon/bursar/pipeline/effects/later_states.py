"""What a later status says of earlier effects: that an accepted one had its effect or had none, that a lost one took
effect after all, that one was undone, and what one moved in fact. Each is posted to the ledger."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from bursar.domain.action import ActionType
from bursar.domain.detect import Change
from bursar.domain.event import Event
from bursar.domain.ids import AccountName, SubjectRef
from bursar.domain.intent import Intent, LostReply, State
from bursar.domain.intent_states import UNCONFIRMED_AFTER, Cause, step
from bursar.domain.ledger import Entry, Post, listed_amount
from bursar.domain.observation import Snapshot
from bursar.journal import intents, ledger, references
from bursar.pipeline.config_snapshot import AccountSpec
from bursar.pipeline.effects.yet_to_show import is_younger, target
from bursar.pipeline.gate.refusals import RECENT
from bursar.pipeline.intent_transitions import settle_amount, settle_effect, take_step, undo
from bursar.pipeline.unit_of_work import UnitOfWork


def read_event(uow: UnitOfWork, event: Event) -> None:
    """Post what an event says of earlier effects in its account."""
    account = uow.config.accounts.get(event.account)
    if account is None or event.subject is None:
        return
    for name in account.confirming.get(event.type, ()):
        _shows(uow, account, name, event, Post.CONFIRMED)
    for name in account.disproving.get(event.type, ()):
        _shows(uow, account, name, event, Post.DISPROVED)
    for name in account.undoing.get(event.type, ()):
        _undo(uow, account, name, event.subject)
    for action in account.actions.values():
        # A site that cancels a payout by a slip and then pays it: it counts in the budget again.
        if event.type not in action.undone_by and _goes_on(account, action, event.type, event.subject):
            _redo(uow, account, action.name, event.subject)
        if action.takes_balance:
            _shows_end(uow, account, action, event)
            _waits_again(uow, account, action, event)


def _shows_end(uow: UnitOfWork, account: AccountSpec, action: ActionType, event: Event) -> None:
    """What an action made that takes the balance is over: it has taken what it took."""
    kind = account.kinds.get(event.subject.type) if event.subject is not None else None
    if event.subject is None or kind is None or action.settled_by is None or action.settled_by[0] != kind.name:
        return
    id_ = references.by_reference(uow.tx, account.name, action.name, event.subject.id)
    entry, intent = (ledger.load(uow.tx, id_), intents.load(uow.tx, id_)) if id_ is not None else (None, None)
    over = event.type in {f"{kind.name}.{state}" for state in kind.terminal}
    # Done or canceled, it holds the balance no longer: what is left there is new.
    if over and entry is not None and intent is not None and entry.unshown:
        settle_effect(uow, intent, Post.CONFIRMED)


def _waits_again(uow: UnitOfWork, account: AccountSpec, action: ActionType, event: Event) -> None:
    """What an action made that takes the balance was shown as over, and waits again: it may not have taken it yet."""
    kind = account.kinds.get(event.subject.type) if event.subject is not None else None
    if event.subject is None or kind is None or action.settled_by is None or action.settled_by[0] != kind.name:
        return
    going_on = {f"{kind.name}.{state}" for state in kind.states if state not in kind.terminal and state != kind.unknown}
    if account.debits_at_once or event.type not in going_on or event.before.get("state") not in kind.terminal:
        return
    id_ = references.by_reference(uow.tx, account.name, action.name, event.subject.id)
    entry = ledger.load(uow.tx, id_) if id_ is not None else None
    # One list that says *done* by a slip would have the same balance leave beside it, unasked.
    if entry is not None and entry.done and entry.effect is Post.CONFIRMED and entry.undone_at is None:
        ledger.post(uow.tx, entry.id, Post.UNCONFIRMED, uow.now)


def _shows(uow: UnitOfWork, account: AccountSpec, action: str, event: Event, what: Post) -> None:
    """An accepted action on a subject had its effect, or had none; a lost one that can be repeated had it."""
    subject = target(account.actions[action], event.subject, event.data) if event.subject is not None else None
    if subject is None:
        return
    for entry in _busy(uow, account, subject, action):
        intent = intents.load(uow.tx, entry.id)
        if intent is not None and _speaks_of(uow, event, intent):
            settle_effect(uow, intent, what)
    open_ = intents.open_on(uow.tx, account.name, subject)
    if what is not Post.CONFIRMED or open_ is None or open_.action != action or not open_.lost:
        return
    repeatable = account.actions[action].lost_reply is LostReply.REPEATABLE
    if repeatable and open_.state in (State.UNKNOWN, State.READY, State.DEFERRED) and _speaks_of(uow, event, open_):
        take_step(uow, open_, step(open_, Cause.SHOWN, f"a later status shows it: {event.type}"))


def _speaks_of(uow: UnitOfWork, event: Event, intent: Intent) -> bool:
    """An event speaks of what was asked for before it; one of another subject only if that is younger than the request.

    The refills of an order name it alike: what becomes of an earlier one says nothing of the last.
    """
    assert event.subject is not None
    # The order was completed before the refill left: that completion is why it was asked for, not its effect.
    if intent.sent_at is None or event.at < intent.sent_at:
        return False
    return event.subject == intent.subject or _younger(uow, event.account, event.subject, intent.sent_at)


def _younger(uow: UnitOfWork, account: AccountName, subject: SubjectRef, than: datetime) -> bool:
    known = uow.subject(account, subject)
    return known is not None and is_younger(known, than)


def _busy(uow: UnitOfWork, account: AccountSpec, subject: SubjectRef, action: str) -> Iterable[Entry]:
    return [one for one in ledger.answered(uow.tx, account.name, subject, action, RECENT) if one.busy]


def _undo(uow: UnitOfWork, account: AccountSpec, action: str, subject: SubjectRef) -> None:
    """What the provider had made was undone: it moved nothing, and the next one waits as after a refusal."""
    id_ = references.by_reference(uow.tx, account.name, action, subject.id)
    entry = ledger.load(uow.tx, id_) if id_ is not None else None
    # A payout that came back without a number can be canceled all
    # the same; without this its amount would stay in the budget.
    if entry is None:
        entry = _nameless(uow, account, action, subject)
    if entry is not None and entry.undone_at is None:
        undo(uow, entry.id, subject)


def _goes_on(account: AccountSpec, action: ActionType, type_: str, subject: SubjectRef) -> bool:
    """Return whether what an action made, and could be undone, has entered a state that is known."""
    kind = account.kinds.get(subject.type)
    if kind is None or kind.name not in {one.partition(".")[0] for one in action.undone_by}:
        return False
    # An unknown status word says neither that it goes on nor that it does not.
    return any(type_ == f"{kind.name}.{state}" for state in kind.states if state != kind.unknown)


def _redo(uow: UnitOfWork, account: AccountSpec, action: str, subject: SubjectRef) -> None:
    """What the provider had undone goes on after all: it moves again what it moved."""
    id_ = references.by_reference(uow.tx, account.name, action, subject.id)
    entry, intent = (ledger.load(uow.tx, id_), intents.load(uow.tx, id_)) if id_ is not None else (None, None)
    if entry is not None and intent is not None and entry.undone_at is not None:
        ledger.post(uow.tx, entry.id, Post.REDONE, uow.now, intent.cost)
        after = ledger.load(uow.tx, entry.id)
        if after is not None and after.busy:
            # Its time to show an effect begins anew: a canceled payout that waits again must not be busy for ever.
            references.refer(uow.tx, intent.id, intent.reference, uow.now + UNCONFIRMED_AFTER)


def _nameless(uow: UnitOfWork, account: AccountSpec, action: str, subject: SubjectRef) -> Entry | None:
    """Return the last that came back without a reference, if what was undone can be it: no older, and no other sum."""
    id_ = references.last_without_reference(uow.tx, account.name, action)
    entry = ledger.load(uow.tx, id_) if id_ is not None else None
    # An older payout that the site cancels now is not this one, and must not free its amount.
    if entry is None or entry.sent_at is None or not _younger(uow, account.name, subject, entry.sent_at):
        return None
    settled_by, known = account.actions[action].settled_by, uow.subject(account.name, subject)
    amount = known.fields.get(settled_by[1]) if settled_by is not None and known is not None else None
    return entry if amount is None or amount == entry.amount else None


def read_change(uow: UnitOfWork, account: AccountSpec, before: Snapshot | None, change: Change) -> None:
    """Settle an entry by what the provider lists for what it made."""
    after = change.snapshot
    for action in account.actions.values():
        if action.settled_by is None or action.settled_by[0] != after.ref.type:
            continue
        now = listed_amount(after.fields, action.settled_by[1], None)
        told = listed_amount(before.fields, action.settled_by[1], None) if before is not None else None
        # A payout is read again though its amount did not change:
        # less than half of it is believed only now, that it is over.
        if now is None or (now == told and not action.takes_balance):
            continue
        id_ = references.by_reference(uow.tx, account.name, action.name, after.ref.id)
        made_for = intents.load(uow.tx, id_) if id_ is not None else None
        if made_for is not None:
            settle_amount(uow, made_for, action, after)
