"""Whose entries of the ledger count as a rule's own, whatever names there were."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from bursar.domain.ids import AccountName, IntentId, RuleName
from bursar.domain.ledger import Entry


@dataclass(frozen=True, slots=True)
class Lineage:
    """Whose entries count as a rule's own.

    What its name did, and the names that it had before; and what its `on` and `do` did under other names, wherever
    those do not do it any more: a rule that is copied, moved or split forgets no cooldown, limit, budget or refusal.

    Attributes:
        rule: Its name.
        meaning: What stands for its `on` and `do`.
        was: The names that it had before, each with the last entry that it had made.
        formers: The other names under which its `on` and `do` has acted.
        living: Those of them that do the same still: what they do is their own.
        left: The accounts where one of the living has left it to others.
        since: Since when the rule itself does it, at each account: what another did beside it was its own.
    """

    rule: RuleName
    meaning: str = ""
    was: tuple[tuple[RuleName, IntentId], ...] = ()
    formers: frozenset[RuleName] = frozenset()
    living: frozenset[RuleName] = frozenset()
    left: frozenset[tuple[RuleName, AccountName]] = frozenset()
    since: Mapping[AccountName, datetime] = field(default_factory=dict, hash=False)

    @property
    def names(self) -> list[RuleName]:
        """Return every name under which something may count."""
        return [self.rule, *sorted({*self.formers, *(name for name, _ in self.was)} - {self.rule})]

    def covers(self, entry: Entry) -> bool:
        """Return whether an entry counts as the rule's own."""
        if entry.rule is None or entry.rule == self.rule:
            return entry.rule is not None
        # Only up to the hand-over: a rule that takes the old name later has a history of its own.
        if any(entry.rule == name and entry.id <= last for name, last in self.was):
            return True
        if entry.meaning != self.meaning or not self._is_former(entry.rule, entry.account):
            return False
        # What a living twin did beside it was its own; what it did
        # before this rule went live would have been paid a second time.
        since = self.since.get(entry.account)
        return since is None or entry.planned_at < since

    def formers_at(self, account: AccountName) -> list[RuleName]:
        """Return the other names whose entries count at an account."""
        return sorted(name for name in self.formers if self._is_former(name, account))

    def _is_former(self, name: RuleName, account: AccountName) -> bool:
        """Return whether another did the same at an account, and does not now."""
        return name in self.formers and (name not in self.living or (name, account) in self.left)
