"""Payouts: asked for once, refused, canceled, frozen parameters, stale facts, and what a person says."""

from __future__ import annotations

from decimal import Decimal

import pytest

from bursar.api import (
    Later,
    NeverSent,
    NotSent,
    Observation,
    Observed,
    ProviderError,
    Refused,
    SubjectRef,
    Succeeded,
    Unreachable,
)
from bursar.control.messages import RequestRejected
from support.config import account, config
from support.world import World

PAY = '{name: p, on: balance.passed_min_payout, do: [{payout: {method: "7", account: {env: WALLET}}}], cooldown: 24h}'
WHEN = PAY.replace("do:", "when: balance.amount >= balance.min_payout, do:")
LOST = Unreachable("the answer was lost")


async def begin(world: World, rules: str = PAY, **more: str) -> None:
    """Start with a balance that is due."""
    world.site.money("80")
    await world.open(config(rules, **more))


async def test_a_payout_is_asked_for_once(world: World) -> None:
    await begin(world)
    await world.live(hours=5, every_s=300)
    assert world.site.done("payout") == ["balance"]


async def test_a_payout_is_asked_for_with_the_whole_parameters(world: World) -> None:
    await begin(world)
    await world.turn()
    assert world.site.performed[0].params == {"method": "7", "account": "T-wallet-1"}


async def test_the_evidence_is_read_with_the_whole_parameters(world: World) -> None:
    await begin(world)
    await world.turn()
    assert world.site.prepared[0].params == {"method": "7", "account": "T-wallet-1"}


async def test_a_lost_payout_is_looked_for_with_the_whole_parameters(world: World) -> None:
    await begin(world)
    world.site.will("payout", LOST)
    await world.live(minutes=6)
    assert world.site.reconciled[0].params == {"method": "7", "account": "T-wallet-1"}


async def test_a_lost_payout_is_looked_for_with_the_whole_parameters_after_a_restart(world: World) -> None:
    await begin(world)
    world.site.will("payout", LOST)
    await world.turn()
    await world.restart(clean=False)
    await world.live(minutes=6)
    assert world.site.reconciled[0].params == {"method": "7", "account": "T-wallet-1"}


async def test_a_lost_payout_whose_secret_is_another_now_is_not_looked_for(world: World) -> None:
    await begin(world)
    world.site.will("payout", LOST)
    await world.turn()
    world.environ["WALLET"] = "T-wallet-2"
    await world.restart()
    await world.live(minutes=20)
    assert (world.site.reconciled, await world.states()) == ([], ["unknown"])


async def test_no_secret_is_written_into_the_journal(world: World) -> None:
    await begin(world)
    world.site.will("payout", LOST)
    await world.live(minutes=6)
    await world.close()
    written = b"".join(path.read_bytes() for path in world.folder.glob("journal.db*"))
    assert b"T-wallet-1" not in written


async def test_a_secret_that_resolves_to_something_else_is_not_sent(world: World) -> None:
    await begin(world)
    await world.poll()
    world.environ["WALLET"] = "T-wallet-2"
    await world.restart()
    await world.poll()
    await world.wait(seconds=1)
    await world.send()
    assert (world.site.performed, await world.states()) == ([], ["lapsed"])


async def test_plain_parameters_are_frozen_when_the_payout_is_planned(world: World) -> None:
    await begin(world, PAY.replace('"7"', '"{{ balance.min_payout }}"'))
    await world.poll()
    world.site.money("80", least="60")
    await world.live(minutes=12)
    assert world.site.performed[0].params["method"] == "50"


async def test_a_refused_payout_is_not_asked_for_again_at_once(world: World) -> None:
    await begin(world)
    world.site.will("payout", Refused("not today"))
    await world.live(hours=20, every_s=300)
    assert world.site.done("payout") == ["balance"]


async def test_a_refused_payout_is_asked_for_again_after_the_cooldown(world: World) -> None:
    await begin(world)
    world.site.will("payout", Refused("not today"))
    await world.live(hours=25, every_s=300)
    assert await world.states() == ["refused", "succeeded"]


