"""What is finished and old is let go of; what is open, unknown or still counted stays, and the trail can still be checked."""

from __future__ import annotations

from datetime import timedelta

from bursar.api import Lost, Refused
from bursar.domain.ids import IntentId
from bursar.domain.timeline import Measured
from bursar.journal import audit, ledger, retention
from support.config import config
from support.world import World

SHORT = "retention: {events: 1h, matches: 1h, deliveries: 1h}"
DAY_S = 24 * 3600
PAY = "name: pay, on: balance.passed_min_payout, do: [{payout: {method: '7'}}]"


async def counts(world: World, *tables: str) -> list[int]:
    return [await world.read(lambda tx, t=table: tx.all(f"SELECT count(*) FROM {t}")[0][0]) for table in tables]


async def test_old_events_matches_and_deliveries_go(world: World) -> None:
    world.site.orders["1"] = "partial"
    rule = "{name: tell, on: order.partial, do: [{notify: {sink: ops, text: x}}]}"
    await world.open(config(rule, settings=SHORT, events="'order.*'"))
    await world.track("1")
    await world.turn()
    there = await counts(world, "events", "matches", "deliveries")
    await world.live(days=2, every_s=3600)
    assert (min(there) > 0, await counts(world, "events", "matches", "deliveries")) == (True, [0, 0, 0])


async def test_an_ended_action_goes_and_an_unknown_one_stays(world: World) -> None:
    world.site.orders.update({"1": "partial", "2": "partial"})
    world.site.will("add", Lost("no reply"))
    rules = """{name: r, on: order.partial, when: order.id == "1", do: [refill]}
    {name: a, on: order.partial, when: order.id == "2", do: [{add: {link: x}}]}"""
    await world.open(config(rules, settings=SHORT))
    await world.track("1", "2")
    await world.turn()
    world.site.orders["1"] = "completed"
    await world.live(days=3, every_s=3600)
    assert [(i.action, str(i.state)) for i in await world.intents()] == [("add", "unknown")]


async def test_a_cooldown_outlives_a_shorter_retention(world: World) -> None:
    world.site.money("100")
    rule = "{name: pay, on: balance.passed_min_payout, do: [{payout: {method: '7'}}], cooldown: 5d}"
    await world.open(config(rule, settings=SHORT))
    await world.turn()
    world.site.money("10")
    await world.live(days=2, every_s=3600)
    world.site.money("100")
    await world.live(days=1, every_s=3600)
    assert len(world.site.done("payout")) == 1


async def test_a_budget_outlives_a_shorter_retention(world: World) -> None:
    world.site.money("100")
    await world.open(config(f"{{{PAY}, budget: {{payout: {{max: 150, every: 5d}}}}}}", settings=SHORT))
    await world.turn()
    world.site.money("10")
    await world.live(days=2, every_s=3600)
    world.site.money("100")
    await world.live(days=1, every_s=3600)
    assert (world.site.done("payout"), await counts(world, "intents"), await world.matches()) == (
        ["balance"],
        [0],
        ["budget"],
    )


async def test_refusals_outlive_a_shorter_retention(world: World) -> None:
    world.site.money("100")
    world.site.will("payout", *[Refused("never")] * 9)
    await world.open(config(f"{{{PAY}, cooldown: 2d}}", settings=SHORT))
    await world.live(days=20, every_s=3600)
    assert len(world.site.performed) == 3


async def test_an_effect_is_remembered_for_400_days(world: World) -> None:
    world.site.money("100")
    await world.open(config(f"{{{PAY}}}", settings=SHORT))
    await world.turn()
    now, keeping = world.context.now(), retention.Keeping(timedelta(hours=1), timedelta(hours=1), timedelta(hours=1))
    found = []
    for days in (399, 401):
        await world.journal.write(lambda tx, d=days: retention.clean(tx, keeping, now + timedelta(days=d), Measured()))
        found.append(await world.read(lambda tx: ledger.load(tx, IntentId(1))) is not None)
    assert found == [True, False]


async def test_a_trail_whose_old_segments_went_can_still_be_checked(world: World) -> None:
    await world.open(config())
    now = world.clock.now()

    def fill(tx: object) -> None:
        for number in range(audit.SEGMENT * 2 + 10):
            audit.add(tx, "bursar", "test", None, {"n": number}, now)  # type: ignore[arg-type]

    await world.journal.write(fill)
    keeping = retention.Keeping(timedelta(hours=1), timedelta(hours=1), timedelta(hours=1))
    for _ in range(3):
        await world.journal.write(lambda tx: retention.clean(tx, keeping, now + timedelta(days=3), Measured()))
    kept = (await counts(world, "audit"))[0]
    good, broken = await world.read(audit.verify)
    assert (kept, good, broken) == (kept, kept, None)
    assert kept < audit.SEGMENT


async def test_entries_that_go_without_their_segment_are_missed(world: World) -> None:
    await world.open(config())
    now = world.clock.now()

    def fill(tx: object) -> None:
        for number in range(audit.SEGMENT + 10):
            audit.add(tx, "bursar", "test", None, {"n": number}, now)  # type: ignore[arg-type]

    await world.journal.write(fill)
    await world.journal.write(lambda tx: tx.run("DELETE FROM audit WHERE seq BETWEEN 5 AND 9"))
    _, broken = await world.read(audit.verify)
    assert broken is not None
    assert broken.seq == 5


async def test_what_a_window_showed_long_ago_is_forgotten_and_what_is_watched_is_not(world: World) -> None:
    world.site.payouts = {"old": "done"}
    world.site.orders["1"] = "pending"
    await world.open(config(settings=SHORT))
    await world.track("1")
    await world.turn()
    world.site.payouts = {}
    await world.wait(days=200)
    await world.live(hours=2, every_s=3600)
    left = await world.read(lambda tx: tx.all("SELECT type, id FROM subjects WHERE type IN ('payout', 'order')"))
    assert left == [("order", "1")]


async def test_what_may_land_yet_stays_though_it_has_ended(world: World) -> None:
    """A payout that was lost and let go is looked for, for a week, beside the next one: by its own evidence."""
    world.site.money("600")
    world.site.will("payout", Lost("no answer"))
    await world.open(config(f"{{{PAY}}}", settings=SHORT))
    await world.turn()
    await world.reload(config(settings=SHORT))
    await world.say("resolve", id="1")
    await world.live(days=2, every_s=3600)
    [intent] = await world.intents()
    assert (intent.state, intent.evidence is not None) == ("refused", True)
