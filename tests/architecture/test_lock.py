"""The lock files: every version pinned, every file by its hash, and no address of any index."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LOCKS = ["requirements/run.txt", "requirements/dev.txt"]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def pinned(lock: str) -> set[str]:
    """Return the names that a lock file pins."""
    return set(re.findall(r"^([a-z0-9._-]+)==[^ ]+ ", (ROOT / lock).read_text(encoding="utf-8"), re.MULTILINE))


def wanted(requirements: list[str]) -> set[str]:
    """Return the names of requirements, as lock files write them."""
    return {re.sub(r"[-_.]+", "-", re.split(r"[<>=!~\[; ]", each)[0]).lower() for each in requirements}


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_names_no_address(lock: str) -> None:
    assert "://" not in (ROOT / lock).read_text(encoding="utf-8")


@pytest.mark.parametrize("lock", LOCKS)
def test_every_pin_has_a_hash(lock: str) -> None:
    entries = re.split(r"\n(?=[a-z0-9])", (ROOT / lock).read_text(encoding="utf-8"))
    assert [entry for entry in entries if not entry.startswith("#") and "--hash=sha256:" not in entry] == []


@pytest.mark.parametrize("lock", LOCKS)
def test_everything_that_bursar_needs_is_pinned(lock: str) -> None:
    assert wanted(PROJECT["dependencies"]) - pinned(lock) == set()


def test_everything_that_the_checks_need_is_pinned() -> None:
    assert wanted(PROJECT["optional-dependencies"]["dev"]) - pinned("requirements/dev.txt") == set()
