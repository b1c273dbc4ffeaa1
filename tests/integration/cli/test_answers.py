"""What a person answers on the command line: yes, no, what became of it, again; and an answer that is not taken.

No daemon runs: the journal is what a daemon has left, written by the pipeline itself.
"""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from bursar.api import Later, Lost, Observation, Observed, Outcome, Refused, SubjectRef
from bursar.cli.actions import YES_IS
from bursar.control.commands import track
from bursar.domain.ids import AccountName, IntentId
from bursar.host.plugins import load_plugins
from bursar.journal import accounts
from bursar.journal.files import claim as lock_journal
from bursar.journal.writer import Journal
from bursar.loops.clock import RealClock
from bursar.loops.startup import close_context, open_context
from bursar.pipeline.dispatch import claim
from bursar.pipeline.ingest import Poll, ingest
from bursar.pipeline.outcomes import record_outcome
from bursar.pipeline.unit_of_work import UnitOfWork
from bursar.settings.read import read_configuration
from support.commands import Command, command_on

OF_600 = "1: payout of 600 USD at exchange, for the rule pay\n"
REFILL_OF_1 = "2: refill on order/1 at main-panel, for the rule refill\n"
RESTS = "1: its rule asks no more before TIME; `bursar actions retry 1` has it ask earlier\n"
REPLACED = """exchange is a new account: what was done at the former one counts for it no more
ended, and never sent: 1
if that was a mistake: put the old settings back, reload, and `bursar accounts rename exchange@TIME exchange`"""
BALANCE = SubjectRef("balance", "balance")
EXCHANGE, PANEL = AccountName("exchange"), AccountName("main-panel")
PAY = '{name: pay, on: balance.passed_min_payout, do: [{payout: {method: "7", account: T-wallet-1}}], cooldown: 1h'
ASKS = f"{PAY}, approve: {{above: 500, within: 12h}}}}"
SENDS = f"{PAY}}}"
REFILL = "{name: refill, on: order.partial, do: [refill]}"


def without_times(text: str) -> str:
    """Put a word in the place of each instant."""
    return re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ", "TIME", text)


@dataclass
class Left:
    """What a daemon has left, and the command line beside it."""

    folder: Path
    command: Command

    @property
    def path(self) -> Path:
        return self.folder / "bursar.yaml"

    def configure(self, rule: str, key: str = "k1", settings: str = "") -> None:
        """Write a configuration."""
        self.path.write_text(
            f"""
settings: {{state: ./journal.db{settings}}}
accounts:
  exchange: {{provider: premium_exchanger, url: 'http://127.0.0.1:1/api.html', key: {key}, currency: USD}}
  main-panel: {{provider: smm, url: 'http://127.0.0.1:1/api', key: k2}}
rules: [{rule}]
""",
            encoding="utf-8",
        )

    def write(self, *commits: Callable[[UnitOfWork], object]) -> None:
        """Let a daemon start, make some commits, and stop."""
        asyncio.run(self._write(commits))

    async def _write(self, commits: Sequence[Callable[[UnitOfWork], object]]) -> None:
        configuration = read_configuration([self.path], load_plugins(), environ={})
        journal = Journal.open(configuration.settings.state)
        try:
            context = await open_context(configuration, journal, RealClock())
            for decide in commits:
                await context.commit(decide)
            await close_context(context)
        finally:
            journal.close()

    def balance(self, amount: str, outcome: Outcome | None = None) -> None:
        """Let the balance be seen; with an outcome, let what comes of that be sent."""
        seen = Observed(BALANCE, {"amount": Decimal(amount), "min_payout": Decimal(50)})

        def look(uow: UnitOfWork) -> None:
            spec, poll = uow.config.accounts[EXCHANGE], Poll(uow.now, (BALANCE,), first=True)
            ingest(uow, spec, Observation("payouts", ()), Poll(uow.now, first=True))
            ingest(uow, spec, Observation("info", (seen,)), poll)

        def send(uow: UnitOfWork) -> None:
            [sent] = claim(uow, [IntentId(1)], None).intents
            record_outcome(uow, sent.id, sent.fence, outcome, uow.now)  # type: ignore[arg-type]

        self.write(*([look] if outcome is None else [look, send]))

    def orders(self, *ids: str) -> None:
        """Let orders be seen that are partial."""
        seen = tuple(Observed(SubjectRef("order", id_), {}, "partial") for id_ in ids)
        configuration = read_configuration([self.path], load_plugins(), environ={})

        def decide(uow: UnitOfWork) -> None:
            track(uow, configuration, {"account": PANEL, "rows": [{"id": id_} for id_ in ids]})
            ingest(uow, uow.config.accounts[PANEL], Observation("orders", seen), Poll(uow.now, first=True))

        self.write(decide)

    def restored(self) -> None:
        """Let a daemon start on a journal that is older than what was sent."""
        self.ahead()
        self.write()

    def ahead(self) -> None:
        """Have more been sent than the journal knows."""
        sidecar = self.folder / "journal.db.fence"
        journal, sent = sidecar.read_text(encoding="utf-8").split()
        sidecar.write_text(f"{journal} {int(sent) + 1:020d}\n", encoding="utf-8")

    def actions(self) -> list[tuple[str, str]]:
        """Return each action's id and state, as the list shows them."""
        return [(row["id"], row["state"]) for row in self.rows("actions")]

    def rows(self, *words: str) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = self.command(*words, "--json").json
        return rows


