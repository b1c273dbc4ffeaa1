"""What waits at a provider that an action makes there, by what polls have shown and by what was just read for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

from bursar.domain.action import ActionType
from bursar.domain.ids import SubjectRef
from bursar.domain.ledger import Entry, Post
from bursar.domain.subject import SubjectType
from bursar.journal import intents, ledger, references, streams, subjects
from bursar.pipeline.config_snapshot import AccountSpec
from bursar.pipeline.effects.left_out import is_left_out
from bursar.pipeline.gate.candidate import Candidate
from bursar.pipeline.unit_of_work import ReadView

SEEN_WITHIN = timedelta(minutes=15)
"""So long what is ready waits for the first look at what waits at the provider."""
OF_INTENT = "of intent "
"""Begins what stands for something of ours whose number nobody knows."""


def waiting_ids(
    view: ReadView, spec: AccountSpec, candidate: Candidate, action: ActionType, before: Sequence[Entry]
) -> set[str] | None:
    """Return what waits at the provider, by what was just read for it and by what polls have shown; None: nobody has
    looked in this run."""
    if spec.debits_at_once or action.settled_by is None:
        return set()
    kind = spec.kinds[action.settled_by[0]]
    polled = set(listed_ids(view, spec, kind)) if spec.looks_at(kind.stream) else set()
    if action.evidence_lists is None:
        return polled if is_seen(view, spec, kind) else None
    if candidate.evidence is None:  # at the plan: an old list may show what is over by now, and a new one is read soon
        # What waits may be what one of these in doubt made: that is looked for just before sending.
        in_doubt = any(one.in_doubt or one.outcome is Post.REFUSED for one in before)
        return polled if not in_doubt and is_seen(view, spec, kind, SEEN_WITHIN) else None
    read = just_read(candidate)
    # One list that leaves a row out, or is empty for once, does not
    # outweigh all the polls: only one that shows it as over does.
    return {id_ for id_, waits in read.items() if waits} | {id_ for id_ in polled if read.get(id_, True)}


def just_read(candidate: Candidate) -> dict[str, bool]:
    """Return what the evidence just read lists, by id, and whether it waits."""
    lists = candidate.action.evidence_lists if candidate.action is not None else None
    rows = lists(candidate.evidence) if lists is not None and candidate.evidence is not None else {}
    return {str(id_): bool(waits) for id_, waits in rows.items()}


def listed_ids(view: ReadView, spec: AccountSpec, kind: SubjectType) -> list[str]:
    """Return what waits at the provider by what polls have shown."""
    return [made.ref.id for made in subjects.load_unfinished(view.tx, spec.name, kind)]


def never_shown(
    view: ReadView, spec: AccountSpec, action: ActionType, subject: SubjectRef, read: Mapping[str, bool]
) -> set[str]:
    """Return what of ours was accepted, and told as never shown: it may yet be taken, also where no list has it.

    Until a list shows it as over, or a person says that it happened: a week of silence is no sign that it did.
    """
    found: set[str] = set()
    for entry in ledger.never_shown(view.tx, spec.name, subject, action.name):
        intent = intents.load(view.tx, entry.id)
        reference = intent.reference if intent is not None else None
        if reference is None:
            found.add(f"{OF_INTENT}{entry.id}")
        elif not is_over(view, spec, action, reference) and read.get(reference, True):
            found.add(reference)
    return found


def is_seen(view: ReadView, spec: AccountSpec, kind: SubjectType, within: timedelta | None = None) -> bool:
    """Return whether all that the provider lists was read, in this run: before, others may have acted there."""
    row = streams.load(view.tx, spec.name, kind.stream)
    if not spec.looks_at(kind.stream) or row.ok_at is None or row.baselined_at is None:
        return False
    if within is not None and row.ok_at < view.now - within:
        return False
    return view.settled_since is None or row.ok_at >= view.settled_since


def is_gone(view: ReadView, spec: AccountSpec, candidate: Candidate, action: ActionType, id_: str) -> bool:
    """Return whether no list has any more what was listed as waiting: none just read, and none that a poll brought."""
    if action.settled_by is None or id_.startswith(OF_INTENT) or id_ in just_read(candidate):
        return False
    kind = spec.kinds[action.settled_by[0]]
    known = view.subject(spec.name, SubjectRef(kind.name, id_))
    if spec.looks_at(kind.stream):
        return known is not None and is_left_out(known)
    return candidate.evidence is not None and action.evidence_lists is not None


def is_over(view: ReadView, spec: AccountSpec, action: ActionType, id_: str) -> bool:
    """Return whether polls have shown the end of something that an action makes."""
    if action.settled_by is None:
        return False
    kind = spec.kinds[action.settled_by[0]]
    known = view.subject(spec.name, SubjectRef(kind.name, id_))
    return known is not None and known.known_state in kind.terminal


def is_ours(view: ReadView, spec: AccountSpec, action: ActionType, id_: str) -> bool:
    """Return whether the journal knows what something that waits took: it made it, and has not given up waiting."""
    # What was over, and waits by the list just read, is another one: a site that was set up anew counts from 1.
    if is_over(view, spec, action, id_):
        return False
    intent = references.by_reference(view.tx, spec.name, action.name, id_)
    entry = ledger.load(view.tx, intent) if intent is not None else None
    return entry is not None and entry.effect is not Post.UNCONFIRMED
