"""What the gate needs to know about one action, loaded in one place.

Comes in: a `Candidate`, an action that is asked about. Goes out: `GuardFacts` for `domain.permission.permit`. What was
done before is read from the ledger alone; what is under way, from the intents.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

from bursar.domain.action import ActionType, CostFacts
from bursar.domain.evaluate import has_left, judge, predicate
from bursar.domain.event import Event
from bursar.domain.guard_facts import Consent, Cost, GuardFacts
from bursar.domain.ids import AccountName, IntentId
from bursar.domain.intent import Intent, LostReply, State
from bursar.domain.intent_states import too_old
from bursar.domain.ledger import Entry, No, refused_in_a_row
from bursar.domain.rule import ALWAYS, Scope
from bursar.domain.verdict import Lapse
from bursar.journal import accounts, events, intents, ledger, meta, streams, texts, verdicts
from bursar.journal.matches import MatchRow
from bursar.pipeline.candidate import Candidate
from bursar.pipeline.config_snapshot import AccountSpec
from bursar.pipeline.done_before import budget_uses, cooldown_from, counted, counted_by, effects_of, happened_before
from bursar.pipeline.intent_facts import held_until, lands_until, quiet_since, second_of
from bursar.pipeline.lineage import lineage_of
from bursar.pipeline.own_effects import shown_by_held
from bursar.pipeline.refusals import RECENT, answered
from bursar.pipeline.unfamiliar import unfamiliar
from bursar.pipeline.unit_of_work import ReadView
from bursar.pipeline.unseen_changes import unseen_since

RULE_CHANGED = "the rule changed"
RULE_GONE = "its rule is gone or off"
OTHER_ACCOUNT = "the rule is not for this account any more"
PARAM_CHANGED = "the rule changed: a secret parameter is another one now"
FOR_EVER = "is refused for ever"
RULE_ENDS = frozenset({RULE_CHANGED, RULE_GONE, OTHER_ACCOUNT, PARAM_CHANGED})
"""Why nothing of its rule stands behind an action any more."""
UNSEEN_FOR = timedelta(hours=1)
"""What was lost so long before a start may still land after it."""


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
    return match.state != "dropped" or match.reason == PARAM_CHANGED or FOR_EVER in match.reason


def scope_of(view: ReadView, match: MatchRow) -> Scope:
    """Return what a match's rule is asked about, as it is known now."""
    return Scope(
        view.config.facts(match.account),
        view.now,
        view.subject(match.account, match.subject),
        recall(view, match),
        view.ahead,
    )


def load_guard_facts(view: ReadView, candidate: Candidate) -> GuardFacts:
    """Load what the gate needs to know."""
    row = accounts.load(view.tx, candidate.account)
    spec = view.config.accounts.get(candidate.account)
    facts = _general(view, candidate, row)
    if candidate.action is None or candidate.subject is None or spec is None:
        return _with_texts(view, candidate, facts)
    # The newest of all, and the newest that were answered: an hourly
    # lapse for a week must not push a busy payout out of sight.
    entries = ledger.of_subject(view.tx, candidate.account, candidate.subject, RECENT)
    entries += ledger.answered(view.tx, candidate.account, candidate.subject, candidate.action.name, RECENT)
    own = candidate.intent.id if candidate.intent is not None else None
    asked = candidate.asked_by, candidate.asked_of
    refused = answered(view, candidate.account, candidate.action, candidate.subject, *asked)
    cost, since = work_out_cost(view, spec, candidate), unseen_since(view, candidate)
    return replace(
        facts,
        fresh=_fresh(view, spec, candidate) and not shown_by_held(view, candidate.intent),
        second=_second(view, candidate),
        too_old=_too_old(view, candidate.intent),
        open_intent=_open(view, candidate, entries),
        blocked_by=blocked_by(view, candidate.account, candidate.action, own),
        cooldown_from=cooldown_from(view, candidate, own),
        counted=counted(view, candidate, own),
        last_no=_last_no(view, candidate),
        refusals=refused_in_a_row(refused),
        looked=candidate.evidence is not None,
        cost=cost,
        budgets=budget_uses(view, spec, candidate, cost, own),
        unfamiliar=unfamiliar(view, spec, candidate, [one for one in entries if one.id != own], cost),
        restored=since,
        restore_confirmed=since is not None and meta.get(view.tx, meta.RESTORED) is None,
        lost=candidate.intent is not None and candidate.intent.lost,
        lands_until=_lands_until(view, spec, candidate),
        sent_before=candidate.intent is not None and candidate.intent.sent_at is not None,
        consent=_consent(candidate.intent),
        effects=effects_of(view, candidate, own),
        ceiling=view.config.ceiling,
    )


