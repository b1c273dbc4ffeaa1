"""What an edit of the rules ended is put to the rules as they are once all of the edit is written, and only where nothing
of it was done under any name."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from decimal import Decimal

import pytest

from bursar.api import DidNot, Intent, Lost, Outcome, Refused, Succeeded
from bursar.loops.startup import apply_configuration
from support.config import account, config
from support.scenarios.lost import GONE, QUICK
from support.world import World

PAY = '{name: p, on: balance.passed_min_payout, do: [{payout: {method: "7"}}]}'
OTHER = PAY.replace("name: p", "name: q").replace('"7"', '"8"')
EDITED = PAY.replace("do:", "when: balance.amount > 60, do:")
PARTIAL = "{name: p, on: order.partial, do: [refill], approve: {within: 12h}}"
TELLS = "{name: z, on: coupon.activated, do: [{notify: {sink: ops, text: hi}}]}"


@pytest.mark.parametrize("restarted", [True, False])
@pytest.mark.parametrize("was", [True, False])
@pytest.mark.parametrize("second", [True, False])
async def test_a_rule_takes_the_place_of_another_where_both_held_the_same(
    world: World, restarted: bool, was: bool, second: bool
) -> None:
    """Both wait for the same balance; one goes, and the other takes its name. `second` False: it held nothing."""
    rules = PAY + "\n" + (OTHER if second else OTHER.replace("name: q", "name: q, when: balance.amount > 5000"))
    await world.open(config(rules))
    await world.say("pause")
    world.site.money("900")
    await world.live(minutes=7)
    assert await world.matches("rule") == (["p", "q"] if second else ["p"])
    edited = config(PAY.replace("name: p", "name: q, was: p" if was or not restarted else "name: q"))
    await (world.restart(edited) if restarted else world.reload(edited))
    await world.live(minutes=7)
    assert await world.matches("rule") == ["q"]
    await world.say("resume")
    await world.live(minutes=7)
    assert len(world.site.performed) == 1


def at_once(world: World, left: str) -> Callable[[Intent], Awaitable[Succeeded]]:
    """Pay out at once, and leave so much."""

    async def pay(_intent: Intent) -> Succeeded:
        world.site.money(left)
        return Succeeded(f"{len(world.site.performed)}")

    return pay


@pytest.mark.parametrize("name", ["q", "r, was: q"])
@pytest.mark.parametrize("how", ["edited", "removed"])
async def test_a_renamed_rule_that_has_paid_pays_no_second_time_at_the_edit_of_one_with_its_text(
    world: World, name: str, how: str
) -> None:
    """One in shadow has the text of one that has paid; then it is edited, or goes, and the other gets another name."""
    shadow = PAY.replace("name: p", "name: p, mode: shadow")
    world.site.will("payout", at_once(world, "100"), at_once(world, "0"))
    await world.open(config(shadow + "\n" + PAY.replace("name: p", "name: q")))
    world.site.money("900")
    await world.live(minutes=12)
    assert (len(world.site.performed), await world.matches("rule")) == (1, ["p"])
    await world.live(hours=2, every_s=300)
    assert len(world.site.performed) == 1
    after = shadow.replace('"7"', '"8"') if how == "edited" else TELLS
    await world.reload(config(after + "\n" + PAY.replace("name: p", f"name: {name}")))
    await world.live(hours=2, every_s=300)
    assert len(world.site.performed) == 1


@pytest.mark.parametrize("edits", [1, 2])
async def test_one_that_has_paid_before_an_earlier_edit_pays_no_second_time(world: World, edits: int) -> None:
    """`q` has paid. `p`, in shadow, got its text by one edit, and is gone by the next: it is the same balance still."""
    shadow = PAY.replace("name: p", "name: p, mode: shadow").replace('"7"', '"8"')
    pays = PAY.replace("name: p", "name: q")
    world.site.will("payout", at_once(world, "100"), at_once(world, "0"))
    await world.open(config(shadow + "\n" + pays))
    world.site.money("900")
    await world.live(hours=2, every_s=300)
    assert (len(world.site.performed), await world.matches("rule")) == (1, ["p"])
    if edits == 2:
        await world.reload(config(shadow.replace('"8"', '"7"') + "\n" + pays))
        await world.live(hours=2, every_s=300)
        assert len(world.site.performed) == 1
    await world.reload(config(TELLS + "\n" + pays))
    await world.live(hours=2, every_s=300)
    assert len(world.site.performed) == 1


@pytest.mark.parametrize("edited", [False, True])
async def test_a_balance_whose_payout_did_not_happen_is_put_to_the_edited_rule(world: World, edited: bool) -> None:
    """Its rule was edited while nobody knew; then a person says that it did not happen."""
    world.site.money("900")
    world.site.will("payout", Lost("no answer"), at_once(world, "0"))
    await world.open(config(PAY, accounts=QUICK))
    await world.turn()
    assert await world.states() == ["unknown"]
    if edited:
        await world.reload(config(EDITED, accounts=QUICK))
    world.site.will("reconcile", *[DidNot("it is not there")] * 999)
    await world.say("resolve", id="1")
    await world.live(days=4, every_s=600)
    assert len(world.site.performed) == 2
    assert await world.told("rule.changed") == ["rule.changed"] * edited


@pytest.mark.parametrize("edited", [False, True])
async def test_a_balance_whose_payout_was_refused_is_put_to_the_edited_rule(world: World, edited: bool) -> None:
    """Its rule was edited while the request was out; then the site refuses it."""
    world.site.money("900")
    asked, answer = asyncio.Event(), asyncio.Event()

    async def later(_intent: Intent) -> Outcome:
        asked.set()
        await answer.wait()
        return Refused("not now, please")

    world.site.will("payout", later, at_once(world, "0"))
    await world.open(config(PAY, accounts=QUICK))
    await world.poll()
    sending = asyncio.ensure_future(world.supervisor.executors["panel"].turn())
    await asked.wait()
    before = world.supervisor
    if edited:
        world._path.write_text(config(EDITED, accounts=QUICK), encoding="utf-8")
        await apply_configuration(world.context, world._read())
    answer.set()
    await sending
    await world._take_on(world._read())
    await before.shutdown(0)
    assert await world.states() == ["refused"]
    await world.live(days=4, every_s=600)
    assert len(world.site.performed) == 2


@pytest.mark.parametrize("edited", [False, True])
async def test_what_was_refused_after_an_edit_is_asked_again_or_its_end_is_told(world: World, edited: bool) -> None:
    rule = "{name: r, on: order.partial, do: [refill], cooldown: 1h}"
    world.site.orders["1"] = "partial"
    world.site.will("refill", GONE)
    await world.open(config(rule))
    await world.track("1")
    await world.turn()
    assert await world.states() == ["unknown"]
    if edited:
        await world.reload(config(rule.replace("do:", 'when: order.state == "partial", do:')))
    await world.say("resolve", id="1")
    await world.live(hours=30, every_s=300)
    assert (len(world.site.done("refill")), await world.told("rule.changed")) == (
        (1, ["rule.changed"]) if edited else (2, [])
    )


@pytest.mark.parametrize("again", [False, True])
async def test_what_a_person_had_put_to_an_edited_rule_is_put_to_it_again_after_the_next_edit(
    world: World, again: bool
) -> None:
    world.site.orders["1"] = "partial"
    await world.open(config(PARTIAL))
    await world.track("1")
    await world.turn()
    await world.reload(config(PARTIAL.replace("[refill]", "[cancel]")))
    await world.live(minutes=3)
    assert await world.states() == ["lapsed"]
    await world.say("pause")
    [said] = await world.say("retry", ids=["1"])
    assert said["problem"] is None
    await world.live(minutes=3)
    if again:
        await world.reload(config(PARTIAL.replace("[refill]", '[{cancel: {why: "slow"}}]')))
    await world.say("resume")
    await world.say("retry", ids=["1"])
    await world.live(minutes=12)
    assert await world.states() == ["lapsed", "awaiting_approval"]


@pytest.mark.parametrize("swapped", [False, True])
@pytest.mark.parametrize("restarted", [False, True])
async def test_two_rules_that_change_names_pay_no_second_time(world: World, swapped: bool, restarted: bool) -> None:
    """`p` has paid; `q`, another, is in shadow. They swap their names, or only `q` is edited."""

    def both(pays: str, shadow: str) -> str:
        other = PAY.replace("name: p", f"name: {shadow}, mode: shadow").replace('"7"', '"8"')
        return config(PAY.replace("name: p", f"name: {pays}") + "\n" + other)

    world.site.will("payout", at_once(world, "100"), at_once(world, "0"))
    await world.open(both("p", "q"))
    world.site.money("900")
    await world.live(hours=2, every_s=300)
    assert (len(world.site.performed), await world.matches("rule")) == (1, ["q"])
    after = both("q", "p") if swapped else both("p", "q").replace('"8"', '"9"')
    await (world.restart(after) if restarted else world.reload(after))
    await world.live(hours=2, every_s=300)
    assert len(world.site.performed) == 1


# what an edit has asked anew is known as asked in the place of what had been asked


@pytest.mark.parametrize("edited", [False, True])
async def test_a_question_in_the_place_of_what_had_happened_ends_also_after_an_edit(world: World, edited: bool) -> None:
    """Lost; a person says that it did not; the rule is edited, and asks; then the person finds the first."""
    asks = PAY[:-1] + ", approve: {above: 1, within: 3d}, cooldown: 1h}"
    world.site.money("900")
    world.site.will("payout", Lost("no answer"))
    world.site.will("reconcile", *[DidNot("it is not there")] * 999)
    await world.open(config(asks, accounts=QUICK))
    await world.live(minutes=6)
    await world.say("approve", ids=["1"])
    await world.turn()
    assert await world.states() == ["unknown"]
    await world.say("resolve", id="1")
    if edited:
        await world.reload(config(asks.replace("do:", "when: balance.amount > 60, do:"), accounts=QUICK))
    await world.live(hours=3, every_s=300)
    assert await world.states() == ["refused", "awaiting_approval"]
    await world.say("resolve", id="1", happened=True, reference="77")
    assert await world.states() == ["succeeded", "lapsed"]


@pytest.mark.parametrize("edited", [False, True])
async def test_a_balance_that_had_been_taken_is_not_asked_for_again_after_an_edit(world: World, edited: bool) -> None:
    """The same without a question; payouts are not polled, and the site takes it when it is done, after 30 hours."""
    rule = PAY[:-1] + ", cooldown: 1h}"
    unseen = account(more="settle: 1m, poll: {payouts: off}")
    world.site.money("900")
    world.site.will("payout", Lost("no answer"))
    world.site.will("reconcile", *[DidNot("it is not there")] * 999)
    await world.open(config(rule, accounts=unseen))
    await world.turn()
    await world.say("resolve", id="1")
    if edited:
        await world.reload(config(rule.replace("do:", "when: balance.amount > 60, do:"), accounts=unseen))
    await world.live(minutes=20)
    await world.say("resolve", id="1", happened=True, reference="77")
    await world.live(hours=29, every_s=600)
    world.site.money("0")
    await world.live(hours=10, every_s=600)
    assert len(world.site.performed) == 1


@pytest.mark.parametrize("do", ['[{payout: {method: "7"}}]', '[{add: {link: x}}, {payout: {method: "7"}}]'])
async def test_what_comes_after_another_action_in_the_edited_rule_is_known_by_its_action(world: World, do: str) -> None:
    """The action of what had been lost has another place in the rule as it is now."""
    world.site.money("900")
    world.site.will("payout", Lost("no answer"))
    world.site.will("reconcile", *[DidNot("it is not there")] * 999)
    await world.open(config(PAY[:-1] + ", cooldown: 1h}", accounts=QUICK))
    await world.turn()
    await world.say("resolve", id="1")
    await world.reload(
        config(PAY.replace('[{payout: {method: "7"}}]', do)[:-1] + ", cooldown: 1h, mode: live}", accounts=QUICK)
    )
    await world.live(minutes=20)
    await world.say("resolve", id="1", happened=True, reference="77")
    await world.live(hours=20, every_s=600)
    assert len(world.site.done("payout")) == 1


# a rule that comes back


BOTH = f"{QUICK}, {account('second', 2)}"
AWAY = [PAY.replace("name: p", "name: p, mode: 'off'"), TELLS, PAY.replace("name: p", "name: p, accounts: [second]")]


@pytest.mark.parametrize("away", AWAY, ids=["off", "gone", "not for the account"])
@pytest.mark.parametrize("asked", [False, True])
async def test_a_rule_that_comes_back_is_asked_about_a_balance_that_is_due_still(
    world: World, away: str, asked: bool
) -> None:
    rule = PAY[:-1] + ", approve: {above: 1, within: 12h}}" if asked else PAY
    world.site.money("900")
    await world.open(config(rule, accounts=BOTH))
    if not asked:
        await world.say("pause")
    await world.live(minutes=6)
    await world.reload(config(away, accounts=BOTH))
    await world.live(minutes=6)
    await world.reload(config(rule, accounts=BOTH))
    if not asked:
        await world.say("resume")
    await world.live(minutes=22)
    assert await world.states() == (["lapsed", "awaiting_approval"] if asked else ["succeeded"])


@pytest.mark.parametrize("away", AWAY[:2], ids=["off", "gone"])
async def test_a_rule_that_comes_back_does_nothing_again(world: World, away: str) -> None:
    world.site.will("payout", at_once(world, "100"), at_once(world, "0"))
    await world.open(config(PAY, accounts=QUICK))
    world.site.money("900")
    await world.live(hours=1, every_s=300)
    for rules in (away, PAY):
        await world.reload(config(rules, accounts=QUICK))
        await world.live(hours=1, every_s=300)
    assert len(world.site.performed) == 1


STUCK = '{name: s, on: order, when: order.state == "in_progress", for: 1h, do: [{add: {link: x}}]}'


OFF = STUCK.replace("name: s", "name: s, mode: 'off'")


@pytest.mark.parametrize("between", [TELLS, OFF], ids=["gone", "off"])
async def test_a_state_rule_that_comes_back_does_not_act_on_the_same_state_again(world: World, between: str) -> None:
    world.site.orders["1"] = "in_progress"
    await world.open(config(STUCK))
    await world.track("1")
    await world.live(hours=3, every_s=600)
    assert len(world.site.done("add")) == 1
    for rules in (between, STUCK):
        await world.reload(config(rules))
        await world.live(hours=3, every_s=600)
    assert len(world.site.done("add")) == 1


async def test_a_state_rule_that_comes_back_acts_on_a_state_that_was_entered_since(world: World) -> None:
    world.site.orders["1"] = "in_progress"
    await world.open(config(STUCK))
    await world.track("1")
    await world.live(hours=3, every_s=600)
    await world.reload(config(TELLS))
    for state in ("pending", "in_progress"):
        world.site.orders["1"] = state
        await world.live(hours=2, every_s=600)
    await world.reload(config(STUCK))
    await world.live(hours=3, every_s=600)
    assert len(world.site.done("add")) == 2


@pytest.mark.parametrize("acted", [False, True])
async def test_an_edited_state_rule_acts_whatever_it_did_before_on_the_same_state(world: World, acted: bool) -> None:
    """An order that is partial loses some again, which the rule as it was did not ask about."""
    rule = '{name: r, on: order, when: order.state == "partial" and order.remains > LEAST, for: 1h, do: [refill]}'
    await world.open(config(rule.replace("LEAST", "100")))
    world.site.orders["1"] = ("partial", {"remains": Decimal(150 if acted else 10)})
    await world.track("1")
    await world.live(hours=3, every_s=300)
    before = len(world.site.done("refill"))
    world.site.orders["1"] = ("partial", {"remains": Decimal(0)})
    await world.live(days=2, every_s=3600 * 6)
    world.site.orders["1"] = ("partial", {"remains": Decimal(80)})
    await world.live(minutes=20)
    await world.reload(config(rule.replace("LEAST", "50")))
    await world.live(hours=30, every_s=600)
    assert (before, len(world.site.done("refill"))) == (acted, acted + 1)
