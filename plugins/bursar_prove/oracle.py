"""What the journal claims beside what the providers did: every effect has one intent, every claim its effect.

Pure. Comes in: the effects that the sandbox counted, the journal's dump, how the worlds stand at the end. Goes out:
findings. `lost`: the journal says that it is done and it is not, or a rule demanded it and nothing is under way.
`doubled`: something was done that no intent accounts for, or more than once for one intent. `unknown`: only a
person could tell, and a person was asked; it explains one effect's difference, no more.
"""

from __future__ import annotations

from collections.abc import Sequence

from bursar.journal.dump import IntentRecord, JournalDump
from bursar.loops.executor import LEAVES_WITHIN_S
from bursar_prove.findings import DOUBLED, LOST, UNKNOWN, Finding
from bursar_prove.scenarios import Scenarios
from bursar_prove.witness import Effect
from bursar_prove.world import SETTLE_S

MAY_HAVE_HAPPENED = frozenset({None, "lost", "said_no", "succeeded"})
UNDER_WAY = frozenset({"ready", "sending", "deferred"})
WITHIN_US = (LEAVES_WITHIN_S + SETTLE_S) * 1e6
"""An effect comes so soon after the `sending` commit: the request leaves soon, and `settle` counts from its end."""


def hold_together(claims: JournalDump, effects: Sequence[Effect], scenarios: Scenarios) -> list[Finding]:
    """Compare effects with intents, subject by subject. What a person did at the provider's own site is no intent's;
    but what can be repeated is done, by the daemon or a person, and wanted again once that was undone.

    Args:
        claims: The journal's.
        effects: The sandbox's, in order.
        scenarios: What was played.
    """
    accounts = scenarios.accounts
    done: dict[tuple[str, str, str], list[Effect]] = {}
    by_others = {(accounts[one.provider], one.action, one.subject) for one in effects if one.foreign}
    touched = {(account, subject) for account, _, subject in by_others}
    for effect in (one for one in effects if not one.foreign):
        done.setdefault((accounts[effect.provider], effect.action, effect.subject), []).append(effect)
    claimed: dict[tuple[str, str, str], list[IntentRecord]] = {}
    for intent in claims.intents:
        claimed.setdefault((intent.account, intent.action, subject_of(intent, scenarios)), []).append(intent)
    told = {fact.intent for fact in claims.facts if fact.type == "action.unknown"}
    found: list[Finding] = []
    for key in sorted({*done, *claimed}):
        mine = (" ".join(key), claimed.get(key, []), done.get(key, []), told)
        repeatable = scenarios.repeatable(key[0], key[1])
        again = repeatable and (key[0], key[2]) in touched
        differences = _account_for(*mine, repeatable=True, again=again) if repeatable else _by_reference(*mine)
        not_needed = repeatable and (key in by_others or _came_by_itself(claims, key, scenarios))
        found += [one for one in differences if not (not_needed and one.kind == LOST)]
    return found + _asked(claims, told)


def _came_by_itself(claims: JournalDump, key: tuple[str, str, str], scenarios: Scenarios) -> bool:
    """Return whether what shows an effect came about without it, after its attempts were lost.

    A lost cancel of an order that then ended by itself was not needed.
    """
    account, action, subject = key
    mine = [one for one in claims.intents if (one.account, one.action, one.subject.partition("/")[2]) == key]
    lost = [one for one in mine if one.attempts and all(try_.outcome == "lost" for try_ in one.attempts)]
    shows, since = scenarios.effect(account, action).by_itself, min(map(sent_us, lost), default=None)
    shown = (fact for fact in claims.facts if fact.account == account and fact.subject.partition("/")[2] == subject)
    return since is not None and any(fact.type in shows and fact.at_us >= since for fact in shown)


def subject_of(intent: IntentRecord, scenarios: Scenarios) -> str:
    """Return what an intent is counted under: the parameter that tells it apart, else the id of its subject."""
    name = scenarios.effect(intent.account, intent.action).told_apart_by
    return intent.subject.partition("/")[2] if name is None else str(intent.params.get(name, ""))


