"""When a rule did what its limit counts: read from the ledger, where what is open counts whatever its age."""

from __future__ import annotations

from datetime import datetime

from bursar.domain.ids import AccountName, IntentId, SubjectRef
from bursar.domain.rule import Rule
from bursar.journal import ledger
from bursar.journal.matches import MatchRow
from bursar.pipeline.gate.candidate import Candidate
from bursar.pipeline.gate.lineage import lineage_of
from bursar.pipeline.unit_of_work import Counting, ReadView


def counted_by(rule: Rule, match: MatchRow) -> tuple[AccountName | None, SubjectRef | None]:
    """Return the account and the subject that a limit counts by."""
    per = rule.limit.per if rule.limit is not None else ""
    return None if per == "rule" else match.account, match.subject if per not in ("rule", "account") else None


def counted(view: ReadView, candidate: Candidate, own: IntentId | None) -> list[datetime]:
    rule, match = candidate.rule, candidate.match
    if rule is None or rule.limit is None or match is None:
        return []
    account, subject = counted_by(rule, match)
    since = view.measured.before(view.now, rule.limit.every)
    lineage = lineage_of(view, rule.name)
    found = (
        ledger.of_rule(view.tx, lineage, match.account, match.subject, since)
        if subject is not None
        else view.counting(since, Counting(account, lineage))
    )
    times = [view.now if entry.open else entry.counts_from for entry in found if entry.id != own]
    # `counting` gives whatever has news in the window; a payout of
    # last week that is only now listed as paid is no action of today.
    return sorted(at for at in times if at is not None and at > since)
