"""The glossary's words are where it says: each file is there, and has the name."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROWS = re.findall(
    r"^\| ([^|]+) \| [^|]+ \| `([^`]+)` \| `([^`]+)` \|$", (ROOT / "GLOSSARY.md").read_text("utf-8"), re.MULTILINE
)
WORDS = {
    "provider", "account", "adapter", "plugin", "payload", "subject", "stream", "observation", "snapshot", "event", "rule",
    "match", "hold", "intent", "attempt", "outcome", "reconcile", "sink", "delivery", "journal",
}  # fmt: skip
"""What the whole path from a payload to a delivery is told in."""


def test_no_word_of_the_path_is_missing() -> None:
    assert WORDS - {word for words, _, _ in ROWS for word in words.split(", ")} == set()


def test_no_row_is_left_out_by_the_way_it_is_written() -> None:
    tables = [line for line in (ROOT / "GLOSSARY.md").read_text("utf-8").splitlines() if line.startswith("| ")]
    assert len(ROWS) == sum(not line.startswith("| word |") for line in tables)


def test_no_word_is_there_twice() -> None:
    words = [word for words, _, _ in ROWS for word in words.split(", ")]
    assert sorted(words) == sorted(set(words))


@pytest.mark.parametrize(("words", "file", "name"), ROWS)
def test_a_word_is_where_the_glossary_says(words: str, file: str, name: str) -> None:
    tree = ast.parse((ROOT / "daemon/bursar" / file).read_text("utf-8"))
    defined = {
        node.name if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) else target.id
        for node in tree.body
        for target in (node.targets if isinstance(node, ast.Assign) else [ast.Name("")])
        if isinstance(target, ast.Name)
        and isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef | ast.Assign)
    }
    assert name in defined, words
