"""The requests to a site: `api_action`, `api_key` and `method` in the query, all else in a form.

The site ignores filters in the URL without a word (docs/providers.md). The URL therefore holds the key.
"""

from __future__ import annotations

from collections.abc import Mapping

from bursar.api import AccountSettings, Request


class Asking:
    """Makes the requests of one account."""

    def __init__(self, settings: AccountSettings) -> None:
        self._settings = settings

    def method(self, name: str, form: Mapping[str, str] | None = None) -> Request:
        """Ask for a method, with parameters by name."""
        key = self._settings.key.reveal()
        return Request(
            self._settings.url,
            query={"api_action": "pp", "api_key": key, "method": name},
            form=form or None,
            timeout=self._settings.timeout,
        )
