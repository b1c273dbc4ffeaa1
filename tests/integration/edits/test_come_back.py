"""A rule that comes back after it was away is asked about what it has not done, and does nothing a second time."""

from __future__ import annotations

from decimal import Decimal

import pytest

from bursar.api import DidNot, Intent, Lost, Outcome, Refused, Succeeded
from bursar.loops.startup import apply_configuration
from support.config import account, config
from support.scenarios.lost import QUICK
from support.world import World

PAY = '{name: p, on: balance.passed_min_payout, do: [{payout: {method: "7"}}]}'
TELLS = "{name: z, on: coupon.activated, do: [{notify: {sink: ops, text: hi}}]}"
OFF = PAY.replace("name: p", "name: p, mode: 'off'")
BOTH = f"{QUICK}, {account('second', 2)}"


@pytest.mark.parametrize("away", [OFF, TELLS], ids=["off", "gone"])
@pytest.mark.parametrize("hours", [0.1, 30])
async def test_refused_while_the_rule_was_away(world: World, away: str, hours: float) -> None:
    """The rule goes while its payout is on the wire; the site refuses; the rule is back after the rest is over."""
    world.site.money("900")

    async def slow(_intent: Intent) -> Outcome:
        world._path.write_text(config(away, accounts=QUICK), encoding="utf-8")
        await apply_configuration(world.context, world._read())
        return Refused("not enough money")

    world.site.will("payout", slow, Succeeded("2"))
    await world.open(config(PAY, accounts=QUICK))
    await world.turn()
    assert await world.states() == ["refused"]
    await world.live(hours=hours, every_s=600)
    await world.reload(config(PAY, accounts=QUICK))
    await world.live(hours=30, every_s=600)
    assert len(world.site.performed) == 2


@pytest.mark.parametrize("away", [OFF, TELLS], ids=["off", "gone"])
@pytest.mark.parametrize("hours", [1, 30])
async def test_a_person_says_that_it_did_not_while_the_rule_was_away(world: World, away: str, hours: float) -> None:
    world.site.money("900")
    world.site.will("payout", Lost("no answer"), Succeeded("2"))
    await world.open(config(PAY, accounts=QUICK))
    await world.turn()
    world.site.will("reconcile", *[DidNot("it is not there")] * 999)
    await world.reload(config(away, accounts=QUICK))
    await world.say("resolve", id="1")
    await world.live(hours=hours, every_s=600)
    await world.reload(config(PAY, accounts=QUICK))
    await world.live(days=3, every_s=1200)
    assert len(world.site.performed) == 2


STUCK = '{name: s, on: order, when: order.state == "in_progress", for: 1h, do: [{add: {link: x}}]}'
STUCK_OFF = STUCK.replace("name: s", "name: s, mode: 'off'")


@pytest.mark.parametrize("away", [STUCK_OFF, TELLS], ids=["off", "gone"])
@pytest.mark.parametrize("how", ["paused", "asked"])
async def test_a_state_rule_whose_match_came_to_nothing_acts_once_it_is_back(world: World, away: str, how: str) -> None:
    """It matched, nothing was done (paused, or a question that nobody had answered yet), it was off for a while."""
    rule = STUCK if how == "paused" else STUCK[:-1] + ", approve: {within: 12h}}"
    world.site.orders["1"] = "in_progress"
    await world.open(config(rule))
    await world.track("1")
    if how == "paused":
        await world.say("pause")
    await world.live(hours=3, every_s=600)
    assert world.site.done("add") == []
    await world.reload(config(away))
    await world.live(hours=1, every_s=600)
    await world.reload(config(rule))
    if how == "paused":
        await world.say("resume")
    await world.live(hours=5, every_s=600)
    if how == "asked":
        assert (await world.states())[-1] == "awaiting_approval"
    else:
        assert len(world.site.done("add")) == 1


async def test_a_state_rule_that_was_paused_only(world: World) -> None:
    world.site.orders["1"] = "in_progress"
    await world.open(config(STUCK))
    await world.track("1")
    await world.say("pause")
    await world.live(hours=3, every_s=600)
    await world.say("resume")
    await world.live(hours=5, every_s=600)
    assert len(world.site.done("add")) == 1


LOW = "{name: b, on: balance, when: balance.amount > 500, for: 1h, do: [{payout: {method: '7'}}]}"


@pytest.mark.parametrize("away", [LOW.replace("name: b", "name: b, mode: 'off'"), TELLS], ids=["off", "gone"])
async def test_a_state_rule_on_a_subject_without_states_sees_what_was_entered_while_it_was_away(
    world: World, away: str
) -> None:
    """Paid 900; away; the balance was 0, and is 800 now: that is another entry."""

    async def pays(_intent: Intent) -> Outcome:
        world.site.money("600")  # and the rest is above 500 still: it has fired for this entry
        return Succeeded(str(len(world.site.performed)))

    world.site.money("900")
    world.site.will("payout", pays, pays)
    await world.open(config(LOW, accounts=QUICK))
    await world.track("1")
    await world.live(hours=3, every_s=600)
    before = len(world.site.performed)
    await world.reload(config(away, accounts=QUICK))
    world.site.money("0")
    await world.live(hours=3, every_s=600)
    world.site.money("800")
    await world.live(hours=3, every_s=600)
    await world.reload(config(LOW, accounts=QUICK))
    await world.live(hours=6, every_s=600)
    assert (before, len(world.site.performed)) == (1, 2)


