"""The ledger of effects in the journal: entries and postings, what of them counts, and that nothing is changed."""

from __future__ import annotations

import ast
import re
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

import bursar
from bursar.domain.ids import AccountName, IntentId, MatchId, RuleName, SubjectRef
from bursar.domain.intent import OPEN, Intent, State
from bursar.domain.intent_states import Cause
from bursar.domain.ledger import Entry, No, Post
from bursar.domain.lineage import Lineage
from bursar.journal import intents, ledger, rule_names
from bursar.journal.ledger import KEPT
from bursar.journal.writer import Tx
from support.domain import PANEL, T0, after
from support.journal import by_rule, count, end, plan, planned, ref, send, take

OTHER = AccountName("other")
LONG_AGO = T0 - timedelta(days=999)
MOMENT = timedelta(microseconds=1)


def load(tx: Tx, intent: Intent) -> Entry:
    """Return the entry of an intent."""
    found = ledger.load(tx, intent.id)
    assert found is not None
    return found


def ids(found: Iterable[Entry]) -> list[int]:
    """Return the ids of entries."""
    return [one.id for one in found]


def done(tx: Tx, id_: str = "1", minutes: float = 0, cause: Cause = Cause.YES, **more: object) -> Intent:
    """Write an intent that was planned, sent and ended at one minute."""
    return end(tx, plan(tx, id_, at=after(minutes), **more), cause, after(minutes))


def test_an_entry_survives_whole(tx: Tx) -> None:
    what = planned(cost=Decimal("10.10"), currency="USD", asked=ref("7"), match=MatchId(4), act=1)
    id_ = ledger.open_entry(tx, what, after(3))
    assert ledger.load(tx, id_) == Entry(
        id_, PANEL, "refill", ref(), after(3), Post.PLANNED, RuleName("r"), "", ref("7"), "USD", Decimal("10.10"),
        match=MatchId(4), act=1,
    )  # fmt: skip


def test_an_entry_of_a_person_has_no_rule_and_was_asked_about_nothing(tx: Tx) -> None:
    found = ledger.load(tx, ledger.open_entry(tx, planned(rule=None), T0))
    assert found is not None
    assert (found.rule, found.asked, found.amount, found.currency) == (None, None, None, None)


def test_an_entry_that_is_not_there_is_none(tx: Tx) -> None:
    assert ledger.load(tx, IntentId(9)) is None


def test_what_is_posted_is_folded_in_the_order_in_which_it_was_posted(tx: Tx) -> None:
    intent = plan(tx, cost=Decimal(10))
    for what, minute, amount in ((Post.SENT, 1, "9"), (Post.SUCCEEDED, 2, None), (Post.SETTLED, 3, "8.50")):
        ledger.post(tx, intent.id, what, after(minute), None if amount is None else Decimal(amount))
    found = load(tx, intent)
    assert (found.outcome, found.sent_at, found.ended_at, found.amount, found.settled) == (
        Post.SUCCEEDED, after(1), after(2), Decimal("8.50"), True,
    )  # fmt: skip


def test_postings_of_one_instant_keep_their_order(tx: Tx) -> None:
    intent = plan(tx)
    for what in (Post.SENT, Post.LOST, Post.DID_NOT):
        ledger.post(tx, intent.id, what, T0)
    assert load(tx, intent).outcome is Post.DID_NOT


@pytest.mark.parametrize("what", sorted(Post))
def test_everything_that_can_be_posted_can_be_read(tx: Tx, what: Post) -> None:
    intent = plan(tx)
    ledger.post(tx, intent.id, what, after(1))
    assert tx.one("SELECT what FROM postings ORDER BY seq DESC LIMIT 1") == (what.value,)
    assert load(tx, intent).id == intent.id


def test_an_amount_keeps_all_its_digits(tx: Tx) -> None:
    intent = plan(tx, cost=Decimal("0.1000000000000000000001"))
    assert load(tx, intent).amount == Decimal("0.1000000000000000000001")


def test_an_entry_is_not_mixed_with_another(tx: Tx) -> None:
    first, second = plan(tx, "1", cost=Decimal(1)), plan(tx, "2", cost=Decimal(2))
    ledger.post(tx, second.id, Post.SENT, after(1), Decimal(3))
    assert (load(tx, first).amount, load(tx, second).amount) == (Decimal(1), Decimal(3))


