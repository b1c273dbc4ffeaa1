"""The one gate: which guard counts in which phase, what each objects to, and what a person's yes covers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import combinations, product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bursar.domain.action import ActionType
from bursar.domain.guard_facts import BudgetUse, Consent, Cost, GuardFacts
from bursar.domain.intent import LostReply
from bursar.domain.ledger import No, Refusals
from bursar.domain.permission import (
    CEILING_WITHIN,
    COST_PAUSE,
    GUARDS,
    OF_TEXTS,
    RESTORED_WITHIN,
    Phase,
    permit,
)
from bursar.domain.rests import rest_after_refusal
from bursar.domain.rule import Approve, Budget, Judgement, Limit, Mode
from bursar.domain.timeline import Gap, Measured
from bursar.domain.verdict import ALLOW, BlockReason, HoldBack, Lapse, Question, RequireApproval, Verdict
from support.domain import T0, after, rule

PLAN, OPERATOR, CLAIM, RESEND = Phase
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
MOMENT = timedelta(microseconds=1)
REFILL = ActionType("refill", "order", LostReply.REPEATABLE)
PAYOUT = ActionType("payout", "balance", LostReply.RECONCILABLE, money=True, takes_balance=True)
ADD = ActionType("add", "order", LostReply.NEITHER, money=True)
BUDGET = Budget("payout", Decimal(100), DAY)
NO = Judgement(False, "order.remains > 0 is false: 0 > 0")
TEN = Cost(Decimal(10), "USD")
UNKNOWN = Cost(None, "USD", "nobody can work out what it costs")
SOON_KNOWN = Cost(None, "USD", "its services are looked at first", pending=True)

DRAWN = """
rule         | plan operator claim resend | lapse
shadow       | plan operator claim resend | shadow
journal      |               claim resend | journal
clock        | plan operator claim resend | clock
pause        | plan operator claim resend | paused
quarantine   | plan operator claim resend | quarantined
rejected     |      operator claim resend | rejected
fresh        |               claim resend | stale
second       |      operator claim resend | lapse
age          |               claim resend | lapse
entry        | plan operator claim resend | lapse
predicate    | plan operator claim resend | lapse
when         | plan operator claim resend | lapse
nothing left |               claim resend | lapse
settle       |               claim resend | unsettled
open intent  | plan operator claim resend | open_intent
blocked      | plan operator claim resend | blocked
refusals     | plan          claim        | gave_up
denied       | plan                       | denied
cooldown     | plan          claim        | cooldown
limit        | plan          claim        | limit
cost         | plan operator claim resend | cost
budget       | plan operator claim resend | budget
unfamiliar   | plan          claim resend | ask: restored
restored     | plan          claim resend | ask: restored
approve      | plan          claim resend | ask: rule
ceiling      | plan          claim resend | ask: ceiling
"""
"""Every guard, in the order in which they are asked: in which phases it counts, and what its verdict is here."""


@dataclass(frozen=True)
class Objection:
    """What makes one guard object, and no other: facts, and properties of the rule."""

    facts: Mapping[str, object] = field(default_factory=dict)
    rule: Mapping[str, object] = field(default_factory=dict)

    def __or__(self, other: Objection) -> Objection:
        return Objection({**other.facts, **self.facts}, {**other.rule, **self.rule})


OBJECTIONS = {
    "rule": Objection({"rule_changed": "the rule changed"}),
    "shadow": Objection({"mode": Mode.SHADOW}),
    "journal": Objection({"displaced": "journal.db is gone"}),
    "clock": Objection({"clock_steady": False}),
    "pause": Objection({"paused": "the account is paused"}),
    "quarantine": Objection({"quarantined": True}),
    "rejected": Objection({"rejected": True}),
    "fresh": Objection({"fresh": False}),
    "second": Objection({"second": Lapse("it had happened", again=True)}),
    "age": Objection({"too_old": Lapse("not sent within an hour", again=True)}),
    "entry": Objection({"left": "it has left its condition since"}),
    "predicate": Objection({"predicate": Judgement(False, "the order is completed, not partial")}),
    "when": Objection({"condition": NO}),
    "nothing left": Objection({"looked": True, "cost": Cost(Decimal(0), "USD")}),
    "settle": Objection({"lands_until": after(4)}),
    "open intent": Objection({"open_intent": (7, "intent 7 (cancel, ready)")}),
    "blocked": Objection({"blocked_by": (8, "intent 8 (unknown)")}),
    "refusals": Objection({"refusals": Refusals(3)}),
    "denied": Objection({"last_no": No(True, T0)}, {"cooldown": HOUR}),
    "cooldown": Objection({"cooldown_from": T0}, {"cooldown": HOUR}),
    "limit": Objection({"counted": [T0]}, {"limit": Limit("order", 1, DAY)}),
    "cost": Objection({"cost": SOON_KNOWN, "budgets": [BudgetUse(BUDGET)]}),
    "budget": Objection({"budgets": [BudgetUse(BUDGET, Decimal(100))]}),
    "unfamiliar": Objection({"unfamiliar": RequireApproval("another waits", RESTORED_WITHIN, Question.RESTORED)}),
    "restored": Objection({"restored": "2026-01-01 12:00Z"}),
    "approve": Objection({}, {"approve": Approve(None, 12 * HOUR)}),
    "ceiling": Objection({"effects": 100}),
}


def facts_of(*objections: Objection, **more: object) -> GuardFacts:
    """Return facts to which just these object; those of an earlier one come before those of a later one."""
    joined = Objection()
    for objection in objections:
        joined |= objection
    facts: dict[str, object] = {"rule": rule(**joined.rule), "action": PAYOUT, "cost": TEN, **joined.facts, **more}
    return GuardFacts(**facts)  # type: ignore[arg-type]


def drawn() -> dict[str, tuple[set[Phase], str]]:
    """Read the table."""
    rows = [[part.strip() for part in line.split("|")] for line in DRAWN.strip().splitlines()]
    return {name: ({Phase(word) for word in phases.split()}, verdict) for name, phases, verdict in rows}


TABLE = drawn()


def word(verdict: Verdict) -> str:
    """Name a verdict as the table does."""
    if isinstance(verdict, HoldBack):
        return verdict.block
    if isinstance(verdict, RequireApproval):
        return f"ask: {verdict.question}"
    return "lapse" if isinstance(verdict, Lapse) else "allow"


def test_the_guards_are_those_of_the_table_in_its_order() -> None:
    assert [(guard.name, guard.phases) for guard in GUARDS] == [(name, phases) for name, (phases, _) in TABLE.items()]


def test_nothing_in_the_way_is_allowed_in_every_phase() -> None:
    assert [permit(phase, facts_of(), T0) for phase in Phase] == [ALLOW] * 4


@pytest.mark.parametrize(
    ("name", "phase"), [(name, phase) for name in TABLE for phase in Phase if phase in TABLE[name][0]]
)
def test_a_guard_objects_in_the_phases_in_which_it_counts(name: str, phase: Phase) -> None:
    assert word(permit(phase, facts_of(OBJECTIONS[name]), T0)) == TABLE[name][1]


@pytest.mark.parametrize(
    ("name", "phase"), [(name, phase) for name in TABLE for phase in Phase if phase not in TABLE[name][0]]
)
def test_a_guard_objects_in_no_other_phase(name: str, phase: Phase) -> None:
    assert permit(phase, facts_of(OBJECTIONS[name]), T0) == ALLOW


@pytest.mark.parametrize(
    ("earlier", "later", "phase"),
    [
        (earlier, later, phase)
        for (earlier, later), phase in product(combinations(TABLE, 2), Phase)
        if phase in TABLE[earlier][0] and phase in TABLE[later][0]
    ],
)
def test_the_first_guard_that_objects_decides(earlier: str, later: str, phase: Phase) -> None:
    both = facts_of(OBJECTIONS[earlier], OBJECTIONS[later])
    assert permit(phase, both, T0) == permit(phase, facts_of(OBJECTIONS[earlier]), T0)


@pytest.mark.parametrize("name", TABLE)
def test_for_a_rule_that_only_tells_some_guards_count(name: str) -> None:
    of_texts = {"rule", "shadow", "entry", "predicate", "when", "cooldown", "limit"}
    told = permit(PLAN, facts_of(OBJECTIONS[name], action=None), T0)
    assert word(told) == (TABLE[name][1] if name in of_texts else "allow")


def test_the_guards_of_texts_are_guards() -> None:
    assert set(TABLE) >= OF_TEXTS


BRIEF = {"journal", "clock", "pause", "quarantine", "rejected", "fresh", "settle", "blocked", "cost"}
"""What ends soon by itself, or by a person's hand: an intent that is ready stays so."""


