"""What the gate is asked on (`domain/permission.py`): loaded in one place, `pipeline/gate/guard_facts.py`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from bursar.domain.action import ActionType
from bursar.domain.durations import shown_duration
from bursar.domain.ledger import No, Refusals
from bursar.domain.rule import ALWAYS, Budget, Judgement, Mode, Rule
from bursar.domain.timeline import Measured
from bursar.domain.verdict import HoldBack, Lapse, RequireApproval


@dataclass(frozen=True, slots=True)
class Cost:
    """What an action moves. `amount` None: not known, and `why` says so; `pending`: a look will tell."""

    amount: Decimal | None = None
    currency: str | None = None
    # The default is *unknown*, never 0: a cost that was not loaded passes no budget.
    why: str = "nobody can work out what it costs"
    pending: bool = False


@dataclass(frozen=True, slots=True)
class Consent:
    """A person's yes.

    Attributes:
        given: It is a yes to the action itself.
        amount: The amount that was shown then; None: it was not known, and that was shown.
        above: The rule's `approve.above` then; None: it asked always, or another guard did.
        ceiling: It is a yes to go past the ceiling.
        currency: Of which the amount is.
    """

    given: bool = False
    amount: Decimal | None = None
    above: Decimal | None = None
    ceiling: bool = False
    currency: str | None = None

    @property
    def outgrown(self) -> str:
        """Say, at the end of a sentence about more, for which amount the yes was."""
        return f"; the yes was for {self.amount:f}" if self.given and self.amount is not None else ""

    def shows(self, cost: Cost) -> bool:
        """Return whether no more would leave now than was shown, and of the same currency."""
        # A yes to 100 USD is none to 100 BTC: the account's currency may have been edited after the question.
        if None not in (self.currency, cost.currency) and self.currency != cost.currency:
            return False
        if cost.amount is None:
            # A yes to an amount that was shown as not known covers just
            # that; once it is known, it is more than was shown.
            return self.amount is None
        return self.amount is not None and cost.amount <= self.amount


NEVER_ALLOWS = ", more than it ever allows: raise it, or do it by hand"
VOID = Consent(given=True, amount=Decimal(0))
"""A yes that does not count any more."""


@dataclass(frozen=True, slots=True)
class BudgetUse:
    """A budget, and what it has reserved and spent in its window.

    Attributes:
        budget: The budget.
        spent: By the ledger; None: what an entry of it moved is not known.
        frees_at: When the oldest of that leaves the window.
        of: Whose it is, in words.
    """

    budget: Budget
    spent: Decimal | None = Decimal(0)
    frees_at: datetime | None = None
    of: str = "the rule"

    def knows(self, cost: Cost) -> bool:
        """Return whether everything is known that the budget goes by."""
        # What is not known may be known at the next poll, so the
        # match is asked again soon, and not only at the window's end.
        currency = self.budget.currency is None or cost.currency is not None
        return currency and cost.amount is not None and self.spent is not None

    def refuses(self, cost: Cost) -> str | None:
        """Return why the budget does not allow a cost; None: it does."""
        its, unit = f"the budget of {self.of}", self.budget.currency or cost.currency
        # A budget of 1,000 USD cannot say whether 0.5 of something is too much; unknown is refused, never counted as 0.
        if self.budget.currency is not None and cost.currency is None:
            return f"the account's currency is not known, so {its} in {self.budget.currency} cannot allow it"
        if cost.amount is None:
            return f"{cost.why}, so {its} cannot allow it"
        # A lost order of unknown price lies in the window: it may have used the budget up.
        if self.spent is None:
            return f"what was spent before is not known, so {its} cannot allow it"
        most = Decimal(str(self.budget.max))
        if self.spent + cost.amount <= most:
            return None
        never = NEVER_ALLOWS if cost.amount > most else ""
        window = f"{self.budget.max} {unit or ''}".rstrip() + f" in {shown_duration(self.budget.every)}"
        return f"{its}: {self.spent:f} of {window} spent or reserved; this would add {cost.amount:f}{never}"


@dataclass(frozen=True, slots=True)
class GuardFacts:
    """What guards need to know about one rule, account, subject and action.

    Attributes:
        rule: The rule that decided; None: a person asks.
        action: The action; None: the rule only tells.
        time: The timeline, without what was not measured.
        mode: The daemon's mode.
        displaced: Why nothing that is written down is kept: the journal's files were moved.
        clock_steady: The wall clock can be believed.
        paused: Why acting is stopped, if it is.
        quarantined: The account is only watched.
        rejected: The provider rejects the account.
        fresh: What it stands on was seen recently enough, in this run, and no held observation shows it as done.
        rule_changed: Why nothing of the rule stands behind the match any more, if so.
        second: Why it would be done a second time: what it stands in for had happened.
        too_old: Why it is not sent any more though nothing else stops it: it was ready for an hour.
        left: Why the entry that a state rule fired for is over, if so.
        predicate: The event's own condition (still in that state); None: it has none.
        condition: The rule's `when`.
        open_intent: The open intent of the subject, or one whose effect has yet to show: its id, and in words.
        blocked_by: An unknown intent that blocks the action on the account: its id, and in words.
        cooldown_from: What the rule's cooldown for this subject counts from; a match that has fired and goes on (its
            later actions, or what a person has tried again) is stopped only by what may have happened unseen.
        counted: When what the rule's limit counts was done, oldest first; what is open counts as done now.
        last_no: A person's no to what the rule asked for this subject, or *did not*, if that was the last of it.
        refusals: What the provider refused in a row of this action on this subject.
        looked: Evidence was just read for it.
        cost: What it moves.
        budgets: Every budget that it counts in.
        just_over: That what was just listed as over may be in the balance still.
        unfamiliar: What to do about the first of an account that takes its balance, where others wait there already
            that no yes was given beside.
        restored: Since when the journal knows nothing, if it was restored, and this may have been done after that.
        restore_confirmed: A person has confirmed the restore, and this came about before.
        lost: An attempt of it was lost, or may have been: its journal was restored.
        lands_until: Until when a lost attempt may still land that was not found, and that is to be done again, by
            itself or by another intent.
        sent_before: It was committed to `sending` before.
        consent: What a person has said yes to.
        effects: How many effects the account has caused within `CEILING_WINDOW`.
        ceiling: How many it may cause.
    """

    rule: Rule | None = None
    action: ActionType | None = None
    time: Measured = field(default_factory=Measured)
    mode: Mode = Mode.LIVE
    displaced: str | None = None
    clock_steady: bool = True
    paused: str | None = None
    quarantined: bool = False
    rejected: bool = False
    fresh: bool = True
    rule_changed: str | None = None
    second: Lapse | None = None
    too_old: Lapse | None = None
    left: str | None = None
    predicate: Judgement | None = None
    condition: Judgement = ALWAYS
    open_intent: tuple[int, str] | None = None
    blocked_by: tuple[int, str] | None = None
    cooldown_from: datetime | None = None
    counted: Sequence[datetime] = ()
    last_no: No | None = None
    refusals: Refusals = field(default_factory=Refusals)
    looked: bool = False
    cost: Cost = field(default_factory=Cost)
    budgets: Sequence[BudgetUse] = ()
    just_over: HoldBack | None = None
    unfamiliar: HoldBack | RequireApproval | None = None
    restored: str | None = None
    restore_confirmed: bool = False
    lost: bool = False
    lands_until: datetime | None = None
    sent_before: bool = False
    consent: Consent = Consent()
    effects: int = 0
    ceiling: int = 100

    @property
    def may_hold_again(self) -> bool:
        """Return whether what was decided may hold again, and would raise no event then: only its `when` does not, as
        at another hour of the day."""
        return self.predicate is not None and self.predicate.truth is True and self.rule_changed is None
