"""What a provider says that can be done: actions with their parameters, and what a lost reply to one means."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from bursar.domain.intent import LostReply
from bursar.domain.observation import Snapshot
from bursar.domain.values import FieldKind, Json


@dataclass(frozen=True, slots=True)
class Param:
    """One parameter of an action or of an API method.

    Attributes:
        kind: What it must hold; values arrive as text, number or boolean and are passed on as given.
        required: It must be there.
        secret: A wallet, a code: journalled as a mask and a keyed digest only.
        description: One line for people.
    """

    kind: FieldKind = FieldKind.TEXT
    required: bool = False
    secret: bool = False
    description: str = ""


@dataclass(frozen=True, slots=True)
class ActionType:
    """Something that changes something at the provider.

    Attributes:
        name: `refill`.
        subject: The type of the subject that it is done to; for `creates`, of the subject that it makes.
        lost_reply: What it means when the reply is lost.
        params: By name.
        description: One line for people.
        subject_id: The fixed id of the subject, where an account has just one (`balance`); any event may then ask.
        creates: It makes a new subject: its intents have a subject of their own until the provider names it.
        money: It spends or moves money: refusals pause it for a day instead of an hour.
        batch: How many intents one request may carry through `perform_many`; 1: `perform` only.
        cost: Pure: what it moves, in the account's currency, from its parameters and the subject; None: not known.
        confirmed_by: Event types of the subject, or of one whose field of the subject's type names it, that show that
            an accepted action had an effect; empty: the yes is the effect.
        undone_by: Event types of the account that show that it was undone (a payout canceled by the site): the next
            one waits as after a refusal.
    """

    name: str
    subject: str
    lost_reply: LostReply
    params: Mapping[str, Param] = field(default_factory=dict)
    description: str = ""
    subject_id: str | None = None
    creates: bool = False
    money: bool = False
    batch: int = 1
    cost: Callable[[Mapping[str, Json], Snapshot | None], Decimal | None] | None = None
    confirmed_by: tuple[str, ...] = ()
    undone_by: tuple[str, ...] = ()
