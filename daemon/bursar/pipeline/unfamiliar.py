"""What waits at a provider beside what a rule would take from an account's balance.

It may be the same money: bursar's own payout, of a journal that is not there any more (its volume was not mounted, it
was restored, somebody has moved it), or a person's. A site that debits only when a payout is done shows the balance
until then. Where the account says `debits_at_once` nothing is asked: no look tells it for certain.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta

from bursar.domain.action import ActionType
from bursar.domain.guard_facts import Cost
from bursar.domain.ids import AccountName, SubjectRef
from bursar.domain.intent import Intent
from bursar.domain.ledger import Entry, Post
from bursar.domain.permission import RESTORED_WITHIN
from bursar.domain.subject import SubjectType
from bursar.domain.verdict import BlockReason, HoldBack, Question, RequireApproval
from bursar.journal import intents, ledger, questions, references, streams, subjects
from bursar.pipeline.candidate import Candidate
from bursar.pipeline.config_snapshot import AccountSpec
from bursar.pipeline.refusals import RECENT
from bursar.pipeline.unit_of_work import ReadView

SEEN_WITHIN = timedelta(minutes=15)
"""So long what is ready waits for the first look at what waits at the provider."""
UNSEEN = "?"
"""Stands for what nobody has seen, among what a person said yes to."""
SHOWN = 3
OF_INTENT = "of intent "
"""Begins what stands for something of ours whose number nobody knows."""
NEVER_SHOWN = "was accepted, and nothing has shown that it was taken"


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
    action, intent = candidate.action, candidate.intent
    if action is None or candidate.rule is None or not action.takes_balance or action.settled_by is None:
        return None
    before = [one for one in entries if one.action == action.name]
    # At the plan only the first: what waits may be one of these, and that is looked for just before sending.
    if intent is None and (before or spec.debits_at_once):
        return None
    kind = spec.kinds[action.settled_by[0]]
    waiting = set() if spec.debits_at_once else _waiting(view, spec, kind, candidate)
    if waiting is None:
        known = any(_is_known(one) for one in before) and not spec.looks_at(kind.stream)
        return None if known or action.evidence_lists is not None else _unseen(view, spec, action, intent)
    foreign = {id_ for id_ in waiting if not _is_ours(view, spec, action, kind, id_)}
    subject = candidate.subject or SubjectRef(action.subject, "")
    beside = sorted(foreign | _never_shown(view, spec, kind, action, subject, _read(candidate)))
    if set(beside) <= _said_yes_to(view, spec, action, intent, cost):
        return None
    more = f" and {len(beside) - SHOWN} more" if len(beside) > SHOWN else ""
    which = f"{kind.name} {', '.join(beside[:SHOWN])}{more}"
    how = "waits there, and this journal does not know what it took" if foreign else NEVER_SHOWN
    return RequireApproval(f"{which} {how}: is it the same money?", RESTORED_WITHIN, Question.RESTORED, tuple(beside))


def _waiting(view: ReadView, spec: AccountSpec, kind: SubjectType, candidate: Candidate) -> set[str] | None:
    """Return what waits at the provider, by what was just read for it and by what polls have shown; None: nobody has
    looked in this run."""
    action = candidate.action
    polled = set(_listed(view, spec, kind)) if spec.looks_at(kind.stream) else set()
    if action is None or action.evidence_lists is None:
        return polled if _is_seen(view, spec, kind) else None
    if candidate.evidence is None:  # at the plan: an old list may show what is over by now, and a new one is read soon
        return polled if _is_seen(view, spec, kind, SEEN_WITHIN) else None
    read = _read(candidate)
    # One list that leaves a row out, or is empty for once, does not
    # outweigh all the polls: only one that shows it as over does.
    return {id_ for id_, waits in read.items() if waits} | {id_ for id_ in polled if read.get(id_, True)}


def _read(candidate: Candidate) -> dict[str, bool]:
    """Return what the evidence just read lists, by id, and whether it waits."""
    lists = candidate.action.evidence_lists if candidate.action is not None else None
    rows = lists(candidate.evidence) if lists is not None and candidate.evidence is not None else {}
    return {str(id_): bool(waits) for id_, waits in rows.items()}


def _never_shown(
    view: ReadView,
    spec: AccountSpec,
    kind: SubjectType,
    action: ActionType,
    subject: SubjectRef,
    read: Mapping[str, bool],
) -> set[str]:
    """Return what of ours was accepted, and told as never shown: it may yet be taken, also where no list has it.

    Until a list shows it as over, or a person says that it happened: a week of silence is no sign that it did.
    """
    found: set[str] = set()
    for entry in ledger.answered(view.tx, spec.name, subject, action.name, RECENT):
        if not entry.unshown or entry.busy:
            continue
        intent = intents.load(view.tx, entry.id)
        reference = intent.reference if intent is not None else None
        known = view.subject(spec.name, SubjectRef(kind.name, reference)) if reference is not None else None
        over = known is not None and known.known_state in kind.terminal
        if not over and read.get(reference or "", True):
            found.add(reference or f"{OF_INTENT}{entry.id}")
    return found


def _is_known(entry: Entry) -> bool:
    """Return whether an effect makes an account familiar: it was made by this journal, or may have been."""
    return entry.done or entry.in_doubt or (entry.open and entry.sent_at is not None)


def _is_seen(view: ReadView, spec: AccountSpec, kind: SubjectType, within: timedelta | None = None) -> bool:
    """Return whether all that the provider lists was read, in this run: before, others may have acted there."""
    row = streams.load(view.tx, spec.name, kind.stream)
    if not spec.looks_at(kind.stream) or row.ok_at is None or row.baselined_at is None:
        return False
    if within is not None and row.ok_at < view.now - within:
        return False
    return view.settled_since is None or row.ok_at >= view.settled_since


def no_longer_waits(
    view: ReadView, account: AccountName, action: ActionType, subject: SubjectRef, beside: Collection[str]
) -> bool:
    """Return whether polls show that nothing waits any more of what a yes was wanted beside."""
    spec = view.config.accounts[account]
    kind = spec.kinds[action.settled_by[0]] if action.settled_by is not None else None
    if kind is None:
        return False
    doubted = _never_shown(view, spec, kind, action, subject, {})
    if spec.debits_at_once:
        return not doubted.intersection(beside)
    if not _is_seen(view, spec, kind) or doubted.intersection(beside):
        return False
    shown = [id_ for id_ in beside if id_ != UNSEEN and not id_.startswith(OF_INTENT)]
    named = [view.subject(spec.name, SubjectRef(kind.name, id_)) for id_ in shown]
    if any(one is None or (one.known_state not in kind.terminal and one.vanished_at is None) for one in named):
        return False
    others = [id_ for id_ in _listed(view, spec, kind) if not _is_ours(view, spec, action, kind, id_)]
    return UNSEEN not in beside or not others


def _listed(view: ReadView, spec: AccountSpec, kind: SubjectType) -> list[str]:
    """Return what waits at the provider by what polls have shown."""
    return [made.ref.id for made in subjects.load_unfinished(view.tx, spec.name, kind)]


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


def _is_ours(view: ReadView, spec: AccountSpec, action: ActionType, kind: SubjectType, id_: str) -> bool:
    """Return whether the journal knows what something that waits took: it made it, and has not given up waiting."""
    known = view.subject(spec.name, SubjectRef(kind.name, id_))
    # What was over, and waits by the list just read, is another one: a site that was set up anew counts from 1.
    if known is not None and known.known_state in kind.terminal:
        return False
    intent = references.by_reference(view.tx, spec.name, action.name, id_)
    entry = ledger.load(view.tx, intent) if intent is not None else None
    return entry is not None and entry.effect is not Post.UNCONFIRMED


def _said_yes_to(
    view: ReadView, spec: AccountSpec, action: ActionType, intent: Intent | None, cost: Cost
) -> frozenset[str]:
    """Return everything beside which a person has said yes to so much, or had this one sent once more."""
    again = intent.suspect.split(", ") if intent is not None and intent.again and intent.suspect is not None else ()
    return questions.said_yes_beside(view.tx, spec.name, action.name, cost) | frozenset(again)
