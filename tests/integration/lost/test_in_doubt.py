"""What was lost and given up turns up after all: nothing is done beside it, and what was to be done in its place ends."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from decimal import Decimal

import pytest

from bursar.api import (
    CannotTell,
    DidNot,
    Finding,
    Intent,
    Later,
    Lost,
    Outcome,
    Refused,
)
from bursar_premium_exchanger import outcomes
from support.config import account, config
from support.scenarios.lost import (
    ADD,
    GONE,
    MAYBE,
    PAY,
    QUICK,
    a_person_says_so,
    call,
    due_again,
    landed,
    late_yes,
    let_go,
)
from support.world import World

FOUND = [late_yes, a_person_says_so]


# what cannot be looked for by its parameters


@pytest.mark.parametrize("edited", [True, False])
async def test_a_wallet_that_was_edited_hides_no_payout_that_landed_late(world: World, edited: bool) -> None:
    world.environ["NEW"] = "T-wallet-2"
    await let_go(world, PAY[:-1] + ", cooldown: 1h}")
    if edited:
        await world.reload(config(PAY[:-1].replace("WALLET", "NEW") + ", cooldown: 1h}", accounts=QUICK))
    world.site.payouts["1"] = "waiting"
    await due_again(world)
    assert (len(world.site.performed), (await world.states())[-1]) == (1, "awaiting_approval" if edited else "lapsed")


async def test_the_rule_of_a_lost_payout_is_gone_and_a_person_is_asked_once_before_the_next(world: World) -> None:
    world.environ["NEW"] = "T-wallet-2"
    await let_go(world)
    other = PAY.replace("name: p", "name: other").replace('"7"', '"8"').replace("WALLET", "NEW")
    await world.reload(config(other, accounts=QUICK))
    await due_again(world)
    [_, asked] = await world.intents()
    assert (len(world.site.performed), asked.state) == (1, "awaiting_approval")
    assert "nobody can tell what became of intent 1" in asked.reason
    await world.say("approve", ids=["2"])
    await world.live(minutes=12)
    await due_again(world)
    assert len(world.site.performed) == 3


@pytest.mark.parametrize("wallet", ["T", "U"])
async def test_a_called_one_whose_wallet_nobody_knows_any_more_is_asked_about(world: World, wallet: str) -> None:
    world.site.money("900")
    world.site.will("payout", Lost("no answer"))
    world.site.will("reconcile", *[landed(world, "T")] * 999)
    await world.open(config(accounts=QUICK))
    await world.turn()
    await call(world, "payout", method="7", account="T")
    await world.send()
    await world.say("resolve", id="1")
    await world.live(minutes=3)
    await world.restart(seconds=10)
    world.site.payouts["1"] = "waiting"
    await world.live(minutes=3)
    await call(world, "payout", method="7", account=wallet)
    await world.live(minutes=10)
    assert (len(world.site.performed), (await world.states())[-1]) == (
        1,
        "lapsed" if wallet == "T" else "awaiting_approval",
    )


async def test_what_lands_between_the_evidence_and_the_request_is_found(world: World) -> None:
    """The evidence of the next one must not make what has just landed something old."""
    await let_go(world, PAY[:-1] + ", cooldown: 1h}")

    async def prepare(_intent: Intent) -> object:
        world.site.payouts["1"] = "waiting"
        return {"balance": "900"}

    world.site.will("prepare", prepare)
    await due_again(world)
    assert (len(world.site.performed), await world.states()) == (1, ["succeeded", "lapsed"])


async def test_what_lands_while_the_lost_ones_are_looked_for_is_found(world: World) -> None:
    """It lands after its look, and before the last evidence is read, which is held against that of before."""
    await let_go(world, PAY[:-1] + ", cooldown: 1h}")

    async def prepare(intent: Intent) -> object:
        if intent.lost and intent.evidence == {"known": 0}:
            world.site.payouts["1"] = "waiting"
            return CannotTell("payout 1 is new")
        return {"known": len(world.site.payouts)}

    world.site.will("prepare", *[prepare] * 9)
    await due_again(world)
    assert (len(world.site.performed), await world.states()) == (1, ["succeeded", "lapsed"])


async def test_several_lost_ones_that_take_long_to_look_for_keep_no_payout_from_leaving(world: World) -> None:
    """At 30 requests a minute each look takes four seconds; the last evidence is as fresh as ever."""

    async def look(_intent: Intent) -> Finding:
        await world.wait(seconds=4)
        return DidNot("it is not there")

    world.site.money("900")
    world.site.will("payout", *[Lost("no answer")] * 4)
    world.site.will("reconcile", *[look] * 999)
    await world.open(config(accounts=QUICK))
    await world.turn()
    for number in range(1, 5):
        await call(world, "payout", method="7", account="T")
        await world.live(minutes=1, every_s=20)
        await world.say("resolve", id=str(number))
        await world.live(minutes=3)
    await call(world, "payout", method="7", account="T")
    await world.live(minutes=6)
    assert (len(world.site.performed), (await world.states())[-1]) == (5, "succeeded")


# a person has had it done again


@pytest.mark.parametrize("shape", ["suspect", "judged by the plugin"])
async def test_what_lands_after_did_not_again_is_not_sent_beside(world: World, shape: str) -> None:
    """The person's word is about what was there then; what is new since is asked about."""
    rows: dict[str, dict[str, object]] = {}

    async def look(intent: Intent) -> Finding:
        if shape == "suspect":
            return MAYBE if rows else DidNot("it is not there")
        wallet = "T-wallet-1"
        return outcomes.finding(rows, Decimal(900), intent.evidence, "7", wallet, "USD", intent.made_for_others)

    async def prepare(intent: Intent) -> object:
        found = await look(intent) if intent.lost else None
        if found is not None and not isinstance(found, DidNot):
            return found
        return outcomes.evidence(rows, Decimal(900), "7", "T-wallet-1")

    world.site.will("prepare", *[prepare] * 99)
    world.site.will("reconcile", *[look] * 99)
    world.site.money("900")
    world.site.will("payout", GONE)
    await world.open(config(PAY))
    await world.turn()
    await world.say("resolve", id="1", again=True)
    await world.live(minutes=1, every_s=20)
    rows["1"] = {
        "id": "1", "time": "1790000000", "method_id": "7", "account": "T-wa***", "original_amount": "900", "status": "0",
    }  # fmt: skip
    await world.live(minutes=12)
    [one] = await world.intents()
    assert (len(world.site.performed), one.state) == (1, "awaiting_approval")
    await world.say("approve", ids=["1"])
    await world.live(minutes=12)
    assert (len(world.site.performed), await world.states()) == (2, ["succeeded"])


