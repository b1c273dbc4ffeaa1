"""When effects ended, in this run: an answer that was asked for before says nothing about what they changed.

Memory only: no answer outlives the run that asked for it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bursar.domain.ids import AccountName, SubjectRef
from bursar.domain.observation import Observation
from bursar.domain.subject import Coverage
from bursar.pipeline.config_snapshot import AccountSpec

KEPT = timedelta(hours=1)
"""No answer is on its way for so long."""


@dataclass(frozen=True, slots=True)
class Valid:
    """What of an observation is still true; `outdated`: the ids of which it says nothing any more."""

    observation: Observation
    outdated: frozenset[str] = frozenset()


@dataclass(slots=True)
class EffectTimes:
    """The ends of effects, by account, and by account and subject."""

    of_account: dict[AccountName, datetime] = field(default_factory=dict)
    of_subject: dict[tuple[AccountName, SubjectRef], datetime] = field(default_factory=dict)

    def note(self, account: AccountName, subject: SubjectRef, ended_at: datetime) -> None:
        """Note the last moment on the wire of a request that changed something, or may have."""
        self.of_account[account] = max(ended_at, self.of_account.get(account, ended_at))
        self.of_subject[account, subject] = ended_at
        if len(self.of_subject) > 10_000:
            kept = {key: at for key, at in self.of_subject.items() if at > ended_at - KEPT}
            self.of_subject = kept

    def still_true(self, spec: AccountSpec, observation: Observation, asked_at: datetime) -> Valid | None:
        """Return what an answer still says: nothing of what an effect ended on after it was asked for.

        An effect on one subject makes older answers about it old; and about the account's balance and lists, whatever
        the subject.

        Returns:
            What is still true; None: nothing of it is.
        """
        ended_at = self.of_account.get(spec.name)
        if ended_at is None or asked_at >= ended_at:
            return Valid(observation)
        # A balance or a list that was asked for before a payout ended and comes after it would ask for a second payout.
        if spec.streams[observation.stream].coverage is not Coverage.TRACKED:
            return None
        kinds = list(spec.kinds_of(observation.stream))
        outdated = frozenset(
            ref.id
            for (account, ref), at in self.of_subject.copy().items()
            if account == spec.name and ref.type in kinds and asked_at < at
        )
        return Valid(observation.without(outdated), outdated)
