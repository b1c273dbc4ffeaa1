"""A payout was lost, not found, and let go; it lands late. The next one is not sent beside it, whatever let it go."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from bursar.api import CannotTell, DidNot, Finding, Happened, Intent, Json, Lost, Outcome, Refused, Succeeded
from bursar.control.messages import RequestRejected
from bursar.domain.ids import IntentId
from bursar.journal import ledger
from bursar.pipeline.effects.findings import record_finding
from bursar.pipeline.outcomes import record_outcome
from bursar_premium_exchanger import outcomes
from support.config import account, config
from support.scenarios.lost import landed
from support.world import World

PAY = '{name: p, on: balance.passed_min_payout, do: [{payout: {method: "7", account: {env: WALLET}}}]}'
QUICK = account(more="settle: 1m")
LANDED = Happened(Succeeded(reference="1", moved=Decimal(900)), "payout 1 is new")


async def lost(world: World, *then: object, rule: str = PAY) -> None:
    """Lose the answer to a payout of 900 at a site that debits on completion; two looks do not find it.

    Args:
        world: The daemon.
        then: What comes of the attempts after it.
        rule: The rule.
    """
    world.site.money("900")
    world.site.will("payout", Lost("no answer"), *then)

    async def look(intent: Intent) -> Finding:
        assert intent.params["account"] == "T-wallet-1"
        return LANDED if "1" in world.site.payouts else DidNot("not there")

    world.site.will("reconcile", *[look] * 999)
    await world.open(config(rule, accounts=QUICK))
    await world.turn()


async def let_go_by_a_pause(world: World) -> None:
    await lost(world)
    await world.say("pause")
    await world.live(hours=2)


async def let_go_by_a_person(world: World) -> None:
    await lost(world)
    await world.say("pause")
    await world.live(minutes=5)
    await world.say("deny", ids=["1"])


async def let_go_by_what_a_person_found(world: World) -> None:
    await lost(world)
    await world.say("pause")
    await world.say("resolve", id="1")


async def let_go_by_a_refusal(world: World) -> None:
    await lost(world, Refused("a payout is waiting already"))
    await world.live(minutes=5)
    await world.say("pause")


async def let_go_by_an_edit(world: World) -> None:
    await lost(world)
    await world.say("pause")
    await world.live(minutes=5)
    await world.reload(config(PAY.replace("passed_min_payout", "passed_min_payout, when: balance.amount > 1")))


WAYS = [
    let_go_by_a_pause,
    let_go_by_a_person,
    let_go_by_what_a_person_found,
    let_go_by_a_refusal,
    let_go_by_an_edit,
]


async def asked_for_anew(world: World) -> None:
    """Have the rule ask for the next one: at its match's next turn, within a day; or else at its next event."""
    await world.say("resume")
    await world.live(hours=26, every_s=600)
    if len(await world.intents()) == 1:
        world.site.money("20")
        await world.live(minutes=12)
        world.site.money("900")
        await world.live(hours=1)


@pytest.mark.parametrize("let_go", WAYS)
async def test_the_next_payout_is_not_sent_beside_one_that_landed_late(world: World, let_go: Any) -> None:
    await let_go(world)
    before = len(world.site.performed)
    world.site.payouts["1"] = "waiting"
    await asked_for_anew(world)
    [first, second] = await world.intents()
    words = "intent 1, whose answer was lost, had happened: this would be the second"
    assert (first.state, first.reference, second.state, second.reason) == ("succeeded", "1", "lapsed", words)
    assert len(world.site.performed) == before


@pytest.mark.parametrize("let_go", WAYS)
async def test_the_next_payout_is_sent_where_nothing_has_landed(world: World, let_go: Any) -> None:
    await let_go(world)
    before = len(world.site.performed)
    await asked_for_anew(world)
    assert (len(world.site.performed), (await world.states())[1]) == (before + 1, "succeeded")


