"""What can go wrong on the way to a provider or a sink: one small tree, each error with a short `kind` that people
see in `bursar accounts` and a sentence that says what to do next. No message ever holds a secret.

    ProviderError
    ├── Unreachable     no answer: DNS, connect, TLS, time-out, reset
    │   └── NeverSent   failed before the first byte of the request was written
    ├── BadAnswer       an answer that is not the provider's: HTML, empty, truncated, too large, redirect, 5xx
    ├── RateLimited     asked too often; `retry_after` where it says when
    ├── Rejected        wrong key, blocked address: the account is parked, nothing is sent again by itself
    └── Refusal         the provider's own no to a call that reads
    DeliveryFailed      a sink did not take a message
"""

from __future__ import annotations

from datetime import timedelta

from bursar.domain.values import Json


class ProviderError(Exception):
    """A poll or call that failed. It teaches nothing: no snapshot is changed by it.

    Args:
        reason: One sentence for people.
        kind: One word, for `bursar accounts` and metrics.
        retry_after: How long the provider asks to be left alone.
    """

    kind = "error"

    def __init__(self, reason: str, *, kind: str | None = None, retry_after: timedelta | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.retry_after = retry_after
        if kind is not None:
            self.kind = kind


class Unreachable(ProviderError):
    """No answer came."""

    kind = "unreachable"


class NeverSent(Unreachable):
    """It failed before the first byte of the request was written: nothing can have happened."""

    kind = "connect"


class BadAnswer(ProviderError):
    """Something answered, but not in the provider's protocol."""

    kind = "bad_answer"


class RateLimited(ProviderError):
    """The provider was asked too often."""

    kind = "rate_limited"


class Rejected(ProviderError):
    """The provider rejects the key or the caller. The account is parked: asking again could get it banned."""

    kind = "rejected"


class Refusal(ProviderError):
    """The provider's own no to a call that reads; `answer` is what it said.

    On a poll it counts as a failure; `bursar call` prints the answer and exits 1.
    """

    kind = "refused"

    def __init__(self, reason: str, *, answer: Json = None) -> None:
        super().__init__(reason)
        self.answer = answer


class DeliveryFailed(Exception):
    """A sink did not take a message.

    Args:
        reason: One sentence for people, without secrets.
        retry_after: How long the receiver asks to be left alone.
        permanent: It will never take this one: dead-letter it now.
    """

    def __init__(self, reason: str, *, retry_after: timedelta | None = None, permanent: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.retry_after = retry_after
        self.permanent = permanent
