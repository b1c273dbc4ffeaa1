"""Whatever a person can write or read has a name, and the page that is about it says it.

`tests/architecture/test_docs.py` asks the same of providers, events, faults and the plugin interface.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator

import click
import pytest

from bursar.api import schema
from bursar.cli.tree import SUMMARIES, bursar
from bursar.domain.event import CORE_EVENT_FIELDS, CORE_EVENTS
from bursar.domain.ids import SubjectRef
from bursar.domain.route import envelope
from bursar.domain.verdict import BlockReason
from bursar.host.plugins import load_plugins
from bursar.rules.functions import OWN_FUNCTIONS
from bursar.rules.lexer import PARTS
from bursar.rules.read import KEYS, NOT_BUILT
from bursar.rules.template_environment import FILTERS
from bursar.settings.model import Retention
from bursar.settings.schema import account_keys, settings_keys
from bursar.testing import __all__ as testing
from bursar.testing.clock import START
from support.pages import fragments, page

OURS = ("webhook", "log")


def sink_keys() -> Iterator[str]:
    for name in OURS:
        yield name
        yield from load_plugins().sinks[name].settings


def subcommands() -> Iterator[str]:
    for name in SUMMARIES:
        command = bursar.get_command(click.Context(bursar), name)
        if isinstance(command, click.Group):
            yield from (f"bursar {name} {sub}" for sub in command.commands)


def pieces() -> Iterator[str]:
    made = ("text", "url", "flag", "integer", "choice", "duration", "secret")
    assert all(callable(getattr(schema, name)) for name in made)
    yield from made


PAGES: list[tuple[str, str, Callable[[], Iterable[str]], str]] = [
    ("docs/operations.md", "settings", settings_keys, "| `{}` |"),
    ("docs/operations.md", "keys of http", lambda: settings_keys()["http"]["properties"], "`{}`"),
    ("docs/operations.md", "retention", lambda: Retention.__dataclass_fields__, "{}: "),
    ("docs/operations.md", "keys of accounts", lambda: ("provider", *account_keys()), "| `{}` |"),
    ("docs/operations.md", "keys of sinks", sink_keys, "`{}`"),
    ("docs/operations.md", "core events", lambda: CORE_EVENTS, "`{}`"),
    ("docs/operations.md", "subcommands", subcommands, "{}"),
    ("docs/rules.md", "keys", lambda: KEYS, "{}:"),
    ("docs/rules.md", "keys that are not built", lambda: NOT_BUILT, "`{}`"),
    ("docs/rules.md", "functions", lambda: OWN_FUNCTIONS, "`${}("),
    ("docs/rules.md", "filters", lambda: FILTERS, "{}"),
    ("docs/rules.md", "parts of instants", lambda: PARTS, ".{}"),
    ("docs/rules.md", "fields of core events", lambda: CORE_EVENT_FIELDS, "`event.{}`"),
    ("docs/rules.md", "blocks", lambda: {str(each) for each in BlockReason}, "`{}`"),
    ("docs/plugins.md", "the testing kit", lambda: testing, "{}"),
    ("docs/plugins.md", "pieces of schemas", pieces, "`{}`"),
]


@pytest.mark.parametrize(
    ("name", "what", "known", "form"), [pytest.param(*row, id=f"{row[0]}: {row[1]}") for row in PAGES]
)
def test_the_page_names_all(name: str, what: str, known: Callable[[], Iterable[str]], form: str) -> None:
    text = page(name)
    missing = sorted(str(each) for each in known() if form.format(each) not in text)
    assert not missing, f"{what} that {name} does not name"


def test_the_rule_keys_that_are_shown_are_those_that_there_are() -> None:
    [first] = [fragment for fragment in fragments("yaml") if "# unique" in fragment.text]
    assert set(re.findall(r"^[- ] (\w+):", first.text, re.MULTILINE)) <= set(KEYS)


def test_every_core_event_has_its_meaning() -> None:
    rows = dict(re.findall(r"^\| `([a-z_.]+)` \| (.*) \|$", page("docs/rules.md"), re.MULTILINE))
    assert {name: rows.get(name) for name in CORE_EVENTS} == dict(CORE_EVENTS)


def test_the_envelope_that_is_shown_has_the_keys_of_a_real_one() -> None:
    [shown] = [json.loads(fragment.text) for fragment in fragments("json") if "operations" in str(fragment)]
    real = envelope("ev_1", "bursar.order.partial", "main-panel", SubjectRef("order", "101"), START, {})
    assert (list(shown), shown["source"], shown["subject"]) == (
        sorted(real, key=list(shown).index),
        real["source"],
        real["subject"],
    )


@pytest.mark.parametrize(("name", "words"), SUMMARIES.items())
def test_the_help_and_the_page_say_the_same_of_a_command(name: str, words: str) -> None:
    assert f"| `bursar {name}` | {words} |" in page("docs/operations.md")