@pytest.mark.parametrize("let_go", WAYS)
async def test_the_next_payout_is_sent_once_the_one_that_landed_late_is_done(world: World, let_go: Any) -> None:
    async def take_all(_intent: Intent) -> Succeeded:
        world.site.money("0")
        return Succeeded()

    await let_go(world)
    before = len(world.site.performed)
    world.site.will("payout", take_all)
    world.site.payouts["1"] = "done"
    await asked_for_anew(world)
    assert (await world.states(), len(world.site.performed)) == (["succeeded", "succeeded"], before + 1)


async def test_what_landed_late_is_told_and_counts_in_budgets(world: World) -> None:
    await let_go_by_a_pause(world)
    world.site.payouts["1"] = "waiting"
    await asked_for_anew(world)
    [told] = await world.events("action.succeeded")
    entry = await world.read(lambda tx: ledger.load(tx, IntentId(1)))
    data = told["data"]
    assert (data["intent"], data["paid"], data["reason"]) == ("1", "900", "it had happened: payout 1 is new")
    assert (entry.spends if entry is not None else None) == 900


async def test_what_nobody_can_tell_stops_nothing_that_was_decided_since(world: World) -> None:
    """A payout that a person has answered for must not stop all others because a look says nothing."""
    await let_go_by_what_a_person_found(world)
    world.site.next["reconcile"].clear()
    world.site.will("reconcile", *[CannotTell("the balance fell")] * 99)
    await asked_for_anew(world)
    assert len(world.site.performed) == 2


async def test_what_was_made_for_another_is_not_the_one_that_landed(world: World) -> None:
    await let_go_by_a_pause(world)
    world.site.will("payout", Succeeded(reference="1", moved=Decimal(900)))
    await asked_for_anew(world)
    world.site.money("20")
    await world.live(minutes=12)
    world.site.money("900")
    await world.live(minutes=12)
    assert (len(world.site.performed), (await world.states())[-1]) == (3, "succeeded")


@pytest.mark.parametrize("waits", [True, False])
async def test_after_a_week_a_lost_one_is_looked_for_no_more(world: World, waits: bool) -> None:
    """What waits there is asked about all the same: nobody knows what it took."""
    await let_go_by_a_pause(world)
    await world.live(days=8, every_s=3600)
    looked = len(world.site.reconciled)
    if waits:
        world.site.payouts["1"] = "waiting"
    await asked_for_anew(world)
    assert (len(world.site.performed), len(world.site.reconciled)) == (1 if waits else 2, looked)


async def test_adapters_are_told_what_was_made_for_others(world: World) -> None:
    await let_go_by_a_pause(world)
    world.site.will("payout", Succeeded(reference="5"))
    await asked_for_anew(world)
    world.site.payouts["5"] = "done"
    await world.live(minutes=12)
    world.site.will("payout", Lost("no answer"))
    world.site.money("20")
    await world.live(minutes=12)
    world.site.money("900")
    await world.live(minutes=30)
    told = {intent.id: intent.made_for_others for intent in world.site.reconciled}
    # What was made before its evidence was read stands in that, if at all.
    assert (told[min(told)], told[max(told)]) == ({"5"}, frozenset())


