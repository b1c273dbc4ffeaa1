"""The contracts that every provider and every sink must pass, over the plugin's own sandbox, fault by fault."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import pytest

from bursar.api import Intent, Provider, SinkType, SubjectRef, SandboxServer
from bursar.testing import AdapterContract, SinkContract, make_intent
from bursar_parcel.jsonl import JSONL
from bursar_parcel.provider import PARCELBOX


class TestParcelbox(AdapterContract):
    provider: ClassVar[Provider] = PARCELBOX
    params: ClassVar = {"remind": {"parcel": "P-1001"}, "top_up": {"amount": "20"}}

    def intents(self, wire: SandboxServer) -> Sequence[Intent]:
        return (
            make_intent("remind", SubjectRef("parcel", "P-1001")),
            make_intent("top_up", SubjectRef("balance", "balance"), {"amount": "20"}),
        )


class TestJsonLines(SinkContract):
    sink_type: ClassVar[SinkType] = JSONL
    path: Path

    @pytest.fixture(autouse=True)
    def _somewhere(self, tmp_path: Path) -> None:
        self.path = tmp_path / "news.jsonl"

    def options(self, url: str) -> Mapping[str, Any]:
        return {"path": str(self.path)}