def _general(view: ReadView, candidate: Candidate, row: accounts.AccountRow | None) -> GuardFacts:
    """Return what counts whatever is done: the daemon, the account, the rule and what it was asked about."""
    scope, rule = candidate.scope, candidate.rule
    event = scope.event if scope is not None else None
    kinds = view.config.accounts[candidate.account].kinds if candidate.account in view.config.accounts else {}
    return GuardFacts(
        rule=rule,
        action=candidate.action,
        time=view.measured,
        mode=view.config.mode,
        displaced=view.displaced,
        clock_steady=view.steady,
        paused=accounts.paused(view.tx, candidate.account),
        quarantined=row is not None and row.quarantine_digest is not None,
        rejected=row is not None and row.parked_at is not None,
        rule_changed=_rule_changed(view, candidate),
        left=_left(view, candidate),
        predicate=None if scope is None or event is None else predicate(kinds, event.type, scope.subject),
        condition=judge(rule, scope) if rule is not None and scope is not None else ALWAYS,
    )


def _with_texts(view: ReadView, candidate: Candidate, facts: GuardFacts) -> GuardFacts:
    """Return the facts for a rule that only tells: what it told before stands in the matches."""
    rule, match = candidate.rule, candidate.match
    if rule is None or match is None:
        return facts
    told_at = None
    if rule.cooldown is not None:
        told_at = texts.last_told(view.tx, rule, match.account, match.subject, but=match.id)
    counted: Sequence[datetime] = ()
    if rule.limit is not None:
        account, subject = counted_by(rule, match)
        since = view.measured.before(view.now, rule.limit.every)
        counted = texts.told_times(view.tx, rule, since, account=account, subject=subject)
    return replace(facts, cooldown_from=told_at, counted=counted)


def _rule_changed(view: ReadView, candidate: Candidate) -> str | None:
    """Return why nothing of its rule stands behind a match any more, if so."""
    match, rule = candidate.match, candidate.rule
    if match is None:
        return None
    if rule is None:
        return RULE_GONE
    known = candidate.fingerprint
    # An intent of an older journal has none until the first start sets it: what its rule meant then is not known.
    if known and known != rule.fingerprint:
        return RULE_CHANGED
    if not rule.accounts.include(view.config.facts(candidate.account)):
        return OTHER_ACCOUNT
    return None


def _left(view: ReadView, candidate: Candidate) -> str | None:
    rule, match, scope = candidate.rule, candidate.match, candidate.scope
    if rule is None or rule.watches is None or match is None or match.subject is None:
        return None
    held = verdicts.standing(view.tx, rule, match.account, match.subject)
    standing = held.standing if held is not None else None
    return has_left(standing, match.at, scope.subject if scope is not None else None)


def _fresh(view: ReadView, spec: AccountSpec, candidate: Candidate) -> bool:
    """Return whether what an intent of a rule stands on was asked for recently, in a stream that does not fail."""
    intent, match = candidate.intent, candidate.match
    if match is None or intent is None or (match.subject or intent.subject).id.startswith("+"):
        return True  # asked by a person; or about nothing that a poll could show
    # None also after each step to ready: a second yes, or a retry, wants a look of its own.
    if intent.facts_at is None or (view.fresh_since is not None and intent.facts_at < view.fresh_since):
        return False
    kind = spec.kinds.get(intent.subject.type)
    # Facts of a minute ago are not enough while polls fail: what the site shows now is not known.
    return kind is None or streams.load(view.tx, spec.name, kind.stream).failures == 0


def _second(view: ReadView, candidate: Candidate) -> Lapse | None:
    if candidate.intent is None:
        return None
    former = happened_before(view, candidate.match, candidate.intent)
    return None if former is None else Lapse(second_of(former), again=True)


def _too_old(view: ReadView, intent: Intent | None) -> Lapse | None:
    """Return that an intent was ready for an hour; one that a held observation shows done waits for that."""
    if intent is None or intent.state is not State.READY or shown_by_held(view, intent):
        return None
    ended = too_old(intent, view.now, held_until(view, intent))
    return None if ended is None else Lapse(ended.reason, again=True)


