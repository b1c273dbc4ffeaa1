"""Every YAML fragment is loaded: as a whole configuration, or as the section that its info string names."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from bursar.host.plugins import load_plugins
from bursar.host.registry import Registry
from bursar.settings.model import Configuration, ConfigurationError
from bursar.settings.read import read_configuration
from support.pages import Fragment, fragments, page, program

ACCOUNTS = """
accounts:
  main-panel: {provider: smm, url: https://panel.example/api/v2, key: {env: KEY}, labels: {team: eu}}
  eu-panel: {provider: smm, url: https://eu.example/api/v2, key: {env: KEY}}
  shop: {provider: anticaptcha, key: {env: KEY}}
  exchange: {provider: premium_exchanger, url: https://site.example/api.html, key: {env: KEY}, currency: USD}
"""
SINKS = """
sinks:
  ops: {type: webhook, url: https://hooks.example/bursar, secret: {env: KEY}}
  book: {type: log}
"""
AROUND = {"config": "", "rules": ACCOUNTS + SINKS, "accounts": SINKS, "sinks": ACCOUNTS, "settings": ACCOUNTS}
FRAGMENTS = list(fragments("yaml"))


def whole(fragment: Fragment) -> str:
    """Return a fragment as a whole configuration."""
    kind = fragment.kind.partition(" ")[2]
    if kind in ("config", "vending"):
        return fragment.text
    indented = "".join(f"  {line}\n" for line in fragment.text.splitlines())
    return f"{kind}:\n{indented}{AROUND[kind]}"


def read(text: str, folder: Path, registry: Registry | None = None) -> Configuration:
    """Read a configuration, as `bursar check --without-secrets` does."""
    (folder / "bursar.yaml").write_text(text, encoding="utf-8")
    return read_configuration(
        [folder / "bursar.yaml"], registry or load_plugins(), environ={"HOME": str(folder)}, without_secrets=True
    )


def vending() -> Registry:
    """Return the registry with what docs/plugins.md makes."""
    made: dict[str, Any] = {}
    exec(compile(program("docs/plugins.md"), "docs/plugins.md", "exec"), made)
    ours = load_plugins()
    return Registry({**ours.providers, "vending": made["VENDING"]}, {**ours.sinks, "push": made["PUSH"]})


@pytest.mark.parametrize("fragment", FRAGMENTS, ids=str)
def test_it_is_marked_with_what_it_is(fragment: Fragment) -> None:
    assert fragment.kind.partition(" ")[2] in {*AROUND, "vending"}


@pytest.mark.parametrize("fragment", FRAGMENTS, ids=str)
def test_it_loads(fragment: Fragment, tmp_path: Path) -> None:
    registry = vending() if fragment.kind == "yaml vending" else None
    assert read(whole(fragment), tmp_path, registry).settings is not None


CONDITIONS = [
    pytest.param(line, id=f"{fragment}: {line}")
    for fragment in fragments("text")
    if fragment.kind == "text when"
    for line in fragment.text.splitlines()
]


@pytest.mark.parametrize("condition", CONDITIONS)
def test_a_condition_can_be_used(condition: str, tmp_path: Path) -> None:
    rule = f"rules:\n  - name: one\n    on: order.partial\n    when: >-\n      {condition}\n    do: [refill]\n"
    assert read(rule + ACCOUNTS + SINKS, tmp_path).rules[0].when is not None


def test_the_complaint_that_is_shown_is_the_one_that_comes(tmp_path: Path) -> None:
    shown = re.search(r"bursar\.yaml:\d+:\d+: (unknown field .*)", page("docs/rules.md"))
    assert shown is not None
    rule = "rules: [{name: one, on: order.partial, when: order.remians > 0, do: [refill]}]\n"
    with pytest.raises(ConfigurationError) as caught:
        read(rule + ACCOUNTS, tmp_path)
    assert [problem.message for problem in caught.value.problems] == [shown[1]]
