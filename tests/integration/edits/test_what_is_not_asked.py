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


async def says_yes_to_all(world: World) -> None:
    for one in await world.say("actions"):
        if one["state"] == "awaiting_approval":
            await world.say("approve", ids=[str(one["id"])])
    await world.live(minutes=10)


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


@pytest.mark.parametrize("on", ["balance", "balance.passed_min_payout"])
@pytest.mark.parametrize("how", ["refused once", "asked about"])
async def test_however_often_it_is_edited(world: World, on: str, how: str) -> None:
    rule = (
        f'{{name: p, on: {on}, when: balance.amount >= %d, do: [{{add: {{link: "x"}}}}, {{payout: {{method: "7"}}}}]}}'
    )
    world.site.money("20")
    if how == "asked about":  # beside what waits there
        world.site.payouts["101"] = "waiting"
    await world.open(config(rule % 100, accounts=QUICK))
    await world.live(minutes=10)
    if how == "refused once":
        world.site.will("payout", Refused("try later"))
    world.site.money("400")
    await world.live(minutes=10)
    assert await world.states() == ["succeeded", "refused" if how == "refused once" else "awaiting_approval"]
    for least in (500, 120, 110, 150):
        await world.reload(config(rule % least, accounts=QUICK))
        await world.live(minutes=20)
    await world.live(hours=2)
    assert len(world.site.done("add")) == 1


@pytest.mark.parametrize("hold", ["", "for: 10m, "], ids=["at once", "for"])
@pytest.mark.parametrize("edit", ["when", "off and on"])
async def test_nor_by_a_rule_that_has_paid_before_under_a_name_that_another_rule_has_now(
    world: World, hold: str, edit: str
) -> None:
    rule = STATE.replace("name: p", "name: %s").replace(
        "when: balance.amount >= 100, %s", f"when: balance.amount >= %d, %s{hold}"
    )
    tells = '\n{name: p, on: balance, when: balance.amount >= 700, do: [{notify: {sink: ops, text: "much"}}]}'
    world.site.money("20")
    pays_late(world)
    await world.open(config(rule % ("p", 100, ""), accounts=QUICK))
    await world.live(minutes=5)
    world.site.money("400")
    await world.live(minutes=20)
    world.site.payouts["1"] = "done"
    world.site.money("20" if not hold else "600")
    await world.live(minutes=5)
    await world.reload(config(rule % ("big, was: p", 100, ""), accounts=QUICK))
    await world.live(minutes=5)
    await world.reload(config(rule % ("big", 100, "") + tells, accounts=QUICK))
    world.site.will("prepare", *[Unreachable("HTTP 503")] * 900)
    await world.live(minutes=40)
    world.site.money("600")
    await world.live(minutes=20)
    assert (left(world), (await world.states())[-1]) == (["400"], "ready")
    world.environ["WALLET"] = "T-wallet-slip"
    await world.reload(config(rule % ("big", 100, "") + tells, accounts=QUICK))
    world.site.next["prepare"].clear()
    await world.live(minutes=30)
    world.site.money("700")
    await world.live(minutes=30)
    if edit == "off and on":
        await world.reload(config(rule % ("big", 100, OFF) + tells, accounts=QUICK))
        await world.live(minutes=5)
    await world.reload(config(rule % ("big", 150 if edit == "when" else 100, "") + tells, accounts=QUICK))
    await world.live(hours=5, every_s=120)
    assert left(world) == ["400"]


@RULES
@pytest.mark.parametrize("edit", ["when", "off and on"])
async def test_what_is_refused_for_ever_is_not_asked_for(world: World, rule: str, edit: str) -> None:
    world.site.money("20")
    await world.open(config(rule % "", accounts=QUICK))
    await world.live(minutes=10)
    world.site.will("payout", Refused("this wallet is closed", never=True))
    world.site.money("400")
    await world.live(minutes=10)
    assert await world.states() == ["refused"]
    if edit == "off and on":
        await world.reload(config(rule % OFF, accounts=QUICK))
        await world.live(minutes=5)
    await world.reload(config((edited(rule) if edit == "when" else rule) % "", accounts=QUICK))
    await world.live(hours=50, every_s=600)
    assert len(world.site.performed) == 1


@pytest.mark.parametrize("on", ["balance", "balance.passed_min_payout"])
async def test_what_is_refused_for_ever_is_not_asked_for_by_a_copy(world: World, on: str) -> None:
    rule = f'{{name: %s, on: {on}, %sdo: [{{payout: {{method: "7"}}}}], when: balance.amount >= 100}}'
    world.site.money("20")
    await world.open(config(rule % ("p", ""), accounts=QUICK))
    await world.live(minutes=10)
    world.site.will("payout", Refused("this wallet is closed", never=True))
    world.site.money("400")
    await world.live(minutes=10)
    await world.reload(config(rule % ("p", OFF), accounts=QUICK))
    await world.live(minutes=5)
    await world.reload(config(rule % ("p", OFF) + "\n" + rule % ("q", ""), accounts=QUICK))
    await world.live(hours=30, every_s=300)
    assert len(world.site.performed) == 1


@pytest.mark.parametrize("turned", ["[payout, add]", "[add y, add, payout]", "[add]", "the same"])
async def test_a_rest_that_waits_is_asked_for_by_no_other_actions(world: World, turned: str) -> None:
    """Of `do: [add, payout]` what is left of the balance after the payout begins at the payout."""
    add, other, pay = '{add: {link: "x"}}', '{add: {link: "y"}}', '{payout: {method: "7"}}'
    does = {
        "[payout, add]": (pay, add),
        "[add y, add, payout]": (other, add, pay),
        "[add]": (add,),
        "the same": (add, pay),
    }[turned]
    rule = "{name: p, on: balance, when: balance.amount >= %d, approve: {within: 24h}, do: [%s]}"
    pays_late(world)
    world.site.money("20")
    await world.open(config(rule % (100, f"{add}, {pay}"), accounts=QUICK))
    await world.live(minutes=10)
    world.site.money("400")
    await world.live(minutes=10)
    await says_yes_to_all(world)
    await says_yes_to_all(world)
    assert [one.action for one in world.site.performed] == ["add", "payout"]
    world.site.payouts["2"] = "done"
    world.site.money("500")
    await world.live(minutes=40)
    assert (await world.states())[-1] == "awaiting_approval"
    await world.reload(config(rule % (120, ", ".join(does)), accounts=QUICK))
    await world.live(hours=2)
    asked = (await world.states())[-1]
    await says_yes_to_all(world)
    await says_yes_to_all(world)
    assert len(world.site.done("add")) == 1
    assert (asked, left(world)[-1]) == (("awaiting_approval", "500") if turned == "the same" else ("lapsed", "400"))
