"""One entry of the ledger of effects: what was planned, sent, paid, undone.

Pure. Limits, cooldowns, budgets, refusals, confirmation and reconciliation read the ledger, and nothing else. An entry
is never changed: what becomes of it is posted, and `fold` says from the postings how it stands.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from bursar.domain.ids import AccountName, IntentId, MatchId, RuleName, SubjectRef
from bursar.domain.intent import State

MAX_REFUSALS = 3


class Post(StrEnum):
    """What can be posted to an entry."""

    PLANNED = "planned"
    """It was decided; `amount` is what it would move."""
    SENT = "sent"
    """An attempt was committed; `amount` is what the guards allowed."""
    UNSENT = "unsent"
    """That attempt never left, or the provider said later: nothing happened."""
    LOST = "lost"
    """What became of that attempt is not known."""
    DISMISSED = "dismissed"
    """It ended without having been sent: lapsed, given up."""
    DENIED = "denied"
    """A person said no to it."""
    ACCEPTED = "accepted"
    """The provider said yes to a request whose effect only a later status shows."""
    SUCCEEDED = "succeeded"
    """The provider said yes, or it was found there."""
    REFUSED = "refused"
    """The provider said no."""
    UNREAD = "unread"
    """It said so in words that no rule reads."""
    DID_NOT = "did_not"
    """A person says that a lost one did not happen."""
    SETTLED = "settled"
    """The provider lists what was moved in fact: `amount`."""
    UNDONE = "undone"
    """It was undone at the provider: it moved nothing."""
    REDONE = "redone"
    """What was undone was done after all: `amount` is what it moves; without one, that is not known."""
    CONFIRMED = "confirmed"
    """A later status shows the effect."""
    DISPROVED = "disproved"
    """A later status shows that there was none."""
    UNCONFIRMED = "unconfirmed"
    """No later status showed it in time."""
    FORGIVEN = "forgiven"
    """A person has it tried again: earlier refusals do not count any more."""
    RETRIED = "retried"
    """What a person had called for was planned once more, at a person's word."""


@dataclass(frozen=True, slots=True)
class Posting:
    """One thing that became of an entry."""

    what: Post
    at: datetime
    amount: Decimal | None = None
    currency: str | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """How an effect stands.

    Attributes:
        id: That of its intent.
        meaning: What stands for the `on` and `do` that the rule had.
        asked: The subject that the rule was asked about, which limits and cooldowns are counted by.
        outcome: The last posting that says how it went: SENT while it is under way.
        amount: What it moves: what is listed as moved, else what was allowed, else what was planned; None: not known.
        sent_at: The last attempt that was not plainly without an effect.
        lost_at: When an attempt before that was sent whose answer was lost.
        ended_at: When that ended, a person's answer included.
        undone_at: When it was undone at the provider.
        settled: The amount is what the provider lists.
        effect: Of one that was accepted: what a later status, or its absence, says.
        forgiven: A person has had it tried again.
        retried: It was a person's call, and was planned once more.
        unread: It was refused in words that no rule reads.
        match: The match that it comes from, or the first of its line; None: a person asked for it.
        act: Which of its rule's actions it is, from 0.
    """

    id: IntentId
    account: AccountName
    action: str
    subject: SubjectRef
    planned_at: datetime
    outcome: Post
    rule: RuleName | None = None
    meaning: str = ""
    asked: SubjectRef | None = None
    currency: str | None = None
    amount: Decimal | None = None
    sent_at: datetime | None = None
    lost_at: datetime | None = None
    ended_at: datetime | None = None
    undone_at: datetime | None = None
    effect: Post | None = None
    forgiven: bool = False
    retried: bool = False
    settled: bool = False
    unread: bool = False
    match: MatchId | None = None
    act: int | None = None

    @property
    def busy(self) -> bool:
        """Return whether it was accepted, and its effect has yet to show."""
        # A site that debits a payout only when it is done shows the
        # whole balance until then: while busy, no second rule takes it.
        return self.outcome is Post.ACCEPTED and self.effect is None and self.undone_at is None

    @property
    def unshown(self) -> bool:
        """Return whether it was accepted, and its effect has yet to show: busy, or told as never shown."""
        return self.busy or (
            self.outcome is Post.ACCEPTED and self.effect is Post.UNCONFIRMED and self.undone_at is None
        )

    @property
    def done(self) -> bool:
        """Return whether the provider said yes, also where it has undone it since."""
        return self.outcome in (Post.ACCEPTED, Post.SUCCEEDED)

    @property
    def open(self) -> bool:
        """Return whether it may still happen, or may have happened unseen."""
        return self.outcome in _OPEN

    @property
    def counts_from(self) -> datetime | None:
        """Return from when on limits and cooldowns count it: the later of its sending and its end.

        None: it never left. One that is open counts whatever its age.
        """
        # What lapsed in a pause without having left must not use up a limit of three refills a day.
        if self.sent_at is None:
            return None
        # The later of the two: a payout that is found a day after it
        # was lost was paid then, and its cooldown begins then.
        return max(self.sent_at, self.ended_at or self.sent_at, self.undone_at or self.sent_at)

    @property
    def doubtful(self) -> bool:
        """Return whether it ended without being sent again after an attempt of it was lost: that may land yet."""
        return self.outcome in _UNSENT_ENDS and self.sent_at is not None

    @property
    def may_have_landed(self) -> bool:
        """Return whether it ended without an effect that is known, though an attempt of it was lost.

        A refusal after that may be because that one has landed: "you have a payout already".
        """
        return self.doubtful or (self.outcome is Post.REFUSED and self.lost_at is not None)

    @property
    def in_doubt(self) -> bool:
        """Return whether it may have happened by now, or yet: also where a person has said that it did not."""
        return self.may_have_landed or self.outcome is Post.DID_NOT

    @property
    def spends(self) -> Decimal | None:
        """Return what budgets count of it: nothing for a refusal, or for what was undone, or never left."""
        # A refusal after a lost attempt ("you have a payout already") may be
        # the answer to the payout that landed: its amount stays reserved.
        without = self.outcome in _WITHOUT_EFFECT and not self.may_have_landed
        return Decimal(0) if without or self.undone_at is not None else self.amount


