"""A registry of a test's own: two providers, two kinds of sink, a function; and a reader for texts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bursar.api import (
    ActionType,
    Coverage,
    EventType,
    Field,
    FieldKind,
    LostReply,
    Param,
    Provider,
    SinkType,
    Stream,
    SubjectType,
)
from bursar.api.schema import choice, duration, flag, secret, text, url
from bursar.host.registry import PluginReport, Registry
from bursar.settings.model import Configuration, ConfigurationError
from bursar.settings.read import read_configuration


def nothing(*_: Any) -> Any:
    """Stands for what is never called here."""
    raise AssertionError


ORDER = SubjectType("order", "orders", {"remains": Field(FieldKind.NUMBER)}, states=("open", "partial", "done"))
BALANCE = SubjectType(
    "balance",
    "balance",
    {"amount": Field(FieldKind.NUMBER)},
    events=(EventType("balance.due", "It is due.", lambda before, after: False),),
)
PANEL = Provider(
    "panel",
    (
        Stream("orders", timedelta(seconds=60), Coverage.TRACKED),
        Stream("balance", timedelta(minutes=5), Coverage.LISTING),
    ),
    (ORDER, BALANCE),
    open=nothing,
    actions=(
        ActionType("refill", "order", LostReply.REPEATABLE),
        ActionType(
            "payout",
            "balance",
            LostReply.RECONCILABLE,
            {"method": Param(required=True), "account": Param(required=True, secret=True)},
            subject_id="balance",
            cost=nothing,
        ),
    ),
    settings={
        "verify_tls": flag(default=True),
        "pin": secret(),
        "patience": duration(default="10m"),
        "style": choice("form", "json", default="form"),
        "more": {
            "type": "object",
            "additionalProperties": False,
            "properties": {"code": secret(), "pause": duration()},
        },
    },
)
SHOP = Provider(
    "shop",
    (Stream("coupons", timedelta(minutes=1), Coverage.LISTING),),
    (SubjectType("coupon", "coupons", {}, states=("new", "activated")),),
    open=nothing,
    default_url="https://shop.example/api",
    default_rate=(
        2,
        timedelta(minutes=1),
    ),
    default_timeout=timedelta(seconds=20),
)
HOOK = SinkType(
    "hook",
    open=nothing,
    settings={"url": url("Where."), "secret": secret(), "title": text()},
    required=("url",),
)
LOG = SinkType("log", open=nothing)
REGISTRY = Registry(
    providers={"panel": PANEL, "shop": SHOP},
    sinks={"hook": HOOK, "log": LOG},
    plugins=(PluginReport("panel", "bursar", "1"),),
)
ENVIRON = {"HOME": "/home/me", "KEY": "sk-panel-1", "KEY2": "sk-panel-2"}
ACCOUNT = "accounts:\n  main: {provider: panel, url: https://p.example/api, key: {env: KEY}}\n"


class Reader:
    """Reads texts as configurations."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.file = folder / "bursar.yaml"

    def read(self, text: str, environ: Mapping[str, str] = ENVIRON, **options: bool) -> Configuration:
        self.file.write_text(text, encoding="utf-8")
        return read_configuration([self.file], REGISTRY, environ=environ, **options)

    def problems(self, text: str, environ: Mapping[str, str] = ENVIRON, **options: bool) -> list[str]:
        """Return the problems of a text, each as `line:column: message`."""
        with pytest.raises(ConfigurationError) as caught:
            self.read(text, environ, **options)
        return [self.short(problem) for problem in caught.value.problems]

    def warnings(self, text: str, **options: bool) -> list[str]:
        return [self.short(warning) for warning in self.read(text, **options).warnings]

    def short(self, problem: object) -> str:
        return str(problem).removeprefix(f"{self.file}:").replace(f"{self.folder}/", "")
