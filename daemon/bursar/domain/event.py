"""An event: an immutable fact that something changed. Events of subjects are found by `detect`; those of the core
(accounts, actions, the clock) are named here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from bursar.domain.ids import AccountName, EventId, SubjectRef, event_id
from bursar.domain.values import Fields, Json

CORE_EVENTS: Mapping[str, str] = {
    "account.unreachable": "Three polls of a stream failed in a row.",
    "account.recovered": "An unreachable or rejected account answers again.",
    "account.rejected": "The provider rejects the key or the caller; the account is parked.",
    "account.quarantined": "The account's name now means another provider, URL or key; it is only watched.",
    "account.gone": "An account with open actions or orders under watch is not configured any more.",
    "account.released": "An account in quarantine was recognized, or a person said which it is.",
    "action.succeeded": "The provider said yes.",
    "action.refused": "The provider said no.",
    "action.unknown": "Whether the action took effect is not known; told each time that this comes about.",
    "action.unconfirmed": "An accepted action showed no effect in a later status within 24 hours.",
    "action.undone": "The provider has undone what it had said yes to: a payout was canceled.",
    "action.denied": "A person said no.",
    "action.lapsed": "The action was not sent in time, or its condition no longer held.",
    "action.gave_up": "Tries or refusals are used up; a person decides.",
    "rule.failed": "A text or parameter of a rule could not be filled in; nothing was done.",
    "rule.changed": "What was held back for a rule has ended: it was changed, or is not for the account any more.",
    "approval.wanted": "An action waits for a person's yes.",
    "budget.exhausted": "A budget stopped an action.",
    "ceiling.reached": "An account would cause more effects in ten minutes than `settings.ceiling`; the rest waits "
    "as one question.",
    "observation.held": "A poll in which implausibly much changed or vanished was kept aside.",
    "observation.accepted": "A held observation was accepted by a person.",
    "observation.dropped": "A held observation was dropped, by a person or because the next poll was plausible again.",
    "clock.jumped": "The wall clock jumped; bursar only watches until it is steady.",
    "daemon.started": "The daemon started after an unclean stop.",
    "journal.restored": "The journal is older than what was sent: what was open in it is unknown, and a person is "
    "asked first.",
}
"""Event types that the core raises itself, with a sentence for people."""

CORE_EVENT_FIELDS = ("action", "reason", "rule", "intent", "stream", "state", "kind")
"""Text fields that events of the core may carry in `data`, beside what their subject knows."""


_TELLING = ("intent", "id", "rule", "held", "stream", "action")
"""What tells facts of the core apart that have one type, subject and instant."""


@dataclass(frozen=True, slots=True)
class Event:
    """One fact.

    Attributes:
        type: `order.partial`.
        account: Whose; "" for facts of the daemon itself.
        subject: What it is about, if anything.
        at: When the daemon learned it.
        data: The subject's public fields at that moment, or what the core has to say; JSON, never a secret.
        before: The former values of the fields that changed.
    """

    type: str
    account: AccountName
    at: datetime
    subject: SubjectRef | None = None
    data: Mapping[str, Json] = field(default_factory=dict)
    before: Fields = field(default_factory=dict)

    @property
    def id(self) -> EventId:
        """The id that follows from the fact itself."""
        # Two payouts that are lost in one commit are two facts; under one id the second would not be told.
        told_by = [str(self.data[key]) for key in _TELLING if key in self.data] if self.type in CORE_EVENTS else []
        return event_id(self.account, self.type, self.subject, self.at, *told_by)
