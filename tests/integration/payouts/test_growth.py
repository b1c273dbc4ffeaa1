"""A balance grows between the plan, a person's yes and the request: nothing leaves beyond what was judged."""

from __future__ import annotations

from decimal import Decimal

import pytest

from bursar.api import (
    CannotTell,
    DidNot,
    Happened,
    Later,
    Lost,
    Observed,
    RateLimited,
    Refused,
    SubjectRef,
    Succeeded,
    Unreachable,
)
from bursar.control.messages import RequestRejected
from bursar.journal import meta
from bursar.journal.files.last_ids import FLOOR, QUESTIONS
from support.config import account, config
from support.world import World

PAY = '{name: p, on: balance.passed_min_payout, do: [{payout: {method: "7"}}]'
ASKS = PAY + ", approve: {above: 1, within: 12h}}"
ABOVE_500 = PAY + ", approve: {above: 500, within: 12h}}"
BUDGET_600 = PAY + ", budget: {payout: {max: 600, every: 24h}}}"
BUDGET_1000 = PAY + ", budget: {payout: {max: 1000, every: 24h}}}"


def left(world: World) -> list[str]:
    """Return what was judged to leave at each attempt."""
    return [str(intent.cost) for intent in world.site.performed]


async def asked(world: World, rules: str = ASKS, amount: str = "275.31", **more: str) -> None:
    """Have a payout wait for a person."""
    world.site.money(amount)
    await world.open(config(rules, **more))
    await world.turn()


async def test_a_yes_to_an_amount_that_has_grown_is_asked_anew(world: World) -> None:
    await asked(world)
    world.site.money("5161.88")
    await world.live(minutes=6)
    answer = (await world.say("approve", ids=["1"]))[0]
    assert (answer["state"], answer["id"], "275.31" in answer["problem"], "5161.88" in answer["problem"]) == (
        "awaiting_approval", "1.2", True, True,
    )  # fmt: skip
    await world.live(minutes=10)
    assert (world.site.performed, len(await world.told("approval.wanted"))) == ([], 2)


async def test_a_yes_to_the_new_question_is_for_the_new_amount(world: World) -> None:
    await asked(world)
    world.site.money("5161.88")
    await world.live(minutes=6)
    await world.say("approve", ids=["1"])
    await world.say("approve", ids=["1.2"])
    await world.live(minutes=10)
    assert left(world) == ["5161.88"]


@pytest.mark.parametrize("said", ["1", "1.1"])
async def test_a_yes_to_another_question_than_the_last_is_not_taken(world: World, said: str) -> None:
    await asked(world)
    world.site.money("5161.88")
    await world.live(minutes=6)
    await world.say("approve", ids=["1"])
    answer = (await world.say("approve", ids=[said]))[0]
    await world.live(minutes=10)
    assert (answer["problem"] is None, world.site.performed) == (False, [])


async def test_a_question_that_was_not_asked_yet_has_no_answer(world: World) -> None:
    await asked(world)
    with pytest.raises(RequestRejected, match="no question 2 "):
        await world.say("approve", ids=["1.2"])
    assert (await world.say("actions"))[0]["state"] == "awaiting_approval"


async def test_what_grew_after_the_yes_is_asked_anew_before_it_leaves(world: World) -> None:
    await asked(world)
    await world.say("approve", ids=["1"])
    world.site.will("prepare", {"known": [], "balance": "5161.88"})
    await world.live(minutes=10)
    rows = await world.say("actions")
    assert (world.site.performed, rows[0]["id"], rows[0]["amount"]) == ([], "1.2", "5161.88")


async def test_a_second_yes_at_a_slow_stream_leaves_before_it_lapses(world: World) -> None:
    await asked(world, accounts=account(more="poll: {info: 12h}"))
    world.site.will("prepare", *[{"known": [], "balance": "300"}] * 2)
    for id_ in ("1", "1.2"):
        await world.say("approve", ids=[id_])
        await world.live(minutes=6)
    assert left(world) == ["300"]


async def test_less_than_was_said_yes_to_leaves(world: World) -> None:
    await asked(world)
    await world.say("approve", ids=["1"])
    world.site.money("200")
    await world.live(minutes=10)
    assert left(world) == ["200"]


async def test_the_time_to_answer_runs_from_the_first_question(world: World) -> None:
    await asked(world)
    await world.live(hours=11, every_s=600)
    world.site.money("5161.88")
    await world.live(minutes=6)
    await world.say("approve", ids=["1"])
    await world.live(hours=1.5, every_s=600)
    assert (await world.states(), world.site.performed) == (["lapsed"], [])


