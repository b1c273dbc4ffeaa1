"""Whatever somebody types, a condition or template is compiled or refused in one sentence, never anything else."""

from __future__ import annotations

from contextlib import suppress
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st
from rules_world import names, scope

from bursar.domain.rule import TemplateFailed
from bursar.rules.conditions import ConditionError, compile_condition
from bursar.rules.templates import TemplateError, compile_parameter, compile_text

WORDS = st.sampled_from([
    "order", ".", "remains", "link", "state", "age", "now", "hour", "before", "event", "type", "account", "labels",
    "team", "and", "or", "not", "in", "null", "true", "false", "for", "if", "==", "!=", "<", ">", "<=",
    ">=", "+", "-", "*",
    "/", "**", "//", "%", "??", "?", ":", "(", ")", "[", "]", ",", "$lower", "$days", "$round", "0", "1", "10.10", "99",
    '"a"', 't"P1D"', 'd"2026-01-01"', "order.remains", "order.link", "order.age", "&", "=~", "{", "}", "\n",
])
TYPED = st.one_of(st.lists(WORDS, max_size=14).map(" ".join), st.text(max_size=30))
PIECES = st.sampled_from([
    "{{", "}}", "{%", "%}", "{#", "#}", " ", "order", ".id", ".remains", "order.remains", "order.link", "if",
    "else", "endif", "for", "set", "in", "|", "upper", "round", "default", "(", ")", "1", "2.5", "+", "*",
    "%", "~", "'a'", "is",
    "defined", "-", "[", "]", "__class__", "now", "text",
])
TEMPLATES = st.one_of(st.lists(PIECES, max_size=14).map(" ".join), st.lists(PIECES, max_size=14).map("".join))


@settings(max_examples=500, deadline=None)
@given(TYPED)
def test_conditions(text):
    try:
        condition = compile_condition(text, names())
    except ConditionError:
        return
    about = scope(remains=Decimal(3), link="a")
    assert condition.judge(about).truth in (True, False, None)
    condition.changes_at(about)


@settings(max_examples=500, deadline=None)
@given(TEMPLATES, st.sampled_from([compile_text, compile_parameter]))
def test_templates(text, compile_):
    with suppress(TemplateError, TemplateFailed):
        assert compile_(text, names()).render(scope(remains=Decimal(3), link="a")) is not None