async def test_a_state_rule_sees_what_was_left_before_a_thousand_changes_while_it_was_away(world: World) -> None:
    """Paid 900; away; the balance was 0, then 800, and has grown a little with each of 1,100 polls."""

    async def pays(_intent: Intent) -> Outcome:
        world.site.money("600")
        return Succeeded(str(len(world.site.performed)))

    world.site.money("900")
    world.site.will("payout", pays, pays)
    await world.open(config(LOW, accounts=QUICK))
    await world.live(hours=3, every_s=600)
    assert len(world.site.performed) == 1
    await world.reload(config(LOW.replace("name: b", "name: b, mode: 'off'"), accounts=QUICK))
    world.site.money("0")
    await world.live(hours=3, every_s=600)
    for step in range(1100):
        world.site.money(str(800 + step))
        await world.wait(minutes=6)
        await world.poll()
    await world.reload(config(LOW, accounts=QUICK))
    await world.live(hours=6, every_s=600)
    assert [str(one.cost) for one in world.site.performed] == ["900", "1899", "600"]


REMAINS = '{name: r, on: order, when: order.state == "partial" and order.remains > 50, for: 1h, do: [refill]}'


async def test_a_state_rule_sees_an_entry_within_the_same_state_while_it_was_away(world: World) -> None:
    """150 remain: refilled; 0 remain; while the rule is off, 80 are lost again."""
    world.site.orders["1"] = ("partial", {"remains": Decimal(150)})
    await world.open(config(REMAINS))
    await world.track("1")
    await world.live(hours=3, every_s=300)
    assert len(world.site.done("refill")) == 1
    await world.reload(config(REMAINS.replace("name: r", "name: r, mode: 'off'")))
    world.site.orders["1"] = ("partial", {"remains": Decimal(0)})
    await world.live(days=2, every_s=3600 * 6)
    world.site.orders["1"] = ("partial", {"remains": Decimal(80)})
    await world.live(days=1, every_s=3600)
    await world.reload(config(REMAINS))
    await world.live(hours=30, every_s=600)
    assert len(world.site.done("refill")) == 2


async def test_an_entry_within_the_same_state(world: World) -> None:
    world.site.orders["1"] = ("partial", {"remains": Decimal(150)})
    await world.open(config(REMAINS))
    await world.track("1")
    await world.live(hours=3, every_s=300)
    world.site.orders["1"] = ("partial", {"remains": Decimal(0)})
    await world.live(days=2, every_s=3600 * 6)
    world.site.orders["1"] = ("partial", {"remains": Decimal(80)})
    await world.live(days=2, every_s=3600)
    assert len(world.site.done("refill")) == 2


async def test_an_account_that_was_away_while_when_was_edited(world: World) -> None:
    """The account is taken out of the configuration, and `when` edited, in one edit; then the account is back."""
    world.site.money("900")
    await world.open(config(PAY, accounts=BOTH))
    await world.say("pause")
    await world.live(minutes=6)
    edited = PAY.replace("do:", "when: balance.amount > 60, do:")
    await world.reload(config(edited, accounts=account("second", 2)))
    await world.wait(minutes=6)
    await world.reload(config(edited, accounts=BOTH))
    await world.say("resume")
    await world.live(hours=3, every_s=300)
    assert len(world.site.performed) == 1


async def test_an_account_that_was_away(world: World) -> None:
    world.site.money("900")
    await world.open(config(PAY, accounts=BOTH))
    await world.say("pause")
    await world.live(minutes=6)
    await world.reload(config(PAY, accounts=account("second", 2)))
    await world.wait(minutes=6)
    await world.reload(config(PAY, accounts=BOTH))
    await world.say("resume")
    await world.live(hours=3, every_s=300)
    assert len(world.site.performed) == 1


@pytest.mark.parametrize("was", ["", ", was: p"])
async def test_a_rule_that_comes_back_under_another_name(world: World, was: str) -> None:
    world.site.money("900")
    await world.open(config(PAY, accounts=QUICK))
    await world.say("pause")
    await world.live(minutes=6)
    await world.reload(config(TELLS, accounts=QUICK))
    await world.live(minutes=6)
    await world.reload(config(PAY.replace("name: p", f"name: q{was}"), accounts=QUICK))
    await world.say("resume")
    await world.live(hours=3, every_s=300)
    assert len(world.site.performed) == 1


