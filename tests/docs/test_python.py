"""The Python of docs/plugins.md is a plugin: it type-checks, passes its contracts, and the host takes it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from bursar.host.plugins import _registrations
from support.pages import fragments, program

PAGES = {"docs/plugins.md", "docs/walk.md"}


@pytest.fixture
def plugin(tmp_path: Path) -> Path:
    """Write the page's fragments into the plugin's module and the tests beside it."""
    (tmp_path / "bursar_vending.py").write_text(program("docs/plugins.md"), encoding="utf-8")
    (tmp_path / "conftest.py").write_text("import asyncio\n\nasyncio.set_event_loop(None)\n", encoding="utf-8")
    path = tmp_path / "test_vending.py"
    path.write_text(program("docs/plugins.md", "python tests"), encoding="utf-8")
    return path


def run(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", *words], cwd=folder, capture_output=True, encoding="utf-8", check=False
    )


def test_it_passes_its_own_tests(plugin: Path) -> None:
    settings = ("-o", "asyncio_mode=auto", "-o", "asyncio_default_fixture_loop_scope=function")
    done = run(plugin.parent, "pytest", "-q", "-W", "error", "-p", "no:cacheprovider", *settings, plugin.name)
    assert done.returncode == 0, done.stdout[-3000:]


def test_it_type_checks(plugin: Path) -> None:
    (plugin.parent / "mypy.ini").write_text("[mypy]\n", encoding="utf-8")
    done = run(plugin.parent, "mypy", "--strict", "bursar_vending.py", plugin.name)
    assert done.returncode == 0, done.stdout


def test_it_can_be_imported_where_nothing_of_tests_is_installed(plugin: Path) -> None:
    """The environment of the daemon has no pytest."""
    words = "import sys; sys.modules['pytest'] = None; import bursar_vending"
    done = subprocess.run(
        [sys.executable, "-c", words], cwd=plugin.parent, capture_output=True, encoding="utf-8", check=False
    )
    assert done.returncode == 0, done.stderr


def test_no_name_is_imported_for_nothing(plugin: Path) -> None:
    done = run(plugin.parent, "ruff", "check", "--isolated", "--no-cache", "--select=F", ".")
    assert done.returncode == 0, done.stdout


def test_the_host_takes_it() -> None:
    module = type(sys)("vending")
    exec(compile(program("docs/plugins.md"), "docs/plugins.md", "exec"), module.__dict__)
    assert [(hook, made.name) for hook, made in _registrations(module)] == [
        ("bursar_providers", "vending"),
        ("bursar_sinks", "push"),
        ("bursar_functions", "even"),
        ("bursar_commands", "machines"),
    ]


def test_the_proof_plays_it(plugin: Path) -> None:
    """`bursar prove` names no provider: a stranger's, with its scenario, is struck, and held against its sandbox."""
    installed = plugin.parent / "bursar_vending-0.1.0.dist-info"
    installed.mkdir()
    (installed / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: bursar-vending\nVersion: 0.1.0\n", encoding="utf-8"
    )
    (installed / "entry_points.txt").write_text("[bursar]\nvending = bursar_vending\n", encoding="utf-8")
    cells = [f"{point}:order:lost" for point in ("before-request", "after-effect", "after-reply")]
    words = ["prove", "--rounds", "6", "--json", *(word for cell in cells for word in ("--cell", cell))]
    environ = {**os.environ, "PYTHONPATH": str(plugin.parent), "TMPDIR": str(plugin.parent)}
    done = subprocess.run(
        [sys.executable, "-m", "bursar", *words], env=environ, capture_output=True, encoding="utf-8", check=False
    )
    told = json.loads(done.stdout)
    wrong = {kind: told[kind] for kind in ("lost", "doubled", "beyond") if told[kind]}
    assert (done.returncode, wrong, told["effects"].get("order", 0) > 0) == (0, {}, True), told["findings"]


def test_no_other_page_has_python_that_nobody_runs() -> None:
    assert {str(fragment).rpartition(":")[0] for fragment in fragments("python")} == PAGES
