"""An account whose key or address changes, with orders under watch that are known."""

from __future__ import annotations

from support.config import account, config
from support.world import World

REFILL = "{name: e, on: order.partial, do: [refill]}"
OTHER = account(key="OTHER")


async def began(world: World, rules: str = REFILL, state: str = "in_progress") -> None:
    """Start with three orders under watch and seen."""
    world.site.orders |= {id_: (state, {"service": f"s{id_}"}) for id_ in ("1", "2", "3")}
    await world.open(config(rules))
    await world.track("1", "2", "3")
    await world.live(minutes=2)


async def rekey(world: World, rules: str = REFILL, *, known: bool = True) -> None:
    """Start again with another key; the orders are there, or not."""
    if not known:
        world.site.orders |= dict.fromkeys(("1", "2", "3"), "Incorrect order ID")
    await world.restart(config(rules, accounts=OTHER))
