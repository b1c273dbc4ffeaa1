"""What waits at a provider beside what a rule would take from an account's balance.

It may be the same money: bursar's own payout, of a journal that is not there any more (its volume was not mounted, it
was restored, somebody has moved it), or a person's. A site that debits only when a payout is done shows the balance
until then. Where the last of bursar's own was seen taken while it still waited, the site debits at once, and nothing is
asked.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import timedelta

from bursar.domain.action import ActionType
from bursar.domain.ids import AccountName, SubjectRef
from bursar.domain.intent import Intent
from bursar.domain.ledger import Entry, Post
from bursar.domain.permission import RESTORED_WITHIN
from bursar.domain.subject import SubjectType
from bursar.domain.verdict import BlockReason, HoldBack, Question, RequireApproval
from bursar.journal import ledger, questions, references, streams, subjects
from bursar.pipeline.candidate import Candidate
from bursar.pipeline.config_snapshot import AccountSpec
from bursar.pipeline.unit_of_work import ReadView

SEEN_WITHIN = timedelta(minutes=15)
"""So long what is ready waits for the first look at what waits at the provider."""
UNSEEN = "?"
"""Stands for what nobody has seen, among what a person said yes to."""
SHOWN = 3


def unfamiliar(
    view: ReadView, spec: AccountSpec, candidate: Candidate, entries: Sequence[Entry]
) -> HoldBack | RequireApproval | None:
    """Return what to do about what a rule would take beside others that wait; None: there is nothing to it.

    A person's yes is to what was shown: to something else that waits there he is asked anew.

    Args:
        view: What is known.
        spec: The account.
        candidate: The action.
        entries: What was taken before, newest first.
    """
    action, intent = candidate.action, candidate.intent
    if action is None or candidate.rule is None or not action.takes_balance or action.settled_by is None:
        return None
    before = [one for one in entries if one.action == action.name]
    if intent is None and before:  # what waits may be one of these: that is looked for just before sending
        return None
    made = [one for one in before if _is_known(one)]
    kind = spec.kinds[action.settled_by[0]]
    if candidate.evidence is not None and action.evidence_waits is not None:  # newer than any poll
        waiting = sorted(map(str, action.evidence_waits(candidate.evidence)))
    elif _is_seen(view, spec, kind):
        waiting = _listed(view, spec, kind)
    else:
        return _unseen(view, spec, action, intent) if action.evidence_waits is None and not made else None
    waiting = [id_ for id_ in waiting if not _is_ours(view, spec, action, id_)]
    if not waiting or _debits_at_once(view, made) or set(waiting) <= _said_yes_to(view, spec, action, intent):
        return None
    more = f" and {len(waiting) - SHOWN} more" if len(waiting) > SHOWN else ""
    which = f"{kind.name} {', '.join(waiting[:SHOWN])}{more}"
    words = f"{which} waits there, and this journal does not know what it took: is it the same money?"
    return RequireApproval(words, RESTORED_WITHIN, Question.RESTORED, tuple(waiting))


def _is_known(entry: Entry) -> bool:
    """Return whether an effect makes an account familiar: it was made by this journal, or may have been."""
    return entry.done or entry.in_doubt or (entry.open and entry.sent_at is not None)


def _is_seen(view: ReadView, spec: AccountSpec, kind: SubjectType) -> bool:
    """Return whether all that the provider lists was read, in this run: before, others may have acted there."""
    row = streams.load(view.tx, spec.name, kind.stream)
    if not spec.looks_at(kind.stream) or row.ok_at is None or row.baselined_at is None:
        return False
    return view.settled_since is None or row.ok_at >= view.settled_since


def no_longer_waits(view: ReadView, account: AccountName, action: ActionType, beside: Collection[str]) -> bool:
    """Return whether polls show that nothing waits any more of what a yes was wanted beside."""
    spec = view.config.accounts[account]
    kind = spec.kinds[action.settled_by[0]] if action.settled_by is not None else None
    if kind is None or not _is_seen(view, spec, kind):
        return False
    named = [view.subject(spec.name, SubjectRef(kind.name, id_)) for id_ in beside if id_ != UNSEEN]
    if any(one is None or (one.known_state not in kind.terminal and one.vanished_at is None) for one in named):
        return False
    others = [id_ for id_ in _listed(view, spec, kind) if not _is_ours(view, spec, action, id_)]
    return UNSEEN not in beside or not others


def _listed(view: ReadView, spec: AccountSpec, kind: SubjectType) -> list[str]:
    """Return what waits at the provider by what polls have shown."""
    known = subjects.load_all(view.tx, spec.name, kind).values()
    return sorted(made.ref.id for made in known if made.known_state not in kind.terminal and made.vanished_at is None)


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


def _is_ours(view: ReadView, spec: AccountSpec, action: ActionType, id_: str) -> bool:
    """Return whether the journal knows what something that waits took: it made it, and has not given up waiting."""
    intent = references.by_reference(view.tx, spec.name, action.name, id_)
    entry = ledger.load(view.tx, intent) if intent is not None else None
    return entry is not None and entry.effect is not Post.UNCONFIRMED


def _debits_at_once(view: ReadView, made: Sequence[Entry]) -> bool:
    """Return whether what the newest of ours took was seen gone from the balance before it was over."""
    newest = next((one.id for one in made if one.done), None)
    return newest is not None and references.was_debited_at_once(view.tx, newest)


def _said_yes_to(view: ReadView, spec: AccountSpec, action: ActionType, intent: Intent | None) -> frozenset[str]:
    """Return everything beside which a person has said yes, or had this one sent once more."""
    again = intent.suspect.split(", ") if intent is not None and intent.again and intent.suspect is not None else ()
    return questions.said_yes_beside(view.tx, spec.name, action.name) | frozenset(again)
