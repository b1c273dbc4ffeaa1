"""What `.ci/install` says where something is missing: a sentence that says what to do. The Python is a stand-in."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
STAND_IN = """#!/bin/sh
case "$*" in
*version_info*) exit ${TOO_OLD:-0} ;;
*ensurepip*) exit ${NO_VENV:-0} ;;
*sys.version*) echo "$0 stands in" | sed 's/.*python/python/' ;;
-V) echo "Python 3.9.2" ;;
*venv*) mkdir -p .venv/bin && cp "$0" .venv/bin/python; echo "$VENV_SAYS"; test -z "$VENV_SAYS" ;;
*pip*) echo "$*" >>pips; echo "$PIP_SAYS"; test -z "$PIP_SAYS" ;;
esac
"""


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """Return what the script needs of a clone, in a folder whose name is awkward, and a Python that stands in."""
    folder = tmp_path / "a clone's folder"
    (folder / "bin").mkdir(parents=True)
    shutil.copytree(ROOT / ".ci", folder / ".ci")
    shutil.copytree(ROOT / "requirements", folder / "requirements")
    shutil.copy(ROOT / "pyproject.toml", folder)
    for name, text in (("python3", STAND_IN), ("uv", "#!/bin/sh\nexit 1\n")):
        (folder / "bin" / name).write_text(text, encoding="utf-8")
        (folder / "bin" / name).chmod(0o755)
    return folder


def install(clone: Path, what: str = "dev", **variables: str) -> subprocess.CompletedProcess[str]:
    environ = {"PATH": f"{clone}/bin:/usr/bin:/bin", "VENV_SAYS": "", "PIP_SAYS": "", **variables}
    return subprocess.run(
        [clone / ".ci/install", what], env=environ, capture_output=True, encoding="utf-8", check=False
    )


def installed(clone: Path) -> list[str]:
    """Return what pip was told to install so far."""
    said = (clone / "pips").read_text(encoding="utf-8").splitlines() if (clone / "pips").exists() else []
    return [line.partition("--quiet ")[2] for line in said]


@pytest.mark.parametrize(
    ("variables", "sentence"),
    [
        ({"PYTHON": "python9"}, "there is no python9; apt install python3 python3-venv, or name one that you have"),
        ({"TOO_OLD": "1"}, "it needs Python 3.11 or newer, python3 is Python 3.9.2; name a newer one"),
        ({"NO_VENV": "1"}, "python3 has no module venv; apt install python3-venv"),
        ({"VENV_SAYS": "[Errno 28] No space left on device"}, "no .venv can be made here; free 1 GB"),
        ({"PIP_SAYS": "ERROR: [Errno 28] No space left on device: 'x'"}, "the disk is full; free 1 GB"),
        ({"PIP_SAYS": "ERROR: [Errno 13] Permission denied: 'x'"}, "may not write here; make the clone your own"),
        ({"PIP_SAYS": "NewConnectionError: Temporary failure in name resolution"}, "no package index can be reached"),
        ({"PIP_SAYS": "ERROR: Could not find a version\nERROR: No matching distribution found for x"}, "PIP_INDEX_URL"),
        ({"PIP_SAYS": "ERROR: something else"}, "pip failed; all that it said is in .venv/install.log"),
    ],
    ids=lambda value: value if isinstance(value, str) else " ".join(value),
)
def test_what_is_missing_is_told_in_a_sentence(clone: Path, variables: dict[str, str], sentence: str) -> None:
    done = install(clone, **variables)
    last = done.stderr.splitlines()[-1]
    assert (done.returncode, last.startswith("bursar cannot be installed: "), sentence in last) == (1, True, True), last


def test_what_pip_says_is_kept_to_itself(clone: Path) -> None:
    done = install(clone)
    one_line = "installing some forty packages: a minute or two; what pip says goes into .venv/install.log\n"
    assert (done.returncode, done.stdout, done.stderr) == (0, one_line, "")


def test_whether_it_is_installed_is_told_and_nothing_done(clone: Path) -> None:
    def asked() -> tuple[int, str]:
        done = subprocess.run(
            [clone / ".ci/install", "--is-done", "dev"],
            env={"PATH": f"{clone}/bin:/usr/bin:/bin", "VENV_SAYS": ""},
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
        return done.returncode, done.stdout + done.stderr

    before, there = asked(), (clone / ".venv").exists()
    install(clone)
    assert (before, there, asked()) == ((1, ""), False, (0, ""))


def test_a_python_that_does_not_start_is_named(clone: Path) -> None:
    (clone / "bin/python3").write_text(
        "#!/bin/sh\necho 'pyenv: python3: command not found' >&2; exit 127\n", encoding="utf-8"
    )
    said = install(clone).stderr
    assert said == (
        "bursar cannot be installed: python3 does not start; name another by its path: make PYTHON=/usr/bin/python3 …\n"
    )


def test_what_pip_says_is_shown_if_it_fails_but_for_its_chatter(clone: Path) -> None:
    chatter = "WARNING: Location 'file:///opt/simple/x/' is ignored: it is neither a file nor a directory."
    done = install(clone, PIP_SAYS=f"{chatter}\nERROR: no such thing")
    assert done.stderr.splitlines()[0] == "ERROR: no such thing"


def test_what_is_installed_is_not_installed_again(clone: Path) -> None:
    install(clone)
    once = installed(clone)
    install(clone)
    assert installed(clone) == once == ["-r requirements/dev.txt", "--no-deps --no-build-isolation --editable ."]


def test_what_can_be_checked_can_run(clone: Path) -> None:
    install(clone)
    install(clone, "run")
    assert len(installed(clone)) == 2


def test_what_failed_is_tried_again(clone: Path) -> None:
    install(clone, PIP_SAYS="ERROR: something")
    install(clone)
    assert installed(clone)[-1] == "--no-deps --no-build-isolation --editable ."


@pytest.mark.parametrize("path", ["requirements/dev.txt", "pyproject.toml"])
def test_other_pins_are_installed(clone: Path, path: str) -> None:
    install(clone)
    with (clone / path).open("a", encoding="utf-8") as file:
        file.write("# changed\n")
    install(clone)
    assert len(installed(clone)) == 4


def test_a_clone_that_was_moved_is_installed_anew(clone: Path) -> None:
    install(clone)
    moved = clone.rename(clone.with_name("moved"))
    install(moved)
    assert len(installed(moved)) == 4


def test_another_python_makes_it_anew(clone: Path) -> None:
    install(clone)
    shutil.copy(clone / "bin/python3", clone / "bin/python4")
    (clone / "bin/python4").write_text(STAND_IN.replace("stands in", "is another"), encoding="utf-8")
    install(clone, PYTHON="python4")
    assert len(installed(clone)) == 4
