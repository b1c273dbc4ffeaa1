"""What a provider says that can be done: actions with their parameters, what each costs, and what a lost reply to one
means."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal

from bursar.domain.ids import SubjectRef
from bursar.domain.intent import LostReply
from bursar.domain.observation import Snapshot
from bursar.domain.values import FieldKind, Fields, Json


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
class CostFacts:
    """What the cost of an action is worked out from.

    Attributes:
        params: The frozen parameters; a secret one as its mask.
        subject: What is known of the subject that the action is done to.
        evidence: What `prepare` read just before sending; None while the action is only planned.
        related: The subjects that `ActionType.cost_needs` names, where a recent look showed them.
    """

    params: Mapping[str, Json]
    subject: Snapshot | None = None
    evidence: Json = None
    related: Mapping[SubjectRef, Snapshot] = field(default_factory=dict)


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
        made_fields: Pure: what is known of that subject by the parameters, for one that a person has found. None: each
            parameter that is named like a field.
        money: It spends or moves money: refusals pause it for a day instead of an hour.
        batch: How many intents one request may carry through `perform_many`; 1: `perform` only.
        cost: Pure: what it moves, in the account's currency; None: it cannot be worked out. Asked when the action is
            planned, and once more, with the evidence just read, before the request leaves.
        evidence_shows: Pure: the fields of the subject that the evidence just read shows; `when` and the event's own
            condition are asked of them before the request leaves. None: the evidence shows none.
        evidence_lists: Pure: everything of `settled_by` that the evidence just read lists, by id, ours or not, and
            whether it waits still: a rule's effect is asked about beside what waits. None: only polls tell.
        cost_needs: The subjects that `cost` has to know besides its own (the service that is ordered).
        cost_stream: The stream that shows those; it is polled for their sake even where it is `off`.
        cost_within: How old its last good poll may be.
        settled_by: The type of the subject that the provider's reference names, and the field of it that says what was
            moved in fact; its first value settles budgets.
        takes_balance: It takes whatever there is: the request leaves at most 5 s after the last look, or not at all;
            nor where that look shows a `cost` of 0. It has shown its effect once not half of it is left, or what it
            made (`settled_by`) is over; until then, or for a time, nothing else takes the same.
        confirmed_by: Event types of the subject, or of one whose field of the subject's type names it, that show that
            an accepted action had an effect; empty: the yes is the effect.
        disproved_by: Event types, of the same subjects, that show that an accepted action had none.
        undone_by: Event types of the subject that the reference names which show that the action was undone (a payout
            canceled by the site): it moved nothing, and the next one waits as after a refusal.
    """

    name: str
    subject: str
    lost_reply: LostReply
    params: Mapping[str, Param] = field(default_factory=dict)
    description: str = ""
    subject_id: str | None = None
    creates: bool = False
    made_fields: Callable[[Mapping[str, Json]], Fields] | None = None
    money: bool = False
    batch: int = 1
    cost: Callable[[CostFacts], Decimal | None] | None = None
    evidence_shows: Callable[[Json], Fields] | None = None
    evidence_lists: Callable[[Json], Mapping[str, bool]] | None = None
    cost_needs: Callable[[Mapping[str, Json]], Sequence[SubjectRef]] | None = None
    cost_stream: str | None = None
    cost_within: timedelta = timedelta(hours=12)
    settled_by: tuple[str, str] | None = None
    takes_balance: bool = False
    confirmed_by: tuple[str, ...] = ()
    disproved_by: tuple[str, ...] = ()
    undone_by: tuple[str, ...] = ()
