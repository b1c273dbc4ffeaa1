"""When time alone changes an answer: to the microsecond, and never later than that."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bursar.api import FieldKind, Function
from bursar.rules.compiler import COMPARISONS
from bursar.rules.conditions import compile_condition
from bursar.rules.time_triggers import first_change
from support.properties import examples
from support.rules import NOW, names, scope

US = timedelta(microseconds=1)
DAY = timedelta(days=1)


def crossing(text, **facts):
    return compile_condition(text, names()).changes_at(scope(**facts))


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ('order.age > t"P30D"', NOW + 27 * DAY + US),
        ('order.age >= t"P30D"', NOW + 27 * DAY),
        ('order.age < t"P30D"', NOW + 27 * DAY),
        ('order.age <= t"P30D"', NOW + 27 * DAY + US),
        ('order.age == t"P30D"', NOW + 27 * DAY),
        ('order.age != t"P30D"', NOW + 27 * DAY),
        ('t"P30D" < order.age', NOW + 27 * DAY + US),
        ('order.age > t"P3D"', NOW + US),
        ('order.age == t"P3D"', NOW + US),
        ('order.age > t"P2D"', None),
        ('order.age < t"P2D"', None),
        ('order.state_age > t"PT2H"', NOW + timedelta(hours=1) + US),
        ('order.age + order.age >= t"P30D"', NOW + 12 * DAY),
        ("order.age > order.state_age", None),
        ('now >= d"2026-12-01"', datetime(2026, 12, 1, tzinfo=timezone.utc)),
        ('now - order.placed >= t"P9D"', NOW + 8 * DAY),
        ('-order.age <= -t"P4D"', NOW + DAY),
        ("order.remains > 0", None),
        ('order.remains > 0 and order.age > t"P4D"', NOW + DAY + US),
        ('order.age > t"P5D" or order.age > t"P4D"', NOW + DAY + US),
        ('not (order.age >= t"P4D")', NOW + DAY),
        ('order.age in [t"P9D", t"P4D"]', NOW + DAY),
        ('(order.age > t"P4D") == true', NOW + DAY + US),
        ('(order.charge == null ? order.age : order.state_age) >= t"P4D"', NOW + DAY),
        ("now.hour == 13", NOW + timedelta(minutes=1)),
        ('(now + t"PT30S").minute == 0', NOW + timedelta(seconds=30)),
        ('(d"2026-12-01T00:00:20Z" - order.age).minute == 1', NOW + timedelta(seconds=20) + US),
        ('order.age + t"P999999999D" > t"P1D"', None),
    ],
)
def test_the_instant_of_the_next_change(text, at):
    assert crossing(text, placed=NOW - DAY, remains=Decimal(1)) == at


def test_what_is_unknown_waits_for_no_time():
    assert crossing('order.state_age > t"P1D"', state_age=None) is None


def test_a_fallback_moves_as_what_it_falls_back_to():
    text = '(order.state_age ?? order.age) >= t"P4D"'
    assert crossing(text, state_age=None) == NOW + DAY
    assert crossing(text) == NOW + 4 * DAY - timedelta(hours=1)


def test_a_plugins_function_of_an_age_is_asked_every_full_minute():
    functions = {"odd": Function("odd", lambda age: age.days % 2 == 1, (FieldKind.DURATION,), FieldKind.BOOLEAN)}
    condition = compile_condition("$odd(order.age)", names(), functions)
    assert condition.changes_at(scope(now=NOW + timedelta(seconds=7))) == NOW + timedelta(minutes=1)


@given(
    sign=st.sampled_from(sorted(COMPARISONS)),
    distance=st.integers(-40, 40),
    rate=st.integers(-4, 4),
)
def test_first_change_is_the_first(sign, distance, rate):
    compare = COMPARISONS[sign]
    answers = [compare(distance + rate * step, 0) for step in range(100)]
    expected = next((step for step, answer in enumerate(answers) if answer is not answers[0]), None)
    assert first_change(sign, distance, rate) == expected


SIGN = st.sampled_from(["<", "<=", ">", ">=", "==", "!="])
CLOCK = st.sampled_from(
    [
        "order.age",
        "order.state_age",
        "(order.age + order.age)",
        "(order.age - order.state_age)",
        "(order.state_age ?? order.age)",
        "(now - order.placed)",
    ]
)
SPAN = st.sampled_from(['t"P4D"', 't"PT90M"', 't"P1DT1S"', 't"PT0S"', "order.state_age", '(order.age - t"PT3H")'])
LINE = st.tuples(CLOCK, SIGN, SPAN).map(" ".join)
HOUR = st.tuples(
    st.sampled_from(["now", "(now + order.age)", '(now - t"PT17S")']),
    st.sampled_from(["minute", "hour"]),
    SIGN,
    st.integers(0, 23),
).map(lambda parts: "{}.{} {} {}".format(*parts))
LEAF = st.one_of(LINE, HOUR)
CONDITION = st.lists(LEAF, min_size=1, max_size=3).flatmap(
    lambda leaves: st.sampled_from([" and ", " or "]).map(lambda word: word.join(f"({leaf})" for leaf in leaves))
)
AGE = st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=6))


def later(about, now):
    return replace(about, now=now)


@examples(300)
@given(text=CONDITION, age=AGE, state_age=AGE, placed=AGE, part=st.floats(0, 1), beyond=AGE)
def test_nothing_changes_before_the_instant(text, age, state_age, placed, part, beyond):
    condition = compile_condition(text, names())
    about = scope(age=age, state_age=state_age, placed=NOW - placed)
    at = condition.changes_at(about)
    until = at - US if at is not None else NOW + beyond
    now = condition.judge(about).truth
    for instant in (NOW + (until - NOW) * part, until):
        assert condition.judge(later(about, instant)).truth is now


def less_than(limit):
    return st.timedeltas(timedelta(0), limit - US)


@st.composite
def meetings(draw):
    """Make a comparison and the ages at which its sides move towards one another: at some instant they meet."""
    ages = {"age": draw(AGE), "state_age": draw(AGE), "placed": draw(AGE)}
    beyond = US + draw(AGE)
    kind = draw(st.sampled_from(["a span", "twice", "half", "hours"]))
    if kind == "a span":
        (left, (which, rate)), (right, span) = draw(GROWING), draw(LONG)
        ages[which] = draw(less_than(span / rate))
    elif kind == "twice":
        left, right = "(order.age + order.age)", "order.state_age"
        ages["state_age"] = 2 * ages["age"] + beyond
    elif kind == "half":
        left, right = "(order.age - order.state_age)", "order.state_age"
        ages["age"] = 2 * ages["state_age"] + beyond
    else:
        left, right = "(order.age - order.state_age)", '(order.age - t"PT3H")'
        ages["state_age"] = draw(less_than(timedelta(hours=3)))
    return f"{left} {draw(SIGN)} {right}", ages


GROWING = st.sampled_from(
    [
        ("order.age", ("age", 1)),
        ("order.state_age", ("state_age", 1)),
        ("(order.age + order.age)", ("age", 2)),
        ("(order.state_age ?? order.age)", ("state_age", 1)),
        ("(now - order.placed)", ("placed", 1)),
    ]
)
LONG = st.sampled_from(
    [('t"P4D"', 4 * DAY), ('t"PT90M"', timedelta(minutes=90)), ('t"P1DT1S"', DAY + timedelta(seconds=1))]
)


@examples(300)
@given(meetings())
def test_a_single_comparison_does_change_at_it(meeting):
    text, ages = meeting
    condition = compile_condition(text, names())
    about = scope(age=ages["age"], state_age=ages["state_age"], placed=NOW - ages["placed"])
    at = condition.changes_at(about)
    assert at > NOW
    assert condition.judge(later(about, at)).truth is (not condition.judge(about).truth)