def _open(view: ReadView, candidate: Candidate, entries: Sequence[Entry]) -> tuple[int, str] | None:
    """Return the open intent of the subject, or an accepted one whose effect has yet to show."""
    assert candidate.subject is not None
    own = candidate.intent.id if candidate.intent is not None else None
    open_ = intents.open_on(view.tx, candidate.account, candidate.subject)
    # One open action a subject, whatever the rule: an order must not be refilled and canceled at once.
    if open_ is not None and open_.id != own:
        return open_.id, f"intent {open_.id} ({open_.action}, {open_.state})"
    busy = next((entry for entry in entries if entry.busy and entry.id != own), None)
    if busy is None:
        return None
    own_word = f"; `bursar actions resolve {busy.id} --happened` says that it has"
    return busy.id, f"intent {busy.id} ({busy.action}, accepted) to show its effect{own_word}"


def blocked_by(
    view: ReadView, account: AccountName, action: ActionType, own: IntentId | None = None
) -> tuple[int, str] | None:
    """Return what blocks an action on the account: an unknown attempt at one whose loss cannot be repeated."""
    # A lost refill blocks its order alone; asking twice is answered, not done twice.
    if action.lost_reply is LostReply.REPEATABLE:
        return None
    # One on the wire counts, too: a second payout that is sent beside it could never be told from it.
    unknown = intents.unknown_of(view.tx, account, action.name, but=own)
    return None if unknown is None else (unknown.id, f"intent {unknown.id} ({unknown.state})")


def work_out_cost(view: ReadView, spec: AccountSpec, candidate: Candidate) -> Cost:
    """Work out what an action would move, from what is known now and the evidence just read."""
    action = candidate.action
    currency = view.currency_of(spec)
    if action is None or action.cost is None:
        return Cost(None, currency)
    related, pending = {}, False
    if action.cost_stream is not None:
        row = streams.load(view.tx, spec.name, action.cost_stream)
        pending = row.ok_at is None or view.now - row.ok_at > action.cost_within
    # An old price list is not read at all: it would give an amount, and the new one would not be asked for.
    if not pending and action.cost_needs is not None:
        found = {ref: view.subject(spec.name, ref) for ref in action.cost_needs(candidate.params)}
        # The rate of a service that the panel has taken off its list would stand for good.
        related = {ref: one for ref, one in found.items() if one is not None and one.vanished_at is None}
    subject = view.subject(spec.name, candidate.subject)
    amount = action.cost(CostFacts(candidate.params, subject, candidate.evidence, related))
    # What a plugin gives that is no amount (a float, NaN, -5) is unknown, which no budget allows.
    if not isinstance(amount, Decimal) or not amount.is_finite() or amount < 0:
        why = f"its {action.cost_stream} are looked at first" if pending else "nobody can work out what it costs"
        return Cost(None, currency, why, pending)
    return Cost(amount, currency)


def _lands_until(view: ReadView, spec: AccountSpec, candidate: Candidate) -> datetime | None:
    """Return until when a lost attempt at the action may land that a person has done again, or that ended in doubt."""
    action, intent = candidate.action, candidate.intent
    if action is None or intent is None or action.lost_reply is LostReply.REPEATABLE:
        return None
    since = view.measured.before(view.now, spec.settle)
    if view.settled_since is not None and view.settled_since > since:  # how long it was quiet before is not known
        since = min(since, view.measured.before(view.settled_since, max(spec.settle, UNSEEN_FOR)))
    ended = [one for one in ledger.lost_since(view.tx, spec.name, action.name, since) if one.in_doubt]
    lost = [intents.load(view.tx, one.id) for one in ended if one.id != intent.id]
    times = [quiet_since(view, one) + spec.settle for one in lost if one is not None]
    # Of its own loss only what a person has cut short: otherwise
    # two looks after `settle` have said that it is not there.
    own = lands_until(view, intent) if intent.again else None
    return max((at for at in (own, *times) if at is not None and at > view.now), default=None)


def _last_no(view: ReadView, candidate: Candidate) -> No | None:
    lineage = None if candidate.rule is None or candidate.match is None else lineage_of(view, candidate.rule.name)
    return ledger.last_no(view.tx, lineage, candidate.account, candidate.asked_of)


def _consent(intent: Intent | None) -> Consent:
    if intent is None:
        return Consent()
    yes = intent.consented, intent.consent_amount, intent.consent_above, intent.ceiling_consented
    return Consent(*yes, currency=intent.currency)