@pytest.mark.parametrize(
    "name", [name for name, (phases, verdict) in TABLE.items() if verdict in set(BlockReason) and CLAIM in phases]
)
def test_what_ends_soon_leaves_a_ready_intent_ready(name: str) -> None:
    held = permit(CLAIM, facts_of(OBJECTIONS[name]), T0)
    assert isinstance(held, HoldBack)
    assert held.brief is (name in BRIEF)


def held_back(facts: GuardFacts, phase: Phase = PLAN, now: datetime = T0) -> HoldBack:
    """Ask, and expect to be held back."""
    verdict = permit(phase, facts, now)
    assert isinstance(verdict, HoldBack)
    return verdict


def asked(facts: GuardFacts, phase: Phase = PLAN, now: datetime = T0) -> RequireApproval:
    """Ask, and expect that a person is asked."""
    verdict = permit(phase, facts, now)
    assert isinstance(verdict, RequireApproval)
    return verdict


def allowed(facts: GuardFacts, phase: Phase = PLAN, now: datetime = T0) -> bool:
    """Ask."""
    return permit(phase, facts, now) == ALLOW


@pytest.mark.parametrize("name", ["journal", "pause"])
def test_what_is_held_back_says_why(name: str) -> None:
    words = {"journal": "journal.db is gone", "pause": "the account is paused"}
    assert held_back(facts_of(OBJECTIONS[name]), CLAIM).reason == words[name]


