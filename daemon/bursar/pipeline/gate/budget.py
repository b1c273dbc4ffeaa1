"""What an action would cost, and what the budgets that it counts in have reserved and spent: read from the ledger."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from bursar.domain.action import CostFacts
from bursar.domain.guard_facts import BudgetUse, Cost
from bursar.domain.ids import AccountName, IntentId
from bursar.domain.lineage import Lineage
from bursar.domain.rule import Budget
from bursar.journal import streams
from bursar.pipeline.config_snapshot import AccountSpec
from bursar.pipeline.gate.candidate import Candidate
from bursar.pipeline.gate.lineage import lineage_of
from bursar.pipeline.unit_of_work import Counting, ReadView


def work_out_cost(view: ReadView, spec: AccountSpec, candidate: Candidate) -> Cost:
    """Work out what an action would move, from what is known now and the evidence just read."""
    action = candidate.action
    currency = view.currency_of(spec)
    if action is None or action.cost is None:
        return Cost(None, currency)
    related, pending = {}, False
    if action.cost_stream is not None:
        row = streams.load(view.tx, spec.name, action.cost_stream)
        pending = row.ok_at is None or view.now - row.ok_at > action.cost_within
    # An old price list is not read at all: it would give an amount, and the new one would not be asked for.
    if not pending and action.cost_needs is not None:
        found = {ref: view.subject(spec.name, ref) for ref in action.cost_needs(candidate.params)}
        # The rate of a service that the panel has taken off its list would stand for good.
        related = {ref: one for ref, one in found.items() if one is not None and one.vanished_at is None}
    subject = view.subject(spec.name, candidate.subject)
    amount = action.cost(CostFacts(candidate.params, subject, candidate.evidence, related))
    # What a plugin gives that is no amount (a float, NaN, -5) is unknown, which no budget allows.
    if not isinstance(amount, Decimal) or not amount.is_finite() or amount < 0:
        why = f"its {action.cost_stream} are looked at first" if pending else "nobody can work out what it costs"
        return Cost(None, currency, why, pending)
    return Cost(amount, currency)


def budget_uses(
    view: ReadView, spec: AccountSpec, candidate: Candidate, cost: Cost, own: IntentId | None
) -> list[BudgetUse]:
    """Return every budget that the action counts in, with what it has reserved and spent."""
    assert candidate.action is not None
    rule, name = candidate.rule, candidate.action.name
    lineage = None if rule is None or not rule.budget else lineage_of(view, rule.name)
    budgets = [] if rule is None else rule.budget
    of_rule = [_use(view, one, cost.currency, own, f"the rule {candidate.asked_by}", rule=lineage) for one in budgets]
    its, names = f"the account {spec.name}", [spec.name]
    of_account = [_use(view, one, cost.currency, own, its, accounts=names) for one in spec.budgets]
    # An account of unknown currency counts in each of them, so that each can refuse it: it would pass beside them all.
    all_of_it = [one for one in view.config.budgets if cost.currency in (None, one.currency)]
    of_all = [_use(view, one, one.currency, own, "settings") for one in all_of_it]
    return [use for use in (*of_rule, *of_account, *of_all) if use.budget.action == name]


def _use(
    view: ReadView,
    budget: Budget,
    currency: str | None,
    own: IntentId | None,
    of: str,
    *,
    rule: Lineage | None = None,
    accounts: list[AccountName] | None = None,
) -> BudgetUse:
    """Sum what the ledger has of one currency within the budget's window; what is open counts whatever its age.

    Where the account's currency is not known (any more), all that was spent counts; of several, the sum is not known.
    """
    since = view.measured.before(view.now, budget.every)
    spent: Decimal | None = Decimal(0)
    oldest: datetime | None = None
    currencies: set[str] = set()
    what = Counting(None, rule, budget.action, tuple(accounts) if accounts is not None else None)
    for entry in view.counting(since, what):
        from_ = entry.counts_from
        counts = entry.open or (from_ is not None and from_ > since)
        # Money of different currencies is never added; what has none known counts in each.
        foreign = currency is not None and entry.currency not in (None, currency)
        if entry.id == own or not counts or foreign or entry.spends == 0:
            continue
        currencies |= {entry.currency} if entry.currency is not None else set()
        # One unknown amount makes the sum unknown: a lost order of unknown price may have used all of it up.
        spent = None if spent is None or entry.spends is None or len(currencies) > 1 else spent + entry.spends
        if not entry.open and from_ is not None:
            oldest = from_ if oldest is None else min(oldest, from_)
    frees_at = view.measured.after(oldest, budget.every, view.now) if oldest is not None else None
    return BudgetUse(budget, spent, frees_at, of)
