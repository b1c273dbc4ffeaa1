"""The person of the proof: asks for orders, answers, truthfully, what bursar asks, and acts at the providers' sites.

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
from bursar.journal.dump import IntentRecord, Questions, read_open, read_questions
from bursar.journal.errors import JournalError
from bursar.journal.writer import read_once
from bursar_prove import world
from bursar_prove.clients import Line, ask, call
from bursar_prove.invariants import AtRest
from bursar_prove.oracle import REPEATABLE, sent_us, subject_of
from bursar_prove.witness import Effect
from bursar_prove.world import ACCOUNTS, Stage

PANEL, SITE = ACCOUNTS["smm"], ACCOUNTS["premium_exchanger"]
LANDED_US = 20_000_000
"""So long after it left, a request has been read by a sandbox that owes nothing."""
TELLS_US = int(4 * world.SETTLE_S * 1e6)
"""What can be looked up has been by then, or nobody but a person can tell."""
SEVERAL = 100
LOOKED_AT = 8
OTHER_WALLET = "TAnotherAnotherAnotherAnother1"
CANCELED = ("2", "3")
YES, NO = 0.6, 0.15
"""How likely a person says yes to a question, or no; else it waits."""
OVERTAKEN = 0.4
"""How likely somebody else has paid out by hand before a person answers, where that is what a round is about."""
NOTHING = Questions((), (), (), (), (), (), 0, (0, 0))


@dataclass(slots=True)
class Operator:
    """Somebody with a command line, and a browser.

    Attributes:
        said_yes: By intent: the amounts that were said yes to.
        paying: A payout waits for a yes, or is on its way.
    """

    stage: Stage
    line: Line
    clock: Clock
    dice: random.Random
    said_yes: dict[int, list[Decimal]] = field(default_factory=dict)
    paying: bool = False
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

    def answer(self, *, grown_s: float = 0.0, foreign: bool = False, eager: bool = False, tells: bool = True) -> None:
        """Answer what bursar asks.

        Args:
            grown_s: So much of the site's time passes between a question and its answer.
            foreign: At times somebody else has paid out by hand by then.
            eager: Every payout gets its yes.
            tells: What became of lost orders is told; else bursar looks for them, in vain.
        """
        asked = self.questions()
        self.paying = "payout" in {*asked.moving, *(intent.action for intent in asked.asked)}
        for id_ in asked.held:
            ask(self.stage.socket, "accept", id=str(id_))
        for id_ in asked.gave_up:
            ask(self.stage.socket, "retry", ids=[str(id_)])
        if grown_s:
            self.line.say("leap", provider="premium_exchanger", seconds=grown_s)
        for intent in asked.asked:
            if foreign and intent.action == "payout" and self.dice.random() < OVERTAKEN:
                self.pay_out()
            self._decide(intent, eager=eager and intent.action == "payout")
        if ("pay-out", "budget") in asked.blocked and self.dice.random() < 0.5:
            self.pay_out()
        effects = self.line.look()
        for intent in asked.unknown:
            if tells and self.is_asked(intent) and self._has_landed(intent):
                self._resolve(intent, effects)

    def _decide(self, intent: IntentRecord, *, eager: bool) -> None:
        """Answer a question with yes for what it showed, or no, or not yet; repeat a yes at once to what has grown."""
        drawn = self.dice.random()
        if drawn < YES or eager:
            self._approve(intent)
            for grown in self.questions().asked:
                if grown.id == intent.id and grown.question != intent.question:
                    self._approve(grown)
        elif drawn < YES + NO:
            ask(self.stage.socket, "deny", ids=[_number(intent)])

    def _approve(self, intent: IntentRecord) -> None:
        if intent.cost is not None:
            self.said_yes.setdefault(intent.id, []).append(Decimal(intent.cost))
        ask(self.stage.socket, "approve", ids=[_number(intent)])

    def _resolve(self, intent: IntentRecord, effects: list[Effect]) -> None:
        found = [effect for effect in effects if _is_of(effect, intent)]
        again = not found and self.dice.random() < 0.5
        named = found[0].reference if found and intent.action == "payout" else None
        ask(self.stage.socket, "resolve", id=str(intent.id), happened=bool(found), again=again, reference=named)
        if intent.action == "add":
            self.watch([effect.reference for effect in found if effect.reference is not None])

    def is_asked(self, intent: IntentRecord) -> bool:
        """Return whether only a person can go on: a lost `add`, all tries used up, a payout that no look tells of."""
        if intent.action in REPEATABLE:
            return len(intent.attempts) >= MAX_ATTEMPTS
        last_us = max((attempt.sent_us for attempt in intent.attempts), default=intent.created_us)
        return intent.action == "add" or microseconds(self.clock.now()) - last_us > TELLS_US

    def _has_landed(self, intent: IntentRecord) -> bool:
        now_us = microseconds(self.clock.now())
        return not self.line.owed and all(now_us - attempt.sent_us > LANDED_US for attempt in intent.attempts)

    def act_at_the_site(self) -> None:
        """Do something there that bursar does not know of: pay out, order, cancel or refill."""
        ways = (self.pay_out, *(self._order_there,) * 2, *(self._act_on_an_order,) * 5)
        self.dice.choice(ways)()

    def pay_out(self) -> None:
        """Have the whole balance paid out, by hand; the site says no if it is too little."""
        site = self.stage.where["premium_exchanger"]
        call(site["url"], _query(site, "add_payout"), {"method_id": "7", "account": OTHER_WALLET})

    def _order_there(self) -> None:
        panel, link = self.stage.where["smm"], f"https://social.example/there/{next(self._numbers)}"
        call(panel["url"], {}, {"action": "add", "key": _key(panel), "service": "1", "link": link, "quantity": "10"})

    def _act_on_an_order(self) -> None:
        panel = self.stage.where["smm"]
        known = [*panel["track"], *(one.reference for one in self.line.effects.get("smm", ()) if one.reference)]
        some = self.dice.sample(known[-SEVERAL:], min(LOOKED_AT, len(known)))
        for id_, state in self._states(some).items():
            action = {"partial": "refill", "pending": "cancel", "in_progress": "cancel"}.get(state)
            if action is not None:
                name = "orders" if action == "cancel" else "order"
                call(panel["url"], {}, {"action": action, "key": _key(panel), name: id_})
                return

    def _states(self, ids: list[str]) -> dict[str, str]:
        panel = self.stage.where["smm"]
        said = call(panel["url"], {}, {"action": "status", "key": _key(panel), "orders": ",".join(ids)})
        return {id_: str(said[id_]["status"]).lower().replace(" ", "_") for id_ in ids}

    def look_around(self, ids: list[str]) -> AtRest:
        """See for oneself how the worlds stand."""
        states: dict[str, str] = {}
        site = self.stage.where["premium_exchanger"]
        for start in range(0, len(ids), SEVERAL):
            states.update(self._states(ids[start : start + SEVERAL]))
        told = call(site["url"], _query(site, "get_info"), {})["data"]
        listed = (call(site["url"], _query(site, "get_payouts"), {})["data"] or {}).get("items", {})
        rows = listed.values() if isinstance(listed, dict) else listed
        paid = {str(row["id"]): Decimal(row["original_amount"]) for row in rows if str(row["status"]) not in CANCELED}
        return AtRest(PANEL, SITE, states, Decimal(told["balance"]) >= Decimal(told["min_payout"]), paid)

    def end_all(self) -> list[IntentRecord]:
        """End everything that is open, as a person can; return what could not be ended."""
        for intent in read_once(self.stage.journal, read_open):
            if intent.state == "unknown":
                ask(self.stage.socket, "resolve", id=str(intent.id), happened=False, again=False)
            else:
                ask(self.stage.socket, "deny", ids=[str(intent.id)])
        return read_once(self.stage.journal, read_open)


def _number(intent: IntentRecord) -> str:
    """Return the number under which an intent was last asked about."""
    return f"{intent.id}.{intent.question}" if intent.question > 1 else str(intent.id)


def _is_of(effect: Effect, intent: IntentRecord) -> bool:
    """Return whether an effect is what an intent was for."""
    if effect.foreign or (effect.intents and intent.id not in effect.intents):
        return False
    return (effect.action, effect.subject) == (intent.action, subject_of(intent)) and effect.at_us >= sent_us(intent)


def _key(place: Mapping[str, Any]) -> str:
    return str(place["settings"]["key"])


def _query(site: Mapping[str, Any], method: str) -> dict[str, str]:
    return {"api_action": "pp", "api_key": _key(site), "method": method}