def test_more_entries_than_a_statement_takes_can_be_read(tx: Tx) -> None:
    for number in range(ledger.CHUNK + 3):
        done(tx, str(number), number)
    found = ledger.counting(tx, after(-1))
    assert {one.outcome for one in found} == {Post.SUCCEEDED}
    assert [one.sent_at for one in found] == [after(number) for number in range(ledger.CHUNK + 3)]


def test_ids_go_up(tx: Tx) -> None:
    assert [plan(tx, id_).id for id_ in "123"] == [1, 2, 3]


def test_an_id_is_not_used_again_after_its_intent_and_entry_are_gone(tx: Tx) -> None:
    last = [done(tx, id_) for id_ in "123"][-1].id
    tx.run("DELETE FROM intents")
    ledger.forget(tx, T0 + KEPT, 100)
    left = count(tx, "ledger")
    assert (left, plan(tx).id) == (0, last + 1)


def test_an_intent_has_the_id_of_its_entry_whatever_went_before(tx: Tx) -> None:
    done(tx)
    tx.run("DELETE FROM intents")
    intent = plan(tx)
    assert (intent.id, load(tx, intent).subject) == (2, ref())


def test_entries_on_a_subject_come_newest_first(tx: Tx) -> None:
    made = [done(tx, minutes=minute).id for minute in range(3)]
    assert ids(ledger.of_subject(tx, PANEL, ref(), 9)) == made[::-1]


def test_only_the_newest_entries_on_a_subject_are_read(tx: Tx) -> None:
    made = [done(tx, minutes=minute).id for minute in range(3)]
    assert ids(ledger.of_subject(tx, PANEL, ref(), 2)) == [made[2], made[1]]


def test_answered_entries_of_one_action_on_a_subject_are_read(tx: Tx) -> None:
    done(tx, action="cancel")
    refill = done(tx)
    done(tx, action="cancel")
    assert ids(ledger.answered(tx, PANEL, ref(), "refill", 9)) == [refill.id]


def test_what_was_never_answered_pushes_out_no_answer(tx: Tx) -> None:
    refused = end(tx, plan(tx), Cause.NO)
    for _ in range(3):
        take(tx, plan(tx), Cause.STALE)
    assert ids(ledger.answered(tx, PANEL, ref(), "refill", 1)) == [refused.id]


@pytest.mark.parametrize(
    ("account", "subject"), [(OTHER, ref()), (PANEL, ref("2")), (PANEL, SubjectRef("refill", "1"))]
)
def test_entries_on_another_subject_or_account_are_others(tx: Tx, account: AccountName, subject: SubjectRef) -> None:
    done(tx)
    assert ledger.of_subject(tx, account, subject, 9) == []


def test_what_a_rule_caused_is_found_by_what_it_was_asked_about(tx: Tx) -> None:
    first, second = (done(tx, f"+{n}", minutes=n, action="add", asked=ref("7")).id for n in (1, 2))
    done(tx, "+3", action="add", asked=ref("8"))
    assert ids(ledger.of_rule(tx, by_rule("r"), PANEL, ref("7"), LONG_AGO)) == [second, first]


def test_what_a_rule_caused_without_a_subject_is_found(tx: Tx) -> None:
    nothing = done(tx, "1", action="payout", asked=None)
    done(tx, "2", action="payout", asked=ref("7"))
    assert ids(ledger.of_rule(tx, by_rule("r"), PANEL, None, LONG_AGO)) == [nothing.id]


def test_a_persons_no_is_found_behind_any_number_that_are_open(tx: Tx) -> None:
    asked = planned("+0", action="add", asked=ref("7"))
    take(tx, intents.add(tx, asked, State.AWAITING_APPROVAL, None, T0, T0), Cause.DENIED)
    for number in range(1, 20):
        plan(tx, f"+{number}", action="add", asked=ref("7"))
    assert ledger.last_no(tx, by_rule("r"), PANEL, ref("7")) is not None


def test_a_persons_no_is_the_last_answer_though_a_newer_one_was_answered_before(tx: Tx) -> None:
    asked = planned("+0", action="add", asked=ref("7"))
    waits = intents.add(tx, asked, State.AWAITING_APPROVAL, None, T0, T0)
    done(tx, "+1", 1, action="add", asked=ref("7"))
    take(tx, waits, Cause.DENIED, after(2))
    assert ledger.last_no(tx, by_rule("r"), PANEL, ref("7")) == No(True, after(2))