async def test_a_question_past_the_ceiling_shortens_no_other(world: World) -> None:
    await world.open(config(ABOVE_500, settings="ceiling: 1"))
    await world.say("call", account="panel", method="add", params={"link": "x"}, wait_s=0)
    await world.send()
    world.site.money("80")
    await world.live(minutes=6)
    world.site.money("900")
    await world.live(minutes=40)
    for _ in range(2):  # it has grown meanwhile, and is asked anew
        await world.say("approve", ids=["ceiling:panel"])
    await world.live(hours=2)
    assert (await world.states("payout"), await world.told("approval.*")) == (
        ["awaiting_approval"],
        ["approval.wanted"],
    )


async def test_two_rate_limits_later_a_person_is_asked_about_what_has_grown_past_the_limit(world: World) -> None:
    world.site.money("400")
    world.site.will("payout", Later("rate"), Later("rate"))
    await world.open(config(ABOVE_500))
    await world.live(minutes=1, every_s=10)
    world.site.money("5527.27")
    await world.live(minutes=20)
    assert (left(world), await world.states()) == (["400", "400"], ["awaiting_approval"])


async def test_a_budget_is_asked_about_what_is_about_to_leave(world: World) -> None:
    world.site.money("275.31")
    world.site.will("prepare", *[{"known": [], "balance": "1312.28"}] * 9)
    await world.open(config(BUDGET_600, accounts=account(more="poll: {info: 1h}")))
    await world.live(minutes=20)
    assert (world.site.performed, await world.states(), await world.matches()) == ([], ["lapsed"], ["budget"])


async def test_what_is_held_back_by_a_budget_goes_when_the_balance_allows_it(world: World) -> None:
    world.site.money("1312.28")
    await world.open(config(BUDGET_600))
    await world.live(minutes=10)
    world.site.money("599")
    await world.live(hours=26, every_s=600)
    assert left(world) == ["599"]


async def test_a_budget_counts_what_the_site_lists_as_paid(world: World) -> None:
    world.site.money("900")
    world.site.will("payout", Succeeded("41", moved=Decimal("1312.28")))
    await world.open(config(BUDGET_1000))
    await world.turn()
    world.site.payouts = {"41": "done"}
    for amount in ("0", "60", "0", "70"):
        world.site.money(amount)
        await world.live(minutes=12)
    assert left(world) == ["900"]


async def test_a_budget_counts_what_a_later_poll_lists_as_paid(world: World) -> None:
    world.site.money("900")
    world.site.will("payout", Succeeded("41"))
    await world.open(config(BUDGET_1000))
    await world.turn()
    world.site.will("payouts", _listed("41", "1312.28"))
    for amount in ("0", "60"):
        world.site.money(amount)
        await world.live(minutes=12)
    assert left(world) == ["900"]


def _listed(id_: str, amount: str) -> object:
    async def seen(look: object) -> object:
        from bursar.api import Observation

        one = Observed(SubjectRef("payout", id_), {"amount": Decimal(amount)}, "done")
        return Observation("payouts", (one,))

    return seen


async def test_a_success_tells_what_was_allowed_and_what_was_paid(world: World) -> None:
    world.site.money("900")
    world.site.will("payout", Succeeded("41", moved=Decimal("912.5")))
    await world.open(config(PAY + "}"))
    await world.turn()
    told = (await world.events("action.succeeded"))[0]["data"]
    assert (told["allowed"], told["paid"], told["currency"]) == ("900", "912.5", "USD")


async def test_a_budget_holds_an_amount_from_the_plan_to_the_end_of_the_window(world: World) -> None:
    """900 that was planned a day ago, and sent only now, leaves no room for another 900."""
    world.site.money("900")
    world.site.will("payout", *[Later("busy", retry_after=_hours(23.5))])
    await world.open(config(BUDGET_1000))
    await world.live(hours=24, every_s=600)
    first = left(world)
    world.site.money("0")
    await world.live(minutes=12)
    world.site.money("900")
    await world.live(hours=2, every_s=600)
    assert (first, left(world)) == (["900", "900"], ["900", "900"])


def _hours(hours: float) -> object:
    from datetime import timedelta

    return timedelta(hours=hours)


async def test_an_open_payout_counts_in_its_budget_whatever_its_age(world: World) -> None:
    world.site.money("900")
    world.site.will("payout", Unreachable("lost"))
    second = f"{account('second', 2)}"
    await world.open(
        config(
            '{name: p, on: balance.passed_min_payout, do: [{payout: {method: "7"}}]}',
            settings="budget: [{payout: {max: 1000, currency: USD, every: 1h}}]",
            accounts=f"{account()}, {second}",
        )
    )
    await world.live(hours=3, every_s=600)
    world.sites.sites["http://127.0.0.1:2/api"].money("900")
    await world.live(hours=3, every_s=600)
    assert world.sites.sites["http://127.0.0.1:2/api"].performed == []


