"""What waits for a rule at the moment at which the rule is edited."""

from __future__ import annotations

from support.config import config
from support.world import World

REFILL = "{name: e, on: order.partial, do: [refill], cooldown: 2h}"


async def held(world: World, rule: str = REFILL) -> None:
    """Have a second refill of order 1 wait for the cooldown."""
    world.site.orders["1"] = "partial"
    await world.open(config(rule))
    await world.track("1")
    await world.live(minutes=10)
    for state in ("in_progress", "partial"):
        world.site.orders["1"] = state
        await world.live(minutes=12)
    assert await world.matches() == ["cooldown"]
