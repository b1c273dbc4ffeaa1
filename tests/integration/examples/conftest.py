"""The example plugin, built and installed once for all tests of it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

import pytest
from support.example import EXAMPLE, Installed


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """Build the wheel and install it into a folder that only these tests see."""
    folder = tmp_path_factory.mktemp("example")
    source, site, home = folder / "source", folder / "site", folder / "home"
    shutil.copytree(EXAMPLE, source, ignore=shutil.ignore_patterns("__pycache__", ".*"))
    home.mkdir()
    wheels = ["-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder / "wheels"), str(source)]
    subprocess.run([sys.executable, *wheels], check=True, capture_output=True)
    [wheel] = (folder / "wheels").glob("*.whl")
    subprocess.run(
        [sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "--quiet", "--no-index", "--no-deps",
         "--target", str(site), str(wheel)],
        check=True, capture_output=True,
    )
    environ = {**os.environ, "PYTHONPATH": str(site), "HOME": str(home), "PYTHONDONTWRITEBYTECODE": "1"}
    return Installed(source, environ, home)
