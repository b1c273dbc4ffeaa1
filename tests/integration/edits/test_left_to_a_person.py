"""Another wallet, and what is refused for ever, are for a person to say, whatever is edited after it or with it, and
however long ago it was."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from bursar.api import Refused, Unreachable
from support.config import account, config
from support.scenarios.payouts import left, pays_late
from support.world import World

STATE = '{name: p, on: balance, when: balance.amount >= 100, %sdo: [{payout: {method: "7", account: {env: WALLET}}}]}'
EVENT = STATE.replace("on: balance,", "on: balance.passed_min_payout,")
RULES = pytest.mark.parametrize("rule", [STATE, EVENT, STATE % "for: 10m, %s"], ids=["state", "event", "for"])
QUICK = account(more="settle: 5m, poll: {payouts: 1m, info: 1m}")
DAYS = pytest.mark.parametrize("days", [0, 32], ids=["at once", "a month later"])
Edit = Callable[[World, str], Awaitable[None]]


async def opened(world: World, rule: str) -> None:
    world.site.money("20")
    pays_late(world)
    await world.open(config(rule % "", accounts=QUICK))
    await world.live(minutes=10)


async def edit(world: World, rule: str, more: str = "") -> None:
    await world.reload(config(rule % more, accounts=QUICK))
    await world.live(minutes=20)


async def slips(world: World, rule: str) -> None:
    """The text is taken back after it was wrong for a while."""
    await edit(world, rule.replace(">= 100", ">= 1000"))
    await edit(world, rule)


async def off_and_on(world: World, rule: str) -> None:
    await edit(world, rule, "mode: off, ")
    await edit(world, rule)


async def asks_for_less(world: World, rule: str) -> None:
    await edit(world, rule.replace(">= 100", ">= 90"))


async def asks_by_the_event(world: World, _rule: str) -> None:
    await edit(world, EVENT)


async def asks_by_the_state(world: World, _rule: str) -> None:
    await edit(world, STATE)


async def asks_by_the_other_and_goes_back(world: World, rule: str) -> None:
    await edit(world, STATE if rule == EVENT else EVENT)
    await edit(world, rule)


EVERY = [slips, off_and_on, asks_for_less, asks_by_the_event, asks_by_the_state, asks_by_the_other_and_goes_back]
EDITS = pytest.mark.parametrize("edits", EVERY)


async def ready(world: World, rule: str) -> None:
    """600 is decided, and cannot leave."""
    await opened(world, rule)
    world.site.will("prepare", *[Unreachable("HTTP 503")] * 900)
    world.site.money("600")
    await world.live(minutes=20)
    assert await world.states() == ["ready"]


async def for_another_wallet(world: World, rule: str) -> None:
    """600 was decided for the wallet before: it has lapsed."""
    await ready(world, rule)
    world.environ["WALLET"] = "T-wallet-slip"
    await edit(world, rule)
    world.site.next["prepare"].clear()
    await world.live(minutes=20)
    assert await world.states() == ["lapsed"]


async def refused_for_ever(world: World, rule: str) -> None:
    await opened(world, rule)
    world.site.next["payout"].clear()
    world.site.will("payout", Refused("this wallet is closed", never=True))
    world.site.money("600")
    await world.live(minutes=20)
    assert await world.states() == ["refused"]
    pays_late(world)


@RULES
@EDITS
@DAYS
async def test_nothing_leaves_to_a_wallet_that_was_changed(world: World, rule: str, edits: Edit, days: int) -> None:
    await for_another_wallet(world, rule)
    await world.live(days=days, every_s=14_400)
    await edits(world, rule)
    await world.live(hours=5, every_s=120)
    assert left(world) == []


@RULES
@EDITS
@DAYS
async def test_what_is_refused_for_ever_is_not_asked_for_again(world: World, rule: str, edits: Edit, days: int) -> None:
    await refused_for_ever(world, rule)
    await world.live(days=days, every_s=14_400)
    await edits(world, rule)
    await world.live(hours=30, every_s=300)
    assert len(world.site.performed) == 1


@RULES
@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("{env: WALLET}", "{env: OTHER_WALLET}"),
        ("{env: WALLET}", "'T-wallet-slip'"),
        ("'T-wallet-1'", "{env: OTHER_WALLET}"),
        ("'T-wallet-1'", "'T-wallet-slip'"),
    ],
)
@pytest.mark.parametrize("besides", ["", "settings: too"], ids=["alone", "with another `when`"])
async def test_a_wallet_that_is_moved_and_mistyped_is_paid_by_nobody(
    world: World, rule: str, before: str, after: str, besides: str
) -> None:
    world.environ["OTHER_WALLET"] = "T-wallet-slip"
    rule = rule.replace("{env: WALLET}", before)
    await ready(world, rule)
    await edit(world, rule.replace(before, after).replace(">= 100", ">= 90" if besides else ">= 100"))
    world.site.next["prepare"].clear()
    await world.live(hours=5, every_s=120)
    assert (left(world), await world.states()) == ([], ["lapsed"])
    [lapsed] = await world.events("action.lapsed")
    assert "nothing asks again by itself" in lapsed["data"]["reason"]


@RULES
async def test_a_wallet_that_is_moved_and_the_same_is_paid(world: World, rule: str) -> None:
    world.environ["OTHER_WALLET"] = world.environ["WALLET"]
    await ready(world, rule)
    await edit(world, rule.replace("WALLET", "OTHER_WALLET"))
    world.site.next["prepare"].clear()
    await world.live(hours=2, every_s=120)
    assert left(world) == ["600"]


async def test_it_can_be_asked_for_again_a_year_later(world: World) -> None:
    await for_another_wallet(world, EVENT)
    await world.live(days=120, every_s=86400)
    await world.say("retry", ids=["1"])
    await world.live(minutes=20)
    assert left(world) == ["600"]
