"""The suite that every provider must pass, over the sandbox in the two dialects that differ most, fault by fault."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import ClassVar

from bursar.api import Clock, Intent, Provider, SandboxServer
from bursar.testing import AdapterContract
from bursar_premium_exchanger.provider import PROVIDER
from bursar_premium_exchanger.sandbox.server import Dialect, Site, served
from support.premium_exchanger import WALLET, intent


class TestDialectA(AdapterContract):
    """The older script."""

    provider: ClassVar[Provider] = PROVIDER
    params: ClassVar = {"add_payout": {"method_id": "7", "account": WALLET}}
    dialect: ClassVar[Dialect] = Dialect.A

    def make_wire(self, clock: Clock) -> SandboxServer:
        site = Site(1, 1.0, clock, self.dialect)
        site.world.balance = Decimal("60.00")
        return served(site)

    def intents(self, wire: SandboxServer) -> Sequence[Intent]:
        return (intent(),)


class TestDialectB(TestDialectA):
    """The newer script."""

    dialect = Dialect.B
