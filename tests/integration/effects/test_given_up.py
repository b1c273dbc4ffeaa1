"""What waits until a person has it tried again is found by one filter."""

from __future__ import annotations

from bursar.api import Refused
from support.config import config
from support.world import World

PAY = '{name: p, on: balance.passed_min_payout, do: [{payout: {method: "7"}}]}'


async def test_what_was_refused_for_the_last_time_is_shown_as_given_up(world: World) -> None:
    """The intent was refused; it is its match that gave up."""
    world.site.money("600")
    world.site.will("payout", Refused("gibberish", unread=True))
    await world.open(config(PAY))
    await world.turn()
    [row] = await world.say("actions", state="gave_up")
    assert (row["id"], row["state"]) == ("1", "refused")
    assert "`bursar actions retry 1`" in row["reason"]
    await world.say("retry", ids=["1"])
    assert await world.say("actions", state="gave_up") == []


async def test_what_was_refused_is_put_to_the_rule_that_was_corrected_since(world: World) -> None:
    """The edit that mends it ends the match that waited for the retry."""
    world.site.money("600")
    world.site.will("payout", Refused("gibberish", unread=True))
    await world.open(config(PAY))
    await world.turn()
    await world.reload(config(PAY.replace('"7"', '"8"')))
    await world.live(minutes=12)
    await world.say("retry", ids=["1"])
    await world.live(minutes=12)
    assert [one.params["method"] for one in world.site.performed] == ["7", "8"]


async def test_a_no_is_taken_back_though_a_newer_match_waits_for_its_end(world: World) -> None:
    world.site.money("600")
    await world.open(config(PAY[:-1] + ", approve: {above: 1, within: 12h}}"))
    await world.turn()
    await world.say("deny", ids=["1"])
    for amount in ("20", "600"):
        world.site.money(amount)
        await world.live(minutes=12)
    await world.say("retry", ids=["1"])
    await world.live(minutes=12)
    assert await world.states() == ["denied", "awaiting_approval"]
