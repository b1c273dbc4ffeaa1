"""No loss is silent, no state is a dead end: every loss is told, and what stopped can be ended or gone on with."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bursar.api import CannotTell, DidNot, Intent, Later, NotSent, RateLimited, Refused, Succeeded, Unreachable
from bursar.journal.errors import JournalFull
from support.config import account, config
from support.world import World

REFILL = "{name: e, on: order.partial, do: [refill]}"
ADD = "{name: a, on: order.partial, do: [{add: {link: more}}]}"
PAY = '{name: p, on: balance.passed_min_payout, do: [{payout: {method: "7"}}]}'
GONE = Unreachable("the answer was lost")


async def partial(world: World, rule: str, *outcomes: object, action: str = "refill", **more: str) -> None:
    """Have a rule act on the order 1."""
    world.site.will(action, *outcomes)
    world.site.orders["1"] = "partial"
    await world.open(config(rule, **more))
    await world.track("1")
    await world.turn()


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


async def test_what_was_refused_in_words_that_nobody_can_read_is_a_persons(world: World) -> None:
    await partial(world, ADD, Refused("E-17", unread=True), action="add")
    await world.live(days=3, every_s=3600)
    before = await world.states(), await world.told("action.gave_up"), await world.matches()
    await world.say("retry", ids=["1"])
    await world.live(minutes=12)
    assert (before, await world.states()) == ((["refused"], ["action.gave_up"], ["gave_up"]), ["refused", "succeeded"])


async def test_a_payout_that_was_refused_in_words_that_nobody_can_read_is_a_persons_also_the_next_time(
    world: World,
) -> None:
    """The balance falls below its minimum, and passes it again: another event, and another match."""
    world.site.money("80")
    world.site.will("payout", Refused("E-17", unread=True))
    await world.open(config(PAY))
    await world.turn()
    world.site.money("5")
    await world.live(hours=1, every_s=600)
    world.site.money("90")
    await world.live(days=3, every_s=3600)
    before = await world.states(), len(world.site.done("payout"))
    how = ["`bursar actions retry 1` asks anew" in str(reason) for reason in await world.matches("reason")]
    await world.say("retry", ids=["1"])
    await world.live(hours=1, every_s=600)
    assert (before, how, await world.states()) == ((["refused"], 1), [True], ["refused", "succeeded"])


async def test_what_waits_for_a_retry_can_be_tried_again_after_any_retention(world: World) -> None:
    world.site.money("80")
    world.site.will("payout", Refused("E-17", unread=True))
    await world.open(config(PAY, settings="retention: {events: 30d, matches: 30d}"))
    await world.turn()
    world.site.money("5")
    await world.live(days=150, every_s=86400)
    world.site.money("90")
    await world.live(days=2, every_s=3600)
    before = await world.matches(), len(world.site.done("payout"))
    await world.say("retry", ids=["1"])
    await world.live(hours=2, every_s=600)
    assert (before, await world.states()) == ((["gave_up"], 1), ["refused", "succeeded"])


async def becomes_partial_again(world: World, times: int) -> None:
    for _ in range(times):
        world.site.orders["1"] = "in_progress"
        await world.live(minutes=10)
        world.site.orders["1"] = "partial"
        await world.live(minutes=10)


async def test_an_add_that_was_refused_in_words_that_nobody_can_read_is_a_persons_also_the_next_time(
    world: World,
) -> None:
    """The order becomes partial again and again: each time it is another match, and another order to add."""
    await partial(world, ADD, *[Refused("E-17", unread=True)] * 20, action="add")
    await becomes_partial_again(world, 5)
    assert (len(world.site.done("add")), len(await world.told("action.gave_up"))) == (1, 6)


async def test_an_add_that_was_refused_three_times_is_a_persons_also_the_next_time(world: World) -> None:
    await partial(world, ADD, *[Refused("no")] * 20, action="add")
    for _ in range(5):
        await becomes_partial_again(world, 1)
        await world.live(hours=26, every_s=3600)
    assert len(world.site.done("add")) == 3


@pytest.mark.parametrize("unread", [True, False])
async def test_a_rule_that_answers_to_the_refusal_of_its_own_add_ends(world: World, unread: bool) -> None:
    """Each of its orders is another, of which none came to be."""
    again = "{name: r, on: action.refused, do: [{add: {link: other}}]}"
    await partial(world, f"{ADD}\n{again}", *[Refused("no", unread=unread)] * 99, action="add")
    await world.live(hours=5, every_s=1200)
    assert len(world.site.done("add")) == 2


async def test_an_add_for_another_order_is_not_stopped_by_the_refusals_of_one(world: World) -> None:
    await partial(world, ADD, Refused("E-17", unread=True), action="add")
    world.site.orders["2"] = "partial"
    await world.track("2")
    await world.live(minutes=10)
    assert await world.states() == ["refused", "succeeded"]


@pytest.mark.parametrize("params", [{"method": "7"}, {"method": "7", "account": "T-wallet-1"}])
async def test_what_a_person_was_refused_in_words_that_nobody_can_read_stops_no_rule(
    world: World, params: dict[str, str]
) -> None:
    """They have read it; the rule rests as after any refusal."""
    world.site.money("80")
    world.site.will("payout", Refused("E-17", unread=True))
    await world.open(config())
    await world.turn()
    await world.say("call", account="panel", method="payout", params=params, wait_s=0)
    await world.turn()
    await world.reload(config(PAY))
    world.site.money("5")
    await world.live(hours=1, every_s=600)
    world.site.money("90")
    await world.live(days=2, every_s=3600)
    assert await world.states() == ["refused", "succeeded"]


@pytest.mark.parametrize("secret", [{}, {"account": "T-wallet-1"}])
async def test_a_retry_of_a_call_lets_go_what_waits_and_does_it_once(world: World, secret: dict[str, str]) -> None:
    """The rule that waited pays: the person's own payout is not made as well."""
    world.site.money("80")
    world.site.will("payout", *[Refused("no")] * 3)
    await world.open(config())
    await world.turn()
    for _ in range(3):
        await world.say("call", account="panel", method="payout", params={"method": "7", **secret}, wait_s=0)
        await world.turn()
    await world.reload(config(PAY))
    world.site.money("5")
    await world.live(hours=1, every_s=600)
    world.site.money("90")
    await world.live(days=2, every_s=3600)
    before = await world.matches(), await world.told("action.gave_up")
    [said] = await world.say("retry", ids=["1"])
    await world.live(days=3, every_s=3600)
    assert (before, said["problem"], await world.states()) == (
        (["gave_up"], ["action.gave_up"]),
        None,
        ["refused"] * 3 + ["succeeded"],
    )