@pytest.mark.parametrize("name", ["shadow", "pause", "quarantine", "rejected", "fresh", "journal"])
def test_time_alone_does_not_end_what_a_person_or_a_look_ends(name: str) -> None:
    assert held_back(facts_of(OBJECTIONS[name]), CLAIM).retry_at is None


def test_a_rule_of_its_own_in_shadow_is_held_back() -> None:
    assert held_back(facts_of(Objection({}, {"mode": Mode.SHADOW}))).block is BlockReason.SHADOW


def test_a_person_is_held_back_by_shadow_without_a_rule() -> None:
    assert held_back(facts_of(OBJECTIONS["shadow"], rule=None), OPERATOR).block is BlockReason.SHADOW


def test_time_ends_a_jump_of_the_clock() -> None:
    assert held_back(facts_of(OBJECTIONS["clock"])).retry_at == after(1)


def test_a_changed_rule_lapses_with_its_reason() -> None:
    assert permit(CLAIM, facts_of(OBJECTIONS["rule"]), T0) == Lapse("the rule changed")


def test_an_entry_that_is_over_lapses() -> None:
    assert permit(CLAIM, facts_of(OBJECTIONS["entry"]), T0) == Lapse("it has left its condition since")


@pytest.mark.parametrize("name", ["predicate", "condition"])
def test_what_is_no_longer_true_lapses_and_says_what(name: str) -> None:
    assert permit(CLAIM, facts_of(**{name: NO}), T0) == Lapse(f"no longer true: {NO.reason}")