@pytest.fixture
def left(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> Left:
    return Left(tmp_path, command_on(tmp_path / "bursar.yaml", capfd))


@pytest.fixture
def asked(left: Left) -> Left:
    """A payout of 600 that waits for a yes."""
    left.configure(ASKS)
    left.balance("600")
    return left


@pytest.fixture
def grown(asked: Left) -> Left:
    """The same; by now the balance is 700."""
    asked.balance("700")
    return asked


def ended(left: Left, outcome: Outcome, rule: str = SENDS) -> Left:
    """Let a payout of 600 be tried."""
    left.configure(rule)
    left.balance("600", outcome)
    return left


def test_an_action_is_listed_with_its_amount_and_currency(asked: Left) -> None:
    [row] = asked.rows("actions")
    assert [row[name] for name in ("id", "amount", "currency", "paid", "state")] == [
        "1",
        "600",
        "USD",
        None,
        "awaiting_approval",
    ]


def test_people_see_the_amount(asked: Left) -> None:
    assert asked.command("actions").out.splitlines()[-1].split()[7:10] == ["method=7", "account=***", "600"]


def test_an_action_says_why_it_waits_for_a_person(asked: Left) -> None:
    assert asked.rows("actions")[0]["reason"] == "600 is above 500"


def test_a_yes_is_said(asked: Left) -> None:
    said = asked.command("actions", "approve", "1")
    assert (said.code, said.out, said.err, asked.actions()) == (
        0,
        f"approved 1\n{OF_600}{YES_IS}\n",
        "",
        [("1", "ready")],
    )


def test_a_no_is_said(asked: Left) -> None:
    said = asked.command("actions", "deny", "1")
    assert (said.code, without_times(said.out), said.err) == (0, f"denied 1\n{OF_600}{RESTS}", "")
    assert asked.actions() == [("1", "denied")]


def test_a_no_can_be_taken_back(asked: Left) -> None:
    """The rule asks once more, under a new number, though its rest is not over."""
    asked.command("actions", "deny", "1")
    assert asked.command("actions", "retry", "1").out == f"asked for anew: 1\n{OF_600}"
    asked.balance("600")
    assert asked.actions() == [("1", "denied"), ("2", "awaiting_approval")]


def test_a_yes_to_an_amount_that_has_changed_is_not_taken_and_asked_anew(grown: Left) -> None:
    said = grown.command("actions", "approve", "1")
    advice = "say `bursar actions approve 1.2` if that is meant"
    sentence = f"bursar: intent 1 was asked about 600 USD, and it is 700 USD now: {advice}\n"
    assert (said.code, said.out, said.err) == (1, "", sentence)
    assert (grown.actions(), grown.rows("actions")[0]["amount"]) == ([("1.2", "awaiting_approval")], "700")
    assert len(grown.rows("events", "--type", "approval.wanted")) == 2


def test_an_old_id_is_answered_with_both_amounts_and_asks_no_third_time(grown: Left) -> None:
    grown.command("actions", "approve", "1")
    said = grown.command("actions", "approve", "1")
    assert (said.code, "600 USD" in said.err, "700 USD" in said.err, grown.actions()) == (
        1,
        True,
        True,
        [("1.2", "awaiting_approval")],
    )
    assert len(grown.rows("events", "--type", "approval.wanted")) == 2


def test_the_new_id_is_a_yes_to_the_new_amount(grown: Left) -> None:
    grown.command("actions", "approve", "1")
    said = grown.command("actions", "approve", "1.2")
    assert (said.code, said.out, grown.actions()) == (
        0,
        f"approved 1\n{OF_600.replace('600', '700')}{YES_IS}\n",
        [("1", "ready")],
    )


def test_an_answer_that_is_not_taken_is_a_problem_in_json(grown: Left) -> None:
    said = grown.command("actions", "approve", "1", "--json")
    [answer] = said.json
    assert (said.code, answer["id"], answer["state"], "700 USD" in answer["problem"]) == (
        1,
        "1.2",
        "awaiting_approval",
        True,
    )


def test_an_answer_that_is_taken_has_no_problem_in_json(asked: Left) -> None:
    [answer] = asked.command("actions", "approve", "1", "--json").json
    assert (answer["id"], answer["state"], answer["problem"]) == ("1", "ready", None)


def test_a_yes_to_what_a_poll_showed_to_be_over_says_so(asked: Left) -> None:
    asked.balance("20")
    said = asked.command("actions", "approve", "1")
    assert (said.code, said.out, asked.actions()) == (2, "", [("1", "lapsed")])
    assert said.err.startswith("bursar: intent 1 is lapsed (no longer true: ")
    assert said.err.endswith("), not awaiting_approval\n")


def test_a_yes_to_what_a_budget_does_not_allow_any_more_is_not_taken(asked: Left) -> None:
    asked.configure(f"{PAY}, approve: {{above: 500, within: 12h}}, budget: {{payout: {{max: 100, every: 1d}}}}}}")
    said = asked.command("actions", "approve", "1", "--json")
    assert (said.code, asked.actions()) == (1, [("1", "awaiting_approval")])
    assert "0 of 100" in said.json[0]["problem"]


def test_a_yes_to_one_is_taken_though_another_cannot_go_on(left: Left) -> None:
    left.configure(f"{ASKS}, {REFILL.replace('do:', 'approve: {within: 1h}, do:')}")
    left.balance("600")
    left.orders("1")
    left.balance("20")
    said = left.command("actions", "approve", "1", "2")
    assert (said.code, said.out, left.actions()) == (
        1,
        f"approved 2\n{REFILL_OF_1}{YES_IS}\n",
        [("1", "lapsed"), ("2", "ready")],
    )


@pytest.mark.parametrize("id_", ["1.", ".2", "1.2.3", "1.x", "1.-2", "١", "²", "9" * 30, "ceiling"])
def test_what_is_no_id_is_one_sentence(asked: Left, id_: str) -> None:
    said = asked.command("actions", "approve", id_)
    assert (said.code, said.out, asked.actions()) == (2, "", [("1", "awaiting_approval")])
    assert said.err == f"bursar: {id_!r} is not the id of an action: see `bursar actions`\n"


@pytest.mark.parametrize(
    "words", [("approve", "1.7"), ("deny", "1.7"), ("resolve", "1.7", "--happened"), ("retry", "1.7")]
)
def test_a_question_that_was_never_asked_has_no_answer(asked: Left, words: tuple[str, ...]) -> None:
    said = asked.command("actions", *words)
    assert (said.code, said.out, asked.actions()) == (2, "", [("1", "awaiting_approval")])
    assert said.err == "bursar: intent 1 has no question 7 (the last is 1): see `bursar actions`\n"


@pytest.fixture
def past_ceiling(left: Left) -> Left:
    """Three refills, of which two wait to go past the ceiling."""
    left.configure(REFILL, settings=", ceiling: 1")
    left.orders("1", "2", "3")
    return left


@pytest.mark.parametrize(("verb", "then"), [("approve", "ready"), ("deny", "denied")])
def test_what_waits_past_the_ceiling_is_answered_as_one(past_ceiling: Left, verb: str, then: str) -> None:
    said = past_ceiling.command("actions", verb, "ceiling:main-panel")
    assert (said.code, said.err, sorted(state for _, state in past_ceiling.actions())) == (
        0,
        "",
        sorted(["ready", then, then]),
    )


@pytest.mark.parametrize("verb", ["approve", "deny"])
def test_where_nothing_waits_past_the_ceiling_one_sentence_says_so(asked: Left, verb: str) -> None:
    said = asked.command("actions", verb, "ceiling:main-panel")
    assert (said.code, said.err) == (
        2,
        "bursar: nothing of main-panel waits to go past settings.ceiling: see `bursar actions`\n",
    )


def test_what_is_deferred_can_be_ended(left: Left) -> None:
    ended(left, Later("in a while"))
    said = left.command("actions", "deny", "1")
    assert (said.code, without_times(said.out), left.actions()) == (0, f"denied 1\n{OF_600}{RESTS}", [("1", "denied")])


def test_what_is_unknown_cannot_be_denied(left: Left) -> None:
    ended(left, Lost("no reply"))
    said = left.command("actions", "deny", "1")
    first = "say first what became of it, `bursar actions resolve 1 --happened` or `--did-not`"
    words = f"bursar: intent 1 is unknown, not awaiting_approval or ready or deferred: {first}\n"
    assert (said.code, said.err) == (2, words)


def test_what_was_refused_is_asked_for_anew(left: Left) -> None:
    ended(left, Refused("not today"))
    said = left.command("actions", "retry", "1")
    left.balance("600")
    assert (said.code, said.out, said.err) == (0, f"asked for anew: 1\n{OF_600}", "")
    assert left.actions() == [("1", "refused"), ("2", "ready")]


def test_without_that_it_rests(left: Left) -> None:
    ended(left, Refused("not today"))
    left.balance("600")
    assert left.actions() == [("1", "refused")]


def test_what_was_not_refused_cannot_be_retried(asked: Left) -> None:
    said = asked.command("actions", "retry", "1")
    assert (said.code, said.err) == (
        2,
        "bursar: intent 1 is awaiting_approval, not refused or gave_up or denied or lapsed\n",
    )


def test_of_what_is_unknown_a_person_says_what_was_made(left: Left) -> None:
    ended(left, Lost("no reply"))
    said = left.command("actions", "resolve", "1", "--happened", "--reference", "4711")
    [row] = left.rows("actions")
    assert (said.code, said.out, row["state"], row["reference"]) == (0, f"1: happened\n{OF_600}", "succeeded", "4711")


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ((), "say one of --happened and --did-not"),
        (("--happened", "--did-not"), "say one of --happened and --did-not"),
        (("--happened", "--again"), "--again goes with --did-not: what happened is not done again"),
        (("--did-not", "--reference", "4711"), "--reference goes with --happened: it names what was made"),
    ],
)
def test_what_contradicts_itself_decides_nothing(left: Left, options: tuple[str, ...], sentence: str) -> None:
    ended(left, Lost("no reply"))
    said = left.command("actions", "resolve", "1", *options)
    assert (said.code, said.err, left.actions()) == (2, f"bursar: {sentence}\n", [("1", "unknown")])


