"""What waits at the provider, of which the journal does not know, is asked about before a rule takes the balance beside it."""

from __future__ import annotations

import pytest

from bursar.api import Intent, Observation, Observed, Refused, SubjectRef, Succeeded, Unreachable
from support.config import account, config
from support.scenarios.payouts import left
from support.world import World, with_function

PAY = '{name: p, on: balance.passed_min_payout, do: [{payout: {method: "7"}}]'


async def test_a_yes_to_the_amount_is_no_yes_to_what_waits_there(world: World) -> None:
    """`approve: {above: 1}`: the question about the amount is asked before the payouts are seen for the first time; its
    yes says nothing of payout 101, of which nobody was told."""
    world.site.payouts = {"101": "waiting"}
    world.site.money("400")
    world.site.down["payouts"] = Unreachable("no")
    await world.open(config(PAY + ", approve: {above: 1, within: 12h}}", accounts=account(more="settle: 1m")))
    await world.live(minutes=3)
    [asked] = await world.intents()
    assert (str(asked.state), asked.reason) == ("awaiting_approval", "400 is above 1")
    world.site.down.clear()
    await world.live(minutes=20)
    await world.say("approve", ids=["1"])
    await world.live(minutes=30)
    assert left(world) == []
    assert "101" in (await world.intents())[-1].reason


async def test_the_first_round_of_polls_asks_about_the_amount_only(world: World) -> None:
    """The same without any failure: the balance is polled before the payouts at the start."""
    world.site.payouts = {"101": "waiting"}
    world.site.money("400")
    await world.open(config(PAY + ", approve: {above: 1, within: 12h}}", accounts=account(more="settle: 1m")))
    await world.live(minutes=3)
    [asked] = await world.intents()
    assert str(asked.state) == "awaiting_approval"
    await world.say("approve", ids=["1"])
    await world.live(minutes=30)
    told = [event for event in await world.events("approval.wanted") if "101" in str(event["data"])]
    assert (left(world), len(told)) == ([], 1)


async def test_a_yes_to_what_could_not_be_read_is_no_yes_to_what_is_seen_by_then(world: World) -> None:
    world.site.payouts = {"101": "waiting"}
    world.site.money("400")
    world.site.down["payouts"] = Unreachable("no")
    await world.open(config(PAY + "}", accounts=account(more="settle: 1m")))
    with_function(world, evidence_lists=None)
    await world.live(hours=1, every_s=300)
    assert await world.states() == ["awaiting_approval"]
    world.site.down.clear()
    await world.live(hours=1, every_s=300)
    await world.say("approve", ids=["1"])
    await world.live(minutes=30)
    assert left(world) == []


@pytest.mark.parametrize("polled", [True, False])
async def test_no_more_leaves_than_was_said_yes_to(world: World, polled: bool) -> None:
    """The question shows 400; 5000 are there when the yes is given: DESIGN 8, "a yes covers the amount that was shown"."""
    world.site.payouts = {"101": "waiting"}
    world.site.money("400")
    await world.open(config(PAY + "}", accounts=account(more="settle: 1m")))
    await world.live(minutes=12)
    [asked] = await world.intents()
    assert str(asked.cost) == "400"
    if polled:
        world.site.money("5000")
        await world.live(minutes=12)
    await world.say("approve", ids=["1"])
    world.site.money("5000")
    await world.live(minutes=12)
    assert left(world) == []


async def test_where_payouts_are_not_polled_nobody_is_asked(world: World) -> None:
    """The evidence that is read before the first payout lists one that waits."""
    world.site.payouts = {"101": "waiting"}
    world.site.money("400")
    await world.open(config(PAY + "}", accounts=account(more="settle: 1m, poll: {payouts: off}")))
    await world.live(minutes=30)
    assert left(world) == []


async def test_what_a_second_page_shows_is_waited_for(world: World) -> None:
    """The first page of the payouts shows none that waits, and says that there is more; the second cannot be read yet."""

    async def fails(_look: object) -> object:
        raise Unreachable("no")

    done = tuple(Observed(SubjectRef("payout", str(n)), {}, "done") for n in range(110, 120))
    world.site.will("payouts", Observation("payouts", done, cursor=1, more=True), *[fails] * 3)
    world.site.payouts = {"101": "waiting"}
    world.site.money("400")
    await world.open(config(PAY + "}", accounts=account(more="settle: 1m, poll: {payouts: 20m}")))
    await world.live(minutes=60)
    assert left(world) == []


async def test_a_refusal_of_what_a_person_asked_for_makes_nothing_familiar(world: World) -> None:
    world.site.payouts = {"101": "waiting"}
    world.site.money("20")
    world.site.will("payout", Refused("less than the minimum"))
    await world.open(config(PAY + "}", accounts=account(more="settle: 1m")))
    await world.live(minutes=6)
    asked = {"account": "panel", "method": "payout", "params": {"method": "7"}, "wait_s": 0}
    await world.say("call", **asked)
    await world.live(minutes=6)
    assert await world.states() == ["refused"]
    world.site.money("400")
    await world.live(days=2, every_s=600)
    assert len(world.site.performed) == 1


@pytest.mark.parametrize("over", [True, False])
async def test_the_question_ends_once_what_it_asks_about_is_over(world: World, over: bool) -> None:
    """Payout 101 is done, and 700 came in since: nothing waits there any more, and the rule asks nobody."""
    world.site.payouts = {"101": "waiting"}
    world.site.money("400")
    await world.open(config(PAY + "}", accounts=account(more="settle: 1m")))
    await world.live(minutes=12)
    assert await world.states() == ["awaiting_approval"]
    if over:
        world.site.payouts = {"101": "done"}
        world.site.money("700")
    await world.live(hours=12, every_s=600)
    assert left(world) == (["700"] if over else [])


async def test_a_list_that_was_read_in_an_earlier_run_is_no_look_at_what_waits_now(world: World) -> None:
    """The payouts were read once, a week ago; the daemon was down; now they cannot be read, and one waits."""
    shadow = PAY + ", mode: shadow}"
    world.site.money("400")
    await world.open(config(shadow, accounts=account(more="settle: 1m")))
    await world.live(minutes=12)
    world.site.payouts = {"101": "waiting"}
    world.site.down["payouts"] = Unreachable("no")
    await world.restart(config(PAY + "}", accounts=account(more="settle: 1m")), days=7)
    await world.live(hours=2, every_s=300)
    assert left(world) == []


@pytest.mark.parametrize("debits", ["at once", "when it is done"])
async def test_what_a_person_has_paid_out_there_is_asked_about_where_a_site_debits_late(
    world: World, debits: str
) -> None:
    """The journal knows of an earlier payout; a person's own waits, and may be the same money or not."""

    async def pays(_intent: Intent) -> Succeeded:
        if debits == "at once":
            world.site.money("0")
        number = str(len(world.site.performed))
        world.site.payouts[number] = "waiting"
        return Succeeded(number)

    world.site.money("400")
    world.site.will("payout", pays, pays)
    says = str(debits == "at once").lower()
    more = f"settle: 1m, debits_at_once: {says}, poll: {{payouts: 1m}}"
    await world.open(config(PAY + "}", accounts=account(more=more)))
    await world.live(minutes=30)
    world.site.payouts["1"] = "done"
    world.site.money("0")
    await world.live(minutes=30)
    world.site.payouts["102"] = "waiting"
    world.site.money("600")
    await world.live(hours=1, every_s=120)
    asked = debits != "at once"
    assert (left(world), (await world.states())[-1]) == (
        ["400"] if asked else ["400", "600"],
        "awaiting_approval" if asked else "succeeded",
    )
