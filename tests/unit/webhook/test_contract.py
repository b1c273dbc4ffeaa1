"""The sink passes the contract that every sink must pass."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bursar.api import Secret
from bursar.testing import HttpSinkContract
from bursar_webhook.sink import WEBHOOK

SECRET = "whsec_c2VjcmV0LXRoYXQtbm9ib2R5LW1heS1zZWU="


class TestWebhook(HttpSinkContract):
    sink_type = WEBHOOK

    def options(self, url: str) -> Mapping[str, Any]:
        return {"url": url, "secret": Secret(SECRET), "headers": {"Authorization": "Bearer b3arer"}}

    def secrets(self) -> Sequence[str]:
        return (SECRET, "b3arer")
