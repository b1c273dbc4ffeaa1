"""The tests themselves: none measures time, none waits by the clock, none filters what it makes.

What a test may not do is found in its source; that a property test throws too much away is found when it runs
(`support.properties`). Each finder is shown something that it must find.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from support.limits import WAIT_S
from support.properties import discarded
from support.source_faults import faults

ROOT = Path(__file__).parents[2]
TESTS = ROOT / "tests"
SOURCES = sorted(TESTS.rglob("*.py")) + sorted((ROOT / "examples").rglob("test_*.py"))
EXCEPTIONS = {
    (
        "tests/unit/testing/test_clock.py",
        "a limit of its own: patience_s=0.01",
    ): "the test is about a clock that goes on without a task, after whatever time",
    (
        "tests/crash/test_run.py",
        "a limit of its own: select(0.05)",
    ): "looks again and again until a child is there; nothing depends on how often",
    (
        "tests/crash/test_run.py",
        "a limit of its own: select(WAIT_S / TRIES)",
    ): "a person who presses Ctrl-C again: it ends at once where the first was heard",
    (
        "tests/unit/cli/test_demo_parts.py",
        "the machine's clock: bursar.loops.clock.RealClock.now",
    ): "a receiver takes a signature that is minutes old, and whoever freezes for longer has hung",
    (
        "tests/property/test_conditions_differential.py",
        "throws away what it made: reject",
    ): "sums that cannot be done: a fiftieth, and held under a tenth when it runs",
    ("tests/support/properties.py", "settings of its own"): "gives them to all others",
}
"""What may stay, each with its reason."""


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_test_depends_on_speed_or_filters(path: Path) -> None:
    name = str(path.relative_to(ROOT))
    found = faults(path.read_text(encoding="utf-8"))
    assert sorted(found - {what for where, what in EXCEPTIONS if where == name}) == []


def test_every_exception_is_needed_and_has_its_reason() -> None:
    found = {
        (str(path.relative_to(ROOT)), what) for path in SOURCES for what in faults(path.read_text(encoding="utf-8"))
    }
    assert [each for each, reason in EXCEPTIONS.items() if each not in found or not reason] == []


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("time.sleep(1)", "the machine's clock: time.sleep"),
        ("before = time.perf_counter()", "the machine's clock: time.perf_counter"),
        ("at = datetime.now(timezone.utc)", "the machine's clock: datetime.now"),
        ("at = datetime.datetime.today()", "the machine's clock: datetime.datetime.today"),
        ("await asyncio.sleep(0.1)", "a limit of its own: sleep(0.1)"),
        ("async with timeout(2): ...", "a limit of its own: timeout(2)"),
        ("async with asyncio.timeout(5): ...", "a limit of its own: timeout(5)"),
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
        ("@given(X)\nasync def test_it(x):\n    if x:\n        return", "test_it returns early"),
        ("from time import sleep\nsleep(1)", "the machine's clock: time.sleep"),
        ("import time as t\nt.monotonic()", "the machine's clock: time.monotonic"),
        ("from asyncio import sleep\nawait sleep(0.1)", "a limit of its own: sleep(0.1)"),
        ("from datetime import datetime as dt\ndt.now()", "the machine's clock: datetime.datetime.now"),
        ("asyncio.get_running_loop().time()", "the machine's clock: asyncio.get_running_loop.time"),
        ("RealClock().monotonic()", "the machine's clock: RealClock.monotonic"),
        ("SHORT_S = 0.2\nasync with asyncio.timeout(SHORT_S): ...", "a limit of its own: timeout(SHORT_S)"),
        ("asyncio.timeout(WAIT_S / 1000)", "a limit of its own: timeout(WAIT_S / 1000)"),
        ("asyncio.timeout_at(5)", "a limit of its own: timeout_at(5)"),
        ("process.communicate(None, 5)", "a limit of its own: communicate(5)"),
        ("queue.get(True, 5)", "a limit of its own: get(5)"),
        ("future.result(30)", "a limit of its own: result(30)"),
        ("aiohttp.ClientTimeout(1)", "a limit of its own: ClientTimeout(1)"),
        ("plug.settimeout(2)", "a limit of its own: settimeout(2)"),
        ("loop.call_later(1, stop)", "a limit of its own: call_later(1)"),
        ("subprocess.run(['sleep', '1'])", "the machine's clock: runs `sleep`"),
        ("import hypothesis.strategies as st\nst.text().filter(bool)", "throws away what it made: filter"),
        ("TEXTS.filter(bool)", "throws away what it made: filter"),
        ("import hypothesis\nhypothesis.assume(x)", "throws away what it made: assume"),
        ("from hypothesis import settings as s\ns(max_examples=2)", "settings of its own"),
        ("datetime.fromtimestamp(5)", "the machine's zone: fromtimestamp"),
        ("path.read_text()", "the machine's encoding: read_text"),
        ("path.write_text('x')", "the machine's encoding: write_text"),
        ("subprocess.run(words, text=True)", "the machine's encoding: run"),
        ("at.astimezone()", "the machine's zone: astimezone"),
        ("import time\ntime.localtime()", "the machine's zone: localtime"),
    ],
)
def test_a_fault_is_found(source: str, found: str) -> None:
    assert found in faults(source)


@pytest.mark.parametrize(
    "source",
    [
        "await asyncio.sleep(0)",
        "async with asyncio.timeout(WAIT_S): ...",
        "process.wait(WAIT_S)",
        "guarded(wait, timeout=timedelta(0))",
        "await world.wait(seconds=10)",
        "list(filter(None, rows))",
        "path.write_text('x', 'utf-8')",
        "rows.get('x', 5)",
        "datetime.fromtimestamp(5, timezone.utc)",
        "at.astimezone(KYIV)",
        "', '.join(['a'] * 10)",
        "asyncio.timeout(limits.WAIT_S)",
        "await world.clock.sleep(5)",
        "clock.monotonic()",
    ],
)
def test_what_is_none_is_not(source: str) -> None:
    assert faults(source) == set()


def test_a_whole_test_may_take_longer_than_a_wait_in_it() -> None:
    options = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["pytest"]["ini_options"]
    assert options["timeout"] >= 2 * WAIT_S


PROPERTIES = """
from hypothesis import assume, given, strategies as st
from support.properties import Steps, step

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

