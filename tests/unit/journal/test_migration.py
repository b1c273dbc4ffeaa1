"""A journal of the first version is brought up to date: nothing is lost, and what guards count is in its ledger."""

from __future__ import annotations

import shutil
import sqlite3
import stat
from collections.abc import Callable
from contextlib import closing
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path

import pytest

from bursar.domain.ids import AccountName, IntentId, MatchId, RuleName, SubjectRef
from bursar.domain.intent import Intent, State
from bursar.domain.ledger import Entry, Post, Refusals, refused_in_a_row
from bursar.domain.verdict import BlockReason, HoldBack
from bursar.journal import accounts, audit, files, intents, ledger, matches, meta, questions
from bursar.journal.backup import check_file
from bursar.journal.errors import JournalError, JournalNewer
from bursar.journal.migrations import ACTS, AWAY, FIRST, LEDGER, LINES, MEANINGS, MIGRATIONS, VERSION
from bursar.journal.questions import Asked
from bursar.journal.schema import TABLES, statements
from bursar.journal.send_counter import SendCounter
from bursar.journal.writer import Journal, Tx, read_once
from support.domain import PANEL, after
from support.journal import by_rule, look_inside, planned, ref
from support.old_journal import BURSAR, META, PERSON, OldJournal, dump, filling, make_old, opened, us

BALANCE = SubjectRef("balance", "balance")
MOMENT = timedelta(microseconds=1)
Fill = Callable[[OldJournal], object]


@pytest.fixture
def old(path: Path) -> Path:
    """An empty journal of version 1."""
    make_old(path)
    return path


def updated(path: Path, fill: Fill | None = None) -> None:
    """Fill an old journal, and bring it up to date."""
    if fill is not None:
        with filling(path) as journal:
            fill(journal)
    Journal.open(path).close()


def entry_after(path: Path, fill: Callable[[OldJournal], int]) -> Entry:
    """Return the entry of the one intent that is written."""
    updated(path, fill)
    found = read_once(path, lambda tx: ledger.counting(tx, after(-(10**6))))
    assert len(found) == 1
    return found[0]


def intent_after(path: Path, fill: Callable[[OldJournal], int]) -> Intent:
    """Return the one intent that is written, as it is then."""
    made: list[int] = []
    updated(path, lambda journal: made.append(fill(journal)))
    found = read_once(path, lambda tx: intents.load(tx, IntentId(made[0])))
    assert found is not None
    return found


def everything(journal: OldJournal) -> None:
    """Write what a journal holds after some weeks: accounts, matches, and intents in every state."""
    journal.account("panel", paused_at=us(5), resumed_at=us(2))
    journal.account("moved", frozen_digest="d2", recognized=3)
    journal.account("*", digest="", provider="", bound_at=0)
    journal.subject("payout", "23501", {"amount": "98.50", "state": "done"}, state="done")
    journal.subject("order", "1", {"remains": "4"}, state="partial", watched=1)
    for word in ("order.partial", "order.changed"):
        journal.insert(
            "events", id=f"ev_{word}", type=word, account="panel", subject_type="order", subject_id="1", at=us(0),
            data="{}", before="{}",
        )  # fmt: skip
    journal.insert(
        "held_observations", account="panel", stream="orders", at=us(1), reason="too much", digest="x",
        observation="{}", state="held",
    )  # fmt: skip
    journal.insert("rules", name="r", fingerprint="f1", since=us(0))
    match = journal.match(event_id="ev_order.partial", acts_planned=1, intents=1)
    journal.match(("order", "2"), "held", obstacle="frozen")
    journal.match(("order", "3"), "held", obstacle="cooldown", retry_at=us(90))
    journal.match(("order", "4"), "dropped")
    journal.intent("awaiting_approval", subject=("balance", "a"), due_at=us(720), reason="600 is above 500", cost="600")
    journal.intent("awaiting_approval", subject=("balance", "b"), due_at=us(1440), reason=PAST_CEILING)
    journal.intent("ready", subject=("balance", "c"), match_id=match)
    journal.intent("ready", subject=("order", "d"), action="refill", cost=None, sent=1, ended=2, outcome="lost")
    journal.intent("sending", subject=("balance", "e"), sent=1)
    journal.intent("deferred", subject=("balance", "f"), sent=1, ended=2, outcome="later", due_at=us(9))
    journal.intent("unknown", subject=("balance", "g"), sent=1, ended=2, outcome="lost", due_at=us(9), looked_at=us(7))
    journal.intent("succeeded", sent=1, ended=2, outcome="succeeded", reference="23501")
    journal.intent("refused", sent=1, ended=2, outcome="refused")
    journal.intent("refused", sent=1, ended=9, outcome="lost", actor=PERSON)
    journal.intent("denied", ended=4, actor=PERSON)
    journal.intent("lapsed", ended=60)
    journal.intent("gave_up", sent=50, ended=60, outcome="later")
    journal.intent(
        "succeeded", subject=("order", "1"), action="refill", cost=None, sent=1, ended=2, outcome="succeeded",
        confirm_by=us(1442),
    )  # fmt: skip


