"""The tests themselves: none measures time, none waits by the clock, none filters what it makes.

What a test may not do is found in its source; that a property test throws too much away is found when it runs
(`properties`). Each finder is shown something that it must find.
"""

from __future__ import annotations

import ast
import os
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from limits import WAIT_S
from properties import discarded

ROOT = Path(__file__).parents[2]
TESTS = ROOT / "tests"
SOURCES = sorted(TESTS.rglob("*.py")) + sorted((ROOT / "examples").rglob("test_*.py"))
EXCEPTIONS = {
    ("tests/testing/test_testing_clock.py", "a limit of its own: patience_s=0.01"):
        "the test is about a clock that goes on without a task, after whatever time",
    ("tests/prove/test_prove_run.py", "a limit of its own: select(0.05)"):
        "looks again and again until a child is there; nothing depends on how often",
    ("tests/rules/test_rules_differential.py", "throws away what it made: reject"):
        "sums that cannot be done: a fiftieth, and held under a tenth when it runs",
    ("tests/properties.py", "settings of its own"): "gives them to all others",
}
"""What may stay, each with its reason."""

CLOCKS = {
    "time.time", "time.time_ns", "time.monotonic", "time.monotonic_ns", "time.perf_counter", "time.perf_counter_ns",
    "time.process_time", "time.sleep", "timeit.timeit", "datetime.now", "datetime.today", "datetime.utcnow", "date.today",
}
LIMITS = {"timeout", "timeout_s", "within_s", "total", "sock_read", "shutdown_timeout", "deadline"}
"""Names of arguments that are seconds of real time."""
WAITERS = {"timeout", "wait_for", "wait", "join", "select", "acquire", "to_thread", "asyncio.sleep", "ask_daemon"}
"""Calls whose number is one."""


def number(node: ast.expr) -> float | None:
    """Give the number that is written out, also as the seconds of a `timedelta`; None: a name, or nothing, or zero."""
    if isinstance(node, ast.Call) and called(node).endswith("timedelta"):
        return next(filter(None, map(number, [*node.args, *(word.value for word in node.keywords)])), None)
    if isinstance(node, ast.Constant) and isinstance(node.value, int | float) and not isinstance(node.value, bool):
        return node.value or None
    return None


def called(node: ast.Call) -> str:
    """Give the dotted name of what is called, as far as it is one."""
    parts, inner = [], node.func
    while isinstance(inner, ast.Attribute):
        parts.append(inner.attr)
        inner = inner.value
    return ".".join(reversed([*parts, inner.id if isinstance(inner, ast.Name) else ""]))


def faults(source: str) -> Iterator[str]:
    """Name everything that makes a test depend on the machine's speed, or throw away what it makes."""
    tree = ast.parse(source)
    hypothetical = any(isinstance(node, ast.ImportFrom) and str(node.module).startswith("hypothesis") for node in ast.walk(tree))
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield from faults_of_call(node, hypothetical=hypothetical)
        elif isinstance(node, ast.Attribute) and node.attr == "timeout" and isinstance(node.value, ast.Attribute) and node.value.attr == "mark":
            yield "a time limit of its own: the mark `timeout`"
        elif isinstance(node, ast.ImportFrom) and node.module == "conftest":
            yield "imports from a conftest: which one, the order decides"
        elif isinstance(node, ast.FunctionDef) and any("given" in ast.unparse(one).split("(")[0] for one in node.decorator_list):
            yield from (f"{node.name} returns early" for part in ast.walk(node) if isinstance(part, ast.Return))


def faults_of_call(node: ast.Call, *, hypothetical: bool) -> Iterator[str]:
    name = called(node)
    last = name.rpartition(".")[2]
    if any(name == clock or name.endswith("." + clock) for clock in CLOCKS):
        yield f"the machine's clock: {name}"
    if hypothetical and (last in ("assume", "reject") or name.endswith(".filter")):
        yield f"throws away what it made: {last}"
    if hypothetical and name == "settings":
        yield "settings of its own"
    limits = LIMITS | {"patience_s"} if last == "VirtualClock" else LIMITS
    told = [(word.arg, word.value) for word in node.keywords if word.arg in limits]
    told += [(last, value) for value in node.args if {last, name} & WAITERS]
    for what, value in told:
        if (seconds := number(value)) is not None:
            yield f"a limit of its own: {what}={seconds:g}" if what in limits else f"a limit of its own: {what}({seconds:g})"


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_test_depends_on_speed_or_filters(path: Path) -> None:
    name = str(path.relative_to(ROOT))
    found = set(faults(path.read_text(encoding="utf-8")))
    assert sorted(found - {what for where, what in EXCEPTIONS if where == name}) == []


