from __future__ import annotations

import sqlite3
from datetime import timedelta
from decimal import Decimal

import pytest
from domain_world import PANEL, T0, after, rule
from journal_kit import end, event, plan, planned, ref

from bursar.domain.ids import AccountName, IntentId, RuleName
from bursar.domain.intent import OPEN, Intent, State
from bursar.domain.intent_states import Cause, Step, move
from bursar.journal import intents, matches
from bursar.journal.writer import Tx

OTHER = AccountName("other")
DAY = timedelta(days=1)


def step(tx: Tx, intent: Intent, cause: Cause, minutes: float = 0, **more: object) -> Intent:
    """Take a step of the table."""
    return intents.take_step(tx, intent, Step(cause, move(intent.state, cause), "so", **more), after(minutes))  # type: ignore[arg-type]


def test_an_intent_survives_whole(tx: Tx) -> None:
    whole = planned(
        params={"method": "7", "account": "***"}, sealed={"account": "abc"}, cost=Decimal("600.1"), match=3, reason="so"
    )
    intent = intents.add(tx, whole, State.AWAITING_APPROVAL, after(60), after(1), T0)
    assert intent == Intent(
        id=intent.id, account=PANEL, action="refill", subject=ref(), params=whole.params, sealed=whole.sealed,
        state=State.AWAITING_APPROVAL, created_at=T0, ready_at=T0, cost=Decimal("600.1"), rule=RuleName("r"), match=3,
        reason="so", due_at=after(60), facts_at=after(1),
    )  # fmt: skip


def test_a_persons_intent_has_no_rule(tx: Tx) -> None:
    assert plan(tx, rule=None).rule is None


def test_an_intent_that_is_not_there_is_none(tx: Tx) -> None:
    assert intents.load(tx, IntentId(9)) is None


def test_a_subject_has_one_open_intent_whatever_the_action(tx: Tx) -> None:
    plan(tx)
    with pytest.raises(sqlite3.IntegrityError):
        plan(tx, action="cancel")


def test_a_subject_whose_intent_ended_may_have_another(tx: Tx) -> None:
    end(tx, plan(tx), Cause.YES)
    assert plan(tx).state is State.READY


def test_the_same_subject_of_another_account_is_another(tx: Tx) -> None:
    plan(tx)
    assert plan(tx, account=OTHER).state is State.READY


@pytest.mark.parametrize("state", sorted(OPEN))
def test_an_intent_is_open_until_it_ends(tx: Tx, state: State) -> None:
    intent = intents.add(tx, planned(), state, None, None, T0)
    assert intents.open_on(tx, PANEL, ref()) == intent


@pytest.mark.parametrize("cause", [Cause.YES, Cause.NO])
def test_an_intent_that_ended_is_not_open(tx: Tx, cause: Cause) -> None:
    end(tx, plan(tx), cause)
    assert intents.open_on(tx, PANEL, ref()) is None


def test_intents_are_found_by_their_state_oldest_first(tx: Tx) -> None:
    first, second = plan(tx, "1"), plan(tx, "2")
    sent = intents.send(tx, plan(tx, "3"), None, T0)
    assert intents.in_state(tx, (State.READY, State.SENDING)) == [first, second, sent]


def test_intents_are_found_by_their_account(tx: Tx) -> None:
    plan(tx, "1")
    other = plan(tx, "2", account=OTHER)
    assert intents.in_state(tx, (State.READY,), OTHER) == [other]


def test_sending_raises_the_fence_and_keeps_the_evidence(tx: Tx) -> None:
    sent = intents.send(tx, plan(tx), {"balance": "10.50"}, after(1))
    assert (sent.state, sent.fence, sent.attempts, sent.sent_at) == (State.SENDING, 1, 1, after(1))


def test_evidence_survives(tx: Tx) -> None:
    assert intents.send(tx, plan(tx), {"known": ["1", "2"]}, T0).evidence == {"known": ["1", "2"]}


