"""What a person says became of an action: it is over, it is asked for anew, it was made or was not."""

from __future__ import annotations

import pytest

from bursar.api import Later, Lost, Outcome, Refused
from support.left import PAY, Left, without_times

OF_600 = "1: payout of 600 USD at exchange, for the rule pay\n"
RESTS = "1: its rule asks no more before TIME; `bursar actions retry 1` has it ask earlier\n"
SENDS = f"{PAY}}}"


def ended(left: Left, outcome: Outcome, rule: str = SENDS) -> Left:
    """Let a payout of 600 be tried."""
    left.configure(rule)
    left.balance("600", outcome)
    return left


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
