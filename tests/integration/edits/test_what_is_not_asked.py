"""What an edit of `when`, or a rule that is back, does not have asked for: what a person is to say, what was bought before
it, and where the rule was never."""

from __future__ import annotations

import pytest

from bursar.api import Refused, Unreachable
from support.config import account, config
from support.scenarios.payouts import left, pays_late
from support.world import World

STATE = '{name: p, on: balance, when: balance.amount >= 100, %sdo: [{payout: {method: "7", account: {env: WALLET}}}]}'
EVENT = STATE.replace("on: balance,", "on: balance.passed_min_payout,")
RULES = pytest.mark.parametrize("rule", [STATE, EVENT], ids=["state", "event"])
OFF = "mode: off, "
PANEL = "accounts: [panel], "
QUICK = account(more="settle: 5m, poll: {payouts: 1m, info: 1m}")
TWO = QUICK + ", " + account("second", port=2, key="OTHER", more="poll: {payouts: 1m, info: 1m}")


def edited(rule: str) -> str:
    return rule.replace(">= 100", ">= 150")


@RULES
@pytest.mark.parametrize("edit", ["when", "off and on"])
async def test_nothing_leaves_to_a_wallet_that_was_changed_meanwhile(world: World, rule: str, edit: str) -> None:
    """600 was decided for the wallet before; whether it is a slip, a person says."""
    world.site.money("20")
    pays_late(world)
    await world.open(config(rule % "", accounts=QUICK))
    await world.live(minutes=10)
    world.site.will("prepare", *[Unreachable("HTTP 503")] * 500)
    world.site.money("600")
    await world.live(minutes=5)
    assert await world.states() == ["ready"]
    world.environ["WALLET"] = "T-wallet-slip"
    await world.reload(config(rule % "", accounts=QUICK))
    world.site.next["prepare"].clear()
    await world.live(hours=2)
    assert await world.states() == ["lapsed"]
    if edit == "off and on":
        await world.reload(config(rule % OFF, accounts=QUICK))
        await world.live(minutes=5)
    await world.reload(config((edited(rule) if edit == "when" else rule) % "", accounts=QUICK))
    await world.live(hours=30, every_s=300)
    assert left(world) == []


async def test_nor_where_it_was_held_back_before_it_was_decided(world: World) -> None:
    """By a cooldown, so that its match is older than what was decided."""
    rule = STATE.replace("do:", "cooldown: 2h, do:")
    pays_late(world)
    world.site.money("400")
    await world.open(config(rule % "", accounts=QUICK))
    await world.live(minutes=10)
    world.site.payouts["1"] = "done"
    world.site.money("0")
    await world.live(minutes=30)
    world.site.money("600")
    await world.live(minutes=30)
    world.site.will("prepare", *[Unreachable("HTTP 503")] * 500)
    await world.live(hours=1, minutes=10)
    assert await world.states() == ["succeeded", "ready"]
    world.environ["WALLET"] = "T-wallet-slip"
    await world.reload(config(rule % "", accounts=QUICK))
    world.site.next["prepare"].clear()
    await world.live(minutes=10)
    await world.reload(config(edited(rule) % "", accounts=QUICK))
    await world.live(hours=30, every_s=300)
    assert left(world) == ["400"]


@pytest.mark.parametrize("on", ["balance", "balance.passed_min_payout"])
async def test_an_order_before_the_payout_is_not_bought_again(world: World, on: str) -> None:
    """The payout after it was refused once, and rests."""
    rule = (
        f'{{name: p, on: {on}, when: balance.amount >= 100, do: [{{add: {{link: "x"}}}}, {{payout: {{method: "7"}}}}]}}'
    )
    world.site.money("20")
    await world.open(config(rule, accounts=QUICK))
    await world.live(minutes=10)
    world.site.will("payout", Refused("try later"))
    world.site.money("400")
    await world.live(minutes=10)
    assert await world.states() == ["succeeded", "refused"]
    for text in (edited(rule), rule):
        await world.reload(config(text, accounts=QUICK))
        await world.live(hours=26, every_s=300)
    assert len(world.site.done("add")) == 1


@RULES
@pytest.mark.parametrize("how", ["with another `when`", "after it was off"])
async def test_an_account_that_it_is_for_since_now_is_not_asked_about(world: World, rule: str, how: str) -> None:
    """It begins there at the next time that the balance passes its minimum."""
    second = world.sites.sites["http://127.0.0.1:2/api"]
    world.site.money("20")
    second.money("20")
    await world.open(config(rule % PANEL, accounts=TWO))
    await world.live(minutes=10)
    second.money("400")
    await world.live(minutes=60)
    if how == "after it was off":
        await world.reload(config(rule % (OFF + PANEL), accounts=TWO))
        await world.live(minutes=5)
    await world.reload(config((rule if how == "after it was off" else edited(rule)) % "", accounts=TWO))
    await world.live(hours=2)
    assert second.performed == []