@pytest.mark.parametrize(("more", "then"), [((), "refused"), (("--again",), "ready")])
def test_of_what_is_unknown_a_person_says_that_it_did_not_happen(left: Left, more: tuple[str, ...], then: str) -> None:
    ended(left, Lost("no reply"))
    said = left.command("actions", "resolve", "1", "--did-not", *more)
    assert (said.code, left.actions()) == (0, [("1", then)])
    assert said.err.startswith("bursar: it may still land until ")


def test_the_caution_after_a_restore_is_shown_and_ended_by_its_confirmation(left: Left) -> None:
    left.configure(SENDS)
    left.balance("10")
    left.restored()
    before = left.command("status", "--json").json["restored"]
    said = left.command("restore", "--confirm")
    after = left.command("status", "--json").json["restored"]
    assert (said.code, said.out.splitlines()[0]) == (0, "confirmed: rules act again as they say")
    assert "do not know what left after " in said.out
    assert (before is None, after) == (False, None)


def test_the_confirmation_names_what_is_still_unknown(asked: Left) -> None:
    asked.restored()
    said = asked.command("restore", "--confirm")
    first, _, last = said.out.splitlines()
    assert (said.code, first, last) == (
        0,
        "confirmed: rules act again as they say",
        "still unknown: 1; say what became of each (`bursar actions resolve ID …`)",
    )


