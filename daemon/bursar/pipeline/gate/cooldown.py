"""From when a rule's cooldown runs, by what it did before: read from the ledger, where what is open counts whatever its
age."""

from __future__ import annotations

from datetime import datetime

from bursar.domain.ids import IntentId
from bursar.domain.ledger import Entry
from bursar.journal import ledger
from bursar.journal.matches import MatchRow
from bursar.pipeline.gate.candidate import Candidate
from bursar.pipeline.gate.lineage import lineage_of
from bursar.pipeline.unit_of_work import ReadView


def cooldown_from(view: ReadView, candidate: Candidate, own: IntentId | None) -> datetime | None:
    """Return from when a rule's cooldown runs.

    What the same match has done before this action does not count, and neither does what a person has had tried
    again; what may land yet always does.
    """
    rule, match = candidate.rule, candidate.match
    if rule is None or rule.cooldown is None or match is None:
        return None
    lineage = lineage_of(view, rule.name)
    since = view.measured.before(view.now, rule.cooldown)
    entries = {one.id: one for one in ledger.of_rule(view.tx, lineage, candidate.account, match.subject, since)}
    if candidate.subject is not None:
        alike = ledger.of_rule_on(view.tx, lineage, candidate.account, candidate.subject, since)
        # By what is acted on as well: `on: [balance.passed_min_payout, payout.done]`
        # asks about another payout each time, and paid 27 times in as many seconds.
        entries |= {one.id: one for one in alike}
    act = match.acts_planned if own is None else act_of(view, own)
    found = [
        # What is open may land at any moment: its cooldown has not begun to run out.
        view.now if entry.open else entry.counts_from
        for entry in entries.values()
        if entry.id != own and (entry.doubtful or _counts(entry, match, act))
    ]
    return max((at for at in found if at is not None), default=None)


def _counts(entry: Entry, match: MatchRow, act: int | None) -> bool:
    """Return whether an entry starts the cooldown of one of a match's actions."""
    if entry.match != match.first:
        # Tried again at a person's word: the refusal of before must not hold that back.
        return not entry.forgiven
    # The earlier actions of a match are no reason to hold its later ones
    # back; but this one, done already in the place of a lost one, is.
    return entry.done and (act is None or entry.act is None or entry.act >= act)


def act_of(view: ReadView, id_: IntentId) -> int | None:
    """Return which of its rule's actions an intent is; None: a person asked for it."""
    entry = ledger.load(view.tx, id_)
    return None if entry is None else entry.act