PAST_CEILING = "this poll has caused as many effects as settings.ceiling allows (100)"


def columns_of(connection: sqlite3.Connection) -> dict[str, object]:
    """Return the shape of each table, and the text of each index."""
    found: dict[str, object] = {}
    for kind, name, text in connection.execute("SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL"):
        if kind == "table":
            columns = sorted(row[1:] for row in connection.execute(f"PRAGMA table_info({name})"))
            found[name] = columns, "WITHOUT ROWID" in text, "AUTOINCREMENT" in text
        else:
            found[name] = " ".join(text.split())
    return found


def test_the_tables_of_a_filled_journal_are_those_of_a_new_one(old: Path) -> None:
    updated(old, everything)
    fresh = sqlite3.connect(":memory:")
    for statement in statements(TABLES):
        fresh.execute(statement)
    with opened(old) as connection:
        assert columns_of(connection) == columns_of(fresh)
    fresh.close()


def test_the_file_is_whole_and_of_the_newest_version(old: Path) -> None:
    updated(old, everything)
    check_file(old)
    assert look_inside(old, "PRAGMA user_version") == [(VERSION,)]


def test_what_the_journal_is_stays(old: Path) -> None:
    updated(old, everything)
    found = dict(look_inside(old, "SELECT key, value FROM meta"))
    assert {key: found[key] for key in META} == META


KEPT = ("streams", "subjects", "events", "rearmed", "verdicts", "attempts", "deliveries", "held_observations", "audit")
"""Tables that are as they were."""


def test_what_has_not_changed_its_form_is_as_it_was(old: Path) -> None:
    with filling(old) as journal:
        everything(journal)
    before = dump(old)[1]
    updated(old)
    now = dump(old)[1]
    assert {table: now[table] for table in KEPT} == {table: before[table] for table in KEPT}


def test_the_audit_trail_is_whole(old: Path) -> None:
    updated(old, everything)
    assert read_once(old, audit.verify)[1] is None


def test_opening_again_brings_nothing_up_to_date_twice(old: Path) -> None:
    updated(old, everything)
    before = dump(old)
    updated(old)
    assert dump(old) == before


# accounts and matches


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


# one entry for each intent


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


def with_listed_amount(journal: OldJournal) -> int:
    """Write a payout of which the provider lists what was moved."""
    journal.subject("payout", "23501", {"amount": "98.50"}, state="done")
    journal.subject("payout", "23502", {"amount": "7"}, state="done")
    return journal.intent("succeeded", sent=1, ended=2, outcome="succeeded", reference="23501")


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


# what guards count


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


# intents


def test_an_open_intent_is_whole(old: Path) -> None:
    found = intent_after(
        old,
        lambda journal: journal.intent(
            "unknown", id_=41, sent=1, ended=2, outcome="lost", evidence='{"known":["1"]}', looked_at=us(7),
            due_at=us(9), match_id=3, reference="23501",
        ),
    )  # fmt: skip
    assert found == Intent(
        id=IntentId(41), account=PANEL, action="payout", subject=BALANCE, params={}, state=State.UNKNOWN,
        created_at=after(0), ready_at=after(0), cost=Decimal(100), rule=RuleName("r"), match=MatchId(3), reason="so",
        fence=1, attempts=1, evidence={"known": ["1"]}, due_at=after(9), sent_at=after(1), request_ended_at=after(2),
        looked_at=after(7), reference="23501", lost=True, consent_amount=Decimal(100),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("state", "more", "lost"),
    [
        ("unknown", LOST, True),
        ("ready", LOST, True),
        ("ready", PUT_OFF, False),
        ("ready", {}, False),
        ("deferred", {"sent": 1, "ended": 2, "outcome": "notsent"}, False),
        ("succeeded", LOST, False),
    ],
)
def test_an_attempt_that_was_lost_stays_in_mind(old: Path, state: str, more: dict[str, object], lost: bool) -> None:
    assert intent_after(old, lambda journal: journal.intent(state, **more)).lost is lost  # type: ignore[arg-type]