def test_where_nothing_was_restored_there_is_nothing_to_confirm(asked: Left) -> None:
    said = asked.command("restore", "--confirm")
    assert (said.code, said.out) == (
        0,
        "nothing waits for this: no older journal was put in the place of a newer one, or it was confirmed already\n",
    )


def test_a_restore_is_not_confirmed_before_anything_has_seen_it(left: Left) -> None:
    """Before the next start nobody knows what was sent after the backup."""
    left.configure(SENDS)
    left.balance("10")
    left.ahead()
    said = left.command("restore", "--confirm")
    sentence = "bursar: the journal is older than what was sent: start the daemon first, it asks about that\n"
    assert (said.code, said.out, said.err) == (1, "", sentence)


@pytest.mark.parametrize(("words", "said"), [
    (("actions", "--state", "unknown"), "state unknown"), (("events", "--type", "order.partial"), "type order.partial"),
    (("deliveries", "--state", "dead"), "state dead"), (("events", "--account", "exchange", "--type", "order.partial"), "account exchange, type order.partial"),
    (("orders", "exchange"), "account exchange"),
])  # fmt: skip
def test_an_empty_list_says_what_it_was_asked_for(asked: Left, words: tuple[str, ...], said: str) -> None:
    """It says nothing of what was not."""
    assert asked.command(*words).out == f"nothing matches {said}\n"