async def test_a_refused_payout_is_not_asked_for_again_when_the_balance_is_below_the_minimum(world: World) -> None:
    await begin(world, WHEN)
    world.site.will("payout", Refused("not today"))
    await world.live(minutes=10)
    world.site.money("20")
    await world.live(hours=25, every_s=300)
    assert (await world.states(), await world.matches()) == (["refused"], [])


async def test_a_payout_that_is_refused_three_times_is_asked_for_no_more(world: World) -> None:
    await begin(world)
    world.site.will("payout", *[Refused("never")] * 9)
    await world.live(hours=200, every_s=1800)
    assert (len(world.site.performed), await world.told("action.gave_up")) == (3, ["action.gave_up"])


async def test_three_refusals_are_counted_across_restarts(world: World) -> None:
    await begin(world)
    world.site.will("payout", *[Refused("never")] * 9)
    for _ in range(6):
        await world.live(hours=25, every_s=1800)
        await world.restart(clean=False)
    assert len(world.site.performed) == 3


async def test_a_payout_is_asked_for_again_when_a_person_has_it_retried_after_three_refusals(world: World) -> None:
    await begin(world)
    world.site.will("payout", *[Refused("never")] * 3)
    await world.live(hours=100, every_s=1800)
    await world.say("retry", ids=["3"])
    await world.live(minutes=12)
    assert await world.states() == ["refused"] * 3 + ["succeeded"]


async def test_a_payout_that_the_site_canceled_does_not_loop(world: World) -> None:
    await begin(world)
    await world.turn()
    world.site.payouts["1"] = "waiting"
    world.site.money("0")
    await world.live(minutes=20)
    world.site.payouts["1"] = "canceled"
    world.site.money("80")
    await world.live(hours=20, every_s=600)
    assert world.site.done("payout") == ["balance"]


async def test_a_payout_that_the_site_canceled_is_not_forgotten(world: World) -> None:
    await begin(world)
    await world.turn()
    world.site.payouts["1"] = "waiting"
    world.site.money("0")
    await world.live(minutes=20)
    world.site.payouts["1"] = "canceled"
    world.site.money("80")
    await world.live(hours=27, every_s=600)
    assert world.site.done("payout") == ["balance", "balance"]


async def test_a_canceled_payout_pauses_a_rule_without_a_cooldown_too(world: World) -> None:
    await begin(world, PAY.replace(", cooldown: 24h", ""))
    await world.turn()
    world.site.payouts["1"] = "waiting"
    world.site.money("0")
    await world.live(minutes=20)
    world.site.payouts["1"] = "canceled"
    world.site.money("80")
    await world.live(hours=20, every_s=600)
    assert world.site.done("payout") == ["balance"]


async def test_a_payout_that_news_of_the_account_asks_for_is_asked_for_once(world: World) -> None:
    world.site.money("80")
    world.site.down["coupons"] = Unreachable("no answer")
    await world.open(config('{name: r, on: account.unreachable, do: [{payout: {method: "7"}}]}'))
    await world.live(minutes=20)
    assert world.site.done("payout") == ["balance"]


async def test_a_payout_that_news_of_the_account_asks_for_waits_for_a_fresh_balance(world: World) -> None:
    world.site.money("80")
    world.site.down |= {"coupons": Unreachable("no answer"), "info": Unreachable("no answer")}
    await world.open(config('{name: r, on: account.unreachable, do: [{payout: {method: "7"}}]}'))
    await world.live(minutes=20)
    assert (world.site.performed, await world.states()) == ([], ["ready"])


async def test_two_rules_ask_for_one_payout(world: World) -> None:
    await begin(world, f"{PAY}\n{PAY.replace('name: p', 'name: q')}")
    await world.poll()
    assert await world.states() == ["ready"]


async def test_a_payout_later_is_asked_for_when_it_is_due(world: World) -> None:
    await begin(world)
    world.site.will("payout", Later("in a while"))
    await world.live(minutes=12)
    assert await world.states() == ["succeeded"]


@pytest.mark.parametrize("never", [NotSent("no connection"), NeverSent("no connection")])
async def test_a_payout_that_never_left_is_deferred(world: World, never: object) -> None:
    await begin(world)
    world.site.will("payout", never)
    await world.poll()
    await world.send()
    assert await world.states() == ["deferred"]