async def test_a_lost_payout_at_a_site_that_counts_from_1_again_is_not_taken_for_an_old_one(world: World) -> None:
    """The site was set up anew: no payouts are listed, and the lost one lands under an id that an earlier one had."""
    rows: dict[str, dict[str, Json]] = {}
    wallet = "T-wallet-1"

    def row(id_: str, time: str, amount: str) -> dict[str, Json]:
        return {"id": id_, "time": time, "method_id": "7", "account": wallet, "original_amount": amount, "status": "0"}

    async def prepare(_intent: Intent) -> Json:
        assert world.site.balance is not None
        return outcomes.evidence(rows, world.site.balance["amount"], "7", wallet)

    async def reconcile(intent: Intent) -> Finding:
        assert world.site.balance is not None
        now = rows, world.site.balance["amount"], intent.evidence, "7", wallet, "USD", intent.made_for_others
        return outcomes.finding(*now)

    async def first(_intent: Intent) -> Succeeded:
        rows["1"] = row("1", "1700000000", "900")
        world.site.payouts["1"] = "waiting"
        world.site.money("0")
        return Succeeded(reference="1", moved=Decimal(900))

    async def second(_intent: Intent) -> Outcome:
        rows[str(len(rows) + 1)] = row(str(len(rows) + 1), "1790000000", "700")
        return Lost("no answer")  # this site debits on completion

    world.site.will("prepare", *[prepare] * 999)
    world.site.will("reconcile", *[reconcile] * 999)
    world.site.money("900")
    world.site.will("payout", first, second, second)
    await world.open(config(PAY, accounts=QUICK))
    await world.live(minutes=12)
    world.site.payouts["1"] = "done"
    await world.live(minutes=12)
    rows.clear()
    world.site.money("700")
    await world.live(minutes=60)
    assert (list(rows), await world.states()) == (["1"], ["succeeded", "unknown"])


async def test_what_a_look_finds_while_a_person_says_that_it_did_not_happen_counts(world: World) -> None:
    await lost(world)
    [intent] = await world.intents()
    await world.say("resolve", id="1")
    now = world.context.now()
    await world.context.commit(lambda uow: record_finding(uow, intent.id, intent.fence, LANDED, now))
    [after] = await world.intents()
    assert (after.state, after.reference, await world.matches()) == ("succeeded", "1", [])


async def test_a_late_yes_counts_where_a_person_has_said_that_it_did_not_happen(world: World) -> None:
    await lost(world)
    [intent] = await world.intents()
    await world.say("resolve", id="1")
    yes = Succeeded(reference="1")
    await world.context.commit(lambda uow: record_outcome(uow, intent.id, intent.fence, yes, uow.now))
    assert (await world.states(), await world.told("action.succeeded")) == (["succeeded"], ["action.succeeded"])


async def test_the_first_of_many_in_doubt_is_looked_for(world: World) -> None:
    await lost(world, *[Lost("no answer")] * 4, rule="")
    call = {"account": "panel", "method": "payout", "params": {"method": "7", "account": "T-wallet-1"}}
    for number in range(1, 6):
        await world.say("call", **call, wait_s=0)
        await world.send()
        await world.say("resolve", id=str(number))
        await world.live(minutes=5)

    async def look(intent: Intent) -> Finding:
        return LANDED if intent.id == 1 else DidNot("not there")

    world.site.next["reconcile"].clear()
    world.site.will("reconcile", *[look] * 99)
    world.site.payouts["1"] = "waiting"
    await world.say("call", **call, wait_s=0)
    await world.send()
    assert ((await world.states())[0], (await world.states())[-1], len(world.site.performed)) == (
        "succeeded", "lapsed", 5,
    )  # fmt: skip


async def test_a_payout_by_hand_while_one_is_in_doubt_costs_no_later_one(world: World) -> None:
    """The site's payouts are not polled: nobody can tell whether what is found beside the next one is done."""
    world.site.money("900")
    world.site.will("payout", Lost("no answer"))

    async def look(_intent: Intent) -> Finding:
        return LANDED

    await world.open(config(PAY, accounts=account(more="settle: 1m, poll: {payouts: off}")))
    await world.turn()
    await world.say("resolve", id="1")
    world.site.money("0")  # a person has paid out by hand
    world.site.payouts["1"] = "done"
    world.site.will("reconcile", *[look] * 9)
    await world.live(minutes=12)
    world.site.money("600")
    await world.live(hours=25, every_s=600)
    during = await world.states()
    await world.live(hours=24, every_s=600)
    assert (during, await world.states()) == (["succeeded", "lapsed"], ["succeeded", "lapsed", "succeeded"])


