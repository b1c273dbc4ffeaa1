"""The journal in itself, and at rest: what is missing in it, or there twice, is found."""

from __future__ import annotations

from bursar.journal.audit import Broken
from bursar.journal.dump import DeliveryRecord, JournalDump
from bursar_prove.findings import DOUBLED, LOST, Finding
from bursar_prove.invariants import AtRest, check_rest, check_told
from bursar_prove.invariants import check_journal as check_with
from support.prove import SCENARIOS, attempt, claims, fact, payout, refill, yes

DUE = AtRest(due=[("site", "balance/balance")])


def check_journal(told: JournalDump) -> list[Finding]:
    return check_with(told, SCENARIOS)


def kinds(findings: list[Finding]) -> list[str]:
    return [finding.kind for finding in findings]


def partial(**more: object) -> JournalDump:
    """Return a journal in which all is well: an order that became partial, and its refill."""
    event = fact("order.partial", "order/7", 1)
    parts: dict[str, object] = {"facts": (event,), "matches": (yes(1, "refill", event),), **more}
    return claims(refill(1, "succeeded", attempt(2)), **parts)  # type: ignore[arg-type]


def test_a_whole_journal_is_fine() -> None:
    assert check_journal(partial()) == []


def test_a_fact_that_its_rule_was_not_asked_about_is_lost() -> None:
    assert LOST in kinds(check_journal(partial(matches=())))


def test_a_fact_of_which_the_condition_is_not_true_needs_no_match() -> None:
    delivered = fact("order.partial", "order/7", 1, data='{"remains":"0"}')
    assert check_journal(claims(facts=(delivered,))) == []


def test_a_fact_that_its_rule_answered_twice_is_doubled() -> None:
    event = fact("order.partial", "order/7", 1)
    both = yes(1, "refill", event), yes(2, "refill", event, state="held")
    assert kinds(check_journal(partial(matches=both))) == [DOUBLED]


def test_a_state_that_was_entered_twice_is_doubled() -> None:
    twice = fact("order.canceled", "order/7", 1), fact("order.canceled", "order/7", 9)
    matches = tuple(yes(n, "order-anew", event, state="held") for n, event in enumerate(twice))
    assert kinds(check_journal(claims(facts=twice, matches=matches))) == [DOUBLED]


def test_a_state_may_be_entered_again_after_it_was_left() -> None:
    events = tuple(fact(f"payout.{word}", "payout/3", n) for n, word in enumerate(("waiting", "done", "waiting")))
    assert check_journal(claims(facts=events)) == []


def test_a_hold_that_fired_twice_for_one_entry_is_doubled() -> None:
    event = fact("order.pending", "order/7", 1)
    matches = (yes(1, "cancel", subject="order/7", state="held"), yes(2, "cancel", subject="order/7", state="held"))
    assert kinds(check_journal(claims(facts=(event,), matches=matches))) == [DOUBLED]


def test_a_fact_that_is_owed_to_nobody_is_lost() -> None:
    assert kinds(check_journal(partial(owed=()))) == [LOST]


def test_a_message_that_never_went_out_is_lost() -> None:
    waiting = (DeliveryRecord("dl_1", "book", fact("order.partial", "order/7", 1).id, "due"),)
    assert kinds(check_journal(partial(owed=waiting))) == [LOST]


def test_a_match_that_fired_and_caused_nothing_is_lost() -> None:
    assert LOST in kinds(check_journal(claims(matches=(yes(1, "refill", subject="order/7"),))))


def test_a_match_that_caused_two_effects_is_doubled() -> None:
    event = fact("order.partial", "order/7", 1)
    both = refill(1, "succeeded", attempt(2)), refill(2, "succeeded", attempt(3))
    assert kinds(check_journal(claims(*both, facts=(event,), matches=(yes(1, "refill", event),)))) == [DOUBLED]


def test_a_broken_audit_trail_is_lost() -> None:
    assert kinds(check_journal(claims(broken=Broken(3, "an entry is missing")))) == [LOST]


def test_a_state_of_which_the_audit_trail_does_not_know_is_lost() -> None:
    assert kinds(check_journal(claims(payout(1, "succeeded", "41", attempt(0)), trail={1: "sending"}))) == [LOST]


def test_a_message_that_the_sink_never_saw_is_lost() -> None:
    assert kinds(check_told(partial(), frozenset())) == [LOST]


def test_a_message_that_the_sink_saw_is_fine() -> None:
    told = partial()
    assert check_told(told, frozenset(one.id for one in told.owed)) == []


def test_at_rest_nothing_is_demanded() -> None:
    assert check_rest(partial(), AtRest(), SCENARIOS) == []


def test_a_balance_that_is_due_with_no_payout_under_way_is_lost() -> None:
    assert kinds(check_rest(claims(), DUE, SCENARIOS)) == [LOST]


def test_a_balance_that_is_due_may_wait_for_a_payout_under_way() -> None:
    waiting = claims(payout(1, "unknown", None, attempt(0, "lost")))
    assert check_rest(waiting, DUE, SCENARIOS) == []


def test_a_stuck_order_about_which_nothing_was_done_is_lost() -> None:
    told = claims(states={("panel", "order/7"): "pending"})
    assert kinds(check_rest(told, AtRest({("panel", "order/7"): "pending"}), SCENARIOS)) == [LOST]


def test_a_state_that_the_journal_missed_is_lost() -> None:
    told = claims(states={("panel", "order/7"): "partial"})
    assert kinds(check_rest(told, AtRest({("panel", "order/7"): "completed"}), SCENARIOS)) == [LOST]
