"""What was done in an account and has yet to show: which changes would be its effect, and which of it a held
observation shows already.

Nothing is settled here. A change that is our own is no reason to doubt a poll. What a held observation shows is
not done once more before a person, or the next plausible poll, has said what it is worth.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from bursar.domain.action import ActionType
from bursar.domain.ids import IntentId, SubjectRef
from bursar.domain.intent import Intent, LostReply
from bursar.domain.observation import Snapshot
from bursar.journal import intents
from bursar.pipeline.config_snapshot import AccountSpec
from bursar.pipeline.unit_of_work import ReadView


@dataclass(frozen=True, slots=True)
class OwnEffects:
    """What left and has yet to show: of each action on a subject its intent, and when that was last sent."""

    account: AccountSpec
    sent: Mapping[tuple[str, SubjectRef], tuple[IntentId, datetime]]

    def shown_by(self, before: Snapshot | None, after: Snapshot, asked_at: datetime) -> list[IntentId]:
        """Return the intents whose effect is that a subject has entered its state; they left before it was asked."""
        # It was in that state before: nothing has entered it, and our request explains nothing.
        if before is not None and before.known_state == after.known_state:
            return []
        shown = []
        for name in self.account.confirming.get(f"{after.ref.type}.{after.known_state}", ()):
            subject = target(self.account.actions[name], after.ref, after.fields)
            id_, sent_at = self.sent.get((name, subject), (None, None)) if subject is not None else (None, None)
            # A poll that was asked for before the request left cannot show its effect.
            if id_ is None or sent_at is None or sent_at > asked_at:
                continue
            if after.ref == subject or is_younger(after, sent_at):
                shown.append(id_)
        return shown


def target(action: ActionType, ref: SubjectRef, fields: Mapping[str, object]) -> SubjectRef | None:
    """Return the subject of an action that a subject speaks of: itself, or the one that a field of it names."""
    if ref.type == action.subject:
        return ref
    named = fields.get(action.subject)
    return None if named is None else SubjectRef(action.subject, str(named))


def is_younger(known: Snapshot, than: datetime) -> bool:
    """Return whether a subject came to be after an instant, by all that is known."""
    # By the earlier of the two: an older refill that was only now seen for the first time is not the new one.
    return min(known.created_at, known.first_seen_at or known.created_at) >= than


def yet_to_show(view: ReadView, account: AccountSpec) -> OwnEffects:
    """Load what may have taken effect in an account, or was accepted, and has not shown since."""
    found = intents.yet_to_show(view.tx, account.name)
    return OwnEffects(account, {(action, subject): (id_, sent_at) for id_, action, subject, sent_at in found})


def shown_by_held(view: ReadView, intent: Intent | None) -> bool:
    """Return whether a held observation shows what a lost intent that can be repeated was to do.

    A person who has it sent again has looked.
    """
    if intent is None or not intent.lost or intent.again or intent.sent_at is None:
        return False
    account = view.config.accounts.get(intent.account)
    action = account.actions.get(intent.action) if account is not None else None
    if account is None or action is None or action.lost_reply is not LostReply.REPEATABLE:
        return False
    asked_at = view.shown_by_held(account).get(intent.id)
    return asked_at is not None and asked_at >= intent.sent_at
