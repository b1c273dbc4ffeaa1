"""At the start and at a reload: what each account's name means now, and what the last run left.

An account is what its provider, address and key say, not its name. A name that now means another world is frozen: it
is watched, and nothing is done there, until its known subjects reappear or a person says which it is.
"""

from __future__ import annotations

from collections.abc import Mapping

from bursar.domain.guard import Obstacle
from bursar.domain.ids import AccountName
from bursar.domain.intent import OPEN, State
from bursar.domain.life import Cause, Step, move
from bursar.domain.rule import Mode
from bursar.journal import accounts, deliveries, intents, ledger, matches, verdicts
from bursar.journal.accounts import AccountRow
from bursar.runtime.moving import Unwanted, take_step, wake_up
from bursar.runtime.telling import Commit, tell_core

NOBODY = AccountName("")


def bind_accounts(c: Commit, digests: Mapping[AccountName, tuple[str, str]]) -> None:
    """Compare what every configured name means (provider, digest) with what the journal knows it as."""
    known = accounts.load_all(c.tx)
    missing = {row.digest: row for name, row in known.items() if name not in digests}
    for name, (provider, digest) in digests.items():
        row = known.get(name)
        if row is None:
            _meet(c, name, provider, digest, missing.get(digest))
        elif row.digest == digest:
            _recognize(c, row)
        elif row.frozen_digest != digest:
            _refreeze(c, row, provider, digest)
    for row in missing.values():
        _miss(c, row)


def _meet(c: Commit, name: AccountName, provider: str, digest: str, twin: AccountRow | None) -> None:
    """A new name. If it means what a name that is gone meant, nothing is done there until a person says which it is."""
    accounts.bind(c.tx, name, provider, digest, c.now)
    if twin is not None and at_stake(c, twin.name):
        accounts.freeze(c.tx, name, digest)
        said = f"`bursar accounts rename {twin.name} {name}` or `bursar accounts new {name}`"
        reason = f"it is what {twin.name} was: say {said}"
        tell_core(c, "account.frozen", name, {"reason": reason})


def _recognize(c: Commit, row: AccountRow) -> None:
    if row.frozen_digest is not None and row.frozen_digest != row.digest:
        accounts.thaw(c.tx, row.name)
        matches.release(c.tx, Obstacle.FROZEN, c.now, account=row.name)
        tell_core(c, "account.thawed", row.name, {"reason": "it is configured as before"})
    elif row.gone_at is not None:
        accounts.gone(c.tx, row.name, None)


def _refreeze(c: Commit, row: AccountRow, provider: str, digest: str) -> None:
    if not at_stake(c, row.name) and not _seen_anything(c, row.name):
        accounts.bind(c.tx, row.name, provider, digest, c.now)
        return
    accounts.freeze(c.tx, row.name, digest)
    reason = f"its url or key changed: say `bursar accounts same {row.name}` or `bursar accounts new {row.name}`"
    tell_core(c, "account.frozen", row.name, {"reason": reason})


def _miss(c: Commit, row: AccountRow) -> None:
    if row.gone_at is None and at_stake(c, row.name):
        accounts.gone(c.tx, row.name, c.now)
        reason = f"it is not configured any more: say `bursar accounts rename {row.name} NEW`, or configure it again"
        tell_core(c, "account.gone", row.name, {"reason": reason})


def at_stake(c: Commit, name: AccountName) -> bool:
    """Say whether an account has open intents or subjects under watch."""
    return bool(intents.in_state(c.tx, OPEN, name)) or accounts.watches(c.tx, name)


def _seen_anything(c: Commit, name: AccountName) -> bool:
    return accounts.has_subjects(c.tx, name)


def same(c: Commit, name: AccountName) -> None:
    """A person says that the account is what it was, under another key or address.

    Raises:
        Unwanted: it is not frozen.
    """
    row = _frozen(c, name)
    accounts.bind(c.tx, name, row.provider, row.frozen_digest or row.digest, c.now)
    _thawed(c, name, "a person said that it is the same")


