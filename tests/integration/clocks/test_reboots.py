"""What nobody measured, across a reboot, counts for nothing where it protects money."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bursar.api import DidNot, Happened, Succeeded, Unreachable
from support.config import config
from support.world import World

PAY = '{name: p, on: balance.passed_min_payout, do: [{payout: {method: "7"}}]'
DAILY = PAY + ", cooldown: 24h}"
HOLD = '{name: h, on: order, when: \'order.state in ["pending", "in_progress"]\', for: 48h, do: [cancel]}'
GONE = Unreachable("the answer was lost")
HOUR_S, DAY_S = 3600.0, 86400.0


async def crash(world: World) -> None:
    """Lose the power for a minute."""
    world.boots += 1
    await world.restart(clean=False, minutes=1)


async def test_a_day_of_which_nobody_knows_is_no_day_of_a_cooldown(world: World) -> None:
    world.site.money("80")
    await world.open(config(DAILY))
    await world.turn()
    world.site.money("0")
    await world.live(minutes=12)
    world.site.money("90")
    await world.reboot(hours=30)
    await world.live(hours=2, every_s=300)
    assert len(world.site.performed) == 1


async def test_a_day_that_the_kernel_vouches_for_counts(world: World) -> None:
    world.synchronised = True
    world.site.money("80")
    await world.open(config(DAILY))
    await world.live(minutes=3)
    world.site.money("0")
    await world.live(minutes=12)
    world.site.money("90")
    await world.reboot(hours=30)
    await world.live(minutes=30)
    assert len(world.site.performed) == 2


async def test_a_clock_that_was_not_believed_before_the_reboot_makes_nothing_count_after_it(world: World) -> None:
    world.site.money("80")
    await world.open(config(DAILY))
    await world.live(minutes=3)
    world.site.money("0")
    await world.live(minutes=12)
    world.site.money("90")
    world.synchronised = True
    world.boots += 1
    await world.restart(hours=30)
    await world.live(hours=2, every_s=300)
    assert len(world.site.performed) == 1


async def test_a_day_that_a_provider_vouches_for_counts(world: World) -> None:
    world.site.money("80")
    world.site.dates = world.clock.now
    await world.open(config(DAILY))
    await world.live(minutes=3)
    world.site.money("0")
    await world.live(minutes=12)
    world.site.money("90")
    await world.reboot(hours=30)
    await world.live(minutes=30)
    assert len(world.site.performed) == 2


async def test_a_day_that_a_provider_contradicts_does_not_count(world: World) -> None:
    """The machine came up with a clock that is 30 hours ahead."""
    world.site.money("80")
    world.site.dates = world.clock.now
    await world.open(config(DAILY))
    await world.live(minutes=3)
    world.site.money("0")
    await world.live(minutes=12)
    world.site.money("90")
    world.site.dates = lambda: world.clock.now() - timedelta(hours=30)
    world.clock.jump(30 * HOUR_S)
    await crash(world)
    await world.live(hours=2, every_s=300)
    assert len(world.site.performed) == 1


@pytest.mark.parametrize("when", ["while it runs", "while it is down"])
async def test_a_wrong_clock_that_is_set_right_makes_no_day_count(world: World, when: str) -> None:
    """The clock was 30 hours ahead at the start, or 30 hours behind at the end: the reboot took a minute."""
    world.site.money("80")
    world.synchronised = True
    await world.open(config(DAILY))
    await world.live(minutes=3)
    world.site.money("0")
    await world.live(minutes=12)
    world.site.money("90")
    if when == "while it is down":
        world.synchronised = False
        world.clock.jump(-30 * HOUR_S)
        await world.live(minutes=2, every_s=20)
    world.clock.jump(30 * HOUR_S)
    world.synchronised = when == "while it is down"
    await crash(world)
    if when == "while it runs":
        world.clock.jump(-30 * HOUR_S)
        world.synchronised = True
    await world.live(hours=2, every_s=300)
    assert len(world.site.performed) == 1


async def test_a_hold_follows_the_wall_across_a_reboot(world: World) -> None:
    world.site.orders["1"] = "in_progress"
    await world.open(config(HOLD))
    await world.track("1")
    await world.live(minutes=3)
    await world.reboot(hours=50)
    await world.live(minutes=10)
    assert world.site.done("cancel") == ["1"]


async def test_a_reboot_is_no_jump(world: World) -> None:
    await world.open(config())
    await world.turn()
    await world.reboot(hours=50)
    await world.live(minutes=5)
    assert await world.told("clock.*") == []


async def test_a_lost_payout_that_lands_during_a_pause_is_no_second_one(world: World) -> None:
    world.site.money("80")
    world.site.will("payout", GONE)
    await world.open(config(DAILY))
    world.site.will("reconcile", *[DidNot()] * 6)
    await world.turn()
    await world.live(minutes=4, every_s=20)
    await world.say("pause")
    await world.live(minutes=4, every_s=20)
    ready = await world.states()
    world.site.next["reconcile"].clear()
    world.site.will("reconcile", *[Happened(Succeeded("41"))] * 99)
    await world.live(minutes=30)
    await world.say("resume")
    await world.live(hours=2, every_s=300)
    assert (ready, world.site.done("payout"), await world.states()) == (["ready"], ["balance"], ["succeeded"])


async def test_a_lost_payout_that_is_found_in_the_list_read_for_the_next_is_not_asked_for_again(world: World) -> None:
    world.site.money("80")
    world.site.will("payout", GONE)
    await world.open(config(DAILY))
    world.site.will("prepare", {"known": [], "balance": "80"}, *[Happened(Succeeded("41"))] * 9)
    world.site.will("reconcile", *[DidNot()] * 99)
    await world.turn()
    await world.live(minutes=20, every_s=20)
    assert (world.site.done("payout"), await world.states()) == (["balance"], ["succeeded"])


async def test_the_cooldown_counts_from_the_end_of_a_payout_that_was_found_late(world: World) -> None:
    world.site.money("80")
    world.site.will("payout", GONE)
    await world.open(config(DAILY))
    world.site.will("reconcile", Happened(Succeeded("41")))
    await world.turn()
    await world.live(minutes=3)
    world.site.money("0")
    await world.live(minutes=12)
    world.site.money("90")
    await world.live(hours=20, every_s=600)
    early = len(world.site.performed)
    await world.live(hours=5, every_s=600)
    assert (early, len(world.site.performed)) == (1, 2)
