"""What takes the whole balance keeps it busy, until there is less of it, or what was made is over."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from decimal import Decimal

import pytest

from bursar.api import (
    CannotTell,
    CostFacts,
    DidNot,
    Happened,
    Intent,
    Lost,
    Observation,
    Observed,
    SubjectRef,
    Succeeded,
    Unreachable,
)
from bursar.control.messages import RequestRejected
from bursar.journal import ledger
from bursar.pipeline.outcomes import record_outcome
from support.config import account, config
from support.world import World, with_function

PAY = '{name: p, on: balance.passed_min_payout, do: [{payout: {method: "7"}}]'


def left(world: World) -> list[str]:
    """Return what was judged to leave at each attempt."""
    return [str(intent.cost) for intent in world.site.performed]


TWO = (
    '{name: p, on: balance.passed_min_payout, do: [{payout: {method: "7"}}]}\n'
    '{name: q, on: balance.passed_min_payout, do: [{payout: {method: "8"}}]}'
)


async def requested(world: World) -> None:
    """Have two rules ask for the payout of one balance at a site that debits on completion."""
    world.site.money("600")
    world.site.will("payout", Succeeded("41"))
    await world.open(config(TWO))
    await world.live(minutes=6)
    world.site.payouts = {"41": "waiting"}
    await world.live(hours=20, every_s=600)
    assert (left(world), await world.matches()) == (["600"], ["open_intent"])


async def test_what_waits_for_a_balance_that_was_not_debited_goes_on_once_the_payout_is_done(world: World) -> None:
    await requested(world)
    world.site.payouts, world.site.balance = {"41": "done"}, None
    world.site.money("70")
    await world.live(minutes=30)
    assert left(world) == ["600", "70"]


async def test_it_ends_where_nothing_is_left(world: World) -> None:
    await requested(world)
    world.site.payouts = {"41": "done"}
    world.site.money("0")
    await world.live(minutes=12)
    assert (left(world), await world.matches()) == (["600"], [])


async def test_it_goes_on_once_not_half_of_what_was_taken_is_left(world: World) -> None:
    await requested(world)
    world.site.money("599.99")  # a fee, a correction: that is not what was taken
    await world.live(hours=1, every_s=300)
    during = left(world)
    world.site.money("80")
    await world.live(minutes=12)
    assert (during, left(world)) == (["600"], ["600", "80"])


@pytest.mark.parametrize(("low", "polls"), [(["0"], 1), (["0", "600", "0"], 1), (["0"], 3), (["0", "1"], 2)])
async def test_one_poll_that_shows_less_while_it_is_listed_as_waiting_is_a_slip(
    world: World, low: list[str], polls: int
) -> None:
    """The site debits on completion; a single answer shows another balance, or several do."""
    await requested(world)
    for amount in low:
        world.site.money(amount)
        seen = world.site.looked("info")
        while world.site.looked("info") < seen + polls:
            await world.live(seconds=20, every_s=20)
    world.site.money("600")
    await world.live(hours=1, every_s=300)
    assert left(world) == (["600"] if polls == 1 else ["600", "600"])


async def test_a_poll_that_leaves_the_balance_out_is_no_second_look_at_it(world: World) -> None:
    await requested(world)
    for low in ("0", None):
        world.site.balance = None
        if low is not None:
            world.site.money(low)
        seen = world.site.looked("info")
        while world.site.looked("info") < seen + 1:
            await world.live(seconds=20, every_s=20)
    [intent, *_] = await world.intents()
    entry = await world.read(lambda tx: ledger.load(tx, intent.id))
    assert entry is not None
    assert entry.busy


async def test_while_it_is_listed_as_waiting_nothing_is_told_and_nothing_taken(world: World) -> None:
    """A person at the site pays, within hours to days."""
    await requested(world)
    await world.live(days=3, every_s=3600)
    assert (await world.told("action.unconfirmed"), left(world)) == ([], ["600"])


async def test_what_is_listed_as_waiting_for_ever_is_told_and_blocks_nothing_for_ever(world: World) -> None:
    await requested(world)
    await world.live(days=7, every_s=3600)
    assert (await world.told("action.unconfirmed"), left(world)) == (["action.unconfirmed"], ["600"])
    [told] = await world.events("action.unconfirmed")
    assert told["data"]["reason"].startswith("accepted and listed as waiting for long")
    asked = (await world.intents())[-1]
    assert (str(asked.state), "payout 41 was accepted" in asked.reason) == ("awaiting_approval", True)
    await world.say("approve", ids=[asked.shown_id])
    await world.live(minutes=12)
    assert left(world) == ["600", "600"]


async def test_a_payout_of_which_nothing_is_listed_is_told_after_a_day_and_asked_about(world: World) -> None:
    world.site.money("600")
    await world.open(config(TWO))
    await world.live(hours=25, every_s=600)
    assert (await world.told("action.unconfirmed"), left(world)) == (["action.unconfirmed"], ["600"])
    asked = (await world.intents())[-1]
    words = "payout of intent 1 was accepted, and nothing has shown that it was taken: if it is the "
    words += "same money, deny; a yes pays beside it"
    assert (str(asked.state), asked.reason) == ("awaiting_approval", words)
    await world.say("approve", ids=[asked.shown_id])
    await world.live(minutes=12)
    assert left(world) == ["600", "600"]


async def test_a_cancel_that_the_site_takes_back_keeps_nothing_busy_for_ever(world: World) -> None:
    world.site.money("600")
    world.site.will("payout", Succeeded("41"))
    await world.open(config(PAY + ", cooldown: 60d}"))
    await world.live(minutes=6)
    for state in ("waiting", "canceled", "waiting"):
        world.site.payouts = {"41": state}
        await world.live(minutes=12)
    world.site.payouts = {}
    await world.live(days=9, every_s=3600)
    assert await world.told("action.unconfirmed") == ["action.unconfirmed"]


@pytest.mark.parametrize("left", ["300", "400", "NaN"])
async def test_half_a_balance_that_is_left_was_not_taken(world: World, left: str) -> None:
    world.site.money("600")
    world.site.will("payout", Succeeded("41", left=Decimal(left)))
    await world.open(config(PAY + "}"))
    await world.turn()
    [intent] = await world.intents()
    entry = await world.read(lambda tx: ledger.load(tx, intent.id))
    assert entry is not None
    assert entry.busy


@pytest.mark.parametrize("shows", [None, "its payout", "another look"])
async def test_one_look_just_after_the_yes_may_be_a_slip(world: World, shows: str | None) -> None:
    """A site that debits at once, and more comes in than was taken before a poll: no second look shows that it was."""

    async def take(_intent: Intent) -> Succeeded:
        world.site.money("675")
        return Succeeded("41", left=Decimal(0))

    world.site.money("600")
    world.site.will("payout", take)
    await world.open(config(TWO))
    await world.live(minutes=12)
    assert left(world) == ["600"]
    if shows == "its payout":
        world.site.payouts["41"] = "done"
    if shows == "another look":
        world.site.money("75")
        await world.live(minutes=12)
        world.site.money("675")
    await world.live(minutes=22)
    assert left(world) == (["600"] if shows is None else ["600", "75"] if shows == "another look" else ["600", "675"])


@pytest.mark.parametrize("polled", ["", ", poll: {payouts: off}"])
@pytest.mark.parametrize("at_once", [True, False])
async def test_what_a_look_just_after_the_yes_showed_as_taken_keeps_nothing_busy_after_a_day(
    world: World, polled: str, at_once: bool
) -> None:
    """More is there at the next poll than was taken: it has come in, where the site debits at once; else the look may
    have been a slip, and that nothing shows the effect is told."""

    async def take(_intent: Intent) -> Succeeded:
        world.site.money("675")
        return Succeeded("41", left=Decimal(0))

    world.site.money("600")
    world.site.will("payout", take)
    await world.open(config(PAY + "}", accounts=account(more=f"settle: 1m, debits_at_once: {at_once}{polled}".lower())))
    await world.live(hours=23, every_s=600)
    assert left(world) == ["600"]
    await world.live(hours=2, every_s=600)
    told = len(await world.told("action.unconfirmed"))
    assert (left(world)[1:], told) == (["675"] if polled and at_once else [], 0 if at_once else 1)


async def test_younger_ones_that_came_to_nothing_hide_no_busy_one(world: World) -> None:
    world.site.money("600")
    world.site.will("payout", Lost("no answer"))
    world.site.will("reconcile", *[DidNot("not there")] * 99)
    await world.open(config(PAY + "}", accounts=account(more="settle: 1m")))
    await world.turn()
    await world.say("resolve", id="1")
    call = {"account": "panel", "method": "payout", "params": {"method": "7", "account": "T"}}
    for number in range(2, 14):
        await world.say("call", **call, wait_s=0)
        await world.say("deny", ids=[str(number)])
    [one, *_] = await world.intents()
    await world.context.commit(lambda uow: record_outcome(uow, one.id, one.fence, Succeeded("41"), uow.now))
    with pytest.raises(RequestRejected, match="waits for intent 1"):
        await world.say("call", **call, wait_s=0)


async def test_a_payout_that_is_found_after_the_balance_fell_keeps_nothing_busy(world: World) -> None:
    world.site.money("600")
    world.site.will("payout", Lost("no answer"))
    await world.open(config(TWO))
    await world.turn()
    world.site.money("80")
    await world.live(minutes=4)
    world.site.will("reconcile", Happened(Succeeded("41")))
    await world.live(minutes=20)
    assert left(world) == ["600", "80"]


async def test_a_yes_is_written_though_the_cost_of_its_action_cannot_be_worked_out(world: World) -> None:
    """A plugin's function that raises costs no outcome."""
    world.site.money("600")
    await world.open(config(PAY + "}"))
    await world.poll()
    spec = world.context.config.accounts[world.site_account]
    actions = {**spec.actions}

    def broken(_facts: CostFacts) -> Decimal:
        if world.site.performed:
            raise StopIteration
        return Decimal(600)

    actions["payout"] = replace(actions["payout"], cost=broken)
    known = replace(spec, actions=actions)
    world.context.config = replace(world.context.config, accounts={world.site_account: known})
    await world.send()
    assert await world.states() == ["succeeded"]


