"""Is the journal in itself whole? Every fact once, every fact answered by its rules, every message owed once, the audit
trail unbroken; and at the end, nothing that a rule demands is left undone.

Pure. Comes in: the journal's `JournalDump`, and how the worlds stand at the end. Goes out: findings.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from bursar.journal.dump import EventRecord, JournalDump, MatchRecord
from bursar_prove.findings import DOUBLED, LOST, Finding

LISTENING = {
    "order.partial": "refill",
    "order.canceled": "order-anew",
    "balance.passed_min_payout": "pay-out",
    "coupon.activated": "tell",
}
"""The rule that must have matched each of these: its condition is true of them, but for `WITHOUT`."""
WITHOUT = {"order.partial": '"remains":"0"'}
"""Where an event holds this, the condition is not true of it."""
WAITING = ("pending", "in_progress")
CAME_TO_NOTHING = ("lapsed", "refused", "gave_up", "denied")
OPEN = ("awaiting_approval", "ready", "sending", "deferred", "unknown")


@dataclass(frozen=True, slots=True)
class AtRest:
    """How the worlds stand when nothing moves any more.

    Attributes:
        panel: The panel's account, and `site` the site's.
        states: By order: its state, as the panel says it, normalised.
        due: The site's balance is at or above its minimum.
        paid: By id: what each payout took that the site did not cancel.
    """

    panel: str
    site: str
    states: Mapping[str, str]
    due: bool
    paid: Mapping[str, Decimal] = field(default_factory=dict)


def check_journal(claims: JournalDump) -> list[Finding]:
    """Find what is missing or there twice in the journal itself."""
    found = [*_states_twice(claims.facts), *_answers(claims), *_deliveries(claims), *_one_intent_each(claims)]
    if claims.broken is not None:
        found.append(Finding(LOST, f"the audit trail is broken at {claims.broken.seq}: {claims.broken.reason}", 0))
    for intent in claims.intents:
        if claims.trail.get(intent.id) != intent.state:
            words = f"intent {intent.id} is {intent.state}, and the audit trail says {claims.trail.get(intent.id)}"
            found.append(Finding(LOST, words, intent.created_us))
    return found


def check_told(claims: JournalDump, taken: frozenset[str]) -> list[Finding]:
    """Find messages that the journal says were taken, and that the sink never saw.

    Args:
        claims: The journal's.
        taken: The ids of the deliveries that the sink saw.
    """
    never = [one for one in claims.owed if one.state == "delivered" and one.id not in taken]
    return [Finding(LOST, f"{one.id} is delivered, and the sink never saw it", 0) for one in never]


def check_rest(claims: JournalDump, rest: AtRest) -> list[Finding]:
    """Find what the worlds and the rules demand at the end, and nothing is under way."""
    open_ = {(intent.account, intent.subject) for intent in claims.intents if intent.state in OPEN}
    held = {(match.account, match.subject) for match in claims.matches if match.state == "held"}
    canceled = {intent.subject for intent in claims.intents if intent.action == "cancel"}
    found = []
    for id_, state in rest.states.items():
        known = claims.states.get((rest.panel, f"order/{id_}"))
        if known is not None and known != state:
            found.append(Finding(LOST, f"order {id_} is {state}, and the journal knows it as {known}", _end(claims)))
        if known is not None and state in WAITING and f"order/{id_}" not in canceled:
            found.append(Finding(LOST, f"order {id_} is {state}, and nothing was done about it", _end(claims)))
    site = (rest.site, "balance/balance")
    if rest.due and site not in open_ and site not in held:
        found.append(Finding(LOST, "the balance is due, and no payout is under way", _end(claims)))
    return found


def _end(claims: JournalDump) -> int:
    return max((fact.at_us for fact in claims.facts), default=0)


def _states_twice(facts: Iterable[EventRecord]) -> list[Finding]:
    """Find states that were entered twice without having been left."""
    found, last = [], dict[tuple[str, str], str]()
    for fact in facts:
        kind, _, word = fact.type.partition(".")
        if kind not in ("order", "payout", "refill") or word in ("appeared", "changed", "vanished"):
            continue
        key = (fact.account, fact.subject)
        if last.get(key) == word:
            found.append(Finding(DOUBLED, f"{fact.subject} entered {word} twice", fact.at_us))
        last[key] = word
    appeared = Counter((fact.account, fact.subject) for fact in facts if fact.type.endswith(".appeared"))
    return found + [Finding(DOUBLED, f"{key[1]} appeared {n} times", 0) for key, n in appeared.items() if n > 1]


def _answers(claims: JournalDump) -> list[Finding]:
    """Find facts that a rule was not asked about, or twice."""
    asked = Counter((match.event, match.rule) for match in claims.matches if match.event is not None)
    found = []
    for fact in claims.facts:
        rule = LISTENING.get(fact.type)
        without = WITHOUT.get(fact.type)
        wanted = 0 if without is not None and without in fact.data else 1
        if rule is not None and (count := asked[fact.id, rule]) != wanted:
            kind = LOST if count < wanted else DOUBLED
            found.append(Finding(kind, f"{fact.type} of {fact.subject} has {count} matches of {rule}", fact.at_us))
    entries = _entries(claims.facts)
    for (account, subject), count in Counter(
        (match.account, match.subject) for match in claims.matches if match.rule == "cancel"
    ).items():
        if count > entries[account, subject]:
            words = f"{subject} matched cancel {count} times, and entered it {entries[account, subject]} times"
            found.append(Finding(DOUBLED, words, 0))
    return found


def _entries(facts: Iterable[EventRecord]) -> Counter[tuple[str, str]]:
    """Count how often each order came to wait, from not waiting."""
    inside: dict[tuple[str, str], bool] = {}
    entries: Counter[tuple[str, str]] = Counter()
    for fact in facts:
        kind, _, word = fact.type.partition(".")
        if kind != "order" or word in ("appeared", "changed", "vanished"):
            continue
        key = (fact.account, fact.subject)
        entries[key] += word in WAITING and not inside.get(key, False)
        inside[key] = word in WAITING
    return entries


def _deliveries(claims: JournalDump) -> list[Finding]:
    """Find news that nobody is owed, and messages without news."""
    owed = Counter(one.event for one in claims.owed)
    facts = {fact.id: fact for fact in claims.facts}
    found = [
        Finding(LOST if owed[id_] == 0 else DOUBLED, f"{fact.type} is owed {owed[id_]} times", fact.at_us)
        for id_, fact in facts.items()
        if owed[id_] != 1
    ]
    notes = [one for one in claims.owed if one.event not in facts]
    if len(notes) != sum(1 for match in claims.matches if match.rule == "tell"):
        found.append(Finding(LOST, f"{len(notes)} texts are owed, and the rule that tells matched otherwise", 0))
    found += [Finding(LOST, f"{one.id} is {one.state}", 0) for one in claims.owed if one.state != "delivered"]
    return found


def _one_intent_each(claims: JournalDump) -> list[Finding]:
    """Find matches that caused more than one effect's worth of intents, or none at all and are not held."""
    matched = [one for one in claims.intents if one.match is not None]
    caused = Counter(one.match for one in matched if one.state not in CAME_TO_NOTHING)
    intents = Counter(one.match for one in matched)
    found = []
    for match in claims.matches:
        if caused[match.id] > 1:
            found.append(Finding(DOUBLED, f"match {match.id} of {match.rule} has {caused[match.id]} intents", 0))
        if _ended_in_nothing(match) and not intents[match.id]:
            found.append(Finding(LOST, f"match {match.id} of {match.rule} fired, and caused nothing", 0))
    return found


def _ended_in_nothing(match: MatchRecord) -> bool:
    return match.state == "fired" and match.rule != "tell"
