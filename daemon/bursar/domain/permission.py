"""May this action go out? The one place that answers, for every phase of an intent's life.

Pure. Comes in: the phase, and `GuardFacts` (what the journal and the configuration say, loaded in one place,
`pipeline/gate/guard_facts.py`). Goes out: `Allow`, `RequireApproval` (a person decides first), `HoldBack` (not now; the
match waits) or `Lapse` (no more). `GUARDS` is the table: which guard counts in which phase, in the order in which they
are asked; docs/permission.md is made from it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from bursar.domain.guard_facts import VOID, Consent, GuardFacts
from bursar.domain.rests import BUDGET_REST, BUDGET_REST_LOOKED, rest_after_no, rest_after_refusal
from bursar.domain.rule import Judgement, Mode
from bursar.domain.verdict import ALLOW, BlockReason, HoldBack, Lapse, Question, RequireApproval, Verdict

CEILING_WITHIN = timedelta(hours=1)
CEILING_WINDOW = timedelta(minutes=10)
CALL_WITHIN = timedelta(hours=12)
RESTORED_WITHIN = timedelta(hours=24)
COST_PAUSE = timedelta(minutes=1)
WAS_RESTORED = "the journal was restored, and knows nothing since"


class Phase(StrEnum):
    """When it is asked."""

    PLAN = "plan"
    """A match is planned, at first or after it was held back."""
    OPERATOR = "operator"
    """A person decides: asks for an action, or says yes to one."""
    CLAIM = "claim"
    """The `sending` commit, just before the request leaves."""
    RESEND = "resend"
    """The same, of an intent whose last attempt was lost."""


ANY = frozenset(Phase)
SENDING = frozenset({Phase.CLAIM, Phase.RESEND})
AGAIN = frozenset({Phase.OPERATOR, Phase.CLAIM, Phase.RESEND})
FIRST = frozenset({Phase.PLAN, Phase.CLAIM})


@dataclass(frozen=True, slots=True)
class Guard:
    """One guard.

    Attributes:
        name: For the table in the docs.
        phases: When it counts.
        stops: What it stops, in a sentence.
        ask: Its verdict; None: it has nothing against it.
    """

    name: str
    phases: frozenset[Phase]
    stops: str
    ask: Callable[[GuardFacts, datetime], Verdict | None]


def permit(phase: Phase, facts: GuardFacts, now: datetime) -> Verdict:
    """Return whether an action may go on in this phase; the first guard that objects decides."""
    for guard in GUARDS:
        if phase in guard.phases and (facts.action is not None or guard.name in OF_TEXTS):
            verdict = guard.ask(facts, now)
            if verdict is not None:
                return verdict
    return ALLOW


def _rule_changed(facts: GuardFacts, _now: datetime) -> Verdict | None:
    return None if facts.rule_changed is None else Lapse(facts.rule_changed)


def _journal(facts: GuardFacts, _now: datetime) -> Verdict | None:
    # What is written into a moved or replaced file is lost at the next
    # start, and a payout that only stands there would be asked for again.
    return None if facts.displaced is None else HoldBack(BlockReason.JOURNAL, facts.displaced, brief=True)


def _clock(facts: GuardFacts, now: datetime) -> Verdict | None:
    if facts.clock_steady:
        return None
    # A rule for an hour of the day would pay at a false hour; a clock that jumped may jump back.
    return HoldBack(BlockReason.CLOCK, "the wall clock jumped", now + timedelta(minutes=1), brief=True)


def _shadow(facts: GuardFacts, _now: datetime) -> Verdict | None:
    whole, rule = facts.mode is Mode.SHADOW, facts.rule is not None and facts.rule.mode is Mode.SHADOW
    words = f"the {'daemon' if whole else 'rule'} is in shadow mode: journalled, not done"
    return HoldBack(BlockReason.SHADOW, words) if whole or rule else None


def _paused(facts: GuardFacts, _now: datetime) -> Verdict | None:
    return None if facts.paused is None else HoldBack(BlockReason.PAUSED, facts.paused, brief=True)


def _quarantined(facts: GuardFacts, _now: datetime) -> Verdict | None:
    if not facts.quarantined:
        return None
    # The name may mean another site by now: a payout that was lost at the old one would be made again at the new one.
    words = "the account is in quarantine: `bursar accounts` says what ends it"
    return HoldBack(BlockReason.QUARANTINED, words, brief=True)


def _rejected(facts: GuardFacts, _now: datetime) -> Verdict | None:
    # Panels ban the address that goes on asking with a wrong key.
    return HoldBack(BlockReason.REJECTED, "the provider rejects the account", brief=True) if facts.rejected else None


def _fresh(facts: GuardFacts, _now: datetime) -> Verdict | None:
    return None if facts.fresh else HoldBack(BlockReason.STALE, "what it stands on is looked at anew", brief=True)


def _entry(facts: GuardFacts, _now: datetime) -> Verdict | None:
    # A cancel for "stuck for 48 h" must not reach an order that has begun to move since the match.
    return Lapse(facts.left) if facts.left is not None else None


def _predicate(facts: GuardFacts, now: datetime) -> Verdict | None:
    return None if facts.predicate is None else _true(facts, facts.predicate, now)


def _when(facts: GuardFacts, now: datetime) -> Verdict | None:
    return _true(facts, facts.condition, now)


def _true(facts: GuardFacts, judgement: Judgement, now: datetime) -> Verdict | None:
    if judgement.truth is False:
        # By the one look just before sending it is asked once more: a slip of
        # that must not end for good what every poll shows as due.
        return Lapse(f"no longer true: {judgement.reason}", again=facts.looked)
    if judgement.truth is None:
        # Unknown is neither yes nor no: an unknown status word must neither send money nor end the match for good.
        return HoldBack(BlockReason.LAPSED, f"whether it is still true is not known: {judgement.reason}", now)
    return None


def _nothing_left(facts: GuardFacts, _now: datetime) -> Verdict | None:
    # A person has paid out by hand since the poll: a request for
    # 0 is refused, and the refusal costs the next payout a day.
    takes_all = facts.action is not None and facts.action.takes_balance
    nothing = takes_all and facts.looked and facts.cost.amount == 0
    return Lapse("there is nothing to take: the balance that was just read is 0", again=True) if nothing else None


def _settle(facts: GuardFacts, now: datetime) -> Verdict | None:
    if facts.lands_until is None or now >= facts.lands_until:
        return None
    # A person who looks at the provider's page sees what has landed, not what waits in
    # its queue: right after "did not" the lost payout may still come, beside this one.
    return HoldBack(BlockReason.UNSETTLED, "a lost request may still land (settle)", facts.lands_until, brief=True)


def _open_intent(facts: GuardFacts, _now: datetime) -> Verdict | None:
    if facts.open_intent is None:
        return None
    id_, words = facts.open_intent
    return HoldBack(BlockReason.OPEN_INTENT, f"waits for {words}", waits_for=id_)


def _blocked(facts: GuardFacts, _now: datetime) -> Verdict | None:
    if facts.blocked_by is None:
        return None
    id_, words = facts.blocked_by
    name = facts.action.name if facts.action is not None else "it"
    return HoldBack(BlockReason.BLOCKED, f"{name} is blocked on this account by {words}", waits_for=id_, brief=True)


def _refusals(facts: GuardFacts, now: datetime) -> Verdict | None:
    if facts.rule is None:  # a person asks
        return None
    # A rule never stops by itself: a provider that goes on saying
    # no, or answers in words that no rule reads, needs a person.
    if facts.refusals.final is not None:
        return HoldBack(BlockReason.GAVE_UP, facts.refusals.final, waits_for=facts.refusals.last)
    if facts.refusals.last_at is None:
        return None
    # By measured time: a machine that starts with its clock a day ahead must not end the rest.
    over = facts.time.after(facts.refusals.last_at, rest_after_refusal(facts.rule, facts.action), now)
    return HoldBack(BlockReason.REFUSED, "refused or undone before; rests", over) if now < over else None


def _denied(facts: GuardFacts, now: datetime) -> Verdict | None:
    if facts.last_no is None or facts.rule is None:
        return None
    # A no holds for a newer match of the rule, too: else a payout
    # leaves a second after a person has denied the one before.
    denied = facts.last_no.denied
    rest = rest_after_no(facts.rule) if denied else rest_after_refusal(facts.rule, facts.action)
    over = facts.time.after(facts.last_no.at, rest, now)
    if now >= over:
        return None
    if denied:
        return HoldBack(BlockReason.DENIED, "a person said no before; rests", over)
    return HoldBack(BlockReason.LAPSED, "a person said that it did not happen; rests", over)


def _cooldown(facts: GuardFacts, now: datetime) -> Verdict | None:
    # A person's own call is stopped by no cooldown of a rule; an open action on the subject stops it all the same.
    if facts.rule is None or facts.rule.cooldown is None or facts.cooldown_from is None:
        return None
    over = facts.time.after(facts.cooldown_from, facts.rule.cooldown, now)
    return HoldBack(BlockReason.COOLDOWN, "the rule's cooldown for this subject runs", over) if now < over else None


def _limit(facts: GuardFacts, now: datetime) -> Verdict | None:
    limit = facts.rule.limit if facts.rule is not None else None
    if limit is None:
        return None
    counted = [at for at in facts.counted if facts.time.between(at, now) < limit.every]
    if len(counted) < limit.max:
        return None
    # A limit of 0 frees itself at no time: nothing that leaves the window makes room.
    over = facts.time.after(counted[len(counted) - limit.max], limit.every, now) if limit.max else None
    return HoldBack(BlockReason.LIMIT, f"{len(counted)} of {limit.max} per {limit.per} used", over)


def _cost(facts: GuardFacts, now: datetime) -> Verdict | None:
    """Wait for a look that may tell the cost, where something depends on it."""
    cost, asks = facts.cost, facts.rule is not None and facts.rule.approve is not None
    # A panel may have raised its price since the last list: where
    # a limit of money depends on it, a new list comes first.
    if cost.amount is not None or not cost.pending or not (facts.budgets or asks):
        return None
    return HoldBack(BlockReason.COST, f"its cost is not known yet: {cost.why}", now + COST_PAUSE, brief=True)


def _budget(facts: GuardFacts, now: datetime) -> Verdict | None:
    for use in facts.budgets:
        why = use.refuses(facts.cost)
        if why is not None:
            later = use.frees_at or now + use.budget.every
            takes_balance = facts.action is not None and facts.action.takes_balance
            if takes_balance or not use.knows(facts.cost):  # less may be there sooner, or somebody may know
                later = min(later, now + (BUDGET_REST_LOOKED if facts.looked else BUDGET_REST))
            return HoldBack(BlockReason.BUDGET, why, later)
    return None


def _restored(facts: GuardFacts, _now: datetime) -> Verdict | None:
    # A refill or cancel that is asked for twice is done once; a payout
    # or an order that left after the backup would be made again.
    asked_since = facts.rule is None and not facts.lost  # by a person
    if facts.restored is None or _repeatable(facts) or _covered(facts) or asked_since:
        return None
    ends = "" if facts.restore_confirmed else "; `bursar restore --confirm`, once all is settled, ends such questions"
    words = f"{WAS_RESTORED} {facts.restored}: it may have been done after that; look there, deny it if it was{ends}"
    return RequireApproval(words, RESTORED_WITHIN, Question.RESTORED)


def _repeatable(facts: GuardFacts) -> bool:
    return facts.action is not None and facts.action.lost_reply == "repeatable"


def _approve(facts: GuardFacts, _now: datetime) -> Verdict | None:
    if facts.rule is None:
        return _asked_for(facts)
    approve = facts.rule.approve
    if approve is None:
        return _asked_for(facts)
    above = None if approve.above is None else Decimal(str(approve.above))
    amount = facts.cost.amount
    # An unknown amount is never "below": where the cost cannot be worked out, a person is asked.
    if above is not None and amount is not None and amount <= above:
        return _asked_for(facts) if facts.consent.above is None else None
    if _covered(facts) and not _stricter(above, facts.consent):
        return None
    if above is None:
        reason = "the rule asks a person"
    elif amount is None:
        reason = f"its cost is not known ({facts.cost.why}); above {above:f} the rule asks a person"
    else:
        reason = f"{amount:f} is above {above:f}{facts.consent.outgrown}"
    return RequireApproval(reason, approve.within)


def _asked_for(facts: GuardFacts) -> Verdict | None:
    """What a person asked for, or said yes to at another guard's question, is for the amount that was shown then."""
    # A yes to 150 must not send 400, because the balance grew between the question and the request.
    if not facts.consent.given or _covered(facts):
        return None
    now = _in_words(facts.cost.amount, facts.cost.currency)
    void = facts.consent.amount == VOID.amount
    then = "nothing that counts" if void else _in_words(facts.consent.amount, facts.consent.currency)
    return RequireApproval(f"it would be {now} now; {then} was shown when it was asked for", CALL_WITHIN)


