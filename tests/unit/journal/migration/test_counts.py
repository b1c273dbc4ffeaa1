"""A journal of the first version: what budgets, cooldowns, limits and refusals count afterwards."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path

import pytest

from bursar.domain.ids import SubjectRef
from bursar.domain.ledger import Entry, Post, Refusals, refused_in_a_row
from bursar.journal import ledger, meta
from bursar.journal.writer import Tx, read_once
from support.domain import PANEL, after
from support.journal import by_rule
from support.old_journal import PERSON, OldJournal, entry_after, updated, us, with_listed_amount

BALANCE = SubjectRef("balance", "balance")
MOMENT = timedelta(microseconds=1)

PUT_OFF = {"sent": 1, "ended": 2, "outcome": "later"}
"""An attempt that was put off."""


def rule_entries(tx: Tx, subject: SubjectRef | None = BALANCE) -> list[Entry]:
    """Return what the rule caused, as its cooldown and its limit read it."""
    return ledger.of_rule(tx, by_rule("r"), PANEL, subject, datetime(2000, 1, 1, tzinfo=timezone.utc))


def spent(tx: Tx, since: datetime) -> Decimal | None:
    """Add up what a budget of the account counts since an instant."""
    found = ledger.counting(tx, since, action="payout", accounts=[PANEL])
    amounts = [one.spends for one in found if one.open or (one.counts_from is not None and one.counts_from > since)]
    return None if None in amounts else sum((one for one in amounts if one is not None), Decimal(0))


def test_a_budget_counts_what_was_paid_reserved_and_lost_and_no_refusal(old: Path) -> None:
    def fill(journal: OldJournal) -> None:
        with_listed_amount(journal)  # 98.50
        journal.intent("unknown", subject=("balance", "g"), cost="20", sent=3, ended=4)
        journal.intent("awaiting_approval", subject=("balance", "a"), cost="5", due_at=us(60))
        journal.intent("refused", cost="1000", sent=5, ended=6)
        journal.intent("refused", cost="1000", sent=5, ended=6, actor=PERSON)
        journal.intent("lapsed", cost="1000", ended=6)
        journal.intent("succeeded", action="refill", cost="1000", sent=5, ended=6)

    updated(old, fill)
    assert read_once(old, lambda tx: spent(tx, after(0))) == Decimal("123.50")


def test_what_left_a_budgets_window_does_not_count_but_what_is_open_does(old: Path) -> None:
    def fill(journal: OldJournal) -> None:
        journal.intent("succeeded", cost="30", sent=1, ended=2)
        journal.intent("unknown", subject=("balance", "g"), cost="20", sent=1, ended=2)

    updated(old, fill)
    sums = [read_once(old, lambda tx, at=at: spent(tx, at)) for at in (after(2) - MOMENT, after(2))]
    assert sums == [Decimal(50), Decimal(20)]


def test_a_cooldown_goes_on_from_what_was_done_last(old: Path) -> None:
    def fill(journal: OldJournal) -> None:
        for minute in (1, 50):
            journal.intent("succeeded", sent=minute, ended=minute + 1)
        journal.intent("lapsed", ended=90)

    updated(old, fill)
    counted = [one.counts_from for one in read_once(old, rule_entries)]
    assert max(at for at in counted if at is not None) == after(51)


def test_a_limit_counts_what_was_sent_and_what_was_refused(old: Path) -> None:
    def fill(journal: OldJournal) -> None:
        journal.intent("succeeded", sent=1, ended=2)
        journal.intent("refused", sent=3, ended=4)
        journal.intent("denied", ended=5)
        journal.intent("lapsed", ended=6)

    updated(old, fill)
    counted = [one.counts_from for one in read_once(old, rule_entries)]
    assert [at for at in counted if at is not None] == [after(4), after(2)]


@pytest.mark.parametrize("state", ["succeeded", "refused"])
def test_what_a_restored_journal_found_out_without_a_sending_has_ended(old: Path, state: str) -> None:
    found = entry_after(old, lambda journal: journal.intent(state, ended=9, actor=PERSON, before="unknown"))
    assert not found.open


def about_nothing(journal: OldJournal) -> int:
    """Write a payout of a rule that was asked about no subject: by an event of the account, say."""
    return journal.intent("succeeded", sent=1, ended=2, match_id=journal.match(("", "")))


def test_the_cooldown_of_a_rule_about_no_subject_goes_on(old: Path) -> None:
    updated(old, about_nothing)
    assert [one.counts_from for one in read_once(old, lambda tx: rule_entries(tx, None))] == [after(2)]


@pytest.mark.parametrize("state", ["gave_up", "lapsed"])
def test_what_was_put_off_and_ended_unsent_does_not_count(old: Path, state: str) -> None:
    found = entry_after(old, lambda journal: journal.intent(state, **PUT_OFF))  # type: ignore[arg-type]
    assert (found.outcome, found.counts_from) == (Post.DISMISSED, None)


def test_what_gave_up_has_ended_and_spends_nothing(old: Path) -> None:
    found = entry_after(old, lambda journal: journal.intent("gave_up", sent=50, ended=60, outcome="later"))
    assert (found.outcome, found.open, found.spends) == (Post.DISMISSED, False, 0)


def test_refusals_in_a_row_are_counted_on(old: Path) -> None:
    def fill(journal: OldJournal) -> None:
        journal.intent("succeeded", sent=1, ended=2)
        journal.intent("refused", sent=3, ended=4)
        journal.intent("refused", sent=5, ended=6, actor=PERSON)
        journal.intent("refused", sent=7, ended=8)

    updated(old, fill)
    entries = read_once(old, lambda tx: ledger.answered(tx, PANEL, BALANCE, "payout", 9))
    assert refused_in_a_row(entries) == Refusals(2, after(8))


def test_refusals_before_a_person_said_to_go_on_do_not_count(old: Path) -> None:
    def fill(journal: OldJournal) -> None:
        journal.account(resumed_at=us(10))
        for minute in (1, 3, 5):
            journal.intent("refused", sent=minute, ended=minute + 1)

    updated(old, fill)
    entries = read_once(old, lambda tx: ledger.answered(tx, PANEL, BALANCE, "payout", 9))
    assert refused_in_a_row(entries).count == 0


def test_an_order_that_was_added_moved_what_is_charged(old: Path) -> None:
    def fill(journal: OldJournal) -> int:
        journal.subject("order", "101", {"charge": "1.25"}, state="completed")
        return journal.intent(
            "succeeded", subject=("order", "+1"), action="add", cost=None, sent=1, ended=2, outcome="succeeded",
            reference="101",
        )  # fmt: skip

    assert entry_after(old, fill).spends == Decimal("1.25")


def test_a_payout_that_the_site_had_canceled_spends_nothing(old: Path) -> None:
    def fill(journal: OldJournal) -> int:
        journal.subject("payout", "23501", {"amount": "98.50"}, state="canceled")
        journal.insert(
            "events", id="ev_1", type="payout.canceled", account="panel", subject_type="payout", subject_id="23501",
            at=us(9), data="{}", before="{}",
        )  # fmt: skip
        return journal.intent("succeeded", sent=1, ended=2, outcome="succeeded", reference="23501")

    assert entry_after(old, fill).spends == 0


def test_a_restored_journal_stays_one_until_a_person_confirms_it(old: Path) -> None:
    updated(old, lambda journal: journal.insert("meta", key="restored_at", value=str(us(5))))
    assert read_once(old, lambda tx: meta.get(tx, meta.RESTORED)) is not None