def test_after_a_restore_an_action_says_why_it_asks(left: Left) -> None:
    left.configure(SENDS)
    left.balance("10")
    left.restored()
    left.balance("600")
    [row] = left.rows("actions")
    assert (row["state"], "bursar restore --confirm" in row["reason"]) == ("awaiting_approval", True)


@pytest.mark.parametrize("words", [(), ("kept.db", "--confirm")])
def test_a_restore_is_of_a_file_or_is_confirmed(asked: Left, words: tuple[str, ...]) -> None:
    said = asked.command("restore", *words)
    assert (said.code, said.err) == (2, "bursar: say a FILE to restore, or --confirm\n")


def test_a_backup_that_is_put_back_says_what_is_asked_from_then_on(asked: Left) -> None:
    kept = str(asked.folder / "kept.db")
    asked.command("backup", kept)
    said = asked.command("restore", kept, "--yes")
    assert (said.code, "start bursar now" in said.out, "until `bursar restore --confirm`" in said.out) == (
        0,
        True,
        True,
    )


def test_a_restore_while_bursar_runs_says_what_to_do_before_it_asks(asked: Left) -> None:
    """Whoever is asked first, and says yes, has said it to nothing."""
    kept = str(asked.folder / "kept.db")
    asked.command("backup", kept)
    lock = lock_journal(asked.folder / "journal.db", create=False)
    said = asked.command("restore", kept)
    os.close(lock)
    sentence = f"another bursar writes this journal (process {os.getpid()}); stop it first, and restore then"
    assert (said.code, said.out, said.err) == (1, "", f"bursar: {asked.folder / 'journal.db'}: {sentence}\n")


