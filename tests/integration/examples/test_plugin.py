"""The example plugin, installed: bursar finds it, its configuration passes, and its own tests do."""

from __future__ import annotations

import ast
import json
import shutil
from pathlib import Path

import pytest
from support.example import EXAMPLE, Installed

SOURCES = sorted((EXAMPLE / "bursar_parcel").glob("*.py")) + sorted((EXAMPLE / "tests").glob("*.py"))


def imported(path: Path) -> set[str]:
    """Return every module of bursar that a file imports."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module is not None:
            names.add(node.module)
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
    return {name for name in names if name.partition(".")[0] == "bursar"}


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.name)
def test_it_imports_nothing_but_the_public_interface(path: Path) -> None:
    assert {".".join(name.split(".")[:2]) for name in imported(path)} <= {"bursar.api", "bursar.testing"}


def test_it_is_listed_among_the_plugins(installed: Installed) -> None:
    rows = json.loads(installed.run("-m", "bursar", "plugins", "--json").stdout)
    [row] = [row for row in rows if row["name"] == "parcel"]
    assert row == {
        "name": "parcel", "distribution": "bursar-parcel", "version": "0.1.0", "error": None,
        "provides": ["provider parcelbox", "sink jsonl", "function office_hours"],
    }


def test_its_provider_can_be_looked_up(installed: Installed) -> None:
    facts = json.loads(installed.run("-m", "bursar", "plugins", "parcelbox", "--json").stdout)
    assert {action["name"]: action["lost_reply"] for action in facts["actions"]} == {
        "remind": "repeatable", "top_up": "reconcilable",
    }


def test_a_configuration_with_it_passes(installed: Installed) -> None:
    done = installed.run("-m", "bursar", "check", "-c", str(installed.source / "parcel.yaml"), "--without-secrets")
    assert (done.returncode, done.stdout.strip()) == (0, "fine")


def test_a_misspelt_setting_of_it_is_named(installed: Installed, tmp_path: Path) -> None:
    text = (installed.source / "parcel.yaml").read_text(encoding="utf-8").replace("low_balance:", "low_balanse:")
    (tmp_path / "bad.yaml").write_text(text, encoding="utf-8")
    done = installed.run("-m", "bursar", "check", "-c", str(tmp_path / "bad.yaml"), "--without-secrets")
    assert (done.returncode, "did you mean 'low_balance'" in done.stdout) == (78, True)


def test_its_own_tests_pass(installed: Installed, tmp_path: Path) -> None:
    shutil.copytree(installed.source / "tests", tmp_path / "tests")
    shutil.copy(installed.source / "pyproject.toml", tmp_path)
    done = installed.run("-m", "pytest", "-q", "-p", "no:cacheprovider", cwd=tmp_path)
    assert done.returncode == 0, done.stdout[-3000:]
