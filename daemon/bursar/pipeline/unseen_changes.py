"""What may have been done between a backup and the restore of it, and nothing shows.

An order that was canceled meanwhile may have been ordered anew: it stays asked about though the restore was confirmed.
"""

from __future__ import annotations

from collections.abc import Iterable

from bursar.domain.intent import LostReply
from bursar.domain.observation import Snapshot
from bursar.journal import matches, meta, subjects, unseen
from bursar.pipeline.candidate import Candidate
from bursar.pipeline.unit_of_work import ReadView, UnitOfWork


def note_unseen(uow: UnitOfWork, changes: Iterable[tuple[Snapshot | None, Snapshot]]) -> None:
    """Note the subjects that are in another state at the first look since a restore: when they entered it is not known.

    Args:
        uow: The unit of work.
        changes: Each subject as it was known before a poll, and as the poll left it.
    """
    restored_at = meta.instant_of(uow.tx, meta.RESTORED_AT)
    if restored_at is None:
        return
    first_looks = [
        after
        for before, after in changes
        if before is not None and before.observed_at is not None and before.observed_at < restored_at
    ]
    # Also of those that have not changed, that they were seen: what they enter later is news.
    subjects.save(uow.tx, first_looks)
    for snapshot in first_looks:
        if snapshot.state_since == uow.now:
            unseen.note(uow.tx, snapshot.account, snapshot.ref, uow.now)


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
    entered_at = known.state_since if known is not None else None
    before = (
        first is None
        or first.at <= restored_at
        or (entered_at is not None and entered_at <= restored_at)
        or (known is not None and entered_at is not None and unseen.entered_at(view.tx, known) == entered_at)
    )
    return meta.get(view.tx, meta.KNOWS_NOTHING_SINCE) if before else None
