"""After a restore, money asks a person until the restore is confirmed."""

from __future__ import annotations

import pytest

from bursar.api import Later, Refused
from support.config import account, config
from support.scenarios.backup import restored
from support.scenarios.payouts import DUE, PAYOUT, due_again, payout_due
from support.world import World

PAY = "{name: p, on: balance.passed_min_payout, do: [{payout: {method: '7'}}]}"


async def test_after_a_restore_money_asks_a_person_whatever_its_rule_says(world: World) -> None:
    await payout_due(world, "cooldown: 1h", amount="10")
    await restored(world)
    await due_again(world, "600")
    [wanted] = await world.events("approval.wanted")
    assert (await world.states(), world.site.performed) == (["awaiting_approval"], [])
    assert "the journal was restored, and knows nothing since" in wanted["data"]["reason"]
    assert "look there, deny it if it was; `bursar restore --confirm`, once all is settled" in wanted["data"]["reason"]


async def test_after_a_restore_what_a_person_says_yes_to_is_sent(world: World) -> None:
    await payout_due(world, "cooldown: 1h", amount="10")
    await restored(world)
    await due_again(world, "600")
    [asked] = await world.intents()
    await world.say("approve", ids=[asked.shown_id])
    await world.live(minutes=10)
    assert await world.states() == ["succeeded"]


async def test_after_a_restore_what_can_be_repeated_asks_nobody(world: World) -> None:
    await world.open(config("{name: r, on: order.partial, do: [refill]}"))
    await restored(world)
    world.site.orders["1"] = "partial"
    await world.track("1")
    await world.live(minutes=3)
    assert await world.states() == ["succeeded"]


@pytest.mark.parametrize(("verb", "then"), [("restore_confirm", "succeeded"), ("resume", "awaiting_approval")])
async def test_after_a_restore_only_its_confirmation_ends_the_asking(world: World, verb: str, then: str) -> None:
    await payout_due(world, "cooldown: 1h", amount="10")
    await restored(world)
    await world.say(verb)
    await due_again(world, "700")
    assert await world.states() == [then]


async def test_the_caution_after_a_restore_outlives_a_restart(world: World) -> None:
    await payout_due(world, "cooldown: 1h", amount="10")
    await restored(world)
    await world.restart(minutes=5)
    await due_again(world, "600")
    assert await world.states() == ["awaiting_approval"]


async def test_a_confirmed_restore_is_in_the_audit_trail_and_confirmed_once(world: World) -> None:
    await payout_due(world, "cooldown: 1h", amount="10")
    await restored(world)
    since = (await world.say("status"))["restored"]
    first, second = await world.say("restore_confirm"), await world.say("restore_confirm")
    noted = await world.read(lambda tx: tx.all("SELECT actor FROM audit WHERE what = 'restore.confirm'"))
    assert (first, second, len(noted)) == (
        {"restored": since, "unknown": [], "asked": []},
        {"restored": None, "unknown": [], "asked": []},
        2,
    )
    assert since is not None


@pytest.mark.parametrize("rule", ["approve: {above: 500, within: 12h}", "cooldown: 1h"])
async def test_after_a_restore_what_was_open_is_unknown_and_not_sent(world: World, rule: str) -> None:
    world.site.money("600")
    await world.open(config(f"{{name: pay, {DUE}, {PAYOUT}, {rule}}}"))
    await world.poll()
    await restored(world)
    await world.live(minutes=30)
    assert (await world.states(), world.site.performed, await world.told("action.unknown")) == (
        ["unknown"],
        [],
        ["action.unknown"],
    )


async def test_after_a_restore_what_was_deferred_is_unknown_and_not_sent(world: World) -> None:
    world.site.will("payout", Later("in a while"))
    await payout_due(world, "cooldown: 1h")
    await restored(world)
    await world.live(minutes=30)
    assert (await world.states(), len(world.site.performed)) == (["unknown"], 1)


async def test_of_what_was_open_in_a_restored_journal_a_person_says_what_became(world: World) -> None:
    await payout_due(world, "approve: {above: 500, within: 12h}")
    await restored(world)
    answer = await world.say("resolve", id="1", happened=True, reference="4711")
    [intent] = await world.intents()
    assert (answer["state"], intent.reference) == ("succeeded", "4711")


REORDER = "{name: again, on: order.canceled, do: [{add: {link: x}}], limit: {per: order, max: 1, every: 30d}}"
STANDS = '{name: again, on: order, when: order.state == "canceled", do: [{add: {link: x}}]}'


async def canceled_since(world: World, rule: str) -> str:
    """An order was canceled, and ordered anew, since the backup; the restored journal knows neither. Give what asks."""
    world.site.orders["1"] = "in_progress"
    await world.open(config(rule))
    await world.track("1")
    await world.live(minutes=5)
    world.site.orders["1"] = "canceled"
    await restored(world)
    await world.live(minutes=10)
    [asked] = await world.intents()
    assert (str(asked.state), "it may have been done after that" in asked.reason) == ("awaiting_approval", True)
    return asked.shown_id


