"""The contracts of import-linter name the whole house, so that nothing new stands outside of them."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
CONFIGURATION: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
LINTER = CONFIGURATION["tool"]["importlinter"]
PLUGINS = {path.parent.name for path in (ROOT / "plugins").glob("*/__init__.py")}


def contract(name: str) -> dict[str, Any]:
    """Return the contract of that name."""
    return next(found for found in LINTER["contracts"] if found["name"] == name)


def core() -> set[str]:
    """Return the packages and modules right under `bursar`."""
    found = {path.stem for path in (ROOT / "daemon" / "bursar").glob("*.py")}
    found |= {path.parent.name for path in (ROOT / "daemon" / "bursar").glob("*/__init__.py")}
    return {f"bursar.{name}" for name in found - {"__init__", "__main__"}}


INSIDE = "bursar_prove"
"""The crash test starts whole daemons, and breaks them on purpose from within."""


def test_every_package_but_the_journal_is_kept_from_sql() -> None:
    assert set(contract("SQL lives in the journal alone")["source_modules"]) == core() - {"bursar.journal"} | PLUGINS


def test_plugins_are_kept_from_everything_but_their_door() -> None:
    forbidden = set(contract("plugins import only bursar.api, bursar.sandbox and bursar.testing")["forbidden_modules"])
    assert forbidden == core() - {"bursar.api", "bursar.sandbox", "bursar.testing"}


@pytest.mark.parametrize(
    "where",
    [
        [*contract("plugins import only bursar.api, bursar.sandbox and bursar.testing")["source_modules"], INSIDE],
        contract("the core never imports a plugin")["forbidden_modules"],
        contract("plugins do not know each other")["modules"],
        [name for name in LINTER["root_packages"] if name != "bursar"],
        [
            Path(path).name
            for path in CONFIGURATION["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
            if path.startswith("plugins/")
        ],
        list(CONFIGURATION["project"]["entry-points"]["bursar"].values()),
    ],
    ids=["door", "core", "independence", "roots", "wheel", "entry points"],
)
def test_every_plugin_is_named(where: list[str]) -> None:
    assert set(where) == PLUGINS


PROVIDERS = sorted(name for name in PLUGINS if (ROOT / "plugins" / name / "adapter.py").exists())


@pytest.mark.parametrize("name", PROVIDERS)
@pytest.mark.parametrize("file", ["provider.py", "adapter.py", "parse.py", "sandbox/server.py"])
def test_every_provider_has_the_same_shape(name: str, file: str) -> None:
    """Who has read one plugin finds everything in the next."""
    assert (ROOT / "plugins" / name / file).is_file()


def test_the_shape_is_that_of_the_drawing() -> None:
    """A provider that acts has its outcomes where the others have them."""
    acting = [
        name for name in PROVIDERS if "ActionType(" in (ROOT / "plugins" / name / "provider.py").read_text("utf-8")
    ]
    assert [name for name in acting if not (ROOT / "plugins" / name / "outcomes.py").is_file()] == []
    assert len(acting) == 2
