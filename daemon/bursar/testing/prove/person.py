"""The person of the proof: asks for orders, and answers, truthfully, what bursar asks.

What became of a lost `add` a person sees at the panel; here, in what the sandbox counted.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from bursar.api import Clock
from bursar.domain.ids import microseconds
from bursar.domain.intent_states import MAX_ATTEMPTS
from bursar.journal.claims import Claim, Questions, read_questions
from bursar.journal.errors import JournalError
from bursar.journal.writer import read_once
from bursar.testing.prove.compare import REPEATABLE, sent_us, subject_of
from bursar.testing.prove.conductor import Line, ask, call
from bursar.testing.prove.gate import Effect
from bursar.testing.prove.soundness import AtRest
from bursar.testing.prove.world import ACCOUNTS, Stage

PANEL, SITE = ACCOUNTS["smm"], ACCOUNTS["premium_exchanger"]
LANDED_US = 20_000_000
"""So long after it left, a request has been read by a sandbox that owes nothing."""
SEVERAL = 100
NOTHING = Questions((), (), (), (), 0, (0, 0))


@dataclass(slots=True)
class Person:
    """Somebody with a command line."""

    stage: Stage
    line: Line
    clock: Clock
    dice: random.Random
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    def order(self) -> Any:
        """Ask for an order; what comes of it, the journal tells."""
        link = f"https://social.example/by-hand/{next(self._numbers)}"
        params = {"service": "1", "link": link, "quantity": "1000"}
        return ask(self.stage.socket, "call", account=PANEL, method="add", params=params, wait_s=0.001)

    def watch(self, ids: list[str]) -> Any:
        """Put orders under watch."""
        return ask(self.stage.socket, "track", account=PANEL, rows=[{"id": id_} for id_ in ids])

    def questions(self) -> Questions:
        """Look what waits; nothing, while there is no journal."""
        try:
            return read_once(self.stage.journal, read_questions)
        except JournalError:
            return NOTHING

    def answer(self) -> None:
        """Answer what bursar asks."""
        asked = self.questions()
        for id_ in asked.held:
            ask(self.stage.socket, "accept", id=str(id_))
        for id_ in asked.gave_up:
            ask(self.stage.socket, "retry", ids=[str(id_)])
        effects = self.line.look()
        for intent in asked.unknown:
            if self._is_asked(intent) and self._has_landed(intent):
                found = [effect for effect in effects if _is_of(effect, intent)]
                again = not found and self.dice.random() < 0.5
                ask(self.stage.socket, "resolve", id=str(intent.id), happened=bool(found), again=again)
                self.watch([effect.reference for effect in found if effect.reference is not None])

    @staticmethod
    def _is_asked(intent: Claim) -> bool:
        """Say whether only a person can go on: about a lost `add`, and where all tries are used up."""
        return intent.action == "add" or (intent.action in REPEATABLE and len(intent.attempts) >= MAX_ATTEMPTS)

    def _has_landed(self, intent: Claim) -> bool:
        now_us = microseconds(self.clock.now())
        return not self.line.owed and all(now_us - attempt.sent_us > LANDED_US for attempt in intent.attempts)

    def look_around(self, ids: list[str]) -> AtRest:
        """See for oneself how the worlds stand."""
        states: dict[str, str] = {}
        panel, site = self.stage.where["smm"], self.stage.where["premium_exchanger"]
        for start in range(0, len(ids), SEVERAL):
            some = ids[start : start + SEVERAL]
            said = call(panel["url"], {}, {"action": "status", "key": _key(panel), "orders": ",".join(some)})
            states.update({id_: str(said[id_]["status"]).lower().replace(" ", "_") for id_ in some})
        told = call(site["url"], {"api_action": "pp", "api_key": _key(site), "method": "get_info"}, {})["data"]
        return AtRest(PANEL, SITE, states, Decimal(told["balance"]) >= Decimal(told["min_payout"]))


def _is_of(effect: Effect, intent: Claim) -> bool:
    """Say whether an effect is what an intent was for."""
    return (effect.action, effect.subject) == (intent.action, subject_of(intent)) and effect.at_us >= sent_us(intent)


def _key(place: Mapping[str, Any]) -> str:
    return str(place["settings"]["key"])
