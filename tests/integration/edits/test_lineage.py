"""What a rule's name, the names before it, and its text under other names did: nothing is forgotten by an edit."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from bursar.pipeline.reload.renames import Renamed
from bursar.settings.read import read_configuration
from support.config import account, config
from support.toy import Sites
from support.world import World

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


@pytest.mark.parametrize(
    ("second", "warned"),
    [
        ("", True),
        (", cooldown: 1h", True),
        (", mode: shadow", False),
        (", when: balance.amount > 5", False),
        (", accounts: [second]", False),
    ],
)
def test_two_live_rules_that_do_the_same_at_an_account_are_warned_of(tmp_path: Path, second: str, warned: bool) -> None:
    first = named("p, accounts: [panel]", rule=PAID.replace(", cooldown: 24h", ""))
    other = named("q", rule=PAID.replace(", cooldown: 24h", "")).replace("name: q", f"name: q{second}")
    path = tmp_path / "bursar.yaml"
    path.write_text(config(f"{first}\n{other}", accounts=BOTH), encoding="utf-8")
    environ = {"KEY": "k", "OTHER": "another", "WALLET": "T"}
    found = [one.message for one in read_configuration([path], Sites().registry(), environ=environ).warnings]
    words = "does what p does at panel: both ask for it, each with its own cooldown and budget"
    assert (words in found) == warned


@pytest.mark.parametrize("kept", [True, False])
async def test_what_a_sibling_did_at_an_account_that_is_gone_is_its_own(world: World, kept: bool) -> None:
    """`p` and `q` stood side by side at two accounts; `q` gets another text, and one account goes."""
    rule = (
        '{name: p, on: order.partial, when: order.service == "1", do: [refill], limit: {per: rule, max: 2, every: 24h}}'
    )
    second = world.sites.sites["http://127.0.0.1:2/api"]
    second.orders |= {id_: ("partial", {"service": "2"}) for id_ in ("1", "2")}
    await world.open(config(rule + "\n" + rule.replace("name: p", "name: q").replace('"1"', '"2"'), accounts=BOTH))
    await world.track("1", "2", account="second")
    await world.live(minutes=20)
    second.orders |= {"1": "completed", "2": "completed"}
    await world.live(minutes=20)
    assert len(second.done("refill")) == 2
    tells = "{name: q, on: coupon.activated, do: [{notify: {sink: ops, text: hi}}]}"
    await world.reload(config(f"{rule}\n{tells}", accounts=BOTH if kept else account()))
    world.site.orders["9"] = ("partial", {"service": "1"})
    await world.track("9")
    await world.live(minutes=20)
    assert world.site.done("refill") == ["9"]
