"""What refusals in a row are counted by: the entries of the ledger that the provider answered."""

from __future__ import annotations

from bursar.domain.action import ActionType
from bursar.domain.ids import AccountName, RuleName, SubjectRef
from bursar.domain.intent import Intent
from bursar.domain.ledger import MAX_REFUSALS, Entry
from bursar.journal import ledger
from bursar.pipeline.gate.lineage import lineage_of
from bursar.pipeline.unit_of_work import ReadView

RECENT = 3 * MAX_REFUSALS
"""How many entries on a subject are looked at for refusals in a row, and for one whose effect has yet to show."""


def answered(
    view: ReadView,
    account: AccountName,
    action: ActionType,
    subject: SubjectRef,
    rule: str | None,
    asked: SubjectRef | None,
) -> list[Entry]:
    """Return the entries that refusals are counted by, newest first.

    What makes its subject has another one each time: there it is those of the rule, for what it was asked about.
    """
    # Each `add` makes a subject of its own, so that by subject no two
    # refusals would ever be in a row, and a rule would order for ever.
    if action.creates and rule is not None:
        return ledger.answered_for(view.tx, lineage_of(view, RuleName(rule)), account, asked, action.name, RECENT)
    return ledger.answered(view.tx, account, subject, action.name, RECENT)


def answered_like(view: ReadView, intent: Intent) -> list[Entry]:
    """Return the entries that the refusals of an intent are counted by, newest first."""
    account, entry = view.config.accounts.get(intent.account), ledger.load(view.tx, intent.id)
    action = account.actions.get(intent.action) if account is not None else None
    if action is None:
        return ledger.answered(view.tx, intent.account, intent.subject, intent.action, RECENT)
    asked = entry.asked if entry is not None else None
    return answered(view, intent.account, action, intent.subject, intent.rule, asked)
