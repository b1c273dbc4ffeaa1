"""The unit file, as systemd itself judges it; skipped in one line where its checker is not installed."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

ANALYZE = shutil.which("systemd-analyze")
EXECUTABLE = str(shutil.which("true"))
UNIT = Path(__file__).parents[3] / "systemd" / "bursar.service"
MAX_EXPOSURE = 1.5

needs_systemd = pytest.mark.skipif(ANALYZE is None, reason="systemd-analyze is not installed (apt install systemd)")


def analyze(*words: str) -> str:
    """Run systemd-analyze and give all that it says, its last line being `exit N`."""
    assert ANALYZE is not None
    done = subprocess.run([ANALYZE, *words], capture_output=True, encoding="utf-8", check=False)
    return f"{done.stdout}{done.stderr}exit {done.returncode}"


def setting(name: str) -> list[str]:
    """Return every value of a setting of the unit."""
    lines = UNIT.read_text(encoding="utf-8").splitlines()
    return [line.partition("=")[2] for line in lines if line.startswith(f"{name}=")]


@needs_systemd
def test_systemd_takes_the_unit_without_a_word(tmp_path: Path) -> None:
    installed = UNIT.read_text(encoding="utf-8").replace("/opt/bursar/bin/bursar", EXECUTABLE)
    unit = tmp_path / "bursar.service"
    unit.write_text(installed, encoding="utf-8")
    unit.chmod(0o644)  # systemd has a word to say about what anybody may write
    assert analyze("verify", "--man=no", str(unit)) == "exit 0"


@needs_systemd
def test_the_unit_is_hardly_exposed() -> None:
    said = analyze("security", "--offline=true", str(UNIT))
    level = re.search(r"exposure level for bursar.service: ([0-9.]+)", said)
    assert level is not None, said
    assert float(level[1]) <= MAX_EXPOSURE


def test_a_bad_configuration_is_not_tried_again() -> None:
    assert setting("RestartPreventExitStatus") == ["78"]


def test_the_volume_of_the_journal_is_mounted_first() -> None:
    """Else the daemon would begin an empty journal beneath it."""
    [folders] = setting("RequiresMountsFor")
    assert folders.split() == ["/var/lib/bursar", "/var/lib/private/bursar"]


def test_every_credential_lies_in_the_folder_that_the_unit_explains() -> None:
    wrong = [line for line in setting("LoadCredential") if line != _expected(line)]
    assert setting("LoadCredential")
    assert not wrong


def test_every_credential_of_the_example_is_handed_over() -> None:
    example = (UNIT.parents[1] / "rules.example.yaml").read_text(encoding="utf-8")
    code = "\n".join(line.partition("#")[0] for line in example.splitlines())
    named = set(re.findall(r"\{credential: ([^}]+)\}", code))
    assert named
    assert named <= {line.partition(":")[0] for line in setting("LoadCredential")}


def _expected(line: str) -> str:
    name = line.partition(":")[0]
    return f"{name}:/etc/bursar/credentials/{name}"


def test_the_page_names_the_credentials_that_the_unit_loads() -> None:
    """A file that is missing stops the start."""
    page = (UNIT.parents[1] / "docs" / "operations.md").read_text(encoding="utf-8")
    [sentence] = re.findall(r"The unit that ships loads ([^;]*);", page)
    assert re.findall(r"`([\w-]+)`", sentence) == [value.partition(":")[0] for value in setting("LoadCredential")]
