"""Sign a message after Standard Webhooks (standardwebhooks.com): id, time and body in, headers out.

A receiver needs no library to check it: HMAC-SHA256 over `id.timestamp.body`, in base64, after `v1,`.
"""

from __future__ import annotations

import base64
import binascii
from datetime import datetime

from standardwebhooks import Webhook

PREFIX = "whsec_"


class Signer:
    """Signs with one secret.

    Args:
        secret: `whsec_` and base64, as Standard Webhooks write it; or any other text, whose UTF-8 bytes then are the
            key (a receiver that wants the first form uses `whsec_` and the base64 of those bytes).

    Raises:
        ValueError: the secret is empty, or not base64 after `whsec_`.
    """

    def __init__(self, secret: str) -> None:
        self._webhook = Webhook(key_of(secret))

    def headers(self, id_: str, at: datetime, body: str) -> dict[str, str]:
        """Return the three headers that sign a body."""
        return {
            "webhook-id": id_,
            "webhook-timestamp": str(int(at.timestamp())),
            "webhook-signature": self._webhook.sign(id_, at, body),
        }


def key_of(secret: str) -> bytes:
    """Return the bytes that a secret stands for; see `Signer`. No error shows any of it."""
    try:
        key = _unpadded(secret.removeprefix(PREFIX)) if secret.startswith(PREFIX) else secret.encode()
    except (binascii.Error, ValueError):
        raise ValueError("the webhook's secret begins with whsec_, but what follows is not base64") from None
    if not key:
        raise ValueError("the webhook's secret is empty")
    return key


def _unpadded(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
