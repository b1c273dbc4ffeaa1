"""Conditions answer with three values, exactly, and never raise."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from decimal import Decimal

import pytest

from bursar.api import FieldKind, Function
from bursar.domain.ids import SubjectRef
from bursar.domain.observation import Snapshot
from bursar.domain.rule import AccountFacts, Scope
from bursar.rules.conditions import compile_condition
from bursar.rules.names import names_for
from support.rules import NOW, ORDER, REFILL, names, number, order_event, scope

SPELT = {"T": "order.remains == 1", "F": "order.remains == 2", "U": "order.charge == 1"}
VALUE = {"T": True, "F": False, "U": None}
AND = {"TT": "T", "TF": "F", "TU": "U", "FT": "F", "FF": "F", "FU": "F", "UT": "U", "UF": "F", "UU": "U"}
OR = {"TT": "T", "TF": "T", "TU": "T", "FT": "T", "FF": "F", "FU": "U", "UT": "T", "UF": "U", "UU": "U"}


def truth(text, **fields):
    event = fields.pop("event", None)
    return compile_condition(text, names()).judge(scope(event=event, **fields)).truth


def reason(text, **fields):
    event = fields.pop("event", None)
    return compile_condition(text, names()).judge(scope(event=event, **fields)).reason


@pytest.mark.parametrize(("pair", "result"), AND.items())
def test_and_follows_kleene(pair, result):
    assert truth(f"{SPELT[pair[0]]} and {SPELT[pair[1]]}", remains=Decimal(1)) is VALUE[result]


@pytest.mark.parametrize(("pair", "result"), OR.items())
def test_or_follows_kleene(pair, result):
    assert truth(f"{SPELT[pair[0]]} or {SPELT[pair[1]]}", remains=Decimal(1)) is VALUE[result]


@pytest.mark.parametrize(("one", "result"), [("T", "F"), ("F", "T"), ("U", "U")])
def test_not_unknown_is_unknown(one, result):
    assert truth(f"not ({SPELT[one]})", remains=Decimal(1)) is VALUE[result]


@pytest.mark.parametrize(
    "text",
    [
        "order.charge > 0",
        "order.charge < 0",
        "order.charge == 0",
        "order.charge != 0",
        "0 >= order.charge",
        "order.charge in [1, 2]",
        "order.charge not in [1, 2]",
        "order.remains in [order.charge]",
        "order.charge + 1 > 0",
        "-order.charge < 0",
        "$abs(order.charge) > 0",
        "order.cancel_requested",
        "not order.cancel_requested",
        '"x" in order.link',
        "order.charge > order.start_count",
        "order.cancel_requested ? true : true",
        "order.placed < now",
        "order.placed.hour > 3",
        'order.state_age > t"PT1S"',
    ],
)
def test_a_field_without_information_makes_its_comparison_unknown(text):
    assert truth(text, remains=Decimal(3), state_age=None) is None


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("order.charge == null", True),
        ("order.charge != null", False),
        ("null == order.charge", True),
        ("null != order.remains", True),
        ("order.remains == null", False),
        ("(order.charge ?? 5) > 4", True),
        ("(order.remains ?? 5) > 4", False),
        ("(order.charge ?? order.charge) > 1", None),
        ("order.charge == null or order.charge > 5", True),
        ("order.charge != null and order.charge > 5", False),
        ("not (order.charge == null)", False),
        ("order.cancel_requested ?? false", False),
        ("((order.remains / 0) ?? 1) == 1", True),
        ("order.remains / 0 == null", True),
    ],
)
def test_null_and_fallback_are_how_to_ask_for_absence(text, answer):
    assert truth(text, remains=Decimal(3)) is answer


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("order.charge == 10.1", True),
        ("order.charge == 0.1 + 10.00", True),
        ("order.charge * 3 == 30.30", True),
        ("order.charge - 10 == 0.1", True),
        ("order.charge / 4 == 2.525", True),
        ("order.charge // 3 == 3", True),
        ("order.charge % 3 == 1.10", True),
        ("order.charge ** 2 == 102.01", True),
        ("-order.charge == -10.1", True),
        ("$round(order.charge / 3, 2) == 3.37", True),
        ("$round(0.125, 2) == 0.13", True),
        ("$abs(0 - order.charge) > 10", True),
        ("order.charge > 10.1", False),
        ("order.charge >= 10.1", True),
    ],
)
def test_money_is_exact(text, answer):
    assert truth(text, charge=number("10.10")) is answer


def test_amounts_of_thirty_digits_are_added_exactly():
    charge = Decimal(10) ** 29 + Decimal("1e-29")
    assert (
        truth(
            "order.charge + order.start_count - order.charge == order.start_count",
            charge=charge,
            start_count=Decimal("1e-29"),
        )
        is True
    )


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ('order.state == "partial"', True),
        ('order.state in ["pending", "partial"]', True),
        ('order.state not in ["pending", "partial"]', False),
        ('order.link == "HTTP://X"', False),
        ('$lower(order.link) == "http://x/a"', True),
        ('$matches(order.link, "*/A")', True),
        ('$matches(order.link, "*/a")', False),
        ('"X" in order.link', True),
        ('"y" not in order.link', True),
        ('order.link + "?" == "http://X/A?"', True),
        ('order.id == "101"', True),
        ('subject.id == "101"', True),
        ('account.name == "main-panel" and account.provider == "smm" and account.currency == "USD"', True),
        ('account.labels.team == "eu"', True),
        ('order.age == t"P3D"', True),
        ('order.state_age < t"PT2H"', True),
        ("order.age > $days(2.5) and order.age < $hours(73) and order.state_age == $minutes(60)", True),
        ('now == d"2026-11-21T12:00:00Z"', True),
        ('now - order.age == d"2026-11-18T12:00"', True),
        ('now.weekday == "Saturday" and now.hour == 12 and now.minute == 0 and now.year == 2026', True),
        ('(now - t"P1D").day == 20 and now.month == 11', True),
        ("true", True),
        ("not true", False),
        ('order.state == "partial" ? order.remains > 1 : false', True),
    ],
)
def test_names_and_functions(text, answer):
    assert truth(text, link="http://X/A", remains=Decimal(3)) is answer


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ('event.type == "order.partial"', True),
        ('event.account == "main-panel"', True),
        ("event.time == now", True),
        ('$matches(event.id, "ev_*")', True),
        ('event.reason == "too late"', True),
        ('event.intent == "7"', True),
        ('event.rule == "x"', None),
        ('before.state == "in_progress"', True),
        ("before.remains == 5", True),
        ("before.charge == 1", None),
        ("before.remains - order.remains == 2", True),
    ],
)
def test_events_and_former_values(text, answer):
    event = order_event(data={"reason": "too late", "intent": 7}, state="in_progress", remains=Decimal(5))
    assert truth(text, remains=Decimal(3), event=event) is answer


def test_a_scope_without_an_event_has_no_former_values():
    assert truth("before.remains == 5", remains=Decimal(5)) is None


def test_a_subject_of_another_type_has_no_information():
    both = names_for({"order": [ORDER], "refill": [REFILL]})
    about_refill = Scope(
        AccountFacts("main-panel", "smm"), NOW, Snapshot("main-panel", SubjectRef("refill", "9"), {"order": "101"}, NOW)
    )
    assert compile_condition('refill.order == "101"', both).judge(about_refill).truth is True
    assert compile_condition('order.id == "9"', both).judge(about_refill).truth is None


def test_a_scope_without_a_subject_has_no_information():
    bare = Scope(AccountFacts("main-panel", "smm"), NOW)
    assert compile_condition('order.age > t"PT0S" or order.remains > 0', names()).judge(bare).truth is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("order.remains > 0", "order.remains > 0 is false: order.remains is 0"),
        ("order.charge > 0", "order.charge > 0 is unknown: order.charge has no information"),
        ("order.charge > 0 and order.remains > 0", "order.remains > 0 is false: order.remains is 0"),
        (
            'order.remains == 0 and order.state == "completed"',
            'order.state == "completed" is false: order.state is "partial"',
        ),
        (
            "order.quantity / order.remains > 1",
            "order.quantity / order.remains > 1 is unknown: division by zero; order.quantity is 5, order.remains is 0",
        ),
        (
            "order.quantity > 9 or order.remains > 0",
            "order.quantity > 9 or order.remains > 0 is false: order.quantity is 5, order.remains is 0",
        ),
        ('order.age > t"P30D"', 'order.age > t"P30D" is false: order.age is 3d'),
        ("order.quantity == 5", "order.quantity == 5 is true: order.quantity is 5"),
        ("order.charge == null and order.charge > 1", "order.charge > 1 is unknown: order.charge has no information"),
        (
            "order.charge != null or order.start_count > 1",
            "order.charge != null or order.start_count > 1 is unknown: order.start_count has no information",
        ),
        ("not (order.quantity == 5)", "not (order.quantity == 5) is false: order.quantity is 5"),
    ],
)
def test_reasons_name_the_first_clause_that_was_not_true(text, said):
    assert reason(text, remains=Decimal(0), quantity=Decimal(5)) == said


def test_a_sum_that_grows_too_large_is_unknown():
    text = 'now + t"P999999999D" > now'
    assert (truth(text), reason(text)) == (
        None,
        f'{text} is unknown: now + t"P999999999D" grows too large; now is 2026-11-21T12:00:00Z',
    )


@pytest.mark.parametrize(
    "wrong",
    [
        {"remains": "many"},
        {"remains": float("nan")},
        {"remains": Decimal("sNaN")},
        {"remains": Decimal("Infinity")},
        {"remains": object()},
        {"remains": [1]},
        {"link": 5},
        {"cancel_requested": "yes"},
        {"placed": "today"},
        {"placed": datetime(2026, 1, 1)},  # noqa: DTZ001 - a naive instant is what must do no harm
        {"remains": Decimal("1e999999")},
        {"remains": b"\xff"},
        {"link": "\ud800" * 10_000},
    ],
)
@pytest.mark.parametrize(
    "text",
    [
        "order.remains > 0",
        "order.remains * order.remains > 1",
        "order.remains ** 99 > 0",
        "1 / order.remains > 0",
        "$round(order.remains, 2) > 0",
        '$lower(order.link) == "x"',
        "order.cancel_requested",
        "order.placed < now",
        "order.placed.hour > 1",
        "order.remains in [1]",
        '"x" in order.link',
        "(order.remains ?? 1) > 0",
        "order.placed + $days(order.remains) > now",
    ],
)
def test_no_data_makes_a_condition_raise(text, wrong):
    condition = compile_condition(text, names())
    judgement = condition.judge(scope(**wrong))
    assert judgement.truth in (True, False, None)
    assert len(judgement.reason) < 2000
    condition.changes_at(scope(**wrong))


def test_what_a_plugins_function_cannot_do_is_unknown():
    def broken(value):
        raise RuntimeError("the secret is hunter2")

    functions = {"broken": Function("broken", broken, (FieldKind.NUMBER,), FieldKind.NUMBER)}
    condition = compile_condition("$broken(order.remains) > 1", names(), functions)
    judgement = condition.judge(scope(remains=Decimal(1)))
    assert (judgement.truth, "hunter2" in judgement.reason) == (None, False)
    assert "$broken fails (RuntimeError)" in judgement.reason


@pytest.mark.parametrize(("given", "answer"), [(3, True), (2.5, True), (None, None), ("3", None), (True, None)])
def test_a_plugins_function_gives_what_it_declares_or_unknown(given, answer):
    functions = {"give": Function("give", lambda text: given, (FieldKind.TEXT,), FieldKind.NUMBER)}
    condition = compile_condition("$give(order.id) >= 2.5", names(), functions)
    assert condition.judge(scope()).truth is answer


def test_a_plugin_cannot_replace_our_functions():
    functions = {"lower": Function("lower", lambda text: "hacked", (FieldKind.TEXT,), FieldKind.TEXT)}
    assert compile_condition('$lower("A") == "a"', names(), functions).judge(scope()).truth is True


def test_ages_count_from_creation_and_from_the_state():
    about = scope(age=timedelta(days=2), state_age=timedelta(minutes=5))
    condition = compile_condition('order.age == t"P2D" and order.state_age == t"PT5M"', names())
    assert condition.judge(about).truth is True


def test_the_text_is_kept_as_it_was_written():
    assert compile_condition(" order.remains>0 ", names()).text == " order.remains>0 "


def test_instants_of_other_zones_are_compared_as_instants():
    elsewhere = datetime(2026, 11, 21, 15, 0, tzinfo=timezone(timedelta(hours=3)))
    assert truth("order.placed == now and order.placed.hour == 12", placed=elsewhere) is True