async def test_again_of_one_says_nothing_of_another_that_may_have_landed(world: World) -> None:
    world.site.money("900")
    world.site.will("payout", Lost("no"), Lost("no"))

    async def look(intent: Intent) -> Finding:
        return MAYBE if "1" in world.site.payouts and intent.id == 1 else DidNot("no")

    world.site.will("reconcile", *[look] * 999)
    await world.open(config(accounts=QUICK))
    await world.turn()
    await call(world, "payout", method="7", account="T")
    await world.send()
    await world.say("resolve", id="1")
    await world.live(minutes=3)
    await call(world, "payout", method="7", account="T")
    await world.send()
    await world.say("resolve", id="2", again=True)
    world.site.payouts["1"] = "waiting"
    await world.live(minutes=10)
    assert (len(world.site.performed), await world.states()) == (2, ["refused", "awaiting_approval"])


@pytest.mark.parametrize("finding", [CannotTell("the balance fell"), DidNot("no")])
async def test_what_is_done_again_lapses_after_its_hour_whatever_a_look_shows(world: World, finding: Finding) -> None:
    async def prepare(intent: Intent) -> object:
        return finding if intent.lost and isinstance(finding, CannotTell) else {"balance": "900"}

    world.site.money("900")
    world.site.will("payout", GONE)
    world.site.will("prepare", *[prepare] * 999)
    world.site.will("reconcile", *[finding] * 999)
    await world.open(config(PAY))
    await world.turn()
    await world.say("resolve", id="1", again=True)
    await world.say("pause")
    await world.live(hours=5, every_s=300)
    assert await world.states() == ["lapsed"]


