"""The one gate: which guard counts in which phase, in which order, and what each of the plain ones objects to."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from itertools import combinations, product

import pytest

from bursar.domain.guard_facts import BudgetUse, Cost
from bursar.domain.ledger import No, Refusals
from bursar.domain.permission import GUARDS, OF_TEXTS, RESTORED_WITHIN, Phase, permit
from bursar.domain.rule import Approve, Budget, Judgement, Limit, Mode
from bursar.domain.verdict import ALLOW, BlockReason, HoldBack, Lapse, Question, RequireApproval, Verdict
from support.domain import T0, after
from support.permission import CLAIM, OPERATOR, PLAN, Objection, allowed, facts_of, held_back

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
BUDGET = Budget("payout", Decimal(100), DAY)
NO = Judgement(False, "order.remains > 0 is false: 0 > 0")
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
just over    | plan          claim resend | unsettled
unfamiliar   | plan          claim resend | ask: restored
restored     | plan          claim resend | ask: restored
approve      | plan          claim resend | ask: rule
ceiling      | plan          claim resend | ask: ceiling
"""
"""Every guard, in the order in which they are asked: in which phases it counts, and what its verdict is here."""

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
    "just over": Objection({"just_over": HoldBack(BlockReason.UNSETTLED, "payout/1 was listed as over")}),
    "unfamiliar": Objection({"unfamiliar": RequireApproval("another waits", RESTORED_WITHIN, Question.RESTORED)}),
    "restored": Objection({"restored": "2026-01-01 12:00Z"}),
    "approve": Objection({}, {"approve": Approve(None, 12 * HOUR)}),
    "ceiling": Objection({"effects": 100}),
}


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


def once(verdict: Verdict) -> Verdict:
    """Leave out whether a rule is asked once more, which hangs on what was read, not on the guard alone."""
    return replace(verdict, again=False) if isinstance(verdict, Lapse) else verdict


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
    assert once(permit(phase, both, T0)) == once(permit(phase, facts_of(OBJECTIONS[earlier]), T0))


@pytest.mark.parametrize("looked", [True, False])
@pytest.mark.parametrize("name", ["predicate", "condition"])
def test_what_is_not_true_by_the_look_just_before_sending_is_asked_once_more(name: str, looked: bool) -> None:
    verdict = permit(CLAIM, facts_of(Objection({name: NO, "looked": looked})), T0)
    assert (word(verdict), verdict.again) == ("lapse", looked)  # type: ignore[union-attr]


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


def test_a_person_without_a_rule_is_held_by_no_cooldown_limit_or_approval() -> None:
    facts = facts_of(counted=[T0] * 9, cooldown_from=T0, rule=None)
    assert [allowed(facts, phase) for phase in Phase] == [True] * 4
