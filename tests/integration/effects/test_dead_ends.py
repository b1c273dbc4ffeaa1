"""No loss is silent, no state is a dead end: every loss is told, and what stopped can be ended or gone on with."""

from __future__ import annotations

from datetime import timedelta

from bursar.api import CannotTell, Intent, Later, NotSent, RateLimited, Refused, Unreachable
from support.config import config
from support.scenarios.orders import partial
from support.world import World

REFILL = "{name: e, on: order.partial, do: [refill]}"
ADD = "{name: a, on: order.partial, do: [{add: {link: more}}]}"
PAY = '{name: p, on: balance.passed_min_payout, do: [{payout: {method: "7"}}]}'
GONE = Unreachable("the answer was lost")


async def test_the_second_loss_of_an_add_is_told_like_the_first(world: World) -> None:
    await partial(world, ADD, GONE, GONE, action="add")
    await world.say("resolve", id="1", again=True)
    await world.live(minutes=12)
    assert (await world.told("action.unknown"), await world.states()) == (["action.unknown"] * 2, ["unknown"])


async def test_an_add_that_a_person_has_done_again_is_done_again(world: World) -> None:
    await partial(world, ADD, GONE, action="add")
    await world.say("resolve", id="1", again=True)
    await world.live(minutes=12)
    assert (await world.states(), len(world.site.done("add"))) == (["succeeded"], 2)


async def test_a_payout_that_only_a_person_can_tell_of_is_done_again_by_their_word(world: World) -> None:
    """The balance fell, say: every look before the next attempt says that nobody can tell."""

    async def prepared(intent: Intent) -> object:
        return CannotTell("the balance fell") if intent.lost else {"balance": "80"}

    world.site.money("80")
    world.site.will("payout", GONE)
    world.site.will("prepare", *[prepared] * 99)
    await world.open(config(PAY))
    await world.turn()
    await world.say("resolve", id="1", again=True)
    await world.live(minutes=7)
    assert (await world.states(), world.site.done("payout")) == (["succeeded"], ["balance"] * 2)


async def test_an_add_that_answers_to_no_subject_is_sent(world: World) -> None:
    """No poll can show what it stands on: it does not wait for one."""
    world.site.orders["1"] = "partial"
    await world.open(config("{name: r, on: account.recovered, do: [{add: {link: more}}]}"))
    await world.track("1")
    await world.turn()
    world.site.down["orders"] = GONE
    await world.live(minutes=30)
    world.site.down.clear()
    await world.live(minutes=30)
    assert await world.states() == ["succeeded"]


async def test_an_add_that_answers_to_an_order_that_never_came_to_be_is_sent(world: World) -> None:
    anew = "{name: r, on: action.refused, when: event.rule == 'a', do: [{add: {link: other}}]}"
    await partial(world, f"{ADD}\n{anew}", Refused("no"), action="add")
    await world.live(minutes=30)
    assert await world.states() == ["refused", "succeeded"]


async def test_a_refill_that_was_lost_eight_times_is_settled_by_a_later_status(world: World) -> None:
    await partial(world, REFILL, *[GONE] * 99)
    await world.live(hours=5, every_s=300)
    stuck = await world.states()
    world.site.orders["1"] = "completed"
    await world.live(hours=26, every_s=1800)
    assert (stuck, len(world.site.performed), await world.states()) == (["unknown"], 8, ["succeeded"])


async def test_a_refill_whose_effect_showed_while_it_was_sent_is_settled(world: World) -> None:
    """The status came while the last attempt was under way: no event follows any more."""

    async def lost_while_it_showed(_intent: object) -> object:
        world.site.orders["1"] = "completed"
        await world.track("1")
        await world.poll()
        return GONE

    await partial(world, REFILL, *[GONE] * 7, lost_while_it_showed)
    await world.live(hours=8, every_s=300)
    assert await world.states() == ["succeeded"]


async def test_a_payout_that_never_left_and_gave_up_is_asked_for_again_by_retry(world: World) -> None:
    world.site.money("80")
    world.site.will("payout", *[NotSent("no connection")] * 8)
    await world.open(config(PAY))
    await world.live(hours=10, every_s=300)
    given_up = (await world.states(), await world.told("action.gave_up"), await world.matches())
    await world.say("resume")
    await world.live(hours=2, every_s=300)
    still = await world.states()
    await world.say("retry", ids=["1"])
    await world.live(minutes=20)
    assert given_up == (["gave_up"], ["action.gave_up"], ["gave_up"])
    assert (still, await world.states()) == (["gave_up"], ["gave_up", "succeeded"])


async def test_what_is_deferred_can_be_ended_by_a_person(world: World) -> None:
    await partial(world, REFILL, Later("in 7 days", retry_after=timedelta(days=7)))
    await world.say("deny", ids=["1"])
    await world.live(days=8, every_s=6 * 3600)
    assert ((await world.states())[0], await world.told("action.denied")) == ("denied", ["action.denied"])


async def test_a_failed_read_before_the_effect_costs_no_attempt(world: World) -> None:
    world.site.money("80")
    world.site.will("prepare", RateLimited("slow down", retry_after=timedelta(seconds=20)))
    await world.open(config(PAY))
    await world.live(minutes=5)
    assert ((await world.intents())[0].attempts, await world.states()) == (1, ["succeeded"])


async def test_secrets_that_a_person_gave_are_let_go_of_with_their_action(world: World) -> None:
    await world.open(config())
    world.site.money("80")
    await world.turn()
    await world.say("call", account="panel", method="payout", params={"method": "7", "account": "T-wallet-9"}, wait_s=0)
    kept = dict(world.context.secret_params)
    await world.live(minutes=5)
    assert (len(kept), world.context.secret_params) == (1, {})


async def test_held_observations_are_let_go_of(world: World) -> None:
    await world.open(config(settings="retention: {events: 1d}"))
    await world.turn()
    await world.context.commit(
        lambda uow: uow.tx.run(
            "INSERT INTO held_observations (account, stream, at, reason, digest, observation, state, ended_at) VALUES "
            "('panel', 'orders', 0, '', 'd', '{}', 'dropped', 1)"
        )
    )
    await world.live(minutes=5)
    assert await world.read(lambda tx: tx.all("SELECT id FROM held_observations")) == []
