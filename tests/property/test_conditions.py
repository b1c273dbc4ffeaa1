"""Whatever somebody types, a condition or template is compiled or refused in one sentence, never anything else."""

from __future__ import annotations

from contextlib import suppress
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from bursar.domain.rule import TemplateFailed
from bursar.rules.conditions import ConditionError, compile_condition
from bursar.rules.templates import TemplateError, compile_parameter, compile_text
from support.properties import examples
from support.rules import names, scope

WORDS = st.sampled_from(
    [
        "order",
        ".",
        "remains",
        "link",
        "state",
        "age",
        "now",
        "hour",
        "before",
        "event",
        "type",
        "account",
        "labels",
        "team",
        "and",
        "or",
        "not",
        "in",
        "null",
        "true",
        "false",
        "for",
        "if",
        "==",
        "!=",
        "<",
        ">",
        "<=",
        ">=",
        "+",
        "-",
        "*",
        "/",
        "**",
        "//",
        "%",
        "??",
        "?",
        ":",
        "(",
        ")",
        "[",
        "]",
        ",",
        "$lower",
        "$days",
        "$round",
        "0",
        "1",
        "10.10",
        "99",
        '"a"',
        't"P1D"',
        'd"2026-01-01"',
        "order.remains",
        "order.link",
        "order.age",
        "&",
        "=~",
        "{",
        "}",
        "\n",
    ]
)
WHOLE = st.sampled_from(
    [
        "order.remains > 0",
        "order.remains in [ 1 , 10.10 ]",
        'order.link == "a"',
        'order.age > t"P1D"',
        'now >= d"2026-01-01"',
        "now.hour == 10",
        'account.labels.team == "a"',
        "$lower ( order.link ) == null",
        "$days ( 99 ) > order.age",
        "( order.remains + 1 ) * 99 <= ( order.remains ?? 0 )",
        "( order.age ?? order.age ) != null",
    ]
)
SOUND = st.recursive(
    WHOLE,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["and", "or"]), inner).map("( {0[0]} ) {0[1]} ( {0[2]} )".format),
        inner.map("not ( {} )".format),
    ),
    max_leaves=4,
)


@st.composite
def slips(draw):
    """Type a sound condition, and slip: once or twice, a word is left out, or another one put in its place."""
    words = draw(SOUND).split(" ")
    for _ in range(draw(st.integers(1, 2))):
        words[draw(st.integers(0, len(words) - 1))] = draw(WORDS | st.just(""))
    return " ".join(words)


TYPED = st.one_of(slips(), st.lists(WORDS, max_size=14).map(" ".join), st.text(max_size=30))
PIECES = st.sampled_from(
    [
        "{{",
        "}}",
        "{%",
        "%}",
        "{#",
        "#}",
        " ",
        "order",
        ".id",
        ".remains",
        "order.remains",
        "order.link",
        "if",
        "else",
        "endif",
        "for",
        "set",
        "in",
        "|",
        "upper",
        "round",
        "default",
        "(",
        ")",
        "1",
        "2.5",
        "+",
        "*",
        "%",
        "~",
        "'a'",
        "is",
        "defined",
        "-",
        "[",
        "]",
        "__class__",
        "now",
        "text",
    ]
)
TEMPLATES = st.one_of(st.lists(PIECES, max_size=14).map(" ".join), st.lists(PIECES, max_size=14).map("".join))


def answered(condition):
    about = scope(remains=Decimal(3), link="a")
    assert condition.judge(about).truth in (True, False, None)
    condition.changes_at(about)


@examples(200)
@given(SOUND)
def test_what_is_sound_is_compiled_and_answered(text):
    answered(compile_condition(text, names()))


@examples(500)
@given(TYPED)
def test_conditions(text):
    with suppress(ConditionError):
        answered(compile_condition(text, names()))


@examples(500)
@given(TEMPLATES, st.sampled_from([compile_text, compile_parameter]))
def test_templates(text, compile_):
    with suppress(TemplateError, TemplateFailed):
        assert compile_(text, names()).render(scope(remains=Decimal(3), link="a")) is not None
