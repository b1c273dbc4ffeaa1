"""What a payout may leave beside: by all that was read, by a yes for so much, and by how the site debits."""

from __future__ import annotations

import pytest

from bursar.api import Intent, Lost, Succeeded, Unreachable
from support.config import account, config
from support.scenarios.lost import MAYBE, QUICK
from support.scenarios.payouts import left, pays_late
from support.world import World, with_function

PAY = '{name: p, on: balance.passed_min_payout, do: [{payout: {method: "7"}}]}'


@pytest.mark.parametrize("known", [[], ["1"]], ids=["an empty list", "a row that is left out"])
async def test_one_list_does_not_outweigh_all_the_polls(world: World, known: list[str]) -> None:
    """All polls show that a person's own payout 102 waits; the one list that is read just before sending does not."""
    pays_late(world)
    world.site.money("400")
    await world.open(config(PAY, accounts=account(more="settle: 1m, poll: {payouts: 1m}")))
    await world.live(minutes=30)
    world.site.payouts["1"] = "done"
    world.site.money("0")
    await world.live(minutes=30)
    world.site.payouts["102"] = "waiting"
    await world.live(minutes=5)
    world.site.money("600")
    world.site.will("prepare", *[{"known": known, "waiting": [], "balance": "600"}] * 3)
    await world.live(hours=1, every_s=120)
    assert (left(world), (await world.states())[-1]) == (["400"], "awaiting_approval")


async def test_what_the_list_shows_as_over_is_over(world: World) -> None:
    """Payouts are polled each 6 h: 102 was seen to wait, and is done by now."""
    pays_late(world)
    world.site.payouts["102"] = "waiting"
    world.site.money("20")
    await world.open(config(PAY, accounts=account(more="settle: 1m, poll: {payouts: 6h}")))
    await world.live(minutes=30)
    world.site.payouts["102"] = "done"
    world.site.money("600")
    await world.live(minutes=30)
    assert left(world) == ["600"]


@pytest.mark.parametrize(("then", "asked"), [("400", False), ("399", False), ("5000", True)])
async def test_a_yes_beside_what_waits_is_for_so_much(world: World, then: str, asked: bool) -> None:
    """Yes to 400 beside 101; it is not sent within the hour, and lapses; what is asked for next is the same, or more."""
    world.site.payouts = {"101": "waiting"}
    world.site.money("400")
    await world.open(config(PAY, accounts=account(more="settle: 1m")))
    await world.live(minutes=12)
    assert await world.states() == ["awaiting_approval"]
    world.site.will("prepare", *[Unreachable("no")] * 1000)
    await world.say("approve", ids=["1"])
    await world.live(hours=1.2)
    world.site.next["prepare"].clear()
    world.site.money(then)
    await world.live(hours=1)
    assert left(world) == ([] if asked else [then])


async def test_the_question_about_more_ends_once_nothing_waits_any_more(world: World) -> None:
    """Yes to 400 beside 101; it would be 410, so it is asked anew; then 101 is done, and the rule asks nobody."""
    world.site.payouts = {"101": "waiting"}
    world.site.money("400")
    await world.open(config(PAY, accounts=account(more="settle: 1m")))
    await world.live(minutes=12)
    world.site.will("prepare", {"known": ["101"], "waiting": ["101"], "balance": "410"})
    await world.say("approve", ids=["1"])
    await world.live(minutes=3, every_s=10)
    assert "101" in (await world.intents())[0].reason
    world.site.payouts = {"101": "done"}
    world.site.money("450")
    await world.live(hours=3, every_s=300)
    assert left(world) == ["450"]


@pytest.mark.parametrize("grown", ["60", "499"])
async def test_a_yes_to_another_question_is_for_what_was_shown_though_the_rule_asks_above_more(
    world: World, grown: str
) -> None:
    """Asked about 60 beside one that was lost, and may have landed; 499 are there as it is about to leave, and the rule
    asks above 1000."""
    rule = PAY.replace('"7"}}]', '"7", account: {env: WALLET}}}], approve: {above: 1000, within: 12h}')
    world.site.money("900")
    world.site.will("payout", Lost("no answer"))
    world.site.will("reconcile", *[MAYBE] * 99)
    await world.open(config(rule, accounts=QUICK))
    await world.turn()
    await world.say("resolve", id="1")
    world.site.money("20")
    await world.live(hours=26, every_s=900)
    world.site.money("60")
    await world.live(hours=1, every_s=120)
    asked = (await world.intents())[-1]
    assert str(asked.state) == "awaiting_approval"
    world.site.will("prepare", *[{"known": [], "waiting": [], "balance": grown}] * 3)
    await world.say("approve", ids=[asked.shown_id])
    await world.live(minutes=2, every_s=10)
    assert left(world)[1:] == (["60"] if grown == "60" else [])


async def test_where_only_polls_tell_what_waits_they_are_waited_for_in_each_run(world: World) -> None:
    """A plugin whose evidence does not tell. 102 came while the daemon was down, and the payouts cannot be read yet."""
    pays_late(world)
    world.site.money("400")
    await world.open(config(PAY, accounts=account(more="settle: 1m")))
    with_function(world, evidence_lists=None)
    await world.live(minutes=30)
    world.site.payouts["1"] = "done"
    world.site.money("0")
    await world.live(minutes=30)
    world.site.payouts["102"] = "waiting"
    world.site.money("600")
    world.site.down["payouts"] = Unreachable("no")
    await world.restart(minutes=5)
    with_function(world, evidence_lists=None)
    await world.live(minutes=30)
    assert left(world) == ["400"]


