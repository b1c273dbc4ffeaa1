"""Back-up, restore and the doctor, on real files."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path

import pytest

from bursar.api import Refused, Succeeded
from bursar.control.messages import RequestRejected
from bursar.control.offline import decide
from bursar.domain.ids import IntentId
from bursar.domain.intent import State
from bursar.journal import audit, intents
from bursar.journal.errors import JournalDamaged, JournalError, JournalLocked, JournalMissing
from bursar.journal.files.backup import back_up, examine, restore
from bursar.journal.writer import read_once
from support.config import config
from support.old_journal import make_old
from support.scenarios.backup import RULES, added, copied_over, events_and_intents, state
from support.world import World


async def with_a_payout(world: World) -> None:
    world.site.money("100")
    await world.open(config(RULES))
    await world.turn()


async def test_a_backup_of_a_running_journal_is_whole_and_has_what_was_committed(world: World) -> None:
    await with_a_payout(world)
    copy = world.folder / "copy.db"
    back_up(state(world.folder), copy)
    found = read_once(copy, lambda tx: intents.load(tx, IntentId(1)))
    assert found is not None
    assert found.state is State.SUCCEEDED


async def test_a_backup_overwrites_nothing(world: World) -> None:
    await with_a_payout(world)
    copy = world.folder / "copy.db"
    copy.write_text("precious", encoding="utf-8")
    with pytest.raises(JournalError, match="exists already"):
        back_up(state(world.folder), copy)
    assert copy.read_text(encoding="utf-8") == "precious"


def test_a_backup_of_nothing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(JournalMissing):
        back_up(tmp_path / "none.db", tmp_path / "copy.db")


async def test_a_restore_while_the_daemon_runs_is_refused(world: World) -> None:
    await with_a_payout(world)
    copy = world.folder / "copy.db"
    back_up(state(world.folder), copy)
    with pytest.raises(JournalLocked):
        restore(copy, state(world.folder), world.clock.now())


async def test_a_restore_keeps_the_old_journal(world: World) -> None:
    await with_a_payout(world)
    copy = world.folder / "copy.db"
    back_up(state(world.folder), copy)
    await world.close()
    moved = restore(copy, state(world.folder), world.clock.now())
    assert moved is not None
    assert read_once(moved, lambda tx: intents.load(tx, IntentId(1))) is not None


async def test_a_restore_of_something_else_changes_nothing(world: World) -> None:
    await with_a_payout(world)
    await world.close()
    before = state(world.folder).read_bytes()
    wrong = world.folder / "wrong.db"
    wrong.write_text("not a journal at all" * 100, encoding="utf-8")
    with pytest.raises(JournalDamaged):
        restore(wrong, state(world.folder), world.clock.now())
    assert state(world.folder).read_bytes() == before


async def test_what_was_sent_after_the_backup_is_not_sent_again(world: World) -> None:
    """The whole story: back up with a payout ready, let it be sent, restore, start: a person is asked, no money moves."""
    world.site.money("100")
    await world.open(config(RULES))
    await world.poll()
    copy = world.folder / "copy.db"
    back_up(state(world.folder), copy)
    await world.send()
    sent = world.site.done("payout")
    await world.close()
    restore(copy, state(world.folder), world.clock.now())
    await world.open(config(RULES))
    await world.live(minutes=30)
    assert (sent, world.site.done("payout"), await world.states()) == (["balance"], ["balance"], ["unknown"])


async def test_the_doctor_finds_nothing_wrong_with_a_sound_journal(world: World) -> None:
    await with_a_payout(world)
    assert {one.verdict for one in examine(state(world.folder), world.clock.now())} == {"ok"}


async def test_the_doctor_names_what_is_unknown(world: World) -> None:
    world.site.will("add", RuntimeError("the reply was lost"))
    await world.open(config("{name: order-more, on: order.completed, do: [{add: {link: x}}]}"))
    world.site.orders["1"] = "completed"
    await world.track("1")
    await world.live(minutes=3)
    found = {one.what: one for one in examine(state(world.folder), world.clock.now())}
    assert found["unknown actions"].verdict == "warning"


async def test_the_doctor_says_that_the_clock_is_behind(world: World) -> None:
    await with_a_payout(world)
    found = {one.what: one.verdict for one in examine(state(world.folder), world.clock.now().replace(year=2001))}
    assert found["clock"] == "bad"


async def test_the_doctor_sees_a_tampered_trail(world: World) -> None:
    await with_a_payout(world)

    def tamper(tx: object) -> None:
        tx.run("UPDATE audit SET actor = 'person' WHERE seq = 1")  # type: ignore[attr-defined]

    await world.journal.write(tamper)
    found = {one.what: one for one in examine(state(world.folder), world.clock.now())}
    assert found["audit"].verdict == "bad"
    assert "entry 1" in found["audit"].reason


async def test_every_step_of_an_intent_is_in_the_trail(world: World) -> None:
    world.site.will("payout", Succeeded(reference="77"))
    await with_a_payout(world)
    steps = await world.read(lambda tx: [one["what"] for one in audit.export(tx) if one["intent"] == 1])
    assert steps == ["intent.ready", "intent.sending", "intent.succeeded"]


async def test_the_journal_itself_is_no_backup_and_stays_as_it_is(world: World) -> None:
    await with_a_payout(world)
    await world.close()
    with pytest.raises(JournalError, match="is the journal itself"):
        restore(state(world.folder), state(world.folder), world.clock.now())
    assert (state(world.folder).exists(), list(world.folder.glob("*before-restore*"))) == (True, [])


async def test_an_id_that_was_given_after_the_backup_is_not_used_again(world: World) -> None:
    await with_a_payout(world)
    back_up(state(world.folder), world.folder / "copy.db")
    await world.say("call", account="panel", method="add", params={"link": "https://x.example/1"}, wait_s=0)
    given = await world.read(lambda tx: tx.one("SELECT max(id) FROM intents"))
    await world.close()
    restore(world.folder / "copy.db", state(world.folder), world.clock.now())
    await world.open(config(RULES))
    await world.say("call", account="panel", method="add", params={"link": "https://x.example/2"}, wait_s=0)
    new = await world.read(lambda tx: tx.one("SELECT max(id) FROM intents"))
    assert (given, new[0] > given[0]) == ((2,), True)


async def test_a_journal_that_was_copied_over_by_hand_uses_no_id_again(world: World) -> None:
    """However often it is, and whatever is told first: here that the clock was set, and that the key is another."""
    await with_a_payout(world)
    back_up(state(world.folder), world.folder / "copy.db")
    known = await events_and_intents(world)
    given: list[tuple[str, int]] = []
    for number in range(3):
        await added(world, f"https://x.example/{number}")
        given += await events_and_intents(world) - known
        await copied_over(world)
        if number == 2:
            world.environ["KEY"] = "another"
            world.clock.jump(7200)
        await world.open(config(RULES))
    given += await events_and_intents(world) - known
    told = {event["type"] for event in await world.events("*")}
    assert (len(set(given)), {"clock.jumped", "account.quarantined"} <= told) == (len(given), True)


@pytest.mark.parametrize("by_hand", [True, False])
@pytest.mark.parametrize("gone", [False, True])
async def test_a_journal_that_was_restored_uses_no_id_again_though_nothing_was_sent(
    world: World, by_hand: bool, gone: bool
) -> None:
    """By nothing that was counted can it be recognized: what is planned has an id, and so have events."""
    await world.open(config(RULES))
    await world.turn()
    back_up(state(world.folder), world.folder / "copy.db")
    known = await events_and_intents(world)
    given: list[tuple[str, int]] = []
    for number in range(3):
        await world.say("call", account="panel", method="add", params={"link": f"https://x.example/{number}"}, wait_s=0)
        given += await events_and_intents(world) - known
        if gone:
            await world.close()
            state(world.folder).unlink()
        if by_hand:
            await copied_over(world)
        else:
            await world.close()
            restore(world.folder / "copy.db", state(world.folder), world.clock.now())
        await world.open(config(RULES))
    assert (len(set(given)), len({one for one in given if one[0] == "intent"})) == (len(given), 3)


async def test_what_a_person_has_tried_again_on_a_journal_that_was_copied_over_waits_for_the_daemon(
    world: World,
) -> None:
    """Where none runs, nobody has recognized it yet: its ids would be given again."""
    world.site.will("add", Refused("no"))
    await world.open(config(RULES))
    await added(world, "https://x.example/1")
    back_up(state(world.folder), world.folder / "copy.db")
    await added(world, "https://x.example/2")
    await copied_over(world)
    with pytest.raises(RequestRejected, match="older than what was sent: start the daemon first"):
        await decide(world._read(), world.sites.registry(), "retry", {"ids": ["1"]})


async def test_a_backup_of_the_former_version_is_restored_whole_or_not_at_all(world: World) -> None:
    """It is the one that is made at the update; it counts its ids by its rows."""
    make_old(world.folder / "copy.db")
    await with_a_payout(world)
    await world.close()
    moved = restore(world.folder / "copy.db", state(world.folder), world.clock.now())
    await world.open(config(RULES))
    assert (moved is not None, await world.told("journal.restored")) == (True, ["journal.restored"])


async def test_two_restores_of_one_second_keep_both_journals(world: World) -> None:
    await with_a_payout(world)
    back_up(state(world.folder), world.folder / "copy.db")
    await world.close()
    moved = [restore(world.folder / "copy.db", state(world.folder), world.clock.now()) for _ in range(2)]
    assert len({*moved}) == len([*world.folder.glob("*before-restore*")]) == 2


async def test_what_a_reader_keeps_in_the_log_stays_with_the_journal_that_is_moved(world: World) -> None:
    await with_a_payout(world)
    back_up(state(world.folder), world.folder / "copy.db")
    reader = sqlite3.connect(state(world.folder))
    reader.execute("BEGIN")
    reader.execute("SELECT * FROM meta").fetchall()
    await added(world, "https://x.example/1")
    await world.close()
    moved = restore(world.folder / "copy.db", state(world.folder), world.clock.now())
    reader.close()
    assert moved is not None
    assert read_once(moved, lambda tx: tx.one("SELECT count(*) FROM intents WHERE action = 'add'")) == (1,)


@pytest.mark.parametrize("damage", [b"garbage" * 1000, b"SQLite format 3\0" + b"\xff" * 5000])
async def test_a_restore_takes_the_place_of_a_journal_that_is_damaged(world: World, damage: bytes) -> None:
    """It is what a restore is for."""
    await with_a_payout(world)
    back_up(state(world.folder), world.folder / "copy.db")
    await world.close()
    state(world.folder).write_bytes(damage)
    moved = restore(world.folder / "copy.db", state(world.folder), world.clock.now())
    assert moved is not None
    assert (moved.read_bytes(), await opens(world)) == (damage, True)


async def opens(world: World) -> bool:
    await world.open(config(RULES))
    return bool(await world.intents())


async def test_a_backup_that_was_copied_with_its_log_is_restored_with_it(world: World) -> None:
    await with_a_payout(world)
    copy = world.folder / "copy.db"
    for suffix in ("", "-wal", "-shm"):
        shutil.copyfile(f"{state(world.folder)}{suffix}", f"{copy}{suffix}")
    await world.close()
    restore(copy, state(world.folder), world.clock.now())
    assert read_once(state(world.folder), lambda tx: tx.one("SELECT count(*) FROM intents")) == (1,)


async def test_a_backup_in_the_place_that_a_restore_writes_to_is_kept(world: World) -> None:
    await with_a_payout(world)
    part = state(world.folder).with_name(".journal.db.part")
    back_up(state(world.folder), part)
    await world.close()
    with pytest.raises(JournalError, match="give it another name"):
        restore(part, state(world.folder), world.clock.now())
    assert part.exists()


async def test_a_backup_of_the_former_version_uses_no_id_again_that_was_given_after_the_update(world: World) -> None:
    """Though nothing was sent, so that the next start sees nothing."""
    make_old(world.folder / "copy.db")
    world.site.money("100")
    await world.open(config(RULES.replace("cooldown", "approve: {within: 12h}, cooldown")))
    await world.turn()
    given = [intent.id for intent in await world.intents()]
    await world.close()
    restore(world.folder / "copy.db", state(world.folder), world.clock.now())
    last = read_once(state(world.folder), lambda tx: tx.one("SELECT seq FROM sqlite_sequence WHERE name = 'ledger'"))
    assert last is not None
    assert last[0] >= max(given)


async def test_a_restore_that_fails_moves_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    await with_a_payout(world)
    back_up(state(world.folder), world.folder / "copy.db")
    await world.close()
    before = state(world.folder).read_bytes()

    def full(_backup: Path, part: Path) -> None:
        part.write_bytes(b"half of it")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(shutil, "copyfile", full)
    with pytest.raises(JournalError):
        restore(world.folder / "copy.db", state(world.folder), world.clock.now())
    left = [*world.folder.glob("*before-restore*"), *world.folder.glob(".*.part")]
    assert (state(world.folder).read_bytes(), left) == (before, [])


@pytest.mark.parametrize("before", [True, False])
async def test_no_restore_of_one_backup_after_another_uses_an_id_again(world: World, before: bool) -> None:
    """Nor one of a backup from before the first intent."""
    world.site.money("100" if before else "0")
    await world.open(config(RULES))
    await world.turn()
    back_up(state(world.folder), world.folder / "copy.db")
    given: list[int] = []
    for number in range(3):
        await world.say("call", account="panel", method="add", params={"link": f"https://x.example/{number}"}, wait_s=0)
        given += await world.read(lambda tx: tx.one("SELECT max(id) FROM intents") or ())
        await world.close()
        restore(world.folder / "copy.db", state(world.folder), world.clock.now())
        await world.wait(seconds=2)
        await world.open(config(RULES))
    assert len(set(given)) == 3


async def test_a_backup_into_no_folder_says_so(world: World) -> None:
    await world.open(config())
    with pytest.raises(JournalError, match="cannot be opened; check that its folder exists"):
        back_up(state(world.folder), world.folder / "nowhere" / "copy.db")


@pytest.mark.parametrize("of", [{"account": "panel"}, {}])
async def test_a_restore_keeps_what_a_person_has_paused_since_the_backup(world: World, of: dict[str, str]) -> None:
    await with_a_payout(world)
    copy = world.folder / "copy.db"
    back_up(state(world.folder), copy)
    await world.say("pause", **of)
    await world.close()
    restore(copy, state(world.folder), world.clock.now())
    await world.open(config(RULES))
    await world.turn()
    assert await world.state() == "paused"
