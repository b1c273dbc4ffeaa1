"""A yes where nobody could see what waits at the provider is a yes to that action alone."""

from __future__ import annotations

from bursar.api import Refused, Succeeded, Unreachable
from support.config import account, config
from support.world import World, with_function

PAY = '{name: p, on: balance.passed_min_payout, do: [{payout: {method: "7"}}]}'


async def test_a_yes_to_what_could_not_be_read_is_for_that_once(world: World) -> None:
    """A plugin without `evidence_lists`. A person looks at the site's page, sees nothing, and says yes; the site refuses.
    Weeks later payout 101, a person's own, waits for the money, and the payouts cannot be read again."""
    world.site.money("400")
    world.site.down["payouts"] = Unreachable("no")
    world.site.will("payout", Refused("not enough money"), Succeeded("2"))
    await world.open(config(PAY, accounts=account(more="settle: 1m")))
    with_function(world, evidence_lists=None)
    await world.live(hours=1, every_s=300)
    assert await world.states() == ["awaiting_approval"]
    await world.say("approve", ids=["1"])
    await world.live(minutes=10)
    assert await world.states() == ["refused"]
    world.site.money("0")
    await world.live(days=20, every_s=6 * 3600)
    world.site.payouts = {"101": "waiting"}
    world.site.money("5000")
    await world.live(days=2, every_s=1800)
    assert [str(one.cost) for one in world.site.performed] == ["400"]
