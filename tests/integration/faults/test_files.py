"""The journal's files are moved or replaced under the running daemon: it stops acting, and says so."""

from __future__ import annotations

import shutil
from collections.abc import MutableMapping
from typing import Any

import pytest
from structlog.testing import capture_logs

from bursar.control.controller import Controller
from bursar.control.messages import RequestRejected
from bursar.journal.errors import JournalDamaged
from support.config import config
from support.world import World

REFILL = "{name: e, on: order.partial, do: [refill]}"


async def ready(world: World) -> None:
    world.site.orders["1"] = "partial"
    await world.open(config(REFILL))
    await world.track("1")
    await world.poll()


def away(world: World) -> None:
    (world.folder / "journal.db").rename(world.folder / "elsewhere.db")


def removed(world: World) -> None:
    (world.folder / "journal.db").unlink()


def replaced(world: World) -> None:
    path = world.folder / "journal.db"
    shutil.copyfile(path, world.folder / "copy.db")
    (world.folder / "copy.db").rename(path)


def without_its_log(world: World) -> None:
    (world.folder / "journal.db-wal").rename(world.folder / "elsewhere.db-wal")


WAYS = [away, removed, replaced, without_its_log]


@pytest.mark.parametrize("happens", WAYS)
async def test_nothing_is_sent_any_more(world: World, happens: Any, logged: list[MutableMapping[str, Any]]) -> None:
    await ready(world)
    happens(world)
    await world.send()
    await world.live(minutes=5)
    assert world.site.performed == []
    assert "journal.displaced" in [line["event"] for line in logged]


@pytest.mark.parametrize("happens", WAYS)
async def test_the_status_says_so(world: World, happens: Any) -> None:
    await ready(world)
    happens(world)
    await world.tick()
    assert "journal.db" in (await world.say("status"))["problem"]


async def test_it_acts_again_when_the_file_is_back(world: World) -> None:
    await ready(world)
    away(world)
    await world.live(minutes=5)
    (world.folder / "elsewhere.db").rename(world.folder / "journal.db")
    await world.live(minutes=15)
    assert world.site.done("refill") == ["1"]


async def test_nothing_is_sent_on_a_journal_that_was_written_over(
    world: World, logged: list[MutableMapping[str, Any]]
) -> None:
    await ready(world)
    path = world.folder / "journal.db"
    path.write_bytes(path.read_bytes() + bytes(4096))
    for turn in (world.send, world.tick):
        with pytest.raises(JournalDamaged):
            await turn()
    assert (world.site.performed, "journal.displaced" in [line["event"] for line in logged]) == ([], True)
    assert "another program wrote into the journal" in (await world.say("status"))["problem"]


@pytest.mark.parametrize("verb", ["pause", "resume", "approve", "deny", "retry"])
@pytest.mark.parametrize("happens", WAYS)
async def test_nothing_that_a_person_says_is_taken_where_it_would_be_lost(
    world: World, happens: Any, verb: str
) -> None:
    await ready(world)
    happens(world)
    with pytest.raises(RequestRejected, match="nothing was done"):
        await world.say(verb, **({} if verb in ("pause", "resume") else {"ids": ["1"]}))


async def test_a_reload_that_could_not_be_written_is_refused(world: World) -> None:
    await ready(world)
    world.controller = Controller(world.context, world.sites.registry(), world.supervisor, taken_on)
    world.journal.broken = "the disk is full"
    with pytest.raises(RequestRejected, match="the disk is full; the old configuration stays"):
        await world.say("reload")


async def taken_on() -> Any:
    raise AssertionError("it was taken on")


async def test_a_run_says_that_it_begins_a_new_journal(world: World) -> None:
    """Beneath a volume that is not mounted it would know nothing of what was done."""
    with capture_logs() as logged:
        await world.open(config())
    [said] = [line for line in logged if line["event"] == "journal.new"]
    assert (said["log_level"], said["path"]) == ("warning", str(world.journal.path))


async def test_a_run_on_a_journal_that_was_there_says_nothing_of_a_new_one(world: World) -> None:
    await world.open(config())
    with capture_logs() as logged:
        await world.restart()
    assert [line for line in logged if line["event"] == "journal.new"] == []
