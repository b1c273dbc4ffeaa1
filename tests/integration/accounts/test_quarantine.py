"""What is seen at another site while an account is in quarantine is not ours: it is written nowhere, and settles nothing.

Each time a url slips for a while, and is put back.
"""

from __future__ import annotations

import asyncio

import pytest

from bursar.api import Observation, Observed, SubjectRef, Succeeded
from bursar.cli.check import _notes
from bursar.settings.read import read_configuration
from support.config import account, config
from support.scenarios.lost import GONE
from support.toy import Site
from support.world import World

PAY = '{name: p, on: balance.passed_min_payout, do: [{payout: {method: "7"}}]'
ORDER_AGAIN = "{name: r, on: order.completed, do: [{add: {link: x}}]}"


def other(world: World) -> Site:
    return world.sites.sites["http://127.0.0.1:2/api"]


async def slips(world: World, rules: str, **passed: float) -> None:
    """The account's url is that of another site for so long, and its own again."""
    await world.reload(config(rules, accounts=account(port=2)))
    assert await world.state() == "quarantined"
    await world.live(**passed)
    await world.reload(config(rules))
    await world.live(minutes=30)


@pytest.mark.parametrize("cooldown", ["}", ", cooldown: 10m}"])
async def test_a_balance_at_another_site_does_not_show_that_a_payout_was_taken(world: World, cooldown: str) -> None:
    """The site debits when a payout is done; at the other one the balance is 0."""
    world.site.money("400")
    world.site.will("payout", Succeeded("101"))
    await world.open(config(PAY + cooldown))
    await world.turn()
    world.site.payouts["101"] = "waiting"
    await world.live(minutes=10)
    other(world).money("0")
    await slips(world, PAY + cooldown, minutes=30)
    await world.live(hours=5, every_s=300)
    assert len(world.site.performed) == 1


async def test_two_accounts_that_are_mixed_up_for_a_while_settle_nothing_of_each_other(world: World) -> None:
    both = f"{account()}, {account('second', 2, key='OTHER')}"
    mixed = f"{account(port=2, key='OTHER')}, {account('second', 1)}"
    world.site.money("400")
    other(world).money("0")
    world.site.will("payout", Succeeded("101"))
    await world.open(config(PAY + "}", accounts=both))
    await world.turn()
    world.site.payouts["101"] = "waiting"
    await world.live(minutes=10)
    await world.reload(config(PAY + "}", accounts=mixed))
    await world.live(minutes=30)
    await world.reload(config(PAY + "}", accounts=both))
    await world.live(hours=5, every_s=300)
    assert (len(world.site.performed), len(other(world).performed)) == (1, 0)


async def test_an_order_of_another_panel_and_the_own_one_that_comes_back_are_no_change(world: World) -> None:
    world.site.orders["501"] = "in_progress"
    other(world).orders["501"] = "in_progress"
    await world.open(config(ORDER_AGAIN))
    await world.track("501")
    await world.live(minutes=3)
    world.site.orders["501"] = "completed"
    await world.live(minutes=20)
    assert len(world.site.done("add")) == 1
    await slips(world, ORDER_AGAIN, minutes=30)
    assert len(world.site.done("add")) == 1
    assert await world.told("order.completed") == ["order.completed"]


async def test_an_order_of_another_panel_does_not_say_what_became_of_a_lost_request(world: World) -> None:
    rule = "{name: c, on: order.partial, do: [cancel]}"
    world.site.orders["501"] = "in_progress"
    other(world).orders["501"] = "canceled"
    world.site.will("cancel", *[GONE] * 99)
    await world.open(config(rule))
    await world.track("501")
    await world.live(minutes=3)
    world.site.orders["501"] = "partial"
    await world.live(minutes=3)
    assert await world.states() == ["unknown"]
    await slips(world, rule, minutes=10)
    assert (await world.told("action.succeeded"), await world.told("order.canceled")) == ([], [])


async def test_a_payout_of_another_site_undoes_none_here(world: World) -> None:
    world.site.money("400")
    world.site.will("payout", Succeeded("101"))
    await world.open(config(PAY + "}"))
    await world.turn()
    world.site.payouts["101"] = "waiting"
    await world.live(minutes=10)
    other(world).money("400")
    other(world).payouts["101"] = "canceled"
    await slips(world, PAY + "}", minutes=30)
    assert await world.told("action.undone") == []


async def test_what_changed_meanwhile_is_seen_once_the_account_is_its_own_again(world: World) -> None:
    world.site.orders["501"] = "in_progress"
    other(world).orders["501"] = "completed"
    await world.open(config(ORDER_AGAIN))
    await world.track("501")
    await world.live(minutes=3)
    await world.reload(config(ORDER_AGAIN, accounts=account(port=2)))
    await world.live(minutes=20)
    world.site.orders["501"] = "completed"
    await world.reload(config(ORDER_AGAIN))
    await world.live(minutes=20)
    assert len(world.site.done("add")) == 1


async def test_pages_of_another_site_are_not_turned_without_end(world: World) -> None:
    world.site.orders["501"] = "in_progress"
    await world.open(config(ORDER_AGAIN))
    await world.track("501")
    await world.live(minutes=3)
    seen = (Observed(SubjectRef("payout", "9"), {}, "waiting"),)
    other(world).will("payouts", *[Observation("payouts", seen, complete=False, cursor="1", more=True)] * 999)
    await world.reload(config(ORDER_AGAIN, accounts=account(port=2)))
    await world.live(minutes=30)
    assert len(other(world).next["payouts"]) > 900


async def test_the_reason_says_what_to_do_by_name(world: World) -> None:
    world.site.orders["501"] = "in_progress"
    await world.open(config(ORDER_AGAIN))
    await world.track("501")
    await world.live(minutes=3)
    await world.reload(config(ORDER_AGAIN, accounts=account(port=2)))
    [row] = await world.say("accounts")
    assert row["reason"] == (
        "its url or key is another: nothing is done there until `bursar accounts confirm panel` (it is the same), "
        "or `replace panel` (it is another one), or they are as before"
    )


@pytest.mark.parametrize("key", ["{env: KEY}", "{credential: panel}"])
async def test_a_key_that_was_not_read_is_not_said_to_be_another(world: World, key: str) -> None:
    """`check --without-secrets`, and a credential that only the unit can read."""
    world.site.orders["501"] = "in_progress"
    await world.open(config(ORDER_AGAIN))
    await world.track("501")
    await world.live(minutes=3)
    path = world.folder / "other.yaml"
    path.write_text(config(ORDER_AGAIN).replace("{env: KEY}", key), encoding="utf-8")
    registry, without = world.sites.registry(), key == "{env: KEY}"
    read = read_configuration([path], registry, environ={}, without_secrets=without, unit_only_is_warning=True)
    notes = await asyncio.to_thread(_notes, read)
    assert [one.message for one in notes if "is another" in one.message] == []