@pytest.mark.parametrize("says", [True, False])
async def test_a_site_that_debits_at_once_is_not_asked_about(world: World, says: bool) -> None:
    """The account says that it does: what waits there has left the balance. No look is taken for a sign of it."""

    async def pays(_intent: Intent) -> Succeeded:
        world.site.money("0")
        world.site.payouts[str(len(world.site.performed))] = "waiting"
        return Succeeded(str(len(world.site.performed)))

    world.site.money("400")
    world.site.will("payout", pays, pays)
    more = f"settle: 1m, debits_at_once: {str(says).lower()}, poll: {{payouts: 1m}}"
    await world.open(config(PAY, accounts=account(more=more)))
    await world.live(hours=2, every_s=60)
    world.site.payouts["102"] = "waiting"
    world.site.money("600")
    await world.live(hours=1, every_s=60)
    assert (left(world), (await world.states())[-1]) == (
        (["400", "600"], "succeeded") if says else (["400"], "awaiting_approval")
    )


async def test_the_question_ends_once_the_account_says_that_the_site_debits_at_once(world: World) -> None:
    world.site.payouts = {"101": "waiting"}
    world.site.money("400")
    await world.open(config(PAY, accounts=account(more="settle: 1m")))
    await world.live(minutes=12)
    assert await world.states() == ["awaiting_approval"]
    await world.reload(config(PAY, accounts=account(more="settle: 1m, debits_at_once: true")))
    world.site.coupons["1"] = "new"
    await world.live(minutes=30)
    assert left(world) == ["400"]


@pytest.mark.parametrize("polled", [True, False])
async def test_what_is_never_seen_taken_does_not_end_payouts_for_ever(world: World, polled: bool) -> None:
    """Debits at once, and 300 of 400 came in before the next poll; the site leaves the row at `waiting` for ever. That
    nothing shows the effect is told, and what comes in is asked about beside it."""

    async def pays(_intent: Intent) -> Succeeded:
        world.site.payouts["1"] = "waiting"
        world.site.money("300")
        return Succeeded("1")

    world.site.money("400")
    world.site.will("payout", pays, Succeeded("2"))
    await world.open(config(PAY, accounts=account(more=f"settle: 1m{'' if polled else ', poll: {payouts: off}'}")))
    await world.live(days=9, every_s=1800)
    world.site.money("5000")
    await world.live(days=5, every_s=1800)
    assert len(await world.told("action.unconfirmed")) == 1
    assert (left(world), (await world.states())[1]) == (["400"], "lapsed")
    assert "payout 1 was accepted" in (await world.events("approval.wanted"))[0]["data"]["reason"]


@pytest.mark.parametrize("grown", ["400", "499"])
async def test_a_yes_beside_what_waits_is_for_what_was_shown_though_the_rule_asks_above_more(
    world: World, grown: str
) -> None:
    """Asked beside 101 about 400; the rule asks above 500."""
    world.site.payouts = {"101": "waiting"}
    world.site.money("400")
    rule = PAY.replace("}]}", "}], approve: {above: 500, within: 12h}}")
    await world.open(config(rule, accounts=account(more="settle: 1m")))
    await world.live(minutes=12)
    world.site.will("prepare", {"known": ["101"], "waiting": ["101"], "balance": grown})
    await world.say("approve", ids=["1"])
    await world.live(minutes=2, every_s=10)
    assert left(world) == (["400"] if grown == "400" else [])


@pytest.mark.parametrize(
    "end", ["waiting", "unknown", None], ids=["a stale row", "an unknown word", "not listed any more"]
)
async def test_a_balance_goes_on_though_the_end_of_its_payout_is_never_seen(world: World, end: str | None) -> None:
    """Payouts are polled, and 60 of 400, above the minimum of 50, are there at the first look after the payout: no event
    would ever come again."""

    async def pays(_intent: Intent) -> Succeeded:
        world.site.payouts["1"] = "waiting"
        world.site.money("60")
        return Succeeded("1")

    world.site.money("400")
    world.site.will("payout", pays, Succeeded("2"))
    await world.open(config(PAY, accounts=account(more="settle: 1m")))
    await world.live(hours=1)
    if end is None:
        world.site.payouts.clear()
    else:
        world.site.payouts["1"] = end
    await world.live(days=3, every_s=1800)
    world.site.money("900")
    await world.live(days=6, every_s=1800)
    assert left(world) == ["400", "900"]


async def test_a_number_that_an_old_payout_of_ours_had_is_another_one(world: World) -> None:
    """Payout 1 of ours is done; the site is set up anew, and a person's own waits there as 1, by the list read just before
    sending; polls have not seen it yet."""
    pays_late(world)
    world.site.money("400")
    await world.open(config(PAY, accounts=account(more="settle: 1m")))
    await world.live(minutes=30)
    world.site.payouts["1"] = "done"
    world.site.money("0")
    await world.live(minutes=30)
    world.site.money("600")
    world.site.will("prepare", *[{"known": ["1"], "waiting": ["1"], "balance": "600"}] * 3)
    await world.live(minutes=30)
    assert (left(world), (await world.states())[-1]) == (["400"], "awaiting_approval")


async def test_did_not_is_said_beside_what_a_poll_has_listed_since(world: World) -> None:
    """The answer of a payout is lost, a poll lists it, and a person says by a slip that it did not happen."""

    async def lost(_intent: Intent) -> Lost:
        world.site.payouts["1486"] = "waiting"
        return Lost("no answer")

    world.site.money("400")
    world.site.payouts["1485"] = "done"
    world.site.will("payout", lost)
    await world.open(config(PAY, accounts=account(more="settle: 10m, poll: {payouts: 1m}")))
    await world.live(minutes=5)
    assert await world.states() == ["unknown"]
    said = await world.say("resolve", id="1")
    assert "payout 1486 was listed for the first time after it was sent, and may be it" in str(said["warning"])
