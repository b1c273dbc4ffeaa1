"""`was`, and rules that go, come back or are renamed without it: no cooldown is forgotten."""

from __future__ import annotations

import pytest

from bursar.pipeline.reload.renames import Renamed
from support.config import config
from support.scenarios.edits import REFILL, held
from support.world import World

PAY = '{name: p, on: balance.passed_min_payout, do: [{payout: {method: "7"}}]}'


async def test_a_renamed_rule_is_refused_at_a_reload_without_was(world: World) -> None:
    await held(world)
    with pytest.raises(Renamed, match="was: e"):
        await world.reload(config(REFILL.replace("name: e", "name: f")))


async def test_a_renamed_rule_takes_over_its_cooldown(world: World) -> None:
    await held(world)
    await world.reload(config(REFILL.replace("name: e", "name: f, was: e")))
    await world.live(minutes=60, every_s=300)
    early = world.site.done("refill")
    await world.live(hours=2, every_s=300)
    assert (early, world.site.done("refill")) == (["1"], ["1", "1"])


async def test_a_rule_that_was_renamed_while_the_daemon_was_down_takes_over_its_cooldown(world: World) -> None:
    await held(world)
    await world.restart(config(REFILL.replace("name: e", "name: f")))
    await world.live(minutes=60, every_s=300)
    early = world.site.done("refill")
    await world.live(hours=2, every_s=300)
    assert (early, world.site.done("refill")) == (["1"], ["1", "1"])


async def paid(world: World, *names: str) -> list[str]:
    """Pay once, go through other configurations of the rule with its cooldown of 14 days, and have money again."""
    rules = [PAY.replace("name: p", name).replace("}}]}", "}}], cooldown: 14d}") for name in ("name: p", *names)]
    world.site.money("80")
    await world.open(config(rules[0]))
    await world.turn()
    world.site.money("0")
    for rule in rules[1:]:
        await world.live(minutes=6)
        await world.reload(config(rule))
    await world.live(minutes=6)
    world.site.money("80")
    await world.live(minutes=20)
    return world.site.done("payout")


@pytest.mark.parametrize(
    "names",
    [
        ("name: p, mode: off", "name: q, was: p"),
        ("name: q, was: p, mode: off", "name: q, was: p"),
        ("name: p, when: account.name == '', mode: off", "name: q, was: p"),
    ],
)
async def test_a_rule_that_was_off_and_is_renamed_takes_over_its_cooldown(world: World, names: tuple[str, ...]) -> None:
    assert await paid(world, *names) == ["balance"]


async def test_a_rule_that_was_off_is_not_renamed_without_was(world: World) -> None:
    with pytest.raises(Renamed, match="was: p"):
        await paid(world, "name: p, mode: off", "name: q")


async def test_a_was_that_is_said_late_takes_over_the_cooldown(world: World) -> None:
    world.site.money("80")
    await world.open(config(PAY[:-1] + ", cooldown: 14d}"))
    await world.turn()
    world.site.money("0")
    other = PAY.replace("name: p", "name: q").replace('"7"', '"8"')[:-1] + ", cooldown: 14d}"
    await world.live(minutes=6)
    await world.reload(config(other))
    await world.live(minutes=6)
    await world.reload(config(other.replace("name: q", "name: q, was: p")))
    world.site.money("80")
    await world.live(minutes=20)
    assert world.site.done("payout") == ["balance"]


async def test_a_was_that_names_nothing_is_refused_where_a_rule_would_forget(world: World) -> None:
    world.site.money("80")
    once = PAY[:-1] + ", cooldown: 24h}"
    await world.open(config(once))
    await world.turn()
    with pytest.raises(Renamed, match=r"`was: o` names no rule that there was.*with `was: p`"):
        await world.reload(config(once.replace("name: p", "name: q, was: o")))


async def test_a_was_that_names_nothing_at_a_start_forgets_nothing(world: World) -> None:
    world.site.money("80")
    once = PAY[:-1] + ", cooldown: 24h}"
    await world.open(config(once))
    await world.turn()
    world.site.money("0")
    await world.live(minutes=20)
    world.site.money("90")
    await world.restart(config(once.replace("name: p", "name: q, was: o")))
    await world.live(hours=2, every_s=300)
    assert world.site.done("payout") == ["balance"]


async def test_a_rule_that_is_removed_and_added_under_another_name_later_forgets_nothing(world: World) -> None:
    await held(world)
    await world.reload(config())
    await world.live(minutes=6)
    with pytest.raises(Renamed, match="was: e"):
        await world.reload(config(REFILL.replace("name: e", "name: f")))


async def test_a_rule_that_never_acted_may_come_back_under_another_name(world: World) -> None:
    await world.open(config(REFILL))
    await world.reload(config())
    await world.reload(config(REFILL.replace("name: e", "name: f")))
    assert [row["rule"] for row in await world.say("why", rule="f")] == []


async def test_a_rule_that_comes_back_under_its_own_name_begins_anew_and_forgets_nothing(world: World) -> None:
    await held(world)
    await world.reload(config())
    await world.reload(config(REFILL))
    for state in ("in_progress", "partial"):
        world.site.orders["1"] = state
        await world.live(minutes=10)
    assert (world.site.done("refill"), await world.matches()) == (["1"], ["cooldown"])


AWAY = "{name: b, on: order.completed, do: [cancel]}"


async def acted_and_gone(world: World, then: str) -> None:
    """Have the rule `b` act on order 9, and be replaced by another."""
    world.site.orders["9"] = "completed"
    await world.open(config(AWAY))
    await world.track("9")
    await world.live(minutes=3)
    assert world.site.done("cancel") == ["9"]
    await world.reload(config(then))


async def test_a_rule_is_not_renamed_without_was_to_a_name_that_acted_once(world: World) -> None:
    daily = '{name: a, on: balance.passed_min_payout, do: [{payout: {method: "7"}}], cooldown: 24h}'
    await acted_and_gone(world, daily)
    world.site.money("900")
    await world.live(minutes=7)
    with pytest.raises(Renamed, match="the rule b has the `on` and `do` of a, which is gone"):
        await world.reload(config(daily.replace("name: a", "name: b")))


async def test_a_rule_does_not_take_the_name_and_the_place_of_another_at_once(world: World) -> None:
    """`b` is there, and becomes at one reload what `a` was, which goes."""
    daily = '{name: a, on: balance.passed_min_payout, do: [{payout: {method: "7"}}], cooldown: 24h}'
    await world.open(config(f"{daily}\n{AWAY}"))
    with pytest.raises(Renamed):
        await world.reload(config(daily.replace("name: a", "name: b")))


async def test_what_is_held_back_goes_along_with_a_rule_to_a_name_that_acted_once(world: World) -> None:
    refill = "{name: a, on: order.partial, do: [refill]}"
    await acted_and_gone(world, refill)
    await world.say("pause")
    world.site.orders["1"] = "partial"
    await world.track("1")
    await world.live(minutes=3)
    await world.reload(config(refill.replace("name: a", "name: b, was: a")))
    await world.say("resume")
    await world.live(minutes=10)
    assert world.site.done("refill") == ["1"]