async def test_a_retry_of_one_such_order_leaves_the_others_to_the_person(world: World) -> None:
    world.site.orders["2"] = "partial"
    await partial(world, ADD, Refused("E-17", unread=True), Refused("E-18", unread=True), action="add")
    await world.track("2")
    await world.live(days=3, every_s=3600)
    before = await world.states(), await world.matches()
    await world.say("retry", ids=["1"])
    await world.live(days=3, every_s=3600)
    assert (before, await world.states()) == ((["refused"] * 2, ["gave_up"] * 2), ["refused"] * 2 + ["succeeded"])


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


async def test_a_plugins_function_that_raises_at_a_success_costs_its_match_and_not_the_yes(world: World) -> None:
    """A rule answers to the success with a payout whose cost cannot be worked out: the refill has succeeded."""
    registry = world.sites.registry

    def broken(**changes: object) -> object:
        from dataclasses import replace

        made = registry(**changes)
        toy = made.providers["toy"]

        def bad(_facts: object) -> None:
            raise ZeroDivisionError

        actions = tuple(replace(one, cost=bad) if one.name == "payout" else one for one in toy.actions)
        return registry(toy=replace(toy, actions=actions))

    world.sites.registry = broken  # type: ignore[method-assign,assignment]
    await partial(world, f'{REFILL}\n{{name: f, on: action.succeeded, do: [{{payout: {{method: "7"}}}}]}}')
    assert (await world.states(), await world.told("rule.failed")) == (["succeeded"], ["rule.failed"])


