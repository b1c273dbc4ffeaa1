"""What is known of an intent beside what is written of it: what it may yet do, and what the provider shows of it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal

import structlog

from bursar.domain.action import ActionType, CostFacts
from bursar.domain.ids import IntentId, SubjectRef
from bursar.domain.intent import Intent, LostReply
from bursar.domain.intent_states import LAPSE_AFTER
from bursar.domain.observation import Snapshot
from bursar.journal import intents, ledger, streams
from bursar.pipeline.unit_of_work import ReadView

DEFAULT_SETTLE = timedelta(minutes=5)
log = structlog.get_logger("bursar")


def action_of(view: ReadView, intent: Intent) -> ActionType | None:
    """Return the action of an intent; None: its account or its plugin is not there any more."""
    account = view.config.accounts.get(intent.account)
    return account.actions.get(intent.action) if account is not None else None


def quiet_since(view: ReadView, intent: Intent) -> datetime:
    """Return from when `settle` counts: the last attempt's end, or a later restart or jump of the clock."""
    times = (intent.request_ended_at, intent.sent_at, intent.created_at, view.settled_since)
    return max(at for at in times if at is not None)


def settle_of(view: ReadView, intent: Intent) -> timedelta:
    """Return how long a lost request of an intent may still land."""
    account = view.config.accounts.get(intent.account)
    return account.settle if account is not None else DEFAULT_SETTLE


def lands_until(view: ReadView, intent: Intent) -> datetime | None:
    """Return until when a lost attempt may still land; None: it may not, or asking twice does no harm."""
    action = action_of(view, intent)
    if not intent.lost or (action is not None and action.lost_reply is LostReply.REPEATABLE):
        return None
    until = quiet_since(view, intent) + settle_of(view, intent)
    return until if until > view.now else None


def held_until(view: ReadView, intent: Intent) -> datetime | None:
    """Return from when the hour of a ready intent counts: before, it may not leave, since a lost request may land.

    Its own, of which a person said that it did not, or one like it that ended in doubt. A restart lengthens no hour:
    what it stands on grows old meanwhile.
    """
    action, settle = action_of(view, intent), settle_of(view, intent)
    if action is None or action.lost_reply is LostReply.REPEATABLE:
        return None
    since = view.measured.before(view.now, settle + LAPSE_AFTER)
    lost = [one.id for one in ledger.lost_since(view.tx, intent.account, action.name, since) if one.in_doubt]
    found = [intents.load(view.tx, id_) for id_ in lost if id_ != intent.id]
    waited_for = [one for one in (intent if intent.again else None, *found) if one is not None]
    ended = [at for one in waited_for if (at := one.request_ended_at or one.sent_at) is not None]
    return max(ended) + settle if ended else None


def shows_effect(view: ReadView, action: ActionType, intent: Intent) -> bool:
    """Return whether the subject has entered, since the last attempt left, a state that shows the effect.

    What it entered before may be why it was asked for, and an answer that was asked for before says nothing; what it
    entered between two attempts was told by its event.
    """
    known, sent_at = view.subject(intent.account, intent.subject), intent.sent_at
    if sent_at is None or known is None or known.state_since is None or known.observed_at is None:
        return False
    if known.state_since < sent_at or known.observed_at < sent_at:
        return False
    return f"{known.ref.type}.{known.known_state}" in action.confirmed_by


def has_taken(view: ReadView, intent: Intent, before: Snapshot | None = None) -> bool:
    """Return whether what an intent that takes the balance took is gone from it: not half of it is left.

    A balance falls by less for other reasons, and grows meanwhile. One look that shows less may be a slip of the
    provider's, at which the same money would leave twice: two show it, of which the adapter's own after the yes is one.

    Args:
        view: What is known.
        intent: The intent.
        before: How the balance stood before a poll that has just changed it.
    """
    action, cost = action_of(view, intent), intent.cost
    if action is None or not action.takes_balance or cost is None:
        return False
    known = view.subject(intent.account, intent.subject)
    if known is None or known.problem is not None or not shows_taken(cost, _taken_now(action, intent, known)):
        return False  # a balance that could not be read is none that was seen
    if intent.looked_at is not None or _seen_twice(view, known):
        return True
    if before is None or before.problem is not None or before.observed_at == known.observed_at:
        return False  # one look, and a poll that has left it out
    return shows_taken(cost, _taken_now(action, intent, before))


def shows_taken(cost: Decimal, left: object) -> bool:
    """Return whether a balance shows that what was to leave has left."""
    return isinstance(left, Decimal) and left.is_finite() and left < cost / 2


def _seen_twice(view: ReadView, known: Snapshot) -> bool:
    """Return whether a good poll has shown a subject once more since it changed."""
    account = view.config.accounts.get(known.account)
    if account is None or known.changed_at is None or known.missed:  # the last poll has left it out
        return False
    ok_at = streams.load(view.tx, known.account, account.kinds[known.ref.type].stream).ok_at
    return ok_at is not None and ok_at > known.changed_at


def _taken_now(action: ActionType, intent: Intent, known: Snapshot | None) -> object:
    """Return what an action would take, by a look that was asked for since an intent was sent; None: nobody knows."""
    if action.cost is None or known is None or known.observed_at is None or intent.sent_at is None:
        return None
    if known.observed_at < intent.sent_at:
        return None
    try:
        return action.cost(CostFacts(intent.params, known))
    except Exception as error:  # a plugin's: it costs this, never what is written here
        log.exception("plugin.function_failed", intent=intent.id, error=type(error).__name__)
        return None


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
