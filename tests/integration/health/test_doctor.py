"""The doctor says whether anybody watches, and whether the accounts are reached."""

from __future__ import annotations

import pytest

from bursar.api import Rejected, Unreachable
from bursar.control.health import NOBODY_WATCHES, accounts_seen, examine_watch
from bursar.control.server import ControlServer
from bursar.journal.files.backup import Finding
from support.config import account, config
from support.world import World


async def seen(world: World) -> Finding:
    """Return what is found about the accounts."""
    return accounts_seen(await world.say("status"), world._read(), world.clock.now())


async def found(world: World) -> dict[str, Finding]:
    """Return what is found about the watch, by what was looked at."""
    return {one.what: one for one in await examine_watch(world._read(), world.clock.now())}


async def test_accounts_that_are_polled_well_are_fine(world: World) -> None:
    await world.open(config())
    await world.live(minutes=10)
    assert await seen(world) == Finding("accounts", "ok", "all are reached")


@pytest.mark.parametrize(
    ("error", "reason"),
    [(Unreachable("no route to it"), "unreachable"), (Rejected("the key is wrong"), "rejected")],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_an_account_that_is_not_reached_is_named_with_the_reason(
    world: World, error: Exception, reason: str
) -> None:
    await world.open(config(accounts=f"{account()}, {account('second', 2)}"))
    world.site.down["info"] = error
    await world.live(minutes=10)
    finding = await seen(world)
    assert (finding.verdict, "second" in finding.reason) == ("bad", False)
    assert finding.reason.startswith(f"panel ({reason}: ")
    assert str(error.args[0]) in finding.reason


async def test_an_account_that_was_not_polled_for_long_is_named(world: World) -> None:
    await world.open(config())
    await world.live(minutes=10)
    await world.wait(hours=3)
    finding = await seen(world)
    assert finding.verdict == "bad"
    assert finding.reason.startswith("panel (not polled well since 2026-01-01 12:0")


@pytest.mark.parametrize(("hours", "verdict"), [(0, "warning"), (2, "bad")])
async def test_an_account_that_was_never_polled_has_its_time_after_the_start(
    world: World, hours: float, verdict: str
) -> None:
    await world.open(config())
    await world.wait(hours=hours)
    assert await seen(world) == Finding("accounts", verdict, "panel (never polled well)")


async def test_an_account_of_which_nothing_is_polled_is_not_missed(world: World) -> None:
    off = "poll: {orders: off, coupons: off, info: off, payouts: off}"
    await world.open(config(accounts=account(more=off)))
    await world.wait(hours=3)
    assert (await seen(world)).verdict == "ok"


async def test_a_daemon_that_answers_is_fine(world: World) -> None:
    await world.open(config())
    async with ControlServer(world.folder / "control.sock", world.controller, world.journal.path):
        assert (await found(world))["daemon"] == Finding("daemon", "ok", "runs, and answers")


async def test_a_daemon_that_cannot_write_is_not_fine(world: World) -> None:
    await world.open(config())
    world.journal.broken = "the disk is full"
    async with ControlServer(world.folder / "control.sock", world.controller, world.journal.path):
        assert (await found(world))["daemon"] == Finding("daemon", "bad", "the disk is full")


async def test_that_nobody_watches_is_not_fine_and_the_accounts_are_read_from_the_journal(world: World) -> None:
    await world.open(config())
    await world.live(minutes=10)
    await world.close()
    rows = await found(world)
    assert (rows["daemon"], rows["accounts"].verdict) == (Finding("daemon", "bad", NOBODY_WATCHES), "ok")


async def test_a_process_that_does_not_answer_is_not_fine(world: World) -> None:
    await world.open(config())
    assert "does not answer at" in (await found(world))["daemon"].reason


async def test_the_daemon_of_another_journal_is_none_of_this(world: World) -> None:
    await world.open(config())
    async with ControlServer(world.folder / "control.sock", world.controller, world.folder / "j2.db"):
        finding = (await found(world))["daemon"]
    assert (finding.verdict, "has no daemon" in finding.reason) == ("bad", True)


async def test_without_a_journal_there_is_nothing_to_say_of_accounts(world: World) -> None:
    world._path.write_text(config(), encoding="utf-8")
    assert list(await found(world)) == ["daemon"]