@pytest.mark.parametrize("error", [StopIteration(), KeyError("x"), RuntimeError("x")])
async def test_whatever_follows_an_outcome_and_raises_does_not_undo_it(
    world: World, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    from bursar.pipeline import rule_evaluation

    await world.open(config(REFILL))

    def fails(*_args: object) -> None:
        raise error

    await world.track("1")
    world.site.orders["1"] = "partial"
    await world.poll()
    monkeypatch.setattr(rule_evaluation, "ask_event_rules", fails)
    await world.send()
    assert (await world.states(), world.site.done("refill")) == (["succeeded"], ["1"])


async def test_an_outcome_is_written_though_a_reload_could_not_be(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk is full when the answer comes, and still full when the configuration is reloaded."""
    await world.open(config(REFILL))
    await world.track("1")
    world.site.orders["1"] = "partial"
    await world.poll()
    commit, full = type(world.context).commit, [False]

    async def on_a_full_disk(self: object, decide: object) -> object:
        if full[0]:
            raise JournalFull("the disk is full")
        return await commit(self, decide)  # type: ignore[arg-type]

    monkeypatch.setattr(type(world.context), "commit", on_a_full_disk)

    async def fill(_intent: object) -> object:
        full[0] = True
        return Succeeded("41")

    world.site.will("refill", fill)
    executor = world.supervisor.executors["panel"]
    monkeypatch.setattr(executor._outcomes, "record", _gives_up)
    with pytest.raises(JournalFull):
        await executor.turn()
    await world.supervisor.shutdown(0)
    full[0] = False
    await world._take_on(world.supervisor.configuration)
    await world.live(minutes=2)
    intent = (await world.intents())[0]
    assert (intent.state, intent.reference, world.site.done("refill")) == ("succeeded", "41", ["1"])


async def _gives_up(*_args: object) -> None:
    raise JournalFull("the disk is full")


async def test_what_nobody_knows_of_after_a_reload_that_failed_is_unknown_and_told(world: World) -> None:
    await world.open(config(REFILL))
    await world.track("1")
    world.site.orders["1"] = "partial"
    await world.poll()
    await world.context.commit(
        lambda uow: uow.tx.run("UPDATE intents SET state = 'sending', fence = 1, attempts = 1, sent_at = created_at")
    )
    await world.send()
    assert (await world.states(), await world.told("action.unknown")) == (["unknown"], ["action.unknown"])


async def test_what_was_confirmed_is_not_told_as_unconfirmed(world: World) -> None:
    await partial(world, REFILL)
    world.site.orders["1"] = "in_progress"
    await world.live(minutes=15)
    world.site.orders["1"] = "partial"
    await world.live(hours=30, every_s=1800)
    assert (await world.told("action.unconfirmed"), world.site.done("refill")) == (["action.unconfirmed"], ["1", "1"])


async def test_a_key_that_is_to_be_left_alone_for_an_hour_stops_no_loop(world: World) -> None:
    await partial(world, REFILL)
    world.supervisor.limiters["panel"].pause_for(timedelta(hours=1))
    world.site.orders["2"] = "partial"
    await world.track("2")
    stalled = []
    for _ in range(20):
        await world.live(seconds=30, every_s=30)
        stalled += world.context.liveness.stalled()
    assert (stalled, world.site.done("refill")) == ([], ["1"])


async def test_a_key_that_was_left_alone_goes_on_afterwards(world: World) -> None:
    await partial(world, REFILL)
    world.supervisor.limiters["panel"].pause_for(timedelta(hours=1))
    world.site.orders["2"] = "partial"
    await world.track("2")
    await world.live(hours=1.5, every_s=60)
    assert sorted(world.site.done("refill")) == ["1", "2"]


async def test_a_person_is_told_what_a_call_waits_for(world: World) -> None:
    await world.open(config())
    await world.turn()
    world.supervisor.limiters["panel"].pause_for(timedelta(hours=1))
    answer = await world.say("call", account="panel", method="add", params={"link": "x"}, wait_s=5)
    row = answer["intents"][0]
    assert (row["state"], "left alone" in row["reason"]) == ("ready", True)


async def test_a_rate_limit_of_one_account_leaves_the_others_alone(world: World) -> None:
    names = f"{account()}, {account('second', 2, 'OTHER')}"
    await world.open(config(REFILL, accounts=names))
    world.supervisor.limiters["panel"].pause_for(timedelta(hours=1))
    other = world.sites.sites["http://127.0.0.1:2/api"]
    other.orders["1"] = "partial"
    await world.track("1", account="second")
    await world.live(minutes=3)
    assert other.done("refill") == ["1"]


async def test_a_failed_read_before_the_effect_costs_no_attempt(world: World) -> None:
    world.site.money("80")
    world.site.will("prepare", RateLimited("slow down", retry_after=timedelta(seconds=20)))
    await world.open(config(PAY))
    await world.live(minutes=5)
    assert ((await world.intents())[0].attempts, await world.states()) == (1, ["succeeded"])


async def test_refusals_in_a_row_before_a_success_do_not_count_after_it(world: World) -> None:
    await partial(world, REFILL, Refused("no"), Refused("no"), Succeeded(), Refused("no"), Refused("no"))
    await world.live(hours=3, every_s=300)
    for _ in range(3):
        for state in ("in_progress", "partial"):
            world.site.orders["1"] = state
            await world.live(hours=26, every_s=1800)
    assert await world.told("action.gave_up") == []


async def test_a_resume_releases_no_more_than_the_ceiling(world: World) -> None:
    ids = [str(number) for number in range(30)]
    world.site.orders |= dict.fromkeys(ids, "partial")
    await world.open(config(REFILL, settings="ceiling: 10"))
    await world.say("pause")
    await world.track(*ids)
    await world.live(minutes=5)
    await world.say("resume")
    await world.live(minutes=9, every_s=30)
    assert len(world.site.performed) <= 10
    assert await world.told("ceiling.*") == ["ceiling.reached"]


async def test_what_waits_past_the_ceiling_is_one_question(world: World) -> None:
    ids = [str(number) for number in range(30)]
    world.site.orders |= dict.fromkeys(ids, "partial")
    await world.open(config(REFILL, settings="ceiling: 10"))
    await world.track(*ids)
    await world.live(minutes=5, every_s=30)
    told = (await world.events("ceiling.reached"))[-1]["data"]
    await world.say("approve", ids=["ceiling:panel"])
    await world.live(minutes=5, every_s=30)
    assert (told["id"], told["number"], len(world.site.performed)) == ("ceiling:panel", 20, 30)


async def test_a_question_past_the_ceiling_is_good_for_an_hour(world: World) -> None:
    ids = [str(number) for number in range(12)]
    world.site.orders |= dict.fromkeys(ids, "partial")
    await world.open(config(REFILL, settings="ceiling: 10"))
    await world.track(*ids)
    await world.live(hours=2, every_s=60)
    assert (await world.states()).count("lapsed") == 2


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


@pytest.mark.parametrize("action", ["add", "payout"])
async def test_what_a_person_has_done_again_is_done_however_long_it_settles(world: World, action: str) -> None:
    """The hour of a ready one counts from when the lost request can land no more."""
    params = {"link": "x"} if action == "add" else {"method": "7", "account": "T"}
    world.site.money("600")
    world.site.will(action, GONE)
    world.site.will("reconcile", *[DidNot("not there")] * 999)
    await world.open(config(accounts=account(more="settle: 90m")))
    await world.say("call", account="panel", method=action, params=params, wait_s=0)
    await world.send()
    await world.say("resolve", id="1", again=True)
    await world.live(hours=4, every_s=300)
    assert (len(world.site.performed), await world.states()) == (2, ["succeeded"])


@pytest.mark.parametrize("by", ["its rule", "a retry", "a call"])
async def test_nothing_leaves_while_what_did_not_happen_may_still_land(world: World, by: str) -> None:
    """A person looks a moment after the loss; the rule's cooldown is shorter than `settle`."""
    call = {"account": "panel", "method": "payout", "params": {"method": "7"}}
    world.site.money("600")
    world.site.will("payout", GONE)
    world.site.will("reconcile", *[DidNot("not there")] * 999)
    await world.open(config((PAY[:-1] + ", cooldown: 20s}") if by == "its rule" else ""))
    if by != "its rule":
        await world.say("call", **call, wait_s=0)
    await world.turn()
    await world.say("resolve", id="1")
    if by == "a retry":
        await world.say("retry", ids=["1"])
    elif by == "a call":
        await world.say("call", **call, wait_s=0)
    await world.live(minutes=4, every_s=10)
    early = len(world.site.performed)
    await world.live(minutes=8)
    assert (early, len(world.site.performed)) == (1, 2)


async def test_a_restart_has_it_wait_anew(world: World) -> None:
    world.site.will("add", GONE)
    await world.open(config())
    call = {"account": "panel", "method": "add", "params": {"link": "x"}}
    await world.say("call", **call, wait_s=0)
    await world.send()
    await world.say("resolve", id="1")
    await world.restart(minutes=30)
    await world.say("call", **call, wait_s=0)
    await world.live(minutes=4)
    early = len(world.site.performed)
    await world.live(minutes=3)
    assert (early, len(world.site.performed)) == (1, 2)


async def test_what_a_person_has_done_again_grows_old_like_anything_else(world: World) -> None:
    """A restart has the lost one settle anew, and gives the other no new hour."""
    world.site.will("add", GONE)
    await world.open(config())
    await world.say("call", account="panel", method="add", params={"link": "x"}, wait_s=0)
    await world.send()
    await world.say("resolve", id="1", again=True)
    await world.restart(days=3)
    await world.live(hours=1)
    assert (len(world.site.performed), await world.states()) == (1, ["lapsed"])
