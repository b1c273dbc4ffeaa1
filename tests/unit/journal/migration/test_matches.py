"""A journal of the first version: its accounts and matches, and that no id is given twice."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from bursar.domain.ids import AccountName
from bursar.domain.intent import State
from bursar.domain.verdict import BlockReason
from bursar.journal import accounts, intents, ledger, matches
from bursar.journal.writer import Tx, read_once
from support.domain import PANEL, after
from support.journal import look_inside, planned, ref
from support.old_journal import BURSAR, OldJournal, filling, updated, us


def test_a_paused_account_stays_paused(old: Path) -> None:
    updated(old, lambda journal: journal.account(paused_at=us(5)))
    row = read_once(old, lambda tx: accounts.load(tx, PANEL))
    assert row is not None
    assert (row.paused_at, read_once(old, lambda tx: accounts.paused(tx, PANEL))) == (after(5), "the account is paused")


def test_a_frozen_account_is_in_quarantine(old: Path) -> None:
    updated(old, lambda journal: journal.account(frozen_digest="d2", recognized=3, contradicted=1))
    row = read_once(old, lambda tx: accounts.load(tx, PANEL))
    assert row is not None
    assert (row.digest, row.quarantine_digest, row.contradicted) == ("d1", "d2", 1)


def test_of_a_quarantine_of_the_former_version_nobody_knows_since_when_and_a_person_ends_it(old: Path) -> None:
    updated(old, lambda journal: journal.account(frozen_digest="d2", recognized=3))
    assert read_once(old, lambda tx: accounts.quarantined_at(tx, PANEL)) is None


@pytest.mark.parametrize(
    ("obstacle", "block"), [("frozen", "quarantined"), *((word, word) for word in BlockReason if word != "quarantined")]
)
def test_a_held_match_waits_for_the_same_under_its_name_of_today(old: Path, obstacle: str, block: str) -> None:
    updated(old, lambda journal: journal.match(state="held", obstacle=obstacle, retry_at=us(90), waits_for=7))
    assert look_inside(old, "SELECT state, block, retry_at, waits_for, ended_at, told_at FROM matches") == [
        ("held", block, us(90), 7, None, None)
    ]


def test_a_match_that_fired_has_told_and_ended_then(old: Path) -> None:
    updated(old, lambda journal: journal.match(at=3, acts_planned=1, intents=1))
    assert look_inside(old, "SELECT state, fired_at, told_at, ended_at, acts_planned, intents FROM matches") == [
        ("fired", us(3), us(3), us(3), 1, 1)
    ]


def test_a_match_that_fired_and_waits_for_its_second_action_has_told_and_not_ended(old: Path) -> None:
    updated(old, lambda journal: journal.match(state="held", obstacle="open_intent", fired_at=us(3), acts_planned=1))
    assert look_inside(old, "SELECT told_at, ended_at FROM matches") == [(us(3), None)]


def test_a_match_that_was_dropped_has_ended_when_it_matched(old: Path) -> None:
    updated(old, lambda journal: journal.match(state="dropped", at=3))
    assert look_inside(old, "SELECT told_at, ended_at FROM matches") == [(None, us(3))]


def test_a_match_is_asked_again_by_its_id(old: Path) -> None:
    held: list[int] = []
    updated(old, lambda journal: held.append(journal.match(state="held", obstacle="cooldown", retry_at=us(90))))
    found = read_once(old, lambda tx: matches.held_of(tx, PANEL, ref(), after(90)))
    assert [one.id for one in found] == held


def next_id(path: Path) -> int:
    """Plan one more intent, and give its id."""
    journal = sqlite3.connect(path, isolation_level=None)
    journal.execute("BEGIN")
    intent = intents.add(Tx(journal), planned("next"), State.READY, None, None, after(0))
    journal.execute("ROLLBACK")
    journal.close()
    return intent.id


@pytest.mark.parametrize(
    ("in_the_trail", "in_the_table", "following"),
    [(None, None, 1), (99, None, 100), (None, 41, 42), (99, 41, 100), (7, 41, 42)],
)
def test_ids_go_on_above_all_that_ever_were(
    old: Path, in_the_trail: int | None, in_the_table: int | None, following: int
) -> None:
    def fill(journal: OldJournal) -> None:
        if in_the_table is not None:
            journal.intent("succeeded", id_=in_the_table, sent=1, ended=2)
        if in_the_trail is not None:
            journal.audit(BURSAR, "intent.succeeded", in_the_trail, 3)

    updated(old, fill)
    assert next_id(old) == following


@pytest.mark.parametrize(("of_an_intent", "following"), [(None, 2), (50, 51)])
def test_ids_of_matches_go_on_above_all_that_ever_were(old: Path, of_an_intent: int | None, following: int) -> None:
    def fill(journal: OldJournal) -> None:
        journal.match()
        journal.intent("succeeded", sent=1, ended=2, match_id=of_an_intent)

    updated(old, fill)
    with filling(old) as journal:
        assert journal.match() == following


def test_what_of_an_older_journal_is_another_accounts_stays_there(old: Path) -> None:
    updated(old, lambda journal: journal.intent("succeeded", sent=1, ended=2, account="other"))
    found = read_once(old, lambda tx: ledger.counting(tx, after(0), account=AccountName("other")))
    assert [one.account for one in found] == ["other"]
