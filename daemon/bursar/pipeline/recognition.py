"""Is an account in quarantine the one that the journal knows? What is seen there tells: known subjects, or others."""

from __future__ import annotations

from bursar.domain.ids import AccountName
from bursar.domain.intent import OPEN, State
from bursar.domain.observation import Observation, Observed, Snapshot
from bursar.domain.subject import SubjectType
from bursar.domain.values import FieldKind
from bursar.domain.verdict import BlockReason
from bursar.journal import accounts, intents, matches, subjects
from bursar.pipeline.account_identity import known_as
from bursar.pipeline.config_snapshot import AccountSpec
from bursar.pipeline.events import emit_core
from bursar.pipeline.unit_of_work import ReadView, UnitOfWork

RECOGNIZED_ENOUGH = 3
"""So many known subjects, and none that is another, make an account the one that it was."""


def recognize(uow: UnitOfWork, account: AccountSpec, observation: Observation) -> None:
    """In a quarantine: do known subjects reappear? Enough of them, and none that is another, and it ends.

    What is seen may be of another world: nothing of it is written down, told, or taken for what was done here.
    Where money is unknown only a person ends it: two sites that both count from 1 look alike just then.
    """
    seen = {one.ref: one for one in observation.subjects}
    kinds = account.kinds_of(observation.stream)
    known = [
        snapshot
        for kind in kinds.values()
        for snapshot in subjects.load(
            uow.tx, account.name, kind, [ref.id for ref in seen if ref.type == kind.name]
        ).values()
    ]
    row = accounts.load(uow.tx, account.name)
    if row is None or row.quarantine_digest is None:
        return
    verdicts = {
        before.ref: same_subject(account.kinds[before.ref.type], before, seen[before.ref])
        for before in known
        if before.first_seen_at is not None and before.ref in seen and _known_before(uow, before)
    }
    same = [ref for ref, verdict in verdicts.items() if verdict]
    contradicted = sum(1 for verdict in verdicts.values() if verdict is False) + _denied(uow, account, observation)
    found = accounts.note_recognized(uow.tx, account.name, same, contradicted)
    # One order that is another outweighs any number that look alike; and where
    # a payout is lost, two sites that count from 1 look alike just then.
    if not same or row.contradicted + contradicted or unknown_money(uow, account.name):
        return
    if known_as(uow.tx, row, uow.config.accounts) is not None:  # another account's orders may look like its own
        return
    watched = sum(len(subjects.watched(uow.tx, account.name, kind)) for kind in account.tracked().values())
    # Each counts once, however often it is seen: one order in a hundred polls is still one.
    if len(found) >= min(RECOGNIZED_ENOUGH, watched or RECOGNIZED_ENOUGH):
        accounts.bind(uow.tx, account.name, row.provider, row.quarantine_digest, uow.now)
        matches.release(uow.tx, BlockReason.QUARANTINED, uow.now, account=account.name)
        emit_core(uow, "account.released", account.name, {"reason": "its known subjects reappeared"})
        uow.wake.update(("executing", "polling"))


def _known_before(view: ReadView, before: Snapshot) -> bool:
    """Return whether a subject was last written before the quarantine: what was seen in it is compared with nothing."""
    since = accounts.quarantined_at(view.tx, before.account)
    # What was first seen in the quarantine would be recognized by itself.
    return since is not None and (before.changed_at or before.created_at) < since


def unknown_money(view: ReadView, account: AccountName) -> bool:
    """Return whether it is not known what became of something at an account that moves money."""
    spec = view.config.accounts.get(account)
    for intent in intents.in_state(view.tx, OPEN, account):
        if not intent.lost and intent.state not in (State.SENDING, State.UNKNOWN):
            continue
        action = spec.actions.get(intent.action) if spec is not None else None
        # An action whose plugin is gone may have moved money.
        if action is None or action.money:
            return True
    return False


def _denied(uow: UnitOfWork, account: AccountSpec, observation: Observation) -> int:
    """Count known subjects of which the provider says now that they are not there.

    What it shows, though a part of it cannot be read, is there.
    """
    shown = {one.ref.id for one in observation.subjects}
    ids = [id_ for id_ in observation.problems if id_ not in shown]
    kinds = account.kinds_of(observation.stream).values()
    found = [snapshot for kind in kinds for snapshot in subjects.load(uow.tx, account.name, kind, ids).values()]
    return sum(1 for snapshot in found if snapshot.first_seen_at is not None)


def same_subject(kind: SubjectType, before: Snapshot, seen: Observed) -> bool | None:
    """Return whether a known subject is the one that was seen; None: nothing tells.

    It is another one by one identity field that differs. It is the same only if nothing differs that is known of both,
    and something of that tells: two sites that count from 1 and sell the same show orders of one currency, and
    exchanges of one pair, under one id. The only one of its kind (a balance, whose id is its type's name) is in every
    world, and tells only what is another.
    """
    both = {
        name: (before.fields[name], seen.fields[name])
        for name, spec in kind.fields.items()
        if not spec.own and before.fields.get(name) is not None and seen.fields.get(name) is not None
    }
    identity = [name for name in both if kind.fields[name].identity]
    if any(both[name][0] != both[name][1] for name in identity):
        return False
    # What may change in a subject's life speaks neither for nor
    # against it: an order of the other site may just be further on.
    if not identity or before.ref.id == before.ref.type or any(was != is_ for was, is_ in both.values()):
        return None
    measured = [name for name in both if kind.fields[name].kind in MEASURED]
    # A `remains` of 0 in both is no likeness: any two finished orders have it.
    return True if any(both[name][0] for name in measured or identity) else None


MEASURED = (FieldKind.NUMBER, FieldKind.INSTANT)
"""What hardly two subjects of two worlds have alike by chance, unless it is 0."""
