"""What a person has done again, since it did not happen: not before it can land no more, and once."""

from __future__ import annotations

import pytest

from bursar.api import DidNot, Unreachable
from support.config import account, config
from support.world import World

PAY = '{name: p, on: balance.passed_min_payout, do: [{payout: {method: "7"}}]}'
GONE = Unreachable("the answer was lost")


@pytest.mark.parametrize("action", ["add", "payout"])
async def test_what_a_person_has_done_again_is_done_however_long_it_settles(world: World, action: str) -> None:
    """The hour of a ready one counts from when the lost request can land no more."""
    params = {"link": "x"} if action == "add" else {"method": "7", "account": "T"}
    world.site.money("600")
    world.site.will(action, GONE)
    world.site.will("reconcile", *[DidNot("not there")] * 999)
    await world.open(config(accounts=account(more="settle: 90m")))
    await world.say("call", account="panel", method=action, params=params, wait_s=0)
    await world.send()
    await world.say("resolve", id="1", again=True)
    await world.live(hours=4, every_s=300)
    assert (len(world.site.performed), await world.states()) == (2, ["succeeded"])


@pytest.mark.parametrize("by", ["its rule", "a retry", "a call"])
async def test_nothing_leaves_while_what_did_not_happen_may_still_land(world: World, by: str) -> None:
    """A person looks a moment after the loss; the rule's cooldown is shorter than `settle`."""
    call = {"account": "panel", "method": "payout", "params": {"method": "7"}}
    world.site.money("600")
    world.site.will("payout", GONE)
    world.site.will("reconcile", *[DidNot("not there")] * 999)
    await world.open(config((PAY[:-1] + ", cooldown: 20s}") if by == "its rule" else ""))
    if by != "its rule":
        await world.say("call", **call, wait_s=0)
    await world.turn()
    await world.say("resolve", id="1")
    if by == "a retry":
        await world.say("retry", ids=["1"])
    elif by == "a call":
        await world.say("call", **call, wait_s=0)
    await world.live(minutes=4, every_s=10)
    early = len(world.site.performed)
    await world.live(minutes=8)
    assert (early, len(world.site.performed)) == (1, 2)


async def test_a_restart_has_it_wait_anew(world: World) -> None:
    world.site.will("add", GONE)
    await world.open(config())
    call = {"account": "panel", "method": "add", "params": {"link": "x"}}
    await world.say("call", **call, wait_s=0)
    await world.send()
    await world.say("resolve", id="1")
    await world.restart(minutes=30)
    await world.say("call", **call, wait_s=0)
    await world.live(minutes=4)
    early = len(world.site.performed)
    await world.live(minutes=3)
    assert (early, len(world.site.performed)) == (1, 2)


async def test_what_a_person_has_done_again_grows_old_like_anything_else(world: World) -> None:
    """A restart has the lost one settle anew, and gives the other no new hour."""
    world.site.will("add", GONE)
    await world.open(config())
    await world.say("call", account="panel", method="add", params={"link": "x"}, wait_s=0)
    await world.send()
    await world.say("resolve", id="1", again=True)
    await world.restart(days=3)
    await world.live(hours=1)
    assert (len(world.site.performed), await world.states()) == (1, ["lapsed"])
