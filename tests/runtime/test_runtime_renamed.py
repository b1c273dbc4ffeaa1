"""A rule goes under another name, takes another one's place, or two swap their names: nothing that was done is forgotten."""

from __future__ import annotations

import pytest
from kit import World
from runtime_config import config

from bursar.pipeline.takeover import Renamed

BOTH = "{name: a, on: order.partial, do: [refill]}\n{name: b, on: order.partial, do: [cancel]}"


@pytest.mark.parametrize("was", ["was: a, ", ""])
@pytest.mark.parametrize("restarted", [True, False])
async def test_a_rule_that_becomes_what_another_was_takes_its_place(world: World, restarted: bool, was: str) -> None:
    """Both hold a match on one order; what the taking name held is of another meaning, and ends."""
    world.site.orders["1"] = "in_progress"
    await world.open(config(BOTH))
    await world.track("1")
    await world.live(minutes=2)
    await world.say("pause")
    world.site.orders["1"] = "partial"
    await world.live(minutes=3)
    one = config(f"{{name: b, {was}on: order.partial, do: [refill]}}")
    assert await world.matches("rule") == ["a", "b"]
    if not restarted and not was:
        with pytest.raises(Renamed):
            await world.reload(one)
        return
    await (world.restart(one) if restarted else world.reload(one))
    await world.say("resume")
    await world.live(minutes=12)
    assert (world.site.done("refill"), world.site.done("cancel")) == (["1"], [])


PAID = '{name: b, on: balance.passed_min_payout, do: [{payout: {method: "7"}}], cooldown: 24h}'
TELLS = "{name: b, on: order.partial, do: [{refill: {}}]}"


async def moved(world: World, restarted: bool, after: str) -> None:
    """Pay 600; then one edit gives the rule's `on` and `do` another name, and its name another meaning."""
    world.site.money("600")
    await world.open(config(PAID))
    await world.live(minutes=6)
    assert world.site.done("payout") == ["balance"]
    world.site.money("20")
    await world.live(minutes=6)
    await (world.restart(config(after)) if restarted else world.reload(config(after)))
    world.site.money("950")
    await world.live(minutes=30)


MOVED = PAID.replace("name: b", "name: c") + "\n" + TELLS
SWAPPED = PAID.replace("name: b", "name: a") + "\n" + TELLS


async def test_a_reload_that_moves_a_rules_meaning_under_another_name_is_refused(world: World) -> None:
    with pytest.raises(Renamed, match="Reload first without the new b, and with `was: b` at c; then with it"):
        await moved(world, False, MOVED)


async def test_it_is_taken_in_two_steps(world: World) -> None:
    await moved(world, False, PAID.replace("name: b", "name: c, was: b"))
    await world.reload(config(MOVED.replace("name: c", "name: c, was: x")))
    await world.live(hours=2, every_s=600)
    assert world.site.done("payout") == ["balance"]


async def test_a_start_with_a_rules_meaning_under_another_name_forgets_no_cooldown(world: World) -> None:
    await moved(world, True, MOVED)
    assert (world.site.done("payout"), await world.matches()) == (["balance"], ["cooldown"])


async def test_a_start_with_two_rules_names_swapped_forgets_no_cooldown(world: World) -> None:
    world.site.money("600")
    await world.open(config(PAID + "\n" + TELLS.replace("name: b", "name: a")))
    await world.live(minutes=6)
    world.site.money("20")
    await world.live(minutes=6)
    await world.restart(config(SWAPPED))
    world.site.money("950")
    await world.live(minutes=30)
    assert (world.site.done("payout"), await world.matches()) == (["balance"], ["cooldown"])
    assert await world.read(lambda tx: [row[0] for row in tx.all("SELECT DISTINCT rule FROM ledger")]) == ["a"]
