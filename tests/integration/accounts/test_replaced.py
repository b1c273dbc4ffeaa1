"""A person says that a name means another account now: what that leaves behind is named."""

from __future__ import annotations

from bursar.api import Lost
from support.config import account, config
from support.world import World

PAY = '{name: p, on: balance.passed_min_payout, do: [{payout: {method: "7"}}]}'


async def test_what_a_replaced_account_leaves_behind_is_named_and_the_way_back_leads_back(world: World) -> None:
    """A question ends, and what was lost there is looked for no more."""
    world.site.money("600")
    world.site.will("payout", Lost("no answer"))
    await world.open(config(PAY))
    await world.live(minutes=2)
    await world.say("resolve", id="1")
    asks = '{name: q, on: balance.passed_min_payout, do: [{payout: {method: "8"}}], approve: {within: 3d}}'
    await world.reload(config(asks))
    world.site.money("20")
    await world.live(minutes=12)
    world.site.money("600")
    await world.live(minutes=12)
    assert await world.states() == ["refused", "awaiting_approval"]
    await world.reload(config(asks, accounts=account(key="OTHER")))
    said = await world.say("accounts_replace", account="panel")
    assert (said["account"], said["ended"], said["in_doubt"]) == ("panel", ["2"], ["1"])
    await world.reload(config(asks))
    await world.say("accounts_rename", old=said["former"], new="panel")
    await world.live(minutes=6)
    assert await world.state() == "ok"
