"""What may have been done between a backup and the restore of it, and nothing shows.

An order that was canceled meanwhile may have been ordered anew: it stays asked about though the restore was confirmed.
What a first look since the restore shows may have come about before it; what a later one shows is news.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from bursar.domain.evaluate import obscured
from bursar.domain.ids import AccountName
from bursar.domain.intent import LostReply
from bursar.domain.observation import Snapshot
from bursar.journal import matches, meta, subjects, unseen, verdicts
from bursar.journal.matches import MatchRow
from bursar.pipeline.candidate import Candidate
from bursar.pipeline.unit_of_work import ReadView, UnitOfWork

TRACKED_AGAIN_WITHIN = timedelta(days=30)
"""So long after a restore what is seen for the first time may be what the backup had not yet under watch."""


def note_unseen(uow: UnitOfWork, account: AccountName, looks: Iterable[tuple[Snapshot | None, Snapshot, bool]]) -> None:
    """Note the subjects of which the first look since a restore shows something new: since when is not known.

    Args:
        uow: The unit of work.
        account: Theirs.
        looks: Each subject as it was known before a poll, as the poll left it, and whether that is another.
    """
    restored_at = meta.instant_of(uow.tx, meta.RESTORED_AT)
    actions = uow.config.accounts[account].actions.values()
    if restored_at is None or not any(one.lost_reply is LostReply.NEITHER for one in actions):
        return
    seen = []
    for before, after, changed in looks:
        if before is None or before.observed_at is None:
            if uow.now - restored_at < TRACKED_AGAIN_WITHIN:
                unseen.note(uow.tx, account, after.ref, uow.now)
        elif before.observed_at < restored_at:
            seen.append(after)
            if changed or obscured(after):
                unseen.note(uow.tx, account, after.ref, uow.now)
        elif _was_obscured(uow, before):
            unseen.note(uow.tx, account, after.ref, uow.now)
    # Also of those that have not changed, that they were seen: what they enter later is news.
    subjects.save(uow.tx, seen)


def _was_obscured(uow: UnitOfWork, before: Snapshot) -> bool:
    """Return whether all looks since the restore said a word that nobody knows: the next is the first that tells."""
    noted = unseen.noted_at(uow.tx, before) if obscured(before) else None
    return noted is not None and (before.changed_at is None or before.changed_at <= noted)


def unseen_since(view: ReadView, candidate: Candidate) -> str | None:
    """Return since when a restored journal knows nothing, of an action that it may have done after that; None: it was
    not restored, or that was confirmed, and what the action is for has come about since."""
    since, match, action = meta.get(view.tx, meta.RESTORED), candidate.match, candidate.action
    if since is not None or match is None or action is None or action.lost_reply is not LostReply.NEITHER:
        return since
    restored_at = meta.instant_of(view.tx, meta.RESTORED_AT)
    if restored_at is None:
        return None
    first = matches.load(view.tx, match.first) if match.first != match.id else match
    known = view.subject(match.account, match.subject)
    noted = unseen.noted_at(view.tx, known) if known is not None else None
    came_at = None if first is None else _came_about_at(view, candidate, first, known)
    before = came_at is None or came_at <= max(restored_at, noted or restored_at)
    return meta.get(view.tx, meta.KNOWS_NOTHING_SINCE) if before else None


def _came_about_at(view: ReadView, candidate: Candidate, first: MatchRow, known: Snapshot | None) -> datetime | None:
    """Return when what an action is for came about, at the earliest."""
    if first.event_id is not None:
        event = candidate.scope.event if candidate.scope is not None else None
        return event.at if event is not None else None
    rule = candidate.rule
    stands = (
        verdicts.standing(view.tx, rule, known.account, known.ref) if rule is not None and known is not None else None
    )
    entered = stands.standing.since if stands is not None else None
    state_since = known.state_since if known is not None else None
    return min(one for one in (entered, state_since, first.at) if one is not None)
