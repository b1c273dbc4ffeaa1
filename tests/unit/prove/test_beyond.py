"""What was sent beyond what was judged is found: by each of what a request must stand on, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from bursar.journal.dump import IntentRecord
from bursar_premium_exchanger.sandbox.scenario import BUDGET
from bursar_prove import scaled_clock, world
from bursar_prove.beyond import Edit, check_edits, check_losses, check_requests, check_states
from bursar_prove.findings import BEYOND, LOST, Finding
from bursar_prove.witness import Sent
from bursar_smm.sandbox.scenario import REFILLS
from support.prove import BEGIN, SCENARIOS, attempt, claims, fact, payout, refill, unknown, us

RUN_BEGAN_S = BEGIN / 1e6 - scaled_clock.BEGIN.timestamp()
"""Where the tests' beginning lies on the run's clock."""


def left(second: float) -> float:
    return RUN_BEGAN_S + second


def pays(second: float, shown: str, intent: int = 1, **more: Any) -> Sent:
    parts: dict[str, Any] = {"balance": shown, "least": "50", "looked_s": left(second), **more}
    return Sent("payout", ((intent, 1),), left(second), takes_balance=True, **parts)


def paid_out(id_: int, second: float, cost: str | None, **more: Any) -> IntentRecord:
    judged = replace(attempt(second), cost=cost)
    return payout(id_, "succeeded", str(100 + id_), judged, **more)


def refills(second: float, *seen: tuple[float, str], order: str = "7") -> Sent:
    return Sent("refill", ((1, 1),), left(second), seen=tuple((order, left(at), state) for at, state in seen))


def found(*given: Sent, by: tuple[IntentRecord, ...], yes: dict[int, list[Decimal]] | None = None) -> list[Finding]:
    amounts = {
        (one.account, one.reference): Decimal(one.attempts[0].cost or 0) for one in by if one.reference and one.attempts
    }
    return check_requests(claims(*by), given, yes or {}, amounts, SCENARIOS)


def words(findings: list[Finding]) -> str:
    assert all(finding.kind == BEYOND for finding in findings)
    return "; ".join(finding.words for finding in findings)


def test_what_was_judged_by_the_last_look_is_fine() -> None:
    assert found(pays(1, "60"), by=(paid_out(1, 1, "60"),)) == []


def test_a_payout_without_a_look_is_found() -> None:
    assert "there was no look" in words(found(replace(pays(1, "60"), balance=None), by=(paid_out(1, 1, "60"),)))


def test_another_amount_than_the_last_look_showed_is_found() -> None:
    assert "60 was judged" in words(found(pays(1, "90"), by=(paid_out(1, 1, "60"),)))


def test_a_payout_of_less_than_the_least_is_found() -> None:
    assert "50 is the least" in words(found(pays(1, "0.00"), by=(paid_out(1, 1, "0.00"),)))


def test_a_payout_beside_one_that_waits_and_has_yet_to_leave_is_found() -> None:
    beside = pays(1, "60", beside=("99",))
    assert "listed 99 as waiting: it is the same money" in words(found(beside, by=(paid_out(1, 1, "60"),)))


def test_an_old_look_is_found() -> None:
    old = pays(world.LAST_LOOK_S + 2, "60", looked_s=left(0))
    assert "was 302 s old" in words(found(old, by=(paid_out(1, world.LAST_LOOK_S + 2, "60"),)))


def test_what_is_above_the_rules_amount_without_a_yes_is_found() -> None:
    assert "no yes" in words(found(pays(1, "300"), by=(paid_out(1, 1, "300"),)))


def test_a_yes_covers_its_amount() -> None:
    assert found(pays(1, "300"), by=(paid_out(1, 1, "300"),), yes={1: [Decimal(300)]}) == []


def test_a_yes_does_not_cover_more() -> None:
    assert "yes to 299" in words(found(pays(1, "300"), by=(paid_out(1, 1, "300"),), yes={1: [Decimal(299)]}))


def test_a_request_that_left_late_is_found() -> None:
    assert "left 61 s after" in words(found(pays(61, "60"), by=(paid_out(1, 0, "60"),)))


def test_a_request_that_left_before_its_commit_is_found() -> None:
    assert "before it was committed" in words(found(pays(1, "60"), by=(paid_out(1, 5, "60"),)))


def test_a_payout_within_the_cooldown_is_found() -> None:
    both = paid_out(1, 0, "60"), paid_out(2, 50, "60")
    assert "within the cooldown of intent 1" in words(found(pays(0, "60"), pays(50, "60", 2), by=both))


def test_a_payout_after_the_cooldown_is_fine() -> None:
    both = paid_out(1, 0, "60"), paid_out(2, 121, "60")
    assert found(pays(0, "60"), pays(121, "60", 2), by=both) == []


def test_what_passes_the_budget_is_found() -> None:
    most = str(BUDGET - 100)
    both = paid_out(1, 0, most), paid_out(2, 200, "110")
    yes = {1: [Decimal(most)]}
    assert f"{BUDGET + 10} within 600 s" in words(found(pays(0, most), pays(200, "110", 2), by=both, yes=yes))


def test_what_the_site_canceled_counts_in_no_budget() -> None:
    most = str(BUDGET - 100)
    both = paid_out(1, 0, most), paid_out(2, 200, "110")
    sent, yes = (pays(0, most), pays(200, "110", 2)), {1: [Decimal(most)]}
    assert check_requests(claims(*both), sent, yes, {("site", "102"): Decimal(110)}, SCENARIOS) == []


def test_a_refill_of_an_order_that_was_seen_partial_is_fine() -> None:
    assert found(refills(1, (0, "partial")), by=(refill(1, "succeeded", attempt(1)),)) == []


def test_a_refill_of_an_order_that_was_seen_otherwise_is_found() -> None:
    done = found(refills(1, (0, "completed")), by=(refill(1, "succeeded", attempt(1)),))
    assert "seen as completed" in words(done)


def test_a_refill_on_what_was_seen_long_ago_is_found() -> None:
    old = found(refills(140, (0, "partial")), by=(refill(1, "succeeded", attempt(140)),))
    assert "nobody had looked" in words(old)


def test_what_was_seen_of_another_order_says_nothing() -> None:
    other = found(refills(1, (0, "partial"), order="8"), by=(refill(1, "succeeded", attempt(1)),))
    assert "nobody had looked" in words(other)


def test_more_refills_than_the_limit_are_found() -> None:
    many = tuple(refill(id_, "succeeded", attempt(id_)) for id_ in range(1, REFILLS + 2))
    sent = [replace(refills(one.id, (one.id, "partial")), intents=((one.id, 1),)) for one in many]
    assert "more than 4 times" in words(found(*sent, by=many))


STATES = fact("order.partial", "order/7", 1), fact("order.in_progress", "order/7", 2)


def test_states_in_the_order_of_their_questions_are_fine() -> None:
    assert check_states(claims(facts=STATES), {"smm": {"7": ["partial", "in_progress", "completed"]}}, SCENARIOS) == []


def test_a_state_that_may_have_been_missed_is_fine() -> None:
    assert check_states(claims(facts=STATES), {"smm": {"7": ["partial", "completed", "in_progress"]}}, SCENARIOS) == []


def test_a_state_by_an_older_answer_is_found() -> None:
    assert "older than the one before" in words(
        check_states(claims(facts=STATES), {"smm": {"7": ["in_progress", "partial"]}}, SCENARIOS)
    )


def edited(second: float, fingerprint: str) -> IntentRecord:
    return replace(refill(1, "succeeded", attempt(second)), rule="edited", fingerprint=fingerprint)


EDITS = Edit(us(0), us(0), "a"), Edit(us(10), us(20), None), Edit(us(30), us(40), "b")


@pytest.mark.parametrize(("second", "fingerprint"), [(5, "a"), (15, "a"), (45, "b"), (35, "b")])
def test_what_is_sent_for_the_rule_as_it_is_is_fine(second: float, fingerprint: str) -> None:
    assert check_edits(claims(edited(second, fingerprint)), EDITS) == []


@pytest.mark.parametrize(("second", "fingerprint"), [(25, "a"), (45, "a")])
def test_what_is_sent_for_a_rule_that_is_no_more_is_found(second: float, fingerprint: str) -> None:
    assert "no more" in words(check_edits(claims(edited(second, fingerprint)), EDITS))


@pytest.mark.parametrize(("losses", "kinds"), [(1, []), (2, [LOST])])
def test_a_loss_that_nobody_was_told_of_is_lost(losses: int, kinds: list[str]) -> None:
    lost = replace(refill(1, "unknown", attempt(0, "lost")), losses=losses)
    assert [finding.kind for finding in check_losses(claims(lost, facts=(unknown(1),)))] == kinds