@pytest.mark.parametrize("name", ["predicate", "condition"])
def test_what_nobody_can_tell_is_held_back_and_asked_again_at_the_next_look(name: str) -> None:
    held = held_back(facts_of(**{name: Judgement(None, "its state is unknown")}))
    assert (held.block, held.retry_at) == (BlockReason.LAPSED, T0)


@pytest.mark.parametrize("name", ["predicate", "condition"])
def test_what_is_true_is_allowed(name: str) -> None:
    assert allowed(facts_of(**{name: Judgement(True, "it is")}))


def test_an_open_intent_is_waited_for() -> None:
    held = held_back(facts_of(OBJECTIONS["open intent"]))
    assert (held.waits_for, held.retry_at, held.reason) == (7, None, "waits for intent 7 (cancel, ready)")


def test_an_unknown_intent_that_blocks_is_waited_for() -> None:
    held = held_back(facts_of(OBJECTIONS["blocked"]))
    assert (held.waits_for, held.reason) == (8, "payout is blocked on this account by intent 8 (unknown)")


def refused(times: int = 1, at: datetime | None = T0, action: ActionType = PAYOUT, **more: object) -> GuardFacts:
    """Return facts of an action that was refused."""
    return facts_of(Objection({"refusals": Refusals(times, at)}, more), action=action)


def test_the_third_refusal_is_for_a_person() -> None:
    held = held_back(refused(3, after(-(10**5))))
    assert (held.block, held.retry_at) == (BlockReason.GAVE_UP, None)


def test_a_refusal_that_nobody_can_read_is_for_a_person() -> None:
    assert held_back(facts_of(Objection({"refusals": Refusals(1, T0, unread=True)}))).block is BlockReason.GAVE_UP


def test_two_refusals_are_not_for_a_person() -> None:
    assert allowed(refused(2, after(-(10**5))))


@pytest.mark.parametrize(("action", "pause"), [(REFILL, HOUR), (PAYOUT, DAY)])
def test_money_rests_longer_after_a_refusal(action: ActionType, pause: timedelta) -> None:
    held = held_back(refused(action=action))
    assert (held.block, held.retry_at) == (BlockReason.REFUSED, T0 + pause)


def test_after_a_refusal_it_rests_for_the_rules_own_cooldown() -> None:
    assert held_back(refused(cooldown=2 * DAY)).retry_at == T0 + 2 * DAY


def test_a_short_cooldown_is_a_short_rest() -> None:
    assert allowed(refused(cooldown=MINUTE), now=after(1))


def test_a_rest_ends_to_the_moment() -> None:
    refill = refused(action=REFILL)
    assert (allowed(refill, now=T0 + HOUR - MOMENT), allowed(refill, now=T0 + HOUR)) == (False, True)


@pytest.mark.parametrize("times", [1, 3])
def test_a_person_may_ask_for_what_was_refused(times: int) -> None:
    assert [allowed(refused(times), phase) for phase in (PLAN, CLAIM)] == [False, False]
    assert [allowed(replace(refused(times), rule=None), phase) for phase in Phase] == [True] * 4


def test_what_was_undone_rests_as_a_refusal() -> None:
    assert held_back(refused(0)).block is BlockReason.REFUSED


def test_of_an_action_that_nobody_knows_any_more_a_rest_is_that_of_money() -> None:
    assert (rest_after_refusal(None, None), rest_after_refusal(rule(), REFILL)) == (DAY, HOUR)


GAP = Measured((Gap(after(10), 30 * MINUTE),))
"""Minutes 10 to 40 were not measured."""


def test_a_rest_after_a_refusal_does_not_count_what_nobody_measured() -> None:
    held = held_back(replace(refused(action=REFILL), time=GAP), now=after(89))
    assert (held.block, held.retry_at) == (BlockReason.REFUSED, after(90))


COOLED = Objection({}, {"cooldown": HOUR})


