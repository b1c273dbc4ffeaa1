"""One case of the fuzz: something that an adapter is asked for, and the sound bodies that its answer is made from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bursar.api import Intent, Json, PollRequest


@dataclass(frozen=True)
class Case:
    """One case.

    Attributes:
        name: Names it, for people and for the seed.
        provider: Whose adapter.
        do: The adapter's method.
        bodies: Sound bodies, any of which is mutated.
        intents: What to do, for `prepare`, `perform`, `perform_many` and `reconcile`.
        others: Where one call makes several requests: what answers those that the mutated body does not, by method.
        options: The account's further settings.
        remembers: Sound bodies were seen before, so that what is equal to them says nothing new.
    """

    name: str
    provider: str
    do: str
    bodies: Sequence[Any]
    look: PollRequest | None = None
    intents: tuple[Intent, ...] = ()
    evidence: Json = None
    method: str = ""
    params: Mapping[str, str] = field(default_factory=dict)
    others: Mapping[str, Any] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)
    remembers: bool = False

    @property
    def stream(self) -> str:
        assert self.look is not None
        return self.look.stream

    @property
    def asked(self) -> tuple[str, ...]:
        """Return the ids as the provider is asked for them."""
        assert self.look is not None
        return tuple(str(self.look.known.get(id_, {}).get("panel_id", id_)) for id_ in self.look.ids)


def looks(provider: str, stream: str, bodies: Sequence[Any], *, name: str = "", **more: Any) -> Case:
    """Make the case of a poll."""
    rest = {key: more.pop(key) for key in ("options", "remembers") if key in more}
    return Case(name or f"{provider} {stream}", provider, "observe", bodies, look=PollRequest(stream, **more), **rest)


def calls(provider: str, bodies: Mapping[tuple[str, str], Sequence[Any]]) -> list[Case]:
    """Make the cases of reading methods: bodies by method and parameters (`order=1`)."""
    return [
        Case(
            f"{provider} call {method} {text}".strip(),
            provider,
            "call",
            each,
            method=method,
            params=dict([text.split("=", 1)]) if text else {},
        )
        for (method, text), each in bodies.items()
    ]
