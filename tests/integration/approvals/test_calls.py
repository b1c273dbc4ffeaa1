"""What a person asks for at the command line is for the amount that was shown: more than that is asked about anew."""

from __future__ import annotations

from typing import Any

import pytest

from bursar.api import DidNot, Later, Lost, Refused
from bursar.control.messages import RequestRejected
from bursar.domain.ids import microseconds
from support.config import account, config
from support.world import World

GONE = Lost("no answer")
REFILL = "{name: refill, on: order.partial, do: [refill]}"
PAYOUT: dict[str, Any] = {"account": "panel", "method": "payout", "params": {"method": "7"}}


async def asked(world: World, *amounts: str | None) -> Any:
    """Have a person ask for a payout of 80, after these amounts were shown."""
    world.site.money("80")
    await world.open(config())
    await world.poll()
    return await world.say("call", **PAYOUT, wait_s=0, amounts=list(amounts) or None)


async def quoted(world: World) -> Any:
    return (await world.say("quote", **PAYOUT))["costs"]


async def test_what_it_costs_is_told_before_the_yes(world: World) -> None:
    world.site.money("80")
    await world.open(config())
    await world.poll()
    assert await quoted(world) == [{"costs": True, "amount": "80", "currency": "USD"}]


async def test_what_shows_the_cost_is_looked_at_where_nobody_has(world: World) -> None:
    world.site.money("80")
    await world.open(config())
    assert await quoted(world) == [{"costs": True, "amount": "80", "currency": "USD"}]


async def test_what_nobody_can_know_has_no_amount(world: World) -> None:
    world.site.orders["1"] = "partial"
    await world.open(config())
    told = await world.say("quote", account="panel", method="add", params={"link": "x"})
    assert told["costs"] == [{"costs": False, "amount": None, "currency": "USD"}]


async def test_the_amount_that_was_shown_is_paid(world: World) -> None:
    await asked(world, "80")
    await world.live(minutes=2)
    assert (await world.states(), world.site.done("payout")) == (["succeeded"], ["balance"])


async def test_less_than_was_shown_is_paid(world: World) -> None:
    await asked(world, "80")
    world.site.money("70")
    await world.live(minutes=2)
    assert await world.states() == ["succeeded"]


async def test_more_than_was_shown_is_asked_about(world: World) -> None:
    await asked(world, "80")
    world.site.money("900")
    await world.live(minutes=2)
    [row] = await world.say("actions")
    assert (row["state"], row["id"], row["amount"], world.site.performed) == ("awaiting_approval", "1", "900", [])
    assert row["reason"] == "it would be 900 USD now; 80 USD was shown when it was asked for"


async def test_a_yes_to_the_new_amount_sends_it(world: World) -> None:
    await asked(world, "80")
    world.site.money("900")
    await world.live(minutes=2)
    await world.say("approve", ids=["1"])
    await world.live(minutes=2)
    assert (await world.states(), world.site.done("payout")) == (["succeeded"], ["balance"])


async def test_more_than_was_shown_is_asked_about_after_the_provider_said_later(world: World) -> None:
    world.site.will("payout", Later("busy"))
    await asked(world, "80")
    await world.live(minutes=1)
    world.site.money("900")
    await world.live(minutes=30)
    assert (await world.states(), await world.told("approval.wanted")) == (["awaiting_approval"], ["approval.wanted"])


async def test_what_is_retried_is_for_what_was_shown_once(world: World) -> None:
    world.site.will("payout", Refused("not now"))
    await asked(world, "80")
    await world.live(minutes=1)
    world.site.money("900")
    await world.say("retry", ids=["1"])
    await world.live(minutes=10)
    assert await world.states() == ["refused", "awaiting_approval"]


async def test_without_an_amount_shown_what_is_there_is_paid(world: World) -> None:
    await asked(world)
    world.site.money("900")
    await world.live(minutes=2)
    assert await world.states() == ["succeeded"]


async def test_an_amount_that_was_not_known_is_asked_about_once_it_is(world: World) -> None:
    """The site was down at the question: a person who was shown no amount has not said yes to any."""
    await world.open(config())
    await world.say("call", **PAYOUT, wait_s=0, amounts=[None])
    world.site.money("5000")
    await world.live(minutes=2)
    [row] = await world.say("actions")
    assert (row["state"], world.site.performed) == ("awaiting_approval", [])
    assert row["reason"] == ("it would be 5000 USD now; an amount that is not known was shown when it was asked for")