@pytest.mark.parametrize("again", [True, False])
async def test_a_yes_that_comes_while_it_is_to_be_made_again_counts(world: World, again: bool) -> None:
    world.site.will("add", Lost("no answer"))
    await world.open(config())
    await world.say("call", account="panel", method="add", params={"link": "x"}, wait_s=0)
    await world.send()
    [one] = await world.intents()
    await world.say("resolve", id="1", again=again)
    yes = Succeeded(reference="55")
    await world.context.commit(lambda uow: record_outcome(uow, one.id, one.fence, yes, uow.now))
    await world.live(minutes=12)
    assert (await world.states(), len(world.site.performed)) == (["succeeded"], 1)


MAYBE = CannotTell("payout 1 is new, and the site does not say for whom", suspect="1")


async def suspected(world: World) -> None:
    """Let a lost payout go; something that may be it is new beside the next one."""
    await let_go_by_a_person(world)
    world.site.next["reconcile"].clear()
    world.site.will("reconcile", *[MAYBE] * 999)
    await asked_for_anew(world)
    await world.say("resume")
    await world.live(minutes=30)


async def test_a_person_is_asked_where_something_new_may_be_the_lost_one(world: World) -> None:
    await suspected(world)
    [_, second] = await world.intents()
    assert (len(world.site.performed), second.state) == (1, "awaiting_approval")
    assert second.reason == (
        "it may be the second: nobody can tell what became of intent 1, and payout 1 is new, "
        "and the site does not say for whom; look at the site: approve, if 1 did not happen; else deny, and "
        "`bursar actions resolve 1 --happened`"
    )


async def test_a_person_who_has_looked_has_it_sent_and_is_not_asked_again(world: World) -> None:
    """The same new payout is beside each one of that week: the answer is about it."""
    await suspected(world)
    await world.say("approve", ids=["2"])
    await world.live(minutes=12)
    for amount in ("20", "900"):
        world.site.money(amount)
        await world.live(minutes=30)
    assert (len(world.site.performed), (await world.states())[1:]) == (3, ["succeeded", "succeeded"])


async def test_a_person_who_says_no_has_nothing_sent_and_is_asked_at_the_next(world: World) -> None:
    await suspected(world)
    await world.say("deny", ids=["2"])
    await world.live(hours=25, every_s=600)
    assert (len(world.site.performed), (await world.states())[1:]) == (1, ["denied", "awaiting_approval"])


async def test_a_person_who_has_found_it_says_so_of_the_lost_one(world: World) -> None:
    await suspected(world)
    await world.say("deny", ids=["2"])
    await world.say("resolve", id="1", happened=True, reference="1")
    await world.live(hours=2, every_s=600)
    assert (len(world.site.performed), await world.states()) == (1, ["succeeded", "denied"])


async def test_of_what_was_not_lost_nobody_says_that_it_happened(world: World) -> None:
    await world.open(config(PAY[:-1] + ", approve: {within: 1h}}"))
    world.site.money("900")
    await world.live(minutes=12)
    await world.say("deny", ids=["1"])
    with pytest.raises(RequestRejected, match="nothing of it was lost"):
        await world.say("resolve", id="1", happened=True)


async def test_what_was_asked_about_and_not_sent_uses_up_no_limit(world: World) -> None:
    rule = PAY[:-1] + ", limit: {per: account, max: 2, every: 30d}}"
    await lost(world, rule=rule)
    await world.say("resolve", id="1")
    world.site.next["reconcile"].clear()
    world.site.will("reconcile", *[MAYBE] * 999)
    await world.live(hours=25, every_s=600)
    await world.say("deny", ids=["2"])
    world.site.next["reconcile"].clear()
    world.site.will("reconcile", *[DidNot("not there")] * 999)
    await world.live(days=2, every_s=1800)
    assert (len(world.site.performed), (await world.states())[-1]) == (2, "succeeded")


