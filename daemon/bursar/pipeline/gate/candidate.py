"""What the gate is asked about: one action, at one account, with what stands behind it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from bursar.domain.action import ActionType
from bursar.domain.ids import AccountName, SubjectRef
from bursar.domain.intent import Intent
from bursar.domain.rule import Rule, Scope
from bursar.domain.values import Json
from bursar.journal.matches import MatchRow


@dataclass(frozen=True, slots=True)
class Candidate:
    """An action that is asked about.

    Attributes:
        account: Where it would be done.
        rule: The rule that decided, as it is configured now; None: a person asks, or the rule is gone.
        match: The match that it comes from.
        action: The action; None: the rule only tells.
        subject: What it would be done to.
        params: Its parameters, frozen.
        sealed: Keyed digests of those that are secret.
        evidence: What was just read for it.
        intent: Its intent, if it has one already.
        scope: What the rule's condition is asked about now.
        fingerprint: That of the rule when it decided.
        first_shown: When a look for its intent first listed each id as over (`gate/just_over.py`).
    """

    account: AccountName
    rule: Rule | None = None
    match: MatchRow | None = None
    action: ActionType | None = None
    subject: SubjectRef | None = None
    params: Mapping[str, Json] = field(default_factory=dict)
    sealed: Mapping[str, str] = field(default_factory=dict)
    evidence: Json = None
    intent: Intent | None = None
    scope: Scope | None = None
    fingerprint: str = ""
    first_shown: dict[str, datetime] = field(default_factory=dict)

    @property
    def asked_by(self) -> str | None:
        """The rule whose match it answers to."""
        return None if self.rule is None or self.match is None else self.rule.name

    @property
    def asked_of(self) -> SubjectRef | None:
        """The subject of that match."""
        return None if self.match is None else self.match.subject