@pytest.mark.parametrize("ways", [["waiting", "canceled", "done"], ["waiting", "done", "canceled", "done"]])
@pytest.mark.parametrize("left", [Decimal(0), None])
async def test_a_payout_that_is_done_after_all_raises_no_alarm(
    world: World, left: Decimal | None, ways: list[str]
) -> None:
    world.site.money("600")
    world.site.will("payout", Succeeded("41", left=left))
    await world.open(config(PAY + ", cooldown: 60d}"))
    await world.live(minutes=6)
    for state in ways:
        world.site.payouts = {"41": state}
        await world.live(minutes=12)
    await world.live(days=9, every_s=3600)
    assert await world.told("action.unconfirmed") == []


def leaves(world: World, amount: str) -> Callable[[Intent], Awaitable[Succeeded]]:
    """Pay out at once, and leave so much."""

    async def pay(_intent: Intent) -> Succeeded:
        world.site.money(amount)
        return Succeeded(f"{len(world.site.performed)}")

    return pay


@pytest.mark.parametrize("taken_after_h", [3, 30])
async def test_what_comes_in_after_a_payout_was_taken_late_is_asked_about_where_payouts_are_not_polled(
    world: World, taken_after_h: int
) -> None:
    """The site takes it when it is done, also later than a day, and the balance never falls below the minimum."""
    world.site.money("900")
    world.site.will("payout", Succeeded("1"), leaves(world, "60"))
    await world.open(config(PAY + "}", accounts=account(more="settle: 1m, poll: {payouts: off}")))
    await world.live(hours=taken_after_h, every_s=600)
    assert left(world) == ["900"]
    world.site.money("60")
    await world.live(hours=2, every_s=600)
    world.site.money("2000")
    await world.live(days=2, every_s=3600)
    assert left(world)[:2] in (["900", "60"], ["900", "2000"])


