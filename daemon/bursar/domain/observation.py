"""What one good poll saw, normalised. A failed poll has no observation: it is an error, and teaches nothing."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from bursar.domain.ids import AccountName, SubjectRef
from bursar.domain.values import Fields, Json


@dataclass(frozen=True, slots=True)
class Observed:
    """One subject as one poll saw it.

    Attributes:
        ref: Which subject.
        fields: Only declared fields; None (or absent) is "no information" and leaves the last known value.
        state: The normalised state; None is "no information".
        created_at: When it came to be at the provider, where the answer says so.
    """

    ref: SubjectRef
    fields: Fields
    state: str | None = None
    created_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Observation:
    """What one poll of one stream saw.

    Attributes:
        stream: Which stream was polled.
        subjects: What was seen and may say something new.
        unchanged: Ids whose raw answer is, byte for byte, that of the last committed poll:
            `PollRequest.is_unchanged` said so.
        problems: By id: what the provider said in place of a subject ("Incorrect order ID"), or what of one that was
            seen cannot be read (`unread`): data, not a failure.
        complete: The poll listed everything there is of a `LISTING` stream; only then may absence mean anything.
        nothing_new: The whole answer is that of the last committed poll.
        cursor: Where the next poll of the stream goes on from; committed with the observation, None keeps the old.
        more: The stream has further pages: poll it again at once.
    """

    stream: str
    subjects: tuple[Observed, ...] = ()
    unchanged: Collection[str] = ()
    problems: Mapping[str, str] = field(default_factory=dict)
    complete: bool = True
    nothing_new: bool = False
    cursor: Json = None
    more: bool = False

    @property
    def says_something(self) -> bool:
        """Return whether there is anything to compare with what is known."""
        if self.subjects or self.problems or self.cursor is not None:
            return True
        return not self.nothing_new and not self.unchanged

    def without(self, ids: Collection[str]) -> Observation:
        """Return it without what it says of some subjects."""
        return replace(
            self,
            subjects=tuple(one for one in self.subjects if one.ref.id not in ids),
            unchanged=[id_ for id_ in self.unchanged if id_ not in ids],
            problems={id_: said for id_, said in self.problems.items() if id_ not in ids},
        )


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The last known state of one subject.

    Attributes:
        account: Whose it is.
        ref: Which subject.
        fields: The last known values; a field that was never known is absent or None.
        state: The current state (it may be the type's `unknown`); None when it has none or was never seen.
        known_state: The last state that was not `unknown`.
        created_at: Where `age` counts from.
        first_seen_at: When an observation first showed it; None: put under watch, not yet seen.
        state_since: When it was first seen in its current `known_state`.
        changed_at: When an observation last changed it.
        observed_at: When it was last written from an observation (unchanged looks do not write).
        missed: In how many complete polls in a row it was absent.
        vanished_at: When it was declared vanished.
        problem: What the provider says in its place ("Incorrect order ID"), or what of it cannot be read.
    """

    account: AccountName
    ref: SubjectRef
    fields: Fields
    created_at: datetime
    state: str | None = None
    known_state: str | None = None
    first_seen_at: datetime | None = None
    state_since: datetime | None = None
    changed_at: datetime | None = None
    observed_at: datetime | None = None
    missed: int = 0
    vanished_at: datetime | None = None
    problem: str | None = None
