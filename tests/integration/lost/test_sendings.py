"""Every sending is counted and on disk before the request leaves; an answer is that of its own attempt."""

from __future__ import annotations

from bursar.api import Happened, Succeeded
from bursar.journal import meta
from bursar.journal.files import send_counter
from bursar.pipeline.effects.findings import record_finding
from bursar.pipeline.outcomes import record_outcome
from support.config import config
from support.scenarios.replies import GONE, REFILL, pay, refill
from support.world import World


async def test_an_answer_for_an_older_fence_changes_nothing(world: World) -> None:
    await refill(world, GONE)
    await world.live(minutes=1)
    intent = (await world.intents())[0]
    await world.context.commit(lambda uow: record_outcome(uow, intent.id, 1, Succeeded("late"), uow.now))
    assert (await world.intents())[0] == intent


async def test_an_answer_for_an_older_fence_is_recorded(world: World) -> None:
    await refill(world, GONE)
    await world.live(minutes=1)
    await world.context.commit(lambda uow: record_outcome(uow, (1), 1, Succeeded("late"), uow.now))  # type: ignore[arg-type]
    rows = await world.read(lambda tx: tx.all("SELECT 1 FROM audit WHERE what = 'attempt.late'"))
    assert len(rows) == 1


async def test_a_finding_for_an_older_fence_changes_nothing(world: World) -> None:
    await pay(world)
    intent = (await world.intents())[0]
    finding, now = Happened(Succeeded("9")), world.clock.now()
    await world.context.commit(lambda uow: record_finding(uow, intent.id, intent.fence - 1, finding, now))
    assert await world.states() == ["unknown"]


async def test_the_counter_is_on_disk_before_the_request_leaves(world: World) -> None:
    counted = []

    async def look(_intent: object) -> Succeeded:
        mark = send_counter.SendCounter(world.folder / "journal.db.fence").read()
        counted.append(mark.sent if mark is not None else None)
        return Succeeded()

    await refill(world, look)
    assert counted == [1]


async def test_nothing_is_sent_when_the_counter_cannot_be_written(world: World) -> None:
    world.site.orders["1"] = "partial"
    await world.open(config(REFILL))
    await world.track("1")
    await world.poll()

    def full(_mark: object) -> None:
        raise OSError(28, "no space left on device")

    world.journal.send_counter.raise_to = full  # type: ignore[method-assign]
    await world.send()
    assert (world.site.performed, await world.states()) == ([], ["deferred"])


async def test_the_sending_is_committed_before_the_request_leaves(world: World) -> None:
    states = []

    async def look(_intent: object) -> Succeeded:
        states.extend(await world.states())
        return Succeeded()

    await refill(world, look)
    assert states == ["sending"]


async def test_an_outcome_that_cannot_be_written_yet_is_written_later(world: World) -> None:
    from bursar.journal.errors import JournalFull

    real, left = world_write(world), 3

    async def full_disk(_intent: object) -> Succeeded:
        async def write(function: object) -> object:
            nonlocal left
            left -= 1
            if left >= 0:
                raise JournalFull("the disk is full")
            return await real()(function)  # type: ignore[operator]

        world.journal.write = write  # type: ignore[method-assign,assignment]
        return Succeeded()

    await refill(world, full_disk)
    assert await world.states() == ["succeeded"]


def world_write(world: World):  # type: ignore[no-untyped-def]
    """Return the journal's own `write`, once there is a journal."""
    return lambda: type(world.journal).write.__get__(world.journal)


async def test_sendings_are_counted(world: World) -> None:
    await refill(world, GONE)
    await world.live(minutes=2)
    assert (await world.read(meta.send_count)).sent == 2
