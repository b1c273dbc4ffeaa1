"""What stands for a rule's meaning: what changes it, what does not, and that no secret is in it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from bursar.rules.conditions import compile_condition
from bursar.rules.fingerprint import former_trigger
from support.rules import names, read

FIRST = {
    "name": "refill",
    "on": ["order.partial", "order.failed"],
    "when": "order.remains > 0 and order.charge < 5",
    "do": ["refill", {"notify": {"sink": "ops", "text": "a"}}, {"notify": {"sink": "book", "text": "b"}}],
}
PAY = {"name": "pay", "on": "balance.passed_min_payout", "accounts": ["exchange"]}


def rule_of(raw, **more):
    reading = read(raw, **more)
    assert reading.problems == []
    return reading.rules[0]


def changed(**changes):
    return rule_of({key: value for key, value in {**FIRST, **changes}.items() if value is not None})


def paying(account, secret="T-wallet"):
    return rule_of({**PAY, "do": [{"payout": {"method": "7", "account": account}}]}, secret=secret)


def meaning(text):
    return compile_condition(text, names()).meaning


@pytest.mark.parametrize(
    "changes",
    [
        {"name": "other"},
        {"cooldown": "5m"},
        {"limit": {"per": "order", "max": 1, "every": "1h"}},
        {"mode": "shadow"},
        {"approve": {"within": "1h"}},
        {"severity": "warning"},
        {"was": "old"},
        {"accounts": ["main-panel"]},
        {"on": ["order.failed", "order.partial"]},
        {"when": "order.charge<5 and   (order.remains > 0)"},
        {"do": ["refill", {"notify": {"text": "b", "sink": "book"}}, {"notify": {"sink": "ops", "text": "a"}}]},
        {"do": [{"refill": None}, {"notify": {"sink": "ops", "text": "a"}}, {"notify": {"sink": "book", "text": "b"}}]},
    ],
)
def test_what_leaves_the_fingerprint_as_it_is(changes):
    assert changed(**changes).fingerprint == changed().fingerprint


@pytest.mark.parametrize(
    "changes",
    [
        {"on": ["order.partial"]},
        {"on": ["order.partial", "order.canceled"]},
        {"on": "order", "limit": None},
        {"when": None},
        {"when": "order.remains > 1 and order.charge < 5"},
        {"when": "order.remains > 0 or order.charge < 5"},
        {"when": "order.remains > 0"},
        {"do": ["cancel"]},
        {"do": ["refill"]},
        {"do": ["refill", "cancel"]},
        {"do": [*FIRST["do"][:2], {"notify": {"sink": "book", "text": "c"}}]},
        {"do": [*FIRST["do"][:2], {"notify": {"sink": "ops", "text": "b"}}]},
        {"do": [*FIRST["do"][:2], {"notify": {"sink": "book", "text": "b", "severity": "info"}}]},
    ],
)
def test_what_changes_the_fingerprint(changes):
    assert changed(**changes).fingerprint != changed().fingerprint


def test_the_order_of_two_actions_is_part_of_it():
    assert changed(do=["refill", "cancel"]).fingerprint != changed(do=["cancel", "refill"]).fingerprint


def test_what_is_done_with_what_is_part_of_it():
    one, other = ({"add": {"service": service, "link": "x"}} for service in ("1", "2"))
    assert changed(do=[one]).fingerprint != changed(do=[other]).fingerprint


def test_the_order_of_parameters_is_not():
    one, other = {"add": {"service": "1", "link": "x"}}, {"add": {"link": "x", "service": "1"}}
    assert changed(do=[one]).fingerprint == changed(do=[other]).fingerprint


def test_what_a_rule_waits_for_is_not_part_of_what_it_does():
    assert changed(do=["cancel"]).trigger == changed().trigger
    assert changed(when=None).trigger != changed().trigger


def test_how_long_it_waits_moves_its_holds_and_ends_none():
    state = {"on": "order", "when": "order.remains > 0", "do": ["refill"]}
    assert changed(**state, **{"for": "1h"}).trigger == changed(**state, **{"for": "2h"}).trigger


def test_a_rule_under_another_name_has_the_same_meaning_whatever_its_when():
    assert changed(name="other", when="order.remains > 3").meaning == changed().meaning
    assert changed(do=["cancel"]).meaning != changed().meaning
    assert changed(on="order.partial").meaning != changed().meaning


def test_a_secret_is_not_part_of_what_stands_for_a_rule():
    named = [paying({"env": "WALLET"}, secret) for secret in ("T-one", "T-two")]
    written_out = [paying(secret) for secret in ("T-one", "T-two")]
    assert (len({one.fingerprint for one in named}), len({one.fingerprint for one in written_out})) == (1, 1)


def test_where_a_secret_is_read_from_is():
    assert paying({"env": "WALLET"}).fingerprint != paying({"env": "OTHER"}).fingerprint


@pytest.mark.parametrize(
    "same",
    [
        ("order.remains > 0 and order.charge < 5", "order.charge < 5 and order.remains > 0"),
        ("order.remains > 0 or order.charge < 5", "(order.charge < 5) or (order.remains > 0)"),
        ("order.remains>0", " order.remains  >  0 "),
        ('order.link == "x"', '"x" == order.link'),
        ('order.link != "x"', "'x' != order.link"),
        ('order.link in ["x", "y"]', 'order.link in ["y", "x"]'),
        ("not (order.remains > 0 and order.charge < 5)", "not (order.charge < 5 and order.remains > 0)"),
        (
            "order.remains > 0 and order.charge < 5 and now.hour > 3",
            "now.hour > 3 and order.remains > 0 and order.charge < 5",
        ),
    ],
)
def test_layout_and_order_do_not_count(same):
    assert meaning(same[0]) == meaning(same[1])


@pytest.mark.parametrize(
    "different",
    [
        ("order.remains > 0 and order.charge < 5", "order.remains > 0 or order.charge < 5"),
        ("order.remains > 0", "order.remains < 0"),
        ("order.remains > 0", "order.remains >= 0"),
        ("order.remains > order.charge", "order.charge > order.remains"),
        ("order.remains - order.charge > 0", "order.charge - order.remains > 0"),
        ("order.remains > 0", "order.charge > 0"),
        ("order.remains > 0", "order.remains > 1"),
        ("order.remains > 0", "not order.remains > 0"),
        ("order.remains == null", "order.remains != null"),
        ("now.hour > 3", "now.day > 3"),
        ('order.link in ["x", "y"]', 'order.link in ["x", "z"]'),
        ('order.link == "x"', 'order.link in ["x", "y"]'),
        ('"x" in order.link', '"y" in order.link'),
        ("order.remains > 0 ? order.cancel_requested : false", "order.remains > 0 ? false : order.cancel_requested"),
        ("(order.remains ?? order.charge) > 0", "(order.charge ?? order.remains) > 0"),
        ('order.age > t"P1D"', 'order.age > t"P2D"'),
        ("order.age > $hours(1)", "order.age > $days(1)"),
        (
            "order.remains > 0 and (order.charge < 5 or now.hour > 3)",
            "(order.remains > 0 and order.charge < 5) or now.hour > 3",
        ),
    ],
)
def test_what_may_answer_otherwise_means_something_else(different):
    assert meaning(different[0]) != meaning(different[1])


def test_what_stands_for_a_rule_is_the_same_in_every_process():
    here = changed().fingerprint
    program = "from test_fingerprint import changed; print(changed().fingerprint)"
    there = subprocess.run(
        [sys.executable, "-c", program],
        cwd=Path(__file__).parent,
        capture_output=True,
        encoding="utf-8",
        check=True,
        env={**os.environ, "PYTHONHASHSEED": "7", "PYTHONPATH": str(Path(__file__).parents[2])},
    )
    assert there.stdout.strip() == here


def test_what_stood_for_a_trigger_in_an_older_journal_is_its_text():
    rule = changed()
    older = former_trigger(rule.on, rule.watches, rule.when)
    assert (older != rule.trigger, older == former_trigger(rule.on, None, changed(do=["cancel"]).when)) == (True, True)
