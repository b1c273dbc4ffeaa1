"""The audit trail: every intent, attempt, outcome and decision by a person, chained by hashes.

Each entry's hash covers the entry and the hash before it; entries are kept in segments, and the head of a segment
outlives the entries, so that what retention removed still anchors what is left.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from bursar.domain.ids import IntentId, instant, microseconds
from bursar.domain.values import Json, to_public
from bursar.journal import meta
from bursar.journal.codec import write_json
from bursar.journal.writer import Row, Tx

GENESIS = "0" * 64
SEGMENT = 1000


@dataclass(frozen=True, slots=True)
class Broken:
    """Where a chain is broken, and how."""

    seq: int
    reason: str


def add(tx: Tx, actor: str, what: str, intent: IntentId | None, detail: Mapping[str, Json], now: datetime) -> None:
    """Append an entry. `actor` is `bursar`, `rule:NAME` or `person`."""
    last = tx.one("SELECT seq, segment, hash FROM audit ORDER BY seq DESC LIMIT 1")
    if last is None:
        head = tx.one("SELECT last_seq, segment, head FROM audit_segments ORDER BY segment DESC LIMIT 1")
        last = (head[0], head[1] + 1, head[2]) if head is not None else (0, 0, GENESIS)
    seq, previous = last[0] + 1, last[2]
    segment = (seq - 1) // SEGMENT
    if segment > last[1] and last[0] and tx.one("SELECT 1 FROM audit_segments WHERE segment = ?", last[1]) is None:
        _close(tx, last[1], now)
    text = write_json(detail)
    value = chain(previous, seq, microseconds(now), actor, what, intent, text)
    tx.run(
        "INSERT INTO audit VALUES (?,?,?,?,?,?,?,?,?)",
        seq,
        segment,
        microseconds(now),
        actor,
        what,
        intent,
        text,
        previous,
        value,
    )
    # The end is noted beside the chain: entries that are cut off at its end would leave it whole.
    meta.put(tx, "audit_head", f"{seq} {value}")


def export(tx: Tx) -> Iterator[dict[str, Json]]:
    """Return every entry that is kept, oldest first, with its hashes."""
    for seq, at_us, actor, what, intent, detail, previous, value in tx.all(
        f"SELECT {_COLUMNS} FROM audit ORDER BY seq"
    ):
        yield {
            "seq": seq, "at": to_public(instant(at_us)), "at_us": at_us, "actor": actor, "what": what, "intent": intent,
            "detail": detail, "previous": previous, "hash": value,
        }  # fmt: skip


def chain(previous: str, seq: int, at: int, actor: str, what: str, intent: int | None, detail: str) -> str:
    """Return the hash of an entry."""
    parts = (previous, seq, at, actor, what, "" if intent is None else intent, detail)
    text = "\x1f".join(str(part) for part in parts)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def verify(tx: Tx) -> tuple[int, Broken | None]:
    """Walk the whole chain; return how many entries are in order, and the first broken link."""
    heads = {
        segment: rest
        for segment, *rest in tx.all("SELECT segment, first_seq, last_seq, first_previous, head FROM audit_segments")
    }
    previous, expected, good = GENESIS, 1, 0
    for segment in sorted(heads):
        first_seq, last_seq, first_previous, head = heads[segment]
        # Heads outlive their entries: a segment that retention has emptied still ties the ones around it together.
        if first_seq != expected or first_previous != previous:
            return good, Broken(first_seq, f"segment {segment} does not follow the one before")
        rows = tx.all(f"SELECT {_COLUMNS} FROM audit WHERE segment = ? ORDER BY seq", segment)
        if rows:
            count, broken, last = _walk(rows, previous, expected)
            good += count
            if broken is not None:
                return good, broken
            if last != head or rows[-1][0] != last_seq:
                return good, Broken(last_seq, f"segment {segment} does not end as its head says")
        previous, expected = head, last_seq + 1
    tail = tx.all(f"SELECT {_COLUMNS} FROM audit WHERE seq >= ? ORDER BY seq", expected)
    count, broken, last = _walk(tail, previous, expected)
    end = f"{expected + len(tail) - 1} {last}"
    if broken is None and (meta.get(tx, "audit_head") or end) != end:
        broken = Broken(expected + len(tail), "entries at the end are missing")
    return good + count, broken


_COLUMNS = "seq, at, actor, what, intent_id, detail, previous, hash"


def _walk(rows: list[Row], previous: str, expected: int) -> tuple[int, Broken | None, str]:
    for count, row in enumerate(rows):
        seq, at, actor, what, intent, detail, before, value = row
        if seq != expected:
            return count, Broken(expected, "an entry is missing"), previous
        if before != previous:
            return count, Broken(expected, "it does not follow the entry before"), previous
        if value != chain(previous, seq, at, actor, what, intent, detail):
            return count, Broken(expected, "its hash is not that of its content"), previous
        previous, expected = value, expected + 1
    return len(rows), None, previous


def _close(tx: Tx, segment: int, now: datetime) -> None:
    ends = tx.one("SELECT min(seq), max(seq) FROM audit WHERE segment = ?", segment)
    if ends is None or ends[0] is None:
        return
    first = tx.one("SELECT previous FROM audit WHERE seq = ?", ends[0])
    head = tx.one("SELECT hash FROM audit WHERE seq = ?", ends[1])
    if first is not None and head is not None:
        tx.run(
            "INSERT INTO audit_segments VALUES (?,?,?,?,?,?)",
            segment,
            ends[0],
            ends[1],
            first[0],
            head[0],
            microseconds(now),
        )
