"""The docs equal the code: whatever a person can write or read is in the page that is about it.

A page that does not exist yet is skipped; from the day on which it does, it must be whole.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

import bursar.api
from bursar.cli.tree import SUMMARIES
from bursar.domain.event import CORE_EVENTS
from bursar.domain.intent import State
from bursar.host.plugins import HOOKS, load_plugins
from bursar.testing import FAULTS

ROOT = Path(__file__).parents[2]
OURS = [provider for _, provider in sorted(load_plugins().providers.items())]


def methods() -> Iterable[str]:
    return (method.name for provider in OURS for method in provider.methods)


def actions() -> Iterable[str]:
    return (action.name for provider in OURS for action in provider.actions)


def subjects() -> Iterable[str]:
    return (subject.name for provider in OURS for subject in provider.subjects)


def states() -> Iterable[str]:
    return (state for provider in OURS for subject in provider.subjects for state in subject.states)


def fields() -> Iterable[str]:
    return (field for provider in OURS for subject in provider.subjects for field in subject.fields)


def events() -> Iterable[str]:
    return (event.name for provider in OURS for subject in provider.subjects for event in subject.events)


def streams() -> Iterable[str]:
    return (stream.name for provider in OURS for stream in provider.streams)


def settings() -> Iterable[str]:
    return (name for provider in OURS for name in provider.settings)


PAGES: list[tuple[str, str, Callable[[], Iterable[str]]]] = [
    ("docs/operations.md", "commands", lambda: (f"bursar {name}" for name in SUMMARIES)),
    ("docs/operations.md", "faults", lambda: FAULTS),
    ("docs/rules.md", "core events", lambda: CORE_EVENTS),
    ("docs/rules.md", "intent states", lambda: State),
    ("docs/providers.md", "methods", methods),
    ("docs/providers.md", "actions", actions),
    ("docs/providers.md", "subjects", subjects),
    ("docs/providers.md", "states", states),
    ("docs/providers.md", "fields", fields),
    ("docs/providers.md", "events", events),
    ("docs/providers.md", "streams", streams),
    ("docs/providers.md", "settings", settings),
    ("docs/plugins.md", "hooks", lambda: HOOKS),
    ("docs/plugins.md", "names of bursar.api", lambda: bursar.api.__all__),
]


@pytest.mark.parametrize(("page", "what", "known"), [pytest.param(*row, id=f"{row[0]}: {row[1]}") for row in PAGES])
def test_the_page_is_whole(page: str, what: str, known: Callable[[], Iterable[str]]) -> None:
    path = ROOT / page
    if not path.exists():
        pytest.skip(f"{page} is not written yet")
    text = path.read_text(encoding="utf-8")
    missing = sorted({str(name) for name in known() if str(name) not in text})
    assert not missing, f"{what} that {page} does not name"
