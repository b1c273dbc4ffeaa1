"""An order that turns partial, and a rule that acts on it."""

from __future__ import annotations

from support.config import config
from support.world import World


async def partial(world: World, rule: str, *outcomes: object, action: str = "refill", **more: str) -> None:
    """Have a rule act on the order 1."""
    world.site.will(action, *outcomes)
    world.site.orders["1"] = "partial"
    await world.open(config(rule, **more))
    await world.track("1")
    await world.turn()