def test_a_cooldown_holds_until_its_end() -> None:
    held = held_back(facts_of(COOLED, cooldown_from=T0), now=after(59))
    assert (held.block, held.retry_at) == (BlockReason.COOLDOWN, T0 + HOUR)


def test_a_cooldown_ends_to_the_moment() -> None:
    cooled = facts_of(COOLED, cooldown_from=T0)
    assert (allowed(cooled, now=T0 + HOUR - MOMENT), allowed(cooled, now=T0 + HOUR)) == (False, True)


def test_a_cooldown_of_what_was_never_done_holds_nothing() -> None:
    assert allowed(facts_of(COOLED))


def test_a_rule_without_a_cooldown_is_not_held_by_one() -> None:
    assert allowed(facts_of(cooldown_from=T0))


def test_what_nobody_measured_does_not_cool_down() -> None:
    cooled = facts_of(COOLED, cooldown_from=T0, time=GAP)
    assert held_back(cooled, now=after(89)).retry_at == after(90)


def test_a_cooldown_is_over_when_so_much_was_measured() -> None:
    assert allowed(facts_of(COOLED, cooldown_from=T0, time=GAP), now=after(90))


def limited(*minutes: float, most: int = 3, **more: object) -> GuardFacts:
    """Return facts of a rule that may do so much in a day, and has done it at these minutes."""
    limit = Objection({"counted": [after(minute) for minute in minutes]}, {"limit": Limit("order", most, DAY)})
    return facts_of(limit, **more)


def test_a_limit_that_is_not_used_up_is_allowed() -> None:
    assert allowed(limited(-2, -1))


def test_a_limit_holds_until_the_oldest_leaves_the_window() -> None:
    held = held_back(limited(-3, -2, -1))
    assert (held.block, held.retry_at) == (BlockReason.LIMIT, after(-3) + DAY)


def test_a_limit_says_how_much_of_it_is_used() -> None:
    assert held_back(limited(-3, -2, -1)).reason == "3 of 3 per order used"


def test_a_limit_that_was_lowered_holds_until_enough_left_the_window() -> None:
    assert held_back(limited(-5, -4, -3, -2, -1)).retry_at == after(-3) + DAY


def test_what_left_the_window_does_not_count() -> None:
    assert allowed(limited(-24 * 60, -2, -1))


def test_what_leaves_the_window_in_a_moment_counts() -> None:
    counted = [T0 - DAY + MOMENT, after(-2), after(-1)]
    assert held_back(replace(limited(), counted=counted)).block is BlockReason.LIMIT


def test_a_limit_of_none_holds_for_good() -> None:
    held = held_back(limited(most=0))
    assert (held.block, held.retry_at) == (BlockReason.LIMIT, None)


def test_what_nobody_measured_does_not_leave_the_window_of_a_limit() -> None:
    held = held_back(limited(0, most=1, time=GAP), now=T0 + DAY)
    assert (held.block, held.retry_at) == (BlockReason.LIMIT, T0 + DAY + 30 * MINUTE)


def spending(
    spent: str | None, cost: Cost = TEN, frees_at: datetime | None = None, budget: Budget = BUDGET, **more: object
) -> GuardFacts:
    """Return facts of an action that counts in one budget, of which so much is spent."""
    use = BudgetUse(budget, None if spent is None else Decimal(spent), frees_at)
    return facts_of(Objection({"budgets": [use], "cost": cost}), **more)


def test_a_budget_allows_what_just_fits() -> None:
    assert allowed(spending("90"))


def test_a_budget_holds_what_does_not_fit_until_something_leaves_its_window() -> None:
    held = held_back(spending("90.01", frees_at=after(5)))
    assert (held.block, held.retry_at) == (BlockReason.BUDGET, after(5))


def test_a_budget_says_how_much_is_spent_and_what_this_would_add() -> None:
    assert held_back(spending("90.01")).reason == (
        "the budget of the rule: 90.01 of 100 USD in 24h spent or reserved; this would add 10"
    )


