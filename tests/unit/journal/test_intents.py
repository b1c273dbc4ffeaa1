"""Intents: planned, sent, ended; what they stand on; what each step posts to the ledger."""

from __future__ import annotations

import sqlite3
from decimal import Decimal

import pytest

from bursar.domain.ids import AccountName, IntentId, RuleName
from bursar.domain.intent import OPEN, Intent, State
from bursar.domain.intent_states import Cause
from bursar.domain.ledger import Entry, Post
from bursar.journal import intents, ledger, matches, references
from bursar.journal.writer import Tx
from support.domain import PANEL, T0, after, rule
from support.journal import end, event, plan, planned, ref, send, take

OTHER = AccountName("other")


def step(tx: Tx, intent: Intent, cause: Cause, minutes: float = 0, **more: object) -> Intent:
    """Take a step of the table."""
    return take(tx, intent, cause, after(minutes), **more)


def now(tx: Tx, intent: Intent) -> Intent:
    """Return an intent as it is now."""
    found = intents.load(tx, intent.id)
    assert found is not None
    return found


def test_an_intent_survives_whole(tx: Tx) -> None:
    whole = planned(
        params={"method": "7", "account": "***"}, sealed={"account": "abc"}, cost=Decimal("600.1"), currency="USD",
        fingerprint="f", match=3, reason="so",
    )  # fmt: skip
    intent = intents.add(tx, whole, State.AWAITING_APPROVAL, after(60), after(1), T0)
    assert intent == Intent(
        id=intent.id, account=PANEL, action="refill", subject=ref(), params=whole.params, sealed=whole.sealed,
        state=State.AWAITING_APPROVAL, created_at=T0, ready_at=T0, cost=Decimal("600.1"), currency="USD",
        rule=RuleName("r"), fingerprint="f", match=3, reason="so", due_at=after(60), facts_at=after(1),
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
    sent = send(tx, plan(tx, "3"))
    assert intents.in_state(tx, (State.READY, State.SENDING)) == [first, second, sent]


def test_intents_are_found_by_their_account(tx: Tx) -> None:
    plan(tx, "1")
    other = plan(tx, "2", account=OTHER)
    assert intents.in_state(tx, (State.READY,), OTHER) == [other]


def test_sending_raises_the_fence_and_keeps_the_evidence(tx: Tx) -> None:
    sent = send(tx, plan(tx), after(1), {"balance": "10.50"})
    assert (sent.state, sent.fence, sent.attempts, sent.sent_at) == (State.SENDING, 1, 1, after(1))


def test_evidence_survives(tx: Tx) -> None:
    assert send(tx, plan(tx), T0, {"known": ["1", "2"]}).evidence == {"known": ["1", "2"]}


def test_sending_again_is_another_attempt(tx: Tx) -> None:
    later = step(tx, send(tx, plan(tx)), Cause.LATER, due_at=after(1))
    again = send(tx, step(tx, later, Cause.DUE, 1), after(2))
    assert (again.fence, tx.all("SELECT fence FROM attempts")) == (2, [(1,), (2,)])


def test_sending_forgets_earlier_looks(tx: Tx) -> None:
    unknown = step(tx, send(tx, plan(tx)), Cause.LOST)
    looked = step(tx, unknown, Cause.CANNOT_TELL, looked_at=after(5))
    again = send(tx, step(tx, looked, Cause.DID_NOT, 6), after(7))
    assert (looked.looked_at, again.looked_at) == (after(5), None)


def test_an_attempt_ends_once(tx: Tx) -> None:
    intent = send(tx, plan(tx))
    ended = [intents.end_attempt(tx, intent.id, 1, outcome, "", after(1)) for outcome in ("lost", "succeeded")]
    assert (ended, tx.all("SELECT outcome FROM attempts")) == ([True, False], [("lost",)])


def test_an_attempt_of_another_fence_is_another(tx: Tx) -> None:
    intent = send(tx, plan(tx))
    assert intents.end_attempt(tx, intent.id, 2, "lost", "", T0) is False
    assert now(tx, intent).request_ended_at is None


def test_the_last_moment_of_a_request_on_the_wire_is_kept(tx: Tx) -> None:
    intent = send(tx, plan(tx))
    intents.end_attempt(tx, intent.id, 1, "lost", "", after(3))
    assert now(tx, intent).request_ended_at == after(3)


def test_sending_again_is_another_request_on_the_wire(tx: Tx) -> None:
    intent = send(tx, plan(tx))
    intents.end_attempt(tx, intent.id, 1, "later", "", after(3))
    again = send(tx, step(tx, step(tx, intent, Cause.LATER), Cause.DUE), after(9))
    assert again.request_ended_at is None


def test_the_cost_that_the_guards_allowed_is_the_intents_cost(tx: Tx) -> None:
    sent = intents.send(tx, plan(tx, cost=Decimal(10)), None, Decimal("9.50"), T0)
    assert sent.cost == Decimal("9.50")


def test_a_lost_attempt_stays_in_mind_until_the_intent_ends(tx: Tx) -> None:
    lost = end(tx, plan(tx), Cause.LOST)
    ready = step(tx, lost, Cause.DID_NOT)
    again = send(tx, ready)
    assert [one.lost for one in (lost, ready, again, step(tx, again, Cause.YES))] == [True, True, True, False]


def test_an_attempt_that_was_put_off_was_not_lost(tx: Tx) -> None:
    assert not end(tx, plan(tx), Cause.LATER).lost


def test_a_person_who_has_it_sent_again_says_so_of_the_lost_attempt_alone(tx: Tx) -> None:
    again = step(tx, end(tx, plan(tx), Cause.LOST), Cause.PERSON_AGAIN)
    sent = send(tx, again)
    lost = step(tx, sent, Cause.LOST)
    assert [one.again for one in (again, sent, lost, step(tx, lost, Cause.DID_NOT))] == [True, True, False, False]


def test_a_step_to_an_end_says_when(tx: Tx) -> None:
    step(tx, plan(tx), Cause.STALE, 5)
    assert tx.one("SELECT ended_at FROM intents") == tx.one("SELECT created_at + 300000000 FROM intents")


def test_a_step_to_ready_counts_the_hour_anew_and_wants_fresh_facts(tx: Tx) -> None:
    later = step(tx, send(tx, plan(tx)), Cause.LATER)
    ready = step(tx, later, Cause.DUE, 30)
    assert (ready.ready_at, ready.facts_at, ready.created_at) == (after(30), None, T0)


def test_a_step_keeps_when_it_is_due(tx: Tx) -> None:
    assert step(tx, send(tx, plan(tx)), Cause.LOST, due_at=after(1)).due_at == after(1)


def test_a_reference_is_kept(tx: Tx) -> None:
    intent = plan(tx)
    references.refer(tx, intent.id, "23501", None)
    assert now(tx, intent).reference == "23501"


def accepted(tx: Tx, id_: str = "1") -> Intent:
    """Write an intent that was accepted, and whose effect must show within ten minutes."""
    intent = end(tx, plan(tx, id_), Cause.YES, accepted=True)
    references.refer(tx, intent.id, None, after(10))
    return intent


def unconfirmed(tx: Tx, minutes: float) -> list[int]:
    """Return what showed no effect by then."""
    return [intent.id for intent in intents.unconfirmed(tx, after(minutes))]


def test_what_shows_no_effect_in_time_is_found_then(tx: Tx) -> None:
    intent = accepted(tx)
    assert [unconfirmed(tx, 9.9), unconfirmed(tx, 10)] == [[], [intent.id]]


def test_what_is_settled_with_is_found_no_more(tx: Tx) -> None:
    settled, other = accepted(tx, "1"), accepted(tx, "2")
    intents.nothing_to_confirm(tx, settled.id)
    assert unconfirmed(tx, 20) == [other.id]


def test_what_needs_no_confirmation_is_not_found(tx: Tx) -> None:
    references.refer(tx, end(tx, plan(tx), Cause.YES).id, "23501", None)
    assert unconfirmed(tx, 10**6) == []


def made(tx: Tx, reference: str, id_: str = "1", **more: object) -> Intent:
    """Write an intent for which the provider made something of this name."""
    intent = end(tx, plan(tx, id_, "payout", **more), Cause.YES)
    references.refer(tx, intent.id, reference, None)
    return intent


def test_what_the_provider_made_is_found_by_its_name(tx: Tx) -> None:
    made(tx, "23500", "1")
    intent = made(tx, "23501", "2")
    assert references.by_reference(tx, PANEL, "payout", "23501") == intent.id


@pytest.mark.parametrize(
    ("account", "action", "name"), [(OTHER, "payout", "1"), (PANEL, "refill", "1"), (PANEL, "payout", "2")]
)
def test_a_name_is_one_of_its_account_and_action(tx: Tx, account: AccountName, action: str, name: str) -> None:
    made(tx, "1")
    assert references.by_reference(tx, account, action, name) is None


def test_what_was_made_for_another_intent_is_known_as_that(tx: Tx) -> None:
    first = made(tx, "23501")
    second = plan(tx, "2", "payout")
    assert references.made_for(tx, second, "23501") == first.id


def test_what_was_made_for_the_intent_itself_is_its_own(tx: Tx) -> None:
    assert references.made_for(tx, made(tx, "23501"), "23501") is None


def test_what_another_account_calls_the_same_is_something_else(tx: Tx) -> None:
    made(tx, "23501", account=OTHER)
    assert references.made_for(tx, plan(tx, "2", "payout"), "23501") is None


def test_the_newest_success_without_a_name_is_found(tx: Tx) -> None:
    for id_ in ("1", "2"):
        last = end(tx, plan(tx, id_, "payout"), Cause.YES)
    made(tx, "23501", "3")
    end(tx, plan(tx, "4", "payout"), Cause.NO)
    assert references.last_without_reference(tx, PANEL, "payout") == last.id


@pytest.mark.parametrize("cause", [None, Cause.LOST])
def test_what_is_under_way_or_unknown_blocks_its_action(tx: Tx, cause: Cause | None) -> None:
    intent = send(tx, plan(tx)) if cause is None else end(tx, plan(tx), cause)
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


@pytest.mark.parametrize(
    ("account", "action", "waits"), [(PANEL, "refill", True), (PANEL, "cancel", False), (OTHER, "refill", False)]
)
def test_whether_an_action_waits_is_told(tx: Tx, account: AccountName, action: str, waits: bool) -> None:
    plan(tx)
    assert intents.any_waiting(tx, account, action, (State.READY,)) is waits


def test_what_is_being_sent_does_not_wait(tx: Tx) -> None:
    send(tx, plan(tx))
    assert not intents.any_waiting(tx, PANEL, "refill", (State.READY, State.DEFERRED))


def match(tx: Tx, id_: str = "1") -> int:
    """Write a match on an order."""
    return matches.add(tx, rule(), PANEL, ref(id_), event(id_=id_), "so", T0).id


def test_a_look_at_the_subject_makes_facts_fresh(tx: Tx) -> None:
    intent = plan(tx)
    intents.facts_seen(tx, PANEL, ref(), after(5))
    assert now(tx, intent).facts_at == after(5)


def test_a_look_at_what_the_match_is_about_makes_facts_fresh(tx: Tx) -> None:
    intent = plan(tx, "+new", "add", match=match(tx))
    intents.facts_seen(tx, PANEL, ref(), after(5))
    assert now(tx, intent).facts_at == after(5)


def test_a_look_that_was_asked_for_earlier_makes_nothing_older(tx: Tx) -> None:
    intent = plan(tx, at=after(5))
    intents.facts_seen(tx, PANEL, ref(), after(3))
    assert now(tx, intent).facts_at == after(5)


@pytest.mark.parametrize("state", sorted(OPEN - {State.READY}))
def test_a_look_concerns_only_what_is_ready(tx: Tx, state: State) -> None:
    intent = intents.add(tx, planned(), state, None, T0, T0)
    intents.facts_seen(tx, PANEL, ref(), after(5))
    assert now(tx, intent).facts_at == T0


def test_a_look_at_another_subject_does_not(tx: Tx) -> None:
    intent = plan(tx)
    intents.facts_seen(tx, PANEL, ref("2"), after(5))
    assert now(tx, intent).facts_at == T0


def test_facts_are_forgotten_of_one_account_or_all(tx: Tx) -> None:
    mine, other = plan(tx), plan(tx, account=OTHER)
    intents.forget_facts(tx, PANEL)
    first = [now(tx, one).facts_at for one in (mine, other)]
    intents.forget_facts(tx, None)
    assert (first, now(tx, other).facts_at) == ([None, T0], None)


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


def test_open_intents_of_an_older_journal_take_their_rules_fingerprint(tx: Tx) -> None:
    intent = plan(tx)
    intents.set_fingerprint(tx, "r", "f2")
    assert now(tx, intent).fingerprint == "f2"


def test_an_intent_that_ended_or_has_a_fingerprint_keeps_what_it_has(tx: Tx) -> None:
    ended, known = end(tx, plan(tx, "1"), Cause.YES), plan(tx, "2", fingerprint="f")
    intents.set_fingerprint(tx, "r", "f2")
    assert [now(tx, one).fingerprint for one in (ended, known)] == ["", "f"]


def test_a_renamed_rule_takes_over_what_is_open(tx: Tx) -> None:
    open_, ended = plan(tx, "1"), end(tx, plan(tx, "2"), Cause.YES)
    intents.rename_rule(tx, "r", "renamed")
    assert [now(tx, one).rule for one in (open_, ended)] == ["renamed", "r"]


def entry(tx: Tx, intent: Intent) -> Entry:
    """Return the entry of an intent."""
    found = ledger.load(tx, intent.id)
    assert found is not None
    return found


def posts(tx: Tx, intent: Intent) -> list[str]:
    """Return what was posted to the entry of an intent."""
    return [row[0] for row in tx.all("SELECT what FROM postings WHERE entry = ? ORDER BY seq", intent.id)]


def test_an_intents_entry_has_its_id(tx: Tx) -> None:
    intent = plan(tx, cost=Decimal(10), currency="USD", asked=ref("7"))
    found = entry(tx, intent)
    assert (found.account, found.action, found.subject, found.rule, found.asked, found.amount, found.currency) == (
        PANEL, "refill", ref(), "r", ref("7"), Decimal(10), "USD",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("cause", "what"),
    [
        (Cause.YES, Post.SUCCEEDED),
        (Cause.NO, Post.REFUSED),
        (Cause.LATER, Post.UNSENT),
        (Cause.NOT_SENT, Post.UNSENT),
        (Cause.LOST, Post.LOST),
        (Cause.RESTORED, Post.LOST),
    ],
)
def test_the_end_of_an_attempt_is_posted(tx: Tx, cause: Cause, what: Post) -> None:
    assert posts(tx, end(tx, plan(tx), cause)) == [Post.PLANNED, Post.SENT, what]


@pytest.mark.parametrize(
    ("cause", "what"),
    [(Cause.STALE, Post.DISMISSED), (Cause.HELD_BACK, Post.DISMISSED), (Cause.DENIED, Post.DENIED)],
)
def test_what_is_not_sent_is_posted_as_dismissed_or_denied(tx: Tx, cause: Cause, what: Post) -> None:
    assert posts(tx, step(tx, plan(tx), cause)) == [Post.PLANNED, what]


def test_what_a_person_says_did_not_happen_is_posted_as_that(tx: Tx) -> None:
    lost = end(tx, plan(tx), Cause.LOST)
    assert posts(tx, step(tx, lost, Cause.PERSON_DID_NOT)) == [Post.PLANNED, Post.SENT, Post.LOST, Post.DID_NOT]


@pytest.mark.parametrize("cause", [Cause.HAPPENED, Cause.SHOWN, Cause.PERSON_HAPPENED])
def test_what_is_found_to_have_happened_is_posted_as_a_success(tx: Tx, cause: Cause) -> None:
    lost = end(tx, plan(tx), Cause.LOST)
    assert posts(tx, step(tx, lost, cause))[-1] == Post.SUCCEEDED


@pytest.mark.parametrize("cause", [Cause.DID_NOT, Cause.REPEAT, Cause.PERSON_AGAIN, Cause.CANNOT_TELL])
def test_what_goes_on_posts_nothing(tx: Tx, cause: Cause) -> None:
    lost = end(tx, plan(tx), Cause.LOST)
    assert posts(tx, step(tx, lost, cause)) == [Post.PLANNED, Post.SENT, Post.LOST]


@pytest.mark.parametrize("cause", [Cause.GREW, Cause.APPROVED])
def test_what_a_person_is_asked_about_posts_nothing(tx: Tx, cause: Cause) -> None:
    asked = intents.add(tx, planned(), State.AWAITING_APPROVAL, None, None, T0)
    assert posts(tx, step(tx, asked, cause)) == [Post.PLANNED]


def test_a_success_whose_effect_has_yet_to_show_is_posted_as_accepted(tx: Tx) -> None:
    assert entry(tx, accepted(tx)).busy


def test_a_success_is_posted_with_what_the_provider_listed(tx: Tx) -> None:
    found = entry(tx, end(tx, plan(tx, cost=Decimal(10)), Cause.YES, amount=Decimal("9.50")))
    assert (found.amount, found.settled) == (Decimal("9.50"), True)


def test_a_sending_is_posted_with_what_the_guards_allowed(tx: Tx) -> None:
    sent = intents.send(tx, plan(tx, cost=Decimal(10)), None, Decimal("9.50"), after(1))
    found = entry(tx, sent)
    assert (found.amount, found.settled, found.sent_at) == (Decimal("9.50"), False, after(1))