def test_a_persons_no_is_not_the_last_answer_after_a_yes(tx: Tx) -> None:
    asked = planned("+0", action="add", asked=ref("7"))
    take(tx, intents.add(tx, asked, State.AWAITING_APPROVAL, None, T0, T0), Cause.DENIED, after(1))
    done(tx, "+1", 2, action="add", asked=ref("7"))
    assert ledger.last_no(tx, by_rule("r"), PANEL, ref("7")) is None


@pytest.mark.parametrize(("rule", "account"), [("other", PANEL), ("r", OTHER)])
def test_what_another_rule_caused_or_elsewhere_is_something_else(tx: Tx, rule: str, account: AccountName) -> None:
    done(tx, asked=ref())
    assert ledger.of_rule(tx, by_rule(rule), account, ref(), LONG_AGO) == []


def test_what_something_became_of_lately_counts_oldest_first(tx: Tx) -> None:
    made = [done(tx, str(minute), minute).id for minute in (1, 5, 9)]
    assert ids(ledger.counting(tx, after(4))) == made[1:]


def test_what_counts_counts_from_after_an_instant(tx: Tx) -> None:
    done(tx, minutes=5)
    assert (len(ledger.counting(tx, after(5) - MOMENT)), ledger.counting(tx, after(5))) == (1, [])


@pytest.mark.parametrize("what", [Post.SUCCEEDED, Post.SETTLED, Post.UNDONE, Post.DID_NOT])
def test_what_was_planned_long_ago_counts_by_what_became_of_it_lately(tx: Tx, what: Post) -> None:
    intent = done(tx, minutes=1)
    ledger.post(tx, intent.id, what, after(100))
    assert ids(ledger.counting(tx, after(50))) == [intent.id]


@pytest.mark.parametrize("state", sorted(OPEN))
def test_what_is_open_counts_whatever_its_age(tx: Tx, state: State) -> None:
    intent = intents.add(tx, planned(), state, None, None, T0)
    assert ids(ledger.counting(tx, after(10**6))) == [intent.id]


@pytest.mark.parametrize("cause", [Cause.LOST, Cause.LATER])
def test_what_was_sent_and_is_open_counts_whatever_its_age(tx: Tx, cause: Cause) -> None:
    intent = done(tx, cause=cause)
    assert ids(ledger.counting(tx, after(10**6))) == [intent.id]


def test_what_has_ended_long_ago_does_not_count(tx: Tx) -> None:
    done(tx, "1", cause=Cause.NO)
    take(tx, plan(tx, "2"), Cause.STALE)
    assert ledger.counting(tx, after(1)) == []


def test_an_entry_counts_once_however_much_became_of_it(tx: Tx) -> None:
    send(tx, plan(tx))
    assert len(ledger.counting(tx, after(-1))) == 1


def test_what_counts_is_chosen_by_account_rule_and_action(tx: Tx) -> None:
    mine = done(tx, "1").id
    elsewhere = done(tx, "2", account=OTHER).id
    by_another = done(tx, "3", rule="other").id
    canceled = done(tx, "4", action="cancel").id
    chosen = [
        ids(ledger.counting(tx, after(-1), **by))  # type: ignore[arg-type]
        for by in (
            {"account": OTHER},
            {"rule": by_rule("other")},
            {"action": "cancel"},
            {"account": PANEL, "rule": by_rule(), "action": "refill"},
            {"accounts": [PANEL, OTHER], "rule": by_rule()},
        )
    ]
    assert chosen == [[elsewhere], [by_another], [canceled], [mine], [mine, elsewhere, canceled]]


@pytest.mark.parametrize("open_", [True, False])
def test_of_no_account_nothing_counts(tx: Tx, open_: bool) -> None:
    intent = plan(tx)
    if not open_:
        end(tx, intent, Cause.YES)
    assert ledger.counting(tx, after(-1), accounts=[]) == []


def spent(tx: Tx) -> Decimal | None:
    """Add up what counts."""
    amounts = [one.spends for one in ledger.counting(tx, after(-1), action="refill", accounts=[PANEL])]
    return None if None in amounts else sum((one for one in amounts if one is not None), Decimal(0))


