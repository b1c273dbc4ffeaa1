"""What a configuration ends: decisions of a rule that means something else, is gone, or is not for the account now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bursar.domain.ids import AccountName
from bursar.domain.intent import Intent, State
from bursar.domain.intent_states import Cause, step
from bursar.domain.rule import Mode, Rule
from bursar.journal import intents, matches
from bursar.journal.matches import MatchRow
from bursar.pipeline.intent_transitions import take_step
from bursar.pipeline.match_facts import PARAM_CHANGED, why_not_behind
from bursar.pipeline.reload.edited_rules import end_held
from bursar.pipeline.revealed import secret_changed
from bursar.pipeline.unit_of_work import ReadView, UnitOfWork

UNSENT = (State.AWAITING_APPROVAL, State.READY, State.DEFERRED)


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
    held = [
        (one, why_not_behind(view, _stands_for(view, one.rule), one.fingerprint, one.account))
        for one in matches.held(view.tx)
    ]
    return Ending(
        [(intent, reason) for intent, reason in unsent if reason is not None],
        [(match, reason) for match, reason in held if reason is not None],
    )


def end_what_changed(uow: UnitOfWork) -> None:
    """End what nothing stands behind any more; what its rule, as it is now, may want is asked about anew."""
    ends = ending(uow)
    for intent, reason in ends.intents:
        take_step(uow, intent, step(intent, Cause.STALE, reason))
    end_held(uow, ends.matches)


def _ended(view: ReadView, intent: Intent) -> str | None:
    """Return why nothing of its rule stands behind an intent any more, if so."""
    rule = _stands_for(view, intent.rule)
    # First, whatever else is edited: a wallet that is moved to a file and mistyped there must be paid by nobody's slip.
    # No fingerprint has it.
    acts = rule.acts() if rule is not None and rule.mode is not Mode.OFF else ()
    if any(act.action == intent.action for act in acts) and secret_changed(view, intent):
        return PARAM_CHANGED
    return why_not_behind(view, rule, intent.fingerprint, intent.account)


def _stands_for(view: ReadView, name: str | None) -> Rule | None:
    """Return the rule that goes under a name, or that says by `was` that it did."""
    renamed_to = (rule for rule in view.config.rules.rules if name is not None and rule.was == name)
    return view.config.rules.get(name or "") or next(renamed_to, None)