async def test_no_question_is_asked_about_what_is_over(world: World) -> None:
    """The balance fell below the minimum: what is new at the site does not matter to a payout that lapses."""
    await let_go(world, PAY[:-1] + ", cooldown: 1h}")
    await world.say("pause")
    await world.live(hours=2, every_s=300)
    world.site.next["reconcile"].clear()
    world.site.will("reconcile", *[MAYBE] * 999)
    await world.say("resume")
    await world.poll()
    assert (await world.states())[-1] == "ready"
    world.site.money("20")
    await world.wait(minutes=6)
    await world.poll()
    await world.send()
    assert (await world.states())[-1] == "lapsed"


# what was to be done in its place, and after it


@pytest.mark.parametrize("found", FOUND)
async def test_what_a_person_had_tried_again_ends_when_the_first_had_happened(
    world: World, found: Callable[[World, str], Awaitable[None]]
) -> None:
    world.site.will("add", GONE)
    await world.open(config())
    await call(world, "add", link="x")
    await world.send()
    await world.say("resolve", id="1")
    await world.say("retry", ids=["1"])
    await world.live(minutes=2, every_s=30)
    await found(world, "4711")
    await world.live(minutes=12)
    assert (len(world.site.performed), await world.states()) == (1, ["succeeded", "lapsed"])


@pytest.mark.parametrize("found", FOUND)
async def test_the_next_of_a_match_ends_when_the_first_had_happened(
    world: World, found: Callable[[World, str], Awaitable[None]]
) -> None:
    world.site.orders["1"] = "partial"
    world.site.will("add", GONE)
    await world.open(config(ADD))
    await world.track("1")
    await world.turn()
    await world.say("resolve", id="1")
    await world.live(minutes=3, every_s=20)
    assert await world.states() == ["refused", "ready"]
    await found(world, "55")
    await world.live(minutes=12)
    assert (len(world.site.performed), await world.states()) == (1, ["succeeded", "lapsed"])


async def next_is_unknown(world: World) -> None:
    world.site.orders["1"] = "partial"
    world.site.will("add", GONE, GONE)
    await world.open(config(ADD))
    await world.track("1")
    await world.turn()
    await world.say("resolve", id="1")
    await world.live(minutes=12, every_s=20)
    assert await world.states() == ["refused", "unknown"]


async def test_a_next_one_that_was_lost_and_is_to_be_done_again_ends_too(world: World) -> None:
    await next_is_unknown(world)
    await world.say("resolve", id="2", again=True)
    await a_person_says_so(world, "55")
    await world.live(minutes=30)
    assert (len(world.site.performed), await world.states()) == (2, ["succeeded", "lapsed"])


async def test_a_next_one_that_is_out_is_named(world: World) -> None:
    await next_is_unknown(world)
    said = await world.say("resolve", id="1", happened=True, reference="55")
    then = "`bursar actions resolve 2 --happened` or `--did-not` once you know"
    assert said["warning"] == f"intent 2 was sent in its place, and may have happened, too: {then}"


@pytest.mark.parametrize("let_go_first", [True, False])
async def test_what_a_match_does_next_is_done_after_it_had_happened(world: World, let_go_first: bool) -> None:
    world.site.orders["1"] = "partial"
    world.site.will("add", GONE)
    await world.open(config('{name: r, on: order.partial, do: [{add: {link: "x"}}, cancel], cooldown: 1h}'))
    await world.track("1")
    await world.turn()
    if let_go_first:
        await world.say("resolve", id="1")
    await a_person_says_so(world, "4711")
    await world.live(hours=3, every_s=300)
    assert (len(world.site.done("add")), len(world.site.done("cancel"))) == (1, 1)


