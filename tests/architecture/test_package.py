"""What people install: the wheel of a clean tree, unpacked where the source tree cannot be seen."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel, by the build backend that is installed."""
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)],
        check=True,
        capture_output=True,
    )
    [built] = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Unpack it."""
    folder = tmp_path_factory.mktemp("installed")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    return folder


def run(installed: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run a command line of the unpacked wheel."""
    return subprocess.run(
        [sys.executable, "-m", "bursar", *words],
        cwd=installed,
        env={**os.environ, "PYTHONPATH": str(installed)},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )


@pytest.mark.parametrize("name", ["bursar/rules.example.yaml", "bursar/py.typed", "bursar_smm/py.typed"])
def test_the_wheel_holds(wheel: Path, name: str) -> None:
    assert name in zipfile.ZipFile(wheel).namelist()


def test_nothing_but_the_packages_is_in_the_wheel(wheel: Path) -> None:
    tops = {name.partition("/")[0] for name in zipfile.ZipFile(wheel).namelist()}
    assert {top for top in tops if not top.startswith("bursar")} == set()


def test_every_plugin_works_from_the_wheel(installed: Path) -> None:
    rows = json.loads(run(installed, "plugins", "--json").stdout)
    working = {row["name"] for row in rows if row["error"] is None}
    assert {"smm", "premium_exchanger", "anticaptcha", "webhook", "log"} <= working


def test_the_example_passes_from_the_wheel(installed: Path) -> None:
    done = run(installed, "check", "-c", "bursar/rules.example.yaml", "--without-secrets")
    assert (done.returncode, done.stderr) == (0, "")
