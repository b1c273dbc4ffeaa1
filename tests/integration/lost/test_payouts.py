"""A lost reply to a payout: it is looked for, and asked for again only once it can land no more."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bursar.api import CannotTell, DidNot, Happened, Lost, ProviderError, RateLimited, Succeeded, Unreachable
from support.config import account, config
from support.scenarios.replies import GONE, PAY, REFILL, pay
from support.world import World


async def test_a_lost_payout_is_not_asked_for_again(world: World) -> None:
    await pay(world)
    await world.live(hours=30, every_s=300)
    assert (len(world.site.performed), await world.states()) == (1, ["unknown"])


async def test_a_lost_payout_is_told_once(world: World) -> None:
    await pay(world)
    await world.live(hours=5, every_s=300)
    [told] = await world.events("action.unknown")
    assert (told["data"]["amount"], told["data"]["currency"]) == ("80", "USD")


async def test_a_lost_payout_blocks_the_action_on_the_account(world: World) -> None:
    await pay(world)
    await world.live(minutes=10)
    world.site.money("20")
    await world.live(minutes=10)
    world.site.money("90")
    await world.live(hours=3, every_s=300)
    assert len(world.site.performed) == 1


async def test_a_lost_payout_blocks_no_other_action(world: World) -> None:
    await pay(world)
    await world.reload(config(f"{PAY}\n{REFILL}"))
    world.site.orders["1"] = "partial"
    await world.track("1")
    await world.live(minutes=2)
    assert world.site.done("refill") == ["1"]


async def test_a_lost_payout_that_happened_is_settled_at_once(world: World) -> None:
    await pay(world, Happened(Succeeded("77"), "payout 77 is new"))
    await world.live(minutes=2)
    assert [(str(i.state), i.reference) for i in await world.intents()] == [("succeeded", "77")]


async def test_one_look_that_shows_nothing_settles_nothing(world: World) -> None:
    await pay(world, DidNot(), DidNot(), DidNot(), DidNot(), DidNot(), DidNot())
    await world.live(minutes=5, every_s=30)
    assert await world.states() == ["unknown"]


async def test_two_looks_that_show_nothing_after_settle_have_it_sent_again(world: World) -> None:
    await pay(world, *[DidNot()] * 99)
    await world.live(minutes=12, every_s=30)
    assert (len(world.site.performed), await world.states()) == (2, ["succeeded"])


async def test_it_is_sent_again_once(world: World) -> None:
    await pay(world, *[DidNot()] * 99)
    await world.live(hours=6, every_s=300)
    assert len(world.site.performed) == 2


async def test_looks_before_settle_do_not_count(world: World) -> None:
    await pay(world, *[DidNot()] * 99)
    await world.live(minutes=5, every_s=10)
    settled = await world.states()
    await world.live(seconds=50, every_s=10)
    assert (settled, await world.states()) == (["unknown"], ["unknown"])


async def test_the_two_looks_are_a_minute_apart(world: World) -> None:
    at = []

    async def look(_intent: object) -> DidNot:
        at.append(world.clock.now())
        return DidNot()

    await pay(world, *[look] * 99)
    sent_at = world.clock.now()
    await world.live(minutes=20, every_s=5)
    counted = [one for one in at if one >= sent_at + timedelta(minutes=5)]
    looks, before_sending = counted[:2], counted[2:]
    assert (looks[1] - looks[0] >= timedelta(seconds=60), len(before_sending)) == (True, 1)


async def test_with_a_short_settle_the_two_looks_are_as_short_apart(world: World) -> None:
    await pay(world, *[DidNot()] * 99, settle="10s, timeout: 10s")
    await world.live(seconds=25, every_s=1)
    assert await world.states() != ["unknown"]


async def test_a_look_that_was_begun_before_settle_does_not_count(world: World) -> None:
    async def slow(_intent: object) -> DidNot:
        await world.wait(seconds=90)
        return DidNot()

    await pay(world, slow, slow, slow, slow, *[CannotTell()] * 99)
    await world.live(minutes=20, every_s=30)
    assert await world.states() == ["unknown"]


@pytest.mark.parametrize("between", [CannotTell("the balance fell"), ProviderError("HTML"), "nonsense"])
async def test_a_look_that_tells_nothing_begins_the_two_looks_anew(world: World, between: object) -> None:
    await pay(world, *[DidNot()] * 5, between, DidNot(), *[CannotTell()] * 99)
    await world.live(hours=2, every_s=30)
    assert await world.states() == ["unknown"]


@pytest.mark.parametrize("guard", ["cooldown: 24h", "budget: {payout: {max: 100, every: 24h}}"])
async def test_a_lost_payout_counts_though_it_lapsed_in_a_pause(world: World, guard: str) -> None:
    """The looks showed nothing, and it may land yet: it is what the guards are for."""
    world.site.money("80")
    world.site.will("payout", GONE)
    world.site.will("reconcile", *[DidNot()] * 99)
    await world.open(config(PAY[:-1] + f", {guard}}}"))
    await world.turn()
    await world.live(minutes=5.5, every_s=10)
    await world.say("pause")
    await world.live(hours=3)
    await world.say("resume")
    await world.live(hours=1)
    assert (await world.states(), world.site.done("payout")) == (["lapsed"], ["balance"])


@pytest.mark.parametrize(
    ("said", "state"),
    [({"happened": True}, "succeeded"), ({}, "refused"), ({"again": True}, "ready")],
)
async def test_a_person_says_what_became_of_it(world: World, said: dict[str, bool], state: str) -> None:
    await pay(world)
    await world.say("resolve", id="1", **said)
    assert await world.states() == [state]


async def test_what_a_person_has_done_again_is_sent_once_more(world: World) -> None:
    await pay(world)
    await world.live(minutes=10)
    await world.say("resolve", id="1", again=True)
    await world.live(minutes=6)
    assert (len(world.site.performed), await world.states()) == (2, ["succeeded"])


@pytest.mark.parametrize("mood", [Unreachable, RateLimited])
async def test_a_look_that_the_provider_puts_off_for_months_is_tried_again(
    world: World, mood: type[Unreachable | RateLimited]
) -> None:
    """It is ready, and everything looks well: 115 days would be silence that looks like health."""
    await pay(world)
    world.site.will("reconcile", DidNot(), DidNot(), mood("busy", retry_after=timedelta(days=115)))
    world.site.will("reconcile", *[DidNot()] * 9)
    await world.live(days=1.1, every_s=300)
    assert (len(world.site.performed), "succeeded" in await world.states()) == (2, True)


@pytest.mark.parametrize("there", [True, False])
async def test_a_no_that_says_that_it_was_done_stands_where_it_is_not_found(world: World, there: bool) -> None:
    """It is looked for as anything that was lost; but where it is not there, it is no reason to ask at once again."""
    world.site.money("900")
    world.site.will("payout", *[Lost("the answer says no, and that it was made: you have a request", refused=True)] * 9)
    look = Happened(Succeeded("1")) if there else DidNot("it is not there")
    world.site.will("reconcile", *[look] * 99)
    await world.open(config(PAY, accounts=account(more="settle: 1m")))
    await world.live(hours=20, every_s=300)
    assert (len(world.site.performed), await world.states()) == (1, ["succeeded" if there else "refused"])
