"""What may have been done between a backup and the restore of it, and nothing shows.

An order that was canceled meanwhile may have been ordered anew: it stays asked about though the restore was confirmed.
"""

from __future__ import annotations

from datetime import datetime

from bursar.domain.intent import LostReply
from bursar.domain.observation import Snapshot
from bursar.journal import matches, meta, unseen, verdicts
from bursar.journal.matches import MatchRow
from bursar.pipeline.gate.candidate import Candidate
from bursar.pipeline.unit_of_work import ReadView


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