@pytest.mark.parametrize("looks", [1, 2])
async def test_one_slip_of_the_balance_frees_no_payout_without_a_number_while_one_waits(
    world: World, looks: int
) -> None:
    world.site.money("900")
    world.site.will("payout", Succeeded())
    await world.open(config(PAY + "}", accounts=account(more="settle: 1m")))
    await world.turn()
    world.site.payouts["41"] = "waiting"
    await world.live(minutes=12)
    world.site.money("20")
    await world.live(minutes=10 * looks - 4)
    world.site.money("900")
    await world.live(hours=3, every_s=300)
    assert (len(world.site.performed), (await world.states())[-1]) == (
        (1, "succeeded") if looks == 1 else (1, "awaiting_approval")  # nobody knows what payout 41 took
    )


@pytest.mark.parametrize("undone", [False, True])
async def test_a_budget_counts_what_a_person_has_named_after_another_was_taken_for_it(
    world: World, undone: bool
) -> None:
    """Ours came without a number; a person's own payout 41 is canceled, and taken for it; ours is 42, and done."""
    world.site.money("900")
    world.site.will("payout", Succeeded(), leaves(world, "0"))
    await world.open(config(PAY + "}", accounts=account(more="settle: 1m, budget: {payout: {max: 1000, every: 7d}}")))
    await world.turn()
    for state in ("waiting", "canceled") if undone else ():
        world.site.payouts["41"] = state
        await world.live(minutes=12)
    assert await world.told("action.undone") == ["action.undone"] * undone
    world.site.money("20")
    world.site.payouts["42"] = "done"
    await world.live(minutes=12)
    await world.say("resolve", id="1", happened=True, reference="42")
    await world.live(hours=1, every_s=600)
    world.site.money("900")
    await world.live(days=3, every_s=600)
    assert left(world) == ["900"]  # twice would pass 1000 in 7 days


