from config import config
from kit import World


async def test_smoke(world: World) -> None:
    await world.open(config('{name: a, on: order.partial, do: [refill]}'))
    world.site.orders["1"] = ("partial", {})
    await world.track("1")
    await world.turn()
    assert await world.told() == []
    assert world.site.done("refill") == ["1"]