@pytest.mark.parametrize("amounts", [["80"], []])
async def test_a_balance_that_was_paid_out_meanwhile_is_not_asked_for(world: World, amounts: list[str]) -> None:
    """A person did it at the site, or a rule did: the request would be for 0.00."""
    await asked(world, *amounts)
    world.site.money("0")
    await world.live(minutes=2)
    [row] = await world.say("actions")
    words = "there is nothing to take: the balance that was just read is 0"
    assert (row["state"], row["reason"], world.site.performed) == ("lapsed", words, [])


async def test_a_balance_of_nothing_that_has_grown_since_is_paid(world: World) -> None:
    """Only what is read just before counts: the last poll may be minutes old."""
    world.site.money("0")
    await world.open(config())
    await world.poll()
    await world.say("call", **PAYOUT, wait_s=0)
    world.site.money("80")
    await world.live(minutes=2)
    assert (await world.states(), world.site.done("payout")) == (["succeeded"], ["balance"])


async def test_what_costs_nothing_is_done_without_an_amount(world: World) -> None:
    await world.open(config())
    await world.say("call", account="panel", method="add", params={"link": "x"}, wait_s=0, amounts=[None])
    await world.live(minutes=2)
    assert await world.states() == ["succeeded"]


async def test_what_was_there_at_the_first_request_is_all_that_a_yes_in_advance_is_for(world: World) -> None:
    """`--yes` takes what is there then; what is there when a lost one is made again, a person has not seen."""
    world.site.will("payout", GONE)
    world.site.will("reconcile", *[DidNot("not there")] * 9)
    await asked(world)
    await world.live(minutes=1)
    world.site.money("900")
    await world.live(minutes=30)
    assert (await world.states(), world.site.done("payout")) == (["awaiting_approval"], ["balance"])


@pytest.mark.parametrize("amounts", [["much"], [], ["80", "80"], "80", [True], {"0": "80"}])
async def test_amounts_that_are_none_are_refused(world: World, amounts: Any) -> None:
    await world.open(config())
    await world.poll()
    with pytest.raises(RequestRejected, match="`amounts` is a list with an amount, or null, for each action"):
        await world.say("call", **PAYOUT, wait_s=0, amounts=amounts)
    assert await world.states() == []


async def lost_order(world: World) -> None:
    """Have a person ask for an order, whose answer is lost."""
    world.site.will("add", GONE)
    await world.open(config(REFILL))
    await world.say("call", account="panel", method="add", params={"link": "https://x.example/p"}, wait_s=0)
    await world.live(minutes=1)


async def test_an_order_that_a_person_found_is_under_watch(world: World) -> None:
    await lost_order(world)
    await world.say("resolve", id="1", happened=True, reference="4711")
    [order] = await world.say("orders")
    assert (order["id"], order["link"]) == ("4711", "https://x.example/p")


async def test_an_order_that_a_person_found_is_as_old_as_its_sending(world: World) -> None:
    await lost_order(world)
    await world.wait(hours=5)
    await world.say("resolve", id="1", happened=True, reference="4711")
    sent_at = (await world.intents())[0].sent_at
    [row] = await world.read(lambda tx: tx.named("SELECT created_at FROM subjects WHERE id = '4711'"))
    assert sent_at is not None
    assert row["created_at"] == microseconds(sent_at)


async def test_a_rule_acts_on_an_order_that_a_person_found(world: World) -> None:
    await lost_order(world)
    world.site.orders["4711"] = "partial"
    await world.say("resolve", id="1", happened=True, reference="4711")
    await world.live(minutes=10)
    assert world.site.done("refill") == ["4711"]


@pytest.mark.parametrize("reference", ["47 11", "4711,4712", "+1", "9" * 201])
async def test_what_is_no_id_is_not_put_under_watch(world: World, reference: str) -> None:
    await lost_order(world)
    with pytest.raises(RequestRejected, match="is not an id"):
        await world.say("resolve", id="1", happened=True, reference=reference)
    assert await world.states() == ["unknown"]


