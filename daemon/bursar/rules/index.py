"""The rulebook: which rules are asked about an event or a subject of an account.

Comes in: compiled rules. Goes out: those that listen, in their order. What an event type of an account leads to is
worked out once, from an index on what rules listen to, and remembered; asking again costs one look into a dictionary,
however many rules there are. Rules with `mode: off` are not in it, but can be got by name. A rulebook belongs to one
configuration, in which an account's name stands for the same facts throughout.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase

from bursar.domain.ids import AccountName, RuleName
from bursar.domain.rule import AccountFacts, Mode, Rule
from bursar.rules.triggers import is_glob

Position = tuple[int, Rule]


class Rulebook:
    """Compiled rules, found by what they listen to.

    Args:
        rules: In their order, which is the order in which they are asked.
    """

    def __init__(self, rules: Iterable[Rule]) -> None:
        self._rules: Mapping[RuleName, Rule] = {rule.name: rule for rule in rules}
        self._exact: defaultdict[str, list[Position]] = defaultdict(list)
        self._globs: list[tuple[str, Position]] = []
        self._watching: defaultdict[str, list[Position]] = defaultdict(list)
        self._of_event: dict[tuple[AccountName, str], tuple[Rule, ...]] = {}
        self._of_subject: dict[tuple[AccountName, str], tuple[Rule, ...]] = {}
        for position in enumerate(self._rules.values()):
            self._index(position)

    @property
    def rules(self) -> tuple[Rule, ...]:
        """Return every rule, also those that are off."""
        return tuple(self._rules.values())

    def get(self, name: str) -> Rule | None:
        """Return a rule by its name."""
        return self._rules.get(RuleName(name))

    def for_event(self, event_type: str, account: AccountFacts) -> tuple[Rule, ...]:
        """Return the event rules that listen to an event of an account."""
        key = (account.name, event_type)
        found = self._of_event.get(key)
        if found is None:
            found = self._of_event[key] = _for_account(self._listening(event_type), account)
        return found

    def for_subject(self, subject_type: str, account: AccountFacts) -> tuple[Rule, ...]:
        """Return the state rules that watch a type of subject of an account."""
        key = (account.name, subject_type)
        found = self._of_subject.get(key)
        if found is None:
            found = self._of_subject[key] = _for_account(self._watching.get(subject_type, ()), account)
        return found

    def _index(self, position: Position) -> None:
        rule = position[1]
        if rule.mode is Mode.OFF:
            return
        if rule.watches is not None:
            self._watching[rule.watches].append(position)
        for entry in rule.on:
            if is_glob(entry):
                self._globs.append((entry, position))
            else:
                self._exact[entry].append(position)

    def _listening(self, event_type: str) -> Iterable[Position]:
        yield from self._exact.get(event_type, ())
        for glob, position in self._globs:
            if fnmatchcase(event_type, glob):
                yield position


def _for_account(positions: Iterable[Position], account: AccountFacts) -> tuple[Rule, ...]:
    """Keep those that are for an account, each once, in the order in which they were written."""
    kept = {number: rule for number, rule in positions if rule.accounts.include(account)}
    return tuple(kept[number] for number in sorted(kept))
