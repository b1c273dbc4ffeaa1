"""What was done before that counts against one action: by cooldown and limit, in its budgets, below the ceiling.

All of it is read from the ledger; what is open counts whatever its age.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from bursar.domain.guard_facts import BudgetUse, Cost
from bursar.domain.ids import AccountName, IntentId, SubjectRef
from bursar.domain.intent import Intent, State
from bursar.domain.ledger import Entry
from bursar.domain.lineage import Lineage
from bursar.domain.permission import CEILING_WINDOW
from bursar.domain.rule import Budget, Rule
from bursar.journal import intents, ledger
from bursar.journal.matches import MatchRow
from bursar.pipeline.candidate import Candidate
from bursar.pipeline.config_snapshot import AccountSpec
from bursar.pipeline.intent_facts import is_over, listed
from bursar.pipeline.lineage import lineage_of
from bursar.pipeline.unit_of_work import Counting, ReadView, UnitOfWork

UNDER_WAY = (State.READY, State.SENDING, State.DEFERRED)


def cooldown_from(view: ReadView, candidate: Candidate, own: IntentId | None) -> datetime | None:
    """Return from when a rule's cooldown runs.

    What the same match has done before this action does not count, and neither does what a person has had tried
    again; what may land yet always does.
    """
    rule, match = candidate.rule, candidate.match
    if rule is None or rule.cooldown is None or match is None:
        return None
    lineage = lineage_of(view, rule.name)
    entries = {one.id: one for one in ledger.of_rule(view.tx, lineage, candidate.account, match.subject)}
    if candidate.subject is not None:
        since = view.measured.before(view.now, rule.cooldown)
        alike = ledger.of_rule_on(view.tx, lineage, candidate.account, candidate.subject, since)
        entries |= {one.id: one for one in alike}
    done_too = {one.id for one in done_by(view, match)[position_of(match, candidate.intent) :]}
    found = [
        view.now if entry.open else entry.counts_from
        for entry in entries.values()
        if entry.id != own
        and (entry.id in done_too or entry.doubtful or not (entry.forgiven or _is_of(view, entry, match)))
    ]
    return max((at for at in found if at is not None), default=None)


def done_by(view: ReadView, match: MatchRow) -> list[Intent]:
    """Return what a match has done, oldest first."""
    return [one for one in intents.of_match(view.tx, match.id) if one.state is State.SUCCEEDED]


def position_of(match: MatchRow, intent: Intent | None) -> int:
    """Return which of its rule's actions a match plans next, or which one an intent of it is."""
    return max(match.acts_planned - (intent is not None), 0)


def happened_before(view: ReadView, match: MatchRow | None, intent: Intent | None) -> Intent | None:
    """Return what has done already what a match would do next, or an intent: an attempt that was lost landed late.

    Of what takes the balance and is over there is something new to take.
    """
    former: Intent | None = None
    if match is not None:
        former = next(iter(done_by(view, match)[position_of(match, intent) :]), None)
    elif intent is not None and intent.instead_of is not None:
        former = intents.load(view.tx, intent.instead_of)
        while former is not None and former.state is not State.SUCCEEDED:
            former = intents.load(view.tx, former.instead_of) if former.instead_of is not None else None
    if former is None or (intent is not None and former.id == intent.id):
        return None
    over = any(action.takes_balance and is_over(view, former, made) for made, action in listed(view, former))
    return None if over else former


def _is_of(view: ReadView, entry: Entry, match: MatchRow) -> bool:
    made = intents.load(view.tx, entry.id)
    return made is not None and made.match == match.id


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
        ledger.of_rule(view.tx, lineage, match.account, match.subject)
        if subject is not None
        else view.counting(since, Counting(account, lineage))
    )
    times = [view.now if entry.open else entry.counts_from for entry in found if entry.id != own]
    return sorted(at for at in times if at is not None and at > since)


def budget_uses(
    view: ReadView, spec: AccountSpec, candidate: Candidate, cost: Cost, own: IntentId | None
) -> list[BudgetUse]:
    """Return every budget that the action counts in, with what it has reserved and spent."""
    assert candidate.action is not None
    rule, name = candidate.rule, candidate.action.name
    lineage = None if rule is None or not rule.budget else lineage_of(view, rule.name)
    of_rule = [] if rule is None else [_use(view, one, cost.currency, own, rule=lineage) for one in rule.budget]
    of_account = [_use(view, one, cost.currency, own, accounts=[spec.name]) for one in spec.budgets]
    of_all = [
        _use(view, one, one.currency, own) for one in view.config.budgets if cost.currency in (None, one.currency)
    ]
    return [use for use in (*of_rule, *of_account, *of_all) if use.budget.action == name]


def _use(
    view: ReadView,
    budget: Budget,
    currency: str | None,
    own: IntentId | None,
    *,
    rule: Lineage | None = None,
    accounts: list[AccountName] | None = None,
) -> BudgetUse:
    """Sum what the ledger has of one currency within the budget's window; what is open counts whatever its age.

    Where the account's currency is not known (any more), all that was spent counts; of several, nobody knows the sum.
    """
    since = view.measured.before(view.now, budget.every)
    spent: Decimal | None = Decimal(0)
    oldest: datetime | None = None
    currencies: set[str] = set()
    what = Counting(None, rule, budget.action, tuple(accounts) if accounts is not None else None)
    for entry in view.counting(since, what):
        from_ = entry.counts_from
        counts = entry.open or (from_ is not None and from_ > since)
        foreign = currency is not None and entry.currency not in (None, currency)
        if entry.id == own or not counts or foreign or entry.spends == 0:
            continue
        currencies |= {entry.currency} if entry.currency is not None else set()
        spent = None if spent is None or entry.spends is None or len(currencies) > 1 else spent + entry.spends
        if not entry.open and from_ is not None:
            oldest = from_ if oldest is None else min(oldest, from_)
    frees_at = view.measured.after(oldest, budget.every, view.now) if oldest is not None else None
    return BudgetUse(budget, spent, frees_at)


def effects_of(view: ReadView, candidate: Candidate, own: IntentId | None) -> int:
    """Count the effects of the account within the ceiling's window: those that left, and those that are about to.

    Just before one is sent, only what left counts: what is about to leave is asked the same question in its turn.
    """
    planning = candidate.intent is None
    if planning and isinstance(view, UnitOfWork) and candidate.account in view.effects:
        return view.effects[candidate.account]
    since = view.measured.before(view.now, CEILING_WINDOW)
    found = view.counting(since, Counting(candidate.account))
    left = {one.id for one in found if one.sent_at is not None and one.sent_at > since}
    if planning:
        left |= {one.id for one in intents.in_state(view.tx, UNDER_WAY, candidate.account)}
    left -= {own}
    if planning and isinstance(view, UnitOfWork):
        view.effects[candidate.account] = len(left)
    return len(left)
