"""The life of an intent, written: every step of it is decided by `domain.intent_states`, and committed here with its
posting to the ledger, its event, its audit entry, and what it means for the match that it comes from."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import structlog

from bursar.domain.action import ActionType
from bursar.domain.ids import IntentId, SubjectRef
from bursar.domain.intent import (
    OPEN,
    Intent,
    LostReply,
    State,
    Succeeded,
)
from bursar.domain.intent_states import (
    LISTED_FOR,
    UNCONFIRMED_AFTER,
    Cause,
    Step,
    repeat,
    step,
    when_due,
)
from bursar.domain.ledger import Post, believable_amount, listed_amount
from bursar.domain.observation import Snapshot
from bursar.domain.rests import BUDGET_REST_LOOKED, rest_after_refusal
from bursar.domain.values import Json
from bursar.domain.verdict import BlockReason, HoldBack
from bursar.journal import audit, intents, ledger, matches, references, subjects
from bursar.pipeline.approvals import shown_amount
from bursar.pipeline.effects.yet_to_show import shown_by_held
from bursar.pipeline.events import emit_core
from bursar.pipeline.holding import block_after, hold_back
from bursar.pipeline.intent_facts import (
    action_of,
    held_until,
    is_over,
    is_undone,
    is_waiting,
    listed,
    shows_effect,
    shows_taken,
)
from bursar.pipeline.match_facts import FOR_EVER, PARAM_CHANGED, RULE_ENDS, next_of_ended
from bursar.pipeline.rearming import ask_of_the_rest, ask_state_rule, ask_state_rule_again
from bursar.pipeline.unit_of_work import UnitOfWork

OPERATOR = "person"
NOT_SHOWN = "accepted, but no later status shows it"
log = structlog.get_logger("bursar")


def pass_time(uow: UnitOfWork) -> None:
    """Do what time alone does to intents; tell of accepted ones that showed no effect."""
    for intent in intents.in_state(uow.tx, (State.READY, State.AWAITING_APPROVAL, State.DEFERRED)):
        action = action_of(uow, intent)
        # Nothing is known of an action whose plugin is gone; time must go on for all the others.
        lost_reply = action.lost_reply if action is not None else LostReply.NEITHER
        taken = when_due(intent, lost_reply, uow.now, held_until(uow, intent))
        # A held poll shows it done: let go now, its match would have it done again.
        if taken is not None and not (intent.state is State.READY and shown_by_held(uow, intent)):
            take_step(uow, intent, taken)
    for intent in intents.in_state(uow.tx, (State.UNKNOWN,)):
        _repeat_unknown(uow, intent)
    # Nothing may stay busy for ever without a person being told: a balance can grow faster than it was taken.
    for intent in intents.unconfirmed(uow.tx, uow.now):
        entry = ledger.load(uow.tx, intent.id)
        since = entry.ended_at if entry is not None else None
        passed = None if since is None else uow.measured.between(since, uow.now)
        if passed is not None and passed < UNCONFIRMED_AFTER:
            continue  # the rest of the time was not measured
        if passed is not None and passed < LISTED_FOR and is_waiting(uow, intent):
            continue  # the provider lists it: it is on its way
        # Settled on another way since; there is nothing to be told of it.
        if entry is not None and not entry.busy:
            intents.nothing_to_confirm(uow.tx, intent.id)
            continue
        account = uow.config.accounts.get(intent.account)
        at_once = account is not None and account.debits_at_once
        # More came in before another look could show it. Where a site debits later, one look may have been a slip.
        if at_once and entry is not None and intent.looked_at == entry.ended_at:
            settle_effect(uow, intent, Post.CONFIRMED)
            continue
        settle_effect(uow, intent, Post.UNCONFIRMED)
        ask_of_the_rest(uow, intent, never_shown=True)
        waits = "accepted and listed as waiting for long, and nothing shows that it was taken"
        tell(uow, "action.unconfirmed", intent, waits if is_waiting(uow, intent) else NOT_SHOWN)
        action = action_of(uow, intent)
        if action is not None and action.takes_balance:  # that it was taken, after all, has what is left asked about
            references.refer(uow.tx, intent.id, intent.reference, uow.now + LISTED_FOR)


def _repeat_unknown(uow: UnitOfWork, intent: Intent) -> None:
    """Ask an unknown repeatable intent again, once its back-off is over; not while a held observation shows it done."""
    action = action_of(uow, intent)
    if action is None or action.lost_reply is not LostReply.REPEATABLE:
        return
    # Before the back-off, and also without one: what was lost eight times is still settled by a later status.
    if shows_effect(uow, action, intent):
        take_step(uow, intent, step(intent, Cause.SHOWN, "its status shows it"))
        return
    if intent.due_at is None or intent.due_at > uow.now:
        return
    taken = repeat(intent)
    if taken is not None and not shown_by_held(uow, intent):
        take_step(uow, intent, taken)


def settle_effect(uow: UnitOfWork, intent: Intent, what: Post) -> None:
    """Write that the effect of an accepted intent has shown, or that it has none: its subject is free again."""
    ledger.post(uow.tx, intent.id, what, uow.now)
    intents.nothing_to_confirm(uow.tx, intent.id)
    matches.release_waiting(uow.tx, intent.id, uow.now)
    if what is Post.CONFIRMED:
        ask_of_the_rest(uow, intent)
    ask_state_rule(uow, intent)


_EVENT_OF = {
    State.SUCCEEDED: "action.succeeded",
    State.REFUSED: "action.refused",
    State.DENIED: "action.denied",
    State.LAPSED: "action.lapsed",
    State.GAVE_UP: "action.gave_up",
}


def take_step(
    uow: UnitOfWork,
    intent: Intent,
    taken: Step,
    *,
    actor: str = "bursar",
    success: Succeeded | None = None,
    never: bool = False,
    unread: bool = False,
    held: HoldBack | None = None,
) -> Intent:
    """Write a step of an intent's life, with all that follows from it.

    Args:
        uow: The unit of work.
        intent: The intent as it is in the journal.
        taken: The step.
        actor: Who took it.
        success: What the provider made, if it is a success.
        never: It will always be refused for this subject: its match ends.
        unread: It was refused in words that no rule reads.
        held: Why it was held back: its match waits for that.
    """
    action = action_of(uow, intent)
    shows_later = action is not None and (bool(action.confirmed_by) or action.takes_balance)
    accepted = taken.state is State.SUCCEEDED and shows_later
    moved = _moved(uow, intent, success, action) if success is not None else None
    accepted = accepted and taken.cause is not Cause.SHOWN
    after = intents.take_step(uow.tx, intent, taken, uow.now, amount=moved, accepted=accepted)
    changed = after.state is not intent.state
    if changed:
        detail: dict[str, Json] = {
            "from": intent.state,
            "cause": taken.cause,
            "reason": taken.reason,
            "fence": intent.fence,
        }
        audit.add(uow.tx, actor, f"intent.{after.state}", intent.id, detail, uow.now)
    if unread:
        ledger.post(uow.tx, intent.id, Post.UNREAD, uow.now)
    if success is not None:
        seen_taken = accepted and intent.cost is not None and shows_taken(intent.cost, success.left)
        references.looked(uow.tx, intent.id, uow.now if seen_taken else None)  # looks for a lost one were none at this
        after = write_success(uow, after, success, accepted=accepted)
    # Every loss is told, the second like the first: a person who resolved one must hear of the next.
    if changed and after.state is State.UNKNOWN:
        amount: dict[str, Json] = {"amount": shown_amount(after.cost), "currency": after.currency}
        tell(uow, "action.unknown", after, taken.reason, amount if after.cost is not None else None)
    if changed and after.state not in OPEN:
        _end(uow, after, taken, never=never, held=held)
    uow.wake.add("executing")
    return after


def _moved(uow: UnitOfWork, intent: Intent, success: Succeeded, action: ActionType | None) -> Decimal | None:
    """Return what a yes says was moved; of what still waits at the provider, less than what left is not believed."""
    moved = believable_amount(success.moved)
    if moved is None or action is None or not action.takes_balance or intent.cost is None or moved >= intent.cost:
        return moved
    made = replace(intent, reference=success.reference or intent.reference)
    return moved if any(is_over(uow, made, shown) for shown, _ in listed(uow, made)) else None


def write_success(uow: UnitOfWork, intent: Intent, success: Succeeded, *, accepted: bool) -> Intent:
    """Write what a yes brings: facts about the subject, new subjects under watch, and by when the effect must show."""
    account = uow.config.accounts.get(intent.account)
    reference = success.reference or intent.reference
    references.refer(uow.tx, intent.id, reference, uow.now + UNCONFIRMED_AFTER if accepted else None)
    if account is None:
        return intent
    kind = account.kinds.get(intent.subject.type)
    if kind is not None and success.facts:
        subjects.set_facts(uow.tx, account.name, kind, intent.subject.id, success.facts, uow.now)
    for seen in success.tracked:
        tracked = account.kinds[seen.ref.type]
        # As old as its sending, on the timeline: an order that a person finds days later is not young.
        created_at = None if seen.created_at is None else seen.created_at - uow.ahead
        subjects.track(uow.tx, account.name, tracked, [(seen.ref.id, seen.fields, created_at)], uow.now)
    uow.wake.add("polling")
    found = intents.load(uow.tx, intent.id) or intent
    for shown, made_by in listed(uow, found):
        settle_amount(uow, found, made_by, shown)
    return found


def settle_amount(uow: UnitOfWork, intent: Intent, action: ActionType, shown: Snapshot) -> None:
    """Settle an entry by what the provider lists for what it made; more that is listed later corrects it.

    Less than what left is believed of a payout only once that is over: before, a provider may list anything.
    """
    entry = ledger.load(uow.tx, intent.id)
    amount = listed_amount(shown.fields, action.settled_by[1], intent.currency) if action.settled_by else None
    if entry is None or amount is None or (entry.settled and entry.amount is not None and amount <= entry.amount):
        return
    less = action.takes_balance and entry.amount is not None and amount < entry.amount
    if less and not is_over(uow, intent, shown):
        return
    ledger.post(uow.tx, intent.id, Post.SETTLED, uow.now, amount)
    free_budgets(uow, intent)


def free_budgets(uow: UnitOfWork, intent: Intent, *, held_back: bool = False) -> None:
    """Have what budgets hold back asked once more: an effect that has ended may count for less than was reserved.

    Of one that was held back itself not at once: two that pass a budget only where their cost is read anew would
    release each other for ever.
    """
    action = action_of(uow, intent)
    if action is not None and action.cost is not None and intent.cost != 0:
        at = uow.now + BUDGET_REST_LOOKED if held_back else uow.now
        matches.release(uow.tx, BlockReason.BUDGET, at, but=intent.match if held_back else None)


def undo(uow: UnitOfWork, id_: IntentId, shown_by: SubjectRef) -> None:
    """Write that the provider has undone what it had said yes to, and tell: it moved nothing."""
    # At 0: the site gives the money back to the balance, and the budget must not count it twice when it is paid again.
    ledger.post(uow.tx, id_, Post.UNDONE, uow.now, Decimal(0))
    intents.nothing_to_confirm(uow.tx, id_)
    matches.release_waiting(uow.tx, id_, uow.now)
    intent = intents.load(uow.tx, id_)
    if intent is not None:
        more: dict[str, Json] = {"allowed": shown_amount(intent.cost), "paid": "0", "currency": intent.currency}
        free_budgets(uow, intent)
        tell(uow, "action.undone", intent, f"{shown_by} shows that the provider has undone it", more)
        words = f"{intent.action} was undone at the provider"
        rest = rest_after_refusal(uow.config.rules.get(intent.rule or ""), action_of(uow, intent))
        ask_state_rule_again(uow, intent, HoldBack(BlockReason.REFUSED, words, uow.now + rest))


def _end(uow: UnitOfWork, intent: Intent, taken: Step, *, never: bool, held: HoldBack | None) -> None:
    """Write what the end of an intent means for its match, for those that waited for it, and for people."""
    more: dict[str, Json] = {}
    if intent.state is State.SUCCEEDED and intent.cost is not None:
        entry = ledger.load(uow.tx, intent.id)
        # Only what the provider lists counts as paid; until then it is an allowance, and is told as nothing else.
        paid = entry.amount if entry is not None and entry.settled else None
        more = {"allowed": shown_amount(intent.cost), "paid": shown_amount(paid), "currency": intent.currency}
    by_hand = f": {next_of_ended(PARAM_CHANGED, str(intent.id))}" if taken.reason == PARAM_CHANGED else ""
    tell(uow, _EVENT_OF[intent.state], intent, taken.reason + by_hand, more)
    if intent.state is State.SUCCEEDED:
        # A lost payout that the site had canceled by the time it is found:
        # its event came before there was anything that it could be about.
        note_listed(uow, intent)
    if intent.match is not None and intent.state is not State.SUCCEEDED:
        _hold_match(uow, intent, taken, held, never=never)
    free_budgets(uow, intent, held_back=taken.cause is Cause.HELD_BACK)
    entry_now = ledger.load(uow.tx, intent.id)
    # While the effect has yet to show, what waits for this subject
    # waits on: that keeps one balance from being taken twice.
    if entry_now is None or not entry_now.busy:
        matches.release_waiting(uow.tx, intent.id, uow.now)
        if intent.state is State.SUCCEEDED:
            ask_of_the_rest(uow, intent)


def note_listed(uow: UnitOfWork, intent: Intent) -> None:
    """Write what the provider already lists of what an intent made: it is over, or undone."""
    undone = is_undone(uow, intent)
    for shown, action in listed(uow, intent):
        entry = ledger.load(uow.tx, intent.id)
        if undone:
            if entry is None or entry.undone_at is None:
                undo(uow, intent.id, shown.ref)
        elif action.takes_balance and entry is not None and entry.unshown and is_over(uow, intent, shown):
            settle_effect(uow, intent, Post.CONFIRMED)


def _hold_match(uow: UnitOfWork, intent: Intent, taken: Step, held: HoldBack | None, *, never: bool) -> None:
    match = matches.load(uow.tx, intent.match) if intent.match is not None else None
    if match is None:
        return
    if never:  # what comes after it was to be done only then
        matches.drop(uow.tx, match.id, f"{intent.action} {FOR_EVER}: {taken.reason}", uow.now)
        return
    held = held or block_after(uow, intent, taken)
    if held is None:
        matches.drop(uow.tx, match.id, taken.reason, uow.now)
        if taken.reason in RULE_ENDS - {PARAM_CHANGED}:  # another wallet is for a person to say
            uow.ended.append(match)
        return
    # The action that came to nothing is planned anew, and not the one after it.
    hold_back(uow, match, held, max(match.acts_planned - 1, 0), told=held.block is BlockReason.GAVE_UP)
    if held.block is BlockReason.GAVE_UP and intent.state is not State.GAVE_UP:
        tell(uow, "action.gave_up", intent, held.reason)


def tell(uow: UnitOfWork, type_: str, intent: Intent, reason: str, more: dict[str, Json] | None = None) -> None:
    """Emit an event that says what became of an intent."""
    data: dict[str, Json] = {
        "intent": str(intent.id),
        "action": intent.action,
        "rule": intent.rule,
        "state": str(intent.state),
        "reason": reason,
        **(more or {}),
    }
    if intent.reference is not None:
        data["reference"] = intent.reference
    emit_core(uow, type_, intent.account, data, intent.subject)
