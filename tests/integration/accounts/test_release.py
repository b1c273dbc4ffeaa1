"""An account in quarantine is released by what it shows, by its old settings, or by a person."""

from __future__ import annotations

from decimal import Decimal

from support.config import config
from support.scenarios.accounts import OTHER, REFILL, began, rekey
from support.world import World


async def test_an_account_is_released_when_its_known_orders_reappear(world: World) -> None:
    await began(world)
    await rekey(world)
    await world.live(minutes=3)
    assert (await world.state(), await world.told("account.*")) == ("ok", ["account.quarantined", "account.released"])


async def test_an_account_is_not_released_by_one_of_three_orders(world: World) -> None:
    await began(world)
    world.site.orders |= dict.fromkeys(("2", "3"), "Incorrect order ID")
    await rekey(world)
    await world.live(minutes=30)
    assert await world.state() == "quarantined"


async def test_an_account_is_not_released_when_the_orders_are_others(world: World) -> None:
    await began(world)
    world.site.orders |= {id_: ("completed", {"service": "other"}) for id_ in ("1", "2", "3")}
    await rekey(world)
    await world.live(minutes=30)
    assert await world.state() == "quarantined"


async def test_an_account_is_not_released_by_the_currency_of_its_balance(world: World) -> None:
    world.site.money("20")
    await began(world)
    await rekey(world, known=False)
    await world.live(minutes=30)
    assert await world.state() == "quarantined"


async def test_what_happened_in_the_quarantine_is_seen_when_it_is_released(world: World) -> None:
    await began(world)
    world.site.orders["1"] = ("partial", {"service": "s1"})
    world.site.orders |= dict.fromkeys(("2", "3"), None)
    await rekey(world)
    await world.live(minutes=2)
    unseen = await world.told("order.partial")
    world.site.orders |= {id_: ("completed", {"service": f"s{id_}"}) for id_ in ("2", "3")}
    await world.live(minutes=25)
    assert (unseen, world.site.done("refill")) == ([], ["1"])


async def test_an_account_is_not_released_by_orders_that_tell_nothing(world: World) -> None:
    await began(world)
    world.site.orders |= dict.fromkeys(("1", "2", "3"), "completed")
    await rekey(world)
    await world.live(minutes=30)
    assert await world.state() == "quarantined"


async def test_an_account_of_one_order_is_released_by_it(world: World) -> None:
    world.site.orders["1"] = ("in_progress", {"service": "s1"})
    await world.open(config())
    await world.track("1")
    await world.live(minutes=2)
    await rekey(world)
    await world.live(minutes=3)
    assert await world.state() == "ok"


async def test_what_was_held_back_by_the_quarantine_is_done_when_a_person_says_that_it_is_the_same(
    world: World,
) -> None:
    await began(world)
    world.site.orders["1"] = ("partial", {"service": "s1"})
    world.site.orders |= dict.fromkeys(("2", "3"), "Incorrect order ID")
    await rekey(world)
    await world.live(minutes=2)
    await world.say("accounts_confirm", account="panel")
    await world.live(minutes=12)
    assert world.site.done("refill") == ["1"]


async def test_an_account_that_is_configured_as_before_is_released(world: World) -> None:
    await began(world)
    await rekey(world, known=False)
    await world.restart(config(REFILL))
    assert await world.told("account.*") == ["account.quarantined", "account.released"]


async def test_an_account_is_not_released_by_one_order_however_often_it_is_seen(world: World) -> None:
    await began(world)
    world.site.orders |= dict.fromkeys(("2", "3"), None)
    await rekey(world)
    for number in range(8):  # it is shown anew each time
        world.site.orders["1"] = ("in_progress", {"service": "s1", "remains": Decimal(number)})
        await world.live(minutes=3)
    assert await world.state() == "quarantined"


async def test_an_account_is_not_released_by_what_was_first_seen_in_the_quarantine(world: World) -> None:
    """Other amounts under known ids tell nothing; seen twice, they are still those of the other world."""
    world.site.orders |= {id_: ("completed", {"service": "s", "remains": Decimal(5)}) for id_ in ("1", "2", "3")}
    await world.open(config(REFILL))
    await world.track("1", "2", "3")
    await world.live(minutes=2)
    world.site.orders |= {id_: ("completed", {"service": "s", "remains": Decimal(9)}) for id_ in ("1", "2", "3")}
    await world.restart(config(REFILL, accounts=OTHER))
    await world.live(hours=30, every_s=600)
    await world.restart()
    await world.live(minutes=10)
    assert await world.state() == "quarantined"