_OPEN = frozenset({Post.PLANNED, Post.SENT, Post.UNSENT, Post.LOST})
_UNSENT_ENDS = frozenset({Post.DISMISSED, Post.DENIED})
# A person's *did not* frees the budget: the person has looked, and answers for it.
_WITHOUT_EFFECT = _UNSENT_ENDS | {Post.REFUSED, Post.DID_NOT}
EFFECTS = frozenset({Post.CONFIRMED, Post.DISPROVED, Post.UNCONFIRMED})


def fold(blank: Entry, postings: Iterable[Posting]) -> Entry:
    """Return how an entry stands after its postings, oldest first.

    Args:
        blank: The entry as it was planned.
        postings: What became of it.
    """
    entry = blank
    for posting in postings:
        entry = _after(entry, posting)
        if posting.currency is not None:
            entry = replace(entry, currency=posting.currency)
        # A panel that lowers a charge after a refund must not give
        # the budget back: the next order would be bought with it.
        if posting.amount is not None and (not entry.settled or _corrects(posting, entry)):
            entry = replace(entry, amount=posting.amount, settled=posting.what in _LISTED)
    return entry


def _corrects(posting: Posting, entry: Entry) -> bool:
    """Return whether more is listed than was at first: what is listed later gives nothing back."""
    # A site may list a fee, or 0.01, while a payout waits, and the whole sum once it is done.
    more = posting.amount is not None and entry.amount is not None and posting.amount > entry.amount
    return posting.what is Post.SETTLED and more


def _after(entry: Entry, posting: Posting) -> Entry:
    what, at = posting.what, posting.at
    if what is Post.UNDONE:
        return replace(entry, undone_at=at, effect=None)
    if what is Post.REDONE:
        # Undoing has set the amount to 0. Canceled by a slip and paid out after all, it would count in no budget.
        amount = entry.amount if entry.settled else posting.amount
        return replace(entry, undone_at=None, ended_at=at, amount=amount, forgiven=False)
    if what in EFFECTS:
        return replace(entry, effect=what)
    if what is Post.UNREAD:
        return replace(entry, unread=True)
    if what is Post.FORGIVEN:
        return replace(entry, forgiven=True)
    if what is Post.RETRIED:
        return replace(entry, retried=True)
    if what is Post.SENT:
        # Remembered past the next attempt: an answer to that one says nothing of the first, which may still land.
        lost_at = entry.sent_at if entry.outcome is Post.LOST else entry.lost_at
        return replace(entry, outcome=what, forgiven=False, sent_at=at, lost_at=lost_at, ended_at=None)
    if what is Post.UNSENT:
        # Nothing of this attempt happened; but if an earlier one was
        # lost, that one counts on, or a cooldown would forget it.
        return replace(entry, outcome=what, forgiven=False, sent_at=entry.lost_at)
    if what in _ENDS:
        # of a restored journal, say, which does not know the sending
        sent_at = entry.sent_at or (at if what in _MAY_HAVE_LEFT else None)
        return replace(entry, outcome=what, forgiven=False, sent_at=sent_at, ended_at=at)
    return entry


