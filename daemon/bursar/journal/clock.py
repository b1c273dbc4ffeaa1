"""The timeline of the journal: where it stood, what the wall clock was ahead of it, and what was not measured."""

from __future__ import annotations

from datetime import datetime
from typing import cast

from bursar.domain.ids import MICROSECOND, instant, microseconds
from bursar.domain.timeline import Anchor, Gap, Measured, Offsets
from bursar.journal import meta
from bursar.journal.codec import at, read_mapping, write_json
from bursar.journal.writer import Tx

ANCHOR = "anchor"


def anchor(tx: Tx) -> Anchor | None:
    """Return where the timeline was last written down."""
    raw = read_mapping(meta.get(tx, ANCHOR))
    if not raw:
        return None
    boot, where, wall = (int(str(raw[name])) for name in ("boot", "at", "wall"))
    return Anchor(str(raw["boot_id"]), boot * MICROSECOND, instant(where), instant(wall), bool(raw["vouched"]))


def put_anchor(tx: Tx, stood: Anchor) -> None:
    """Write down where the timeline stands."""
    raw = {
        "boot_id": stood.boot_id,
        "boot": stood.boot // MICROSECOND,
        "at": microseconds(stood.at),
        "wall": microseconds(stood.wall),
        "vouched": stood.vouched,
    }
    meta.put(tx, ANCHOR, write_json(raw))


def offsets(tx: Tx) -> Offsets:
    """Return by how much the wall clock was ahead of the timeline, and since when."""
    rows = tx.all("SELECT since, ahead FROM offsets ORDER BY since")
    return Offsets(tuple(instant(since) for since, _ in rows), tuple(ahead * MICROSECOND for _, ahead in rows))


def put_offset(tx: Tx, since: datetime, ahead_us: int) -> None:
    """Write by how much the wall clock is ahead from now on."""
    tx.run(
        "INSERT INTO offsets (since, ahead) VALUES (?, ?) ON CONFLICT (since) DO UPDATE SET ahead = excluded.ahead",
        microseconds(since),
        ahead_us,
    )


def measured(tx: Tx) -> Measured:
    """Return the timeline as what protects money counts it."""
    rows = tx.all("SELECT at, length FROM gaps ORDER BY at")
    return Measured(tuple(Gap(cast(datetime, at(begin)), length * MICROSECOND) for begin, length in rows))


def put_gap(tx: Tx, gap: Gap, *, vouched: bool) -> None:
    """Write a stretch that was not measured; `vouched`: the wall clock was believed when it began."""
    tx.run(
        # Two reboots with nothing written in between begin at one instant:
        # their lengths add up, and if one was not vouched for, neither is.
        "INSERT INTO gaps (at, length, vouched) VALUES (?, ?, ?) ON CONFLICT (at) DO UPDATE SET length = length + excluded.length, "
        "vouched = min(vouched, excluded.vouched)",
        microseconds(gap.at),
        gap.length // MICROSECOND,
        vouched,
    )


def vouched_gaps(tx: Tx) -> list[Gap]:
    """Return the stretches that a witness of the true time may confirm."""
    rows = tx.all("SELECT at, length FROM gaps WHERE vouched = 1 ORDER BY at")
    return [Gap(instant(begin), length * MICROSECOND) for begin, length in rows]


def close_gap(tx: Tx, gap: Gap) -> None:
    """Somebody vouched for the length of a stretch: it counts."""
    tx.run("DELETE FROM gaps WHERE at = ?", microseconds(gap.at))