@given(st.integers(0, 999).filter(lambda n: n % 10 >= 3))
def test_it_filters_a_third_and_tries_again(n): ...

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
        [
            sys.executable,
            "-m",
            "pytest",
            "-rA",
            "--color=no",
            "-p",
            "support.properties",
            "-p",
            "no:cacheprovider",
            "test_them.py",
        ],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(TESTS), "COLUMNS": "200"},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    return done.stdout


@pytest.mark.parametrize("test", ["test_it_uses_what_it_makes", "test_it_throws_away_little", "TestLamp::runTest"])
def test_a_property_test_that_uses_what_it_makes_passes(judged: str, test: str) -> None:
    assert f"PASSED test_them.py::{test}" in judged


@pytest.mark.parametrize(
    "test", ["test_it_throws_away_half", "test_it_filters", "test_it_filters_a_third_and_tries_again"]
)
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
    (tmp_path / "neighbor.py").write_text(
        'WORDS = ["quite", "peculiar", "words"]\nNUMBERS = [4711, 815, 1234567]\n', encoding="utf-8"
    )
    made = []
    for company in ((), ("-p", "neighbor")):
        subprocess.run(
            [
                sys.executable,
                "-m",
                "pytest",
                "-q",
                "-p",
                "support.properties",
                *company,
                "-p",
                "no:cacheprovider",
                "test_it.py",
            ],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": f"{TESTS}:{tmp_path}"},
            capture_output=True,
            check=True,
        )
        made.append((tmp_path / "made.json").read_text(encoding="utf-8"))
    assert made[0] == made[1]