def sent_us(intent: IntentRecord) -> int:
    """Return when an intent was sent first; one that never was, when it was planned."""
    return intent.attempts[0].sent_us if intent.attempts else intent.created_us


def _by_reference(
    what: str, intents: Sequence[IntentRecord], effects: Sequence[Effect], told: set[int | None]
) -> list[Finding]:
    """Compare where the provider names what it made: a claim names its effect."""
    left = list(effects)
    found: list[Finding] = []
    named = [one for one in intents if one.state == "succeeded" and one.reference is not None]
    for intent in named:
        mine = next((effect for effect in left if effect.reference == intent.reference), None)
        if mine is None:
            known = any(effect.reference == intent.reference for effect in effects)
            why = f"{intent.reference} is claimed by another intent" if known else f"{intent.reference} never was"
            found.append(_finding(LOST, intent, what, why))
        elif not _can_have_caused(intent, mine):
            found.append(_finding(LOST, intent, what, f"{intent.reference} was made at another time"))
        else:
            left.remove(mine)
    nameless = [one for one in intents if one not in named]
    return found + _account_for(what, nameless, left, told)


def _account_for(
    what: str,
    intents: Sequence[IntentRecord],
    effects: Sequence[Effect],
    told: set[int | None],
    *,
    repeatable: bool = False,
    again: bool = False,
) -> list[Finding]:
    """Return each effect to the intent that was last sent before it; each may have one, or more where it was undone."""
    sent = sorted((one for one in intents if one.attempts), key=sent_us)
    caused: dict[int, list[Effect]] = {one.id: [] for one in sent}
    found: list[Finding] = []
    for effect in effects:
        asked = [one for one in sent if not effect.intents or one.id in effect.intents]
        able = [one for one in asked if _can_have_caused(one, effect)]
        free = [one for one in able if not caused[one.id]]
        if not able:
            found.append(Finding(DOUBLED, f"{what}: done without any intent", effect.at_us))
        else:
            caused[(free or able)[-1].id].append(effect)
    for one in sent:
        found += _judge(one, what, caused[one.id], told=one.id in told, repeatable=repeatable, again=again)
    unsent = [one for one in intents if not one.attempts and one.state == "succeeded"]
    return found + [_finding(LOST, one, what, "never sent") for one in unsent]


def _can_have_caused(intent: IntentRecord, effect: Effect) -> bool:
    """Return whether an attempt that was not plainly refused was sent so shortly before; later, `settle` forbids it."""
    return any(
        attempt.outcome in MAY_HAVE_HAPPENED and 0 <= effect.at_us - attempt.sent_us <= WITHIN_US
        for attempt in intent.attempts
    )


def _judge(
    intent: IntentRecord, what: str, caused: Sequence[Effect], *, told: bool, repeatable: bool, again: bool
) -> list[Finding]:
    """Return what is wrong with what one intent caused."""
    if len(caused) > 1 and not again:
        return [_finding(DOUBLED, intent, what, f"done {len(caused)} times")]
    if intent.state == "succeeded":
        return [] if caused else [_finding(LOST, intent, what, "it is not done")]
    if not caused or intent.state in UNDER_WAY or (intent.state == "unknown" and told):
        return []
    if told and repeatable:
        return []
    return [_finding(DOUBLED, intent, what, "it is done all the same")]


def _asked(claims: JournalDump, told: set[int | None]) -> list[Finding]:
    """Find what only a person can tell, and whether one was asked."""
    found = []
    for intent in claims.intents:
        if intent.state == "unknown" and intent.id not in told:
            found.append(_finding(LOST, intent, intent.action, "nobody was asked about it"))
        elif intent.state == "unknown" or intent.answered:
            found.append(_finding(UNKNOWN, intent, intent.action, "a person was asked"))
    return found


def _finding(kind: str, intent: IntentRecord, what: str, words: str) -> Finding:
    return Finding(kind, f"{what}, intent {intent.id} ({intent.state}): {words}", sent_us(intent))
