"""What becomes of a question that waits for a person while the world goes on."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from bursar.api import CostFacts, Unreachable
from support.config import account, config
from support.world import World

PAY = '{name: p, on: balance.passed_min_payout, do: [{payout: {method: "7"}}], approve: {above: 1, within: 12h}}'
REFILL = "{name: r, on: order.partial, do: [refill], approve: {within: 12h}}"
LOW = '{name: c, on: order, when: order.state == "in_progress", for: 1h, do: [cancel], approve: {within: 12h}}'


async def asked(world: World, rules: str = PAY) -> None:
    """Have a payout wait for a person."""
    world.site.money("275.31")
    await world.open(config(rules))
    await world.turn()
    assert await world.states() == ["awaiting_approval"]


async def test_a_question_ends_with_the_balance_that_it_is_about(world: World) -> None:
    await asked(world)
    world.site.money("0")
    await world.live(minutes=12)
    (intent,) = await world.intents()
    assert (intent.state, "no longer true" in intent.reason) == ("lapsed", True)
    assert await world.told("action.*") == ["action.lapsed"]


async def test_what_comes_in_after_a_question_ended_is_asked_about_anew(world: World) -> None:
    await asked(world)
    world.site.money("0")
    await world.live(minutes=12)
    world.site.money("300")
    await world.live(minutes=12)
    assert (await world.states(), len(await world.told("approval.wanted"))) == (["lapsed", "awaiting_approval"], 2)


async def test_a_question_goes_on_while_what_it_is_about_goes_on(world: World) -> None:
    await asked(world)
    for amount in ("280", "200", "60"):
        world.site.money(amount)
        await world.live(minutes=12)
    assert (await world.states(), len(await world.told("approval.wanted"))) == (["awaiting_approval"], 1)


async def test_a_failing_poll_ends_no_question(world: World) -> None:
    await asked(world)
    world.site.will("info", *[Unreachable("502")] * 3)
    world.site.money("0")
    await world.live(minutes=2)
    assert await world.states() == ["awaiting_approval"]


async def test_a_question_about_an_order_ends_when_the_order_moves_on(world: World) -> None:
    world.site.orders["1"] = "partial"
    await world.open(config(REFILL))
    await world.track("1")
    await world.live(minutes=12)
    assert await world.states() == ["awaiting_approval"]
    world.site.orders["1"] = "completed"
    await world.live(minutes=12)
    assert await world.states() == ["lapsed"]


async def test_a_question_of_a_state_rule_ends_with_its_state(world: World) -> None:
    world.site.orders["1"] = "in_progress"
    await world.open(config(LOW))
    await world.track("1")
    await world.live(hours=2)
    assert await world.states() == ["awaiting_approval"]
    world.site.orders["1"] = "completed"
    await world.live(minutes=12)
    assert await world.states() == ["lapsed"]


async def test_a_question_about_one_account_is_not_ended_by_another(world: World) -> None:
    names = f"{account()}, {account('second', 2)}"
    world.site.money("275.31")
    await world.open(config(PAY, accounts=names))
    await world.turn()
    world.sites.sites["http://127.0.0.1:2/api"].money("0")
    await world.live(minutes=12)
    assert [one.state for one in await world.intents() if one.account == "panel"] == ["awaiting_approval"]


async def test_a_question_says_by_which_method_and_hides_where_to(world: World) -> None:
    world.site.money("275.31")
    rule = PAY.replace('method: "7"', 'method: "7", account: {env: WALLET}')
    await world.open(config(rule))
    await world.turn()
    [asked_about] = await world.events("approval.wanted")
    assert asked_about["data"]["params"] == {"method": "7", "account": "***"}


async def test_why_says_that_what_fired_waits_for_a_person(world: World) -> None:
    await asked(world)
    [row] = await world.say("why", rule="p")
    assert (row["match"]["state"], row["match"]["states"]) == ("fired", {"1": "awaiting_approval"})


async def test_a_question_outlasts_a_dip_below_what_only_its_rule_asks_for(world: World) -> None:
    """The event's own condition goes on: it would not come anew."""
    await world.open(config(PAY.replace("do:", "when: balance.amount >= 100, do:")))
    for amount in ("275.31", "95", "900"):
        world.site.money(amount)
        await world.live(minutes=12)
    assert await world.states() == ["awaiting_approval"]


async def test_a_plugins_function_that_fails_ends_no_question(world: World) -> None:
    await asked(world)
    spec, before = world.context.config.accounts[world.site_account], world.context.config

    def broken(_facts: CostFacts) -> Decimal:
        raise ValueError

    actions = {**spec.actions, "payout": replace(spec.actions["payout"], cost=broken)}
    world.context.config = replace(before, accounts={world.site_account: replace(spec, actions=actions)})
    world.site.money("290")
    await world.live(minutes=12)
    world.context.config = before
    assert await world.states() == ["awaiting_approval"]
