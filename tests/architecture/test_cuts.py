"""Texts are cut by `cut` alone: its mark shows where the beginning of a secret may be left, and has it hidden."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FILES = sorted(path for folder in ("daemon", "plugins") for path in (ROOT / folder).rglob("*.py"))
A_LENGTH = re.compile(r"MAX_(\w+_)?(CHARS|LENGTH|PROBLEM|QUOTE|REASON|TEXT)")
LEAST = 8
"""What shows fewer characters of a secret shows none of it."""
NOT_SHOWN = {
    "self.body[:512]",  # only looked into
    "word[:80]",  # compared with the known names
    "envelope.text[:MAX_READ_CHARS]",  # searched for words
    "digest(key)[:10]",
    "hmac.new(key, text.encode('utf-8', 'surrogatepass'), hashlib.sha256).hexdigest()[:32]",
}


def _cuts(tree: ast.AST) -> Iterator[str]:
    slices = [node for node in ast.walk(tree) if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Slice)]
    for one in slices:
        assert isinstance(one.slice, ast.Slice)
        if one.slice.lower is None and _is_length(one.slice.upper):
            yield ast.unparse(one)


def _is_length(upper: ast.expr | None) -> bool:
    names = [node.id for node in ast.walk(upper) if isinstance(node, ast.Name)] if upper is not None else []
    number = upper.value if isinstance(upper, ast.Constant) else 0
    return (isinstance(number, int) and number >= LEAST) or any(map(A_LENGTH.fullmatch, names))


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_text_is_cut_but_by_cut(path: Path) -> None:
    assert [said for said in _cuts(ast.parse(path.read_text("utf-8"))) if said not in NOT_SHOWN] == []


def test_a_bare_cut_is_found() -> None:
    assert list(_cuts(ast.parse("a[:40], b[:MAX_REASON - 1], c[:MAX_LIST], d[:4], e[1:2]"))) == [
        "a[:40]",
        "b[:MAX_REASON - 1]",
    ]