async def test_a_budget_of_the_settings_is_over_all_accounts_of_its_currency(world: World) -> None:
    for port, amount in ((1, "600"), (2, "600"), (3, "300")):
        world.sites.sites[f"http://127.0.0.1:{port}/api"].money(amount)
    names = f"{account()}, {account('second', 2)}, {account('third', 3)}"
    await world.open(
        config(PAY + "}", settings="budget: [{payout: {max: 1000, currency: USD, every: 24h}}]", accounts=names)
    )
    await world.live(hours=2, every_s=600)
    done = [intent.cost for site in world.sites.sites.values() for intent in site.performed]
    assert sum(done) == Decimal(900)  # type: ignore[arg-type]


async def test_an_account_of_unknown_currency_is_held_back_by_a_budget_of_the_settings(world: World) -> None:
    world.site.balance = {"amount": Decimal(60), "min_payout": Decimal(50)}
    nameless = account().replace(", currency: USD", "")
    await world.open(
        config(PAY + "}", settings="budget: [{payout: {max: 1000, currency: USD, every: 24h}}]", accounts=nameless)
    )
    await world.live(minutes=20)
    assert (world.site.performed, await world.matches()) == ([], ["budget"])


async def test_a_refusal_uses_up_no_budget(world: World) -> None:
    world.site.money("900")
    world.site.will("payout", Refused("not today"))
    await world.open(config(BUDGET_1000.replace("every: 24h", "every: 60d")))
    await world.live(hours=26, every_s=600)
    assert left(world) == ["900", "900"]


async def test_a_payout_that_the_site_canceled_uses_up_no_budget(world: World) -> None:
    world.site.money("900")
    world.site.will("payout", Succeeded("41"))
    await world.open(config(BUDGET_1000.replace("every: 24h", "every: 60d")))
    await world.turn()
    world.site.payouts = {"41": "waiting"}
    await world.live(minutes=12)
    world.site.payouts = {"41": "canceled"}
    await world.live(hours=26, every_s=600)
    assert left(world) == ["900", "900"]


async def test_a_payout_that_was_canceled_and_done_after_all_uses_up_its_budget(world: World) -> None:
    world.site.money("900")
    world.site.will("payout", Succeeded("41"))
    await world.open(config(BUDGET_1000.replace("every: 24h", "every: 60d")))
    await world.turn()
    for state in ("waiting", "canceled", "done"):
        world.site.payouts = {"41": state}
        await world.live(minutes=12)
    await world.live(hours=26, every_s=600)
    assert left(world) == ["900"]


async def test_a_lost_payout_that_the_site_canceled_before_it_was_found_uses_up_no_budget(world: World) -> None:
    world.site.will("payout", Unreachable("the answer was lost"))
    await asked(world, PAY + ", budget: {payout: {max: 100, every: 30d}}}", "80")
    for state in ("waiting", "canceled"):
        world.site.payouts["1"] = state
        await world.live(minutes=6)
    world.site.will("reconcile", Happened(Succeeded(reference="1")))
    await world.live(minutes=12)
    found = await world.states()
    await world.live(hours=26, every_s=1800)
    assert (found, await world.states()) == (["succeeded"], ["succeeded"] * 2)


async def test_a_rate_limit_that_is_raised_is_no_amount(world: World) -> None:
    world.site.money("275")
    world.site.will("prepare", RateLimited("slow down"))
    await world.open(config(BUDGET_600))
    await world.live(minutes=10)
    assert left(world) == ["275"]


async def test_a_yes_after_its_time_is_none(world: World) -> None:
    await asked(world)
    await world.wait(hours=13)
    answer = (await world.say("approve", ids=["1"]))[0]
    await world.live(minutes=10)
    assert (answer["state"], world.site.performed) == ("lapsed", [])


async def test_a_stricter_rule_asks_again(world: World) -> None:
    await asked(world, ASKS.replace("above: 1,", "above: 200,"))
    await world.say("pause")
    await world.say("approve", ids=["1"])
    await world.reload(config(ASKS.replace("above: 1,", "above: 100,")))
    await world.say("resume")
    await world.live(minutes=10)
    assert (world.site.performed, await world.states()) == ([], ["awaiting_approval"])


async def test_a_looser_rule_keeps_the_yes(world: World) -> None:
    await asked(world, ASKS.replace("above: 1,", "above: 100,"))
    await world.say("pause")
    await world.say("approve", ids=["1"])
    await world.reload(config(ASKS.replace("above: 1,", "above: 200,")))
    await world.say("resume")
    await world.live(minutes=10)
    assert left(world) == ["275.31"]


