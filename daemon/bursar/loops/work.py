"""What an executor has found to do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bursar.domain.intent import Intent


@dataclass(frozen=True, slots=True)
class Work:
    """What there is to do, the most urgent first.

    Attributes:
        orphans: Intents that are `sending` though no loop sends them.
        lost: Intents whose attempt was lost, to be looked for.
        ended: A ready intent that the gate does not let through, whatever would be read for it.
        ready: Ready intents of one action that may go in one request.
    """

    orphans: Sequence[Intent] = ()
    lost: Sequence[Intent] = ()
    ended: Intent | None = None
    ready: Sequence[Intent] = ()

    @property
    def nothing(self) -> bool:
        """Return whether there is nothing to do."""
        return not (self.orphans or self.lost or self.ended is not None or self.ready)
