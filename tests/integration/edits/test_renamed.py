"""A rule goes under another name, takes another one's place, or two swap their names: nothing that was done is forgotten."""

from __future__ import annotations

import pytest

from bursar.api import Refused
from bursar.cli import check
from bursar.pipeline.reload.renames import Renamed
from bursar.pipeline.unit_of_work import UnitOfWork
from bursar.settings.read import read_configuration
from support.config import account, config
from support.world import World

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


@pytest.mark.parametrize("restarted", [True, False])
@pytest.mark.parametrize(
    "guard", ["cooldown: 24h", "limit: {max: 1, per: rule, every: 24h}", "budget: {payout: {max: 1000, every: 24h}}"]
)
async def test_what_moves_under_another_name_takes_what_it_did_along(world: World, guard: str, restarted: bool) -> None:
    await moved(world, restarted, MOVED.replace("cooldown: 24h", guard))
    assert world.site.done("payout") == ["balance"]


@pytest.mark.parametrize("restarted", [True, False])
async def test_two_rules_that_swap_their_names_forget_nothing(world: World, restarted: bool) -> None:
    other = TELLS.replace("name: b", "name: a")
    swapped = f"{PAID.replace('name: b', 'name: a')}\n{other.replace('name: a', 'name: b')}"
    world.site.orders["1"] = "in_progress"
    world.site.money("600")
    await world.open(config(f"{PAID}\n{other}"))
    await world.track("1")
    await world.live(minutes=6)
    world.site.money("20")
    await world.live(minutes=12)
    await (world.restart(config(swapped)) if restarted else world.reload(config(swapped)))
    world.site.money("950")
    await world.live(minutes=30)
    assert world.site.done("payout") == ["balance"]
    await world.live(hours=25, every_s=600)
    assert world.site.done("payout") == ["balance", "balance"]


@pytest.mark.parametrize("how", ["gone", "off", "shadow"])
async def test_a_copy_in_shadow_that_goes_live_in_a_second_edit_forgets_nothing(world: World, how: str) -> None:
    copy, former = PAID.replace("name: b", "name: c"), PAID.replace("name: b", f"name: b, mode: '{how}'")
    world.site.money("600")
    await world.open(config(PAID))
    await world.live(minutes=6)
    world.site.money("20")
    await world.live(minutes=6)
    await world.reload(config(PAID + "\n" + copy.replace("name: c", "name: c, mode: shadow")))
    await world.restart(config(copy if how == "gone" else f"{former}\n{copy}"))
    world.site.money("950")
    await world.live(minutes=30)
    assert world.site.done("payout") == ["balance"]


async def test_a_rule_that_is_split_by_accounts_forgets_nothing(world: World) -> None:
    names = f"{account()}, {account('second', 2)}"
    whole = '{name: p, on: balance.passed_min_payout, do: [{payout: {method: "7"}}], cooldown: 14d}'
    parts = f"{whole.replace('name: p', 'name: q, accounts: [panel]')}\n{whole.replace('name: p', 'name: p, accounts: [second]')}"
    world.site.money("600")
    await world.open(config(whole, accounts=names))
    await world.live(minutes=6)
    world.site.money("20")
    await world.live(minutes=6)
    await world.reload(config(parts, accounts=names))
    world.site.money("950")
    await world.live(minutes=30)
    assert world.site.done("payout") == ["balance"]


async def test_of_two_that_do_the_same_each_has_its_own_cooldown(world: World) -> None:
    refills = "{name: a, on: order.partial, do: [refill], cooldown: 24h}"
    world.site.orders["1"] = "in_progress"
    await world.open(config(refills))
    await world.track("1")
    await world.live(minutes=2)
    world.site.orders["1"] = "partial"
    await world.live(minutes=12)
    world.site.orders["1"] = "in_progress"
    await world.live(minutes=12)
    await world.reload(config(f"{refills}\n{refills.replace('name: a', 'name: b')}"))
    world.site.orders["1"] = "partial"
    await world.live(minutes=12)
    assert [one.rule for one in await world.intents()] == ["a", "b"]


async def test_a_no_is_not_forgotten_under_another_name(world: World) -> None:
    asks = PAID.replace("cooldown: 24h", "approve: {above: 1, within: 12h}")
    world.site.money("600")
    await world.open(config(asks))
    await world.live(minutes=6)
    await world.say("deny", ids=["1"])
    await world.restart(config(MOVED.replace("cooldown: 24h", "approve: {above: 1, within: 12h}")))
    world.site.money("20")
    await world.live(minutes=6)
    world.site.money("950")
    await world.live(hours=2, every_s=300)
    assert await world.states() == ["denied"]


