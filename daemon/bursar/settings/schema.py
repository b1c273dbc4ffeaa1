"""The configuration as one JSON Schema (draft 2020-12): what the core knows, and what the plugins declare.

Comes in: the registry. Goes out: a schema that editors can complete from, and that `schema_errors` checks against. Our
own words in it: `x-expected` (what a value should be, for people), `x-named` (what kind of name an `enum` lists), and
`x-not-built` (a documented key that is refused, because accepting and ignoring it would be a lie).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bursar.api import schema as piece
from bursar.api.provider import Provider
from bursar.api.schema import Schema
from bursar.host.registry import Registry

NOT_BUILT: Schema = {"not": {}, "x-not-built": True}
NAME = r"^\w[\w.-]{0,63}$"
NOT_BUILT_RULE_KEYS = ("count", "absent", "group", "once_within", "unless", "silence")
SINK_KEYS = ("type", "events")
TOP_KEYS = frozenset({"settings", "accounts", "sinks", "rules"})


def configuration_schema(registry: Registry) -> dict[str, Any]:
    """Assemble the whole."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "bursar",
        **_mapping(
            {
                "settings": _mapping(settings_keys(), description="How the daemon itself works."),
                "accounts": _named(_account(registry), "The accounts, by name."),
                "sinks": _named(_sink(registry), "Where news goes, by name."),
                "rules": {"type": "array", "items": rule_schema(registry), "x-expected": "a list of rules"},
            }
        ),
    }


def settings_keys() -> dict[str, Schema]:
    """Return the keys of `settings:`."""
    return {
        "state": {
            "type": "string",
            "format": "bursar-state",
            "minLength": 1,
            "x-expected": "the name of a file",
            "description": "The journal's file; the control socket lies beside it.",
        },
        "mode": piece.choice("live", "shadow", description="`shadow`: journal what would be done, and do nothing."),
        "heartbeat": piece.url("Asked every minute while all loops turn (dead-man's switch)."),
        "retention": _mapping(
            {
                "events": piece.duration("Events, ended actions and old segments of the audit trail; default 90d."),
                "matches": piece.duration("What came of rules; default 30d."),
                "deliveries": piece.duration("Messages that were delivered or given up; default 30d."),
            },
            description="How long finished rows are kept; never anything open or unknown.",
        ),
        "baseline": piece.choice("events", description="`events`: first sight of what an account lists is news."),
        "ceiling": piece.integer(
            "How many effects an account may cause in ten minutes before a person is asked about the rest.", minimum=1
        ),
        "budget": {
            "type": "array",
            "x-expected": "a list such as [{payout: {max: 2000, currency: USD, every: 24h}}]",
            "items": {
                "type": "object",
                "minProperties": 1,
                "additionalProperties": _window(of_all=True),
                "x-expected": "a mapping such as {payout: {max: 2000, currency: USD, every: 24h}}",
            },
            "description": "At most so much of a currency in a rolling window, over all accounts that have it.",
        },
        "http": {
            **_mapping(
                {
                    "listen": {
                        "type": "string",
                        "format": "bursar-listen",
                        "description": "Where to listen.",
                        "x-expected": "an address and a port such as 127.0.0.1:8640",
                    },
                    "token": piece.secret("Signs the links by which people approve."),
                    "url": piece.url("How people reach it, where that is another address."),
                },
                description="Approvals by signed links; off unless set.",
            ),
            "required": ["listen", "token"],
        },
    }


