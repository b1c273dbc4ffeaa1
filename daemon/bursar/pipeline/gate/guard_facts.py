"""What the gate needs to know about one action, loaded in one place.

Comes in: a `Candidate`, an action that is asked about. Goes out: `GuardFacts` for `domain.permission.permit`. What was
done before is read from the ledger alone; what is under way, from the intents.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from bursar.domain.action import ActionType
from bursar.domain.evaluate import has_left, judge_again, predicate
from bursar.domain.guard_facts import Consent, GuardFacts
from bursar.domain.ids import AccountName, IntentId
from bursar.domain.intent import Intent, LostReply, State
from bursar.domain.intent_states import too_old
from bursar.domain.ledger import Entry, No, refused_in_a_row
from bursar.domain.rule import ALWAYS
from bursar.domain.verdict import Lapse
from bursar.journal import accounts, intents, ledger, meta, streams, texts, verdicts
from bursar.pipeline.config_snapshot import AccountSpec
from bursar.pipeline.effects.yet_to_show import shown_by_held
from bursar.pipeline.gate.budget import budget_uses, work_out_cost
from bursar.pipeline.gate.candidate import Candidate
from bursar.pipeline.gate.ceiling import effects_of
from bursar.pipeline.gate.cooldown import cooldown_from
from bursar.pipeline.gate.just_over import just_over
from bursar.pipeline.gate.limit import counted, counted_by
from bursar.pipeline.gate.lineage import lineage_of
from bursar.pipeline.gate.refusals import RECENT, answered
from bursar.pipeline.gate.restored import unseen_since
from bursar.pipeline.gate.second import happened_before
from bursar.pipeline.gate.unfamiliar import unfamiliar
from bursar.pipeline.intent_facts import held_until, lands_until, quiet_since, second_of
from bursar.pipeline.match_facts import why_not_behind
from bursar.pipeline.unit_of_work import ReadView

UNSEEN_FOR = timedelta(hours=1)
"""What was lost so long before a start may still land after it."""


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
        just_over=just_over(view, spec, candidate),
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
        condition=judge_again(rule, scope) if rule is not None and scope is not None else ALWAYS,
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
    if candidate.match is None:
        return None
    return why_not_behind(view, candidate.rule, candidate.fingerprint, candidate.account)


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
