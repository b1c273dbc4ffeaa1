"""Signed links by which a person answers an approval: who has the link may answer that one question, in its time."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime

from bursar.api.secret import Secret
from bursar.domain.ids import IntentId, microseconds

VERBS = ("approve", "deny")


@dataclass(frozen=True, slots=True)
class Links:
    """Makes and checks them.

    Attributes:
        base: How people reach the page.
        token: Signs.
        journal: Stands for the journal: a link of another one, or of a restored one's future, is not believed.
    """

    base: str
    token: Secret
    journal: str

    def of(self, intent: IntentId, until: datetime) -> dict[str, str]:
        """Give the links of an intent that waits for an answer."""
        us = microseconds(until)
        return {
            f"{verb}_url": f"{self.base}/approvals/{intent}/{verb}?until={us}&signature={self._sign(intent, verb, us)}"
            for verb in VERBS
        }

    def believe(self, intent: str, verb: str, until: str, signature: str) -> bool:
        """Say whether a link is one of ours."""
        if not intent.isdigit() or not until.isdigit() or verb not in VERBS:
            return False
        return hmac.compare_digest(self._sign(int(intent), verb, int(until)).encode(), signature.encode())

    def _sign(self, intent: int, verb: str, until_us: int) -> str:
        text = f"{self.journal}\x1f{intent}\x1f{verb}\x1f{until_us}"
        return hmac.new(self.token.reveal().encode(), text.encode(), hashlib.sha256).hexdigest()