def test_sending_again_is_another_attempt(tx: Tx) -> None:
    later = step(tx, intents.send(tx, plan(tx), None, T0), Cause.LATER, due_at=after(1))
    again = intents.send(tx, step(tx, later, Cause.DUE, 1), None, after(2))
    assert (again.fence, tx.all("SELECT fence FROM attempts")) == (2, [(1,), (2,)])


def test_sending_forgets_earlier_looks(tx: Tx) -> None:
    unknown = step(tx, intents.send(tx, plan(tx), None, T0), Cause.LOST)
    looked = step(tx, unknown, Cause.CANNOT_TELL, looked_at=after(5))
    again = intents.send(tx, step(tx, looked, Cause.DID_NOT, 6), None, after(7))
    assert (looked.looked_at, again.looked_at) == (after(5), None)


def test_an_attempt_ends_once(tx: Tx) -> None:
    intent = intents.send(tx, plan(tx), None, T0)
    ended = [intents.end_attempt(tx, intent.id, 1, outcome, "", after(1)) for outcome in ("lost", "succeeded")]
    assert (ended, tx.all("SELECT outcome FROM attempts")) == ([True, False], [("lost",)])


def test_an_attempt_of_another_fence_is_another(tx: Tx) -> None:
    intent = intents.send(tx, plan(tx), None, T0)
    assert intents.end_attempt(tx, intent.id, 2, "lost", "", T0) is False


def test_a_step_to_an_end_says_when(tx: Tx) -> None:
    step(tx, plan(tx), Cause.STALE, 5)
    assert tx.one("SELECT ended_at FROM intents") == tx.one("SELECT created_at + 300000000 FROM intents")


def test_a_step_to_ready_counts_the_hour_anew_and_wants_fresh_facts(tx: Tx) -> None:
    later = step(tx, intents.send(tx, plan(tx), None, T0), Cause.LATER)
    ready = step(tx, later, Cause.DUE, 30)
    assert (ready.ready_at, ready.facts_at, ready.created_at) == (after(30), None, T0)


def test_a_step_keeps_when_it_is_due(tx: Tx) -> None:
    assert step(tx, intents.send(tx, plan(tx), None, T0), Cause.LOST, due_at=after(1)).due_at == after(1)


def test_a_reference_is_kept(tx: Tx) -> None:
    intent = plan(tx)
    intents.refer(tx, intent.id, "23501", None)
    assert intents.load(tx, intent.id).reference == "23501"  # type: ignore[union-attr]


def accepted(tx: Tx, id_: str = "1", action: str = "refill") -> Intent:
    """Write an intent that was accepted, and whose effect must show within ten minutes."""
    intent = end(tx, plan(tx, id_, action), Cause.YES)
    intents.refer(tx, intent.id, None, after(10))
    return intent


def unconfirmed(tx: Tx, minutes: float) -> list[int]:
    """Give what showed no effect by then."""
    return [intent.id for intent in intents.unconfirmed(tx, after(minutes))]


def test_what_shows_no_effect_in_time_is_told_once(tx: Tx) -> None:
    intent = accepted(tx)
    assert [unconfirmed(tx, 9.9), unconfirmed(tx, 10), unconfirmed(tx, 11)] == [[], [intent.id], []]


def test_what_shows_its_effect_is_not_told(tx: Tx) -> None:
    accepted(tx)
    intents.confirm(tx, PANEL, ["refill"], ref(), after(5))
    assert unconfirmed(tx, 20) == []


@pytest.mark.parametrize(("action", "id_"), [("cancel", "1"), ("refill", "2")])
def test_an_effect_of_something_else_confirms_nothing(tx: Tx, action: str, id_: str) -> None:
    intent = accepted(tx)
    intents.confirm(tx, PANEL, [action], ref(id_), after(5))
    assert unconfirmed(tx, 20) == [intent.id]


