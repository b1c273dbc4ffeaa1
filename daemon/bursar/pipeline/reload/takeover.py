"""At the start and at a reload: what the configuration before has left is taken over.

An intent belongs to its rule's fingerprint: where a rule changed its meaning, what was decided by it and not sent yet
ends, and what is being sent or unknown lives on. A rule that goes under another name takes its history with it.
"""

from __future__ import annotations

from bursar.domain.rule import Mode
from bursar.domain.verdict import BlockReason
from bursar.journal import deliveries, matches, verdicts
from bursar.pipeline.dispatch import review_questions
from bursar.pipeline.reload.adoption import adopt
from bursar.pipeline.reload.edited_rules import come_back
from bursar.pipeline.reload.ending import end_what_changed
from bursar.pipeline.reload.renames import rename
from bursar.pipeline.unit_of_work import UnitOfWork

SET_BY_RULES = (BlockReason.BUDGET, BlockReason.LIMIT, BlockReason.COOLDOWN, BlockReason.DENIED, BlockReason.REFUSED)
"""What holds a match back for a time that the configuration sets: a change of it counts at once."""


def take_over(uow: UnitOfWork, sinks: set[str]) -> None:
    """Take over what the configuration before has left; what is being sent meanwhile goes on.

    Args:
        uow: The unit of work.
        sinks: The names of the configured sinks.
    """
    rules = [rule for rule in uow.config.rules.rules if rule.mode is not Mode.OFF]
    adopt(uow, uow.config.rules.rules)
    # Before anything ends: what waits for a renamed rule goes on under its new name.
    rename(uow, uow.config.rules.rules)
    back = []
    for rule in rules:
        was_live = verdicts.live_before(uow.tx, rule) if verdicts.is_edited(uow.tx, rule) else ()
        verdicts.rule_since(uow.tx, rule, uow.now)
        live = rule.mode is Mode.LIVE
        included = {name: rule.accounts.include(uow.config.facts(name)) for name in uow.config.accounts}
        for name in [name for name, is_for in included.items() if rule.watches is not None and not is_for]:
            verdicts.leave_account(uow.tx, rule.name, name)
        at = {name: live and is_for for name, is_for in included.items()}
        returned = verdicts.live_at(uow.tx, rule, at, uow.now)
        # Not where it is for the first time: it begins at the next time that the balance passes its minimum.
        back.append((rule, [*returned, *(name for name in was_live if at.get(name))]))
    off = {rule.name for rule in uow.config.rules.rules if rule.mode is Mode.OFF}
    # Before the missing rules are forgotten: what ends is told with its reason, not dropped in silence.
    end_what_changed(uow)
    verdicts.forget_missing(uow.tx, {rule.name for rule in rules}, uow.now, off)
    # Last of the rules, once it is known what ended: a balance above
    # its minimum raises no second event for a rule that is back.
    for rule, accounts in back:
        come_back(uow, rule, accounts)
    for block in (*SET_BY_RULES, BlockReason.BROKEN):  # and a plugin may have been mended
        matches.release(uow.tx, block, uow.now)
    deliveries.orphans(uow.tx, sinks, uow.now)
    for rule in rules:
        if rule.mode is Mode.LIVE and uow.config.mode is Mode.LIVE:
            matches.release(uow.tx, BlockReason.SHADOW, uow.now, rule=rule.name)
    for name in uow.config.accounts:  # an account that says `debits_at_once` now is asked nothing beside what waits
        review_questions(uow, name)
