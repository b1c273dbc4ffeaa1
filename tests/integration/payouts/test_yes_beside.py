"""A yes beside what waits at the provider is to just that, for so much, from this balance to this wallet; and it is asked
for as soon as it is seen to wait."""

from __future__ import annotations

from decimal import Decimal

import pytest

from bursar.api import CannotTell, Intent, Lost, Observation, Observed, SubjectRef, Succeeded
from bursar.api.provider import PollRequest
from support.config import account, config
from support.scenarios.payouts import left, pays_late
from support.world import World, with_function

PAY = '{name: p, on: balance.passed_min_payout, do: [{payout: {method: "7"}}]}'
QUICK = account(more="settle: 1m")


def pays_at_once(world: World) -> None:
    """The site debits at once, and lists what it did as done."""

    async def pays(_intent: Intent) -> Succeeded:
        number = str(len(world.site.performed))
        world.site.payouts[number] = "done"
        world.site.money("0")
        return Succeeded(number)

    world.site.will("payout", *[pays] * 9)


async def asked_beside(world: World, waits: str = "101", rule: str = PAY) -> None:
    """Have a payout of 400 asked about beside something that waits."""
    world.site.payouts = {waits: "waiting"}
    world.site.money("400")
    await world.open(config(rule, accounts=QUICK))
    await world.live(minutes=12)
    assert await world.states() == ["awaiting_approval"]


async def test_a_number_that_is_given_again_is_another_one(world: World) -> None:
    """Yes beside 101, and 101 is over. The site is set up anew, counts from 1, and a person's own payout 101 waits."""
    pays_at_once(world)
    await asked_beside(world)
    await world.say("approve", ids=["1"])
    await world.live(minutes=12)
    world.site.payouts["101"] = "done"
    await world.live(days=2, every_s=1800)
    world.site.payouts["101"] = "waiting"
    world.site.money("350")
    await world.live(hours=2, every_s=300)
    assert (left(world), (await world.states())[-1]) == (["400"], "awaiting_approval")


@pytest.mark.parametrize("grown", [True, False])
async def test_once_more_beside_a_suspect_is_for_what_was_lost(world: World, grown: bool) -> None:
    """A payout of 400 is lost; 101 is new, and may be it; a person says that it did not happen: once more."""

    async def lost(_intent: Intent) -> Lost:
        world.site.payouts["101"] = "waiting"
        return Lost("reset")

    world.site.will("payout", lost)
    world.site.will("reconcile", *[CannotTell("101 may be it", "101")] * 50)
    world.site.money("400")
    await world.open(config(PAY, accounts=QUICK))
    await world.live(minutes=10)
    world.site.money("5000" if grown else "400")
    await world.live(minutes=10)
    await world.say("resolve", id="1", did_not=True, again=True)
    await world.live(minutes=30)
    assert left(world) == (["400"] if grown else ["400", "400"])


async def test_a_yes_for_one_balance_is_none_for_another(world: World) -> None:
    """101 waits, and is b's: that it is not a's money a person has said."""
    money = {"a": "400", "b": "20"}

    async def info(_look: object) -> Observation:
        least = {"min_payout": Decimal(50), "currency": "USD"}
        seen = [Observed(SubjectRef("balance", one), {"amount": Decimal(has), **least}) for one, has in money.items()]
        return Observation("info", tuple(seen))

    async def prepare(intent: Intent) -> object:
        waiting = [one for one, state in world.site.payouts.items() if state == "waiting"]
        return {"known": [*world.site.payouts], "waiting": waiting, "balance": money[intent.subject.id]}

    async def pays(intent: Intent) -> Succeeded:
        number = str(len(world.site.performed))
        world.site.payouts[number] = "done"
        money[intent.subject.id] = "0"
        return Succeeded(number)

    world.site.will("info", *[info] * 999)
    world.site.will("prepare", *[prepare] * 999)
    world.site.will("payout", *[pays] * 9)
    world.site.payouts = {"101": "waiting"}
    await world.open(config(PAY, accounts=QUICK))
    with_function(world, subject_id=None)
    await world.live(minutes=12)
    await world.say("approve", ids=["1"])
    await world.live(minutes=12)
    money["b"] = "350"
    await world.live(minutes=30)
    assert [(one.subject.id, str(one.cost)) for one in world.site.performed] == [("a", "400")]


@pytest.mark.parametrize("how", ["another wallet", "the same"])
async def test_a_yes_is_to_the_wallet_that_was_shown(world: World, how: str) -> None:
    """Yes while everything is paused; the wallet is edited; what is asked for then goes to another one."""
    pays_at_once(world)
    rule = "{name: p, on: balance.passed_min_payout, do: [{payout: {method: '7', account: A1}}]}"
    await asked_beside(world, rule=rule)
    await world.say("pause")
    await world.say("approve", ids=["1"])
    if how == "another wallet":
        await world.reload(config(rule.replace("A1", "B2"), accounts=QUICK))
    await world.say("resume")
    await world.live(hours=2, every_s=300)
    if how == "another wallet" and "awaiting_approval" not in await world.states():
        await world.say("retry", ids=["1"])
        await world.live(hours=2, every_s=300)
    assert left(world) == ([] if how == "another wallet" else ["400"])
    assert (await world.states())[-1] == ("awaiting_approval" if how == "another wallet" else "succeeded")