async def test_a_payout_that_never_left_is_sent_later(world: World) -> None:
    await begin(world)
    world.site.will("payout", NotSent("no connection"))
    await world.live(minutes=12)
    assert await world.states() == ["succeeded"]


async def test_a_payout_that_never_leaves_is_given_up(world: World) -> None:
    await begin(world)
    world.site.will("payout", *[NotSent("no connection")] * 20)
    await world.live(hours=30, every_s=300)
    assert (await world.states(), len(world.site.performed)) == (["gave_up"], 8)


async def test_a_payout_whose_evidence_cannot_be_read_is_not_sent(world: World) -> None:
    await begin(world)
    world.site.will("prepare", *[ProviderError("HTML")] * 99)
    await world.live(minutes=30)
    assert (world.site.performed, await world.states()) == ([], ["ready"])


async def test_a_payout_whose_evidence_can_be_read_later_is_sent(world: World) -> None:
    await begin(world)
    world.site.will("prepare", ProviderError("HTML"))
    await world.live(minutes=12)
    assert await world.states() == ["succeeded"]


async def test_a_ready_payout_is_not_sent_before_a_fresh_look_after_a_restart(world: World) -> None:
    await begin(world)
    await world.poll()
    await world.restart(minutes=5)
    await world.send()
    assert (world.site.performed, await world.states()) == ([], ["ready"])


async def test_a_ready_payout_is_sent_after_a_fresh_look_after_a_restart(world: World) -> None:
    await begin(world)
    await world.poll()
    await world.restart(minutes=5)
    await world.live(minutes=1)
    assert world.site.done("payout") == ["balance"]


async def test_a_ready_payout_lapses_when_the_fresh_look_says_otherwise(world: World) -> None:
    await begin(world, WHEN)
    await world.poll()
    world.site.money("20")
    await world.restart(minutes=5)
    await world.live(minutes=6)
    assert (world.site.performed, await world.states()) == ([], ["lapsed"])


async def test_a_ready_payout_is_not_sent_while_the_balance_cannot_be_read(world: World) -> None:
    await begin(world)
    await world.poll()
    world.site.down["info"] = Unreachable("no answer")
    await world.restart(minutes=1)
    await world.live(minutes=40)
    assert (world.site.performed, await world.states()) == ([], ["ready"])


async def test_a_ready_payout_waits_while_its_stream_fails_though_its_facts_are_fresh(world: World) -> None:
    await begin(world)
    world.site.will("info")
    await world.poll()
    world.site.down["info"] = Unreachable("no answer")
    from bursar.domain.ids import SubjectRef

    world.supervisor.pollers["panel"].schedule.streams["info"].wanted.add(SubjectRef("balance", "balance"))
    await world.poll()
    await world.send()
    assert world.site.performed == []


async def test_a_payout_that_was_not_sent_for_an_hour_lapses(world: World) -> None:
    await begin(world)
    await world.poll()
    world.site.down["info"] = Unreachable("no answer")
    await world.restart(minutes=1)
    await world.live(minutes=62)
    assert await world.states() == ["lapsed"]


async def test_a_payout_that_lapsed_is_asked_for_again_when_the_balance_can_be_read(world: World) -> None:
    await begin(world)
    await world.poll()
    world.site.down["info"] = Unreachable("no answer")
    await world.restart(minutes=1)
    await world.live(minutes=62)
    world.site.down.clear()
    await world.live(minutes=40)
    assert await world.states() == ["lapsed", "succeeded"]


async def test_a_payout_whose_facts_have_aged_is_looked_at_again_before_it_is_sent(world: World) -> None:
    await begin(world, WHEN)
    await world.poll()
    world.site.money("20")
    await world.wait(seconds=90)
    await world.send()
    await world.live(minutes=6)
    assert (world.site.performed, await world.states()) == ([], ["lapsed"])


async def test_a_payout_whose_rule_is_gone_is_not_sent(world: World) -> None:
    await begin(world)
    await world.poll()
    await world.reload(config())
    await world.live(minutes=6)
    assert (world.site.performed, await world.states()) == ([], ["lapsed"])


