"""What a person has believed of an implausible observation: as much of it as is still true."""

from __future__ import annotations

from bursar.domain.ledger import Post
from bursar.domain.observation import Observation
from bursar.domain.subject import Coverage
from bursar.journal import held
from bursar.journal.held import HeldRow
from bursar.pipeline.config_snapshot import AccountSpec
from bursar.pipeline.events import emit_core
from bursar.pipeline.ingest import Poll, ingest
from bursar.pipeline.operator.action_rejected import ActionRejected
from bursar.pipeline.unit_of_work import Counting, UnitOfWork


def believe(uow: UnitOfWork, row: HeldRow) -> None:
    """Take in a held observation, but for what an effect has changed since it was asked for.

    Raises:
        ActionRejected: nothing of it can be true of the account any more.
    """
    account = uow.config.accounts.get(row.account)
    if account is None:
        raise ActionRejected(f"{row.account} is not configured any more")
    # The account's url was another then: the orders of that site would enter states here.
    if row.source not in (None, account.digest):
        words = f"it was seen at another url, or with another key, than {row.account} has now"
        raise ActionRejected(f"{words}: run `bursar observations drop {row.id}`")
    observation = _still_true(uow, account, held.revive(row.observation, dict(account.kinds)), row)
    held.end(uow.tx, row.id, "accepted", uow.now)
    emit_core(uow, "observation.accepted", row.account, {"stream": row.stream, "held": str(row.id)})
    ingest(uow, account, observation, Poll(row.at, accepted=True, goes_on=True))


def _still_true(uow: UnitOfWork, account: AccountSpec, observation: Observation, row: HeldRow) -> Observation:
    """Return what an observation still says: nothing of what something was done to after it was asked for.

    Raises:
        ActionRejected: it is a list of the account, where something was done since.
    """
    since = row.asked_at
    changed = [
        entry.subject
        for entry in uow.counting(since, Counting(account.name))
        # Held before a cancel and accepted after it, it would show the order as it was, and have it canceled again.
        if entry.outcome is Post.SENT or (entry.counts_from is not None and entry.counts_from > since)
    ]
    if not changed or account.streams[observation.stream].coverage is Coverage.TRACKED:
        return observation.without({ref.id for ref in changed if ref.type in account.kinds_of(observation.stream)})
    words = f"something was done at {account.name} since it was seen"
    raise ActionRejected(f"{words}: the next poll shows what is there; run `bursar observations drop {row.id}`")
