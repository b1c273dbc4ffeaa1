"""What is known of an intent beside what is written of it: what it may yet do, and what the provider shows of it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal

from bursar.domain.action import ActionType
from bursar.domain.ids import IntentId, SubjectRef
from bursar.domain.intent import Intent, LostReply
from bursar.domain.intent_states import LAPSE_AFTER
from bursar.domain.ledger import Entry
from bursar.domain.observation import Snapshot
from bursar.journal import intents, ledger
from bursar.pipeline.gate.just_over import ready_from
from bursar.pipeline.unit_of_work import ReadView

DEFAULT_SETTLE = timedelta(minutes=5)


def action_of(view: ReadView, one: Intent | Entry) -> ActionType | None:
    """Return the action of an intent, or of its entry; None: its account or its plugin is not there any more."""
    account = view.config.accounts.get(one.account)
    return account.actions.get(one.action) if account is not None else None


def quiet_since(view: ReadView, intent: Intent) -> datetime:
    """Return from when `settle` counts: the last attempt's end, or a later restart or jump of the clock."""
    # From the end on the wire, not the commit: a request that hung for a
    # minute could land for a minute longer. After a restart it counts anew.
    times = (intent.request_ended_at, intent.sent_at, intent.created_at, view.settled_since)
    return max(at for at in times if at is not None)


def settle_of(view: ReadView, intent: Intent) -> timedelta:
    """Return how long a lost request of an intent may still land."""
    account = view.config.accounts.get(intent.account)
    return account.settle if account is not None else DEFAULT_SETTLE


def lands_until(view: ReadView, intent: Intent) -> datetime | None:
    """Return until when a lost attempt may still land; None: it may not, or asking twice does it once."""
    action = action_of(view, intent)
    if not intent.lost or (action is not None and action.lost_reply is LostReply.REPEATABLE):
        return None
    until = quiet_since(view, intent) + settle_of(view, intent)
    return until if until > view.now else None


def held_until(view: ReadView, intent: Intent) -> datetime | None:
    """Return from when the hour of a ready intent counts: before, it may not leave, since a lost request may land.

    Its own, of which a person said that it did not, or one like it that ended in doubt; or the balance may still show
    what was just listed as over. A restart lengthens no hour: what it stands on grows old meanwhile.
    """
    action, settle = action_of(view, intent), settle_of(view, intent)
    if action is None or action.lost_reply is LostReply.REPEATABLE:
        return None
    # Whatever was lost earlier has had `settle` and its hour by now.
    since = view.measured.before(view.now, settle + LAPSE_AFTER)
    lost = [one.id for one in ledger.lost_since(view.tx, intent.account, action.name, since) if one.in_doubt]
    found = [intents.load(view.tx, id_) for id_ in lost if id_ != intent.id]
    waited_for = [one for one in (intent if intent.again else None, *found) if one is not None]
    ended = [at for one in waited_for if (at := one.request_ended_at or one.sent_at) is not None]
    account = view.config.accounts.get(intent.account)
    shown = ready_from(view, account, action, intent) if account is not None else None
    return max((at for at in (*(at + settle for at in ended), shown) if at is not None), default=None)


def shows_effect(view: ReadView, action: ActionType, intent: Intent) -> bool:
    """Return whether the subject has entered, since the last attempt left, a state that shows the effect.

    What it entered before may be why it was asked for, and an answer that was asked for before says nothing; what it
    entered between two attempts was told by its event.
    """
    known, sent_at = view.subject(intent.account, intent.subject), intent.sent_at
    if sent_at is None or known is None or known.state_since is None or known.observed_at is None:
        return False
    # A lost refill of an order that is completed has not succeeded
    # because the order was completed before it was asked for.
    if known.state_since < sent_at or known.observed_at < sent_at:
        return False
    return f"{known.ref.type}.{known.known_state}" in action.confirmed_by


def shows_taken(cost: Decimal, left: object) -> bool:
    """Return whether a balance shows that what was to leave has left."""
    # Half, not all: a fee or a correction is no payout, and commissions come in while it is on its way.
    return isinstance(left, Decimal) and left.is_finite() and left < cost / 2


def listed(view: ReadView, intent: Intent) -> Iterator[tuple[Snapshot, ActionType]]:
    """Yield what the provider already lists of what an intent made, if anything."""
    action = action_of(view, intent)
    if action is not None and action.settled_by is not None and intent.reference is not None:
        listed = view.subject(intent.account, SubjectRef(action.settled_by[0], intent.reference))
        if listed is not None:
            yield listed, action


def is_waiting(view: ReadView, intent: Intent) -> bool:
    """Return whether what an intent that takes the balance made is listed, in a stream that is polled, and not over."""
    account = view.config.accounts.get(intent.account)
    for made, action in listed(view, intent):
        kind = account.kinds.get(made.ref.type) if account is not None else None
        # A stream that is off would show "waiting" for ever, and keep the balance busy with it.
        if account is not None and kind is not None and action.takes_balance and account.looks_at(kind.stream):
            return not is_over(view, intent, made)
    return False


def is_over(view: ReadView, intent: Intent, made: Snapshot) -> bool:
    """Return whether what an intent made is listed as over."""
    account = view.config.accounts.get(intent.account)
    kind = account.kinds.get(made.ref.type) if account is not None else None
    return kind is not None and made.known_state in kind.terminal


def is_undone(view: ReadView, intent: Intent) -> bool:
    """Return whether what an intent made is listed in a state that undoes it."""
    return any(f"{made.ref.type}.{made.known_state}" in action.undone_by for made, action in listed(view, intent))


def second_of(id_: IntentId) -> str:
    """Return why nothing more is done of what an intent was for."""
    return f"intent {id_}, whose answer was lost, had happened: this would be the second"
