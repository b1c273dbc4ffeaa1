"""What is known of a match beside what is written of it: its event, what its rule is asked about now, and why that may
stand behind it no more."""

from __future__ import annotations

from bursar.domain.event import Event
from bursar.domain.ids import AccountName
from bursar.domain.rule import Mode, Rule, Scope
from bursar.journal import events
from bursar.journal.matches import MatchRow
from bursar.pipeline.unit_of_work import ReadView

RULE_CHANGED = "the rule changed"
RULE_GONE = "its rule is gone or off"
OTHER_ACCOUNT = "the rule is not for this account any more"
PARAM_CHANGED = "the rule changed: a secret parameter is another one now"
FOR_EVER = "is refused for ever"
LEFT_TO_A_PERSON = (PARAM_CHANGED, FOR_EVER)
"""What the reason says of a match that ended with what only a person can say."""
RULE_ENDS = frozenset({RULE_CHANGED, RULE_GONE, OTHER_ACCOUNT, PARAM_CHANGED})
"""Why nothing of its rule stands behind an action any more."""


def why_not_behind(view: ReadView, rule: Rule | None, fingerprint: str, account: AccountName) -> str | None:
    """Return why a rule stands behind what was decided, or matched, no more; None: it does.

    Args:
        view: What is known.
        rule: The rule as it is now.
        fingerprint: The rule's, when it decided; one of an older journal has none until the first start sets it.
        account: Where it decided.
    """
    if rule is None or rule.mode is Mode.OFF:
        return RULE_GONE
    # What a person wrote before the edit must not be done after it, though its name is the same.
    if fingerprint and fingerprint != rule.fingerprint:
        return RULE_CHANGED
    if account in view.config.accounts and not rule.accounts.include(view.config.facts(account)):
        return OTHER_ACCOUNT
    return None


def next_of_ended(reason: str, id_: str) -> str:
    """Return what comes next of an action that an edit of the rules has ended, and what a person can do."""
    retry = f"`bursar actions retry {id_}` puts it to the rule as it is now"
    if reason == PARAM_CHANGED:
        return f"nothing asks again by itself: {retry}"
    if reason == RULE_GONE:
        return "nothing asks again while no such rule acts"
    return f"what a rule still asks for is asked anew; else {retry}"


def recall(view: ReadView, match: MatchRow) -> Event | None:
    """Return the event that a match answers to."""
    account = view.config.accounts.get(match.account)
    if match.event_id is None:
        return None
    return events.load(view.tx, account.kinds if account is not None else {}, match.event_id)


def was_answered(match: MatchRow) -> bool:
    """Return whether its rule is not asked once more about what a match was about: that is under way, was done, is
    refused for ever, or is a person's to say."""
    # One that fired, and is not held back, was done or refused for ever.
    return match.state != "dropped" or is_a_persons(match)


def is_a_persons(match: MatchRow) -> bool:
    """Return whether a match ended with what only a person can say: another wallet, or a no for ever."""
    return match.state == "dropped" and any(words in match.reason for words in LEFT_TO_A_PERSON)


def scope_of(view: ReadView, match: MatchRow) -> Scope:
    """Return what a match's rule is asked about, as it is known now."""
    return Scope(
        view.config.facts(match.account),
        view.now,
        view.subject(match.account, match.subject),
        recall(view, match),
        view.ahead,
    )