def account_keys() -> dict[str, Schema]:
    """Return the keys that every account may have, whatever its provider."""
    return {
        "url": piece.url("Where the provider answers."),
        "key": piece.secret("The account's key."),
        "poll": {
            "type": "object",
            "x-expected": "a mapping from streams to intervals",
            "description": "How often each stream is asked, such as {orders: 60s}; `off` disables one.",
        },
        "rate": {
            "type": "string",
            "format": "bursar-rate",
            "x-expected": "a rate such as 30/min, 5/s or 100/h",
            "description": "How many requests per key.",
        },
        "timeout": piece.duration("How long one request may take."),
        "settle": piece.duration("How long a lost request may still land.", default="5m"),
        "debits_at_once": {
            "type": "boolean",
            "x-expected": "true or false",
            "description": "A payout leaves the balance as it is asked for, not once it is done.",
            "default": False,
        },
        "currency": currency_code(),
        "labels": {
            "type": "object",
            "x-expected": "a mapping such as {team: eu}",
            "additionalProperties": {"type": "string", "x-expected": "text"},
            "description": "For rules to choose accounts by.",
        },
        "budget": budget_schema(),
    }


def budget_schema() -> Schema:
    """Return the schema of `budget:`, of an account or a rule."""
    return {
        "type": "object",
        "additionalProperties": _window(of_all=False),
        "x-expected": "a mapping such as {payout: {max: 2000, every: 24h}}",
        "description": "At most so much of the account's currency in a rolling window, by action.",
    }


def _window(*, of_all: bool) -> Schema:
    amount: Schema = {"type": "number", "exclusiveMinimum": 0, "x-expected": "an amount above 0"}
    keys: dict[str, Schema] = {"max": amount, "every": piece.duration()}
    if of_all:
        keys["currency"] = currency_code()
    example = "{max: 2000, currency: USD, every: 24h}" if of_all else "{max: 2000, every: 24h}"
    return _mapping(keys, required=tuple(keys), expected=f"a budget such as {example}")


def currency_code() -> Schema:
    """Return the schema of a currency."""
    return piece.text("The currency.", pattern=r"^[A-Za-z0-9]{2,16}$", expected="a code such as USD")


def rule_schema(registry: Registry) -> Schema:
    """Return the shape of one rule, for editors; `bursar.rules` checks rules itself, shape and meaning at once."""
    return _mapping(
        {
            "name": piece.text("Unique.", pattern=NAME, expected="a name of letters, digits, '-', '_' and '.'"),
            "on": _texts("the type of an event, a glob, a list of them, or a subject"),
            "when": {"type": "string", "minLength": 1, "x-expected": "a condition", "description": "The condition."},
            "for": piece.duration("How long it must hold without a break."),
            "do": {
                "type": "array",
                "minItems": 1,
                "x-expected": "a list of actions, such as [refill]",
                "items": {"anyOf": [{"type": "string"}, _step(registry)]},
            },
            "accounts": {
                "type": "array",
                "minItems": 1,
                "x-expected": "a list of names, globs or {label: value}",
                "items": {
                    "anyOf": [{"type": "string"}, {"type": "object", "additionalProperties": {"type": "string"}}],
                    "x-expected": "a name, a glob or {label: value}",
                },
            },
            "limit": _mapping(
                {"per": piece.text(), "max": piece.integer(minimum=1), "every": piece.duration()},
                required=("per", "max", "every"),
                expected="a limit such as {per: order, max: 3, every: 24h}",
            ),
            "cooldown": piece.duration("How long the rule rests for the account and subject after it fired."),
            "mode": piece.choice("live", "shadow", "off", description="Whether the rule acts."),
            "approve": _mapping(
                {"above": {"type": "number", "minimum": 0, "x-expected": "an amount"}, "within": piece.duration()},
                required=("within",),
                expected="an approval such as {above: 500, within: 12h}",
            ),
            "budget": budget_schema(),
            "severity": piece.text("Travels with the rule's news."),
            "was": piece.text("The name that the rule had before: it takes over its cooldowns, limits and budgets."),
            **dict.fromkeys(NOT_BUILT_RULE_KEYS, NOT_BUILT),
        },
        required=("name", "on", "do"),
        expected="a rule: a mapping with name, on and do",
    )