def test_a_budget_counts_what_is_reserved_what_is_spent_and_what_nobody_can_tell(tx: Tx) -> None:
    plan(tx, "1", cost=Decimal("0.90"))
    done(tx, "2", cost=Decimal("10.10"))
    done(tx, "3", cost=Decimal(5), cause=Cause.LOST)
    assert spent(tx) == Decimal("16.00")


def test_a_refusal_and_a_lapse_give_their_reservation_back(tx: Tx) -> None:
    done(tx, "1", cost=Decimal(10), cause=Cause.NO)
    take(tx, plan(tx, "2", cost=Decimal(10)), Cause.STALE)
    assert spent(tx) == 0


def test_a_budget_counts_what_was_allowed_and_then_what_was_listed(tx: Tx) -> None:
    intent = plan(tx, cost=Decimal(10))
    intents.send(tx, intent, None, Decimal(12), after(1))
    allowed = spent(tx)
    ledger.post(tx, intent.id, Post.SETTLED, after(2), Decimal("11.50"))
    assert (allowed, spent(tx)) == (Decimal(12), Decimal("11.50"))


def test_a_budget_that_counts_something_unknown_is_unknown(tx: Tx) -> None:
    done(tx, "1", cost=Decimal(10))
    done(tx, "2", cost=None)
    assert spent(tx) is None


def test_the_first_entry_says_since_when_the_ledger_knows(tx: Tx) -> None:
    before = ledger.first_at(tx)
    done(tx, "1", 3)
    done(tx, "2", 5)
    assert (before, ledger.first_at(tx)) == (None, after(3))


def test_a_renamed_rule_takes_over_what_another_caused(tx: Tx) -> None:
    """What the old name does later, when it stands for something else, is its own."""
    intent = done(tx, asked=ref())
    rule_names.take_over(tx, "r", "renamed")
    done(tx, "1", 2, asked=ref())
    by = replace(by_rule("renamed"), was=tuple(rule_names.taken_over(tx, "renamed")))
    assert ids(ledger.of_rule(tx, by, PANEL, ref(), LONG_AGO)) == [intent.id]
    assert ids(ledger.of_rule_on(tx, by, PANEL, ref(), after(-1))) == [intent.id]


def test_a_renamed_rule_takes_over_what_counts(tx: Tx) -> None:
    intent = done(tx)
    done(tx, "2", rule="other")
    rule_names.take_over(tx, "r", "renamed")
    by = replace(by_rule("renamed"), was=tuple(rule_names.taken_over(tx, "renamed")))
    assert ids(ledger.counting(tx, after(-1), rule=by)) == [intent.id]


def test_a_name_takes_over_what_the_names_before_it_had_taken_over(tx: Tx) -> None:
    first, second = done(tx).id, done(tx, "2", rule=RuleName("s")).id
    rule_names.take_over(tx, "r", "s")
    rule_names.take_over(tx, "s", "t")
    rule_names.take_over(tx, "never acted", "t")
    assert rule_names.taken_over(tx, "t") == [("r", first), ("s", second)]


def forget(tx: Tx, now: datetime, limit: int = 100) -> list[int]:
    """Let go of what is older than four hundred days; give what is left."""
    ledger.forget(tx, now - KEPT, limit)
    return [row[0] for row in tx.all("SELECT id FROM ledger ORDER BY id")]


def test_entries_are_kept_for_four_hundred_days() -> None:
    assert timedelta(days=400) == KEPT


def test_what_nothing_became_of_for_so_long_goes_with_its_postings(tx: Tx) -> None:
    done(tx)
    assert (forget(tx, T0 + KEPT), forget(tx, T0 + KEPT + MOMENT), count(tx, "postings")) == ([1], [], 0)


def test_what_something_became_of_lately_stays_whole(tx: Tx) -> None:
    intent = done(tx)
    ledger.post(tx, intent.id, Post.UNDONE, after(10), Decimal(0))
    assert forget(tx, after(10) + KEPT) == [intent.id]
    assert (load(tx, intent).sent_at, load(tx, intent).undone_at) == (T0, after(10))


@pytest.mark.parametrize("state", sorted(OPEN))
def test_what_is_open_stays_whatever_its_age(tx: Tx, state: State) -> None:
    intent = intents.add(tx, planned(), state, None, None, T0)
    assert forget(tx, T0 + 9 * KEPT) == [intent.id]


