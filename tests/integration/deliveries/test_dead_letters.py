"""Dead letters are kept, and can be made due again under the same id."""

from __future__ import annotations

from bursar.api import DeliveryFailed
from support.config import config
from support.world import World


async def test_a_dead_letter_that_is_retried_goes_out_under_its_id(world: World) -> None:
    world.site.coupons = {"a": "new"}
    await world.open(config(events="'coupon.activated'"))
    await world.turn()
    world.sites.boxes["ops"].failures.append(DeliveryFailed("gone for good", permanent=True))
    world.site.coupons = {"a": "activated"}
    await world.live(minutes=10)
    dead = await world.say("deliveries", state="dead")
    await world.say("retry_deliveries", ids=[dead[0]["id"]])
    await world.live(minutes=10)
    again = await world.say("deliveries")
    assert [(row["id"], row["state"]) for row in again] == [(dead[0]["id"], "delivered")]