def test_the_entry_of_what_is_ready_after_a_lost_attempt_says_that_nobody_can_tell(old: Path) -> None:
    found = entry_after(old, lambda journal: journal.intent("ready", **LOST))  # type: ignore[arg-type]
    assert (found.outcome, found.sent_at) == (Post.LOST, after(1))


def test_what_waits_for_a_person_is_one_question_about_what_was_planned(old: Path) -> None:
    found = intent_after(
        old, lambda journal: journal.intent("awaiting_approval", cost="600", due_at=us(720), reason="600 is above 500")
    )
    assert (found.question, found.question_until, found.due_at, found.past_ceiling) == (
        1, after(720), after(720), False,
    )  # fmt: skip
    assert read_once(old, lambda tx: questions.of_intent(tx, found.id)) == [
        Asked(1, Decimal(600), "600 is above 500", after(0))
    ]


def test_what_waits_past_the_ceiling_waits_for_that(old: Path) -> None:
    found = intent_after(old, lambda journal: journal.intent("awaiting_approval", due_at=us(1440), reason=PAST_CEILING))
    assert (found.past_ceiling, found.ceiling_consented) == (True, False)


def test_what_waits_for_nobody_was_not_asked_about(old: Path) -> None:
    found = intent_after(old, lambda journal: journal.intent("ready"))
    assert (found.question, found.question_until, found.consented, found.past_ceiling) == (0, None, False, False)
    assert read_once(old, lambda tx: questions.of_intent(tx, found.id)) == []


def test_a_persons_yes_stays_one_for_its_amount(old: Path) -> None:
    def fill(journal: OldJournal) -> int:
        intent = journal.intent("ready", cost="600")
        journal.audit(PERSON, "intent.ready", intent, 5, before="awaiting_approval")
        return intent

    found = intent_after(old, fill)
    assert (found.consented, found.consent_amount, found.consent_above) == (True, Decimal(600), None)


def test_what_a_person_had_sent_again_is_no_yes_to_its_amount(old: Path) -> None:
    def fill(journal: OldJournal) -> int:
        intent = journal.intent("ready", **LOST)  # type: ignore[arg-type]
        journal.audit(PERSON, "intent.ready", intent, 5, before="unknown")
        return intent

    assert not intent_after(old, fill).consented


# ids


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


# the backup beside it, and what is not brought up to date


def backup_of(path: Path) -> Path:
    """Return where the old journal is kept."""
    return path.with_name("journal.db.version-1")


def test_the_old_journal_is_kept_beside_the_new_one(old: Path) -> None:
    with filling(old) as journal:
        everything(journal)
    before = dump(old)
    updated(old)
    assert dump(backup_of(old)) == before


def test_the_kept_journal_is_a_whole_one_of_its_version(old: Path) -> None:
    updated(old, everything)
    check_file(backup_of(old))
    assert look_inside(backup_of(old), "PRAGMA user_version") == [(1,)]


def test_the_kept_journal_can_be_brought_up_to_date_itself(old: Path, tmp_path: Path) -> None:
    updated(old, everything)
    again = tmp_path / "again" / "journal.db"
    again.parent.mkdir()
    shutil.copyfile(backup_of(old), again)
    updated(again)
    assert dump(again) == dump(old)


def test_nobody_else_may_read_the_kept_journal(old: Path) -> None:
    updated(old)
    assert stat.S_IMODE(backup_of(old).stat().st_mode) == 0o600


def test_the_kept_journal_holds_what_is_still_in_the_log(old: Path) -> None:
    with opened(old) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM intents").fetchone()
        with filling(old) as journal:
            journal.intent("ready", id_=41)
        assert old.with_name("journal.db-wal").stat().st_size
        reader.execute("ROLLBACK")
        Journal.open(old).close()
    assert look_inside(backup_of(old), "SELECT id FROM intents") == [(41,)]


