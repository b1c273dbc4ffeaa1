"""The tests keep to their layout: the folders are the known ones, and what tests share is in `support`, and nowhere else.

CONTRIBUTING.md says what each folder holds. Whoever looks for the test of something finds it by the name of the package,
or of the topic.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TESTS = ROOT / "tests"
FOLDERS = {"architecture", "bench", "crash", "docs", "integration", "property", "support", "typing", "unit"}
TOPICS = {
    "accounts", "approvals", "backup", "cli", "clocks", "control", "daemon", "deliveries", "edits", "effects", "examples",
    "faults", "health", "journal", "limits", "lost", "payouts", "polling", "reload", "rules", "secrets", "systemd",
}  # fmt: skip
READ = {"typing"}
"""Folders whose other files are read by a checker, and imported by nothing."""
MAX_LINES = 500
FILES = sorted(TESTS.rglob("*.py"))


def folders(under: Path) -> set[str]:
    """Return the folders in a folder in which something is."""
    return {path.relative_to(under).parts[0] for path in FILES if under in path.parent.parents}


def packages() -> set[str]:
    """Return the packages and modules of the core, and our plugins without their prefix."""
    core = {path.stem for path in (ROOT / "daemon/bursar").iterdir() if path.is_dir() or path.suffix == ".py"}
    return core | {path.name.removeprefix("bursar_") for path in (ROOT / "plugins").glob("bursar_*")}


def is_helper(path: Path) -> bool:
    """Return whether it is neither a test nor a conftest, and stands where tests stand."""
    free = path.relative_to(TESTS).parts[0] in READ | {"support"}
    return not free and path.name != "conftest.py" and not path.name.startswith("test_")


def repeats(path: Path) -> bool:
    """Return whether the name of a file says again what a folder of it has said."""
    above = path.relative_to(TESTS).parts[:-1]
    return any(f"{path.stem}_".startswith(f"test_{folder}_") for folder in above)


def wrong(source: str) -> Iterator[str]:
    """Name what a file imports of other tests, and where it changes where imports are looked for."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Attribute) and ast.unparse(node) == "sys.path":
            yield "sys.path"
        names = [one.name for one in node.names] if isinstance(node, ast.Import | ast.ImportFrom) else []
        modules = [str(node.module)] if isinstance(node, ast.ImportFrom) else names
        if isinstance(node, ast.ImportFrom) and node.module == "sys" and "path" in names:
            yield "sys.path"
        for module in modules:
            if module.split(".")[0] in ("tests", "conftest") or module.startswith("test_"):
                yield module


def test_the_folders_are_those_of_the_layout() -> None:
    assert folders(TESTS) - FOLDERS == set()


def test_a_folder_of_unit_tests_is_a_package() -> None:
    assert folders(TESTS / "unit") - packages() == set()


def test_a_folder_of_integration_tests_is_a_topic() -> None:
    assert folders(TESTS / "integration") == TOPICS


@pytest.mark.parametrize("folder", ["", "unit", "integration"])
def test_no_test_stands_where_only_folders_do(folder: str) -> None:
    assert [path.name for path in (TESTS / folder).glob("*.py") if path.name != "conftest.py"] == []


def test_what_is_shared_is_in_support() -> None:
    assert [str(path) for path in FILES if is_helper(path)] == []


def test_no_file_repeats_the_name_of_its_folder() -> None:
    assert [str(path) for path in FILES if repeats(path)] == []


def test_no_file_is_too_long_to_be_read_at_once() -> None:
    assert [str(path) for path in FILES if path.read_text(encoding="utf-8").count("\n") > MAX_LINES] == []


def test_no_test_imports_another_or_changes_where_imports_are_looked_for() -> None:
    found = {str(path): list(wrong(path.read_text(encoding="utf-8"))) for path in FILES}
    assert {path: what for path, what in found.items() if what} == {}


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("import sys\nsys.path.append('x')", "sys.path"),
        ("import sys\nsys.path += ['x']", "sys.path"),
        ("from sys import path", "sys.path"),
        ("from test_backup import added", "test_backup"),
        ("from tests.unit.smm.test_add import add", "tests.unit.smm.test_add"),
        ("import tests.conftest", "tests.conftest"),
        ("def f():\n    from conftest import world", "conftest"),
    ],
)
def test_what_may_not_be_imported_is_found(source: str, found: str) -> None:
    assert list(wrong(source)) == [found]


@pytest.mark.parametrize(
    "source", ["import sys\nsys.executable", "from support.world import World", "from bursar.testing import Loan"]
)
def test_what_may_be_imported_is_not(source: str) -> None:
    assert list(wrong(source)) == []


@pytest.mark.parametrize(
    ("path", "helper", "again"),
    [
        ("unit/domain/test_permission.py", False, False),
        ("unit/domain/test_domain_permission.py", False, True),
        ("integration/backup/test_backup.py", False, True),
        ("integration/rules/test_rules_read.py", False, True),
        ("unit/domain/domain_world.py", True, False),
        ("support/world.py", False, False),
        ("unit/smm/conftest.py", False, False),
        ("typing/rejected/misspelt_hook.py", False, False),
    ],
)
def test_a_file_in_the_wrong_place_is_found(path: str, helper: bool, again: bool) -> None:
    assert (is_helper(TESTS / path), repeats(TESTS / path)) == (helper, again)