def test_what_was_refused_needs_no_confirmation(tx: Tx) -> None:
    intent = end(tx, plan(tx), Cause.NO)
    intents.refer(tx, intent.id, None, after(10))
    assert unconfirmed(tx, 20) == []


@pytest.mark.parametrize("cause", [None, Cause.LOST])
def test_what_is_under_way_or_unknown_blocks_its_action(tx: Tx, cause: Cause | None) -> None:
    intent = intents.send(tx, plan(tx), None, T0) if cause is None else end(tx, plan(tx), cause)
    blocking = intents.unknown_of(tx, PANEL, "refill")
    assert blocking is not None
    assert blocking.id == intent.id


def test_an_intent_does_not_block_itself(tx: Tx) -> None:
    intent = end(tx, plan(tx), Cause.LOST)
    assert intents.unknown_of(tx, PANEL, "refill", but=intent.id) is None


def test_what_is_ready_blocks_nothing(tx: Tx) -> None:
    plan(tx)
    assert intents.unknown_of(tx, PANEL, "refill") is None


@pytest.mark.parametrize(("account", "action"), [(OTHER, "refill"), (PANEL, "cancel")])
def test_another_action_or_account_is_not_blocked(tx: Tx, account: AccountName, action: str) -> None:
    end(tx, plan(tx), Cause.LOST)
    assert intents.unknown_of(tx, account, action) is None


def ends(tx: Tx, since: float | None = None) -> list[str]:
    """Give how the last intents on order 1 ended."""
    at = None if since is None else after(since)
    return [state for state, _ in intents.last_ended(tx, PANEL, ref(), "refill", 3, at)]


def test_the_last_ends_come_newest_first(tx: Tx) -> None:
    for minute, cause in enumerate([Cause.NO, Cause.YES, Cause.NO, Cause.NO]):
        end(tx, plan(tx), cause, after(minute))
    assert ends(tx) == ["refused", "refused", "succeeded"]


def test_what_lapsed_is_no_end_to_count(tx: Tx) -> None:
    end(tx, plan(tx), Cause.NO)
    step(tx, plan(tx), Cause.STALE)
    assert ends(tx) == ["refused"]


def test_what_ended_before_a_person_said_to_go_on_does_not_count(tx: Tx) -> None:
    end(tx, plan(tx), Cause.NO, after(1))
    end(tx, plan(tx), Cause.NO, after(5))
    assert ends(tx, since=3) == ["refused"]


def test_ends_of_another_action_do_not_count(tx: Tx) -> None:
    end(tx, plan(tx, action="cancel"), Cause.NO)
    assert ends(tx) == []


def match(tx: Tx, id_: str = "1") -> int:
    """Write a match on an order."""
    return matches.add(tx, rule(), PANEL, ref(id_), event(id_=id_), "so", T0).id


def test_a_limit_counts_plans_in_its_window(tx: Tx) -> None:
    for minute in (1, 5, 9):
        end(tx, plan(tx, at=after(minute)), Cause.YES, after(minute))
    assert intents.planned_times(tx, "r", after(4), account=PANEL, subject=None) == [after(5), after(9)]


def test_a_limit_per_subject_counts_by_what_the_match_is_about(tx: Tx) -> None:
    plan(tx, "+new", "add", match=match(tx, "1"))
    plan(tx, "+other", "add", match=match(tx, "2"))
    assert len(intents.planned_times(tx, "r", after(-1), account=PANEL, subject=ref("1"))) == 1


def test_a_limit_per_rule_counts_every_account(tx: Tx) -> None:
    plan(tx)
    plan(tx, account=OTHER)
    assert len(intents.planned_times(tx, "r", after(-1), account=None, subject=None)) == 2


def spent(tx: Tx, **where: object) -> Decimal:
    """Give what refills spent."""
    return intents.spent(tx, "refill", after(-1), **{"account": PANEL, "rule": None, **where})[0]  # type: ignore[arg-type]