async def test_what_left_the_list_is_asked_about_once_and_not_at_each_greater_amount(world: World) -> None:
    """102 is a person's own; the site takes what is over off its list, and nothing ever shows its end."""
    pays_at_once(world)
    await asked_beside(world, "102")
    world.site.payouts.clear()
    await world.say("approve", ids=["1"])
    await world.live(hours=1, every_s=300)
    for month in range(1, 4):
        world.site.money(str(400 + 100 * month))
        await world.live(hours=2, every_s=300)
        for intent in await world.intents():
            if month == 1 and str(intent.state) == "awaiting_approval":
                assert "102 was listed as waiting, and no list has shown its end" in intent.reason
                await world.say("approve", ids=[intent.shown_id])
        await world.live(days=3, every_s=1800)
    assert left(world) == ["400", "500", "600", "700"]


@pytest.mark.parametrize("above", ["", ", approve: {above: 100, within: 12h}"])
async def test_the_first_question_names_what_polls_have_shown_to_wait(world: World, above: str) -> None:
    """Also after a person's no, and above the amount that the rule asks about: one who sees only that would say yes."""
    pays_at_once(world)
    world.site.money("90")
    rule = PAY.replace("}]}", "}]" + above + ", cooldown: 1h}")
    await world.open(config(rule, accounts=account(more="settle: 1m, poll: {payouts: 1m}")))
    await world.live(minutes=12)
    assert left(world) == ["90"]
    world.site.payouts["5004"] = "waiting"
    await world.live(minutes=3)
    world.site.money("150")
    await world.live(hours=1, every_s=60)
    for _ in range(2):
        asked = (await world.intents())[-1]
        assert (str(asked.state), "payout 5004 " in asked.reason) == ("awaiting_approval", True)
        await world.say("deny", ids=[asked.shown_id])
        await world.live(hours=2, every_s=300)


async def test_a_question_says_what_a_yes_does_and_how_much_waits(world: World) -> None:
    pays_late(world)
    await asked_beside(world)
    [intent] = await world.intents()
    assert "payout 101" in intent.reason
    assert intent.reason.endswith("if it is the same money, deny; a yes pays beside it")
    [said] = await world.say("approve", ids=[intent.shown_id])
    assert said["warning"] == (
        "it leaves beside this: payout 101 waits there, and this journal does not know what it took"
    )


async def test_a_yes_says_what_it_waits_for(world: World) -> None:
    pays_at_once(world)
    await asked_beside(world)
    await world.say("pause")
    [said] = await world.say("approve", ids=["1"])
    assert "it waits, for an hour at most: everything is paused" in said["warning"]


@pytest.mark.parametrize("slip", [True, False], ids=["one poll", "until put back"])
async def test_ours_that_was_shown_as_done_and_waits_again_is_asked_about(world: World, slip: bool) -> None:
    """The site debits what is done. One poll, or an administrator by a slip, has ours as done while it waits."""
    pays_late(world)
    world.site.money("400")
    rule = PAY.replace("}]}", "}], cooldown: 1h}")
    await world.open(config(rule, accounts=account(more="settle: 1m, poll: {payouts: 1m}")))
    await world.live(minutes=12)
    world.site.payouts["1"] = "done"
    await world.live(minutes=1 if slip else 20, every_s=30)
    world.site.payouts["1"] = "waiting"
    await world.live(minutes=5)
    world.site.money("20")
    await world.live(minutes=12)
    world.site.money("400")
    await world.live(hours=3, every_s=300)
    assert (left(world), (await world.states())[-1]) == (["400"], "awaiting_approval")


@pytest.mark.parametrize("how", ["debits_at_once", "resolve"])
async def test_what_a_person_has_settled_ends_the_question(world: World, how: str) -> None:
    """Nothing changes at the provider meanwhile."""
    world.site.money("400")
    if how == "resolve":
        world.site.will("payout", Succeeded("1"))
        await world.open(config(PAY, accounts=QUICK))
        await world.live(hours=30, every_s=1800)
        await world.say("resolve", id="1", happened=True)
    else:
        await asked_beside(world)
        await world.reload(config(PAY, accounts=account(more="settle: 1m, debits_at_once: true")))
    pays_at_once(world)
    await world.live(hours=1, every_s=300)
    assert left(world)[-1:] == ["400"]
    assert (await world.states())[-1] == "succeeded"


