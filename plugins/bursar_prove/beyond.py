"""Was every request what was judged, just before it left? No kill shows that: here time passes, balances grow and
people act between the check and its use.

Pure. Comes in: the requests that the witnesses saw, with what each stood on; the journal's `JournalDump`; what a person
said. Goes out: findings of the kind `BEYOND`. Each is sound: what it calls wrong is wrong however slow the machine was;
to be so, it lets pass what it cannot tell.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from bursar.api.scenario import EDITED, ScenarioRule
from bursar.domain.ids import microseconds
from bursar.journal.dump import AttemptRecord, EventRecord, IntentRecord, JournalDump
from bursar.loops.executor import LEAVES_WITHIN_S
from bursar.loops.runtime_context import FRESH
from bursar_prove.findings import BEYOND, LOST, Finding
from bursar_prove.scaled_clock import BEGIN
from bursar_prove.scenarios import Scenarios
from bursar_prove.witness import Sent
from bursar_prove.world import LAST_LOOK_S

STANDS_ON_S = FRESH.total_seconds() + LEAVES_WITHIN_S
"""What a request stands on was asked for within this before it left."""
ROUNDED_S = 0.01
"""The stamps are rounded."""
SECOND_US = 1_000_000


@dataclass(frozen=True, slots=True)
class Edit:
    """The edited rule was changed.

    Attributes:
        written_us: When that was begun.
        applied_us: When the daemon had certainly taken it on.
        fingerprint: Of the rule from then on; None: there is none.
    """

    written_us: int
    applied_us: int
    fingerprint: str | None


@dataclass(frozen=True, slots=True)
class Request:
    """One request for one intent, with the attempt that the journal has of it."""

    sent: Sent
    claim: IntentRecord
    attempt: AttemptRecord

    @property
    def left_us(self) -> int:
        return microseconds(BEGIN) + int(self.sent.left_s * SECOND_US)

    def finding(self, words: str) -> Finding:
        """Return what is wrong with it."""
        what = f"{self.claim.account} {self.claim.action}, intent {self.claim.id}, attempt {self.attempt.fence}"
        return Finding(BEYOND, f"{what}: {words}", self.left_us)


def check_requests(
    claims: JournalDump,
    sent: Iterable[Sent],
    said_yes: Mapping[int, Sequence[Decimal]],
    paid: Mapping[tuple[str, str], Decimal],
    scenarios: Scenarios,
) -> list[Finding]:
    """Find requests that stood on what was not so any more, or went beyond what was allowed.

    Args:
        claims: The journal's.
        sent: Every request of an effect by the daemon.
        said_yes: By intent: the amounts that a person said yes to.
        paid: By account and id: what each payout took that the provider did not cancel.
        scenarios: What was played.
    """
    requests = _matched(claims, sent)
    found: list[Finding] = []
    for one in requests:
        rule = scenarios.rules.get(one.claim.rule or "")
        found += _in_time(one)
        found += _on_balance(one, rule, said_yes.get(one.claim.id, ())) if one.sent.takes_balance else []
        found += _on_state(one, rule) if rule is not None and rule.states else []
    for rule in scenarios.all_rules:
        found += _windows(rule, [one for one in requests if one.claim.rule == rule.name], paid)
    return found


def _matched(claims: JournalDump, sent: Iterable[Sent]) -> list[Request]:
    """Return every request for an intent with its attempt; one without is found by the comparison."""
    intents = {one.id: one for one in claims.intents}
    found = []
    for one in sent:
        for id_, fence in one.intents:
            claim = intents.get(id_)
            attempts = claim.attempts if claim is not None else ()
            found += [Request(one, claim, each) for each in attempts if claim is not None and each.fence == fence]
    return found


def _in_time(one: Request) -> list[Finding]:
    late_s = (one.left_us - one.attempt.sent_us) / SECOND_US
    if late_s < -ROUNDED_S:
        return [one.finding(f"it left {-late_s:.1f} s before it was committed")]
    if late_s > LEAVES_WITHIN_S + ROUNDED_S:
        return [one.finding(f"it left {late_s:.0f} s after it was committed")]
    return []


def _on_balance(one: Request, rule: ScenarioRule | None, said_yes: Sequence[Decimal]) -> list[Finding]:
    """Hold what takes a balance against the last look before it, and what was allowed against what was judged."""
    sent, cost = one.sent, one.attempt.cost
    if sent.balance is None or sent.least is None:
        return [one.finding("there was no look at the balance before")]
    found = []
    if sent.left_s - sent.looked_s > LAST_LOOK_S + ROUNDED_S:
        found.append(one.finding(f"the last look at the balance was {sent.left_s - sent.looked_s:.0f} s old"))
    if Decimal(sent.balance) < Decimal(sent.least):
        found.append(one.finding(f"the last look showed {sent.balance}, and {sent.least} is the least"))
    if sent.beside:
        found.append(one.finding(f"the last look listed {', '.join(sent.beside)} as waiting: it is the same money"))
    if cost is None or Decimal(cost) != Decimal(sent.balance):
        found.append(one.finding(f"the last look showed {sent.balance}, and {cost} was judged"))
    elif rule is not None and rule.above is not None and Decimal(cost) > max([rule.above, *said_yes]):
        yes = f"a yes to {max(said_yes)}" if said_yes else "no yes"
        found.append(one.finding(f"{cost} is above {rule.above}, with {yes}"))
    return found


def _on_state(one: Request, rule: ScenarioRule) -> list[Finding]:
    """Hold an action against the states that were answered of its subject in the last minutes."""
    subject = one.claim.subject.partition("/")[2]
    since_s = one.sent.left_s - STANDS_ON_S
    seen = [state for id_, asked_s, state in one.sent.seen if id_ == subject and asked_s > since_s]
    if not seen:
        return [one.finding(f"nobody had looked at it for {STANDS_ON_S:.0f} s")]
    if any(state in rule.states for state in seen):
        return []
    return [one.finding(f"it was seen as {', '.join(sorted(set(seen)))}")]


def _windows(
    rule: ScenarioRule, requests: Sequence[Request], amounts: Mapping[tuple[str, str], Decimal]
) -> list[Finding]:
    """Hold what left against the cooldown, the budget and the limit of its rule, by when it left."""
    found: list[Finding] = []
    by_subject: dict[str, list[Request]] = {}
    for place, one in enumerate(requests):
        before = [other for other in requests[:place] if _counts(other) and other.claim.id != one.claim.id]
        found += _cooled(one, before, rule) + _in_budget(one, before, rule, amounts)
        if _counts(one):
            by_subject.setdefault(one.claim.subject, []).append(one)
    for of_one in by_subject.values():
        if rule.times is not None and len({one.claim.id for one in of_one}) > rule.times:
            found.append(of_one[-1].finding(f"more than {rule.times} times for one subject"))
    return found


def _counts(one: Request) -> bool:
    return one.claim.state == "succeeded"


def _cooled(one: Request, before: Sequence[Request], rule: ScenarioRule) -> list[Finding]:
    """A request leaves up to a minute after it was allowed, and counts from when it left, or later."""
    if rule.cooldown_s is None:
        return []
    soon = _since(one, before, rule.cooldown_s - LEAVES_WITHIN_S)
    return [one.finding(f"within the cooldown of intent {soon[-1].claim.id}")] if soon else []


def _in_budget(
    one: Request, before: Sequence[Request], rule: ScenarioRule, amounts: Mapping[tuple[str, str], Decimal]
) -> list[Finding]:
    """What was judged counts, or what was paid, if that was less; what the provider canceled counts as nothing."""
    if rule.budget is None:
        return []
    within = {other.claim.id: other for other in _since(one, before, rule.budget_s - LEAVES_WITHIN_S)}
    used = Decimal(one.attempt.cost or 0)
    for other in within.values():
        paid = amounts.get((other.claim.account, other.claim.reference or ""), Decimal(0))
        used += min(Decimal(other.attempt.cost or 0), paid)
    if used <= rule.budget:
        return []
    return [one.finding(f"{used} within {rule.budget_s:.0f} s, and {rule.budget} is the budget")]


def _since(one: Request, before: Sequence[Request], seconds: float) -> list[Request]:
    return [other for other in before if 0 <= one.left_us - other.left_us < seconds * SECOND_US]


def check_states(
    claims: JournalDump, shown: Mapping[str, Mapping[str, Sequence[str]]], scenarios: Scenarios
) -> list[Finding]:
    """Find subjects that entered states in another order than was answered: an old answer was taken for a new one.

    Args:
        claims: The journal's.
        shown: By provider and id: the states that were answered, by when they were asked for.
        scenarios: What was played.
    """
    found = []
    for name, one in scenarios.all.items():
        entered = _entered(claims, one.account, one.subject, scenarios)
        for id_, facts in entered.items():
            answered = iter(shown.get(name, {}).get(id_, ()))
            wrong = next((fact for fact in facts if fact.type.partition(".")[2] not in answered), None)
            if wrong is not None:
                words = f"{id_} entered {wrong.type}, by an answer older than the one before"
                found.append(Finding(BEYOND, words, wrong.at_us))
    return found


def _entered(claims: JournalDump, account: str, subject: str, scenarios: Scenarios) -> dict[str, list[EventRecord]]:
    """Return the states that each subject of a type entered, by its id."""
    states = scenarios.states.get((account, subject), ())
    entered: dict[str, list[EventRecord]] = {}
    for fact in claims.facts:
        kind, _, word = fact.type.partition(".")
        if fact.account == account and kind == subject and word in states:
            entered.setdefault(fact.subject.partition("/")[2], []).append(fact)
    return entered


def check_edits(claims: JournalDump, edits: Sequence[Edit]) -> list[Finding]:
    """Find what was sent for an edited rule that was no more then."""
    found = []
    for claim in claims.intents:
        for attempt in claim.attempts if claim.rule == EDITED else ():
            known = [place for place, edit in enumerate(edits) if edit.applied_us <= attempt.sent_us]
            place = known[-1] if known else -1
            until_us = edits[place + 1].written_us if place + 1 < len(edits) else None
            sure = place >= 0 and (until_us is None or attempt.sent_us < until_us)
            if sure and edits[place].fingerprint != claim.fingerprint and attempt.fence == claim.attempts[0].fence:
                words = f"{claim.account} {claim.action}, intent {claim.id}: sent for a rule that is no more"
                found.append(Finding(BEYOND, words, attempt.sent_us))
    return found


def check_losses(claims: JournalDump) -> list[Finding]:
    """Find losses that were not told: each is told, the second like the first."""
    told: dict[int | None, int] = {}
    for fact in claims.facts:
        if fact.type == "action.unknown":
            told[fact.intent] = told.get(fact.intent, 0) + 1
    found = []
    for one in claims.intents:
        if one.losses > (times := told.get(one.id, 0)):
            words = f"intent {one.id} was lost {one.losses} times, and told {times} times"
            found.append(Finding(LOST, words, one.created_us))
    return found
