"""What bursar did to many at once is no reason to doubt the poll that shows it; and what a held poll shows as done is not
done again before somebody, or the next plausible poll, has said what it is worth."""

from __future__ import annotations

import pytest

from bursar.api import Lost, SubjectRef, Succeeded, Unreachable
from bursar.domain.intent import PlannedIntent
from bursar.pipeline.operator.decisions import plan_call
from bursar.pipeline.unit_of_work import UnitOfWork
from support.config import config
from support.world import World

IDS = [f"{number:02}" for number in range(30)]
FEW = IDS[:10]
REFILL = '{name: e, on: order.pending, when: order.state == "pending", do: [refill]}'
LOST = Lost("no answer")


async def refilled(world: World, ids: list[str], outcome: object = LOST, rule: str | None = None) -> None:
    """Have these of thirty pending orders refilled, by a person or a rule, with this outcome."""
    world.site.orders |= dict.fromkeys(IDS, "pending")
    world.site.will("refill", *[outcome] * len(ids))
    await world.open(config(rule or ""))
    await world.track(*IDS)
    await world.poll()
    for id_ in ids if rule is None else ():
        wanted = PlannedIntent(world.site_account, "refill", SubjectRef("order", id_), {})
        await world.context.commit(lambda uow, wanted=wanted: plan_call(uow, wanted))  # type: ignore[misc]
    await world.send()
    assert len(world.site.performed) == len(ids)


async def look(world: World, **states: str) -> None:
    """Have the first ten orders enter one state and the `others` another; the next thing that happens is a look."""
    world.site.orders |= dict.fromkeys(IDS, states["others"]) | dict.fromkeys(FEW, states["few"])
    await world.wait(seconds=90)
    await world.poll()
    await world.live(minutes=30, every_s=10)


@pytest.mark.parametrize("rule", [None, REFILL])
async def test_the_effect_of_many_lost_refills_is_believed_and_none_is_sent_again(
    world: World, rule: str | None
) -> None:
    await refilled(world, IDS, rule=rule)
    await look(world, few="in_progress", others="in_progress")
    assert (await world.told("observation.*"), set(await world.states())) == ([], {"succeeded"})
    assert len(world.site.done("refill")) == 30


async def test_the_effect_of_many_accepted_refills_is_believed(world: World) -> None:
    await refilled(world, IDS, Succeeded())
    world.site.orders |= dict.fromkeys(IDS, "in_progress")
    await world.live(minutes=15)
    assert (await world.told("observation.*"), len(await world.told("order.in_progress"))) == ([], 30)


async def test_what_no_refill_leads_to_is_held_however_many_were_refilled(world: World) -> None:
    await refilled(world, IDS, Succeeded())
    world.site.orders |= dict.fromkeys(IDS, "canceled")
    await world.live(minutes=15)
    assert await world.told("observation.*") == ["observation.held"]


async def test_what_was_shown_once_explains_nothing_that_comes_later(world: World) -> None:
    await refilled(world, IDS, Succeeded())
    for state in ("in_progress", "pending", "in_progress"):
        world.site.orders |= dict.fromkeys(IDS, state)
        await world.live(minutes=15)
    assert await world.told("observation.*") == ["observation.held", "observation.dropped"]


async def test_a_few_others_that_moved_with_them_are_believed(world: World) -> None:
    await refilled(world, IDS[:25], Succeeded())
    world.site.orders |= dict.fromkeys(IDS[:25], "in_progress") | dict.fromkeys(IDS[25:], "canceled")
    await world.live(minutes=15)
    assert (await world.told("observation.*"), len(await world.told("order.canceled"))) == ([], 5)


async def held(world: World) -> str:
    """Have ten refills lost, and then a poll held that shows them, because all others have moved, too."""
    await refilled(world, FEW)
    await look(world, few="in_progress", others="canceled")
    [row] = await world.say("observations")
    return str(row["id"])


async def test_what_moved_beyond_the_effect_is_held_with_it(world: World) -> None:
    await held(world)
    assert (await world.told("order.canceled"), set(await world.states())) == ([], {"unknown"})


async def test_what_a_held_poll_shows_as_done_is_not_done_again(world: World) -> None:
    await held(world)
    await world.live(hours=3)
    assert (len(world.site.done("refill")), set(await world.states())) == (10, {"unknown"})


async def test_a_held_poll_that_is_accepted_settles_what_it_shows(world: World) -> None:
    await world.say("accept", id=await held(world))
    await world.live(hours=1)
    assert (len(world.site.done("refill")), set(await world.states())) == (10, {"succeeded"})


async def test_after_a_plausible_poll_that_does_not_show_it_a_lost_refill_is_asked_again(world: World) -> None:
    await held(world)
    await look(world, few="pending", others="pending")
    assert (await world.told("observation.dropped"), len(world.site.done("refill"))) == (["observation.dropped"], 20)


async def test_what_is_ready_again_waits_for_a_held_poll_however_long(world: World) -> None:
    """It was to be asked again when the poll came that is held."""
    await refilled(world, FEW)
    await world.wait(minutes=1)
    await world.tick()
    assert set(await world.states()) == {"ready"}
    await look(world, few="in_progress", others="canceled")
    await world.live(hours=3)
    assert (len(world.site.done("refill")), set(await world.states())) == (10, {"ready"})
    await world.say("accept", id=(await world.say("observations"))[0]["id"])
    assert set(await world.states()) == {"succeeded"}


async def test_a_held_poll_that_shows_something_else_keeps_no_refill_back(world: World) -> None:
    await refilled(world, FEW)
    await look(world, few="canceled", others="canceled")
    assert (await world.told("observation.*"), len(world.site.done("refill"))) == (["observation.held"], 20)


async def test_a_person_has_it_sent_again_whatever_a_held_poll_shows(world: World) -> None:
    await held(world)
    await world.say("resolve", id="1", again=True)
    await world.live(minutes=1)
    assert world.site.done("refill").count("00") == 2


async def test_a_held_poll_of_a_type_that_is_no_more_stops_nothing(world: World) -> None:
    """A plugin's upgrade dropped it: what time does at all accounts goes on."""
    await held(world)

    def rename(uow: UnitOfWork) -> None:
        uow.tx.run("UPDATE held_observations SET observation = replace(observation, '\"order\"', '\"former\"')")

    await world.context.commit(rename)
    world.site.down["orders"] = Unreachable("502")
    await world.live(minutes=3)
    assert await world.read(lambda tx: tx.all("SELECT 1 FROM held_observations WHERE state = 'held'"))