def test_a_budget_says_that_it_never_allows_more_than_itself() -> None:
    words = (
        "the budget of the rule: 0 of 100 USD in 24h spent or reserved; this would add 101, more than it ever allows: "
    )
    words += "raise it, or do it by hand"
    assert held_back(spending("0", Cost(Decimal(101), "USD"))).reason == words


def test_a_budget_that_nothing_was_spent_of_is_asked_again_soon() -> None:
    facts = spending("0", Cost(Decimal(101), "USD"))
    assert held_back(facts).retry_at == T0 + timedelta(minutes=15)
    assert held_back(replace(facts, looked=True)).retry_at == T0 + timedelta(hours=1)


def test_a_budget_holds_what_has_no_known_cost() -> None:
    held = held_back(spending("0", UNKNOWN))
    assert (held.block, held.reason) == (
        BlockReason.BUDGET, "nobody can work out what it costs, so the budget of the rule cannot allow it",
    )  # fmt: skip


def test_a_budget_of_which_nobody_knows_what_was_spent_allows_nothing() -> None:
    held = held_back(spending(None, Cost(Decimal(0), "USD"), after(5)))
    assert (held.block, held.retry_at, "not known" in held.reason) == (BlockReason.BUDGET, after(5), True)


OVER_ALL = Budget("payout", Decimal(100), DAY, "USD")


def test_a_budget_over_all_accounts_holds_an_account_whose_currency_is_not_known() -> None:
    held = held_back(spending("0", Cost(Decimal(1), None), budget=OVER_ALL))
    assert (held.block, "currency is not known" in held.reason) == (BlockReason.BUDGET, True)


def test_a_budget_over_all_accounts_allows_an_account_of_its_currency() -> None:
    assert allowed(spending("0", Cost(Decimal(1), "USD"), budget=OVER_ALL))


def test_a_budget_of_the_account_itself_needs_no_currency() -> None:
    assert allowed(spending("0", Cost(Decimal(1), None)))


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_every_budget_must_fit(order: tuple[int, int]) -> None:
    uses = [BudgetUse(Budget("payout", Decimal(1000), DAY)), BudgetUse(BUDGET, Decimal(100))]
    assert held_back(facts_of(budgets=[uses[place] for place in order])).block is BlockReason.BUDGET


def test_without_a_budget_an_unknown_cost_holds_nothing() -> None:
    assert allowed(facts_of(cost=UNKNOWN))


def test_a_persons_yes_does_not_pass_a_budget() -> None:
    assert held_back(spending("100", consent=Consent(True, Decimal(10))), CLAIM).block is BlockReason.BUDGET


MONEY = st.integers(0, 10**6).map(lambda cents: Decimal(cents) / 100)


@given(MONEY, MONEY, MONEY)
def test_a_budget_allows_exactly_what_keeps_it(spent: Decimal, cost: Decimal, most: Decimal) -> None:
    facts = spending(str(spent), Cost(cost, "USD"), budget=Budget("payout", most, DAY))
    assert allowed(facts) is (spent + cost <= most)


def test_a_cost_that_a_look_will_tell_is_waited_for_where_a_budget_asks() -> None:
    held = held_back(spending("0", SOON_KNOWN))
    assert (held.block, held.retry_at) == (BlockReason.COST, T0 + COST_PAUSE)


def test_a_cost_that_a_look_will_tell_is_waited_for_where_the_rule_asks_a_person() -> None:
    assert held_back(asking(500, SOON_KNOWN)).block is BlockReason.COST


def test_a_cost_that_a_look_will_tell_is_not_waited_for_where_nothing_depends_on_it() -> None:
    assert allowed(facts_of(cost=SOON_KNOWN))


NOTHING_SAID = Consent()


