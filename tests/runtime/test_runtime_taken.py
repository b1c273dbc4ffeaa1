"""What takes the whole balance keeps it busy, until there is less of it, or what was made is over."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from kit import World
from runtime_config import config

from bursar.api import CostFacts, Happened, Lost, Succeeded

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
    await world.live(minutes=12)
    assert left(world) == ["600", "70"]


async def test_it_ends_where_nothing_is_left(world: World) -> None:
    await requested(world)
    world.site.payouts = {"41": "done"}
    world.site.money("0")
    await world.live(minutes=12)
    assert (left(world), await world.matches()) == (["600"], [])


async def test_it_goes_on_once_there_is_less_than_was_taken(world: World) -> None:
    await requested(world)
    world.site.money("80")
    await world.live(minutes=12)
    assert left(world) == ["600", "80"]


async def test_a_payout_of_which_nothing_shows_is_told_after_a_day_and_blocks_nothing_for_ever(world: World) -> None:
    await requested(world)
    await world.live(hours=5, every_s=600)
    assert (await world.told("action.unconfirmed"), left(world)) == (["action.unconfirmed"], ["600", "600"])


async def test_a_payout_that_is_found_after_the_balance_fell_keeps_nothing_busy(world: World) -> None:
    world.site.money("600")
    world.site.will("payout", Lost("no answer"))
    await world.open(config(TWO))
    await world.turn()
    world.site.money("80")
    await world.live(minutes=4)
    world.site.will("reconcile", Happened(Succeeded("41")))
    await world.live(minutes=12)
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
