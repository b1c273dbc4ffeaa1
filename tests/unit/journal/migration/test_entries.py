"""A journal of the first version: each intent has one entry in the ledger, and that is right."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from bursar.domain.ledger import Post
from bursar.journal import intents, ledger
from bursar.journal.writer import read_once
from support.domain import PANEL, after
from support.journal import look_inside, ref
from support.old_journal import PERSON, OldJournal, entry_after, everything, updated, us, with_listed_amount

LOST = {"sent": 1, "ended": 2, "outcome": "lost"}
"""An attempt that was lost."""
PUT_OFF = {"sent": 1, "ended": 2, "outcome": "later"}
"""An attempt that was put off."""


@pytest.mark.parametrize(
    ("state", "more", "outcome", "sent_at", "ended_at"),
    [
        ("awaiting_approval", {}, Post.PLANNED, None, None),
        ("ready", {}, Post.PLANNED, None, None),
        ("sending", {"sent": 1}, Post.LOST, 1, 1),
        ("deferred", PUT_OFF, Post.UNSENT, None, None),
        ("unknown", LOST, Post.LOST, 1, 2),
        ("succeeded", {"sent": 1, "ended": 2, "outcome": "succeeded"}, Post.SUCCEEDED, 1, 2),
        ("refused", {"sent": 1, "ended": 2, "outcome": "refused"}, Post.REFUSED, 1, 2),
        ("refused", {**LOST, "ended": 9, "actor": PERSON, "before": "unknown"}, Post.DID_NOT, 1, 9),
        ("denied", {"ended": 4, "actor": PERSON}, Post.DENIED, None, 4),
        ("lapsed", {"ended": 60}, Post.DISMISSED, None, 60),
    ],
    ids=[
        "awaiting", "ready", "sending", "deferred", "unknown", "succeeded", "refused", "did not", "denied", "lapsed"
    ],
)  # fmt: skip
def test_an_intent_in_each_state_has_its_entry(
    old: Path, state: str, more: dict[str, object], outcome: Post, sent_at: float | None, ended_at: float | None
) -> None:
    found = entry_after(old, lambda journal: journal.intent(state, **more))  # type: ignore[arg-type]
    when = [None if minute is None else after(minute) for minute in (sent_at, ended_at)]
    assert (found.outcome, found.amount, found.settled) == (outcome, Decimal(100), False)
    assert [found.sent_at, found.ended_at] == when
    assert found.open is (state in {"awaiting_approval", "ready", "sending", "deferred", "unknown"})


def test_an_entry_is_its_intents(old: Path) -> None:
    found = entry_after(
        old, lambda journal: journal.intent("ready", id_=41, subject=("order", "7"), action="refill", cost="1.50", at=3)
    )
    assert (found.id, found.account, found.action, found.subject, found.rule, found.planned_at) == (
        41, PANEL, "refill", ref("7"), "r", after(3),
    )  # fmt: skip


def test_an_intent_without_a_known_cost_has_an_entry_without_one(old: Path) -> None:
    assert entry_after(old, lambda journal: journal.intent("unknown", cost=None, sent=1, ended=2)).spends is None


def test_a_payout_that_the_provider_lists_moved_what_is_listed(old: Path) -> None:
    found = entry_after(old, with_listed_amount)
    assert (found.amount, found.settled, found.spends) == (Decimal("98.50"), True, Decimal("98.50"))


@pytest.mark.parametrize("fields", [{}, {"amount": None}], ids=["not listed", "no information"])
def test_a_payout_of_which_nothing_is_listed_moved_what_was_planned(old: Path, fields: dict[str, None]) -> None:
    def fill(journal: OldJournal) -> int:
        journal.subject("payout", "23501", fields)
        return journal.intent("succeeded", sent=1, ended=2, outcome="succeeded", reference="23501")

    found = entry_after(old, fill)
    assert (found.amount, found.settled) == (Decimal(100), False)


def test_a_payout_of_another_account_with_the_same_name_is_another(old: Path) -> None:
    def fill(journal: OldJournal) -> int:
        journal.subject("payout", "23501", {"amount": "7"}, account="other")
        return journal.intent("succeeded", sent=1, ended=2, outcome="succeeded", reference="23501")

    assert entry_after(old, fill).amount == Decimal(100)


def test_a_payout_that_was_sent_several_times_was_sent_at_its_last_attempt(old: Path) -> None:
    found = entry_after(
        old, lambda journal: journal.intent("succeeded", sent=50, ended=51, outcome="succeeded", attempts=3, fence=3)
    )
    assert (found.sent_at, found.counts_from) == (after(50), after(51))


def accepted(journal: OldJournal, **more: object) -> int:
    """Write a refill that was accepted, and whose effect has yet to show."""
    row: dict[str, object] = {"confirm_by": us(1442), **more}
    return journal.intent(
        "succeeded", subject=("order", "1"), action="refill", cost=None, sent=1, ended=2, outcome="succeeded",
        **row,  # type: ignore[arg-type]
    )  # fmt: skip


def test_an_accepted_refill_whose_effect_has_yet_to_show_keeps_its_subject_busy(old: Path) -> None:
    found = entry_after(old, accepted)
    assert (found.outcome, found.busy, found.counts_from) == (Post.ACCEPTED, True, after(2))


def test_an_accepted_refill_is_told_of_in_time_if_its_effect_does_not_show(old: Path) -> None:
    updated(old, accepted)
    assert [len(read_once(old, lambda tx, at=at: intents.unconfirmed(tx, after(at)))) for at in (1441, 1442)] == [0, 1]


@pytest.mark.parametrize("more", [{"confirmed_at": us(30)}, {"confirm_by": None}], ids=["shown", "told of"])
def test_a_refill_whose_effect_has_shown_or_was_told_of_leaves_its_subject_free(
    old: Path, more: dict[str, object]
) -> None:
    found = entry_after(old, lambda journal: accepted(journal, **more))
    assert (found.outcome, found.busy) == (Post.SUCCEEDED, False)
    assert read_once(old, lambda tx: intents.unconfirmed(tx, after(10**6))) == []


def test_what_was_ended_before_the_audit_trail_begins_ended_when_its_row_says(old: Path) -> None:
    def fill(journal: OldJournal) -> int:
        intent = journal.intent("succeeded", sent=1, ended=2)
        journal.tx.run("DELETE FROM audit")
        return intent

    assert entry_after(old, fill).ended_at == after(2)


def test_what_has_no_end_anywhere_ended_when_it_was_sent(old: Path) -> None:
    def fill(journal: OldJournal) -> int:
        intent = journal.intent("unknown", sent=1)
        journal.tx.run("DELETE FROM audit")
        return intent

    assert entry_after(old, fill).ended_at == after(1)


def test_what_has_neither_end_nor_sending_counts_as_ended_now(old: Path) -> None:
    def fill(journal: OldJournal) -> int:
        intent = journal.intent("denied")
        journal.tx.run("DELETE FROM audit")
        return intent

    (seconds,) = look_inside(old, "SELECT CAST(strftime('%s', 'now') AS INTEGER)")[0]
    found = entry_after(old, fill)
    assert found.ended_at is not None
    assert found.ended_at.timestamp() >= seconds


def test_what_a_rule_was_asked_about_is_what_its_match_was_about(old: Path) -> None:
    def fill(journal: OldJournal) -> int:
        return journal.intent("ready", subject=("order", "+1"), action="add", match_id=journal.match(("order", "7")))

    assert entry_after(old, fill).asked == ref("7")


def test_what_a_rule_was_asked_about_is_its_intents_subject_where_the_match_is_gone(old: Path) -> None:
    found = entry_after(old, lambda journal: journal.intent("ready", subject=("order", "7"), match_id=99))
    assert found.asked == ref("7")


def test_every_intent_has_one_entry(old: Path) -> None:
    updated(old, everything)
    entries, made = (look_inside(old, f"SELECT id FROM {table} ORDER BY id") for table in ("ledger", "intents"))
    assert entries == made


def test_every_entry_is_as_open_as_its_intent(old: Path) -> None:
    updated(old, everything)
    entries = read_once(old, lambda tx: ledger.counting(tx, after(-(10**6))))
    states = dict(look_inside(old, "SELECT id, state FROM intents"))
    open_ = {"awaiting_approval", "ready", "sending", "deferred", "unknown"}
    assert {one.id: one.open for one in entries} == {id_: state in open_ for id_, state in states.items()}