@pytest.mark.parametrize("rule", [REORDER, STANDS], ids=["event", "state"])
async def test_what_no_list_shows_stays_asked_about_though_the_restore_was_confirmed(world: World, rule: str) -> None:
    asked = await canceled_since(world, rule)
    assert (await world.say("restore_confirm"))["asked"] == [asked]
    await world.live(hours=20, every_s=900)
    assert (world.site.done("add"), await world.states()) == ([], ["awaiting_approval"])
    await world.say("approve", ids=[asked])
    await world.live(minutes=10)
    assert len(world.site.done("add")) == 1


@pytest.mark.parametrize("rule", [REORDER, STANDS], ids=["event", "state"])
@pytest.mark.parametrize("first", ["deny", "restore_confirm"])
async def test_a_no_to_what_may_be_done_is_for_good(world: World, rule: str, first: str) -> None:
    asked = await canceled_since(world, rule)
    for verb in (first, "restore_confirm" if first == "deny" else "deny"):
        await world.say(verb, **({"ids": [asked]} if verb == "deny" else {}))
    await world.live(days=4, every_s=1800)
    assert (world.site.done("add"), await world.states()) == ([], ["denied"])


async def test_what_comes_about_after_the_restore_was_confirmed_asks_nobody(world: World) -> None:
    asked = await canceled_since(world, REORDER)
    await world.say("deny", ids=[asked])
    await world.say("restore_confirm")
    world.site.orders["2"] = "in_progress"
    await world.track("2")
    await world.live(minutes=10)
    world.site.orders["2"] = "canceled"
    await world.live(minutes=10)
    assert len(world.site.done("add")) == 1


async def test_silence_to_what_may_be_done_is_no_yes(world: World) -> None:
    asked = await canceled_since(world, REORDER)
    await world.say("restore_confirm")
    await world.live(days=4, every_s=1800)
    assert (asked, world.site.done("add"), (await world.states())[-1]) == ("1", [], "awaiting_approval")


async def test_no_yes_of_a_restored_journal_counts_for_another_payout_either(world: World) -> None:
    """A yes beside 101, of a payout that was refused and had ended; the journal is restored, and that is confirmed."""
    world.site.payouts = {"101": "waiting"}
    world.site.money("400")
    world.site.will("payout", Refused("not now"))
    await world.open(config(PAY, accounts=account(more="settle: 1m")))
    await world.live(minutes=12)
    await world.say("approve", ids=["1"])
    await world.live(minutes=5)
    assert await world.states() == ["refused"]
    await restored(world)
    await world.say("restore_confirm")
    await world.live(hours=30, every_s=900)
    assert (len(world.site.performed), (await world.states())[-1]) == (1, "awaiting_approval")


@pytest.mark.parametrize(
    "rule", [REORDER, STANDS, STANDS.replace(" do:", " for: 2h, do:")], ids=["event", "state", "for"]
)
@pytest.mark.parametrize("polled", [True, False])
async def test_what_has_changed_since_the_backup_is_asked_about_whenever_the_restore_was_confirmed(
    world: World, rule: str, polled: bool
) -> None:
    """Confirmed before the first poll, or before the hold of the rule is over."""
    world.site.orders["1"] = "in_progress"
    await world.open(config(rule))
    await world.track("1")
    await world.live(minutes=5)
    world.site.orders["1"] = "canceled"
    await restored(world)
    if polled:
        await world.live(minutes=10)
    await world.say("restore_confirm")
    await world.live(hours=6, every_s=300)
    assert (world.site.done("add"), await world.states()) == ([], ["awaiting_approval"])


@pytest.mark.parametrize("how", ["edited", "off and on"])
@pytest.mark.parametrize("denied", [True, False])
async def test_no_edit_of_its_rule_makes_what_may_be_done_news(world: World, how: str, denied: bool) -> None:
    asked = await canceled_since(world, STANDS)
    if denied:
        await world.say("deny", ids=[asked])
    await world.say("restore_confirm")
    await world.live(minutes=30)
    if how == "edited":
        await world.reload(config(STANDS.replace('"canceled"', '"canceled" and order.id != "77"')))
    else:
        await world.reload(config(STANDS.replace("name: again", "name: again, mode: 'off'")))
        await world.live(minutes=10)
        await world.reload(config(STANDS))
    await world.live(days=3, every_s=900)
    assert world.site.done("add") == []


async def test_what_changes_after_the_first_look_since_the_restore_asks_nobody(world: World) -> None:
    """Confirmed before it is canceled: the order was seen in progress since the restore."""
    world.site.orders["1"] = "in_progress"
    await world.open(config(REORDER))
    await world.track("1")
    await world.live(minutes=5)
    await restored(world)
    await world.live(minutes=10)
    await world.say("restore_confirm")
    world.site.orders["1"] = "canceled"
    await world.live(minutes=10)
    assert len(world.site.done("add")) == 1
