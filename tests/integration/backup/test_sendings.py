"""A journal that is older than what was sent: nothing that it takes for ready is sent."""

from __future__ import annotations

import pytest

from bursar.api import Unreachable
from bursar.control.asking import ask
from bursar.control.messages import RequestRejected
from bursar.journal.files.backup import back_up
from support.config import config
from support.scenarios.replies import PAY, REFILL, refill
from support.world import World


async def test_a_restored_journal_takes_nothing_ready_for_unsent(world: World) -> None:
    world.site.money("80")
    await world.open(config(PAY))
    await world.poll()
    await world.close()
    files = {path: path.read_bytes() for path in world.folder.glob("journal.db*") if "fence" not in path.name}
    await world.open(world._path.read_text(encoding="utf-8"))
    await world.live(minutes=2)
    await world.close()
    for path, content in files.items():
        path.write_bytes(content)
    await world.open(world._path.read_text(encoding="utf-8"))
    assert (await world.states(), await world.told("journal.*")) == (["unknown"], ["journal.restored"])


async def test_nothing_is_sent_twice_from_a_restored_journal(world: World) -> None:
    world.site.money("80")
    await world.open(config(PAY))
    await world.poll()
    await world.close()
    files = {path: path.read_bytes() for path in world.folder.glob("journal.db*") if "fence" not in path.name}
    await world.open(world._path.read_text(encoding="utf-8"))
    await world.live(minutes=2)
    await world.close()
    for path, content in files.items():
        path.write_bytes(content)
    await world.open(world._path.read_text(encoding="utf-8"))
    await world.live(hours=30, every_s=600)
    assert len(world.site.performed) == 1


async def test_nothing_is_sent_from_a_restored_journal_before_a_daemon_has_asked_about_it(world: World) -> None:
    await refill(world)
    await world.close()
    world.folder.joinpath("journal.db.fence").unlink()
    call = {"account": "panel", "method": "add", "params": {"link": "l"}, "wait_s": "0"}
    with pytest.raises(RequestRejected, match="start the daemon"):
        await ask(world._read(), world.sites.registry(), "call", call)  # type: ignore[arg-type]
    await world.open(config(REFILL))
    assert (world.site.done("add"), await world.told("journal.restored")) == ([], ["journal.restored"])


async def test_a_restored_journal_is_told_once(world: World) -> None:
    await refill(world)
    await world.close()
    world.folder.joinpath("journal.db.fence").unlink()
    await world.open(config(REFILL))
    await world.restart()
    assert await world.told("journal.restored") == ["journal.restored"]


async def test_what_was_ready_in_a_backup_from_before_the_first_sending_is_not_sent_again(world: World) -> None:
    world.site.money("600")
    world.site.will("prepare", Unreachable("not now"))
    await world.open(config(PAY))
    await world.turn()
    state = world.folder / "journal.db"
    back_up(state, world.folder / "backup.db")
    await world.live(minutes=2)
    await world.close()
    for one in world.folder.glob("journal.db*"):
        one.unlink()
    (world.folder / "backup.db").rename(state)
    await world.open(config(PAY))
    await world.live(minutes=30)
    assert (len(world.site.performed), await world.states()) == (1, ["unknown"])
