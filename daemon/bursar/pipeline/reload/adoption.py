"""What an older journal does not say of its rules: it is set by what they are at the first start."""

from __future__ import annotations

from collections.abc import Sequence

from bursar.domain.rule import Rule
from bursar.journal import intents, matches, meta, rule_names, verdicts
from bursar.pipeline.unit_of_work import UnitOfWork
from bursar.rules.fingerprint import former_trigger


def adopt(uow: UnitOfWork, rules: Sequence[Rule]) -> None:
    """Set what the rules stand for, as they are at the first start, in what an older journal has of them."""
    if meta.get(uow.tx, "fingerprints") is None:
        for rule in rules:
            before = former_trigger(rule.on, rule.watches, rule.when)
            verdicts.replace_trigger(uow.tx, rule.name, before, rule.trigger)
            intents.set_fingerprint(uow.tx, rule.name, rule.fingerprint)
            matches.set_fingerprint(uow.tx, rule.name, rule.fingerprint)
        meta.put(uow.tx, "fingerprints", "1")
    if meta.get(uow.tx, "meanings") is None:
        _adopt_meanings(uow, rules)
        meta.put(uow.tx, "meanings", "1")


def _adopt_meanings(uow: UnitOfWork, rules: Sequence[Rule]) -> None:
    """Have what was done count by what the rules stand for; what a gone one did, for each that does the same action."""
    for rule in rules:
        rule_names.set_meaning(uow.tx, rule.name, rule.meaning)
    configured = {rule.name for rule in rules}
    for gone, action in rule_names.nameless(uow.tx):  # what its `on` and `do` were is not known: it may be any of these
        for rule in rules if gone not in configured else ():
            if any(act.action == action for act in rule.acts()):
                rule_names.take_over(uow.tx, gone, rule.name)
