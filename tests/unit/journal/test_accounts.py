"""Accounts: what their names are bound to, pauses, parking, quarantine, and what goes under another name."""

from __future__ import annotations

from bursar.domain.ids import AccountName, SubjectRef, microseconds
from bursar.domain.intent import State
from bursar.domain.verdict import BlockReason, HoldBack
from bursar.journal import accounts, events, intents, ledger, matches, streams, subjects
from bursar.journal.accounts import EVERYWHERE
from bursar.journal.writer import Tx
from support.domain import ORDER, PANEL, T0, after, rule
from support.journal import event, plan, ref

OTHER = AccountName("other")


def bound(tx: Tx, name: AccountName = PANEL, digest: str = "d1") -> accounts.AccountRow:
    """Bind an account."""
    accounts.bind(tx, name, "toy", digest, T0)
    return known(tx, name)


def known(tx: Tx, name: AccountName = PANEL) -> accounts.AccountRow:
    """Return an account that is there."""
    row = accounts.load(tx, name)
    assert row is not None
    return row


def test_an_account_that_nobody_knows_is_none(tx: Tx) -> None:
    assert accounts.load(tx, PANEL) is None


def test_a_name_is_bound_to_what_it_means(tx: Tx) -> None:
    row = bound(tx)
    assert (row.provider, row.digest, row.bound_at, row.quarantine_digest) == ("toy", "d1", T0, None)


def test_an_account_in_quarantine_keeps_what_the_journal_knows_it_as(tx: Tx) -> None:
    bound(tx)
    accounts.quarantine(tx, PANEL, "d2", T0)
    assert (known(tx).digest, known(tx).quarantine_digest) == ("d1", "d2")


def test_a_quarantine_forgets_what_it_was_parked_for(tx: Tx) -> None:
    bound(tx)
    accounts.park(tx, PANEL, "wrong key", T0)
    accounts.quarantine(tx, PANEL, "d2", T0)
    assert known(tx).parked_at is None


def test_binding_anew_ends_a_quarantine(tx: Tx) -> None:
    bound(tx)
    accounts.quarantine(tx, PANEL, "d2", T0)
    assert bound(tx, digest="d2").quarantine_digest is None


def test_the_end_of_a_quarantine_keeps_the_digest(tx: Tx) -> None:
    bound(tx)
    accounts.quarantine(tx, PANEL, "d2", T0)
    accounts.end_quarantine(tx, PANEL)
    assert (known(tx).digest, known(tx).quarantine_digest) == ("d1", None)


def test_what_was_recognized_adds_up_each_once(tx: Tx) -> None:
    accounts.bind(tx, PANEL, "smm", "a", T0)
    accounts.quarantine(tx, PANEL, "b", T0)
    one, other = SubjectRef("order", "1"), SubjectRef("order", "2")
    accounts.note_recognized(tx, PANEL, [one, other], 0)
    assert accounts.note_recognized(tx, PANEL, [one], 1) == {"order/1", "order/2"}
    assert (known(tx).contradicted, accounts.quarantined_at(tx, PANEL)) == (1, T0)
    accounts.quarantine(tx, PANEL, "c", T0)
    assert accounts.recognized(tx, PANEL) == frozenset()


def test_a_parked_account_keeps_since_when(tx: Tx) -> None:
    bound(tx)
    accounts.park(tx, PANEL, "wrong key", T0)
    accounts.park(tx, PANEL, "banned", after(5))
    row = known(tx)
    assert (row.parked_at, row.parked_reason, row.looked_at) == (T0, "banned", after(5))


def test_unparking_says_whether_it_was_parked(tx: Tx) -> None:
    bound(tx)
    accounts.park(tx, PANEL, "wrong key", T0)
    assert [accounts.unpark(tx, PANEL), accounts.unpark(tx, PANEL)] == [True, False]


def test_an_account_is_paused_and_resumed(tx: Tx) -> None:
    bound(tx)
    accounts.pause(tx, PANEL, T0)
    paused = accounts.paused(tx, PANEL)
    accounts.pause(tx, PANEL, None)
    assert (paused, accounts.paused(tx, PANEL)) == ("the account is paused", None)


def test_a_pause_of_all_is_one_of_each(tx: Tx) -> None:
    bound(tx)
    accounts.pause(tx, EVERYWHERE, T0)
    assert accounts.paused(tx, PANEL) == "everything is paused"


def test_a_pause_of_one_is_not_one_of_the_others(tx: Tx) -> None:
    bound(tx)
    bound(tx, OTHER, "d2")
    accounts.pause(tx, PANEL, T0)
    assert accounts.paused(tx, OTHER) is None


def test_resuming_all_leaves_a_paused_one_paused(tx: Tx) -> None:
    bound(tx)
    accounts.pause(tx, PANEL, T0)
    accounts.pause(tx, EVERYWHERE, T0)
    accounts.pause(tx, EVERYWHERE, None)
    assert accounts.paused(tx, PANEL) == "the account is paused"