def asking(
    above: int | str | None, cost: Cost | int = TEN, consent: Consent = NOTHING_SAID, **more: object
) -> GuardFacts:
    """Return facts of a rule that asks a person above an amount (None: always)."""
    known = cost if isinstance(cost, Cost) else Cost(Decimal(cost), "USD")
    line = Approve(None if above is None else Decimal(above), 12 * HOUR)
    return facts_of(Objection({"cost": known, "consent": consent}, {"approve": line}), **more)


def yes(amount: int | None, above: int | None = None) -> Consent:
    """Return a person's yes to an amount, under that line of the rule."""
    return Consent(True, None if amount is None else Decimal(amount), None if above is None else Decimal(above))


def test_a_cost_above_the_line_asks_a_person_and_says_how_much() -> None:
    question = asked(asking(500, Cost(Decimal("500.01"), "USD")))
    assert (question.reason, question.within, question.question) == (
        "500.01 is above 500", 12 * HOUR, Question.RULE,
    )  # fmt: skip


def test_a_cost_at_the_line_asks_nobody() -> None:
    assert allowed(asking(500, 500))


def test_a_cost_that_is_not_known_asks_a_person() -> None:
    assert "not known" in asked(asking(500, UNKNOWN)).reason


def test_a_rule_may_always_ask() -> None:
    assert asked(asking(None, 0)).reason == "the rule asks a person"


def test_a_budget_comes_before_a_person() -> None:
    assert held_back(asking(500, 600, budgets=[BudgetUse(BUDGET, Decimal(100))])).block is BlockReason.BUDGET


@pytest.mark.parametrize("phase", [CLAIM, RESEND])
@pytest.mark.parametrize(
    ("shown", "cost", "covered"),
    [(600, 600, True), (600, 599, True), (600, 601, False), (None, 600, False), (None, None, True), (600, None, False)],
)
def test_a_yes_covers_the_amount_that_was_shown_and_no_more(
    phase: Phase, shown: int | None, cost: int | None, covered: bool
) -> None:
    known = UNKNOWN if cost is None else Cost(Decimal(cost), "USD")
    assert allowed(asking(500, known, yes(shown, 500)), phase) is covered


@pytest.mark.parametrize(
    ("above_then", "above_now", "covered"),
    [
        (500, 500, True),  # as it was
        (500, 550, True),  # it asks for less now
        (500, 400, False),  # it asks for more now
        (500, None, False),  # it always asks now
        (None, None, True),  # it asked always then
        (None, 400, True),  # it asked always then, and for less now
    ],
)
def test_a_yes_stays_one_unless_the_rule_became_stricter(
    above_then: int | None, above_now: int | None, covered: bool
) -> None:
    assert allowed(asking(above_now, 600, yes(600, above_then)), CLAIM) is covered


def test_what_the_rule_does_not_ask_about_any_more_needs_no_yes() -> None:
    assert allowed(asking(700, 650, yes(600, 500)), CLAIM)


def test_a_cost_that_fell_below_the_line_needs_no_yes() -> None:
    assert allowed(asking(500, 400, yes(None, 500)), CLAIM)


@given(MONEY, MONEY, MONEY)
def test_nothing_above_both_the_line_and_the_yes_leaves_unasked(above: Decimal, shown: Decimal, cost: Decimal) -> None:
    facts = asking(str(above), Cost(cost, "USD"), Consent(True, shown, above))
    assert allowed(facts, CLAIM) is (cost <= above or cost <= shown)


def test_a_person_who_says_yes_is_not_asked_again_by_the_rule() -> None:
    assert allowed(asking(500, 600), OPERATOR)


RESTORED = Objection({"restored": "2026-01-01 12:00Z"})


@pytest.mark.parametrize("action", [PAYOUT, ADD])
def test_after_a_restore_what_cannot_be_repeated_asks_a_person(action: ActionType) -> None:
    question = asked(facts_of(RESTORED, action=action))
    assert (question.question, question.within) == (Question.RESTORED, RESTORED_WITHIN)


