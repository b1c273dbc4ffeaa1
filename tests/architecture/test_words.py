"""One name per thing: the words that say nothing are not used for modules, classes and functions."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
EMPTY = {
    "manager",
    "helper",
    "util",
    "utils",
    "common",
    "base",
    "handler",
    "processor",
    "service",
    "job",
    "task",
    "item",
    "info",
    "data",
}
FOREIGN = {
    ("bursar_smm", "service"): "a subject of the panels",
    ("bursar_premium_exchanger", "info"): "the site's method get_info",
    ("bursar_premium_exchanger", "data"): "the envelope's field",
    ("bursar_premium_exchanger", "item"): "the envelope's field",
    ("bursar_anticaptcha", "data"): "the vendor's method getResellerData",
}
"""Words of a provider, used for what the provider calls so."""

PROTOCOLS = {"data_received"}
"""Names that a library calls us by."""


def modules() -> list[Path]:
    """Return every module of the core and of our plugins."""
    return sorted(path for source in ("daemon", "plugins") for path in (ROOT / source).rglob("*.py"))


def words(name: str) -> set[str]:
    """Split a name of any case into its words."""
    return {word.lower() for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", name)}


def names(path: Path) -> Iterator[str]:
    """Return the module's own name and that of every class and function in it."""
    yield path.stem
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name if node.name not in PROTOCOLS else ""


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(ROOT)))
def test_names_say_something(path: Path) -> None:
    package = path.relative_to(ROOT).parts[1]
    allowed = {word for (owner, word) in FOREIGN if owner == package}
    empty = {name: found for name in names(path) if (found := words(name) & EMPTY - allowed)}
    assert not empty


ELSEWHERE = re.compile(r"\b(?:DESIGN|PROVIDERS|NAMES|STYLE|DEPENDENCIES)(?:\.md\b|,? section\b|, \")")


@pytest.mark.parametrize("folder", ["daemon", "plugins", "tests", "docs", "examples", "benchmarks"])
def test_nothing_refers_to_a_document_that_is_not_here(folder: str) -> None:
    texts = [path for path in sorted((ROOT / folder).rglob("*")) if path.suffix in (".py", ".md", ".yaml")]
    found = [str(path) for path in texts if ELSEWHERE.search(path.read_text(encoding="utf-8"))]
    assert [path for path in found if not path.endswith("architecture/test_words.py")] == []


def returns(path: Path) -> Iterator[tuple[str, str]]:
    """Yield the name of every function that returns something, and the first line that describes it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.returns is not None:
            said = ast.get_docstring(node)
            if said and not (isinstance(node.returns, ast.Constant) and node.returns.value is None):
                yield node.name, said.splitlines()[0]


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(ROOT)))
def test_what_returns_something_is_said_to_return_it(path: Path) -> None:
    odd = re.compile(r"Give (?!back|up)|Say (?:whether|what|which|why|how|when|where|until|if) ")
    assert {name: said for name, said in returns(path) if odd.match(said)} == {}


BY_NUMBER = re.compile(r"\brow\[[1-9]\d*\]")
BY_LIMIT = re.compile(r"^(?:MOST|LONGEST|SHORTEST|DEEPEST|PATIENCE)(?:_|\b)", re.MULTILINE)


@pytest.mark.parametrize(
    ("pattern", "why"), [(BY_NUMBER, "a column has a name"), (BY_LIMIT, "limits are MAX_ and MIN_")]
)
def test_no_module_says_it_so(pattern: re.Pattern[str], why: str) -> None:
    found = [str(path.relative_to(ROOT)) for path in modules() if pattern.search(path.read_text(encoding="utf-8"))]
    assert found == [], why
