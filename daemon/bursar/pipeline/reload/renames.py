"""Rules that go under another name: what they did, what they know and what waits for them goes with them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import structlog

from bursar.domain.ids import RuleName
from bursar.domain.rule import Rule
from bursar.journal import intents, matches, rule_names, verdicts
from bursar.journal.writer import Tx
from bursar.pipeline.match_facts import RULE_CHANGED, RULE_GONE
from bursar.pipeline.reload.edited_rules import end_held
from bursar.pipeline.unit_of_work import UnitOfWork

log = structlog.get_logger("bursar")


class Renamed(Exception):
    """A rule disappears while one with the same `on` and `do` appears; one sentence that says what to do."""


def rename(uow: UnitOfWork, rules: Sequence[Rule]) -> None:
    """Have renamed rules take over what is known under their old names."""
    known = verdicts.meanings(uow.tx)
    found = renamed(rules, known)
    configured = {rule.name for rule in rules}
    for rule in rules:
        old = found.get(rule.name) or rule.was
        if old is None or old in configured:  # what a name did belongs to it, also where it stands for other things now
            continue
        whole = old in known and known.get(rule.name) != rule.meaning
        if whole:
            log.info("rule.renamed", rule=rule.name, was=old)
        _hand_over(uow, old, rule.name, whole=whole)


def _hand_over(uow: UnitOfWork, old: str, new: str, *, whole: bool) -> None:
    """Have a rule take over what another did, and what is open of it; the whole: also what it knows, and holds."""
    rule_names.take_over(uow.tx, old, new)  # also where `was` is said late
    intents.rename_rule(uow.tx, old, new)
    own = matches.held_by(uow.tx, new)
    if whole:  # what is held was held by what stood under this name before
        end_held(uow, [(match, RULE_CHANGED) for match in own])
        verdicts.rename_rule(uow.tx, old, new)
    else:
        # One match a rule and subject: two that wait for one balance would each ask for it.
        both = {(match.account, match.subject) for match in own}
        former = [match for match in matches.held_by(uow.tx, old) if (match.account, match.subject) in both]
        end_held(uow, [(match, RULE_GONE) for match in former])
    matches.rename_rule(uow.tx, old, new)


def renamed(rules: Sequence[Rule], known: Mapping[str, str]) -> dict[RuleName, RuleName]:
    """Return rules that appear with the `on` and `do` of one that is gone, without saying so by `was`.

    A name that stood for another `on` and `do` before appears, too. A `was` that names no known rule says nothing.
    """
    configured = {rule.name for rule in rules}
    gone = {name: meaning for name, meaning in known.items() if name not in configured}
    # A misspelled `was` names no rule, and must not be taken for
    # the end of the old one: its cooldown would be forgotten.
    spoken_for = {rule.was for rule in rules if rule.was in known}
    found: dict[RuleName, RuleName] = {}
    for rule in rules:
        # A rule that only tells forgets nothing that costs money.
        if known.get(rule.name) == rule.meaning or rule.was in known or not rule.acts():
            continue
        twin = next((name for name in gone if gone[name] == rule.meaning and name not in spoken_for), None)
        if twin is not None:
            found[rule.name] = RuleName(twin)
            spoken_for.add(RuleName(twin))
    return found


def refuse_renamed(tx: Tx, rules: Sequence[Rule]) -> None:
    """Refuse a reload that would have a rule under another name begin anew.

    Raises:
        Renamed: there is such a rule.
    """
    said = {rule.name: rule.was for rule in rules}
    for name, old in renamed(rules, verdicts.meanings(tx)).items():
        wrong = f"`was: {said[name]}` names no rule that there was; " if said[name] is not None else ""
        raise Renamed(
            f"{wrong}the rule {name} has the `on` and `do` of {old}, which is gone: with `was: {old}` it takes over "
            "its cooldowns, limits and budgets; change `on` or `do` if it is another rule"
        )
