"""What `make demo`, `make check` and `make test` say first and last, whatever comes of them. The steps stand in."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from support.result import phrase

ROOT = Path(__file__).parents[2]
STEPS = {
    ".ci/install": "case $1 in --is-done) test -f .venv/.dev || test -f .venv/.$2 ;; *) exit ${INSTALL:-0} ;; esac",
    ".venv/bin/ruff": "exit 0",
    ".venv/bin/mypy": "exit ${MYPY:-0}",
    ".venv/bin/lint-imports": "exit 0",
    ".venv/bin/bursar": 'echo "demo: $*"; exit ${DEMO:-0}',
    ".venv/bin/pytest": 'echo "pytest: $*"; test -z "$RESULT" || printf %s "$RESULT" >"$BURSAR_RESULT"; exit ${PYTEST:-0}',
}


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """Return a clone whose steps stand in for the real ones."""
    folder = tmp_path / "a clone"
    for path, does in STEPS.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(f"#!/bin/sh\n{does}\n", encoding="utf-8")
        (folder / path).chmod(0o755)
    shutil.copy(ROOT / ".ci/steps", folder / ".ci/steps")
    return folder


def steps(clone: Path, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    environ = {"PATH": "/usr/bin:/bin", "RESULT": "", **variables}
    return subprocess.run(
        [clone / ".ci/steps", *words], env=environ, capture_output=True, encoding="utf-8", check=False
    )


@pytest.mark.parametrize(
    ("words", "variables", "code", "last"),
    [
        (["demo"], {}, 0, "make demo: green: the whole thing was shown; 0 min"),
        (["demo"], {"DEMO": "1"}, 1, "make demo: RED: the demo failed (see above); 0 min"),
        (["check"], {}, 0, "make check: green: ruff, the format, mypy, import-linter; 0 min"),
        (["check"], {"MYPY": "1"}, 1, "make check: RED: mypy failed (see above); not run: import-linter; 0 min"),
        (["check"], {"INSTALL": "1"}, 1, "make check: RED: the installation failed (see above); 0 min"),
        (
            ["test"],
            {"RESULT": "7 tests; nothing skipped"},
            0,
            "make test: green: ruff, the format, mypy, import-linter, 7 tests; nothing skipped; 0 min",
        ),
        (
            ["test"],
            {"RESULT": "2 of 7 tests failed", "PYTEST": "1"},
            1,
            "make test: RED: pytest: 2 of 7 tests failed (see above); 0 min",
        ),
        (["test"], {"PYTEST": "4"}, 1, "make test: RED: pytest: no test was run (see above); 0 min"),
        (
            ["test", "tests/nowhere"],
            {"PYTEST": "4"},
            1,
            'make test: RED: pytest: no test was run: is there one in: tests/nowhere? ARGS="-n0 tests/nowhere" says more (see above)',
        ),
        (["test"], {"MYPY": "2"}, 1, "make test: RED: mypy failed (see above); not run: import-linter, pytest; 0 min"),
    ],
)
def test_the_last_line_says_it_all(
    clone: Path, words: list[str], variables: dict[str, str], code: int, last: str
) -> None:
    done = steps(clone, *words, **variables)
    assert (done.returncode, done.stdout.splitlines()[-1].startswith(last)) == (code, True), done.stdout


@pytest.mark.parametrize("what", ["demo", "check", "test", "test-long"])
def test_the_first_line_says_how_long_it_takes_the_first_time_and_later(clone: Path, what: str) -> None:
    first = steps(clone, what, RESULT="1 tests").stdout.splitlines()[0]
    (clone / ".venv/.dev").touch()
    later = steps(clone, what, RESULT="1 tests").stdout.splitlines()[0]
    assert (first.startswith(f"make {what}: installs "), "the first time" in first) == (True, True)
    assert (later.startswith(f"make {what}: "), "the first time" in later) == (True, False)


@pytest.mark.parametrize(
    ("what", "said"),
    [("test", "--no-loadscope-reorder tests/unit/rules -x"), ("demo", "demo: demo tests/unit/rules -x")],
)
def test_further_words_go_on(clone: Path, what: str, said: str) -> None:
    assert said in steps(clone, what, "tests/unit/rules", "-x", RESULT="1 tests").stdout


def test_an_old_result_is_not_taken_for_a_new_one(clone: Path) -> None:
    steps(clone, "test", RESULT="7 tests; nothing skipped")
    assert "no test was run" in steps(clone, "test", PYTEST="4").stdout


@pytest.mark.parametrize(
    ("ends", "code", "last"), [(1, 130, "RED: interrupted"), (0, 0, "green: the whole thing was shown")]
)
def test_a_demo_that_is_interrupted_says_so_unless_it_was_over(clone: Path, ends: int, code: int, last: str) -> None:
    (clone / ".venv/bin/bursar").write_text(f"#!/bin/sh\nkill -INT $PPID; exit {ends}\n", encoding="utf-8")
    done = steps(clone, "demo")
    assert (done.returncode, done.stdout.splitlines()[-1].startswith(f"make demo: {last}; 0 min")) == (code, True)


def test_some_tests_are_announced_without_the_time_of_all(clone: Path) -> None:
    (clone / ".venv/.dev").touch()
    said = steps(clone, "test", "tests/unit/rules", RESULT="1 tests").stdout.splitlines()[0]
    assert said == (
        "make test: ruff, mypy, import-linter, pytest tests/unit/rules; half a minute and what those tests take, "
        "on a busy machine longer"
    )


def test_what_is_told_to_stop_twice_ends_with_its_line_all_the_same(clone: Path) -> None:
    """As when a whole group is: make passes on what each of them was told already."""
    stand_ins = {
        ".venv/bin/pytest": "echo $PPID >told; kill -TERM $PPID",
        "bin/date": "test ! -f told || kill -TERM $(cat told); exec /bin/date $*",
    }
    (clone / "bin").mkdir()
    for path, does in stand_ins.items():
        (clone / path).write_text(f"#!/bin/sh\n{does}\n", encoding="utf-8")
        (clone / path).chmod(0o755)
    done = steps(clone, "test", PATH=f"{clone}/bin:/usr/bin:/bin")
    assert (done.returncode, done.stdout.splitlines()[-1][:28]) == (130, "make test: RED: interrupted;")


def test_a_folder_that_is_somebody_elses_is_said_to_be(clone: Path) -> None:
    (clone / ".ci/steps").write_text(
        (clone / ".ci/steps").read_text(encoding="utf-8").replace("[ -w . ]", "false"), encoding="utf-8"
    )
    done = steps(clone, "test")
    said = (
        done.returncode,
        "may not write here; make the clone your own" in done.stderr,
        done.stdout.splitlines()[-1][:31],
    )
    assert said == (1, True, "make test: RED: nothing was run")


def test_the_steps_of_this_clone_are_taken_wherever_cd_looks_first(clone: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    shutil.copytree(clone, other)
    (clone / ".venv/bin/mypy").write_text("#!/bin/sh\nexit 1\n", encoding="utf-8")
    done = subprocess.run(
        [".ci/steps", "check"],
        cwd=clone,
        env={"PATH": "/usr/bin:/bin", "CDPATH": str(other)},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert (done.returncode, "RED: mypy failed" in done.stdout) == (1, True)


def report(reason: str) -> Any:
    return SimpleNamespace(longrepr=("test_it.py", 7, f"Skipped: {reason}"))


@pytest.mark.parametrize(
    ("stats", "said"),
    [
        ({"passed": [1, 2, 3]}, "3 tests; nothing skipped"),
        ({"passed": [1], "skipped": [report("no systemd"), report("no systemd")]}, "1 tests; 2 skipped (no systemd)"),
        ({"passed": [1], "skipped": [report("a"), report("b")]}, "1 tests; 2 skipped (a; b)"),
        ({"passed": [1, 2], "failed": [3]}, "1 of 3 tests failed"),
        ({"passed": [1], "error": [2, 3]}, "0 of 1 tests failed and 2 could not be set up"),
        ({"passed": [1], "xfailed": [2, 3]}, "3 tests; 2 failed, as expected; nothing skipped"),
        ({"xpassed": [1]}, "1 tests; nothing skipped"),
        ({}, "no test was run"),
    ],
)
def test_the_result_is_a_phrase(stats: dict[str, list[Any]], said: str) -> None:
    assert phrase(stats) == said
