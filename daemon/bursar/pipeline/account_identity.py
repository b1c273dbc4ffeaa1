"""What each account's name means now, compared with what the journal knows it as, at the start and at a reload.

An account is what its provider, address and key say, not its name. A name that now means another world is put in
quarantine: it is watched, and nothing is done there, until its known subjects reappear or a person says which it is.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from bursar.domain.ids import AccountName, IntentId
from bursar.domain.intent import OPEN, State
from bursar.domain.intent_states import Cause, step
from bursar.domain.verdict import BlockReason
from bursar.journal import accounts, intents, ledger, matches
from bursar.journal.accounts import AccountRow
from bursar.journal.writer import Tx
from bursar.pipeline.effects.findings import LANDS_WITHIN
from bursar.pipeline.events import emit_core
from bursar.pipeline.intent_transitions import take_step
from bursar.pipeline.operator.action_rejected import ActionRejected, say_first
from bursar.pipeline.unit_of_work import Counting, UnitOfWork


def bind_accounts(uow: UnitOfWork, digests: Mapping[AccountName, tuple[str, str]]) -> None:
    """Compare what every configured name means (provider, digest) with what the journal knows it as."""
    known = accounts.load_all(uow.tx)
    missing = [row for name, row in known.items() if name not in digests]
    for name, (provider, digest) in digests.items():
        row = known.get(name)
        if row is None:
            _meet(uow, name, provider, digest, [one for one in known.values() if one.digest == digest])
        elif row.digest == digest:
            _recognize(uow, row)
        elif row.quarantine_digest != digest:
            _quarantine(uow, row, provider, digest, known)
    for row in missing:
        _miss(uow, row)


def would_mean_others(tx: Tx, digests: Mapping[AccountName, tuple[str, str]]) -> list[AccountName]:
    """Return the names that would be put in quarantine: they mean others than the journal knows them as."""
    known = accounts.load_all(tx)
    changed = [known[name] for name, (_, digest) in digests.items() if name in known and known[name].digest != digest]
    others = [row for row in changed if row.quarantine_digest != digests[row.name][1]]
    return [row.name for row in others if _is_another(tx, row, digests[row.name][1], known, digests)]


def _is_another(
    tx: Tx, row: AccountRow, digest: str, known: Mapping[AccountName, AccountRow], configured: Collection[AccountName]
) -> bool:
    """Return whether something would be mixed up, or forgotten, if a name just meant another account from now on."""
    twins = [one for one in known.values() if one.digest == digest]
    # A name of which nothing is known may take a new key silently, but not
    # that of another account: budgets and lost payouts are kept there.
    others = any(one.name in configured or has_a_life(tx, one) for one in twins)
    return others or at_stake(tx, row.name) or accounts.has_subjects(tx, row.name)


def quarantine_words(name: AccountName) -> str:
    """Return what will become of an account whose name means another one, and what to do."""
    words = f"`bursar accounts confirm {name}` (it is the same), or `replace {name}` (it is another one)"
    return f"its url or key is another: nothing is done there until {words}, or they are as before"


def _meet(uow: UnitOfWork, name: AccountName, provider: str, digest: str, twins: Sequence[AccountRow]) -> None:
    """A new name. If it means what another name meant, nothing is done there until a person says which it is."""
    accounts.bind(uow.tx, name, provider, digest, uow.now)
    # Under a new name a cooldown of a day, a budget and a pause would be forgotten; so a person says first which it is.
    if any(has_a_life(uow.tx, one) for one in twins):
        accounts.quarantine(uow.tx, name, digest, uow.now)
        _tell_quarantined(uow, name, "")


def _tell_quarantined(uow: UnitOfWork, name: AccountName, choice: str) -> None:
    row = accounts.load(uow.tx, name)
    reason = (not_the_same(uow.tx, row, uow.config.accounts) if row is not None else None) or choice
    emit_core(uow, "account.quarantined", name, {"reason": reason})


def renamed_words(former: AccountName, name: AccountName) -> str:
    """Return that a name means what another one meant, and what to do."""
    said = f"`bursar accounts rename {former} {name}` or `bursar accounts replace {name}`"
    return f"it is what {former} was: say {said}"


def has_a_life(tx: Tx, row: AccountRow) -> bool:
    """Return whether something would be forgotten: what is at stake, what was done and counts for guards, a pause."""
    kept = row.paused_at is not None or accounts.is_retired(row.name)
    return kept or at_stake(tx, row.name) or ledger.knows(tx, row.name)


def _recognize(uow: UnitOfWork, row: AccountRow) -> None:
    if row.quarantine_digest is not None and row.quarantine_digest != row.digest:
        accounts.end_quarantine(uow.tx, row.name)
        matches.release(uow.tx, BlockReason.QUARANTINED, uow.now, account=row.name)
        emit_core(uow, "account.released", row.name, {"reason": "it is configured as before"})
    elif row.gone_at is not None:
        accounts.gone(uow.tx, row.name, None)


def _quarantine(
    uow: UnitOfWork, row: AccountRow, provider: str, digest: str, known: Mapping[AccountName, AccountRow]
) -> None:
    if not _is_another(uow.tx, row, digest, known, uow.config.accounts):
        accounts.bind(uow.tx, row.name, provider, digest, uow.now)
        return
    accounts.quarantine(uow.tx, row.name, digest, uow.now)
    words = f"say `bursar accounts confirm {row.name}` or `bursar accounts replace {row.name}`"
    _tell_quarantined(uow, row.name, f"its url or key changed: {words}")


def _miss(uow: UnitOfWork, row: AccountRow) -> None:
    if row.gone_at is None and has_a_life(uow.tx, row):
        accounts.gone(uow.tx, row.name, uow.now)
        reason = f"it is not configured any more: say `bursar accounts rename {row.name} NEW`, or configure it again"
        emit_core(uow, "account.gone", row.name, {"reason": reason})


def at_stake(tx: Tx, name: AccountName) -> bool:
    """Return whether an account has open intents or subjects under watch."""
    return bool(intents.in_state(tx, OPEN, name)) or accounts.watches(tx, name)


def confirm(uow: UnitOfWork, name: AccountName) -> None:
    """A person says that the account is what it was, under another key or address.

    Raises:
        ActionRejected: it is not in quarantine; or it is new, and what another name meant: what was done there would be
            forgotten, which budgets count; or it has another account's address and key.
    """
    row = _quarantined(uow, name)
    # Two accounts whose urls were swapped could both be confirmed: a payout
    # that was lost at one would be looked for, and made again, at the other.
    why = not_the_same(uow.tx, row, uow.config.accounts)
    if why is not None:
        raise ActionRejected(f"{name}: {why}")
    accounts.bind(uow.tx, name, row.provider, row.quarantine_digest or row.digest, uow.now)
    _released(uow, name, "a person said that it is the same")


def not_the_same(tx: Tx, row: AccountRow, configured: Collection[AccountName]) -> str | None:
    """Return why an account in quarantine cannot be what its name meant before, and what to do; None: it may be."""
    new, other = row.quarantine_digest == row.digest, known_as(tx, row, configured)
    if other is None:
        return f"say `bursar accounts replace {row.name}`" if new else None
    if other not in configured:
        return renamed_words(other, row.name)
    return f"it has the url and key of {other} now: put its own back, or say `bursar accounts replace {row.name}`"


def known_as(tx: Tx, row: AccountRow, configured: Collection[AccountName]) -> AccountName | None:
    """Return the other account that the journal knows by what a name in quarantine means now.

    One that is not configured, and of which nothing would be forgotten, is none: a key that was tried under its name.
    """
    twins = [
        one
        for one in accounts.load_all(tx).values()
        if one.name != row.name
        and one.digest == row.quarantine_digest
        and (one.name in configured or has_a_life(tx, one))
    ]
    return max(twins, key=lambda one: one.bound_at).name if twins else None


_LEFT_BEHIND = {
    State.READY: Cause.STALE,
    State.AWAITING_APPROVAL: Cause.STALE,
    State.DEFERRED: Cause.STALE,
}
"""How what was not sent to the old account ends when the name means a new one."""


@dataclass(frozen=True, slots=True)
class PutAway:
    """What a person's word that a name means another account has put away.

    Attributes:
        name: What the former account is called from now on.
        ended: What was not sent there, and never will be.
        in_doubt: What was lost there and let go: it is not looked for any more.
    """

    name: AccountName
    ended: Sequence[IntentId]
    in_doubt: Sequence[IntentId]


def replace(uow: UnitOfWork, name: AccountName) -> PutAway:
    """A person says that the name means another account now: nothing that was known of the old one holds.

    Raises:
        ActionRejected: it is not in quarantine; or what became of something sent to the old one is not known yet, or
            of something sent where this one is now, under another name.
    """
    row = _quarantined(uow, name)
    # Also where this one is now: money that is unknown there would be forgotten with its name.
    _refuse_unknown(uow, known_as(uow.tx, row, uow.config.accounts))
    put_away = _put_away(uow, row)
    accounts.bind(uow.tx, name, row.provider, row.quarantine_digest or row.digest, uow.now)
    _released(uow, name, "a person said that it is new")
    return put_away


def _put_away(uow: UnitOfWork, row: AccountRow) -> PutAway:
    """Keep what was done at the account that a name meant under a name of its own, and end what was not sent there.

    Raises:
        ActionRejected: what became of something sent there is not known yet.
    """
    _refuse_unknown(uow, row.name)
    ends = intents.in_state(uow.tx, tuple(_LEFT_BEHIND), row.name)
    lost = _in_doubt(uow, row.name)
    for intent in ends:
        # What was decided on the old account's balance must not be sent to the new one.
        take_step(uow, intent, step(intent, _LEFT_BEHIND[intent.state], "the account is another one now"))
    accounts.forget(uow.tx, row.name, uow.now)
    # Kept, not deleted: a name that comes back to that account finds its cooldowns, budgets and lost payouts there.
    retired = AccountName(f"{row.name}@{row.bound_at:%Y%m%dT%H%M%S%f}")
    accounts.retire(uow.tx, row, retired, uow.now)
    return PutAway(retired, [one.id for one in ends], lost)


def _in_doubt(uow: UnitOfWork, name: AccountName) -> list[IntentId]:
    """Return what of an account ended in doubt lately: the next of its kind is not sent before that was looked for."""
    since = uow.measured.before(uow.now, LANDS_WITHIN)
    return [entry.id for entry in uow.counting(since, Counting(name)) if entry.in_doubt]


def _refuse_unknown(uow: UnitOfWork, name: AccountName | None) -> None:
    """Refuse while it is not known what became of something that was sent to an account."""
    for unknown in intents.in_state(uow.tx, (State.UNKNOWN, State.SENDING), name)[:1] if name is not None else ():
        raise ActionRejected(
            f"nobody knows what became of {unknown.action} {unknown.id} at the account that was {name}: "
            f"{say_first(unknown.id)}"
        )


def rename(uow: UnitOfWork, old: AccountName, new_name: AccountName, configured: Mapping[AccountName, object]) -> None:
    """A person says that an account goes under another name now.

    Where that name meant another account until now, that one is put away, as at `replace`.

    Raises:
        ActionRejected: the old name is configured, or nothing is known of it, or something is being sent there; or the
            new one is not configured, or has a life.
    """
    if old in configured:
        raise ActionRejected(f"{old} is configured; take it out of the configuration first")
    former = accounts.load(uow.tx, old)
    if former is None:
        raise ActionRejected(f"nothing is known of an account {old}")
    if new_name not in configured:
        raise ActionRejected(f"{new_name} is not configured")
    for sent in intents.in_state(uow.tx, (State.SENDING,), old):  # who sends it writes its end, under the old name
        raise ActionRejected(f"{sent.action} {sent.id} is being sent at {old}: say it again once that has ended")
    digest = accounts.load(uow.tx, new_name)
    if digest is not None and digest.quarantine_digest == former.digest != digest.digest:
        _put_away(uow, digest)
    elif at_stake(uow.tx, new_name):
        raise ActionRejected(f"{new_name} has open actions or orders under watch of its own")
    accounts.forget(uow.tx, new_name, uow.now)
    accounts.rename(uow.tx, old, new_name)
    if digest is not None and digest.paused_at is not None:
        # The row of the new name gives way to the old one's; what a person had stopped there must stay stopped.
        accounts.pause(uow.tx, new_name, digest.paused_at)
    row = accounts.load(uow.tx, new_name)
    if row is not None and digest is not None and row.digest == (digest.quarantine_digest or digest.digest):
        accounts.end_quarantine(uow.tx, new_name)
    elif digest is not None:
        # The name is said to be the old account, but its url and key say something else: nothing is done there yet.
        accounts.quarantine(uow.tx, new_name, digest.quarantine_digest or digest.digest, uow.now)


def _quarantined(uow: UnitOfWork, name: AccountName) -> AccountRow:
    row = accounts.load(uow.tx, name)
    if row is None or row.quarantine_digest is None:
        raise ActionRejected(f"{name} is not in quarantine; there is nothing to say about it")
    return row


def _released(uow: UnitOfWork, name: AccountName, reason: str) -> None:
    matches.release(uow.tx, BlockReason.QUARANTINED, uow.now, account=name)
    emit_core(uow, "account.released", name, {"reason": reason})
    uow.wake.update(("executing", "polling"))