def test_the_entry_of_an_intent_that_ended_and_is_still_there_goes(tx: Tx) -> None:
    done(tx)
    assert (forget(tx, T0 + 2 * KEPT), count(tx, "intents")) == ([], 1)


def test_only_so_much_goes_at_once_the_oldest_first(tx: Tx) -> None:
    for minute in range(5):
        done(tx, str(minute), minute)
    assert [forget(tx, after(10) + KEPT, 2) for _ in range(3)] == [[3, 4, 5], [5], []]


def test_letting_go_says_how_many_went(tx: Tx) -> None:
    for minute in range(3):
        done(tx, str(minute), minute)
    assert [ledger.forget(tx, after(1), 100), ledger.forget(tx, after(10), 100)] == [1, 2]


CHANGES = re.compile(r"(UPDATE|DELETE FROM|REPLACE INTO|DROP TABLE) (IF EXISTS )?postings\b")


def functions() -> Iterator[tuple[str, str]]:
    """Return every function of the package, with its source."""
    for path in Path(bursar.__file__).parent.rglob("*.py"):
        source = path.read_text(encoding="utf-8")
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield f"{path.stem}.{node.name}", ast.get_source_segment(source, node) or ""


def test_nothing_changes_or_removes_what_was_posted_but_letting_go() -> None:
    assert [name for name, source in functions() if CHANGES.search(source)] == ["ledger.forget"]


@pytest.mark.parametrize("change", ["UPDATE", "DELETE"])
def test_through_its_whole_life_nothing_that_was_posted_is_touched(tx: Tx, change: str) -> None:
    tx.run(f"CREATE TRIGGER kept BEFORE {change} ON postings BEGIN SELECT RAISE(ABORT, 'append-only'); END")
    lost = end(tx, plan(tx, cost=Decimal(10)), Cause.LOST)
    again = send(tx, take(tx, lost, Cause.PERSON_AGAIN), after(5))
    taken = take(tx, again, Cause.YES, after(6), accepted=True, amount=Decimal(9))
    ledger.post(tx, taken.id, Post.CONFIRMED, after(7))
    rule_names.take_over(tx, "r", "renamed")
    assert count(tx, "postings") == 6


def test_a_posting_that_is_touched_would_be_noticed(tx: Tx) -> None:
    tx.run("CREATE TRIGGER kept BEFORE DELETE ON postings BEGIN SELECT RAISE(ABORT, 'append-only'); END")
    done(tx)
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        ledger.forget(tx, T0 + KEPT, 100)


def test_what_others_did_with_the_same_meaning_counts_where_they_do_it_no_more(tx: Tx) -> None:
    """`s` has done the same and does it at OTHER still; `t` has done something else."""
    mine = done(tx, "1", 1, asked=ref()).id
    formerly = done(tx, "1", 2, asked=ref(), rule=RuleName("s"), meaning="m").id
    done(tx, "1", 3, asked=ref(), rule=RuleName("s"), meaning="other")
    done(tx, "1", 4, asked=ref(), rule=RuleName("s"), meaning="m", account=OTHER)
    done(tx, "1", 5, asked=ref(), rule=RuleName("t"), meaning="m")
    s = frozenset({RuleName("s")})
    by = Lineage(RuleName("r"), "m", (), s, living=s, left=frozenset({(RuleName("s"), PANEL)}))
    assert ids(ledger.of_rule(tx, by, PANEL, ref(), LONG_AGO)) == [formerly, mine]
    assert ids(ledger.of_rule_on(tx, by, PANEL, ref(), after(-1))) == [formerly, mine]
    assert ids(ledger.counting(tx, after(-1), rule=by)) == [mine, formerly]
    assert ledger.of_rule(tx, by, OTHER, ref(), LONG_AGO) == []


def test_an_older_journals_entries_take_their_rules_meaning_once(tx: Tx) -> None:
    done(tx)
    done(tx, "2", meaning="m")
    rule_names.set_meaning(tx, "r", "n")
    rule_names.set_meaning(tx, "never acted", "n")
    assert [one.meaning for one in ledger.counting(tx, after(-1))] == ["n", "m"]
    assert (rule_names.doers_of(tx, "m"), rule_names.doers_of(tx, "n")) == (["r"], ["r"])
