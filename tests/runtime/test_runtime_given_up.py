"""What waits until a person has it tried again is found by one filter."""

from __future__ import annotations

from kit import World
from runtime_config import config

from bursar.api import Refused

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