@pytest.mark.parametrize(("waited", "warned"), [({"minutes": 1}, True), ({"minutes": 7}, False)])
@pytest.mark.parametrize("again", [False, True])
async def test_a_person_is_told_that_what_he_did_not_find_may_still_land(
    world: World, waited: dict[str, int], warned: bool, again: bool
) -> None:
    await lost_order(world)
    await world.wait(**waited)
    answer = await world.say("resolve", id="1", again=again)
    words = "it may still land until 12:06:00Z (settle)" + (
        ", and is sent again then; `bursar actions deny 1` ends it"
        if again
        else ": look at the provider's page once more then"
    )
    unseen = "nothing is looked for before that: if it happened after all, it is done twice"
    told = [*([words] if warned else []), *([unseen] if again else [])]
    assert answer["warning"] == ("; ".join(told) or None)


async def test_what_is_done_again_waits_until_the_lost_request_can_land_no_more(world: World) -> None:
    await lost_order(world)
    await world.wait(minutes=1)
    await world.say("resolve", id="1", again=True)
    await world.live(minutes=3)
    before = (len(world.site.done("add")), await world.states())
    await world.live(minutes=3)
    assert (before, len(world.site.done("add")), await world.states()) == ((1, ["ready"]), 2, ["succeeded"])


async def test_what_is_to_be_done_again_can_be_ended_before_it_leaves(world: World) -> None:
    await lost_order(world)
    await world.wait(minutes=1)
    await world.say("resolve", id="1", again=True)
    await world.live(minutes=1)
    await world.say("deny", ids=["1"])
    await world.live(minutes=20)
    assert (len(world.site.done("add")), await world.states()) == (1, ["denied"])


async def test_of_what_is_known_to_have_happened_and_which_it_is_nothing_more_is_to_be_said(world: World) -> None:
    await lost_order(world)
    assert (await world.say("resolve", id="1", happened=True, reference="4711"))["warning"] is None


async def test_a_person_is_told_that_an_order_without_a_reference_is_not_watched(world: World) -> None:
    await lost_order(world)
    warning = (await world.say("resolve", id="1", happened=True))["warning"]
    assert warning == (
        "no --reference was given: which order it is stays unknown, and its cost what was reserved; "
        "`bursar track panel ID` puts it under watch"
    )


@pytest.mark.parametrize(("reference", "warned"), [("77", False), ("78", True), (None, True)])
async def test_a_person_is_told_of_a_payout_that_no_poll_has_shown(
    world: World, reference: str | None, warned: bool
) -> None:
    world.site.money("80")
    world.site.will("payout", GONE)
    await world.open(config())
    await world.say("call", **PAYOUT, wait_s=0)
    await world.turn()
    world.site.payouts["77"] = "waiting"
    await world.live(minutes=12)
    answer = await world.say("resolve", id="1", happened=True, reference=reference)
    assert (answer["state"], answer["warning"] is not None) == ("succeeded", warned)


async def test_what_can_be_asked_twice_needs_no_second_look(world: World) -> None:
    world.site.orders["1"] = "partial"
    world.site.will("refill", GONE)
    await world.open(config(REFILL))
    await world.track("1")
    await world.turn()
    assert (await world.say("resolve", id="1"))["warning"] is None


async def test_an_amount_that_was_shown_in_another_currency_is_no_yes(world: World) -> None:
    """A reload between the question and the answer has the account count in another one."""
    world.site.money("80")
    await world.open(config())
    [quoted_then] = await quoted(world)
    await world.reload(config(accounts=account().replace("USD", "EUR")))
    world.site.money("80", currency="EUR")
    shown = {"amounts": [quoted_then["amount"]], "currencies": [quoted_then["currency"]]}
    with pytest.raises(RequestRejected, match="the amount was shown in USD, and panel counts in EUR now: call again"):
        await world.say("call", **PAYOUT, wait_s=0, **shown)
    assert await world.states() == []


@pytest.mark.parametrize("currencies", [None, ["USD"], [None], ["USD", "USD"], "USD"])
async def test_an_amount_in_the_accounts_currency_or_in_none_is_a_yes(world: World, currencies: Any) -> None:
    world.site.money("80")
    await world.open(config())
    await world.poll()
    await world.say("call", **PAYOUT, wait_s=0, amounts=["80"], currencies=currencies)
    await world.live(minutes=2)
    assert await world.states() == ["succeeded"]
