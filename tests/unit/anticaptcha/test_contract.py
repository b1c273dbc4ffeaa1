"""The provider passes the contract that every provider must pass."""

from __future__ import annotations

from bursar.testing import AdapterContract
from bursar_anticaptcha.provider import PROVIDER


class TestAntiCaptcha(AdapterContract):
    provider = PROVIDER
