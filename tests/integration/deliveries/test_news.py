"""Deliveries: at least once, retried with stored back-off, dead-lettered; sinks do not harm each other. Retention."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bursar.api import DeliveryFailed
from bursar.journal import views
from support.config import config
from support.world import World

TELL = "{name: t, on: order.partial, do: [{notify: {sink: ops, text: hello}}]}"
FAILED = DeliveryFailed("503")


async def tell(world: World, rules: str = TELL, **more: str) -> None:
    """Have something told."""
    world.site.orders["1"] = "partial"
    await world.open(config(rules, **more))
    await world.track("1")
    await world.poll()


async def owed(world: World, column: str) -> list[object]:
    """Return something of every delivery."""
    rows = await world.read(lambda tx: views.deliveries(tx, None, None))
    return [row[column] for row in rows]


async def test_a_sink_gets_what_a_rule_sends_it(world: World) -> None:
    await tell(world)
    assert await world.texts() == ["hello"]


async def test_a_sink_gets_the_events_that_it_wants(world: World) -> None:
    await tell(world, "", events="order.partial")
    await world.deliver()
    assert [d.body["type"] for d in world.sites.boxes["ops"].deliveries] == ["bursar.order.partial"]


async def test_what_was_taken_is_delivered_once(world: World) -> None:
    await tell(world)
    await world.deliver()
    await world.restart(clean=False)
    await world.live(minutes=5)
    assert len(world.sites.boxes["ops"].tried) == 1


async def test_a_failed_delivery_is_tried_again(world: World) -> None:
    await tell(world)
    world.sites.boxes["ops"].failures.append(FAILED)
    await world.deliver()
    await world.wait(seconds=10)
    assert await world.texts() == ["hello"]


async def test_a_failed_delivery_is_not_tried_again_at_once(world: World) -> None:
    await tell(world)
    world.sites.boxes["ops"].failures.extend([FAILED] * 9)
    await world.deliver()
    await world.wait(seconds=2)
    await world.deliver()
    assert len(world.sites.boxes["ops"].tried) == 1


async def test_every_try_has_the_same_id(world: World) -> None:
    await tell(world)
    world.sites.boxes["ops"].failures.extend([FAILED] * 3)
    await world.live(minutes=5)
    assert len({d.id for d in world.sites.boxes["ops"].tried}) == 1


async def test_the_backoff_survives_a_restart(world: World) -> None:
    await tell(world)
    world.sites.boxes["ops"].failures.extend([FAILED] * 5)
    await world.live(minutes=2, every_s=5)
    tried = len(world.sites.boxes["ops"].tried)
    await world.restart(clean=False)
    await world.deliver()
    assert len(world.sites.boxes["ops"].tried) == tried


async def test_what_the_receiver_asks_for_is_obeyed(world: World) -> None:
    await tell(world)
    world.sites.boxes["ops"].failures.append(DeliveryFailed("429", retry_after=timedelta(hours=2)))
    await world.live(minutes=110)
    early = len(world.sites.boxes["ops"].tried)
    await world.live(minutes=12)
    assert (early, len(world.sites.boxes["ops"].tried)) == (1, 2)


async def test_a_delivery_that_always_fails_is_a_dead_letter(world: World) -> None:
    await tell(world)
    world.sites.boxes["ops"].failures.extend([FAILED] * 99)
    for _ in range(200):
        await world.wait(minutes=30)
        await world.deliver()
    assert (await owed(world, "state"), len(world.sites.boxes["ops"].tried)) == (["dead"], 15)


async def test_a_delivery_that_will_never_be_taken_is_a_dead_letter_at_once(world: World) -> None:
    await tell(world)
    world.sites.boxes["ops"].failures.append(DeliveryFailed("410", permanent=True))
    await world.deliver()
    assert await owed(world, "state") == ["dead"]


async def test_a_dead_letter_is_retried(world: World) -> None:
    await tell(world)
    world.sites.boxes["ops"].failures.append(DeliveryFailed("410", permanent=True))
    await world.deliver()
    await world.say("retry_deliveries", ids=await owed(world, "id"))
    await world.wait(minutes=1)
    assert await world.texts() == ["hello"]


@pytest.mark.parametrize("error", [ValueError("a bug"), DeliveryFailed("503"), RuntimeError("another")])
async def test_a_dead_sink_stops_no_other(world: World, error: Exception) -> None:
    rule = TELL.replace("do: [", "do: [{notify: {sink: dead, text: x}}, ")
    yaml = config(rule).replace("sinks:", "sinks:\n  dead: {type: box}")
    world.site.orders["1"] = "partial"
    world.sites.boxes["dead"].failures.extend([error] * 99)
    await world.open(yaml)
    await world.track("1")
    await world.live(minutes=5)
    assert len(world.sites.boxes["ops"].deliveries) == 1


async def test_one_message_that_is_never_taken_holds_up_the_others_for_a_while_only(world: World) -> None:
    await tell(world, "{name: t, on: order.partial, do: [{notify: {sink: ops, text: '{{ order.id }}'}}]}")
    world.site.orders["2"] = "partial"
    await world.track("2")
    await world.poll()
    box = world.sites.boxes["ops"]
    take = box.deliver

    async def picky(delivery: object) -> None:
        if delivery.body["data"]["id"] == "1":  # type: ignore[attr-defined]
            raise FAILED
        await take(delivery)  # type: ignore[arg-type]

    box.deliver = picky  # type: ignore[method-assign]
    await world.live(minutes=5)
    assert [d.body["data"]["id"] for d in box.deliveries] == ["2"]  # type: ignore[call-overload,index]


async def test_what_is_owed_to_a_sink_that_is_gone_is_a_dead_letter(world: World) -> None:
    await tell(world)
    await world.restart(config().replace("  ops:", "  other:"))
    assert await owed(world, "state") == ["dead"]


async def test_a_clean_stop_is_told_to_nobody(world: World) -> None:
    await world.open(config())
    await world.restart()
    assert await world.told("daemon.*") == []


async def test_an_unclean_stop_is_told_at_the_next_start(world: World) -> None:
    await world.open(config())
    await world.restart(clean=False)
    assert await world.told("daemon.*") == ["daemon.started"]


async def test_an_unclean_stop_is_told_once(world: World) -> None:
    await world.open(config())
    await world.restart(clean=False)
    await world.restart()
    await world.restart()
    assert await world.told("daemon.*") == ["daemon.started"]


async def test_the_first_start_is_told_to_nobody(world: World) -> None:
    await world.open(config())
    assert await world.told() == []


OLD = "retention: {events: 1h, matches: 1h, deliveries: 1h}"


async def test_retention_lets_go_of_old_events(world: World) -> None:
    await tell(world, settings=OLD)
    await world.turn()
    await world.live(hours=3, every_s=600)
    assert await world.told() == []


async def test_retention_keeps_what_is_owed(world: World) -> None:
    await tell(world, settings=OLD)
    world.sites.boxes["ops"].failures.extend([FAILED] * 99)
    await world.live(hours=3, every_s=600)
    assert await owed(world, "state") == ["due"]


async def test_retention_keeps_what_is_unknown(world: World) -> None:
    from bursar.api import Unreachable

    world.site.money("80")
    world.site.will("payout", Unreachable("lost"))
    await world.open(config('{name: p, on: balance.passed_min_payout, do: [{payout: {method: "7"}}]}', settings=OLD))
    await world.live(hours=5, every_s=600)
    rows = await world.read(lambda tx: tx.all("SELECT m.state FROM intents i JOIN matches m ON m.id = i.match_id"))
    assert (await world.states(), len(rows)) == (["unknown"], 1)


async def test_retention_keeps_what_is_held_back_with_its_event(world: World) -> None:
    await tell(world, "{name: e, on: order.partial, do: [{cancel: {why: '{{ event.type }}'}}]}", settings=OLD)
    await world.say("pause")
    world.site.orders["1"] = "in_progress"
    await world.live(minutes=12)
    world.site.orders["1"] = "partial"
    await world.live(hours=5, every_s=600)
    await world.say("resume")
    await world.live(minutes=15)
    assert world.site.performed[-1].params == {"why": "order.partial"}


async def test_retention_does_not_end_a_cooldown(world: World) -> None:
    await tell(world, TELL.replace("do:", "cooldown: 24h, do:"), settings=OLD)
    await world.live(hours=5, every_s=600)
    for state in ("in_progress", "partial"):
        world.site.orders["1"] = state
        await world.live(minutes=24, every_s=120)
    assert await world.texts() == ["hello"]


async def test_retention_does_not_end_a_limit(world: World) -> None:
    await tell(world, TELL.replace("do:", "limit: {per: order, max: 1, every: 24h}, do:"), settings=OLD)
    await world.live(hours=5, every_s=600)
    for state in ("in_progress", "partial"):
        world.site.orders["1"] = state
        await world.live(minutes=24, every_s=120)
    assert await world.texts() == ["hello"]


async def test_retention_does_not_end_a_hold(world: World) -> None:
    world.site.orders["1"] = "in_progress"
    rule = "{name: h, on: order, when: 'order.state == \"in_progress\"', for: 5h, do: [cancel]}"
    await world.open(config(rule, settings=OLD))
    await world.track("1")
    await world.live(hours=5, minutes=20, every_s=300)
    assert world.site.done("cancel") == ["1"]
