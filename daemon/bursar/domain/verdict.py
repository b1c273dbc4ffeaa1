"""What the gate answers (`domain/permission.py`): go on, ask a person, not now, or no more."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


class BlockReason(StrEnum):
    """Why a match is held back."""

    SHADOW = "shadow"
    PAUSED = "paused"
    QUARANTINED = "quarantined"
    REJECTED = "rejected"
    STALE = "stale"
    OPEN_INTENT = "open_intent"
    BLOCKED = "blocked"
    UNSETTLED = "unsettled"
    REFUSED = "refused"
    COOLDOWN = "cooldown"
    LIMIT = "limit"
    COST = "cost"
    BUDGET = "budget"
    DENIED = "denied"
    LAPSED = "lapsed"
    CLOCK = "clock"
    JOURNAL = "journal"
    GAVE_UP = "gave_up"
    BROKEN = "broken"


class Question(StrEnum):
    """Why a person is asked."""

    RULE = "rule"
    RESTORED = "restored"
    CEILING = "ceiling"


@dataclass(frozen=True, slots=True)
class Allow:
    """Nothing stands in the way."""


@dataclass(frozen=True, slots=True)
class RequireApproval:
    """A person decides first, in this time from the first question on; silence means no.

    Attributes:
        reason: Why.
        within: How long he has.
        question: What kind of question it is.
        beside: What is shown to wait at the provider: a yes is to just that.
    """

    reason: str
    within: timedelta
    question: Question = Question.RULE
    beside: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class HoldBack:
    """Not now.

    Attributes:
        block: Why.
        reason: Why, in words; without instants, which are shown in the reader's time.
        retry_at: When time ends it; None: something else does.
        waits_for: The intent whose end ends it; of what gave up: the one that a person may have tried again.
        brief: An intent that is ready stays so, and is asked again soon; else it lapses, and its match waits.
    """

    block: BlockReason
    reason: str
    retry_at: datetime | None = None
    waits_for: int | None = None
    brief: bool = False


@dataclass(frozen=True, slots=True)
class Lapse:
    """No more: what it was decided on does not hold.

    Attributes:
        reason: Why.
        again: Its rule is asked once more, where what it asks about still holds.
    """

    reason: str
    again: bool = False


Verdict = Allow | RequireApproval | HoldBack | Lapse
ALLOW = Allow()
