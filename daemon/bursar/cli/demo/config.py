"""The example configuration and what the demo lays over it: addresses, intervals, `for` and `cooldown`; keys come
through the environment that the example names. Everything else stays as it is written, above all the rules."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from importlib.resources import files
from pathlib import Path
from typing import Any

from bursar.api import Provider
from bursar.cli.outcome import BAD_CONFIGURATION, CommandError
from bursar.sandbox import ServedProvider

EXAMPLE = "rules.example.yaml"
POLL = "1s"
RATE = "1200/min"
SETTLE = "5s"
HOLD = "6s"
COOLDOWN = "10s"
WALLET = "TDemoWa11etDemoWa11etDemoWa11et9x"


@dataclass(slots=True)
class DemoConfig:
    """What the demo runs by.

    Attributes:
        overlay: What is laid over the example.
        merged: The example under the overlay.
        environ: Variables for the daemon: keys, the receiver's secret, the wallet.
        credentials: The same for what the example names as systemd's credentials, by name.
    """

    overlay: dict[str, Any]
    merged: dict[str, Any]
    environ: dict[str, str] = field(default_factory=dict)
    credentials: dict[str, str] = field(default_factory=dict)


def example_text() -> str:
    """Return the example configuration: of the installed package, else of the source tree.

    Raises:
        CommandError: neither has one.
    """
    installed = files("bursar").joinpath(EXAMPLE)
    beside = Path(__file__).resolve().parents[4] / EXAMPLE
    for candidate in (installed, beside):
        if candidate.is_file():
            return candidate.read_text(encoding="utf-8")
    raise CommandError(f"{EXAMPLE} is missing from this installation", 1)


def read_example(text: str) -> dict[str, Any]:
    """Read it as plain data, by the reader of every configuration.

    Raises:
        CommandError: it is broken.
    """
    from bursar.settings.strict_yaml import read_text

    document, problems = read_text(text, EXAMPLE)
    if document is None or problems:
        raise CommandError(f"{problems[0] if problems else EXAMPLE + ' is empty'}", BAD_CONFIGURATION)
    read: dict[str, Any] = document.value
    return read


def lay_over(
    example: Mapping[str, Any],
    folder: Path,
    places: Sequence[ServedProvider],
    providers: Mapping[str, Provider],
    hook: str,
    secret: str,
) -> DemoConfig:
    """Make the overlay for these addresses, and lay it over the example."""
    by_provider = {place.provider: place for place in places}
    overlay: dict[str, Any] = {"settings": {"state": str(folder / "journal.db")}, "accounts": {}, "sinks": {}}
    config = DemoConfig(overlay, {})
    for name, account in example.get("accounts", {}).items():
        place = by_provider.get(account["provider"])
        if place is not None:
            overlay["accounts"][name] = _account(place, providers[place.provider])
            _provide(config, account.get("key"), str(place.settings.get("key", "")))
    for name, sink in example.get("sinks", {}).items():
        if sink.get("type") == "webhook":
            overlay["sinks"][name] = {"url": hook}
            _provide(config, sink.get("secret"), secret)
    overlay["rules"] = [*_rules(example.get("rules", []))]
    config.merged = merge(example, overlay)
    for reference in _references(config.merged):
        _provide(config, reference, WALLET)
    return config


def merge(below: Any, above: Any) -> Any:
    """Lay one document over another: mappings key by key, lists of named things by name, all else is replaced."""
    if isinstance(below, Mapping) and isinstance(above, Mapping):
        both = {**below, **{key: value for key, value in above.items() if key not in below}}
        return {key: merge(value, above[key]) if key in above else value for key, value in both.items()}
    if _named(below) and _named(above):
        named = {entry["name"]: entry for entry in above}
        return [merge(entry, named.get(entry["name"], {})) for entry in below]
    return above


def as_yaml(document: Any) -> str:
    """Write a document so that `bursar.settings` reads the same."""
    import yaml

    class Dumper(yaml.SafeDumper):
        """Writes decimals with all their digits."""

    Dumper.add_representer(
        Decimal, lambda dumper, value: dumper.represent_scalar("tag:yaml.org,2002:float", format(value, "f"))
    )
    Dumper.ignore_aliases = lambda *_: True  # type: ignore[method-assign]
    written: str = yaml.dump(document, Dumper=Dumper, sort_keys=False, allow_unicode=True, width=110)
    return written


def _account(place: ServedProvider, provider: Provider) -> dict[str, Any]:
    """Where the account is in the sandbox, and how often it is looked at there."""
    own = {name: value for name, value in place.settings.items() if name != "key"}
    polls = {stream.name: POLL for stream in provider.streams}
    return {"url": place.url, **own, "poll": polls, "rate": RATE, "settle": SETTLE}


def _rules(rules: Sequence[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    """Shorten what takes days."""
    for rule in rules:
        short = {key: value for key, value in (("for", HOLD), ("cooldown", COOLDOWN)) if key in rule}
        if short:
            yield {"name": rule["name"], **short}


def _provide(config: DemoConfig, reference: object, text: str) -> None:
    """Put a secret where its reference looks for it, unless something is there."""
    if not isinstance(reference, Mapping):
        return
    if "env" in reference:
        config.environ.setdefault(reference["env"], text)
    if "credential" in reference:
        config.credentials.setdefault(reference["credential"], text)


def _references(value: Any) -> Iterator[Mapping[str, str]]:
    """Find every secret that the document names."""
    if isinstance(value, Mapping):
        if len(value) == 1 and next(iter(value)) in {"env", "credential"}:
            yield value
        for inner in value.values():
            yield from _references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _references(inner)


def _named(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(entry, Mapping) and "name" in entry for entry in value)