_LEFT_BEHIND = {
    State.READY: Cause.STALE,
    State.AWAITING_APPROVAL: Cause.UNANSWERED,
    State.DEFERRED: Cause.USED_UP,
}
"""How what was not sent to the old account ends when the name means a new one."""


def new(c: Commit, name: AccountName) -> None:
    """A person says that the name means another account now: nothing that was known of the old one holds.

    Raises:
        Unwanted: it is not frozen; or nobody knows yet what became of something that was sent to the old one.
    """
    row = _frozen(c, name)
    unknown = intents.in_state(c.tx, (State.UNKNOWN, State.SENDING), name)
    if unknown:
        raise Unwanted(
            f"nobody knows what became of {unknown[0].action} {unknown[0].id} at the old account: "
            f"say `bursar actions resolve {unknown[0].id}` first"
        )
    for intent in intents.in_state(c.tx, tuple(_LEFT_BEHIND), name):
        cause = _LEFT_BEHIND[intent.state]
        take_step(c, intent, Step(cause, move(intent.state, cause), "the account is another one now"))
    accounts.forget(c.tx, name)
    accounts.bind(c.tx, name, row.provider, row.frozen_digest or row.digest, c.now)
    _thawed(c, name, "a person said that it is new")


def rename(c: Commit, old: AccountName, new_name: AccountName, configured: Mapping[AccountName, object]) -> None:
    """A person says that an account goes under another name now.

    Raises:
        Unwanted: the old name is configured, or nothing is known of it, or the new one is not configured or has a life.
    """
    if old in configured:
        raise Unwanted(f"{old} is configured; take it out of the configuration first")
    if accounts.load(c.tx, old) is None:
        raise Unwanted(f"nothing is known of an account {old}")
    if new_name not in configured:
        raise Unwanted(f"{new_name} is not configured")
    if at_stake(c, new_name):
        raise Unwanted(f"{new_name} has open actions or orders under watch of its own")
    digest = accounts.load(c.tx, new_name)
    accounts.forget(c.tx, new_name)
    accounts.rename(c.tx, old, new_name)
    row = accounts.load(c.tx, new_name)
    if row is not None and digest is not None and row.digest == (digest.frozen_digest or digest.digest):
        accounts.thaw(c.tx, new_name)
    elif digest is not None:
        accounts.freeze(c.tx, new_name, digest.frozen_digest or digest.digest)


def _frozen(c: Commit, name: AccountName) -> AccountRow:
    row = accounts.load(c.tx, name)
    if row is None or row.frozen_digest is None:
        raise Unwanted(f"{name} is not frozen; there is nothing to say about it")
    return row


def _thawed(c: Commit, name: AccountName, reason: str) -> None:
    matches.release(c.tx, Obstacle.FROZEN, c.now, account=name)
    tell_core(c, "account.thawed", name, {"reason": reason})
    c.woken.update(("executing", "polling"))


def open_books(c: Commit, *, clean: bool, restored: bool, sinks: set[str]) -> None:
    """Take over what the last run left: lost attempts, holds of rules that are gone, shadows that are lifted."""
    rules = [rule for rule in c.terms.rules.rules if rule.mode is not Mode.OFF]
    for rule in rules:
        if rule.watches is not None:
            verdicts.rule_since(c.tx, rule, c.now)
    verdicts.forget_missing(c.tx, {rule.name for rule in rules})
    deliveries.orphans(c.tx, sinks, c.now)
    for rule in rules:
        if rule.mode is Mode.LIVE and c.terms.mode is Mode.LIVE:
            matches.release(c.tx, Obstacle.SHADOW, c.now, rule=rule.name)
    wake_up(c, restored=restored)
    if restored:
        tell_core(c, "journal.restored", NOBODY, {"reason": "it is older than what was sent"})
    if not clean:
        tell_core(c, "daemon.started", NOBODY, {"reason": "the last run did not stop cleanly"})
    ledger.put(c.tx, "clean", None)