def test_a_rejected_account_is_looked_at_again(asked: Left) -> None:
    asked.write(lambda uow: accounts.park(uow.tx, EXCHANGE, "wrong key", uow.now))
    before = {row["name"]: row["state"] for row in asked.rows("accounts")}
    said = asked.command("accounts", "retry", "exchange")
    after = {row["name"]: row["state"] for row in asked.rows("accounts")}
    assert (said.code, said.out) == (0, "exchange is looked at again\n")
    assert (before["exchange"], after["exchange"]) == ("rejected", "starting")


@pytest.mark.parametrize(("rejected", "words"), [(True, "wrong key"), (False, None)])
def test_it_is_said_whether_an_account_was_rejected(asked: Left, rejected: bool, words: str | None) -> None:
    if rejected:
        asked.write(lambda uow: accounts.park(uow.tx, EXCHANGE, str(words), uow.now))
    assert asked.command("accounts", "retry", "exchange", "--json").json["rejected"] in (rejected, words)


@pytest.mark.parametrize(
    ("verb", "said_of_it", "then"),
    [
        ("confirm", "exchange is the same account as before", [("1", "awaiting_approval")]),
        ("replace", REPLACED, [("1", "lapsed")]),
    ],
)
def test_a_person_says_what_a_changed_account_is(asked: Left, verb: str, said_of_it: str, then: list[Any]) -> None:
    asked.configure(ASKS, key="k3")
    asked.write()
    before = {row["name"]: row["state"] for row in asked.rows("accounts")}["exchange"]
    said = asked.command("accounts", verb, "exchange")
    out = re.sub(r"@\d{8}T\d+", "@TIME", said.out)
    assert (before, said.code, out, asked.actions()) == ("quarantined", 0, f"{said_of_it}\n", then)


@pytest.mark.parametrize("verb", ["confirm", "replace", "retry"])
def test_an_account_that_is_misspelt_is_one_sentence(asked: Left, verb: str) -> None:
    said = asked.command("accounts", verb, "exchnage")
    assert (said.code, said.err) == (2, "bursar: there is no account 'exchnage' (did you mean 'exchange'?)\n")


@pytest.mark.parametrize("verb", ["confirm", "replace"])
def test_an_account_that_did_not_change_is_one_sentence(asked: Left, verb: str) -> None:
    said = asked.command("accounts", verb, "exchange")
    assert (said.code, said.err) == (2, "bursar: exchange is not in quarantine; there is nothing to say about it\n")


@pytest.mark.parametrize("verb", ["same", "new"])
def test_the_former_words_are_none(asked: Left, verb: str) -> None:
    assert asked.command("accounts", verb, "exchange").code == 2


def test_why_says_that_a_window_reaches_before_what_is_known(left: Left) -> None:
    left.configure(SENDS)
    left.balance("600")
    [row] = left.rows("why", "pay")
    assert (row["note"].startswith("its longest window reaches back before "), row["note"]) == (
        True,
        left.command("why", "pay").out.splitlines()[-1],
    )


def test_where_no_window_does_nothing_is_said_of_it(left: Left) -> None:
    left.configure(SENDS.replace(", cooldown: 1h", ""))
    left.balance("600")
    assert "note" not in left.rows("why", "pay")[0]
    assert "longest window" not in left.command("why", "pay").out


def test_the_doctor_is_content_with_a_daemon_that_answers(bursar: Command) -> None:
    rows = {row["what"]: row["verdict"] for row in bursar("doctor", "--json").json}
    assert (rows["daemon"], "accounts" in rows) == ("ok", True)
