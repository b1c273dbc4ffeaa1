"""The requests to a panel: `key` and `action` in a form, in JSON or in the query, as the account says.

Comes in: an action and its parameters. Goes out: a `Request`. Strict by default: a form in a POST, the key in its body,
certificates checked. What never changes (the key, quoted) is made once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import quote_plus

from bursar.api import AccountSettings, Json, Request

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


class Asking:
    """Makes the requests of one account.

    Args:
        settings: The account; its options choose the transport and the place of the key.
    """

    def __init__(self, settings: AccountSettings) -> None:
        key = settings.key.reveal()
        bearer = settings.options.get("auth", "body") == "bearer"
        self._settings = settings
        self._transport: str = settings.options.get("transport", "form")
        self._verify_tls: bool = settings.options.get("verify_tls", True)
        self._credentials: dict[str, Json] = {} if bearer else {"key": key}
        self._headers = {"Authorization": f"Bearer {key}"} if bearer else {}
        self._start = b"" if bearer else f"key={quote_plus(key)}&".encode()
        self._form_headers = {**FORM, **self._headers}

    def about(self, action: str, ids: Sequence[str], one: str, many: str) -> Request:
        """Ask about ids: one under the name `one`, several, separated by commas, under `many`."""
        name = one if len(ids) == 1 else many
        if self._transport != "form":
            return self.plain(action, {name: ",".join(ids)})
        joined = quote_plus(",".join(ids), safe=",")
        return self._form(self._start + f"action={action}&{name}={joined}".encode())

    def plain(self, action: str, params: Mapping[str, Json]) -> Request:
        """Ask with parameters by name."""
        if self._transport == "form":
            pairs = "".join(f"&{quote_plus(name)}={quote_plus(written(value))}" for name, value in params.items())
            return self._form(self._start + f"action={action}{pairs}".encode())
        asked: dict[str, Json] = {**self._credentials, "action": action, **params}
        settings, shared = self._settings, self._headers
        if self._transport == "json":
            return Request(
                settings.url, json=asked, headers=shared, timeout=settings.timeout, verify_tls=self._verify_tls
            )
        query = {name: written(value) for name, value in asked.items()}
        return Request(
            settings.url, "GET", query=query, headers=shared, timeout=settings.timeout, verify_tls=self._verify_tls
        )

    def _form(self, body: bytes) -> Request:
        return Request(
            self._settings.url,
            body=body,
            headers=self._form_headers,
            timeout=self._settings.timeout,
            verify_tls=self._verify_tls,
        )


def written(value: Json) -> str:
    """Write a parameter as panels read it: yes and no as 1 and 0."""
    return str(int(value)) if isinstance(value, bool) else "" if value is None else str(value)