def test_nothing_is_kept_of_a_new_journal(path: Path) -> None:
    for _ in range(2):
        Journal.open(path).close()
    assert not list(path.parent.glob("*version*"))


def test_nothing_is_left_over_beside_the_kept_journal(old: Path) -> None:
    updated(old)
    assert {path.name for path in old.parent.iterdir()} == {
        "journal.db", "journal.db.fence",
        "journal.db.ids", "journal.db.lock", "journal.db.version-1",
    }  # fmt: skip


def test_the_counter_beside_the_journal_stays_as_it_was(old: Path) -> None:
    counter = old.with_name("journal.db.fence")
    before = counter.read_bytes()
    updated(old, everything)
    assert counter.read_bytes() == before
    assert not read_once(old, lambda tx: meta.restored(tx, SendCounter(counter).read()))


def test_a_journal_of_a_newer_version_is_refused_and_left_alone(old: Path) -> None:
    with filling(old) as journal:
        everything(journal)
    with opened(old) as connection:
        connection.execute(f"PRAGMA user_version={VERSION + 1}")
    before = old.read_bytes()
    with pytest.raises(JournalNewer, match=f"tables {VERSION + 1}, this one knows {VERSION}"):
        Journal.open(old)
    assert (old.read_bytes(), list(old.parent.glob("*version*"))) == (before, [])


FAILING = LEDGER + "\nINSERT INTO songs VALUES (1);\n"


def interrupted(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Try to bring a journal up to date, and fail at the very last."""
    with monkeypatch.context() as patched:
        patched.setattr(files, "MIGRATIONS", (FIRST, FAILING))
        with pytest.raises(JournalError, match="no such table: songs"):
            Journal.open(path)


def test_what_is_interrupted_leaves_the_old_journal_as_it_was(old: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with filling(old) as journal:
        everything(journal)
    before = dump(old)
    interrupted(old, monkeypatch)
    assert (dump(old), look_inside(old, "PRAGMA user_version")) == (before, [(1,)])


def test_what_was_interrupted_can_be_done_again(old: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with filling(old) as journal:
        everything(journal)
    interrupted(old, monkeypatch)
    updated(old)
    assert look_inside(old, "PRAGMA user_version") == [(VERSION,)]


def test_what_is_interrupted_lets_the_lock_go(old: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    interrupted(old, monkeypatch)
    with closing(sqlite3.connect(old, timeout=0)) as connection:
        connection.execute("BEGIN EXCLUSIVE")
        assert connection.in_transaction
    interrupted(old, monkeypatch)


def test_an_old_journal_is_not_read_by_others_before_a_daemon_has_brought_it_up_to_date(old: Path) -> None:
    with pytest.raises(JournalError, match="start the daemon once"):
        read_once(old, lambda tx: tx.all("SELECT * FROM meta"))


def test_reading_an_old_journal_changes_nothing(old: Path) -> None:
    before = old.read_bytes()
    with pytest.raises(JournalError):
        read_once(old, lambda tx: tx.all("SELECT * FROM meta"))
    assert (old.read_bytes(), list(old.parent.glob("*version*"))) == (before, [])


def test_there_is_a_step_for_every_version() -> None:
    assert (MIGRATIONS, VERSION) == ((FIRST, LEDGER, MEANINGS, ACTS, LINES, AWAY), 6)


async def test_a_journal_that_was_brought_up_to_date_is_written_on(old: Path) -> None:
    updated(old, everything)
    journal = Journal.open(old)
    try:
        held = HoldBack(BlockReason.PAUSED, "the account is paused")
        await journal.write(lambda tx: matches.hold_back(tx, matches.held_by(tx, "r")[0], held, 0))
        assert await journal.read(lambda tx: matches.held_by(tx, "r")[0].block) == "paused"
    finally:
        journal.close()


def test_what_of_an_older_journal_is_another_accounts_stays_there(old: Path) -> None:
    updated(old, lambda journal: journal.intent("succeeded", sent=1, ended=2, account="other"))
    found = read_once(old, lambda tx: ledger.counting(tx, after(0), account=AccountName("other")))
    assert [one.account for one in found] == ["other"]
