"""What may have been done between a backup and the restore of it, and nothing shows.

An order that was canceled meanwhile may have been ordered anew: it stays asked about though the restore was confirmed.
What a first look since the restore shows may have come about before it; what a later one shows is news.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from bursar.domain.evaluate import obscured
from bursar.domain.ids import AccountName
from bursar.domain.intent import LostReply
from bursar.domain.observation import Snapshot
from bursar.journal import meta, subjects, unseen
from bursar.pipeline.unit_of_work import UnitOfWork

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