@pytest.mark.parametrize("found", FOUND)
async def test_the_second_of_two_alike_is_done_though_the_first_had_happened(
    world: World, found: Callable[[World, str], Awaitable[None]]
) -> None:
    """The first was planned once more meanwhile, and waits for a yes."""
    world.site.orders["1"] = "partial"
    world.site.will("add", GONE)
    rule = "{name: r, on: order.partial, do: [{add: {link: x}}, {add: {link: y}}], cooldown: 1m, approve: {within: 2d}}"
    await world.open(config(rule))
    await world.track("1")
    await world.turn()
    await world.say("approve", ids=["1"])
    await world.live(minutes=2)
    await world.say("resolve", id="1")
    await world.live(minutes=12)
    assert await world.states() == ["refused", "awaiting_approval"]
    await found(world, "55")
    await world.live(minutes=12)
    assert await world.states() == ["succeeded", "lapsed", "awaiting_approval"]
    [*_, last] = await world.intents()
    assert last.params["link"] == "y"


async def test_a_persons_word_covers_what_the_person_was_told_of(world: World) -> None:
    world.site.money("900")
    world.site.will("payout", GONE)
    world.site.will("reconcile", *[MAYBE] * 99)

    async def prepare(intent: Intent) -> object:
        return MAYBE if intent.lost else {"balance": "900"}

    world.site.will("prepare", *[prepare] * 99)
    await world.open(config(PAY))
    await world.live(minutes=12)
    await world.say("resolve", id="1", again=True)
    await world.live(minutes=12)
    assert (len(world.site.performed), await world.states()) == (2, ["succeeded"])


@pytest.mark.parametrize("answer", [Refused("no money"), Later("busy")])
async def test_a_next_one_on_the_wire_is_the_last_when_the_first_had_happened(world: World, answer: Outcome) -> None:
    """The late yes is written while the next one is on the wire, and that one is refused, or put off."""

    async def second(_intent: Intent) -> Outcome:
        await late_yes(world, "55")
        return answer

    world.site.orders["1"] = "partial"
    world.site.will("add", GONE, second)
    await world.open(config(ADD))
    await world.track("1")
    await world.turn()
    await world.say("resolve", id="1")
    await world.live(hours=30, every_s=300)
    assert len(world.site.done("add")) == 2


@pytest.mark.parametrize("found", FOUND)
async def test_a_next_one_that_did_not_happen_is_not_done_again_when_the_first_had(
    world: World, found: Callable[[World, str], Awaitable[None]]
) -> None:
    await next_is_unknown(world)
    await found(world, "55")
    await world.say("resolve", id="2")
    await world.live(hours=3, every_s=300)
    assert len(world.site.done("add")) == 2


@pytest.mark.parametrize("guard", ["cooldown: 14d", "limit: {per: account, max: 1, every: 14d}"])
async def test_the_cooldown_of_a_first_that_had_happened_counts_for_what_was_planned_in_its_place(
    world: World, guard: str
) -> None:
    """It is done by now, so there is new money: the next one may take that, but not so soon."""
    world.site.money("900")
    world.site.will("payout", Lost("no answer"))
    world.site.will("reconcile", *[landed(world)] * 999)
    await world.open(config(f"{PAY[:-1]}, {guard}}}", accounts=account(more="settle: 10m")))
    await world.turn()
    await world.say("resolve", id="1")
    await world.say("retry", ids=["1"])
    await world.live(minutes=4)
    world.site.payouts["1"] = "waiting"
    await world.live(minutes=6)
    world.site.payouts["1"] = "done"
    world.site.money("300")
    await world.live(hours=5, every_s=300)
    assert len(world.site.performed) == 1
