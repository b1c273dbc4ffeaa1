"""Which whole streams somebody waits for, whatever their interval."""

from __future__ import annotations

from datetime import datetime, timedelta

from bursar.domain.intent import State
from bursar.domain.verdict import BlockReason
from bursar.journal import intents, matches, streams
from bursar.journal.writer import Tx
from bursar.pipeline.config_snapshot import AccountSpec

UNSENT = (State.AWAITING_APPROVAL, State.READY, State.DEFERRED)
LISTED_WITHIN = timedelta(minutes=5)
"""So often at least it is looked what waits at the provider while a payout is about to leave."""


def demanded_streams(tx: Tx, spec: AccountSpec, now: datetime) -> set[str]:
    """Return the streams of an account that are to be polled now."""
    return _of_costs(tx, spec, now) | _of_payouts(tx, spec, now)


def _of_costs(tx: Tx, spec: AccountSpec, now: datetime) -> set[str]:
    """Return those that show what waiting actions cost, where their last good poll is too old to tell."""
    found = set()
    for action in spec.actions.values():
        if action.cost_stream is None or _is_young(tx, spec, action.cost_stream, now, action.cost_within):
            continue
        if _is_waited_for(tx, spec, action.name, UNSENT, BlockReason.COST):
            found.add(action.cost_stream)
    return found


def _of_payouts(tx: Tx, spec: AccountSpec, now: datetime) -> set[str]:
    """Return those that show what waits at the provider, where a payout is ready, or held back for that."""
    found = set()
    for action in spec.actions.values():
        if not action.takes_balance or action.settled_by is None or spec.debits_at_once:
            continue
        made = spec.kinds[action.settled_by[0]].stream
        waited_for = _is_waited_for(tx, spec, action.name, (State.READY,), BlockReason.UNSETTLED)
        if waited_for and not _is_young(tx, spec, made, now, LISTED_WITHIN):
            found.add(made)
    return found


def _is_young(tx: Tx, spec: AccountSpec, stream: str, now: datetime, within: timedelta) -> bool:
    ok_at = streams.load(tx, spec.name, stream).ok_at
    return ok_at is not None and now - ok_at <= within


def _is_waited_for(tx: Tx, spec: AccountSpec, action: str, states: tuple[State, ...], block: BlockReason) -> bool:
    return intents.any_waiting(tx, spec.name, action, states) or matches.blocked(tx, spec.name, block)
