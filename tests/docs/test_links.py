"""Links lead somewhere, and words are spelt in one way."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bursar.domain.event import CORE_EVENTS
from support.pages import PAGES, ROOT

LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")
BRITISH = re.compile(
    r"\b(?:colour\w*|behaviour\w*|cancelled|cancelling|honour\w*|favour\w*|\w*(?:ogn|mal|gan|anon?ym|util)ised?|catalogue|licence)\b",
    re.IGNORECASE,
)
NOT_OURS = re.compile(r"```.*?```|`[^`\n]*`", re.DOTALL)


def anchors(path: Path) -> set[str]:
    """Return the anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.*)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    kept = (re.sub(r"[^\w\- ]", "", heading.lower()) for heading in headings)
    return {heading.replace(" ", "-") for heading in kept}


def broken(path: Path) -> list[str]:
    """Return the links of a page that lead nowhere."""
    found = []
    for target in LINK.findall(path.read_text(encoding="utf-8")):
        if target.startswith(("http://", "https://")):
            continue
        name, _, anchor = target.partition("#")
        file = (path.parent / name).resolve() if name else path
        if not file.exists() or (anchor and anchor not in anchors(file)):
            found.append(target)
    return found


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_leads_somewhere(path: Path) -> None:
    assert broken(path) == []


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_the_spelling_is_american(path: Path) -> None:
    text = NOT_OURS.sub("", path.read_text(encoding="utf-8"))
    for sentence in CORE_EVENTS.values():  # those are the code's
        text = text.replace(sentence, "")
    assert BRITISH.findall(text) == []


def test_every_file_that_the_architecture_names_is_there() -> None:
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`((?:domain|runtime|journal|rules|host|settings|api|cli|testing)/[\w/]+\.py)`", text))
    assert len(named) > 20
    assert {name for name in named if not (ROOT / "daemon" / "bursar" / name).exists()} == set()


def test_every_decision_is_listed() -> None:
    folder = ROOT / "docs" / "decisions"
    listed = set(LINK.findall((folder / "README.md").read_text(encoding="utf-8")))
    assert {path.name for path in folder.glob("*.md")} - {"README.md"} == listed
