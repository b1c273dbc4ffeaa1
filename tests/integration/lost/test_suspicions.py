"""What is new at the provider and may be what was lost: a person is told of it before he says what became of it, and his
word is as good as it was given."""

from __future__ import annotations

from bursar.api import CannotTell, DidNot, Finding, Intent, Json, Lost, Outcome, Succeeded
from bursar.api.exchange import current
from support.config import account, config
from support.scenarios.lost import GONE, MAYBE, PAY, due_again, let_go
from support.world import World


async def suspected(world: World) -> None:
    """A payout was let go; before the next one something is new at the site, and may be it."""
    await let_go(world, PAY[:-1] + ", cooldown: 1h}")
    await world.live(minutes=3)
    world.site.next["reconcile"].clear()
    world.site.will("reconcile", *[MAYBE] * 999)
    await due_again(world)
    assert await world.states() == ["refused", "awaiting_approval"]


async def test_what_a_later_look_suspects_is_told_before_did_not_again_covers_it(world: World) -> None:
    there: list[int] = []

    async def look(_: Intent) -> Finding:
        return MAYBE if there else DidNot("it is not there")

    async def prepare(intent: Intent) -> Json | Finding:
        return MAYBE if intent.lost and there else {"balance": "900"}

    world.site.money("900")
    world.site.will("payout", GONE)
    world.site.will("reconcile", *[look] * 99)
    world.site.will("prepare", *[prepare] * 99)
    await world.open(config(PAY))
    await world.turn()
    there.append(1)
    await world.live(minutes=6)
    told = [one["data"]["reason"] for one in await world.events("action.unknown")]
    assert (await world.states(), len(told)) == (["unknown"], 2)
    assert "payout 1 is new" in told[1]
    said = await world.say("resolve", id="1", again=True)
    assert "1 is new at the provider, and may be it" in said["warning"]


async def test_a_yes_that_is_taken_back_counts_for_no_later_payout(world: World) -> None:
    """Approved by mistake in a pause, then denied: the last word was no, and the next one is asked about."""
    await suspected(world)
    await world.say("pause")
    await world.say("approve", ids=["2"])
    await world.say("deny", ids=["2"])
    await world.say("resume")
    await due_again(world)
    await world.live(hours=3, every_s=300)
    assert ((await world.states())[-1], len(world.site.performed)) == ("awaiting_approval", 1)


async def test_a_yes_beside_a_suspicion_holds_though_the_balance_has_grown_since_the_question(world: World) -> None:
    await suspected(world)
    world.site.money("910")
    await world.live(minutes=12)
    [said] = await world.say("approve", ids=["2"])
    assert "it is 910" in said["problem"]
    [_, asked] = await world.intents()
    assert "the amount has changed" in asked.reason
    assert "payout 1 is new" in asked.reason
    await world.say("approve", ids=[asked.shown_id])
    await world.live(minutes=2)
    assert len(world.site.performed) == 2


async def test_what_lands_between_the_readings_of_one_that_is_made_again_is_found(world: World) -> None:
    """The look cannot tell, a person has told, and the evidence is read once more: it lands in between."""
    there: list[int] = []

    async def prepare(intent: Intent) -> Json | Finding:
        if intent.lost:
            return MAYBE if there else CannotTell("the balance fell")
        there.append(1)
        return {"known": ["1"]}

    async def look(_: Intent) -> Finding:
        return MAYBE if there else DidNot("it is not there")

    world.site.money("900")
    world.site.will("payout", Lost("no answer"))
    world.site.will("prepare", {"known": []}, *[prepare] * 99)
    world.site.will("reconcile", *[look] * 99)
    await world.open(config(PAY, accounts=account(more="settle: 1m")))
    await world.turn()
    await world.say("resolve", id="1", again=True)
    await world.live(minutes=30)
    assert (len(world.site.performed), there != []) == (1, True)


async def test_a_second_retry_of_an_old_no_takes_no_newer_one_back(world: World) -> None:
    world.site.money("900")
    await world.open(config(PAY[:-1] + ", approve: {above: 1, within: 12h}}"))
    await world.turn()
    await world.say("deny", ids=["1"])
    await world.say("retry", ids=["1"])
    await world.live(minutes=12)
    assert await world.states() == ["denied", "awaiting_approval"]
    await world.say("deny", ids=["2"])
    [said] = await world.say("retry", ids=["1"])
    assert said["problem"] == "intent 1 was asked for anew already: see `bursar actions`"
    await world.live(minutes=12)
    assert await world.states() == ["denied", "denied"]


async def test_what_leaves_at_a_persons_word_stands_on_evidence_that_is_as_fresh_as_any(world: World) -> None:
    """Did not, again: of its looks each may be slow, and the balance grows meanwhile."""
    read_at: list[float] = []
    ages: list[float] = []

    async def prepare(intent: Intent) -> Json | Finding:
        exchange, clock = current(), world.clock
        assert exchange is not None
        fresh = not (intent.lost and intent.evidence == {"known": [], "balance": "900"} and len(read_at) > 1)
        if not fresh:
            await clock.advance(30)
            world.site.money("5000")
        exchange.last_asked_s = clock.monotonic()
        exchange.first_asked_s = exchange.first_asked_s or clock.monotonic()
        if not fresh:
            return CannotTell("the balance fell")
        if intent.lost and len(read_at) == 1:
            read_at.append(clock.monotonic())
            return CannotTell("the balance fell")
        read_at.append(clock.monotonic())
        return {"known": [], "balance": str(world.site.balance["amount"])}  # type: ignore[index]

    async def pay(_: Intent) -> Outcome:
        ages.append(world.clock.monotonic() - read_at[-1])
        return Lost("no answer") if len(ages) == 1 else Succeeded("2")

    world.site.money("900")
    world.site.will("payout", pay, pay)
    world.site.will("prepare", *[prepare] * 99)
    world.site.will("reconcile", *[CannotTell("the balance fell")] * 99)
    await world.open(config(PAY, accounts=account(more="settle: 1m")))
    await world.turn()
    await world.say("resolve", id="1", again=True)
    await world.live(minutes=10)
    assert all(age_s <= 5 for age_s in ages)
