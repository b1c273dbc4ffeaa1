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


def happened_before(view: ReadView, match: MatchRow | None, intent: Intent | None) -> IntentId | None:
    """Return what has done already what a match would do next, or an intent: an attempt that was lost landed late.

    Of what takes the balance and is over there is something new to take.
    """
    if match is not None:
        of_line = ledger.of_match(view.tx, match.first)
        former = next((one.id for one in of_line if one.done and _is_it(view, one, match, intent)), None)
    else:
        former = None if intent is None else _done_in_place_of(view, intent)
    made = None if former is None else intents.load(view.tx, former)
    shown = () if made is None else listed(view, made)
    if made is not None and any(action.takes_balance and is_over(view, made, one) for one, action in shown):
        return None
    return former


def _is_it(view: ReadView, entry: Entry, match: MatchRow, intent: Intent | None) -> bool:
    """Return whether an entry of its line is what a match would do next, or what an intent of it is for."""
    own = ledger.load(view.tx, intent.id) if intent is not None else None
    return is_next(view, entry, match) if own is None else same_act(entry, own)


def same_act(one: Entry, other: Entry) -> bool:
    """Return whether two entries are the same action of one match; where an edit lies between, the same by its name."""
    same_text = one.meaning == other.meaning
    return (
        one.match is not None
        and one.match == other.match
        and one.action == other.action
        and (one.act == other.act or not same_text)
    )


def is_next(view: ReadView, entry: Entry, match: MatchRow) -> bool:
    """Return whether an entry is what a match of its line would do next."""
    rule = view.config.active_rule(match.rule)
    acts = rule.acts() if rule is not None else ()
    if entry.match != match.first or rule is None or match.acts_planned >= len(acts):
        return False
    same_text = entry.meaning == rule.meaning
    return entry.action == acts[match.acts_planned].action and (entry.act == match.acts_planned or not same_text)


def _done_in_place_of(view: ReadView, intent: Intent) -> IntentId | None:
    """Return what had happened of the calls that a person has had tried again by this one."""
    former = intent.instead_of
    while former is not None:
        entry, made = ledger.load(view.tx, former), intents.load(view.tx, former)
        if entry is not None and entry.done:
            return former
        former = made.instead_of if made is not None else None
    return None


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


def effects_of(view: ReadView, candidate: Candidate, own: IntentId | None) -> int:
    """Count the effects of the account within the ceiling's window: those that left, and those that are about to.

    Just before one is sent, only what left counts: what is about to leave is asked the same question in its turn.
    """
    planning = candidate.intent is None
    if planning and isinstance(view, UnitOfWork) and candidate.account in view.effects:
        return view.effects[candidate.account]
    since = view.measured.before(view.now, CEILING_WINDOW)
    found = view.counting(since, Counting(candidate.account))
    # By its sending, not its end: answers that come late are no effects of just now.
    left = {one.id for one in found if one.sent_at is not None and one.sent_at > since}
    if planning:
        # A poll that plans a thousand cancels has sent none yet;
        # without these the ceiling would let all of them through.
        left |= {one.id for one in intents.in_state(view.tx, UNDER_WAY, candidate.account)}
    left -= {own}
    if planning and isinstance(view, UnitOfWork):
        view.effects[candidate.account] = len(left)
    return len(left)
