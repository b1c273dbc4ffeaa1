"""The contract of every provider, kept by this one against its own sandbox."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bursar.api import Clock, Intent, PollRequest, SandboxServer, SubjectRef
from bursar.testing.contracts import AdapterContract
from bursar.testing.fakes import make_intent
from bursar_smm.provider import SMM
from bursar_smm.sandbox.world import World


def first_in(word: str) -> str:
    """Return an order of the contract's world (its seed is 1) that begins in this state."""
    return next(id_ for id_, order in World(1).orders.items() if order.status(0.0) == word)


class TestSmm(AdapterContract):
    provider = SMM
    params = {"status": {"order": "23500"}, "refill_status": {"refills": "1,2"}}  # noqa: RUF012  a ClassVar above

    def make_wire(self, clock: Clock) -> SandboxServer:
        """Count each effect once: the sandbox counts it as `refill`, and as `refill:ORDER` too."""
        wire = super().make_wire(clock)
        return replace(wire, effects=lambda: {name: n for name, n in wire.effects().items() if ":" not in name})

    def looks(self, wire: SandboxServer) -> Sequence[PollRequest]:
        known = {f"{id_}.1": {"panel_id": id_} for id_ in wire.track()}
        return [
            PollRequest("orders", tuple(wire.track())),
            PollRequest("refills", tuple(known), known=known),
            PollRequest("services"),
            PollRequest("balance"),
        ]

    def intents(self, wire: SandboxServer) -> Sequence[Intent]:
        order = {"service": "1", "link": "https://x.example/", "quantity": "50"}
        return [
            make_intent("add", SubjectRef("order", "+1"), order),
            make_intent("refill", SubjectRef("order", first_in("Partial"))),
            make_intent("cancel", SubjectRef("order", first_in("Pending"))),
        ]
