"""Signed links by which a person answers an approval: who has the link may answer that one question, in its time.

A link signs what it asks about: the intent's creation, its amount and its parameters, the number of the question. So a
link that was made before a restore, or before the amount changed, answers nothing else.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass

from bursar.api.secret import Secret
from bursar.domain.ids import digest, microseconds
from bursar.domain.intent import Intent

VERBS = ("approve", "deny")


@dataclass(frozen=True, slots=True)
class ApprovalLinks:
    """Makes and checks them.

    Attributes:
        base: How people reach the page.
        token: Signs.
        journal: Stands for the journal: a link of another one is not believed.
    """

    base: str
    token: Secret
    journal: str

    def of(self, intent: Intent) -> dict[str, str]:
        """Return the links of an intent that waits for an answer."""
        return {
            f"{verb}_url": f"{self.base}/approvals/{intent.shown_id}/{verb}?signature={self._sign(intent, verb)}"
            for verb in VERBS
        }

    def believe(self, intent: Intent, verb: str, signature: str) -> bool:
        """Return whether a link asks just what an intent asks now."""
        # In constant time: the links go through chats, and a guessed one approves a payout.
        return verb in VERBS and hmac.compare_digest(self._sign(intent, verb).encode(), signature.encode())

    def _sign(self, intent: Intent, verb: str) -> str:
        # The id alone would do after a restore, too, where the same number stands for another payout.
        asked = digest(microseconds(intent.created_at), intent.cost, intent.currency, sorted(intent.params.items()))
        text = f"{self.journal}\x1f{intent.id}\x1f{intent.question}\x1f{asked}\x1f{verb}"
        return hmac.new(self.token.reveal().encode(), text.encode(), hashlib.sha256).hexdigest()
