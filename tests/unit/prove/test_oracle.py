"""The comparison of what was done with what is claimed: it finds what is lost and doubled, and nothing else."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bursar.journal.dump import AttemptRecord, IntentRecord, JournalDump
from bursar_prove.findings import DOUBLED, LOST, UNKNOWN
from bursar_prove.oracle import WITHIN_US, hold_together
from bursar_prove.witness import Effect
from support.prove import SCENARIOS, attempt, claims, fact, paid, payout, refill, refilled, unknown, us


def found(told: JournalDump, *effects: Effect) -> list[str]:
    """Return the kinds of what is found."""
    return [finding.kind for finding in hold_together(told, effects, SCENARIOS)]


def test_a_claim_with_its_effect_is_fine() -> None:
    assert found(claims(payout(1, "succeeded", "41", attempt(0))), paid(1, "41")) == []


def test_a_claim_without_its_effect_is_lost() -> None:
    assert found(claims(payout(1, "succeeded", "41", attempt(0)))) == [LOST]


def test_an_effect_without_an_intent_is_doubled() -> None:
    assert found(claims(), paid(1, "41")) == [DOUBLED]


def test_an_effect_before_its_intent_was_sent_is_doubled() -> None:
    assert DOUBLED in found(claims(refill(1, "succeeded", attempt(5))), refilled(4))


def test_two_effects_of_one_intent_are_doubled() -> None:
    twice = refill(1, "succeeded", attempt(0, "lost"), attempt(60, fence=2))
    assert found(claims(twice), refilled(1), refilled(61)) == [DOUBLED]


def test_two_payouts_by_one_intent_are_doubled() -> None:
    twice = payout(1, "succeeded", "42", attempt(0, "lost"), attempt(60, fence=2))
    assert found(claims(twice), paid(1, "41"), paid(61, "42")) == [DOUBLED]


def test_two_claims_of_one_effect_are_lost() -> None:
    both = payout(1, "succeeded", "41", attempt(0)), payout(2, "succeeded", "41", attempt(3))
    assert found(claims(*both), paid(1, "41")) == [LOST]


def test_a_claim_of_what_was_made_long_before_is_lost() -> None:
    late = payout(1, "succeeded", "41", attempt(500))
    assert LOST in found(claims(late), paid(1, "41"))


def test_an_effect_after_settle_is_over_is_not_of_the_attempt() -> None:
    assert DOUBLED in found(claims(refill(1, "succeeded", attempt(0))), refilled(WITHIN_US / 1e6 + 1))


def test_an_attempt_that_was_plainly_refused_has_no_effect() -> None:
    assert found(claims(refill(1, "refused", attempt(0, "refused"))), refilled(1)) == [DOUBLED]


@pytest.mark.parametrize("state", ["ready", "sending", "deferred"])
def test_what_is_under_way_may_have_had_its_effect(state: str) -> None:
    assert found(claims(payout(1, state, None, attempt(0, "lost"))), paid(1, "41")) == []


def test_an_unknown_intent_of_which_a_person_was_told_explains_an_effect() -> None:
    told = claims(payout(1, "unknown", None, attempt(0, "lost")), facts=(unknown(1),))
    assert found(told, paid(1, "41")) == [UNKNOWN]


def test_an_unknown_intent_explains_no_second_effect() -> None:
    told = claims(payout(1, "unknown", None, attempt(0, "lost")), facts=(unknown(1),))
    assert DOUBLED in found(told, paid(1, "41"), paid(2, "42"))


def test_an_unknown_intent_of_which_nobody_was_told_is_lost() -> None:
    assert LOST in found(claims(payout(1, "unknown", None, attempt(0, "lost"))))


def test_a_payout_that_two_looks_missed_is_doubled() -> None:
    lapsed = payout(1, "lapsed", None, attempt(0, "lost"))
    assert found(claims(lapsed, facts=(unknown(1),)), paid(1, "41")) == [DOUBLED]


def test_a_repeatable_intent_that_was_lost_and_lapsed_explains_its_effect() -> None:
    told = claims(refill(1, "lapsed", attempt(0, "lost")), facts=(unknown(1),))
    assert found(told, refilled(1)) == []


def test_a_lost_intent_of_long_ago_explains_no_second_effect_of_the_next() -> None:
    old, new = refill(1, "lapsed", attempt(0, "lost")), refill(2, "succeeded", attempt(900))
    assert found(claims(old, new, facts=(unknown(1),)), refilled(901), refilled(902)) == [DOUBLED]


def test_subjects_are_not_mixed_up() -> None:
    both = refill(1, "succeeded", attempt(0), order="7"), refill(2, "succeeded", attempt(0), order="8")
    assert sorted(found(claims(*both), refilled(1, "8"), refilled(2, "8"))) == [DOUBLED, LOST]


def test_orders_that_were_added_are_told_apart_by_their_link() -> None:
    one = IntentRecord(1, None, None, "panel", "add", "order/+1", "succeeded", "501", us(0), (AttemptRecord(1, us(0), "succeeded"),),
                params={"link": "https://social.example/a"})  # fmt: skip
    other = Effect("smm", "add", "https://social.example/b", "501", us(1))
    assert sorted(found(claims(one), other)) == [DOUBLED, LOST]


def test_what_a_person_answered_is_counted_as_unknown() -> None:
    answered = payout(1, "succeeded", None, attempt(0, "lost"), answered=True)
    assert found(claims(answered, facts=(unknown(1),)), paid(1, "41")) == [UNKNOWN]


def test_what_a_person_did_at_the_site_is_nobodys() -> None:
    assert found(claims(), replace(paid(1, "41"), foreign=True)) == []


def test_a_refill_that_a_person_asked_for_at_the_panel_is_done() -> None:
    assert found(claims(refill(1, "succeeded", attempt(0))), replace(refilled(1), foreign=True)) == []


def test_a_payout_that_a_person_asked_for_at_the_site_is_not_ours() -> None:
    ours = payout(1, "succeeded", "41", attempt(0))
    assert LOST in found(claims(ours), replace(paid(1, "41"), foreign=True))


def test_an_effect_is_of_the_intent_that_its_request_was_for() -> None:
    old, new = refill(1, "lapsed", attempt(0, "lost")), refill(2, "succeeded", attempt(50))
    told = claims(old, new, facts=(unknown(1),))
    assert found(told, replace(refilled(60), intents=(1,))) == [LOST]


def test_what_a_person_undid_at_the_panel_may_be_done_again() -> None:
    twice = refill(1, "succeeded", attempt(0, "lost"), attempt(60, fence=2))
    theirs = replace(refilled(30), foreign=True, action="cancel")
    assert found(claims(twice), refilled(1), theirs, refilled(61)) == []


def cancel(id_: int, state: str, *attempts: AttemptRecord) -> IntentRecord:
    return IntentRecord(id_, 1, "cancel", "panel", "cancel", "order/7", state, None, us(0), attempts)


@pytest.mark.parametrize(
    ("ended_s", "outcome", "kinds"), [(900, "lost", []), (-900, "lost", [LOST]), (900, "succeeded", [LOST])]
)
def test_a_lost_cancel_of_an_order_that_ended_by_itself_afterwards_was_not_needed(
    ended_s: float, outcome: str, kinds: list[str]
) -> None:
    lost = cancel(1, "succeeded", attempt(0, outcome))
    assert found(claims(lost, facts=(fact("order.partial", "order/7", ended_s),))) == kinds


def test_a_lost_refill_is_not_explained_by_what_its_order_does() -> None:
    lost = refill(1, "succeeded", attempt(0, "lost"))
    assert found(claims(lost, facts=(fact("order.in_progress", "order/7", 900),))) == [LOST]
