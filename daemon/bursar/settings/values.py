"""From checked data to the values that the daemon is built from: settings, options, budgets, rates, accounts' labels.

Only data that passed the schema comes in here; it is read once more by the same readers (`formats`), so nothing can
be understood in two ways.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from bursar.api.provider import Provider
from bursar.api.schema import Schema
from bursar.api.secret import Secret
from bursar.diagnostics.problem import KeyPath
from bursar.domain.durations import parse_duration
from bursar.domain.rule import Budget, Mode
from bursar.settings.formats import read_interval, read_listen, read_rate
from bursar.settings.locations import place_state
from bursar.settings.model import Listening, Retention, Settings

Resolve = Callable[[Any, KeyPath], Secret]
"""Returns the secret that a value names, given the value and its path."""


def read_settings(
    raw: Mapping[str, Any], paths: Sequence[Path], beside: Path, environ: Mapping[str, str], resolve: Resolve
) -> Settings:
    """Read `settings:`.

    Args:
        raw: What it says; keys that did not pass the check are left out.
        paths: The configuration's files and directories.
        beside: The folder of the file that says `state`.
        environ: The environment.
        resolve: Gives the token.
    """
    state, socket = place_state(paths, raw.get("state"), beside, environ)
    retention = {name: parse_duration(text) for name, text in raw.get("retention", {}).items()}
    return Settings(
        state=state,
        socket=socket,
        mode=Mode(raw.get("mode", Mode.LIVE)),
        heartbeat=raw.get("heartbeat"),
        retention=Retention(**retention),
        baseline_events=raw.get("baseline") == "events",
        ceiling=raw.get("ceiling", Settings.__dataclass_fields__["ceiling"].default),
        http=_listening(raw.get("http", {}), resolve),
        budgets=tuple(budget for each in raw.get("budget", ()) for budget in read_budgets(each)),
    )


def _listening(raw: Mapping[str, Any], resolve: Resolve) -> Listening | None:
    if "listen" not in raw or "token" not in raw:
        return None
    host, port = read_listen(raw["listen"])
    token = resolve(raw["token"], ("settings", "http", "token"))
    url = raw.get("url", f"http://{raw['listen']}").rstrip("/")
    return Listening(host, port, token, url)


def read_polls(raw: Mapping[str, str], provider: Provider) -> dict[str, timedelta | None]:
    """Return the interval of every stream of a provider; None: `off`."""
    return {
        stream.name: read_interval(raw[stream.name]) if stream.name in raw else stream.interval
        for stream in provider.streams
    }


def read_account_rate(raw: str | None, provider: Provider) -> tuple[int, timedelta]:
    """Return the rate limit of an account."""
    return read_rate(raw) if raw is not None else provider.default_rate


def read_budgets(raw: Mapping[str, Any]) -> tuple[Budget, ...]:
    """Read the budgets of an account, or those of one entry of `settings.budget`."""
    return tuple(
        Budget(action, Decimal(budget["max"]), parse_duration(budget["every"]), _upper(budget.get("currency")))
        for action, budget in raw.items()
    )


def _upper(code: str | None) -> str | None:
    return code.upper() if code is not None else None


def read_options(
    schemas: Mapping[str, Schema], raw: Mapping[str, Any], path: KeyPath, resolve: Resolve
) -> dict[str, Any]:
    """Read a plugin's own settings: secrets become `Secret`, durations `timedelta`, what is not said its default."""
    options = {}
    for name, schema in schemas.items():
        if name in raw:
            options[name] = enrich(schema, raw[name], (*path, name), resolve)
        elif "default" in schema:
            options[name] = enrich(schema, schema["default"], (*path, name), resolve)
    return options


def enrich(schema: Schema, value: Any, path: KeyPath, resolve: Resolve) -> Any:
    """Turn a value into what its schema says that it means, in every depth."""
    if schema.get("format") == "bursar-secret":
        return resolve(value, path)
    if schema.get("format") == "bursar-duration" and isinstance(value, str):
        return parse_duration(value)
    if isinstance(value, dict):
        known = schema.get("properties", {})
        other = schema.get("additionalProperties")
        rest = other if isinstance(other, Mapping) else {}
        return {key: enrich(known.get(key, rest), each, (*path, key), resolve) for key, each in value.items()}
    if isinstance(value, list):
        items = schema.get("items", {})
        return [enrich(items, each, (*path, index), resolve) for index, each in enumerate(value)]
    return value