async def test_check_foresees_that_a_reload_is_refused(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    await world.open(config(PAID))
    await world.close()
    world._path.write_text(config(PAID.replace("name: b", "name: c")), encoding="utf-8")
    configuration = read_configuration([world._path], world.sites.registry(), environ=world.environ)
    notes = [note.message for note in check._notes(configuration)]
    assert any(
        note.startswith("`bursar reload` would refuse this: the rule c has the `on` and `do` of b") for note in notes
    )


async def test_it_is_taken_in_two_steps(world: World) -> None:
    await moved(world, False, PAID.replace("name: b", "name: c, was: b"))
    await world.reload(config(MOVED.replace("name: c", "name: c, was: x")))
    await world.live(hours=2, every_s=600)
    assert world.site.done("payout") == ["balance"]


async def edited(world: World, restarted: bool, copy: str, guard: str = "cooldown: 14d") -> None:
    """Pay 600; then one edit changes what the rule does, and adds one with its former `on` and `do`."""
    names = f"{account()}, {account('second', 2)}"
    rule = f'{{name: p, on: balance.passed_min_payout, accounts: [panel], do: [{{payout: {{method: "7"}}}}], {guard}}}'
    world.site.money("600")
    await world.open(config(rule, accounts=names))
    await world.turn()
    world.site.money("0")
    await world.live(minutes=12)
    after = config(rule.replace('"7"', '"8"') + "\n" + rule.replace("name: p", copy), accounts=names)
    world.site.money("600")
    await (world.restart(after) if restarted else world.reload(after))
    await world.live(hours=2, every_s=300)


@pytest.mark.parametrize("guard", ["cooldown: 14d", "budget: {payout: {max: 1000, every: 7d}}"])
@pytest.mark.parametrize("copy", ["name: q, mode: shadow", "name: q, mode: 'off'", "name: q"])
async def test_what_a_name_did_belongs_to_it_at_a_start(world: World, copy: str, guard: str) -> None:
    await edited(world, True, copy, guard)
    assert len(world.site.performed) == 1


@pytest.mark.parametrize("copy", ["name: q, mode: shadow", "name: q, mode: 'off'"])
async def test_a_copy_that_does_not_act_needs_no_was(world: World, copy: str) -> None:
    await edited(world, False, copy)
    assert len(world.site.performed) == 1


async def test_a_copy_for_another_account_needs_no_was(world: World) -> None:
    names = f"{account()}, {account('second', 2)}"
    rule = '{name: p, on: balance.passed_min_payout, accounts: [panel], do: [{payout: {method: "7"}}]}'
    world.site.money("600")
    await world.open(config(rule, accounts=names))
    await world.turn()
    other = rule.replace("name: p", "name: q").replace("[panel]", "[second]")
    await world.reload(config(rule.replace('"7"', '"8"') + "\n" + other, accounts=names))
    assert await world.states() == ["succeeded"]


async def test_of_two_alike_the_one_that_is_gone_is_taken_over(world: World) -> None:
    """One of them was edited, the other has a new name."""
    rule = '{name: a, on: balance.passed_min_payout, do: [{payout: {method: "7"}}], cooldown: 14d}'
    world.site.money("600")
    await world.open(config(rule + "\n" + rule.replace("name: a", "name: b")))
    await world.turn()
    world.site.money("0")
    await world.live(minutes=12)
    await world.restart(config(rule.replace('"7"', '"8"') + "\n" + rule.replace("name: a", "name: c")))
    assert await world.read(lambda tx: [row[0] for row in tx.all("SELECT name FROM rules ORDER BY name")]) == ["a", "c"]


@pytest.mark.parametrize("restarted", [True, False])
async def test_of_two_that_come_of_one_both_remember_what_it_did(world: World, restarted: bool) -> None:
    """Split by `when`: one says `was`, the other has the same `on` and `do`."""
    rule = PAID.replace("name: b", "name: {}").replace("do:", "when: 'balance.amount {} 700', do:")
    small = rule.replace("name: {}", "name: small, was: b").replace("{}", "<=")
    large = rule.replace("name: {}", "name: large").replace("{}", ">")
    await moved(world, restarted, small + "\n" + large)
    assert world.site.done("payout") == ["balance"]


@pytest.mark.parametrize("restarted", [True, False])
async def test_another_text_makes_no_other_rule(world: World, restarted: bool) -> None:
    tells = PAID.replace("do: [", "do: [{notify: {sink: ops, text: 'asked for a payout'}}, ")
    world.site.money("600")
    await world.open(config(tells))
    await world.live(minutes=6)
    world.site.money("20")
    await world.live(minutes=6)
    other = config(tells.replace("name: b", "name: c").replace("asked for a payout", "asked for one in USDT"))
    if not restarted:
        with pytest.raises(Renamed):
            await world.reload(other)
        return
    await world.restart(other)
    world.site.money("950")
    await world.live(minutes=30)
    assert world.site.done("payout") == ["balance"]


@pytest.mark.parametrize("version", [1, 2])
async def test_what_a_rule_did_that_is_gone_at_an_upgrade_may_be_what_any_that_does_the_same_did(
    world: World, version: int
) -> None:
    """An older journal does not say what the rules stood for when they acted."""
    await world.open(config(PAID))
    world.site.money("600")
    await world.live(minutes=6)
    world.site.money("20")
    await world.live(minutes=6)

    def as_in_an_older_version(uow: UnitOfWork) -> None:
        uow.tx.run("UPDATE ledger SET meaning = ''")
        uow.tx.run("DELETE FROM meanings")
        uow.tx.run("UPDATE rules SET meaning = ?", "" if version == 1 else "of another form")
        uow.tx.run(f"DELETE FROM meta WHERE key IN ('meanings', {repr('fingerprints') if version == 1 else 'NULL'})")

    await world.context.commit(as_in_an_older_version)
    await world.restart(config(PAID.replace("name: b", "name: c")))
    world.site.money("950")
    await world.live(minutes=30)
    assert world.site.done("payout") == ["balance"]


@pytest.mark.parametrize("how", ["gone", "off"])
async def test_what_a_rule_did_beside_another_is_not_inherited_by_that(world: World, how: str) -> None:
    """Two rules do the same, each for its own orders; one of them ends."""
    few = (
        "{name: few, on: order.partial, when: order.remains < 10, do: [refill], limit: {per: rule, max: 1, every: 7d}}"
    )
    many = few.replace("name: few", "name: many").replace("<", ">=")
    world.site.orders.update({"1": "in_progress", "2": "in_progress"})
    await world.open(config(f"{few}\n{many}"))
    await world.track("1", remains=1)
    await world.track("2", remains=100)
    await world.live(minutes=2)
    world.site.orders["1"] = "partial"
    await world.live(minutes=12)
    after = (
        many if how == "gone" else f"{few.replace('name: few', chr(110) + 'ame: few, mode: ' + repr('off'))}\n{many}"
    )
    await world.reload(config(after))
    world.site.orders["2"] = "partial"
    await world.live(minutes=12)
    assert [one.rule for one in await world.intents()] == ["few", "many"]


@pytest.mark.parametrize("restarted", [False, True])
async def test_what_a_name_held_that_another_takes_over_is_told(world: World, restarted: bool) -> None:
    """`q` was `p`, and what `q` was is `r` now: what `q` held ends, and somebody hears of it."""
    world.site.orders["1"] = "in_progress"
    await world.open(config("{name: p, on: order.partial, do: [refill]}\n{name: q, on: order.partial, do: [cancel]}"))
    await world.track("1")
    await world.live(minutes=2)
    await world.say("pause")
    world.site.orders["1"] = "partial"
    await world.live(minutes=3)
    new = config("{name: q, was: p, on: order.partial, do: [refill]}\n{name: r, on: order.partial, do: [cancel]}")
    await (world.restart(new) if restarted else world.reload(new))
    assert await world.matches("rule") == ["q"]
    assert [one["data"]["rule"] for one in await world.events("rule.changed")] == ["q"]


@pytest.mark.parametrize("shadow", [False, True])
async def test_what_a_rule_held_goes_with_was_to_a_name_that_did_the_same_already(world: World, shadow: bool) -> None:
    """A twin for another account, or a copy that was in shadow first, takes the rule over."""
    names = f"{account()}, {account('second', 2)}"
    pay = '{name: p, on: balance.passed_min_payout, do: [{payout: {method: "7"}}], budget: {payout: {max: 500, every: 7d}}}'
    where = "mode: shadow, " if shadow else "accounts: [second], "
    twin = pay.replace("name: p, ", f"name: q, {where}")
    world.site.money("900")
    await world.open(config(f"{pay}\n{twin}", accounts=names))
    await world.live(minutes=12)
    assert "budget" in await world.matches()
    taken = pay.replace("name: p, ", "name: q, was: p, ").replace("max: 500", "max: 5000")
    await world.reload(config(taken, accounts=names))
    assert set(await world.matches("rule")) == {"q"}
    await world.live(minutes=30)
    assert len(world.site.performed) == 1


@pytest.mark.parametrize("answer", ["refused", "held back"])
async def test_a_question_of_a_rule_that_another_takes_over_goes_on_whatever_comes(world: World, answer: str) -> None:
    names = f"{account()}, {account('second', 2)}"
    pay = '{name: p, on: balance.passed_min_payout, do: [{payout: {method: "7"}}], approve: {within: 2d}, cooldown: 1h}'
    twin = pay.replace("name: p, ", "name: q, accounts: [second], ")
    world.site.money("900")
    if answer == "refused":
        world.site.will("payout", Refused("busy, try later"))
    await world.open(config(f"{pay}\n{twin}", accounts=names))
    await world.live(minutes=12)
    await world.reload(config(pay.replace("name: p, ", "name: q, was: p, "), accounts=names))
    await world.say("approve", ids=["1"])
    if answer == "held back":
        await world.say("pause")
        await world.live(minutes=90)
        await world.say("resume")
    await world.live(hours=3, every_s=300)
    assert [(one.rule, str(one.state)) for one in await world.intents()][1:] == [("q", "awaiting_approval")]