@pytest.mark.parametrize("undone", [False, True])
async def test_a_payout_that_a_person_names_and_that_waits_keeps_its_balance_though_another_was_taken_for_it(
    world: World, undone: bool
) -> None:
    world.site.money("900")
    world.site.will("payout", Succeeded(), leaves(world, "0"))
    await world.open(config(PAY + "}", accounts=account(more="settle: 1m")))
    await world.turn()
    for state in ("waiting", "canceled") if undone else ():
        world.site.payouts["41"] = state
        await world.live(minutes=4)
    world.site.payouts["42"] = "waiting"
    await world.live(minutes=4)
    await world.say("resolve", id="1", happened=True, reference="42")
    await world.live(hours=30, every_s=600)
    assert left(world) == ["900"]
    world.site.payouts["42"] = "done"
    world.site.money("0")
    await world.live(hours=1, every_s=600)
    world.site.money("800")
    await world.live(hours=1, every_s=600)
    assert left(world) == ["900", "800"]


@pytest.mark.parametrize("payouts", ["30m", "off", "1m"])
async def test_one_slip_of_the_balance_frees_no_payout_whether_or_not_it_is_listed(world: World, payouts: str) -> None:
    """The site takes it when it is done; one poll of the balance shows nothing, and the next shows it again."""
    world.site.money("400")
    world.site.will("payout", Succeeded("101"))
    await world.open(config(TWO, accounts=account(more=f"settle: 1m, poll: {{payouts: {payouts}}}")))
    await world.turn()
    world.site.payouts["101"] = "waiting"
    world.site.money("0")
    await world.live(minutes=11)
    world.site.money("400")
    await world.live(hours=3, every_s=300)
    assert left(world) == ["400"]


async def test_a_slip_just_after_the_yes_frees_no_payout(world: World) -> None:
    """The adapter's own look shows nothing left; every poll shows the money, and the site lists its payout as waiting."""
    world.site.money("400")
    world.site.will("payout", Succeeded("101", left=Decimal(0)))
    await world.open(config(TWO, accounts=account(more="settle: 1m")))
    await world.turn()
    world.site.payouts["101"] = "waiting"
    await world.live(hours=30, every_s=600)
    assert left(world) == ["400"]


