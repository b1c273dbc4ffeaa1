"""What a person answers on the command line: yes, or no; and an answer that is not taken."""

from __future__ import annotations

import pytest

from bursar.cli.actions import YES_IS
from support.left import ASKS, PAY, Left, without_times

OF_600 = "1: payout of 600 USD at exchange, for the rule pay\n"
REFILL_OF_1 = "2: refill on order/1 at main-panel, for the rule refill\n"
RESTS = "1: its rule asks no more before TIME; `bursar actions retry 1` has it ask earlier\n"
REFILL = "{name: refill, on: order.partial, do: [refill]}"


@pytest.fixture
def grown(asked: Left) -> Left:
    """The same; by now the balance is 700."""
    asked.balance("700")
    return asked


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


@pytest.mark.parametrize(("words", "said"), [
    (("actions", "--state", "unknown"), "state unknown"), (("events", "--type", "order.partial"), "type order.partial"),
    (("deliveries", "--state", "dead"), "state dead"), (("events", "--account", "exchange", "--type", "order.partial"), "account exchange, type order.partial"),
    (("orders", "exchange"), "account exchange"),
])  # fmt: skip
def test_an_empty_list_says_what_it_was_asked_for(asked: Left, words: tuple[str, ...], said: str) -> None:
    """It says nothing of what was not."""
    assert asked.command(*words).out == f"nothing matches {said}\n"
