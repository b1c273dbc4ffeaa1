"""The person of the proof: asks for actions, answers, truthfully, what bursar asks, and acts at the providers' sites.

What became of a lost action a person sees at the provider's site; here, in what the sandbox counted.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from bursar.api import Clock, LostReply
from bursar.api.scenario import Visit
from bursar.domain.ids import microseconds
from bursar.domain.intent_states import MAX_ATTEMPTS
from bursar.journal.dump import IntentRecord, Questions, read_open, read_questions
from bursar.journal.errors import JournalError
from bursar.journal.writer import read_once
from bursar_prove import world
from bursar_prove.clients import Line, ask, call
from bursar_prove.invariants import AtRest
from bursar_prove.oracle import sent_us, subject_of
from bursar_prove.scenarios import Scenarios, Target
from bursar_prove.witness import Effect
from bursar_prove.world import Stage

LANDED_US = 20_000_000
"""So long after it left, a request has been read by a sandbox that owes nothing."""
TELLS_US = int(4 * world.SETTLE_S * 1e6)
"""What can be looked up has been by then, or nobody but a person can tell."""
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
        paying: What takes a balance waits for a yes, or is on its way.
    """

    stage: Stage
    line: Line
    clock: Clock
    dice: random.Random
    said_yes: dict[int, list[Decimal]] = field(default_factory=dict)
    paying: bool = False
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    @property
    def scenarios(self) -> Scenarios:
        return self.stage.scenarios

    def ask_for(self, target: Target) -> None:
        """Ask for an action; what comes of it, the journal tells."""
        assert target.effect.by_hand is not None
        params = target.effect.by_hand(next(self._numbers))
        account, method = self.scenarios.accounts[target.provider], target.effect.method
        ask(self.stage.socket, "call", account=account, method=method, params=params, wait_s=0.001)

    def watch(self, account: str, ids: Sequence[str]) -> None:
        """Put subjects under watch."""
        ask(self.stage.socket, "track", account=account, rows=[{"id": id_} for id_ in ids])

    def questions(self) -> Questions:
        """Look what waits; nothing, while there is no journal."""
        try:
            return read_once(self.stage.journal, read_questions)
        except JournalError:
            return NOTHING

    def answer(self, *, grown: float = 0.0, foreign: bool = False, eager: bool = False, tells: bool = True) -> None:
        """Answer what bursar asks.

        Args:
            grown: As many times as is enough for a payout, a balance grows between a question and its answer.
            foreign: At times somebody else has paid out by hand by then.
            eager: Every payout gets its yes.
            tells: What became of lost actions is told; else bursar looks for them, in vain.
        """
        asked = self.questions()
        self.paying = any(map(self.scenarios.takes_balance, {*asked.moving, *(one.action for one in asked.asked)}))
        for id_ in asked.held:
            ask(self.stage.socket, "accept", id=str(id_))
        for id_ in asked.gave_up:
            ask(self.stage.socket, "retry", ids=[str(id_)])
        for name, one in self.scenarios.with_balance.items() if grown else ():
            self.line.say("leap", provider=name, seconds=grown * one.enough_s)
        for intent in asked.asked:
            takes = self.scenarios.takes_balance(intent.action)
            if foreign and takes and self.dice.random() < OVERTAKEN:
                self.pay_out(intent.account)
            self._decide(intent, eager=eager and takes)
        self._make_room(asked)
        effects = self.line.look()
        for intent in asked.unknown:
            if tells and self.is_asked(intent) and self._has_landed(intent):
                self._resolve(intent, effects)

    def _make_room(self, asked: Questions) -> None:
        """Have paid out by hand, at times, what a budget holds back: else it grows for ever."""
        for account, one in self.scenarios.by_account.items():
            if any((rule.name, "budget") in asked.blocked for rule in one.rules) and self.dice.random() < 0.5:
                self.pay_out(account)

    def _decide(self, intent: IntentRecord, *, eager: bool) -> None:
        """Answer a question with yes for what it showed, or no, or not yet; repeat a yes at once to what has grown."""
        drawn = self.dice.random()
        if (drawn < YES or eager) and not self._is_same_money(intent):
            self._approve(intent)
            for grown in self.questions().asked:
                if grown.id == intent.id and grown.question != intent.question and not self._is_same_money(intent):
                    self._approve(grown)
        elif YES <= drawn < YES + NO:
            ask(self.stage.socket, "deny", ids=[_number(intent)])

    def _is_same_money(self, intent: IntentRecord) -> bool:
        """Look at the site, where a question asks that, whether something there has yet to leave the balance."""
        return intent.beside is not None and self._has_yet_to_leave(self._provider(intent.account))

    def _has_yet_to_leave(self, provider: str) -> bool:
        if not self.stage.debits_when_done(provider):
            return False
        balance = self.scenarios.all[provider].balance(self._visit(provider))
        return balance is not None and bool(balance.waiting)

    def _approve(self, intent: IntentRecord) -> None:
        if intent.cost is not None:
            self.said_yes.setdefault(intent.id, []).append(Decimal(intent.cost))
        ask(self.stage.socket, "approve", ids=[_number(intent)])

    def _resolve(self, intent: IntentRecord, effects: list[Effect]) -> None:
        found = [effect for effect in effects if self._is_of(effect, intent)]
        again = not found and self.dice.random() < 0.5
        takes = self.scenarios.takes_balance(intent.action)
        named = found[0].reference if found and takes else None
        ask(self.stage.socket, "resolve", id=str(intent.id), happened=bool(found), again=again, reference=named)
        if not takes:
            self.watch(intent.account, [effect.reference for effect in found if effect.reference is not None])

    def is_asked(self, intent: IntentRecord) -> bool:
        """Return whether only a person can go on: nothing tells what became of it, or all tries are used up."""
        lost_reply = self.scenarios.lost_reply(intent.account, intent.action)
        if lost_reply is LostReply.REPEATABLE:
            return len(intent.attempts) >= MAX_ATTEMPTS
        last_us = max((attempt.sent_us for attempt in intent.attempts), default=intent.created_us)
        return lost_reply is LostReply.NEITHER or microseconds(self.clock.now()) - last_us > TELLS_US

    def _has_landed(self, intent: IntentRecord) -> bool:
        now_us = microseconds(self.clock.now())
        return not self.line.owed and all(now_us - attempt.sent_us > LANDED_US for attempt in intent.attempts)

    def act_at_the_sites(self) -> None:
        """Do something there that bursar does not know of."""
        ways = [(name, way) for name, one in self.scenarios.all.items() for way in (*one.acts, one.pay_out)]
        able = [(name, way) for name, way in ways if way is not None]
        if able:
            name, way = self.dice.choice(able)
            self._act(name, way)

    def pay_out(self, account: str) -> None:
        """Have the whole balance of an account paid out, by hand; the site says no if it is too little."""
        pay_out = self.scenarios.by_account[account].pay_out
        if pay_out is not None:
            self._act(self._provider(account), pay_out)

    def _act(self, provider: str, way: Callable[[Visit], object]) -> None:
        """Do it; nobody pays the same money out twice by hand."""
        if way is not self.scenarios.all[provider].pay_out or not self._has_yet_to_leave(provider):
            way(self._visit(provider))

    def _provider(self, account: str) -> str:
        return next(name for name, of in self.scenarios.accounts.items() if of == account)

    def _visit(self, provider: str) -> Visit:
        """Go to a provider's site."""
        place = self.stage.where[provider]
        made = [one.reference for one in self.line.effects.get(provider, ()) if one.reference]
        return Visit(place["url"], place["settings"], [*place["track"], *made], self.dice, self._numbers, call)

    def look_around(self, known: Sequence[tuple[str, str]]) -> AtRest:
        """See for oneself how the worlds stand.

        Args:
            known: Account and subject of everything under watch.
        """
        states: dict[tuple[str, str], str] = {}
        due: list[tuple[str, str]] = []
        paid: dict[tuple[str, str], Decimal] = {}
        for name, one in self.scenarios.all.items():
            visit, kind = self._visit(name), f"{one.subject}/"
            ids = [
                subject.removeprefix(kind) for of, subject in known if of == one.account and subject.startswith(kind)
            ]
            found = one.states(visit, ids) if one.subject else {}
            states |= {(one.account, kind + id_): state for id_, state in found.items()}
            if (balance := one.balance(visit)) is not None:
                is_due = balance.due and not (balance.waiting and self.stage.debits_when_done(name))
                due += [key for key in self.scenarios.balances if key[0] == one.account and is_due]
                paid |= {(one.account, id_): amount for id_, amount in balance.paid.items()}
        return AtRest(states, due, paid)

    def _is_of(self, effect: Effect, intent: IntentRecord) -> bool:
        """Return whether an effect is what an intent was for."""
        if effect.foreign or (effect.intents and intent.id not in effect.intents):
            return False
        mine = (self._provider(intent.account), intent.action, subject_of(intent, self.scenarios))
        return (effect.provider, effect.action, effect.subject) == mine and effect.at_us >= sent_us(intent)

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