async def test_a_payout_of_an_account_that_is_gone_lapses_and_time_goes_on_for_others(world: World) -> None:
    await begin(world)
    await world.poll()
    await world.restart(config(PAY.replace("do:", "accounts: ['*'], do:"), accounts=account("second", 2, "OTHER")))
    world.sites.sites["http://127.0.0.1:2/api"].money("80")
    await world.poll("second")
    await world.say("pause")
    await world.wait(minutes=61)
    await world.tick()
    assert await world.states() == ["lapsed", "lapsed"]


async def test_a_person_pays_out_by_a_call(world: World) -> None:
    await world.open(config())
    call = {"account": "panel", "method": "payout", "params": {"method": "7", "account": "W"}, "wait_s": "0"}
    await world.say("call", **call)
    await world.send()
    assert world.site.performed[0].params == {"method": "7", "account": "W"}


async def test_a_call_is_declined_while_the_subject_has_an_open_intent(world: World) -> None:
    await begin(world)
    await world.poll()
    with pytest.raises(RequestRejected, match="open intent"):
        await world.say("call", account="panel", method="payout", params={"method": "7"}, wait_s="0")


async def test_a_call_is_declined_in_a_pause(world: World) -> None:
    await world.open(config())
    await world.say("pause")
    with pytest.raises(RequestRejected, match="bursar resume"):
        await world.say("call", account="panel", method="payout", params={"method": "7"}, wait_s="0")


async def test_the_secret_of_a_call_is_not_known_after_a_restart(world: World) -> None:
    await world.open(config())
    await world.say("call", account="panel", method="payout", params={"method": "7", "account": "W"}, wait_s="0")
    await world.restart()
    await world.live(minutes=2)
    assert (world.site.performed, await world.states()) == ([], ["lapsed"])


async def test_an_order_that_was_added_is_under_watch(world: World) -> None:
    await world.open(config())
    await world.say("call", account="panel", method="add", params={"link": "l"}, wait_s="0")
    await world.send()
    world.site.orders["new1"] = "in_progress"
    await world.live(minutes=2)
    assert [(row["id"], row["state"]) for row in await world.say("orders")] == [("new1", "in_progress")]


async def test_an_amount_below_zero_that_the_provider_lists_gives_no_budget_back(world: World) -> None:
    world.site.money("600")
    world.site.will("payout", Succeeded(reference="1"))
    await world.open(config(PAY.replace("cooldown: 24h", "budget: {payout: {max: 700, every: 24h}}")))
    await world.live(minutes=2)
    listed = Observed(SubjectRef("payout", "1"), {"amount": Decimal(-600)}, "waiting")
    world.site.will("payouts", Observation("payouts", (listed,)))
    world.site.money("0")
    await world.live(minutes=10)
    world.site.money("1100")
    await world.live(minutes=20)
    assert world.site.done("payout") == ["balance"]


async def test_a_cooldown_counts_by_what_is_acted_on_whatever_was_asked_about(world: World) -> None:
    """Each payout that is done asks for the next one: all take the same balance."""
    rule = '{name: p, on: [balance.passed_min_payout, payout.done], do: [{payout: {method: "7"}}], cooldown: 24h}'
    world.site.money("900")
    await world.open(config(rule))
    await world.live(minutes=2)
    for amount in ("20", "900"):
        world.site.money(amount)
        await world.live(minutes=12)
    for id_ in ("1", "2", "3"):
        world.site.payouts[id_] = "waiting"
        await world.live(minutes=6)
        world.site.payouts[id_] = "done"
        await world.live(minutes=6)
    assert world.site.done("payout") == ["balance"]
    await world.live(hours=24, every_s=600)
    assert world.site.done("payout") == ["balance", "balance"]


async def test_a_payout_that_the_site_canceled_is_shown_as_undone_and_unpaid(world: World) -> None:
    world.site.money("80")
    world.site.will("payout", Succeeded(reference="5", moved=Decimal(80)))
    await world.open(config(PAY))
    await world.live(minutes=2)
    for state, paid in (("waiting", "80"), ("canceled", "0"), ("done", "80")):
        world.site.payouts["5"] = state
        await world.live(minutes=6)
        row = (await world.say("actions"))[0]
        assert (row["paid"], "the provider has undone it since" in row["reason"]) == (paid, paid == "0")
    assert await world.told("action.*") == ["action.succeeded", "action.undone"]
