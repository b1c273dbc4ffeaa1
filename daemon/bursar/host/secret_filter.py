"""Takes an account's secrets out of what its plugin gives back, before the core can store it or tell it.

Comes in: what is secret (the key, secret settings, the wallet of an intent, what the adapter concealed) and whatever an
adapter or sink gave. Goes out: the same, with `***` for each secret; an object that holds none goes out as it is. Texts
for people are cleaned of what merely looks like a key, too; data only of what is known, and long enough to be no word.
Of a secret that was cut in two its beginning is hidden: before the mark of `cut`, and where a long text ends.

What is compared later (evidence, cursors, ids) is never changed, since that would make it something else: where a
secret stands in it, it is refused.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, TypeVar

from bursar.api.errors import BadAnswer, DeliveryFailed, ProviderError, Refusal
from bursar.api.provider import AccountSettings, AdapterContext
from bursar.api.secret import Secret
from bursar.api.sink import SinkSettings
from bursar.domain.intent import CannotTell, DidNot, Finding, Happened, Intent, Outcome, Succeeded
from bursar.domain.observation import Observation, Observed
from bursar.domain.values import Json, cut
from bursar.logs import Redactor, tokens_of

MIN_IN_DATA = 8
"""A known value that is shorter may well be an honest part of a name or number; in texts it is masked all the same."""
MISPLACED = "the answer holds a secret of this account in an id's place"
MAX_REASON = 500
MAYBE_CUT = 100
"""A text of so many characters may have been cut by its plugin, or the provider, without a mark."""

Failed = TypeVar("Failed", ProviderError, DeliveryFailed)
Said = TypeVar("Said", bound=Outcome | Finding)


class SecretFilter:
    """What hides the secrets of one account or sink.

    Args:
        settings: Where its secrets stand.
        redactor: Knows what is secret anywhere, and learns what is secret here; None: knows only what is said here.
    """

    def __init__(
        self, settings: AccountSettings | SinkSettings | None = None, redactor: Redactor | None = None
    ) -> None:
        self._redactor = Redactor() if redactor is None else redactor
        if settings is not None:
            self._redactor.know(_secrets_of(settings))

    def lend(self, context: AdapterContext) -> AdapterContext:
        """Return the tools such that what the plugin conceals is hidden here, too."""

        def add_secret(value: str) -> None:
            self._redactor.add_secret(value)
            context.add_secret(value)

        return replace(context, add_secret=add_secret)

    def know(self, intent: Intent) -> None:
        """Hide the secret parameters of an intent from now on."""
        for name in intent.sealed:
            self._redactor.add_secret(str(intent.params.get(name, "")))

    def text(self, text: str) -> str:
        """Clean a text for people; one without end is cut, and one that the plugin cut may end within a secret."""
        cleaned = self._redactor.redact(text)
        if len(text) >= MAYBE_CUT:
            cleaned = self._redactor.hide_end(cleaned)
        return cut(cleaned, MAX_REASON)

    def error(self, error: Failed) -> Failed:
        """Clean an error, in place, so that who waits for this very one still gets it."""
        reason = self.text(error.reason)
        if reason != error.reason:
            error.reason = reason
            error.args = (reason,)
        if isinstance(error, Refusal):
            error.answer = self.json(error.answer)
        return error

    def observation(self, seen: Observation) -> Observation:
        """Clean what a poll saw.

        Raises:
            BadAnswer: the cursor or a subject's id holds a secret.
        """
        if seen.cursor is not None:
            self.evidence(seen.cursor)
        if not seen.subjects and not seen.problems:
            return seen
        subjects = tuple(self._observed(one) for one in seen.subjects)
        problems = {id_: self.text(text) for id_, text in seen.problems.items()}
        for id_ in problems:
            self._require_plain(id_)
        if problems == dict(seen.problems) and all(map(_same, subjects, seen.subjects)):
            return seen
        return replace(seen, subjects=subjects, problems=problems)

    def outcome(self, said: Said) -> Said:
        """Clean the outcome of an attempt, or what a look at it found."""
        if isinstance(said, Succeeded):
            return self._success(said)  # type: ignore[return-value]
        reason = self.text(said.reason)
        if isinstance(said, Happened) and (success := self._success(said.success)) is not said.success:
            return replace(said, success=success, reason=reason)
        if isinstance(said, CannotTell) and said.suspect is not None:
            return replace(said, reason=reason, suspect=self.text(said.suspect))
        return said if reason == said.reason else replace(said, reason=reason)

    def json(self, value: Json) -> Json:
        """Clean a decoded answer, in every depth."""
        if isinstance(value, str):
            return self._text(value)
        if isinstance(value, list):
            return [self.json(each) for each in value]
        if isinstance(value, Mapping):
            return {self._text(name): self.json(each) for name, each in value.items()}
        return value

    def evidence(self, value: Json) -> Json:
        """Return what is kept to be compared as it is.

        Raises:
            BadAnswer: a secret stands in it.
        """
        # Refused, not masked: masked evidence would compare as changed,
        # and what became of a lost payout could not be told any more.
        if self._holds_one(value):
            raise BadAnswer(MISPLACED, kind="foreign")
        return value

    def prepared(self, read: Json | Finding) -> Json | Finding:
        """Clean what was read just before sending.

        Raises:
            BadAnswer: evidence holds a secret.
        """
        return self.outcome(read) if isinstance(read, (Happened, DidNot, CannotTell)) else self.evidence(read)

    def _success(self, success: Succeeded) -> Succeeded:
        reference = self._text(success.reference) if success.reference is not None else None
        # The yes must be written whatever stands beside it; only an id that holds the key is not put under watch.
        tracked = tuple(self._observed(one) for one in success.tracked if self._text(one.ref.id) == one.ref.id)
        facts = {name: self._text(value) if isinstance(value, str) else value for name, value in success.facts.items()}
        cleaned = replace(success, reference=reference, tracked=tracked, facts=facts)
        return success if cleaned == success else cleaned

    def _observed(self, one: Observed) -> Observed:
        self._require_plain(one.ref.id)
        cleaned = {
            name: clean
            for name, value in one.fields.items()
            if isinstance(value, str) and (clean := self._text(value)) != value
        }
        return replace(one, fields={**one.fields, **cleaned}) if cleaned else one

    def _require_plain(self, id_: str) -> None:
        if self._text(id_) != id_:
            raise BadAnswer(MISPLACED, kind="foreign")

    def _text(self, text: str) -> str:
        hidden = self._redactor.hide(text, shortest=MIN_IN_DATA)
        return self._redactor.hide_end(hidden, shortest=MIN_IN_DATA) if len(text) >= MAYBE_CUT else hidden

    def _holds_one(self, value: Json) -> bool:
        if isinstance(value, str):
            return self._text(value) != value
        if isinstance(value, Mapping):
            return any(self._holds_one(name) or self._holds_one(each) for name, each in value.items())
        return isinstance(value, (list, tuple)) and any(self._holds_one(each) for each in value)


def _same(one: object, other: object) -> bool:
    return one is other


def _secrets_of(settings: AccountSettings | SinkSettings) -> Iterator[str]:
    """Return every secret that settings hold: the key, secret options, and what an address carries besides."""
    yield from _inside(settings.options)
    if isinstance(settings, AccountSettings):
        yield settings.key.reveal()
        yield from tokens_of(settings.url)


def _inside(value: Any) -> Iterator[str]:
    if isinstance(value, Secret):
        yield value.reveal()
    elif isinstance(value, str):
        yield from tokens_of(value)
    elif isinstance(value, Mapping):
        for name, each in value.items():
            yield from [each] if name.lower() == "authorization" and isinstance(each, str) else _inside(each)
    elif isinstance(value, (list, tuple)):
        for each in value:
            yield from _inside(each)
