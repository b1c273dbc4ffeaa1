"""At the start and at a reload: what the last run, or the configuration before, has left is taken over.

An intent belongs to its rule's fingerprint: where a rule changed its meaning, what was decided by it and not sent yet
ends, and what is being sent or unknown lives on. A rule that goes under another name takes its history with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import structlog

from bursar.domain.ids import AccountName
from bursar.domain.intent import Intent, LostReply, State
from bursar.domain.intent_states import LOOKS_APART, Cause, step
from bursar.domain.permission import WAS_RESTORED
from bursar.domain.rule import Mode, Rule
from bursar.domain.verdict import BlockReason, HoldBack
from bursar.journal import deliveries, intents, matches, meta, questions, rule_names, verdicts
from bursar.journal.matches import MatchRow
from bursar.pipeline.dispatch import review_questions
from bursar.pipeline.events import NOBODY, emit_core
from bursar.pipeline.intent_facts import action_of, settle_of
from bursar.pipeline.intent_transitions import take_step
from bursar.pipeline.match_facts import OTHER_ACCOUNT, PARAM_CHANGED, RULE_CHANGED, RULE_GONE
from bursar.pipeline.reload.edited_rules import come_back, end_held
from bursar.pipeline.reload.renames import rename
from bursar.pipeline.revealed import secret_changed
from bursar.pipeline.unit_of_work import ReadView, UnitOfWork
from bursar.rules.fingerprint import former_trigger

UNSENT = (State.AWAITING_APPROVAL, State.READY, State.DEFERRED)
SET_BY_RULES = (BlockReason.BUDGET, BlockReason.LIMIT, BlockReason.COOLDOWN, BlockReason.DENIED, BlockReason.REFUSED)
"""What holds a match back for a time that the configuration sets: a change of it counts at once."""
AFTER_A_RESTORE = "say what became of each of `bursar actions --state unknown`, then `bursar restore --confirm`"
log = structlog.get_logger("bursar")


def take_over(uow: UnitOfWork, sinks: set[str]) -> None:
    """Take over what the configuration before has left; what is being sent meanwhile goes on.

    Args:
        uow: The unit of work.
        sinks: The names of the configured sinks.
    """
    rules = [rule for rule in uow.config.rules.rules if rule.mode is not Mode.OFF]
    _adopt(uow, uow.config.rules.rules)
    # Before anything ends: what waits for a renamed rule goes on under its new name.
    rename(uow, uow.config.rules.rules)
    back = []
    for rule in rules:
        verdicts.rule_since(uow.tx, rule, uow.now)
        live = rule.mode is Mode.LIVE
        included = {name: rule.accounts.include(uow.config.facts(name)) for name in uow.config.accounts}
        for name in [name for name, is_for in included.items() if rule.watches is not None and not is_for]:
            verdicts.leave_account(uow.tx, rule.name, name)
        at = {name: live and is_for for name, is_for in included.items()}
        back.append((rule, verdicts.live_at(uow.tx, rule, at, uow.now)))
    off = {rule.name for rule in uow.config.rules.rules if rule.mode is Mode.OFF}
    # Before the missing rules are forgotten: what ends is told with its reason, not dropped in silence.
    _end_what_changed(uow)
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


def end_caution(uow: UnitOfWork) -> list[Intent]:
    """Have what was asked about only since the journal was restored be put to its rules, which ask as they say.

    Returns:
        What stays asked about: what no list and no balance shows, once it is done a second time.
    """
    meta.put(uow.tx, meta.RESTORED, None)
    words, asked = "the restore was confirmed: its rule asks as it says", []
    for intent in intents.in_state(uow.tx, (State.AWAITING_APPROVAL,)):
        if intent.match is None or not intent.reason.startswith(WAS_RESTORED):
            continue
        action = action_of(uow, intent)
        if action is not None and action.lost_reply is LostReply.NEITHER:
            asked.append(intent)
            continue
        waits = HoldBack(BlockReason.LAPSED, words, uow.now)
        take_step(uow, intent, step(intent, Cause.STALE, words), held=waits)
    return asked


MAY_HAVE_BEEN_SENT = (State.AWAITING_APPROVAL, State.READY, State.SENDING, State.DEFERRED)
"""What a restored journal has still before it, and may long be done, or answered and done."""


def wake_up(uow: UnitOfWork, *, restored: bool) -> None:
    """At the start: what was being sent when the process died is unknown; in a restored journal, all that was open.

    A yes in a restored journal may have been taken back since: none counts any more.
    """
    if restored:
        questions.void_all(uow.tx)
    for intent in intents.in_state(uow.tx, (State.UNKNOWN, *MAY_HAVE_BEEN_SENT)) if restored else ():
        repeatable = (action := action_of(uow, intent)) is not None and action.lost_reply is LostReply.REPEATABLE
        # Approved, backed up, denied, restored: the yes of the backup must not send what was denied after it.
        questions.void(uow.tx, intent.id, called=intent.rule is None and not repeatable)
    for intent in intents.in_state(uow.tx, MAY_HAVE_BEEN_SENT if restored else (State.SENDING,)):
        cause = Cause.RESTORED if restored else Cause.LOST
        reason = "the journal was restored; it may have been sent" if restored else "the process died while it was sent"
        if intent.state is State.SENDING:
            # As of now: when the request ended is not known, so `settle` begins with this start.
            intents.end_attempt(uow.tx, intent.id, intent.fence, "lost", reason, uow.now)
        take_step(uow, intent, step(intent, cause, reason, uow.now + min(settle_of(uow, intent), LOOKS_APART)))


def start_run(uow: UnitOfWork, *, clean: bool, restored: bool, known_since: str) -> None:
    """Take over what the last run has left: how that ended which was being sent is not known.

    Args:
        uow: The unit of work.
        clean: The last run ended cleanly.
        restored: The journal is older than what was sent.
        known_since: Since when a restored journal knows nothing, in words.
    """
    wake_up(uow, restored=restored)
    if restored:
        meta.put(uow.tx, meta.RESTORED, known_since)
        meta.put(uow.tx, meta.KNOWS_NOTHING_SINCE, known_since)
        meta.put_instant(uow.tx, meta.RESTORED_AT, uow.now)
        _announce(uow, "journal.restored", f"it is older than what was sent: it ends {known_since}; {AFTER_A_RESTORE}")
    elif not clean:
        _announce(uow, "daemon.started", "the last run did not stop cleanly")
    meta.put(uow.tx, "clean", None)


def _announce(uow: UnitOfWork, event: str, reason: str) -> None:
    """Announce to the sinks and in the log how the run began."""
    log.warning(event, reason=reason)
    emit_core(uow, event, NOBODY, {"reason": reason})


def _adopt(uow: UnitOfWork, rules: Sequence[Rule]) -> None:
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


@dataclass(frozen=True, slots=True)
class Ending:
    """What a configuration ends: decided by a rule that changed its meaning, is gone, or is not for the account now.

    Attributes:
        intents: Those that were not sent yet, each with the reason.
        matches: Those that were held back, each with the reason.
        accounts: Those that will be in quarantine: their names mean others than before.
    """

    intents: Sequence[tuple[Intent, str]]
    matches: Sequence[tuple[MatchRow, str]]
    accounts: Sequence[AccountName] = ()


def ending(view: ReadView) -> Ending:
    """Return what the configuration of a view ends."""
    unsent = [(one, _ended(view, one)) for one in intents.in_state(view.tx, UNSENT) if one.rule is not None]
    held = [(one, _dropped(view, one)) for one in matches.held(view.tx)]
    return Ending(
        [(intent, reason) for intent, reason in unsent if reason is not None],
        [(match, reason) for match, reason in held if reason is not None],
    )


def _end_what_changed(uow: UnitOfWork) -> None:
    """End what nothing stands behind any more; what its rule, as it is now, may want is asked about anew."""
    ends = ending(uow)
    for intent, reason in ends.intents:
        take_step(uow, intent, step(intent, Cause.STALE, reason))
    end_held(uow, ends.matches)


def _dropped(view: ReadView, match: MatchRow) -> str | None:
    """Return why a held match ends, if it does."""
    rule = _stands_for(view, match.rule)
    if rule is None or rule.mode is Mode.OFF:
        return RULE_GONE
    # What a person wrote before the edit must not be done after it, though its name is the same.
    if match.fingerprint and match.fingerprint != rule.fingerprint:
        return RULE_CHANGED
    if match.account in view.config.accounts and not rule.accounts.include(view.config.facts(match.account)):
        return OTHER_ACCOUNT
    return None


def _stands_for(view: ReadView, name: str | None) -> Rule | None:
    """Return the rule that goes under a name, or that says by `was` that it did."""
    renamed_to = (rule for rule in view.config.rules.rules if name is not None and rule.was == name)
    return view.config.rules.get(name or "") or next(renamed_to, None)


def _ended(view: ReadView, intent: Intent) -> str | None:
    """Return why nothing of its rule stands behind an intent any more, if so."""
    rule = _stands_for(view, intent.rule)
    if rule is None or rule.mode is Mode.OFF:
        return RULE_GONE
    if intent.fingerprint and intent.fingerprint != rule.fingerprint:
        return RULE_CHANGED
    # No fingerprint has a wallet in it: without this a payout would be approved for the wallet before.
    if secret_changed(view, intent):
        return PARAM_CHANGED
    if intent.account in view.config.accounts and not rule.accounts.include(view.config.facts(intent.account)):
        return OTHER_ACCOUNT
    return None
