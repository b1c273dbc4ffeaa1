"""What waits past the ceiling: one question, which is good for an hour; a resume releases no more than that."""

from __future__ import annotations

from support.config import config
from support.world import World

REFILL = "{name: e, on: order.partial, do: [refill]}"


async def test_a_resume_releases_no_more_than_the_ceiling(world: World) -> None:
    ids = [str(number) for number in range(30)]
    world.site.orders |= dict.fromkeys(ids, "partial")
    await world.open(config(REFILL, settings="ceiling: 10"))
    await world.say("pause")
    await world.track(*ids)
    await world.live(minutes=5)
    await world.say("resume")
    await world.live(minutes=9, every_s=30)
    assert len(world.site.performed) <= 10
    assert await world.told("ceiling.*") == ["ceiling.reached"]


async def test_what_waits_past_the_ceiling_is_one_question(world: World) -> None:
    ids = [str(number) for number in range(30)]
    world.site.orders |= dict.fromkeys(ids, "partial")
    await world.open(config(REFILL, settings="ceiling: 10"))
    await world.track(*ids)
    await world.live(minutes=5, every_s=30)
    told = (await world.events("ceiling.reached"))[-1]["data"]
    await world.say("approve", ids=["ceiling:panel"])
    await world.live(minutes=5, every_s=30)
    assert (told["id"], told["number"], len(world.site.performed)) == ("ceiling:panel", 20, 30)


async def test_a_question_past_the_ceiling_is_good_for_an_hour(world: World) -> None:
    ids = [str(number) for number in range(12)]
    world.site.orders |= dict.fromkeys(ids, "partial")
    await world.open(config(REFILL, settings="ceiling: 10"))
    await world.track(*ids)
    await world.live(hours=2, every_s=60)
    assert (await world.states()).count("lapsed") == 2