def test_a_budget_counts_what_is_reserved_and_what_is_spent(tx: Tx) -> None:
    end(tx, plan(tx, cost=Decimal("10.10")), Cause.YES)
    plan(tx, cost=Decimal("0.90"))
    assert spent(tx) == Decimal("11.00")


def test_a_budget_counts_what_nobody_can_tell(tx: Tx) -> None:
    end(tx, plan(tx, cost=Decimal(10)), Cause.LOST)
    assert spent(tx) == 10


def test_a_refusal_gives_its_reservation_back(tx: Tx) -> None:
    end(tx, plan(tx, cost=Decimal(10)), Cause.NO)
    assert spent(tx) == 0


def test_a_lapse_gives_its_reservation_back(tx: Tx) -> None:
    step(tx, plan(tx, cost=Decimal(10)), Cause.STALE)
    assert spent(tx) == 0


def test_a_budget_of_a_rule_counts_only_that(tx: Tx) -> None:
    plan(tx, "1", cost=Decimal(10))
    plan(tx, "2", cost=Decimal(5), rule=RuleName("other"))
    assert spent(tx, account=None, rule="other") == 5


def test_a_budget_says_since_when_its_oldest_counts(tx: Tx) -> None:
    plan(tx, "1", cost=Decimal(10), at=after(3))
    plan(tx, "2", cost=Decimal(10), at=after(5))
    assert intents.spent(tx, "refill", T0, account=PANEL, rule=None)[1] == after(3)


def test_what_left_the_window_is_not_spent(tx: Tx) -> None:
    plan(tx, cost=Decimal(10))
    assert intents.spent(tx, "refill", T0, account=PANEL, rule=None) == (0, None)


def test_a_look_at_the_subject_makes_facts_fresh(tx: Tx) -> None:
    intent = plan(tx)
    intents.facts_seen(tx, PANEL, ref(), after(5))
    assert intents.load(tx, intent.id).facts_at == after(5)  # type: ignore[union-attr]


def test_a_look_at_what_the_match_is_about_makes_facts_fresh(tx: Tx) -> None:
    intent = plan(tx, "+new", "add", match=match(tx))
    intents.facts_seen(tx, PANEL, ref(), after(5))
    assert intents.load(tx, intent.id).facts_at == after(5)  # type: ignore[union-attr]


def test_a_look_at_another_subject_does_not(tx: Tx) -> None:
    intent = plan(tx)
    intents.facts_seen(tx, PANEL, ref("2"), after(5))
    assert intents.load(tx, intent.id).facts_at == T0  # type: ignore[union-attr]


def test_facts_are_forgotten_of_one_account_or_all(tx: Tx) -> None:
    mine, other = plan(tx), plan(tx, account=OTHER)
    intents.forget_facts(tx, PANEL)
    first = [intents.load(tx, one.id).facts_at for one in (mine, other)]  # type: ignore[union-attr]
    intents.forget_facts(tx, None)
    assert (first, intents.load(tx, other.id).facts_at) == ([None, T0], None)  # type: ignore[union-attr]


def test_the_subjects_of_stale_intents_are_looked_at(tx: Tx) -> None:
    plan(tx, "1")
    plan(tx, "2", at=after(9))
    assert intents.stale_subjects(tx, PANEL, after(5)) == [ref("1")]


def test_what_a_stale_match_is_about_is_looked_at(tx: Tx) -> None:
    plan(tx, "+new", "add", match=match(tx))
    assert intents.stale_subjects(tx, PANEL, after(5)) == [ref("1")]


def test_a_persons_intent_needs_no_look(tx: Tx) -> None:
    plan(tx, rule=None)
    assert intents.stale_subjects(tx, PANEL, after(5)) == []


def test_a_person_is_asked_once(tx: Tx) -> None:
    intent = plan(tx)
    assert [intents.ask_person(tx, intent.id, T0), intents.ask_person(tx, intent.id, T0)] == [True, False]
