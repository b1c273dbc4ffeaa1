"""A site that debits some time after it lists a payout as done, and people who act there: its own books are the oracle."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from decimal import Decimal
from random import Random

from bursar.api import Intent, Observation, Observed, PollRequest, SubjectRef, Succeeded, Unreachable
from support.config import account, config
from support.world import World

RULES = {
    "state": "on: balance, when: balance.amount >= {least}",
    "for": "on: balance, when: balance.amount >= {least}, for: 10m",
    "event": "on: balance.passed_min_payout, when: balance.amount >= {least}",
}
POLLS = ("payouts: 1m, info: 5m", "payouts: 5m, info: 2m", "payouts: 30m, info: 5m", "payouts: 2h, info: 10m")
UNTIL_DONE_S = (60, 180, 600, 1500, 4000)
UNTIL_DEBITED_S = (0, 30, 120, 400, 800)
ASKS = "approve: {above: 300, within: 12h}, "


@dataclass
class Books:
    """What the site has of the money.

    Attributes:
        world: The daemon and the site.
        dice: All chance.
        earned: All that has come in.
        asked_for: All that was asked for, by whomever.
        balance: What the site shows.
        open: What is on its way, by id: how much, when it is done, when it leaves the balance.
        number: The last id that the site has given.
        twice: What was asked for beside what had not left the balance yet, or beyond all that had come in, if anything was.
        log: What happened, with the minute.
    """

    world: World
    dice: Random
    earned: Decimal = Decimal(0)
    asked_for: Decimal = Decimal(0)
    balance: Decimal = Decimal(0)
    open: dict[str, tuple[Decimal, float, float]] = field(default_factory=dict)
    number: int = 0
    twice: str | None = None
    log: list[str] = field(default_factory=list)

    @property
    def now_s(self) -> float:
        return self.world.clock.monotonic()

    def note(self, *words: object) -> None:
        self.log.append(f"{self.now_s / 60:.1f} {' '.join(map(str, words))}")

    def earn(self, amount: int) -> None:
        self.balance, self.earned = self.balance + amount, self.earned + amount
        self.note("comes in:", amount)
        self.world.site.money(str(self.balance))

    def request(self, who: str) -> str:
        """Have all of the balance paid out, whatever is on its way already: the site does not know what is meant."""
        self.number += 1
        id_, amount, beside = str(self.number), self.balance, sorted(self.open)
        done_s = self.now_s + self.dice.choice(UNTIL_DONE_S) * self.dice.uniform(0.5, 1.5)
        self.open[id_] = amount, done_s, done_s + self.dice.choice(UNTIL_DEBITED_S)
        self.world.site.payouts[id_] = "waiting"
        self.asked_for += amount
        self.note(who, "asks for", amount, "as", id_)
        if self.twice is None and (beside or self.asked_for > self.earned):
            self.twice = f"{who} asked for {amount} as {id_}, beside {beside}: {self.asked_for} of {self.earned}"
        return id_

    async def pays(self, _intent: Intent) -> Succeeded:
        return Succeeded(self.request("bursar"))

    def pass_time(self) -> None:
        """List what is done by now, and debit it."""
        for id_, (amount, done_s, debited_s) in list(self.open.items()):
            if self.now_s >= done_s and self.world.site.payouts[id_] == "waiting":
                self.world.site.payouts[id_] = "done"
                self.note("done:", id_)
            if self.now_s >= debited_s:
                self.balance = max(self.balance - amount, Decimal(0))
                del self.open[id_]
                self.note("debited:", id_)
                self.world.site.money(str(self.balance))

    def slip(self) -> None:
        """Have the next list of payouts show one as done that waits."""
        waiting = sorted(id_ for id_ in self.open if self.world.site.payouts[id_] == "waiting")
        if not waiting:
            return
        slipped = self.dice.choice(waiting)

        async def slips(_look: PollRequest) -> Observation:
            self.note("a slip:", slipped)
            shown = {**self.world.site.payouts, slipped: "done"}
            return Observation("payouts", tuple(Observed(SubjectRef("payout", i), {}, s) for i, s in shown.items()))

        self.world.site.will("payouts", slips)


class Life:
    """A rule that pays out, and all that may happen around it.

    Args:
        world: The daemon and the site.
        kind: The kind of rule.
        seed: Decides all chance.
    """

    def __init__(self, world: World, kind: str, seed: int) -> None:
        self.world, self.dice = world, Random(f"{kind} {seed}")
        self.books = Books(world, self.dice)
        self.polls = self.dice.choice(POLLS)
        self.kind, self.least, self.mode, self.asks = kind, 100, "", ""
        self.paused = False
        self.down_until_s = 0.0
        self.answer_at_s: dict[str, float] = {}
        self.acts: tuple[tuple[float, Callable[[], Awaitable[None]]], ...] = (
            (0.030, self._earn),
            (0.010, self._pay_by_hand),
            (0.010, self._edit),
            (0.005, self._switch),
            (0.005, self._ask_a_person),
            (0.010, self._restart),
            (0.015, self._pause),
            (0.010, self._fail),
            (0.005, self._slip),
        )

    @property
    def yaml(self) -> str:
        on = RULES[self.kind].format(least=self.least)
        rule = f'{{name: pay, {on}, {self.mode}{self.asks}do: [{{payout: {{method: "7"}}}}]}}'
        return config(rule, accounts=account(more=f"settle: 5m, poll: {{{self.polls}}}"))

    async def begin(self) -> None:
        self.world.site.will("payout", *[self.books.pays] * 500)
        self.books.earn(20)
        await self.world.open(self.yaml)
        await self.world.live(minutes=20)
        # A state rule is asked about what comes in while it is there: it has paid once.
        self.books.earn(200)
        await self.world.live(hours=3)

    async def go_on(self, steps: int) -> None:
        """Let anything happen."""
        for _ in range(steps):
            self.books.pass_time()
            drawn = self.dice.random()
            for share, act in self.acts:
                drawn -= share
                if drawn < 0:
                    await act()
                    break
            await self.world.live(seconds=self.dice.choice((20, 45, 60, 120)))
            await self._answer()
            self._recover()

    async def calm_down(self, steps: int) -> None:
        """Let nothing more happen, five minutes a step: what is due must leave, also a day after a no."""
        if self.paused:
            await self._pause()
        self.mode, self.down_until_s = "", 0.0
        await self.world.reload(self.yaml)
        for _ in range(steps):
            self.books.pass_time()
            self._recover()
            await self.world.live(seconds=300, every_s=150)
            await self._answer()

    async def _earn(self) -> None:
        self.books.earn(self.dice.choice((30, 90, 150, 400, 900)))

    async def _pay_by_hand(self) -> None:
        if not self.books.open and self.books.balance >= 50:
            self.books.request("a person")

    async def _edit(self) -> None:
        self.least = self.dice.choice((90, 100, 110, 150))
        self.books.note("edited:", self.least)
        await self.world.reload(self.yaml)

    async def _switch(self) -> None:
        self.mode = "" if self.mode else "mode: off, "
        self.books.note("switched:", self.mode or "on")
        await self.world.reload(self.yaml)

    async def _ask_a_person(self) -> None:
        self.asks = "" if self.asks else ASKS
        await self.world.reload(self.yaml)

    async def _restart(self) -> None:
        self.books.note("restarted")
        await self.world.restart(clean=self.dice.random() < 0.5, seconds=self.dice.choice((5, 300, 1800)))

    async def _pause(self) -> None:
        self.paused = not self.paused
        self.books.note("paused" if self.paused else "resumed")
        await self.world.say("pause" if self.paused else "resume", account="panel")

    async def _fail(self) -> None:
        stream = self.dice.choice(("payouts", "info"))
        self.world.site.down[stream] = Unreachable("HTTP 500")
        self.down_until_s = self.books.now_s + self.dice.choice((120, 900, 2400))
        self.books.note("down:", stream)

    async def _slip(self) -> None:
        self.books.slip()

    def _recover(self) -> None:
        if self.world.site.down and self.books.now_s >= self.down_until_s:
            self.world.site.down.clear()

    async def _answer(self) -> None:
        """A person answers after a while: no while something is on its way, else yes."""
        for one in await self.world.say("actions"):
            if one["state"] != "awaiting_approval":
                continue
            id_ = str(one["id"])
            at_s = self.answer_at_s.setdefault(id_, self.books.now_s + self.dice.choice((30, 300, 900)))
            if self.books.now_s >= at_s:
                verb = "deny" if self.books.open else "approve"
                self.books.note(verb, id_)
                await self.world.say(verb, ids=[id_])