async def test_what_shows_nothing_new_stops_no_next_payout(world: World) -> None:
    """The balance fell, since others were paid: for a week nobody could tell, and each would wait."""
    await let_go_by_a_person(world)
    world.site.next["reconcile"].clear()
    world.site.will("reconcile", *[CannotTell("the balance fell")] * 999)
    await asked_for_anew(world)
    assert (len(world.site.performed), (await world.states())[-1]) == (2, "succeeded")


async def test_what_did_not_happen_and_then_did_is_not_done_once_more(world: World) -> None:
    """A person looks twice: the match of the lost one waits for its rest, and ends then."""
    world.site.orders["1"] = "partial"
    world.site.will("add", Lost("no answer"))
    await world.open(config("{name: r, on: order.partial, do: [{add: {link: x}}], cooldown: 1h}"))
    await world.track("1")
    await world.turn()
    await world.say("resolve", id="1")
    await world.say("resolve", id="1", happened=True, reference="4711")
    await world.live(hours=26, every_s=900)
    assert (len(world.site.performed), await world.states(), await world.matches()) == (1, ["succeeded"], [])


async def test_what_would_be_the_second_ends_when_a_person_has_found_the_first(world: World) -> None:
    await suspected(world)
    await world.say("resolve", id="1", happened=True, reference="1")
    await world.live(hours=2, every_s=600)
    assert (len(world.site.performed), await world.states()) == (1, ["succeeded", "lapsed"])


async def test_a_yes_to_what_may_be_the_second_is_for_the_amount_that_was_shown(world: World) -> None:
    await suspected(world)
    world.site.money("50000")
    await world.live(minutes=12)
    [answer] = await world.say("approve", ids=["2"])
    await world.live(minutes=12)
    assert (answer["id"], len(world.site.performed)) == ("2.2", 1)
    await world.say("approve", ids=["2.2"])
    world.site.will("prepare", *[{"known": [], "balance": "60000"}] * 2)  # before the lost one is looked for, and after
    await world.live(minutes=12)
    assert [str(one.cost) for one in world.site.performed] == ["900"]


@pytest.mark.parametrize("done", [True, False])
async def test_a_provider_that_says_no_and_does_it_is_not_asked_twice(world: World, done: bool) -> None:
    world.site.money("900")
    world.site.will("payout", Refused("not enough money"))
    world.site.will("reconcile", *[landed(world)] * 999)
    await world.open(config(PAY[:-1] + ", cooldown: 1h}", accounts=QUICK))
    await world.turn()
    assert await world.states() == ["refused"]
    if done:
        world.site.payouts["1"] = "waiting"
    await world.live(hours=5, every_s=600)
    assert await world.states() == (["succeeded", "lapsed"] if done else ["refused", "succeeded"])
    assert len(world.site.performed) == (1 if done else 2)


async def test_a_refusal_that_nobody_can_look_up_asks_nobody(world: World) -> None:
    """Its wallet was wrong, and is another one in the rule now."""
    world.environ["NEW"] = "T-wallet-2"
    world.site.money("900")
    world.site.will("payout", Refused("wrong wallet"))
    await world.open(config(PAY[:-1] + ", cooldown: 1h}", accounts=QUICK))
    await world.turn()
    await world.reload(config(PAY.replace("WALLET", "NEW")[:-1] + ", cooldown: 1h}", accounts=QUICK))
    await world.live(hours=5, every_s=600)
    assert await world.states() == ["refused", "succeeded"]


async def test_a_person_says_that_what_was_refused_had_happened(world: World) -> None:
    world.site.money("900")
    world.site.will("payout", Refused("not enough money"))
    await world.open(config(PAY[:-1] + ", cooldown: 1h}", accounts=QUICK))
    await world.turn()
    assert await world.states() == ["refused"]
    await world.say("resolve", id="1", happened=True, reference="1")
    world.site.payouts["1"] = "waiting"
    await world.live(hours=5, every_s=600)
    assert (await world.states(), len(world.site.performed)) == (["succeeded"], 1)