@pytest.mark.parametrize("days", [32, 95])
async def test_a_rule_that_was_off_for_longer_than_matches_or_events_are_kept(world: World, days: int) -> None:
    world.site.money("900")
    await world.open(config(PAY, accounts=QUICK))
    await world.say("pause")
    await world.live(minutes=6)
    await world.reload(config(OFF, accounts=QUICK))
    await world.live(days=days, every_s=6 * 3600)
    await world.reload(config(PAY, accounts=QUICK))
    await world.say("resume")
    await world.live(hours=3, every_s=300)
    assert len(world.site.performed) == 1


async def test_a_state_rule_that_never_fired_is_not_said_to_have_fired(world: World) -> None:
    """New, without `for`: it does not act on what was there. Taken out, and put back with `for`: DESIGN 5 has it act
    through `for` on what it finds inside, and nothing was ever done."""
    world.site.orders["1"] = "in_progress"
    await world.open(config(TELLS))
    await world.track("1")
    await world.live(hours=1, every_s=600)
    await world.reload(config(STUCK.replace(" for: 1h,", "")))
    await world.live(hours=1, every_s=600)
    assert world.site.done("add") == []
    await world.reload(config(TELLS))
    await world.live(hours=1, every_s=600)
    await world.reload(config(STUCK))
    await world.live(hours=5, every_s=600)
    assert len(world.site.done("add")) == 1


async def test_a_state_rule_whose_action_was_refused_while_it_was_away(world: World) -> None:
    """It fired, the site refused; off and on within the rest: before, the match was asked again after the rest."""
    world.site.orders["1"] = "in_progress"
    world.site.will("add", Refused("not enough money"))
    await world.open(config(STUCK))
    await world.track("1")
    await world.live(hours=2, every_s=600)
    assert await world.states() == ["refused"]
    await world.reload(config(STUCK_OFF))
    await world.reload(config(STUCK))
    await world.live(days=3, every_s=1800)
    assert len(world.site.done("add")) == 2


async def test_a_state_rule_whose_action_was_refused(world: World) -> None:
    world.site.orders["1"] = "in_progress"
    world.site.will("add", Refused("not enough money"))
    await world.open(config(STUCK))
    await world.track("1")
    await world.live(hours=2, every_s=600)
    await world.live(days=3, every_s=1800)
    assert len(world.site.done("add")) == 2


async def test_the_account_is_out_of_a_state_rule_and_in_again(world: World) -> None:
    """While the rule is not for the account, the order leaves the state and enters it again."""
    both = f"{QUICK}, {account('second', 2)}"
    world.site.orders["1"] = "in_progress"
    await world.open(config(STUCK, accounts=both))
    await world.track("1")
    await world.live(hours=3, every_s=600)
    assert len(world.site.done("add")) == 1
    await world.reload(config(STUCK.replace("name: s", "name: s, accounts: [second]"), accounts=both))
    for state in ("pending", "in_progress"):
        world.site.orders["1"] = state
        await world.live(hours=2, every_s=600)
    await world.reload(config(STUCK, accounts=both))
    await world.live(hours=5, every_s=600)
    assert len(world.site.done("add")) == 2


NARROW = PAY.replace("name: p", "name: p, accounts: [second]")


@pytest.mark.parametrize("away", [OFF, TELLS, NARROW], ids=["off", "gone", "not for it"])
@pytest.mark.parametrize("restarted", [True, False])
async def test_what_came_about_while_a_rule_was_away_is_put_to_it_once_it_is_back(
    world: World, away: str, restarted: bool
) -> None:
    """The balance passes its minimum while the rule is away; it would not pass it again before it was paid out."""
    await world.open(config(PAY, accounts=BOTH))
    await world.live(minutes=12)
    await world.reload(config(away, accounts=BOTH))
    world.site.money("900")
    await world.live(hours=3, every_s=600)
    assert world.site.performed == []
    await (world.restart if restarted else world.reload)(config(PAY, accounts=BOTH))
    await world.live(hours=1, every_s=300)
    assert [str(one.cost) for one in world.site.performed] == ["900"]


async def test_what_came_about_before_a_new_rule_was_there_is_not_put_to_it(world: World) -> None:
    world.site.money("900")
    await world.open(config(TELLS, accounts=BOTH))
    await world.live(minutes=12)
    await world.reload(config(PAY, accounts=BOTH))
    await world.live(hours=3, every_s=600)
    assert world.site.performed == []


async def test_a_rule_that_has_paid_and_comes_back_pays_no_second_time(world: World) -> None:
    """Something is left above the minimum, and the site debits late: it is the same event, and was answered."""
    world.site.money("900")
    world.site.will("payout", Succeeded("1"), Succeeded("2"))
    await world.open(config(PAY, accounts=BOTH))
    await world.live(minutes=12)
    world.site.money("700")
    await world.live(hours=1, every_s=300)
    for away in (OFF, TELLS, NARROW):
        await world.reload(config(away, accounts=BOTH))
        await world.live(minutes=30, every_s=300)
        await world.reload(config(PAY, accounts=BOTH))
        await world.live(hours=30, every_s=1800)
    assert len(world.site.performed) == 1