_MAY_HAVE_LEFT = frozenset({Post.LOST, Post.ACCEPTED, Post.SUCCEEDED, Post.REFUSED})
_LISTED = frozenset({Post.SETTLED, Post.SUCCEEDED, Post.ACCEPTED})
"""An amount that comes with one of these is the provider's own."""
_ENDS = _UNSENT_ENDS | {Post.LOST, Post.ACCEPTED, Post.SUCCEEDED, Post.REFUSED, Post.DID_NOT}


def believable_amount(said: object) -> Decimal | None:
    """Return what a provider says was moved; nothing, or less, is no information.

    A charge or an amount of 0 is written before anything was charged; what was undone is told otherwise.
    """
    # Taken as it stands, a charge of -4 would turn what was spent
    # into a credit, and every budget would let more through.
    return said if isinstance(said, Decimal) and said.is_finite() and said > 0 else None


def listed_amount(fields: Mapping[str, object], name: str, currency: str | None) -> Decimal | None:
    """Return what a provider lists as moved; an amount of another currency is never added to the account's own.

    Args:
        fields: Those of the subject that was made.
        name: The field of the amount; `currency` beside it says of which currency it is.
        currency: Of which the entry is, if that is known.
    """
    said, its = fields.get(name), fields.get("currency")
    # 0.012 BTC that is listed for a payout of 900 USD would free nearly all of the budget.
    if isinstance(its, str) and currency is not None and its.casefold() != currency.casefold():
        return None
    return believable_amount(said)


@dataclass(frozen=True, slots=True)
class No:
    """The last answer to what a rule asked for, where a person gave it.

    Attributes:
        denied: It was a no; else: what was lost did not happen.
        at: When.
    """

    denied: bool
    at: datetime


@dataclass(frozen=True, slots=True)
class Refusals:
    """What a provider refused in a row.

    Attributes:
        count: How often.
        last_at: When the last was, or the last undoing.
        unread: One of them was in words that no rule reads.
        last: Which the last was.
    """

    count: int = 0
    last_at: datetime | None = None
    unread: bool = False
    last: IntentId | None = field(default=None, compare=False)

    @property
    def final(self) -> str | None:
        """Return why only a person has it tried again, and how, if that is so."""
        # One refusal that cannot be read is enough: asked again after
        # its rest, an order that the panel has taken is bought twice.
        if not self.unread and self.count < MAX_REFUSALS:
            return None
        why = "refused in words that cannot be read" if self.unread else f"refused {self.count} times in a row"
        return f"{why}; `bursar actions retry {self.last if self.last is not None else 'ID'}` asks anew"


def refused_in_a_row(entries: Sequence[Entry]) -> Refusals:
    """Return the refusals in a row.

    A person's *did not* is no refusal, and neither is what a person has had tried again.

    Args:
        entries: The ended entries of one action on one subject, newest first.
    """
    count, last, unread, last_id = 0, None, False, None
    for entry in entries:
        # The provider has said nothing to these; an outage of a day, with an
        # intent that lapses each hour, must not push the refusals out of sight.
        if entry.open or entry.outcome in _UNSENT_ENDS or entry.outcome is Post.DID_NOT:
            continue
        # A yes, or a person who has it tried again, ends the row: refusals from before say nothing of now.
        if entry.forgiven or (entry.outcome is not Post.REFUSED and entry.undone_at is None):
            break
        last, last_id = last or entry.undone_at or entry.ended_at, last_id or entry.id
        count += entry.outcome is Post.REFUSED
        unread = unread or (entry.unread and entry.rule is not None)  # a person who asks reads the answer
        # A payout that the site canceled rests like a refusal, but is none: the success before it ends the row.
        if entry.undone_at is not None:
            break
    return Refusals(count, last, unread, last_id)


POST_OF = {
    State.DENIED: Post.DENIED,
    State.LAPSED: Post.DISMISSED,
    State.GAVE_UP: Post.DISMISSED,
    State.REFUSED: Post.REFUSED,
    State.SUCCEEDED: Post.SUCCEEDED,
    State.UNKNOWN: Post.LOST,
    State.DEFERRED: Post.UNSENT,
    State.SENDING: Post.SENT,
}
"""What the step of an intent into each state posts; the others post nothing."""
