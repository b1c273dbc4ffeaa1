"""Has what a match would do next, or an intent is for, happened already? An attempt that was lost may land late."""

from __future__ import annotations

from bursar.domain.ids import IntentId
from bursar.domain.intent import Intent
from bursar.domain.ledger import Entry
from bursar.journal import intents, ledger
from bursar.journal.matches import MatchRow
from bursar.pipeline.intent_facts import is_over, listed
from bursar.pipeline.unit_of_work import ReadView


def happened_before(view: ReadView, match: MatchRow | None, intent: Intent | None) -> IntentId | None:
    """Return what has done already what a match would do next, or an intent: an attempt that was lost landed late.

    Of what takes the balance and is over there is something new to take.
    """
    if match is not None:
        of_line = ledger.of_match(view.tx, match.first)
        former = next((one.id for one in of_line if one.done and _is_it(view, one, match, intent)), None)
    else:
        former = None if intent is None else _done_in_place_of(view, intent)
    made = None if former is None else intents.load(view.tx, former)
    shown = () if made is None else listed(view, made)
    if made is not None and any(action.takes_balance and is_over(view, made, one) for one, action in shown):
        return None
    return former


def _is_it(view: ReadView, entry: Entry, match: MatchRow, intent: Intent | None) -> bool:
    """Return whether an entry of its line is what a match would do next, or what an intent of it is for."""
    own = ledger.load(view.tx, intent.id) if intent is not None else None
    return is_next(view, entry, match) if own is None else same_act(entry, own)


def same_act(one: Entry, other: Entry) -> bool:
    """Return whether two entries are the same action of one match; where an edit lies between, the same by its name."""
    same_text = one.meaning == other.meaning
    return (
        one.match is not None
        and one.match == other.match
        and one.action == other.action
        and (one.act == other.act or not same_text)
    )


def is_next(view: ReadView, entry: Entry, match: MatchRow) -> bool:
    """Return whether an entry is what a match of its line would do next."""
    rule = view.config.active_rule(match.rule)
    acts = rule.acts() if rule is not None else ()
    if entry.match != match.first or rule is None or match.acts_planned >= len(acts):
        return False
    same_text = entry.meaning == rule.meaning
    return entry.action == acts[match.acts_planned].action and (entry.act == match.acts_planned or not same_text)


def _done_in_place_of(view: ReadView, intent: Intent) -> IntentId | None:
    """Return what had happened of the calls that a person has had tried again by this one."""
    former = intent.instead_of
    while former is not None:
        entry, made = ledger.load(view.tx, former), intents.load(view.tx, former)
        if entry is not None and entry.done:
            return former
        former = made.instead_of if made is not None else None
    return None