@pytest.mark.parametrize("listed", ["waiting", "done", None])
async def test_a_journal_that_does_not_know_of_a_payout_that_waits_asks_before_its_first_one(
    world: World, listed: str | None
) -> None:
    """The folder of the journal was not there at the start: what waits at the site may be bursar's own."""
    world.site.payouts = {} if listed is None else {"101": listed}
    world.site.money("400")
    await world.open(config(PAY + ", cooldown: 24h}", accounts=account(more="settle: 1m")))
    await world.live(minutes=12)
    assert await world.states() == (["awaiting_approval"] if listed == "waiting" else ["succeeded"])
    if listed != "waiting":
        return
    [asked] = await world.intents()
    assert asked.reason.startswith("payout 101 waits there, and this journal does not know what it took")
    await world.say("deny", ids=["1"])
    await world.live(hours=25, every_s=600)
    assert await world.states() == ["denied", "awaiting_approval"]
    world.site.money("500")  # the yes is to what waits there, and for the amount that was shown
    await world.say("approve", ids=["2"])
    await world.live(minutes=12)
    assert left(world) == []
    await world.say("approve", ids=["2.2"])
    await world.live(minutes=12)
    assert left(world) == ["500"]


@pytest.mark.parametrize("first", [CannotTell("the list could not be read"), DidNot("not there")])
async def test_that_a_lost_payout_was_looked_for_is_no_look_at_its_balance(world: World, first: object) -> None:
    """It is found at the second look, while one poll shows nothing: one slip frees it no more than another."""
    world.site.money("900")
    world.site.will("payout", Lost("no answer"), Succeeded("2"))
    look = Happened(Succeeded("1", moved=Decimal(900)), "payout 1 is new")
    world.site.will("reconcile", first, look)
    await world.open(config(PAY + "}", accounts=account(more="settle: 1m, poll: {info: 20s, payouts: 20s}")))
    await world.turn()
    while len(world.site.reconciled) < 1:
        await world.live(seconds=1, every_s=1)
    world.site.money("0")
    seen = world.site.looked("info")
    while world.site.looked("info") == seen:
        await world.wait(seconds=1)
        await world.poll()
    world.site.payouts["1"] = "waiting"
    while len(world.site.reconciled) < 2:
        await world.wait(seconds=1)
        await world.send()
    world.site.money("900")
    await world.live(minutes=30, every_s=10)
    assert (len(world.site.performed), await world.states()) == (1, ["succeeded"])


@pytest.mark.parametrize("problem", ['balance "1,234" is not a number', None])
async def test_a_balance_that_cannot_be_read_is_no_second_look(world: World, problem: str | None) -> None:
    """One poll shows nothing; the next says something that nobody reads, or the money again."""
    balance, rest = SubjectRef("balance", "balance"), {"min_payout": Decimal(50), "currency": "USD"}
    nothing = Observation("info", (Observed(balance, {**rest, "amount": Decimal(0)}),))
    unread = Observation("info", (Observed(balance, rest),), problems={"balance": problem or ""})
    seen = Observation("info", (Observed(balance, {**rest, "amount": Decimal(900)}),))
    world.site.money("900")
    world.site.will("payout", Succeeded("1"), Succeeded("2"))
    await world.open(config(PAY + "}", accounts=account(more="settle: 1m, poll: {payouts: 1m, info: 5m}")))
    await world.turn()
    world.site.payouts["1"] = "waiting"
    await world.live(minutes=2)
    world.site.will("info", nothing, seen if problem is None else unread)
    await world.live(hours=2, every_s=60)
    assert left(world) == ["900"]


async def test_where_no_payouts_can_be_read_a_person_is_asked_before_the_first_one(world: World) -> None:
    world.site.money("900")
    world.site.down["payouts"] = Unreachable("no")
    await world.open(config(PAY + "}"))
    with_function(world, evidence_lists=None)
    await world.live(hours=1, every_s=300)
    [asked] = await world.intents()
    assert (str(asked.state), asked.reason.partition(",")[0]) == ("awaiting_approval", "its payouts could not be read")
    await world.say("approve", ids=["1"])
    await world.live(minutes=12)
    assert left(world) == ["900"]
