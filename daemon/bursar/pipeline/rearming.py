"""What an edit of the rules ends is told; and what would not come anew while it lasts, a balance above its minimum, is
put to the rules as they are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from bursar.domain.ids import AccountName
from bursar.domain.intent import Intent, LostReply
from bursar.domain.ledger import Entry
from bursar.domain.lineage import Lineage
from bursar.domain.rule import Rule
from bursar.domain.values import Json
from bursar.domain.verdict import BlockReason, HoldBack
from bursar.journal import events, ledger, matches
from bursar.journal.matches import MatchRow
from bursar.pipeline.events import emit_core
from bursar.pipeline.guard_facts import recall
from bursar.pipeline.intent_facts import action_of
from bursar.pipeline.unit_of_work import UnitOfWork

ANEW = "a rule was changed: asked anew"


def ask_of_the_rest(uow: UnitOfWork, intent: Intent) -> None:
    """Where no poll shows the end of what took the balance, its taking stands for it: the rest is asked about."""
    account, action = uow.config.accounts.get(intent.account), action_of(uow, intent)
    if account is None or action is None or not action.takes_balance or action.settled_by is None:
        return
    made, kind = account.kinds[action.settled_by[0]], account.kinds[action.subject]
    ends = {f"{made.name}.{state}" for state in made.terminal}
    for event in kind.events if not account.looks_at(made.stream) else ():
        if ends & set(event.rearmed_by):
            events.rearm(uow.tx, account.name, event.name, kind.name, uow.now)


def ask_anew(uow: UnitOfWork, match: MatchRow) -> None:
    """A match ended with its rule's text: its event is put to that rule as it is now, and to those that have the text.

    Only one that would not come anew, and of which nothing is done; and to no rule that has acted since: an edit of
    one has no other act once more.
    """
    event, account = recall(uow, match), uow.config.accounts.get(match.account)
    kind = account.kinds.get(event.subject.type) if account and event and event.subject else None
    if event is None or kind is None or not any(one.name == event.type and one.rearmed_by for one in kind.events):
        return
    if any(_may_be_done(uow, one) for one in ledger.of_match(uow.tx, match.id)):
        return
    for rule in uow.config.rules.for_event(event.type, uow.config.facts(match.account)):
        if (rule.name != match.rule and rule.fingerprint != match.fingerprint) or _has_acted(uow, rule, match):
            continue
        anew = matches.add(uow.tx, rule, match.account, match.subject, event, ANEW, uow.now)
        matches.hold_back(uow.tx, anew, HoldBack(BlockReason.LAPSED, ANEW, uow.now), 0)
        uow.wake.add("polling")


def _may_be_done(uow: UnitOfWork, entry: Entry) -> bool:
    """Return whether an action of a match is done, or may be, and nobody would look for it before the next."""
    account = uow.config.accounts.get(entry.account)
    action = account.actions.get(entry.action) if account is not None else None
    looked_for = action is not None and action.lost_reply is LostReply.RECONCILABLE
    return entry.done or entry.open or (entry.in_doubt and not looked_for)


def _has_acted(uow: UnitOfWork, rule: Rule, match: MatchRow) -> bool:
    """Return whether a rule has acted for what a match is about since that matched, by another match."""
    entries = ledger.of_rule(uow.tx, Lineage(rule.name), match.account, match.subject)
    return any(one.match != match.id and one.planned_at >= match.at for one in entries)


def end_held(uow: UnitOfWork, ends: Sequence[tuple[MatchRow, str]]) -> None:
    """End what an edit of the rules leaves nothing behind, each with the reason; tell of it, rule by rule."""
    ended: Counter[tuple[str, AccountName, str]] = Counter()
    for match, reason in ends:
        matches.drop(uow.tx, match.id, reason, uow.now)
        ended[match.rule, match.account, reason] += 1
        ask_anew(uow, match)
    for (rule, account, reason), number in ended.items():
        data: dict[str, Json] = {"rule": rule, "number": number, "reason": f"{number} that waited end: {reason}"}
        emit_core(uow, "rule.changed", account, data)
