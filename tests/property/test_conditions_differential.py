"""Our closures answer as rule-engine's own evaluation does, on data without gaps."""

from __future__ import annotations

import decimal
from datetime import timedelta, timezone

import rule_engine
from hypothesis import given, reject
from hypothesis import strategies as st

from bursar.rules.conditions import ConditionError, compile_condition
from bursar.rules.syntax import NUMBERS
from support.properties import examples
from support.rules import NOW, names, scope

NUMBER = st.sampled_from(["order.remains", "order.charge", "order.quantity", "0", "1", "2.50", "10.10", "0.1"])
TEXT = st.sampled_from(["order.link", "order.service", '"a"', '"b"', '"ab"'])
DURATION = st.sampled_from(["order.age", "order.state_age", 't"P1D"', 't"PT90S"', 't"P2DT3H"'])
INSTANT = st.sampled_from(["now", "order.placed", 'd"2026-11-20T12:00:00Z"', 'd"2026-11-21"'])
FLAG = st.sampled_from(["order.cancel_requested", "order.refill_requested", "true", "false"])


def joined(*parts):
    return st.tuples(*(part if not isinstance(part, str) else st.just(part) for part in parts)).map(" ".join)


def choice(*signs):
    return st.sampled_from(signs)


NUMBERS_ = st.recursive(
    NUMBER, lambda inner: joined("(", inner, choice("+", "-", "*", "/", "//", "%"), inner, ")"), max_leaves=4
)
DURATIONS = st.recursive(DURATION, lambda inner: joined("(", inner, choice("+", "-"), inner, ")"), max_leaves=3)
INSTANTS = st.one_of(INSTANT, joined("(", INSTANT, choice("+", "-"), DURATIONS, ")"))
ORDERED = choice("<", "<=", ">", ">=", "==", "!=")
LEAF = st.one_of(
    FLAG,
    joined(NUMBERS_, ORDERED, NUMBERS_),
    joined(TEXT, ORDERED, TEXT),
    joined(TEXT, choice("in", "not in"), TEXT),
    joined(DURATIONS, ORDERED, DURATIONS),
    joined(INSTANTS, ORDERED, INSTANTS),
    joined("(", INSTANT, ").hour", ORDERED, NUMBER),
    joined(NUMBER, choice("in", "not in"), "[", NUMBER, ",", NUMBER, "]"),
    joined("(", NUMBERS_, "??", NUMBER, ")", ORDERED, NUMBER),
    joined(NUMBER, choice("==", "!="), "null"),
)
CONDITION = st.recursive(
    LEAF.map(lambda text: f"({text})"),
    lambda inner: st.one_of(
        joined("(", inner, choice("and", "or"), inner, ")"),
        joined("( not", inner, ")"),
        joined("(", inner, "?", inner, ":", inner, ")"),
    ),
    max_leaves=6,
)
AMOUNT = st.decimals(min_value=-1000, max_value=1000, places=2)
LETTERS = st.text("ab", max_size=3)
SPAN = st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=3))


FLOAT, STRING, FLAG_TYPE = rule_engine.DataType.FLOAT, rule_engine.DataType.STRING, rule_engine.DataType.BOOLEAN
ORDER_TYPE = rule_engine.DataType.OBJECT(
    "order",
    attributes={
        "remains": FLOAT,
        "charge": FLOAT,
        "quantity": FLOAT,
        "link": STRING,
        "service": STRING,
        "cancel_requested": FLAG_TYPE,
        "refill_requested": FLAG_TYPE,
        "placed": rule_engine.DataType.DATETIME,
        "age": rule_engine.DataType.TIMEDELTA,
        "state_age": rule_engine.DataType.TIMEDELTA,
    },
    accessor=lambda order, name: order[name],
)
TYPES = rule_engine.type_resolver_from_dict({"order": ORDER_TYPE, "now": rule_engine.DataType.DATETIME})


def theirs(text, values):
    """Evaluate by the library, typed by the same declarations."""
    context = rule_engine.Context(
        default_timezone=timezone.utc,
        decimal_context=NUMBERS,
        resolver=rule_engine.resolve_item,
        type_resolver=TYPES,
        mapping_attribute_lookup=False,
    )
    with decimal.localcontext(NUMBERS):
        return rule_engine.Rule(text, context=context).evaluate(values)


@examples(400)
@given(
    text=CONDITION,
    remains=AMOUNT,
    charge=AMOUNT,
    quantity=AMOUNT,
    link=LETTERS,
    service=LETTERS,
    age=SPAN,
    state_age=SPAN,
    placed=SPAN,
    flags=st.tuples(st.booleans(), st.booleans()),
)
def test_both_evaluators_agree(text, remains, charge, quantity, link, service, age, state_age, placed, flags):
    fields = {
        "remains": remains,
        "charge": charge,
        "quantity": quantity,
        "link": link,
        "service": service,
        "placed": NOW - placed,
        "cancel_requested": flags[0],
        "refill_requested": flags[1],
    }
    try:
        condition = compile_condition(text, names())
        expected = theirs(text, {"now": NOW, "order": {**fields, "age": age, "state_age": state_age}})
    except (rule_engine.errors.EngineError, ConditionError, ArithmeticError) as error:
        assert_is_about_a_calculation(error)
        reject()
    answer = condition.judge(scope(age=age, state_age=state_age, **fields))
    assert answer.truth is bool(expected), answer.reason


def assert_is_about_a_calculation(error):
    """Only sums that cannot be done may part the two: theirs raises, ours is unknown or refuses to fold them."""
    words = ("division by zero", "arithmetic", "cannot be done", "calculation", "InvalidOperation", "Division")
    assert any(word in f"{error} {type(error).__name__}" for word in words), error