async def test_one_list_that_leaves_a_row_out_makes_no_yes_to_so_much_one_to_any_sum(world: World) -> None:
    pays_at_once(world)
    await asked_beside(world)
    await world.say("approve", ids=["1"])
    await world.live(minutes=12)
    assert left(world) == ["400"]
    world.site.will("prepare", *[{"known": ["1"], "waiting": [], "balance": "5000"}] * 2)
    world.site.money("5000")
    await world.live(hours=1, every_s=300)
    assert (left(world), (await world.states())[-1]) == (["400"], "awaiting_approval")


async def test_what_the_list_shows_before_a_poll_does_is_asked_about_once(world: World) -> None:
    pays_at_once(world)
    world.site.money("20")
    await world.open(config(PAY, accounts=account(more="settle: 1m, poll: {info: 1m, payouts: 1h}")))
    await world.live(minutes=70)
    world.site.payouts = {"101": "waiting"}
    world.site.money("400")
    await world.live(minutes=5)
    assert await world.states() == ["awaiting_approval"]
    await world.live(hours=2)
    await world.say("approve", ids=["1"])
    await world.live(minutes=10)
    assert left(world) == ["400"]


async def test_a_no_takes_back_an_older_yes_beside_the_same(world: World) -> None:
    pays_at_once(world)
    await asked_beside(world, rule=PAY.replace("}]}", "}], cooldown: 1h}"))
    await world.say("approve", ids=["1"])
    await world.live(minutes=12)
    world.site.money("450")
    await world.live(hours=2, every_s=300)
    await world.say("deny", ids=[(await world.intents())[-1].shown_id])
    world.site.money("20")
    await world.live(minutes=12)
    world.site.money("380")
    await world.live(hours=3, every_s=300)
    assert left(world) == ["400"]


@pytest.mark.parametrize("short", [True, False], ids=["always", "once more, days later"])
async def test_a_list_that_leaves_out_what_polls_show_makes_no_yes_one_to_any_sum(world: World, short: bool) -> None:
    """101 waits by every poll; the list that is read just before sending is a page."""
    pays_at_once(world)
    world.site.payouts = {"101": "waiting"}
    world.site.money("400")

    async def page(_intent: Intent) -> dict[str, object]:
        return {"known": [], "waiting": [], "balance": str(world.site.balance["amount"])}

    world.site.will("prepare", *[page] * (200 if short else 1))
    await world.open(config(PAY, accounts=QUICK))
    for _ in range(2):
        await world.live(minutes=12)
        for one in await world.intents():
            if str(one.state) == "awaiting_approval":
                await world.say("approve", ids=[one.shown_id])
    await world.live(minutes=12)
    assert left(world) == ["400"]
    if not short:
        await world.live(days=2, every_s=1800)
        world.site.will("prepare", page)
    world.site.money("5000")
    await world.live(hours=1, every_s=60)
    assert left(world) == ["400"]


async def test_a_page_of_a_list_of_payouts_leaves_nothing_out(world: World) -> None:
    """101 stands on the first of two pages; the list that is read just before sending is the second."""
    pays_at_once(world)
    world.site.money("400")

    async def pages(look: PollRequest) -> Observation:
        first, over = look.cursor != 1, Observed(SubjectRef("payout", "7"), {}, "done")
        waits = Observed(SubjectRef("payout", "101"), {}, "waiting")
        return Observation("payouts", (waits if first else over,), more=first, cursor=1 if first else 0)

    async def page(_intent: Intent) -> dict[str, object]:
        return {"known": [], "waiting": [], "balance": str(world.site.balance["amount"])}

    world.site.will("payouts", *[pages] * 5000)
    world.site.will("prepare", *[page] * 5000)
    await world.open(config(PAY, accounts=QUICK))
    for _ in range(2):
        await world.live(minutes=12)
        for one in await world.intents():
            if str(one.state) == "awaiting_approval":
                await world.say("approve", ids=[one.shown_id])
    await world.live(minutes=12)
    assert left(world) == ["400"]
    world.site.money("5000")
    await world.live(hours=1, every_s=60)
    assert (left(world), (await world.states())[-1]) == (["400"], "awaiting_approval")


async def test_what_has_left_all_lists_is_asked_about_once_where_nothing_is_read_before_sending(world: World) -> None:
    pays_at_once(world)
    world.site.payouts = {"102": "waiting"}
    world.site.money("400")
    world.site.will("prepare", *[None] * 500)
    await world.open(config(PAY, accounts=QUICK))
    await world.live(minutes=12)
    world.site.payouts.clear()
    asked = 0
    for n in range(1, 6):
        await world.live(hours=2, every_s=300)
        for one in await world.intents():
            if str(one.state) == "awaiting_approval":
                asked += 1
                await world.say("approve", ids=[one.shown_id])
        await world.live(hours=1, every_s=300)
        world.site.money(str(400 + 100 * n))
    assert (asked <= 2, len(left(world)) > 2) == (True, True)
