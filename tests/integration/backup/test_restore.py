"""What a restore meets: the rests of one that was killed, damage, logs without a journal, commands before the next start."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from bursar.control import offline
from bursar.control.messages import RequestRejected
from bursar.journal.errors import JournalError
from bursar.journal.files.backup import back_up, check_file, restore
from bursar.journal.files.last_ids import LastIds
from bursar.journal.writer import read_once
from bursar.loops import startup
from support.config import account, config
from support.scenarios.backup import RULES, added, copied_over, events_and_intents, state
from support.world import World

PAY = "{name: pay, on: balance.passed_min_payout, do: [{payout: {method: '7'}}], cooldown: 1h"


@pytest.fixture
async def backed_up(world: World) -> World:
    """Return a world with a payout that is ready, and a back-up of that; then the payout was sent."""
    world.site.money("100")
    await world.open(config(f"{PAY}}}"))
    await world.poll()
    back_up(state(world.folder), world.folder / "copy.db")
    await world.send()
    return world


async def alone(world: World, monkeypatch: pytest.MonkeyPatch, verb: str, **params: Any) -> Any:
    """Ask where no daemon runs, at the time that it is in the test."""
    monkeypatch.setattr(offline, "RealClock", lambda: world.clock)
    monkeypatch.setattr(startup, "this_machine", lambda: world.machine)
    return await offline.decide(world._read(), world.sites.registry(), verb, params)


@pytest.mark.parametrize(
    ("verb", "params"),
    [
        ("deny", {"ids": ["1"]}),
        ("approve", {"ids": ["1"]}),
        ("resolve", {"id": "1"}),
        ("retry", {"ids": ["1"]}),
        ("accounts_replace", {"account": "panel"}),
        ("accounts_confirm", {"account": "panel"}),
        ("accounts_retry", {"account": "panel"}),
        ("accounts_rename", {"old": "panel", "new": "other"}),
        ("accept", {"id": "1"}),
        ("drop", {"id": "1"}),
        ("restore_confirm", {}),
    ],
)
async def test_nothing_is_decided_on_a_restored_journal_before_a_daemon_has_recognized_it(
    backed_up: World, monkeypatch: pytest.MonkeyPatch, verb: str, params: dict[str, Any]
) -> None:
    """What was sent after the back-up stands in it as ready: a no to that would be believed, and count as nothing."""
    await copied_over(backed_up)
    with pytest.raises(RequestRejected, match="older than what was sent: start the daemon first"):
        await alone(backed_up, monkeypatch, verb, **params)
    await backed_up.open(config(f"{PAY}}}"))
    assert await backed_up.states() == ["unknown"]


@pytest.mark.parametrize(
    "first", [None, ("pause", {}), ("resume", {}), ("track", {"account": "panel", "rows": [{"id": "5"}]})]
)
async def test_no_id_is_given_again_where_the_last_ones_are_lost(
    world: World, monkeypatch: pytest.MonkeyPatch, first: tuple[str, dict[str, Any]] | None
) -> None:
    """Whatever is said before the next start."""
    await world.open(config(RULES))
    await world.turn()
    back_up(state(world.folder), world.folder / "copy.db")
    known = await events_and_intents(world)
    await added(world, "https://x.example/1")
    given = await events_and_intents(world) - known
    await copied_over(world)
    LastIds.beside(state(world.folder)).path.unlink()
    if first is not None:
        await alone(world, monkeypatch, first[0], **first[1])
    await world.open(config(RULES))
    await world.say("resume")
    await added(world, "https://x.example/2")
    assert (given & (await events_and_intents(world) - known), await world.told("journal.*")) == (
        set(),
        ["journal.restored"],
    )


async def test_a_restore_after_one_that_was_killed_is_of_its_own_backup(backed_up: World) -> None:
    """SQLite would play what the killed one has left back into the new copy."""
    part = state(backed_up.folder).with_name(".journal.db.part")
    await backed_up.close()
    _killed_while_it_wrote(backed_up.folder / "copy.db", part)
    back_up(state(backed_up.folder), backed_up.folder / "newer.db")
    restore(backed_up.folder / "newer.db", state(backed_up.folder), backed_up.clock.now())
    check_file(state(backed_up.folder))
    stood = read_once(state(backed_up.folder), lambda tx: tx.one("SELECT state FROM intents"))
    assert (stood, [*backed_up.folder.glob(".*part*")]) == (("succeeded",), [])


def _killed_while_it_wrote(backup: Path, part: Path) -> None:
    """Leave what a process leaves that is killed in the middle of a transaction: the copy half written, and its journal."""
    shutil.copyfile(backup, part)
    connection = sqlite3.connect(part, isolation_level=None)
    connection.execute("PRAGMA cache_size = 1")
    connection.execute("BEGIN IMMEDIATE")
    connection.execute("CREATE TABLE big (x)")
    connection.executemany("INSERT INTO big VALUES (?)", [("x" * 4000,)] * 200)
    connection.execute("DELETE FROM meta")
    journal = part.with_name(f"{part.name}-journal")
    halves = {path: path.read_bytes() for path in (part, journal)}
    connection.execute("ROLLBACK")
    connection.close()
    for path, half in halves.items():
        path.write_bytes(half)


async def test_the_copy_of_a_backup_that_was_made_with_cp_is_one_file(backed_up: World) -> None:
    """What is written into it is not left in a log, whose end nobody would hear of."""
    await backed_up.close()
    shutil.copyfile(state(backed_up.folder), backed_up.folder / "cp.db")
    with sqlite3.connect(state(backed_up.folder)) as newer:
        newer.execute("UPDATE sqlite_sequence SET seq = seq + 7")
    newer.close()
    restore(backed_up.folder / "cp.db", state(backed_up.folder), backed_up.clock.now())
    assert state(backed_up.folder).read_bytes()[18:20] == b"\x01\x01"  # the header's way of writing: no log
    last = read_once(
        state(backed_up.folder), lambda tx: tx.one("SELECT seq FROM sqlite_sequence WHERE name = 'ledger'")
    )
    assert last == (8,)


async def test_a_copy_that_is_not_whole_is_not_put_in_place(backed_up: World, monkeypatch: pytest.MonkeyPatch) -> None:
    await backed_up.close()
    before = state(backed_up.folder).read_bytes()

    def half(_backup: Path, part: Path) -> None:
        whole = (backed_up.folder / "copy.db").read_bytes()
        part.write_bytes(whole[:8192] + b"\xff" * (len(whole) - 8192))

    monkeypatch.setattr(shutil, "copyfile", half)
    with pytest.raises(JournalError):
        restore(backed_up.folder / "copy.db", state(backed_up.folder), backed_up.clock.now())
    assert (state(backed_up.folder).read_bytes(), [*backed_up.folder.glob(".*part*")]) == (before, [])


async def test_the_log_of_a_journal_that_was_moved_away_is_kept(backed_up: World) -> None:
    """What was committed last may be in it alone."""
    await backed_up.close()
    state(backed_up.folder).rename(backed_up.folder / "away.db")
    state(backed_up.folder).with_name("journal.db-wal").write_bytes(b"the newest commits")
    restore(backed_up.folder / "copy.db", state(backed_up.folder), backed_up.clock.now())
    kept = [path.read_bytes() for path in backed_up.folder.glob("*before-restore*-wal")]
    assert kept == [b"the newest commits"]


@pytest.mark.parametrize("last", ["9223372036854775807", "'x'", "NULL", "9007199254740993"])
async def test_the_last_ids_of_a_damaged_journal_are_not_believed(backed_up: World, last: str) -> None:
    await backed_up.close()
    with sqlite3.connect(state(backed_up.folder)) as damaged:
        damaged.execute(f"UPDATE sqlite_sequence SET seq = {last} WHERE name = 'ledger'")
    damaged.close()
    restore(backed_up.folder / "copy.db", state(backed_up.folder), backed_up.clock.now())
    await backed_up.open(config(f"{PAY}}}"))
    await added(backed_up, "https://x.example/1")
    assert [intent.id for intent in await backed_up.intents()] == [1, 2]


@pytest.mark.parametrize("verb", ["deny", "approve"])
async def test_a_persons_answer_is_not_undone_by_a_restore(world: World, verb: str) -> None:
    """Nothing was sent since the back-up; what was said since must not be forgotten unheard."""
    world.site.money("100")
    asks = config(f"{PAY}, approve: {{within: 12h}}}}")
    await world.open(asks)
    await world.turn()
    back_up(state(world.folder), world.folder / "copy.db")
    await world.say(verb, ids=["1"])
    await copied_over(world)
    await world.open(asks)
    await world.live(minutes=10)
    assert (await world.states(), await world.told("journal.*"), world.site.done("payout")) == (
        ["unknown"],
        ["journal.restored"],
        [],
    )


async def test_no_number_of_a_question_is_given_twice(world: World) -> None:
    """An old message says 1.2 of another amount."""
    asks = config(f"{PAY}, approve: {{within: 12h}}}}")
    world.site.money("100")
    await world.open(asks)
    await world.turn()
    back_up(state(world.folder), world.folder / "copy.db")
    world.site.money("150")
    await world.live(minutes=6)
    await world.say("approve", ids=["1"])
    given = [(row["id"], row["amount"]) for row in await world.say("actions")]
    await copied_over(world)
    world.site.money("400")
    await world.open(asks)
    await world.live(minutes=6)
    await world.say("resolve", id="1", again=True)
    await world.live(minutes=6)
    given += [(row["id"], row["amount"]) for row in await world.say("actions")]
    assert given == [("1.2", "150"), ("1.3", "400")]
    assert (await world.say("approve", ids=["1.2"]))[0]["problem"] is not None
    assert world.site.done("payout") == []


@pytest.mark.parametrize("known_as", [None, "former"])
async def test_a_restore_ends_no_pause_of_an_account_that_the_back_up_does_not_know(
    world: World, known_as: str | None
) -> None:
    """It came, or got its name, after the back-up."""
    await world.open(config(accounts=", ".join([account(), *([account(known_as, 2)] if known_as else [])])))
    back_up(state(world.folder), world.folder / "copy.db")
    both = config(accounts=f"{account()}, {account('second', 2)}")
    await world.restart(both)
    if await world.state("second") == "quarantined":
        await world.say("accounts_rename", old=known_as, new="second")
    await world.say("pause", account="second")
    await world.close()
    restore(world.folder / "copy.db", state(world.folder), world.clock.now())
    await world.open(both)
    if await world.state("second") == "quarantined":
        await world.say("accounts_rename", old=known_as, new="second")
    assert (await world.state("second"), await world.state()) == ("paused", "starting")


async def test_a_start_on_a_restored_journal_says_what_to_do_and_nothing_of_an_unclean_stop(backed_up: World) -> None:
    """A back-up of a running daemon's journal says that this one has not ended."""
    world = backed_up
    await world.restart()
    await world.close()
    restore(world.folder / "copy.db", state(world.folder), world.clock.now())
    await world.open(world._path.read_text(encoding="utf-8"))
    [told] = await world.events("journal.restored")
    assert "`bursar actions --state unknown`, then `bursar restore --confirm`" in told["data"]["reason"]
    assert await world.told("daemon.started") == []
