"""What is under watch in one tracked stream: when each subject is due, and what its raw answer looked like last time.

Made for a million: per subject an id, an eight-byte digest and a few numbers; due times live in buckets of a second.
It is memory only. All of it can be made again from the journal; without it every subject is simply looked at anew.
"""

from __future__ import annotations

import heapq
import math
from array import array
from collections.abc import Iterable, Mapping, Sequence

from bursar.api.provider import UnchangedCheck
from bursar.domain.poll_intervals import DAY_S, HOUR_S, pause_s

OFF = 0
MOVING = 1
TERMINAL = 2
ASKED = -1.0
"""In place of a due time: it is being asked for right now, and never twice at the same time."""
ASKED_AND_DUE = -2.0
"""It is being asked for, and somebody wants it looked at again once the answer is there."""


class Watch:
    """The subjects of one stream.

    Args:
        interval_s: The stream's interval.
        watch_for_s: How long finished subjects are looked at.
    """

    def __init__(self, interval_s: float, watch_for_s: float) -> None:
        self.interval_s = interval_s
        self._watch_for_s = watch_for_s
        self._index: dict[str, int] = {}
        self._ids: list[str] = []
        self._digest = array("q")
        self._due = array("d")
        self._changed = array("d")
        self._acted = array("d")
        self._kind = bytearray()
        self._buckets: dict[int, array[int]] = {}
        self._order: list[int] = []

    def __len__(self) -> int:
        return len(self._index)

    def __contains__(self, id_: str) -> bool:
        index = self._index.get(id_)
        return index is not None and self._kind[index] != OFF

    def waits(self, id_: str) -> bool:
        """Return whether a subject is under watch and not being asked for right now."""
        index = self._index.get(id_)
        return index is not None and self._kind[index] != OFF and self._due[index] >= 0.0

    def put(self, id_: str, *, changed_s: float, acted_s: float | None, terminal: bool, due_s: float) -> None:
        """Put a subject under watch, or say how it is now; it is due at `due_s`."""
        index = self._index.get(id_)
        if index is None:
            index = self._index[id_] = len(self._ids)
            self._ids.append(id_)
            self._digest.append(0)
            self._due.append(0.0)
            self._changed.append(0.0)
            self._acted.append(0.0)
            self._kind.append(OFF)
        self._changed[index] = changed_s
        self._acted[index] = acted_s or 0.0
        self._kind[index] = TERMINAL if terminal else MOVING
        if self._due[index] < 0.0:
            # The answer on its way was asked for before this: another look follows it, and never two at the same time.
            self._due[index] = ASKED_AND_DUE
        else:
            self._schedule(index, due_s)

    def remove(self, id_: str) -> None:
        """Take a subject off watch."""
        index = self._index.get(id_)
        if index is not None:
            # The slot stays: an answer that is on its way still knows its place by the index.
            self._kind[index] = OFF
            self._digest[index] = 0

    def forget(self) -> None:
        """Take everything off watch."""
        for index in range(len(self._ids)):
            self._kind[index] = OFF
            self._digest[index] = 0

    def acted_s(self, id_: str) -> float:
        """Return when something was last done to a subject; 0: never."""
        index = self._index.get(id_)
        return 0.0 if index is None else self._acted[index]

    def digest(self, id_: str) -> int:
        index = self._index.get(id_)
        return 0 if index is None else self._digest[index]

    def all_seen(self, ids: Iterable[str]) -> bool:
        """Return whether each of these was seen before in this run."""
        index_of, stored = self._index, self._digest
        return 0 not in [stored[index_of[id_]] for id_ in ids]

    def recognizer(self, digests: dict[str, int]) -> UnchangedCheck:
        """Return what recognizes raw answers; the digests of the others are noted, to be remembered once committed."""
        index_of, stored = self._index, self._digest

        def same(id_: str, raw: bytes | memoryview) -> bool:
            # 0 stands for "never seen in this run".
            digest = hash(raw) or 1
            index = index_of.get(id_)
            if index is not None and stored[index] == digest:
                return True
            digests[id_] = digest
            return False

        return same

    def remember(self, digests: Mapping[str, int]) -> None:
        """Note what the raw answers of a committed poll looked like."""
        for id_, digest in digests.items():
            index = self._index.get(id_)
            if index is not None:
                self._digest[index] = digest

    def next_due_s(self) -> float | None:
        """Return when the next subject is due."""
        while self._order:
            bucket = self._buckets.get(self._order[0])
            if bucket:
                return float(self._order[0])
            self._buckets.pop(heapq.heappop(self._order), None)
        return None

    def take(self, now_s: float, limit: int, wanted: Sequence[str] = ()) -> list[str]:
        """Take up to `limit` ids to ask for now: the wanted ones, then those that are due, oldest first."""
        taken = [id_ for id_ in wanted if self.waits(id_)][:limit]
        for id_ in taken:
            self._due[self._index[id_]] = ASKED
        due_of, kind, ids = self._due, self._kind, self._ids
        while len(taken) < limit and (due := self.next_due_s()) is not None and due <= now_s:
            bucket = self._buckets[self._order[0]]
            while bucket and len(taken) < limit:
                index = bucket.pop()
                if due_of[index] == due and kind[index] != OFF:  # else it was taken or scheduled anew meanwhile
                    due_of[index] = ASKED
                    taken.append(ids[index])
        return taken

    def looked_at(self, ids: Iterable[str], now_s: float) -> list[str]:
        """Schedule subjects that were just looked at; return those that are finished for good."""
        finished = []
        soon_s, lately_s = math.ceil(now_s + self.interval_s), now_s - HOUR_S
        bucket = self._bucket(soon_s)
        index_of, changed, kind, due = self._index, self._changed, self._kind, self._due
        for id_ in ids:
            index = index_of[id_]
            if due[index] == ASKED_AND_DUE and kind[index] != OFF:
                self._schedule(index, now_s)
                continue
            if kind[index] == MOVING and changed[index] > lately_s:  # what most are; `pause_s` says the same
                due[index] = soon_s
                bucket.append(index)
                continue
            quiet = now_s - self._changed[index]
            acted = self._acted[index] > 0 and now_s - self._acted[index] < DAY_S
            pause = pause_s(self.interval_s, quiet, self._kind[index] == TERMINAL, acted, self._watch_for_s)
            due[index] = 0.0
            if pause is None:
                self.remove(id_)
                finished.append(id_)
            elif self._kind[index] != OFF:
                self._schedule(index, now_s + pause)
        return finished

    def put_off(self, ids: Iterable[str], due_s: float) -> None:
        """Schedule subjects whose poll failed."""
        for id_ in ids:
            index = self._index[id_]
            self._due[index] = 0.0
            if self._kind[index] != OFF:
                self._schedule(index, due_s)

    def changed(self, id_: str, *, changed_s: float, terminal: bool) -> None:
        """Note that a subject changed."""
        index = self._index.get(id_)
        if index is not None and self._kind[index] != OFF:
            self._changed[index] = changed_s
            self._kind[index] = TERMINAL if terminal else MOVING

    def _schedule(self, index: int, due_s: float) -> None:
        second = math.ceil(due_s)
        self._due[index] = float(second)
        self._bucket(second).append(index)

    def _bucket(self, second: int) -> array[int]:
        bucket = self._buckets.get(second)
        if bucket is None:
            bucket = self._buckets[second] = array("I")
            heapq.heappush(self._order, second)
        return bucket
