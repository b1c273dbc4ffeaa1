"""What waits at a provider beside what a rule would take from an account's balance.

It may be the same money: bursar's own payout, of a journal that is not there any more (its volume was not mounted, it
was restored, somebody has moved it), or a person's. A site that debits only when a payout is done shows the balance
until then. Where the account says `debits_at_once` nothing is asked: no look tells it for certain.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from bursar.domain.action import ActionType
from bursar.domain.guard_facts import Consent, Cost
from bursar.domain.ids import AccountName, SubjectRef
from bursar.domain.intent import Intent
from bursar.domain.ledger import Entry
from bursar.domain.observation import Snapshot
from bursar.domain.permission import RESTORED_WITHIN
from bursar.domain.verdict import BlockReason, HoldBack, Question, RequireApproval
from bursar.journal import questions
from bursar.journal.questions import Beside
from bursar.pipeline.config_snapshot import AccountSpec
from bursar.pipeline.gate.candidate import Candidate
from bursar.pipeline.gate.waiting import (
    OF_INTENT,
    SEEN_WITHIN,
    is_gone,
    is_ours,
    is_over,
    is_seen,
    just_read,
    listed_ids,
    never_shown,
    waiting_ids,
)
from bursar.pipeline.unit_of_work import ReadView

UNSEEN = "?"
"""Stands for what nobody has seen, among what a person said yes to."""
SHOWN = 3
WAITS = "waits there, and this journal does not know what it took"
GONE = "was listed as waiting, and no list has shown its end"
NEVER_SHOWN = "was accepted, and nothing has shown that it was taken"
ANSWERS = "if it is the same money, deny; a yes pays beside it"


def unfamiliar(
    view: ReadView, spec: AccountSpec, candidate: Candidate, entries: Sequence[Entry], cost: Cost
) -> HoldBack | RequireApproval | None:
    """Return what to do about what a rule would take beside others that wait; None: there is nothing to it.

    A person's yes is to what was shown: to something else that waits there, and to more, he is asked anew.

    Args:
        view: What is known.
        spec: The account.
        candidate: The action.
        entries: What was taken before, newest first.
        cost: What would leave.
    """
    action = candidate.action
    if action is None or candidate.rule is None or not action.takes_balance:
        return None
    before = [one for one in entries if one.action == action.name]
    doubted = _doubted(view, spec, candidate, action)
    waiting = waiting_ids(view, spec, candidate, action, before)
    foreign = {id_ for id_ in waiting or () if not is_ours(view, spec, action, id_)}
    beside = sorted(id_ for id_ in foreign | doubted if not _said_yes(view, spec, candidate, action, id_, cost))
    if beside:
        return _question(view, spec, candidate, action, beside, foreign - doubted)
    return _unlooked(view, spec, candidate, action, before) if waiting is None else None


def _question(
    view: ReadView,
    spec: AccountSpec,
    candidate: Candidate,
    action: ActionType,
    beside: Sequence[str],
    strangers: Collection[str],
) -> RequireApproval:
    """Return the question: what is there, how much it took if that is listed, and what a yes and a no do."""
    named = [_named(view, spec, action, id_) for id_ in beside[:SHOWN]]
    more = f" and {len(beside) - SHOWN} more" if len(beside) > SHOWN else ""
    made = action.settled_by[0] if action.settled_by is not None else action.name
    unknown = [id_ for id_ in beside if id_ in strangers]
    gone = all(is_gone(view, spec, candidate, action, id_) for id_ in unknown)
    how = (GONE if gone else WAITS) if unknown else NEVER_SHOWN
    words = f"{made} {', '.join(named)}{more} {how}: {ANSWERS}"
    return RequireApproval(words, RESTORED_WITHIN, Question.RESTORED, tuple(beside))


def _named(view: ReadView, spec: AccountSpec, action: ActionType, id_: str) -> str:
    """Name what waits, with what it took as far as that is listed."""
    if action.settled_by is None or id_.startswith(OF_INTENT):
        return id_
    made, amount = action.settled_by
    known = view.subject(spec.name, SubjectRef(made, id_))
    took = known.fields.get(amount) if known is not None else None
    return id_ if took is None else f"{id_} ({took})"


def _unlooked(
    view: ReadView, spec: AccountSpec, candidate: Candidate, action: ActionType, before: Sequence[Entry]
) -> HoldBack | RequireApproval | None:
    """Return what to do where nobody has looked yet at what waits there."""
    # At the plan only before the first: after that the list that is read just before sending tells it.
    if action.evidence_lists is not None or action.settled_by is None or (candidate.intent is None and before):
        return None
    polled = spec.looks_at(spec.kinds[action.settled_by[0]].stream)
    if not polled and any(_is_known(one) for one in before):
        return None
    return _unseen(view, spec, action, candidate.intent)


def _doubted(view: ReadView, spec: AccountSpec, candidate: Candidate, action: ActionType) -> set[str]:
    """Return what of ours was told as never shown, as far as it is asked about now."""
    polled = action.settled_by is not None and spec.looks_at(spec.kinds[action.settled_by[0]].stream)
    # Where only the list that is read just before sending can show its end, that is waited for.
    if candidate.intent is None and action.evidence_lists is not None and not polled:
        return set()
    subject = candidate.subject or SubjectRef(action.subject, "")
    return never_shown(view, spec, action, subject, just_read(candidate))


def no_longer_waits(
    view: ReadView, account: AccountName, action: ActionType, subject: SubjectRef, beside: Collection[str]
) -> bool:
    """Return whether nothing waits any more of what a yes was wanted beside, by what polls show."""
    spec = view.config.accounts[account]
    if never_shown(view, spec, action, subject, {}).intersection(beside):
        return False
    if spec.debits_at_once or action.settled_by is None:
        return True
    kind = spec.kinds[action.settled_by[0]]
    if not is_seen(view, spec, kind):
        return False
    shown = [id_ for id_ in beside if id_ != UNSEEN and not id_.startswith(OF_INTENT)]
    others = [id_ for id_ in shown if not is_ours(view, spec, action, id_)]  # a person may have settled ours
    named = [view.subject(spec.name, SubjectRef(kind.name, id_)) for id_ in others]
    if any(one is None or (one.known_state not in kind.terminal and one.vanished_at is None) for one in named):
        return False
    return UNSEEN not in beside or all(is_ours(view, spec, action, id_) for id_ in listed_ids(view, spec, kind))


def _unseen(
    view: ReadView, spec: AccountSpec, action: ActionType, intent: Intent | None
) -> HoldBack | RequireApproval | None:
    """Return what to do while no poll has shown what waits there: a while it is waited for, then a person is asked."""
    if intent is None or action.settled_by is None or questions.said_yes_unseen(view.tx, intent.id, UNSEEN):
        return None
    stream = spec.kinds[action.settled_by[0]].stream
    polled = spec.looks_at(stream)
    if polled and view.now - intent.ready_at < SEEN_WITHIN:
        return HoldBack(BlockReason.STALE, f"its {stream} are looked at first", brief=True)
    why = "could not be read" if polled else "are not polled"
    words = f"its {stream} {why}, and one may wait there already that this journal does not know of"
    return RequireApproval(words, RESTORED_WITHIN, Question.RESTORED, (UNSEEN,))


def _said_yes(
    view: ReadView, spec: AccountSpec, candidate: Candidate, action: ActionType, id_: str, cost: Cost
) -> bool:
    """Return whether a person has said yes to so much of this beside something, or had it sent once more beside it."""
    intent = candidate.intent
    again = intent is not None and intent.again and id_ in (intent.suspect or "").split(", ")
    if again and intent is not None and Consent(True, intent.cost, currency=intent.currency).shows(cost):
        return True
    subject = candidate.subject or SubjectRef(action.subject, "")
    given = questions.said_yes_beside(view.tx, spec.name, action.name, subject)
    return any(_covers(view, spec, candidate, action, one, id_, cost) for one in given)


def _covers(
    view: ReadView,
    spec: AccountSpec,
    candidate: Candidate,
    action: ActionType,
    given: Beside,
    id_: str,
    cost: Cost,
) -> bool:
    """Return whether a yes is to something that waits, and to what would leave beside it."""
    # The yes was to another wallet: of this one nobody has said anything.
    if id_ not in given.ids or (given.params, given.sealed) != (candidate.params, candidate.sealed):
        return False
    if action.settled_by is not None and not id_.startswith(OF_INTENT):
        known = view.subject(spec.name, SubjectRef(action.settled_by[0], id_))
        # It was over, or waits since later: another one has been given its number.
        if is_over(view, spec, action, id_) or (known is not None and _entered_since(known, given.asked_at)):
            return False
        # What no list shows any more grows no more: asked about each greater amount, it would never come to an end. But
        # one list may leave a row out: only a yes that was said to just that counts for any amount.
        if GONE in given.reason and is_gone(view, spec, candidate, action, id_):
            return True
        # At the plan there is no list yet: how much may leave is asked once it is read.
        if candidate.intent is None and action.evidence_lists is not None:
            return True
    # That 101 is not the same 400 says nothing of 5000, which may be it, and what has come in since.
    return given.yes.shows(cost)


def _entered_since(known: Snapshot, asked_at: datetime) -> bool:
    """Return whether something entered its state after an instant, and not by being seen for the first time."""
    since, first = known.state_since, known.first_seen_at
    return since is not None and since > asked_at and (first is None or since > first)


def _is_known(entry: Entry) -> bool:
    """Return whether an effect makes an account familiar: it was made by this journal, or may have been."""
    return entry.done or entry.in_doubt or (entry.open and entry.sent_at is not None)
