"""The errors of conditions and texts."""

from __future__ import annotations

from bursar.diagnostics.suggestion import did_you_mean


class TextError(Exception):
    """A condition or template that cannot be used; the sentence says what was expected.

    Args:
        message: One sentence for people.
        suggestion: The known name that was probably meant.
    """

    def __init__(self, message: str, suggestion: str | None = None) -> None:
        super().__init__(message + did_you_mean(suggestion))
        self.message = message
        self.suggestion = suggestion


class ConditionError(TextError):
    """A `when` that cannot be used."""


class TemplateError(TextError):
    """A text or parameter that cannot be used."""