def _step(registry: Registry) -> Schema:
    """Return the shape of an action with its parameters: those of all providers that have one of its name."""
    actions = [action for provider in registry.providers.values() for action in provider.actions]
    params: dict[str, dict[str, Schema]] = {action.name: {} for action in actions}
    for action in actions:
        params[action.name].update({name: {"description": param.description} for name, param in action.params.items()})
    steps = {name: {**_mapping(keys), "type": ["object", "null"]} for name, keys in params.items()}
    notify = _mapping({"sink": piece.text(), "text": {}, "severity": piece.text()}, required=("sink", "text"))
    return {**_mapping({**steps, "notify": notify}), "minProperties": 1, "maxProperties": 1}


def _account(registry: Registry) -> Schema:
    providers = sorted(registry.providers)
    return _either(
        "provider",
        "provider",
        providers,
        account_keys(),
        [
            _branch(
                "provider",
                name,
                _provider_keys(registry.providers[name]),
                ("provider", *account_keys()),
                _required(registry.providers[name]),
            )
            for name in providers
        ],
        registry,
    )


def _provider_keys(provider: Provider) -> dict[str, Schema]:
    interval: Schema = {
        "type": "string",
        "format": "bursar-interval",
        "x-expected": "an interval such as 60s, 5m or 6h, or off",
    }
    streams = {stream.name: {**interval, "description": stream.description} for stream in provider.streams}
    poll = _mapping(streams, expected="a mapping from streams to intervals", named="stream")
    return {**provider.settings, "poll": poll}


def _required(provider: Provider) -> tuple[str, ...]:
    return ("key",) if provider.default_url is not None else ("url", "key")


def _sink(registry: Registry) -> Schema:
    types = sorted(registry.sinks)
    events: Schema = {
        "type": "array",
        "x-expected": "a list of event types or globs, such as [account.*, action.*]",
        "items": {"type": "string", "x-expected": "an event type or a glob"},
        "description": "The events it gets unasked.",
    }
    return _either(
        "type",
        "type of sink",
        types,
        {"events": events},
        [
            _branch("type", name, registry.sinks[name].settings, SINK_KEYS, registry.sinks[name].required)
            for name in types
        ],
        registry,
    )


def _either(
    key: str, what: str, names: list[str], shared: Mapping[str, Schema], branches: list[Schema], registry: Registry
) -> Schema:
    """Return an object whose further keys depend on the value of one."""
    failed = ", ".join(sorted(plugin.name for plugin in registry.plugins if plugin.error is not None))
    hint = f"; failed plugins: {failed}, see `bursar plugins`" if failed else ""
    chosen: Schema = {"enum": names, "x-named": what, "x-hint": hint}
    return {"type": "object", "required": [key], "properties": {key: chosen, **shared}, "allOf": branches}


def _branch(
    key: str, name: str, own: Mapping[str, Schema], shared: tuple[str, ...], required: tuple[str, ...]
) -> Schema:
    """Return what holds when the key has this value."""
    keys: dict[str, Schema] = {**{each: {} for each in shared}, **own, key: {}}
    return {
        "if": {"properties": {key: {"const": name}}, "required": [key]},
        "then": {"properties": keys, "additionalProperties": False, "required": list(required)},
    }


def _mapping(
    keys: Mapping[str, Schema],
    *,
    required: tuple[str, ...] = (),
    expected: str = "a mapping",
    named: str = "key",
    description: str = "",
) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": dict(keys),
        "additionalProperties": False,
        "required": list(required),
        "x-expected": expected,
        "x-named": named,
        "description": description,
    }


def _named(member: Schema, description: str) -> Schema:
    names = {"pattern": NAME, "x-expected": "a name of letters, digits, '-', '_' and '.'"}
    return {"type": "object", "propertyNames": names, "additionalProperties": member, "description": description}


def _texts(expected: str) -> Schema:
    text = {"type": "string", "minLength": 1, "x-expected": expected}
    return {"anyOf": [text, {"type": "array", "minItems": 1, "items": text}], "x-expected": expected}
