"""The stage for provider simulators: each provider's own wire server on a loopback port, with faults in front of it.

`server` gives the servers their ports, `faults` lets them down on request, in the ways of `misbehavior`. What a
provider says is its plugin's (`Provider.wire`).
"""

from bursar.sandbox.faults import ADMIN, FAULTS, Faults
from bursar.sandbox.server import HOST, FaultRequest, PortUnavailable, ServedProvider, serve_providers

__all__ = ["ADMIN", "FAULTS", "HOST", "FaultRequest", "Faults", "PortUnavailable", "ServedProvider", "serve_providers"]
