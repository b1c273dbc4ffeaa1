"""What an account is: a keyed digest of its provider, its address and its key, whatever its name.

The journal binds an account's name to this digest, so that a key that now means another world is noticed. The digest
is keyed (with a key of the journal's own) so that it cannot be tried against guessed keys by who reads a back-up.
"""

from __future__ import annotations

import hashlib
import hmac
import json

from yarl import URL

from bursar.settings.model import Account

DIGEST_DIGITS = 32


def account_digest(account: Account, key: bytes) -> str:
    """Return the digest, 32 hex digits.

    Args:
        account: The account.
        key: The journal's own key.
    """
    message = json.dumps(identity(account)).encode()
    return hmac.new(key, message, hashlib.sha256).hexdigest()[:DIGEST_DIGITS]


def identity(account: Account) -> tuple[str, str, str]:
    """Return what tells accounts apart: provider, normalised address, key. It holds the key: never show it."""
    return account.provider.name, normal_url(account.settings.url), account.settings.key.reveal()


def normal_url(text: str) -> str:
    """Write an address in one way: host in lower case, no default port, no slash at the end, no fragment."""
    url = URL(text)
    # A slash more or less is the same site: a quarantine for that
    # would stop all money there until somebody confirms it.
    path = url.raw_path.rstrip("/")
    query = f"?{url.raw_query_string}" if url.raw_query_string else ""
    return f"{url.scheme}://{(url.raw_host or '').lower().rstrip('.')}:{url.port}{path}{query}"
