"""Texts and parameters: exact, strict, and closed."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from bursar.api import Secret
from bursar.domain.rule import TemplateFailed
from bursar.rules.templates import Fixed, SecretTemplate, TemplateError, compile_parameter, compile_text
from support.rules import NOW, names, order_event, scope

FACTS = {"remains": Decimal("10.10"), "link": "http://x/{{ order.id }}", "cancel_requested": False}


def text(template, **facts):
    return compile_text(template, names()).render(scope(**{**FACTS, **facts}))


def parameter(template, **facts):
    return compile_parameter(template, names()).render(scope(**{**FACTS, **facts}))


@pytest.mark.parametrize(
    ("template", "rendered"),
    [
        ("Order {{ order.id }} is {{ order.state }}", "Order 101 is partial"),
        ("{{ order.remains }}", "10.10"),
        ("{{ order.remains * 1.5 }}", "15.150"),
        ("{{ order.remains + 1 }} {{ 10.10 + order.remains }}", "11.10 20.20"),
        ("{{ -order.remains }}", "-10.10"),
        ("{{ order.remains == 10.1 }}", "true"),
        ("{{ order.remains | round(1) }} {{ 2.345 | round(2) }}", "10.1 2.35"),
        ("{{ order.cancel_requested }}", "false"),
        ("{{ order.age }}", "3d"),
        ("{{ now }}", "2026-11-21T12:00:00Z"),
        ("{{ now.year }}-{{ now.month }}", "2026-11"),
        ("{{ now - order.age }}", "2026-11-18T12:00:00Z"),
        (
            "{{ subject.id }} {{ account.name }} {{ account.labels.team }} {{ account.labels['team'] }}",
            "101 main-panel eu eu",
        ),
        ("{{ order.link }}", "http://x/{{ order.id }}"),
        ("{{ order.link | upper | truncate(6) }}", "HTTP:…"),
        ("{{ order.charge }}", "–"),
        ("{{ order.charge * 2 + 1 }} {{ order.charge | round(2) }} {{ order.charge | upper }}", "– – –"),
        ("{{ order.charge | default('unknown') }}", "unknown"),
        ("{{ 'x' if order.charge is defined else 'y' }}", "y"),
        ("{% if order.charge > 1 %}much{% elif order.remains > 1 %}rest{% endif %}", "rest"),
        ("{{ event.type }} {{ event.reason }} {{ before.remains }}", "order.partial – 12.00"),
        ("a {# comment #}b", "a b"),
        ("{{ order.id ~ '/' ~ order.remains }}", "101/10.10"),
        ("", ""),
    ],
)
def test_texts(template, rendered):
    event = order_event(remains=Decimal("12.00"))
    assert compile_text(template, names()).render(scope(event=event, **FACTS)) == rendered


@pytest.mark.parametrize(
    ("template", "value"),
    [
        ("{{ order.remains }}", Decimal("10.10")),
        ("{{- order.remains -}}", Decimal("10.10")),
        ("{{ order.remains * 2 }}", Decimal("20.20")),
        ("{{ order.remains }} ", "10.10 "),
        ("{{ order.remains }}{{ order.id }}", "10.10101"),
        ("{{ order.id }}", "101"),
        ("{{ order.cancel_requested }}", False),
        ("{{ order.age }}", timedelta(days=3)),
        ("{{ now }}", NOW),
        ("{{ 7 }}", Decimal(7)),
        ("{{ 1.50 }}", Decimal("1.5")),
        ("{{ '}}' }}", "}}"),
        ("{{ order.charge | default(3) }}", Decimal(3)),
        ("10.10", "10.10"),
        ("7", "7"),
        ("x{{ order.id }}", "x101"),
    ],
)
def test_a_parameter_that_is_one_expression_is_the_value_itself(template, value):
    rendered = parameter(template)
    assert (rendered, type(rendered)) == (value, type(value))


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ("{{ order.charge }}", "order.charge has no information"),
        ("{{ order.charge }} USD", "order.charge has no information"),
        ("{{ order.charge * 2 }}", "order.charge has no information"),
        ("{{ order.charge > 2 }}", "order.charge has no information"),
        ("{{ order.charge | upper }}-", "order.charge has no information"),
        ("{{ order.remains / 0 }}", "DivisionByZero"),
        ("{{ order.link * 1000000000 }}", "text * a number is not possible"),
        ("{{ '%0999999999d' % 1 }}", "text % a number is not possible"),
        ("{{ 'a' * 1000000000 }}", "text * a number is not possible"),
        ("{{ order.remains | round(1000000000) }}", "cannot be rounded"),
        ("{{ none }}", "gives no value"),
    ],
)
def test_a_parameter_without_a_value_fails(template, said):
    with pytest.raises(TemplateFailed, match=said.replace("*", r"\*")):
        parameter(template)


@pytest.mark.parametrize("compile_", [compile_text, compile_parameter])
@pytest.mark.parametrize(
    ("template", "said"),
    [
        ("{{ order.remain }}", "unknown field 'remain' of order (did you mean 'remains'?)"),
        ("{{ ordr.id }}", "unknown name 'ordr' (did you mean 'order'?)"),
        ("{{ order }}", "'order' alone is no value"),
        ("{{ account.labels.taem }}", "did you mean 'team'?"),
        ("{{ order['remain'] }}", "did you mean 'remains'?"),
        ("{{ order[event.type] }}", "values cannot be indexed"),
        ("{{ order.id[0] }}", "values cannot be indexed"),
        ("{{ order.id.upper }}", "order.id has no 'upper'"),
        ("{{ order.id.__class__ }}", "order.id has no '__class__'"),
        ("{{ order.__class__.__mro__ }}", "unknown field '__class__' of order"),
        ("{{ ''.__class__ }}", "only declared names have fields"),
        ("{{ ''['__class__'] }}", "only declared names have fields"),
        ("{{ now.hour.real }}", "now has no 'hour.real'"),
        ("{{ self }}", "unknown name 'self'"),
        ("{{ range(1001) }}", "functions cannot be called"),
        ("{{ lipsum() }}", "functions cannot be called"),
        ("{{ order.id.format(order) }}", "functions cannot be called"),
        ("{{ cycler.__init__.__globals__ }}", "unknown name 'cycler'"),
        ("{% for x in [1] %}x{% endfor %}", "loops are not available"),
        ("{% set x = 1 %}", "variables are not available"),
        ("{% macro m() %}{% endmacro %}", "macro is not available"),
        ("{% include 'x' %}", "include is not available"),
        ("{% import 'x' as y %}", "import is not available"),
        ("{% extends 'x' %}", "extends is not available"),
        ("{{ 10 ** 10 ** 10 }}", "powers are not available"),
        ("{{ [1, 2] }}", "lists are not available"),
        ("{{ {'a': 1} }}", "mappings are not available"),
        ("{{ order.id | uper }}", "unknown filter 'uper' (did you mean 'upper'?)"),
        ("{{ order | attr('__class__') }}", "unknown filter 'attr'"),
        ("{{ order.id | map('x') }}", "unknown filter 'map'"),
        ("{{ 'a' | center(1000000000) }}", "unknown filter 'center'"),
        ("{{ order.id is callable }}", "unknown test 'callable'"),
        ("{{ " + "9" * 100 + " }}", "a number in it is too large"),
        ("{{ order.id", "not a template that can be read"),
        ("{{ order.id + }}", "not a template that can be read"),
        ("{{ " + "(" * 5000 + "1" + ")" * 5000 + " }}", "nested too deep"),
        ("{{ 1" + " + 1" * 2000 + " }}", "too large"),
        ("{{ order.id }}" * 600, "too large"),
        ("x" * 20_000, "the longest may have 16384"),
    ],
)
def test_hostile_and_mistaken_templates_are_refused(compile_, template, said):
    with pytest.raises(TemplateError) as caught:
        compile_(template, names())
    assert said in str(caught.value)


@pytest.mark.parametrize("template", ["{{ order.remains / 0 }}", "{{ order.link * 9 }}", "{{ order.link + 1 }}"])
def test_a_text_that_cannot_be_filled_in_fails(template):
    with pytest.raises(TemplateFailed):
        text(template)


def test_a_text_cannot_grow_without_bound():
    with pytest.raises(TemplateFailed, match="grows larger than 65536 bytes"):
        text("{{ order.link }}{{ order.link }}", link="x" * 40_000)


def test_a_parameter_cannot_grow_without_bound():
    with pytest.raises(TemplateFailed, match="grows larger than 65536 bytes"):
        parameter("{{ order.link ~ order.link }}", link="x" * 40_000)


def test_what_events_say_is_never_read_as_a_template():
    assert text("{{ order.link }}", link="{{ account.name }}{% for %}") == "{{ account.name }}{% for %}"


def test_a_state_rule_has_no_event_in_its_texts():
    with pytest.raises(TemplateError, match="'event' is for event rules"):
        compile_text("{{ event.type }}", names(event=False))


def test_the_source_is_kept():
    assert [compile_(" {{ order.id }}!", names()).text for compile_ in (compile_text, compile_parameter)] == [
        " {{ order.id }}!",
        " {{ order.id }}!",
    ]


def test_a_secret_gives_its_text_and_shows_its_place():
    template = SecretTemplate("{env: USDT_WALLET}", Secret("TXYZ"))
    assert template.render(scope()) == "TXYZ"
    assert "TXYZ" not in repr(template) + template.text


def test_a_secret_that_was_not_read_fails():
    with pytest.raises(TemplateFailed, match=r"\{env: N\} was not read"):
        SecretTemplate("{env: N}", Secret("")).render(scope())


def test_a_plain_parameter_is_fixed():
    assert compile_parameter("TRC20", names()) == Fixed("TRC20")
