"""Two looks at a balance show that what was to leave has left.

One alone may be a slip of the provider's: the same money would be there again, and leave twice. A look is a poll, asked
for after the request had ended, that shows the balance itself. One that leaves it out, cannot read it, or is not
believed shows nothing.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

import structlog

from bursar.domain.action import ActionType, CostFacts
from bursar.domain.intent import Intent
from bursar.domain.ledger import Post
from bursar.domain.observation import Observation, Snapshot
from bursar.journal import intents, ledger, references, streams
from bursar.pipeline.config_snapshot import AccountSpec
from bursar.pipeline.intent_facts import shows_taken
from bursar.pipeline.intent_transitions import settle_effect
from bursar.pipeline.unit_of_work import UnitOfWork

log = structlog.get_logger("bursar")


def note_balance(
    uow: UnitOfWork,
    account: AccountSpec,
    observation: Observation,
    asked_at: datetime,
    before: streams.StreamRow | None = None,
) -> bool:
    """Note what a poll that is believed shows of the balances that something was taken from.

    Args:
        uow: The unit of work.
        account: The account.
        observation: What the poll saw.
        asked_at: The instant before its request left.
        before: How the stream was doing before this poll; None: as it stands in the journal.

    Returns:
        Whether the effect of something has yet to show in this stream: its next answer must be read in full.
    """
    waits = False
    for action in account.actions.values():
        if not action.takes_balance or account.kinds[action.subject].stream != observation.stream:
            continue
        for id_ in references.to_confirm(uow.tx, account.name, action.name):
            intent = intents.load(uow.tx, id_)
            row = before or streams.load(uow.tx, account.name, observation.stream)
            if intent is not None and not _looked(uow, action, intent, observation, asked_at, row.ok_at):
                waits = True
    return waits


def _looked(
    uow: UnitOfWork,
    action: ActionType,
    intent: Intent,
    observation: Observation,
    asked_at: datetime,
    last_ok_at: datetime | None,
) -> bool:
    """Take one look at what an intent took; return whether two have shown it."""
    at_once = uow.config.accounts[intent.account].debits_at_once
    ended_at = intent.request_ended_at or intent.sent_at
    if intent.cost is None or ended_at is None or asked_at < ended_at:
        return False
    if _is_same(intent, observation):  # the answer of the last poll, which was a look only if it was noted as one
        noted = intent.looked_at is not None and not looked_after_yes(uow, intent)
        taken = noted and intent.looked_at == last_ok_at
    else:
        left = _left(action, intent, observation, asked_at)
        if left is None:
            return False
        taken = shows_taken(intent.cost, left)
        # The look before was a slip; but not the adapter's own, of what came in since at a site that debits at once.
        if not taken and not (looked_after_yes(uow, intent) and at_once):
            references.looked(uow.tx, intent.id, None)
    if taken and intent.looked_at is not None:
        settle_effect(uow, intent, Post.CONFIRMED)
        return True
    if taken:
        references.looked(uow.tx, intent.id, uow.now)
    return False


def looked_after_yes(uow: UnitOfWork, intent: Intent) -> bool:
    """Return whether the first look was the adapter's own, right after the yes."""
    entry = ledger.load(uow.tx, intent.id)
    return intent.looked_at is not None and entry is not None and intent.looked_at == entry.ended_at


def _is_same(intent: Intent, observation: Observation) -> bool:
    """Return whether a poll says of a balance only that the answer is that of the last one."""
    return observation.nothing_new or intent.subject.id in observation.unchanged


def _left(action: ActionType, intent: Intent, observation: Observation, asked_at: datetime) -> Decimal | None:
    """Return what an action would take by what one poll alone shows; None: it does not show it."""
    seen = next((one for one in observation.subjects if one.ref == intent.subject), None)
    if seen is None or action.cost is None:
        return None
    shown = Snapshot(intent.account, seen.ref, seen.fields, asked_at, observed_at=asked_at)
    try:
        left = action.cost(CostFacts(intent.params, shown))
    except Exception as error:  # a plugin's: it costs this, never what is written here
        log.exception("plugin.function_failed", intent=intent.id, error=type(error).__name__)
        return None
    return left if isinstance(left, Decimal) and left.is_finite() and left >= 0 else None