def test_a_pause_of_all_is_no_account(tx: Tx) -> None:
    accounts.pause(tx, EVERYWHERE, T0)
    assert accounts.load_all(tx) == {}


def test_an_account_that_is_gone_comes_back(tx: Tx) -> None:
    bound(tx)
    accounts.gone(tx, PANEL, T0)
    was = known(tx).gone_at
    accounts.gone(tx, PANEL, None)
    assert (was, known(tx).gone_at) == (T0, None)


def fill(tx: Tx, name: AccountName = PANEL) -> None:
    """Write a little of everything for an account."""
    bound(tx, name)
    streams.tick(tx, name, "orders", T0)
    subjects.track(tx, name, ORDER, [("1", {}, None)], T0)
    events.add(tx, event())
    plan(tx)
    match = matches.add(tx, rule(), name, ref(), None, "because", T0)
    matches.hold_back(tx, match, HoldBack(BlockReason.PAUSED, "paused"), 0)


def test_an_account_with_something_under_watch_watches(tx: Tx) -> None:
    fill(tx)
    assert (accounts.watches(tx, PANEL), accounts.has_subjects(tx, PANEL)) == (True, True)


def test_an_account_that_is_known_by_name_only_watches_nothing(tx: Tx) -> None:
    bound(tx)
    assert (accounts.watches(tx, PANEL), accounts.has_subjects(tx, PANEL)) == (False, False)


def test_everything_goes_under_the_new_name(tx: Tx) -> None:
    fill(tx)
    accounts.rename(tx, PANEL, OTHER)
    tables = ("streams", "subjects", "events", "intents", "ledger", "matches")
    left = [table for table in tables if tx.one(f"SELECT 1 FROM {table} WHERE account = ?", PANEL)]
    assert (left, accounts.load(tx, PANEL)) == ([], None)


def test_what_went_under_the_new_name_is_whole(tx: Tx) -> None:
    fill(tx)
    accounts.rename(tx, PANEL, OTHER)
    assert (accounts.watches(tx, OTHER), len(intents.in_state(tx, [State.READY], OTHER))) == (True, 1)


def test_forgetting_a_world_keeps_its_history(tx: Tx) -> None:
    fill(tx)
    accounts.forget(tx, PANEL, after(5))
    assert events.load(tx, {}, event().id) is not None


def test_forgetting_a_world_leaves_nothing_to_watch(tx: Tx) -> None:
    fill(tx)
    accounts.forget(tx, PANEL, after(5))
    assert not accounts.has_subjects(tx, PANEL)


def test_forgetting_a_world_drops_what_was_held_back(tx: Tx) -> None:
    fill(tx)
    accounts.forget(tx, PANEL, after(5))
    assert tx.all("SELECT state, ended_at FROM matches") == [("dropped", microseconds(after(5)))]


def test_everything_that_names_its_account_goes_under_the_new_name(tx: Tx) -> None:
    tables = [row[0] for row in tx.all("SELECT name FROM sqlite_master WHERE type = 'table'")]
    named = {table for table in tables if has_account(tx, table)}
    asked: list[str] = []
    accounts.rename(Spy(tx, asked), PANEL, OTHER)  # type: ignore[arg-type]
    assert {statement.split()[1] for statement in asked if statement.startswith("UPDATE")} == named | {"accounts"}


def has_account(tx: Tx, table: str) -> bool:
    """Return whether the rows of a table name their account."""
    return any(row[1] == "account" for row in tx.all(f"PRAGMA table_info({table})"))


class Spy:
    """A transaction that notes what is run in it."""

    def __init__(self, tx: Tx, asked: list[str]) -> None:
        self._tx, self._asked = tx, asked

    def run(self, sql: str, *params: object) -> int:
        self._asked.append(sql)
        return self._tx.run(sql, *params)


def test_what_was_done_at_the_account_before_is_kept_under_a_name_of_its_own(tx: Tx) -> None:
    fill(tx)
    accounts.retire(tx, known(tx), OTHER, T0)
    kept = [tx.all(f"SELECT DISTINCT account FROM {table}") for table in ("ledger", "intents", "matches")]
    assert kept == [[("other",)]] * 3
    former = accounts.load(tx, OTHER)
    assert former is not None
    assert (former.digest, former.gone_at) == (known(tx).digest, T0)


def test_nothing_that_was_done_before_counts_for_another_account(tx: Tx) -> None:
    fill(tx)
    accounts.retire(tx, known(tx), OTHER, T0)
    assert ledger.counting(tx, after(-1), account=PANEL) == []


def test_retiring_what_was_done_leaves_what_is_watched(tx: Tx) -> None:
    fill(tx)
    accounts.retire(tx, known(tx), OTHER, T0)
    assert (accounts.watches(tx, PANEL), known(tx).name) == (True, PANEL)