def _in_words(amount: Decimal | None, currency: str | None) -> str:
    return "an amount that is not known" if amount is None else f"{amount:f} {currency or ''}".rstrip()


def _covered(facts: GuardFacts) -> bool:
    """Return whether a yes covers what would leave now: the amount that was shown, and no more."""
    # Asked with the cost of just now, not with the planned one: the balance has grown since the plan.
    return facts.consent.given and facts.consent.shows(facts.cost)


def _stricter(above: Decimal | None, consent: Consent) -> bool:
    """Return whether the rule asks for more than it did when the yes was given."""
    if consent.above is None:
        return False
    return above is None or above < consent.above


def _ceiling(facts: GuardFacts, _now: datetime) -> Verdict | None:
    # A yes past the ceiling is for the price that was shown, too: an hour later the same hundred orders may cost more.
    if facts.effects < facts.ceiling or (facts.consent.ceiling and facts.consent.shows(facts.cost)):
        return None
    if facts.lost and facts.sent_before:  # it was let past
        return None
    reason = f"the account has caused {facts.effects} effects in ten minutes; settings.ceiling is {facts.ceiling}"
    return RequireApproval(reason, CEILING_WITHIN, Question.CEILING)


GUARDS: tuple[Guard, ...] = (
    Guard("rule", ANY, "an action whose rule was changed, removed, switched off, or is not for the account any more",
          _rule_changed),
    Guard("shadow", ANY, "everything, in shadow mode", _shadow),
    Guard("journal", SENDING, "everything, once the journal's files were moved or replaced", _journal),
    Guard("clock", ANY, "everything, until a wall clock that jumped was steady for a minute", _clock),
    Guard("pause", ANY, "everything, while the account or everything is paused", _paused),
    Guard("quarantine", ANY, "everything at an account that may be another one", _quarantined),
    Guard("rejected", AGAIN, "everything at an account that the provider rejects", _rejected),
    Guard("fresh", SENDING, "what stands on facts older than a minute, or than this run; what a held poll shows done",
          _fresh),
    Guard("second", AGAIN, "what stands in for something that was lost, and had happened after all",
          lambda facts, _now: facts.second),
    Guard("age", SENDING, "what was ready for an hour, counted from when it might leave",
          lambda facts, _now: facts.too_old),
    Guard("entry", ANY, "a state rule's action after its subject left the condition", _entry),
    Guard("predicate", ANY, "an action whose event's own condition does not hold any more", _predicate),
    Guard("when", ANY, "an action whose `when` does not hold any more", _when),
    Guard("nothing left", SENDING, "what takes the whole balance, where the balance just read is 0", _nothing_left),
    Guard("settle", SENDING,
          "what cannot be repeated, while a lost request may still land of which a person said that it did not happen",
          _settle),
    Guard("open intent", ANY, "a second action on a subject while one is open, or has yet to show its effect",
          _open_intent),
    Guard("blocked", ANY, "an action while one like it, which cannot be repeated, is unknown on the account", _blocked),
    Guard("refusals", FIRST,
          "what a rule had refused: for a while; after three, or one that cannot be read, until retried", _refusals),
    Guard("denied", frozenset({Phase.PLAN}),
          "what a person said no to before, or *did not*: for the rule's `cooldown`, else for a day", _denied),
    Guard("cooldown", FIRST, "what the rule did to this subject within its `cooldown`", _cooldown),
    Guard("limit", FIRST, "what passes the rule's `limit`", _limit),
    Guard("cost", ANY, "an action whose cost a look will tell soon, where a budget or `approve` asks for it", _cost),
    Guard("budget", ANY, "what passes a budget of the rule, the account or the settings, or whose cost is not known",
          _budget),
    Guard("just over", frozenset({Phase.PLAN}) | SENDING,
          "what would take the balance, while it may still show a payout that was just listed as over",
          lambda facts, _now: facts.just_over),
    Guard("unfamiliar", frozenset({Phase.PLAN}) | SENDING,
          "(asks a person) what a rule would take beside others that wait there, of which the journal does not know",
          lambda facts, _now: facts.unfamiliar),
    Guard("restored", frozenset({Phase.PLAN}) | SENDING,
          "(asks a person) what cannot be repeated, after the journal was restored", _restored),
    Guard("approve", frozenset({Phase.PLAN}) | SENDING,
          "(asks a person) what costs more than `approve.above`, or than a person said yes to", _approve),
    Guard("ceiling", FIRST | SENDING,
          "(asks a person) more than `settings.ceiling` effects of an account in ten minutes", _ceiling),
)  # fmt: skip
"""Which guard counts in which phase, in the order in which they are asked."""

OF_TEXTS = frozenset({"rule", "shadow", "entry", "predicate", "when", "cooldown", "limit"})
"""The guards that count for a rule that only tells, too."""
