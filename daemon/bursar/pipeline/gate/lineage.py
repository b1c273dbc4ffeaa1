"""Whose entries in the ledger count as a rule's own (`domain.lineage`), by what is configured now."""

from __future__ import annotations

from bursar.domain.ids import RuleName
from bursar.domain.lineage import Lineage
from bursar.domain.rule import Mode
from bursar.journal import rule_names, verdicts
from bursar.pipeline.unit_of_work import ReadView


def lineage_of(view: ReadView, name: RuleName) -> Lineage:
    """Return whose entries count as a rule's own.

    Its name's, those of the names before it, and those of names that did the same until it did, and do not now.
    """
    rule, was = view.config.rules.get(name), tuple(rule_names.taken_over(view.tx, name))
    if rule is None or not rule.meaning:
        return Lineage(name, was=was)
    formers = frozenset(one for one in rule_names.doers_of(view.tx, rule.meaning) if one != name)
    alike = [
        other
        for other in view.config.rules.rules
        # A twin in shadow, or off, does nothing itself: what it did before counts for the one that acts now.
        if other.name in formers and other.meaning == rule.meaning and other.mode is Mode.LIVE
    ]
    left = {
        (other.name, account)
        for other in alike
        for account in view.config.accounts
        if not other.accounts.include(view.config.facts(account))
    }
    living = frozenset(other.name for other in alike)
    return Lineage(name, rule.meaning, was, formers, living, frozenset(left), verdicts.live_since(view.tx, name))
