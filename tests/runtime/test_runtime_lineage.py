"""What a rule's name, the names before it, and its text under other names did: nothing is forgotten by an edit."""

from __future__ import annotations

from itertools import pairwise

import pytest
from kit import World
from runtime_config import account, config

from bursar.pipeline.renames import Renamed

PAID = '{name: a, on: balance.passed_min_payout, do: [{payout: {method: "7"}}], cooldown: 24h}'
EIGHT, NINE = PAID.replace('"7"', '"8"'), PAID.replace('"7"', '"9"')
BOTH = f"{account()}, {account('second', 2)}"


def named(name: str, was: str | None = None, rule: str = PAID) -> str:
    return rule.replace("name: a", f"name: {name}" + (f", was: {was}" if was else ""))


async def pay(world: World) -> None:
    world.site.money("600")
    await world.live(minutes=7)
    world.site.money("20")
    await world.live(minutes=7)


async def due(world: World) -> None:
    """Let more come in than a payout needs, inside the window of what was done."""
    world.site.money("950")
    await world.live(minutes=30)


@pytest.mark.parametrize("names", ["ab", "aba", "abab", "abac"])
async def test_a_rule_that_is_renamed_there_and_back_and_there_again_forgets_nothing(world: World, names: str) -> None:
    await world.open(config(PAID))
    await pay(world)
    for old, new in list(pairwise(names))[:-1]:
        await world.reload(config(named(new, old)))
    await world.live(hours=25, every_s=600)
    await pay(world)
    assert len(world.site.performed) == 2
    await world.reload(config(named(names[-1], names[-2])))
    await due(world)
    assert len(world.site.performed) == 2


async def test_was_that_is_said_of_two_names_in_turn_keeps_both(world: World) -> None:
    """`c` was `a`; `c` was `b`, which was `a` once: what `a` did in its second life counts."""
    off = named("b", None, EIGHT).replace("name: b", "name: b, mode: 'off'")
    await world.open(config(PAID))
    await pay(world)
    await world.reload(config(named("b", "a", EIGHT)))
    await world.live(hours=25, every_s=600)
    await world.reload(config(f"{PAID}\n{off}"))
    await pay(world)
    assert len(world.site.performed) == 2
    await world.reload(config(named("c", "a", NINE) + "\n" + off))
    await world.reload(config(named("c", "b", NINE)))
    await due(world)
    assert len(world.site.performed) == 2


GUARDS = [
    "cooldown: 24h",
    "limit: {max: 1, per: account, every: 24h}",
    "budget: {payout: {max: 1000, every: 24h}}",
    "approve: {above: 1, within: 12h}",
]


@pytest.mark.parametrize("guard", GUARDS)
@pytest.mark.parametrize("how", ["merged", "the other off", "exchanged"])
@pytest.mark.parametrize("restarted", [True, False])
async def test_rules_for_an_account_each_that_become_one_or_change_places_forget_nothing(
    world: World, guard: str, how: str, restarted: bool
) -> None:
    rule = PAID.replace("cooldown: 24h", guard)
    p, q = (named(f"{name}, accounts: [{where}]", rule=rule) for name, where in (("p", "second"), ("q", "panel")))
    await world.open(config(f"{p}\n{q}", accounts=BOTH))
    await world.live(minutes=2)
    world.site.money("600")
    await world.live(minutes=7)
    if "approve" in guard:
        await world.say("deny", ids=["1"])
    world.site.money("20")
    await world.live(minutes=7)
    after = {
        "merged": named("p", rule=rule),
        "the other off": named("p", rule=rule) + "\n" + q.replace("name: q", "name: q, mode: 'off'"),
        "exchanged": p.replace("second", "panel") + "\n" + q.replace("panel", "second"),
    }[how]
    edited = config(after, accounts=BOTH)
    await (world.restart(edited) if restarted else world.reload(edited))
    await due(world)
    assert await world.states() == ["denied" if "approve" in guard else "succeeded"]


async def test_rules_that_stand_side_by_side_at_an_account_have_each_its_own(world: World) -> None:
    """The control: what a sibling did while both were there is its own, also once it is gone."""
    p, q = (named(f"{name}, when: order.service == '{name}'", rule=REFILLED) for name in "pq")
    world.site.orders |= {"1": ("partial", {"service": "p"}), "2": ("partial", {"service": "q"})}
    await world.open(config(f"{p}\n{q}"))
    await world.track("1")
    await world.live(minutes=3)
    assert world.site.done("refill") == ["1"]
    await world.reload(config(q))
    await world.track("2")
    await world.live(minutes=3)
    assert world.site.done("refill") == ["1", "2"]


REFILLED = "{name: a, on: order.partial, do: [refill], limit: {max: 1, per: account, every: 24h}}"


@pytest.mark.parametrize("acted", [True, False])
async def test_a_renamed_rule_that_was_away_for_a_reload_is_no_new_one_under_a_third_name(
    world: World, acted: bool
) -> None:
    """`a` pays; it becomes `b`, which pays by another method; `b` is gone for a reload; `c` is what `b` was."""
    await world.open(config(EIGHT if acted else PAID))
    await pay(world)
    await world.reload(config(named("b", "a", EIGHT)))
    await world.reload(config())
    with pytest.raises(Renamed):
        await world.reload(config(named("c", None, EIGHT)))
