"""After a restore, money asks a person until the restore is confirmed."""

from __future__ import annotations

import pytest

from bursar.api import Later
from support.config import config
from support.scenarios.payouts import DUE, PAYOUT, due_again, payout_due
from support.world import World


async def restored(world: World) -> None:
    """Start again on a journal that is older than what was sent."""
    await world.close()
    sidecar = world.folder / "journal.db.fence"
    journal, sent = sidecar.read_text(encoding="utf-8").split()
    sidecar.write_text(f"{journal} {int(sent) + 1:020d}\n", encoding="utf-8")
    await world.open(world._path.read_text(encoding="utf-8"))


async def test_after_a_restore_money_asks_a_person_whatever_its_rule_says(world: World) -> None:
    await payout_due(world, "cooldown: 1h", amount="10")
    await restored(world)
    await due_again(world, "600")
    [wanted] = await world.events("approval.wanted")
    assert (await world.states(), world.site.performed) == (["awaiting_approval"], [])
    assert "the journal was restored, and knows nothing since" in wanted["data"]["reason"]
    assert "bursar restore --confirm" in wanted["data"]["reason"]


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
        {"restored": since, "unknown": []},
        {"restored": None, "unknown": []},
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
