"""Is the journal in itself whole? Every fact once, every fact answered by its rules, every message owed once, the audit
trail unbroken; and at the end, nothing that a rule demands is left undone.

Pure. Comes in: the journal's `JournalDump`, the scenarios, and how the worlds stand at the end. Goes out: findings.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from bursar.journal.dump import EventRecord, JournalDump
from bursar_prove.findings import DOUBLED, LOST, Finding
from bursar_prove.scenarios import Scenarios

CAME_TO_NOTHING = ("lapsed", "refused", "gave_up", "denied")
OPEN = ("awaiting_approval", "ready", "sending", "deferred", "unknown")


@dataclass(frozen=True, slots=True)
class AtRest:
    """How the worlds stand when nothing moves any more.

    Attributes:
        states: By account and subject: its state, as the provider says it.
        due: Account and subject of each balance at or above its minimum.
        paid: By account and id: what each payout took that the provider did not cancel.
    """

    states: Mapping[tuple[str, str], str] = field(default_factory=dict)
    due: Sequence[tuple[str, str]] = ()
    paid: Mapping[tuple[str, str], Decimal] = field(default_factory=dict)


def check_journal(claims: JournalDump, scenarios: Scenarios) -> list[Finding]:
    """Find what is missing or there twice in the journal itself."""
    found = [
        *_states_twice(claims.facts, scenarios), *_answers(claims, scenarios), *_waits(claims, scenarios),
        *_deliveries(claims, scenarios), *_one_intent_each(claims, scenarios),
    ]  # fmt: skip
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


def check_rest(claims: JournalDump, rest: AtRest, scenarios: Scenarios) -> list[Finding]:
    """Find what the worlds and the rules demand at the end, and nothing is under way."""
    found: list[Finding] = []
    for (account, subject), state in rest.states.items():
        known = claims.states.get((account, subject))
        if known is not None and known != state:
            found.append(Finding(LOST, f"{subject} is {state}, and the journal knows it as {known}", _end(claims)))
        if known is not None and _is_undone(claims, account, subject, state, scenarios):
            found.append(Finding(LOST, f"{subject} is {state}, and nothing was done about it", _end(claims)))
    open_ = {(intent.account, intent.subject) for intent in claims.intents if intent.state in OPEN}
    held = {(match.account, match.subject) for match in claims.matches if match.state == "held"}
    words = "{} is due, and no payout is under way"
    left = [" ".join(balance) for balance in rest.due if balance not in open_ | held]
    return found + [Finding(LOST, words.format(balance), _end(claims)) for balance in left]


def _is_undone(claims: JournalDump, account: str, subject: str, state: str, scenarios: Scenarios) -> bool:
    """Return whether a rule demands something of a subject in a state, and never asked for it."""
    asked = {intent.rule for intent in claims.intents if (intent.account, intent.subject) == (account, subject)}
    rules = scenarios.by_account[account].rules
    return any(rule.demanded and state in rule.states and rule.name not in asked for rule in rules)


def _end(claims: JournalDump) -> int:
    return max((fact.at_us for fact in claims.facts), default=0)


def _states_twice(facts: Iterable[EventRecord], scenarios: Scenarios) -> list[Finding]:
    """Find states that were entered twice without having been left."""
    found, last = [], dict[tuple[str, str], str]()
    for fact in facts:
        kind, _, word = fact.type.partition(".")
        if word not in scenarios.states.get((fact.account, kind), ()):
            continue
        key = (fact.account, fact.subject)
        if last.get(key) == word:
            found.append(Finding(DOUBLED, f"{fact.subject} entered {word} twice", fact.at_us))
        last[key] = word
    appeared = Counter((fact.account, fact.subject) for fact in facts if fact.type.endswith(".appeared"))
    return found + [Finding(DOUBLED, f"{key[1]} appeared {n} times", 0) for key, n in appeared.items() if n > 1]


def _answers(claims: JournalDump, scenarios: Scenarios) -> list[Finding]:
    """Find facts that a rule was not asked about, or twice."""
    asked = Counter((match.event, match.rule) for match in claims.matches if match.event is not None)
    found = []
    for fact in claims.facts:
        for rule in scenarios.answering(fact.account, fact.type):
            wanted = 0 if rule.unless is not None and rule.unless in fact.data else 1
            if (count := asked[fact.id, rule.name]) != wanted:
                kind = LOST if count < wanted else DOUBLED
                words = f"{fact.type} of {fact.subject} has {count} matches of {rule.name}"
                found.append(Finding(kind, words, fact.at_us))
    return found


def _waits(claims: JournalDump, scenarios: Scenarios) -> list[Finding]:
    """Find rules that wait, and matched a subject more often than it came to be as they wait for."""
    found = []
    for account, one in scenarios.by_account.items():
        for rule in (rule for rule in one.rules if rule.waits):
            mine = [fact for fact in claims.facts if fact.account == account]
            entries = _entries(mine, one.subject, scenarios.states[account, one.subject], rule.states)
            matched = Counter(match.subject for match in claims.matches if match.rule == rule.name)
            for subject, count in matched.items():
                if count > entries[subject]:
                    words = f"{subject} matched {rule.name} {count} times, and entered it {entries[subject]} times"
                    found.append(Finding(DOUBLED, words, 0))
    return found


def _entries(facts: Iterable[EventRecord], type_: str, every: Collection[str], states: Collection[str]) -> Counter[str]:
    """Count how often each subject of a type came into one of some states, from another of `every`."""
    inside: dict[str, bool] = {}
    entries: Counter[str] = Counter()
    for fact in facts:
        kind, _, word = fact.type.partition(".")
        if kind != type_ or word not in every:
            continue
        entries[fact.subject] += word in states and not inside.get(fact.subject, False)
        inside[fact.subject] = word in states
    return entries


def _deliveries(claims: JournalDump, scenarios: Scenarios) -> list[Finding]:
    """Find news that nobody is owed, and messages without news."""
    owed = Counter(one.event for one in claims.owed)
    facts = {fact.id: fact for fact in claims.facts}
    found = [
        Finding(LOST if owed[id_] == 0 else DOUBLED, f"{fact.type} is owed {owed[id_]} times", fact.at_us)
        for id_, fact in facts.items()
        if owed[id_] != 1
    ]
    notes = [one for one in claims.owed if one.event not in facts]
    if len(notes) != sum(1 for match in claims.matches if scenarios.tells(match.rule)):
        found.append(Finding(LOST, f"{len(notes)} texts are owed, and the rules that tell matched otherwise", 0))
    found += [Finding(LOST, f"{one.id} is {one.state}", 0) for one in claims.owed if one.state != "delivered"]
    return found


def _one_intent_each(claims: JournalDump, scenarios: Scenarios) -> list[Finding]:
    """Find matches that caused more than one effect's worth of intents, or none at all and are not held."""
    matched = [one for one in claims.intents if one.match is not None]
    caused = Counter(one.match for one in matched if one.state not in CAME_TO_NOTHING)
    intents = Counter(one.match for one in matched)
    found = []
    for match in claims.matches:
        if caused[match.id] > 1:
            found.append(Finding(DOUBLED, f"match {match.id} of {match.rule} has {caused[match.id]} intents", 0))
        if match.state == "fired" and not scenarios.tells(match.rule) and not intents[match.id]:
            found.append(Finding(LOST, f"match {match.id} of {match.rule} fired, and caused nothing", 0))
    return found
