"""Back-ups of a world's journal: taken, put back, and what it had given numbers to."""

from __future__ import annotations

import shutil
from pathlib import Path

from support.world import World

RULES = "{name: pay, on: balance.passed_min_payout, do: [{payout: {method: '7'}}], cooldown: 1h}"


def state(path: Path) -> Path:
    return path / "journal.db"


async def copied_over(world: World) -> None:
    """Stop the daemon, and lay the back-up in the journal's place by hand."""
    await world.close()
    for suffix in ("-wal", "-shm"):
        state(world.folder).with_name(state(world.folder).name + suffix).unlink(missing_ok=True)
    shutil.copyfile(world.folder / "copy.db", state(world.folder))


async def added(world: World, link: str) -> None:
    """Have a person order something, and send it."""
    await world.say("call", account="panel", method="add", params={"link": link}, wait_s=0)
    await world.send()


async def events_and_intents(world: World) -> set[tuple[str, int]]:
    """Return what has an id, with its id."""
    intents = await world.read(lambda tx: tx.all("SELECT 'intent', id FROM intents"))
    return {*intents, *await world.read(lambda tx: tx.all("SELECT 'event', seq FROM events"))}


async def back_up(world: World) -> dict[Path, bytes]:
    """Stop, keep the journal as it is (not what lies beside it), and go on."""
    await world.close()
    kept = {path: path.read_bytes() for path in world.folder.glob("journal.db") if path.exists()}
    await world.open(world._path.read_text(encoding="utf-8"))
    return kept


async def put_back(world: World, kept: dict[Path, bytes]) -> None:
    """Stop, put the kept journal in its place, and start on it."""
    await world.close()
    for path, content in kept.items():
        path.write_bytes(content)
    await world.open(world._path.read_text(encoding="utf-8"))


async def restored(world: World) -> None:
    """Start again on a journal that is older than what was sent."""
    await world.close()
    sidecar = world.folder / "journal.db.fence"
    journal, sent = sidecar.read_text(encoding="utf-8").split()
    sidecar.write_text(f"{journal} {int(sent) + 1:020d}\n", encoding="utf-8")
    await world.open(world._path.read_text(encoding="utf-8"))