def test_the_question_after_a_restore_says_why_and_since_when() -> None:
    reason = asked(facts_of(RESTORED)).reason
    assert ("restored" in reason, "2026-01-01 12:00Z" in reason) == (True, True)


def test_after_a_restore_what_can_be_repeated_asks_nobody() -> None:
    assert allowed(facts_of(RESTORED, action=REFILL))


def test_after_a_restore_what_a_person_asks_for_asks_nobody() -> None:
    assert [allowed(facts_of(RESTORED, rule=None), phase) for phase in Phase] == [True] * 4


@pytest.mark.parametrize("phase", [CLAIM, RESEND])
def test_after_a_restore_what_a_person_had_asked_for_before_asks_a_person(phase: Phase) -> None:
    assert asked(facts_of(RESTORED, rule=None, lost=True), phase).question is Question.RESTORED


@pytest.mark.parametrize(("shown", "covered"), [(10, True), (9, False)])
def test_after_a_restore_a_yes_covers_what_was_shown(shown: int, covered: bool) -> None:
    assert allowed(facts_of(RESTORED, consent=yes(shown)), CLAIM) is covered


def test_a_budget_holds_after_a_restore_too() -> None:
    assert held_back(spending("100", restored="2026-01-01 12:00Z")).block is BlockReason.BUDGET


@pytest.mark.parametrize(("effects", "free"), [(98, True), (99, True), (100, False), (101, False)])
def test_up_to_the_ceiling_nobody_is_asked(effects: int, free: bool) -> None:
    assert allowed(facts_of(effects=effects, ceiling=100)) is free


def test_past_the_ceiling_a_person_is_asked() -> None:
    question = asked(facts_of(effects=100, ceiling=100))
    assert (question.question, question.within) == (Question.CEILING, CEILING_WITHIN)


def test_a_yes_to_go_past_the_ceiling_is_one() -> None:
    assert allowed(facts_of(effects=100, cost=Cost(), consent=Consent(ceiling=True)), CLAIM)


@pytest.mark.parametrize(
    ("now", "goes"),
    [(Cost(Decimal(1), "USD"), True), (Cost(Decimal(2), "USD"), False), (Cost(Decimal(1), "BTC"), False)],
)
def test_a_yes_to_go_past_the_ceiling_is_for_the_amount_that_was_shown(now: Cost, goes: bool) -> None:
    facts = facts_of(effects=100, cost=now, consent=Consent(amount=Decimal(1), ceiling=True, currency="USD"))
    assert allowed(facts, CLAIM) is goes


def test_a_yes_in_one_currency_is_none_in_another() -> None:
    consent = Consent(True, Decimal(600), Decimal(500), currency="USD")
    facts = replace(asking(500, 600, consent), cost=Cost(Decimal(600), "BTC"))
    assert asked(facts, CLAIM).question is Question.RULE


def test_a_yes_to_the_action_is_none_to_go_past_the_ceiling() -> None:
    assert asked(facts_of(effects=100, consent=yes(10)), CLAIM).question is Question.CEILING


def test_a_yes_to_go_past_the_ceiling_is_none_to_the_action() -> None:
    assert asked(asking(500, 600, Consent(ceiling=True)), CLAIM).question is Question.RULE


def test_past_the_ceiling_the_rules_own_question_comes_first() -> None:
    assert asked(asking(500, 600, effects=100)).question is Question.RULE


def test_a_person_without_a_rule_is_held_by_no_cooldown_limit_or_approval() -> None:
    facts = facts_of(counted=[T0] * 9, cooldown_from=T0, rule=None)
    assert [allowed(facts, phase) for phase in Phase] == [True] * 4


def test_a_rule_that_only_tells_has_its_texts_held_by_its_cooldown() -> None:
    telling = facts_of(COOLED, action=None, cooldown_from=T0)
    assert held_back(telling).retry_at == T0 + HOUR