def test_every_exception_is_needed_and_has_its_reason() -> None:
    found = {(str(path.relative_to(ROOT)), what) for path in SOURCES for what in faults(path.read_text(encoding="utf-8"))}
    assert [each for each, reason in EXCEPTIONS.items() if each not in found or not reason] == []


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("time.sleep(1)", "the machine's clock: time.sleep"),
        ("before = time.perf_counter()", "the machine's clock: time.perf_counter"),
        ("at = datetime.now(timezone.utc)", "the machine's clock: datetime.now"),
        ("at = datetime.datetime.today()", "the machine's clock: datetime.datetime.today"),
        ("await asyncio.sleep(0.1)", "a limit of its own: sleep(0.1)"),
        ("async with asyncio.timeout(5): ...", "a limit of its own: timeout=5"),
        ("await asyncio.to_thread(gone.wait, 30)", "a limit of its own: to_thread(30)"),
        ("VirtualClock(patience_s=2)", "a limit of its own: patience_s=2"),
        ("await asyncio.wait_for(asked, 2)", "a limit of its own: wait_for(2)"),
        ("process.wait(timeout=10)", "a limit of its own: timeout=10"),
        ("subprocess.run(words, timeout=3.5)", "a limit of its own: timeout=3.5"),
        ("open_account(url, timeout=timedelta(milliseconds=200))", "a limit of its own: timeout=200"),
        ("@pytest.mark.timeout(3)\ndef test_it(): ...", "a time limit of its own: the mark `timeout`"),
        ("from hypothesis import settings\nsettings(deadline=200)", "a limit of its own: deadline=200"),
        ("from hypothesis import settings\nsettings(max_examples=2)", "settings of its own"),
        ("from hypothesis import strategies as st\nst.text().filter(str.isdigit)", "throws away what it made: filter"),
        ("from hypothesis import assume\nassume(x)", "throws away what it made: assume"),
        ("from conftest import Command", "imports from a conftest: which one, the order decides"),
        ("@given(X)\ndef test_it(x):\n    if x:\n        return\n    assert x", "test_it returns early"),
    ],
)
def test_a_fault_is_found(source: str, found: str) -> None:
    assert found in set(faults(source))


@pytest.mark.parametrize(
    "source",
    [
        "await asyncio.sleep(0)", "async with asyncio.timeout(WAIT_S): ...", "process.wait(WAIT_S)",
        "guarded(wait, timeout=timedelta(0))", "await world.wait(seconds=10)", "list(filter(None, rows))",
    ],
)
def test_what_is_none_is_not(source: str) -> None:
    assert list(faults(source)) == []


def test_a_whole_test_may_take_longer_than_a_wait_in_it() -> None:
    options = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["pytest"]["ini_options"]
    assert options["timeout"] >= 2 * WAIT_S


PROPERTIES = """
from hypothesis import assume, given, strategies as st
from properties import Steps, step

@given(st.integers(0, 99))
def test_it_uses_what_it_makes(n): ...

@given(st.integers(0, 99))
def test_it_throws_away_little(n):
    assume(n % 20)

@given(st.integers(0, 99))
def test_it_throws_away_half(n):
    assume(n % 2)

@given(st.integers(0, 99).filter(lambda n: n % 7 == 0))
def test_it_filters(n): ...

class Lamp(Steps):
    on = False

    @step(when=lambda self: not self.on)
    def light(self): self.on = True

    @step(when=lambda self: self.on)
    def put_out(self): self.on = False

TestLamp = Lamp.TestCase
"""


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Run property tests as those of the suite are run, and give what pytest says."""
    folder = tmp_path_factory.mktemp("properties")
    (folder / "test_them.py").write_text(PROPERTIES, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-rA", "-p", "properties", "-p", "no:cacheprovider", "test_them.py"], cwd=folder,
        env={**os.environ, "PYTHONPATH": str(TESTS), "COLUMNS": "200"}, capture_output=True, text=True, check=False,
    )
    return done.stdout


@pytest.mark.parametrize("test", ["test_it_uses_what_it_makes", "test_it_throws_away_little", "TestLamp::runTest"])
def test_a_property_test_that_uses_what_it_makes_passes(judged: str, test: str) -> None:
    assert f"PASSED test_them.py::{test}" in judged


@pytest.mark.parametrize("test", ["test_it_throws_away_half", "test_it_filters"])
def test_one_that_throws_away_more_than_a_tenth_fails(judged: str, test: str) -> None:
    assert f"FAILED test_them.py::{test} - Failed: it throws away" in judged


def test_a_few_examples_are_not_judged() -> None:
    cases = [{"status": "valid"}, {"status": "invalid"}]
    assert discarded({"generate-phase": {"test-cases": cases}}) is None


ORDER = """
import json, pathlib
from hypothesis import given, strategies as st

MADE = []

@given(st.text(), st.integers())
def test_it(text, number):
    MADE.append([text, number])

def teardown_module():
    pathlib.Path("made.json").write_text(json.dumps(MADE))
"""


def test_the_same_examples_are_played_in_whatever_company(tmp_path: Path) -> None:
    """Hypothesis takes constants out of every module that is imported; `ci` does not, so that no order matters."""
    (tmp_path / "test_it.py").write_text(ORDER, encoding="utf-8")
    (tmp_path / "neighbor.py").write_text('WORDS = ["quite", "peculiar", "words"]\nNUMBERS = [4711, 815, 1234567]\n', encoding="utf-8")
    made = []
    for company in ((), ("-p", "neighbor")):
        subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-p", "properties", *company, "-p", "no:cacheprovider", "test_it.py"],
            cwd=tmp_path, env={**os.environ, "PYTHONPATH": f"{TESTS}:{tmp_path}"}, capture_output=True, check=True,
        )
        made.append((tmp_path / "made.json").read_text(encoding="utf-8"))
    assert made[0] == made[1]
