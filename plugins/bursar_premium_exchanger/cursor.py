"""Where the next poll of a stream goes on from: the greatest `time` that the site has shown, and the page of a walk.

Pure. The filters live on the site's own clock, so the watermark does too; the daemon's clock never enters. An overlap
is asked for again, because what is older still changes (an exchange succeeds, a reward is credited) and dialect A
filters by creation. Dialect B gives at most 500 exchanges at once; the walk through its pages keeps one start, or the
offsets would slip.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from bursar.api import Json
from bursar_premium_exchanger.answers import Row
from bursar_premium_exchanger.parse import seconds
from bursar_premium_exchanger.states import payout_state

OVERLAP_S = 45 * 86400
PAGE_ROWS = 500
MAX_PAGES = 400


@dataclass(frozen=True, slots=True)
class Cursor:
    """What is remembered of a stream between polls.

    Attributes:
        newest: The greatest `time` seen, in the site's seconds.
        waiting: The `time` of the oldest payout that is still waiting: it is looked at however old it is.
        pages: The site showed dialect B: `limit` and `offset` are sent.
        long: The last walk took more than one page, so that an equal first page says nothing about the rest.
        walking: A walk through pages is under way.
        start: The `start_time` of that walk.
        offset: How far it is.
        first: The id at the top of its last page.
        currency: The account's currency when this was written.
    """

    newest: int | None = None
    waiting: int | None = None
    pages: bool = False
    long: bool = False
    walking: bool = False
    start: int | None = None
    offset: int = 0
    first: str | None = None
    currency: str | None = None

    @classmethod
    def read(cls, raw: Json) -> Cursor:
        """Read what `write` wrote; what makes no sense is forgotten, which costs one longer answer."""
        if not isinstance(raw, dict):
            return cls()
        return cls(
            newest=_whole(raw.get("newest")),
            waiting=_whole(raw.get("waiting")),
            pages=raw.get("pages") is True,
            long=raw.get("long") is True,
            walking=raw.get("walking") is True,
            start=_whole(raw.get("start")),
            offset=_whole(raw.get("offset")) or 0,
            first=first if isinstance(first := raw.get("first"), str) else None,
            currency=currency if isinstance(currency := raw.get("currency"), str) else None,
        )

    def believed(self, latest_s: int) -> Cursor:
        """Forget a watermark that no honest clock can have shown: it would hide everything that is new."""
        return self if self.newest is None or self.newest <= latest_s else replace(self, newest=None)

    def write(self) -> Json:
        """Return it as JSON for the journal, without what is not set."""
        known: dict[str, Json] = {
            "newest": self.newest,
            "waiting": self.waiting,
            "pages": self.pages,
            "long": self.long,
            "walking": self.walking,
            "start": self.start,
            "offset": self.offset,
            "first": self.first,
            "currency": self.currency,
        }
        return {name: value for name, value in known.items() if value not in (None, False, 0)}

    @property
    def since(self) -> int | None:
        """The `start_time` to ask for; None asks for everything."""
        if self.walking:
            return self.start
        if self.newest is None:
            return None
        floor = self.newest - OVERLAP_S
        # A payout that waits for two months is asked for still: its end frees the balance, and may be a cancel.
        return max(floor if self.waiting is None else min(floor, self.waiting), 0)

    def form(self) -> dict[str, str]:
        """Return the filters of the next request."""
        form = {} if self.since is None else {"start_time": str(self.since)}
        if self.pages:
            form.update({"limit": str(PAGE_ROWS), "offset": str(self.offset)})
        return form

    def after(self, seen: Mapping[str, Row], latest_s: int, waiting: int | None = None) -> Cursor:
        """Move the watermark by what an answer showed, as far as that can be believed, and end the walk."""
        # One row of the year 2038 must not move the window past all that comes before.
        shown = (at for at in (self.newest, *_times(seen.values())) if at is not None and at <= latest_s)
        newest = max(shown, default=None)
        return Cursor(newest, waiting, pages=self.pages, long=self.offset > 0, currency=self.currency)

    def onward(self, seen: Mapping[str, Row], latest_s: int, *, newer: bool) -> Cursor | None:
        """Return the cursor of the next page of exchanges; None when this was the last.

        The first answer in dialect B came without `limit`, and may be only a part: it is asked for again with one.
        A full page that begins like the one before comes from a site that does not know `offset`.
        """
        moved = replace(self.after(seen, latest_s), walking=True, start=self.since, pages=True)
        if not self.pages:
            return moved if newer else None
        top = next(iter(seen), None)
        if len(seen) != PAGE_ROWS or top == self.first or self.offset >= PAGE_ROWS * MAX_PAGES:
            return None
        return replace(moved, offset=self.offset + PAGE_ROWS, first=top)


def oldest_waiting(payouts: Mapping[str, Row]) -> int | None:
    """Return the `time` of the oldest payout that still waits for its end."""
    return min(_times(row for row in payouts.values() if payout_state(row) == "waiting"), default=None)


def _times(shown: Iterable[Row]) -> Iterator[int]:
    return (at for row in shown if (at := seconds(row.get("time"))) is not None)


def _whole(raw: Json) -> int | None:
    return raw if isinstance(raw, int) and not isinstance(raw, bool) and raw >= 0 else None