async def test_an_unknown_id_is_refused(world: World) -> None:
    await asked(world)
    with pytest.raises(RequestRejected):
        await world.say("approve", ids=["x.2"])


async def test_no_text_goes_out_about_a_payout_that_a_person_denies(world: World) -> None:
    text = "{notify: {sink: ops, text: 'Asked for a payout of {{ balance.amount }}'}}"
    await asked(world, ASKS.replace("do: [", f"do: [{text}, "))
    await world.say("deny", ids=["1"])
    await world.live(minutes=30)
    assert await world.texts() == []


async def test_the_text_goes_out_once_the_payout_is_sent(world: World) -> None:
    text = "{notify: {sink: ops, text: 'Asked for a payout of {{ balance.amount }}'}}"
    await asked(world, ASKS.replace("do: [", f"do: [{text}, "))
    waiting = await world.texts()
    await world.say("approve", ids=["1"])
    await world.live(minutes=10)
    assert (waiting, await world.texts()) == ([], ["Asked for a payout of 275.31"])


@pytest.mark.parametrize("cooldown", ["", ", cooldown: 2h"])
async def test_a_no_holds_for_a_newer_match_too(world: World, cooldown: str) -> None:
    """A person has paid by hand while the question waited, and more came in: the no is a no for a while."""
    await asked(world, ASKS[:-1] + cooldown + "}")
    world.site.money("0")
    await world.live(minutes=10)
    world.site.money("300")
    await world.live(minutes=10)
    [(intent, number)] = await world.read(
        lambda tx: tx.all("SELECT id, question FROM intents WHERE state = 'awaiting_approval'")
    )
    await world.say("deny", ids=[f"{intent}.{number}"])
    before = len(await world.told("approval.wanted"))
    await world.live(hours=1, every_s=300)
    soon = len(await world.told("approval.wanted"))
    await world.live(hours=25, every_s=900)
    assert (soon - before, len(await world.told("approval.wanted")) > before, world.site.performed) == (0, True, [])


async def test_a_refusal_because_a_lost_attempt_has_landed_leaves_the_budget_reserved(world: World) -> None:
    async def already(_intent: object) -> Refused:
        world.site.payouts["1"] = "waiting"
        world.site.money("0")
        return Refused("you have a payout already")

    world.site.money("900")
    world.site.will("payout", Unreachable("the answer was lost"), already)
    world.site.will("reconcile", *[DidNot("not there")] * 4)
    once = BUDGET_1000[:-1] + ", cooldown: 1h}"
    await world.open(config(once, accounts=account(more="settle: 1m")))
    await world.live(minutes=20)
    world.site.money("900")
    await world.live(hours=3, every_s=300)
    assert (left(world), await world.matches()) == (["900", "900"], ["budget"])


async def test_both_amounts_are_said_where_numbers_of_questions_were_left_out(world: World) -> None:
    await asked(world)
    await world.context.commit(lambda uow: (meta.put(uow.tx, FLOOR, "1 2"), meta.put(uow.tx, QUESTIONS, "2")))
    world.site.money("5161.88")
    await world.live(minutes=6)
    [third] = await world.say("approve", ids=["1"])
    world.site.money("6000")
    await world.live(minutes=6)
    await world.say("approve", ids=[third["id"]])
    [late] = await world.say("approve", ids=[third["id"]])
    assert (third["id"], "5161.88" in late["problem"], "6000" in late["problem"]) == ("1.3", True, True)


async def test_there_is_no_question_of_the_number_nothing(world: World) -> None:
    await asked(world)
    with pytest.raises(RequestRejected, match=r"'1\.0' is not the id of an action"):
        await world.say("approve", ids=["1.0"])


async def test_a_question_after_an_answer_leaves_as_much_time_as_the_first(world: World) -> None:
    """A yes was given, the payout lost for longer than a question lasts, and more is there now."""
    rule = '{name: p, on: balance.passed_min_payout, do: [{payout: {method: "7"}}], approve: {above: 50, within: 2h}}'
    world.site.money("80")
    world.site.will("payout", Lost("no answer"))
    world.site.will("reconcile", *[CannotTell("down")] * 40)
    await world.open(config(rule))
    await world.turn()
    await world.say("approve", ids=["1"])
    await world.live(hours=3)
    world.site.next["reconcile"].clear()
    world.site.will("reconcile", *[DidNot("not there")] * 40)
    world.site.money("900")
    await world.live(minutes=40)
    asked = await world.events("approval.wanted")
    assert (await world.states(), asked[-1]["data"]["until"] > asked[-1]["time"]) == (["awaiting_approval"], True)
    await world.live(hours=3)
    assert await world.states() == ["lapsed"]
