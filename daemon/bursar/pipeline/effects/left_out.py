"""What a list of payouts leaves out that has not ended by it: whether it still waits, no list says any more."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from bursar.domain.observation import Observation, Snapshot
from bursar.domain.subject import Coverage
from bursar.journal import subjects
from bursar.pipeline.config_snapshot import AccountSpec
from bursar.pipeline.unit_of_work import UnitOfWork


def note_left_out(
    uow: UnitOfWork, account: AccountSpec, observation: Observation, asked_at: datetime, *, goes_on: bool
) -> None:
    """Note what waits, as it was last seen, and a good poll of a window leaves out; a poll that has it again ends that.

    A complete listing counts it by itself (`domain.detect.vanish`).

    Args:
        uow: Where it is written.
        account: The account.
        observation: What the poll saw.
        asked_at: When it was asked for.
        goes_on: It is a later page of a list, or may be: what stood on the pages before is not in it.
    """
    window = account.streams[observation.stream].coverage is Coverage.WINDOW
    if not window or observation.more or goes_on or not observation.complete or observation.nothing_new:
        return
    listed = {*(one.ref.id for one in observation.subjects), *observation.unchanged, *observation.problems}
    taken = {one.settled_by[0] for one in account.actions.values() if one.takes_balance and one.settled_by is not None}
    for kind in account.kinds_of(observation.stream).values():
        if kind.name in taken:
            waiting = subjects.load_unfinished(uow.tx, account.name, kind)
            left = [one for one in waiting if one.ref.id not in listed and not is_left_out(one)]
            # An answer that was overtaken by a newer one leaves nothing out.
            older = [one for one in left if one.observed_at is None or one.observed_at <= asked_at]
            subjects.save(uow.tx, [replace(one, missed=1) for one in older])


def is_left_out(known: Snapshot) -> bool:
    """Return whether the last list that a poll brought leaves a subject out."""
    return known.missed > 0
