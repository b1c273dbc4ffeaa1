"""What cannot be done is not half done; what nobody looks at any more is waited for by nobody."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from bursar import app
from bursar.journal.errors import JournalError, JournalFull
from bursar.journal.files.send_counter import SendCount, SendCounter
from bursar.logs import Redactor
from bursar.loops import startup
from support.config import config
from support.world import World


async def test_a_configuration_that_cannot_be_written_down_is_not_taken_on(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await world.open(config())
    before = world.context.config

    def full(*_args: object, **_kwargs: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(startup, "take_over", full)
    with pytest.raises(JournalFull):
        await world.reload(config("{name: new, on: order.partial, do: [refill]}"))
    assert world.context.config is before


async def test_a_hold_of_an_order_that_is_taken_off_watch_waits_for_nothing(world: World) -> None:
    world.site.orders["1"] = "pending"
    await world.open(config('{name: stuck, on: order, when: order.state == "pending", for: 2h, do: [cancel]}'))
    await world.track("1")
    await world.turn()
    await world.say("untrack", account="panel", ids=["1"])
    await world.live(hours=3, every_s=600)
    waiting = await world.read(lambda tx: tx.all("SELECT count(*) FROM verdicts WHERE ask_at IS NOT NULL"))
    assert (waiting, world.site.done("cancel")) == ([(0,)], [])


def test_the_counter_is_not_lowered_by_a_process_that_does_not_know_it(tmp_path: Path) -> None:
    path = tmp_path / "journal.db.fence"
    SendCounter(path).raise_to(SendCount("a", 5))
    SendCounter(path).raise_to(SendCount("a", 3))
    assert SendCounter(path).read() == SendCount("a", 5)


async def test_a_journal_that_cannot_be_read_at_a_reload_keeps_the_old_configuration(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await world.open(config())

    async def damaged(*_args: object) -> None:
        raise JournalError("the journal is damaged")

    monkeypatch.setattr(app, "preview", damaged)
    configuration = world.supervisor.configuration
    paths, registry = [world.folder / "bursar.yaml"], world.sites.registry()
    daemon = app.Daemon(paths, world.environ, registry, configuration, world.journal, Redactor(()), world.clock)
    assert await daemon._read_again(world.context) == (None, None, ["the journal is damaged"])
