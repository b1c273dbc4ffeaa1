"""Lost replies: what may be asked again, what is looked for, what only a person can tell; and crashes in between."""

from __future__ import annotations

import asyncio
import contextlib
from datetime import timedelta

import pytest

from bursar.api import (
    BadAnswer,
    CannotTell,
    DidNot,
    Happened,
    Lost,
    Observed,
    ProviderError,
    RateLimited,
    SubjectRef,
    Succeeded,
    Unreachable,
)
from bursar.control.messages import RequestRejected
from bursar.control.offline import ask
from bursar.journal import meta, send_counter
from bursar.journal.backup import back_up
from bursar.pipeline.findings import record_finding
from bursar.pipeline.outcomes import record_outcome
from support.config import account, config
from support.toy import hang
from support.world import World

REFILL = "{name: e, on: order.partial, do: [refill]}"
CANCEL = "{name: c, on: order.completed, do: [cancel]}"
PAY = '{name: p, on: balance.passed_min_payout, do: [{payout: {method: "7"}}]}'
ADD = "{name: a, on: order.partial, do: [{add: {link: more}}]}"
GONE = Unreachable("the answer was lost")


async def pay(world: World, *findings: object, settle: str = "5m") -> None:
    """Lose the answer to a payout, at 12:00."""
    world.site.money("80")
    world.site.will("payout", GONE)
    world.site.will("reconcile", *findings)
    await world.open(config(PAY, accounts=account(more=f"settle: {settle}")))
    await world.poll()
    await world.send()


async def refill(world: World, *outcomes: object, rules: str = REFILL) -> None:
    """Have a refill end in these outcomes, one attempt after the other."""
    world.site.will("refill", *outcomes)
    world.site.orders["1"] = "partial"
    await world.open(config(rules))
    await world.track("1")
    await world.poll()
    await world.send()


async def kill_while(world: World, action: str) -> None:
    """Let the process die after the request left and before its answer came."""
    world.site.will(action, hang)
    sending = asyncio.ensure_future(world.send())
    while not world.site.performed:
        await asyncio.sleep(0)
    sending.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await sending


@pytest.mark.parametrize(
    "outcome", [GONE, BadAnswer("HTML"), Lost("says yes and no"), ValueError("a bug"), "yes", None, True]
)
async def test_what_is_neither_yes_nor_no_is_unknown(world: World, outcome: object) -> None:
    await refill(world, outcome)
    assert await world.states() == ["unknown"]


async def test_a_repeatable_action_is_asked_again_after_its_backoff(world: World) -> None:
    await refill(world, GONE)
    await world.live(minutes=2)
    assert (world.site.done("refill"), await world.states()) == (["1", "1"], ["succeeded"])


async def test_a_repeatable_action_is_not_asked_again_before_its_backoff(world: World) -> None:
    await refill(world, GONE)
    await world.live(seconds=25, every_s=5)
    assert world.site.done("refill") == ["1"]


async def test_a_repeatable_action_is_not_asked_again_when_it_is_wanted_no_more(world: World) -> None:
    await refill(world, GONE, rules='{name: s, on: order, when: order.state == "partial", do: [refill]}')
    await world.live(minutes=1)
    assert await world.states() != ["unknown"]


async def test_a_lost_repeatable_action_has_succeeded_when_a_later_status_shows_its_effect(world: World) -> None:
    await refill(world, GONE, rules='{name: e, on: order.partial, when: order.state == "partial", do: [refill]}')
    world.site.orders["1"] = "in_progress"
    await world.live(minutes=15)
    assert (world.site.done("refill"), await world.states()) == (["1"], ["succeeded"])


async def test_the_status_that_a_rule_answers_to_shows_no_effect_of_what_it_did(world: World) -> None:
    """A refill of a completed order: that the order is completed is its reason, not its effect."""
    world.site.will("refill", GONE)
    world.site.orders["1"] = "completed"
    await world.open(config("{name: e, on: order.completed, do: [refill]}"))
    await world.track("1")
    await world.poll()
    await world.wait(seconds=1)
    await world.send()
    await world.tick()
    assert await world.states() == ["unknown"]


async def test_every_loss_of_a_repeatable_action_is_told(world: World) -> None:
    await refill(world, *[GONE] * 4)
    await world.live(minutes=30)
    assert await world.told("action.unknown") == ["action.unknown"] * 4


async def test_a_lost_repeatable_action_blocks_its_subject(world: World) -> None:
    await refill(world, *[GONE] * 99, rules=f"{REFILL}\n{{name: c, on: order.partial, do: [cancel]}}")
    await world.live(minutes=12)
    assert world.site.done("cancel") == []


async def test_a_lost_repeatable_action_blocks_no_other_subject(world: World) -> None:
    await refill(world, *[GONE] * 2)
    world.site.orders["2"] = "partial"
    await world.track("2")
    await world.poll()
    await world.send()
    assert "2" in world.site.done("refill")


async def test_a_repeatable_action_that_is_always_lost_is_asked_eight_times(world: World) -> None:
    await refill(world, *[GONE] * 99)
    await world.live(hours=30, every_s=300)
    assert (len(world.site.performed), await world.states()) == (8, ["unknown"])


async def test_a_lost_payout_is_not_asked_for_again(world: World) -> None:
    await pay(world)
    await world.live(hours=30, every_s=300)
    assert (len(world.site.performed), await world.states()) == (1, ["unknown"])


async def test_a_lost_payout_is_told_once(world: World) -> None:
    await pay(world)
    await world.live(hours=5, every_s=300)
    assert await world.told("action.unknown") == ["action.unknown"]


async def test_a_lost_payout_blocks_the_action_on_the_account(world: World) -> None:
    await pay(world)
    await world.live(minutes=10)
    world.site.money("20")
    await world.live(minutes=10)
    world.site.money("90")
    await world.live(hours=3, every_s=300)
    assert len(world.site.performed) == 1


async def test_a_lost_payout_blocks_no_other_action(world: World) -> None:
    await pay(world)
    await world.reload(config(f"{PAY}\n{REFILL}"))
    world.site.orders["1"] = "partial"
    await world.track("1")
    await world.live(minutes=2)
    assert world.site.done("refill") == ["1"]


async def test_a_lost_payout_that_happened_is_settled_at_once(world: World) -> None:
    await pay(world, Happened(Succeeded("77"), "payout 77 is new"))
    await world.live(minutes=2)
    assert [(str(i.state), i.reference) for i in await world.intents()] == [("succeeded", "77")]


async def test_one_look_that_shows_nothing_settles_nothing(world: World) -> None:
    await pay(world, DidNot(), DidNot(), DidNot(), DidNot(), DidNot(), DidNot())
    await world.live(minutes=5, every_s=30)
    assert await world.states() == ["unknown"]


async def test_two_looks_that_show_nothing_after_settle_have_it_sent_again(world: World) -> None:
    await pay(world, *[DidNot()] * 99)
    await world.live(minutes=12, every_s=30)
    assert (len(world.site.performed), await world.states()) == (2, ["succeeded"])


async def test_it_is_sent_again_once(world: World) -> None:
    await pay(world, *[DidNot()] * 99)
    await world.live(hours=6, every_s=300)
    assert len(world.site.performed) == 2


async def test_looks_before_settle_do_not_count(world: World) -> None:
    await pay(world, *[DidNot()] * 99)
    await world.live(minutes=5, every_s=10)
    settled = await world.states()
    await world.live(seconds=50, every_s=10)
    assert (settled, await world.states()) == (["unknown"], ["unknown"])


async def test_the_two_looks_are_a_minute_apart(world: World) -> None:
    at = []

    async def look(_intent: object) -> DidNot:
        at.append(world.clock.now())
        return DidNot()

    await pay(world, *[look] * 99)
    sent_at = world.clock.now()
    await world.live(minutes=20, every_s=5)
    counted = [one for one in at if one >= sent_at + timedelta(minutes=5)]
    looks, before_sending = counted[:2], counted[2:]
    assert (looks[1] - looks[0] >= timedelta(seconds=60), len(before_sending)) == (True, 1)


async def test_with_a_short_settle_the_two_looks_are_as_short_apart(world: World) -> None:
    await pay(world, *[DidNot()] * 99, settle="10s, timeout: 10s")
    await world.live(seconds=25, every_s=1)
    assert await world.states() != ["unknown"]


async def test_a_look_that_was_begun_before_settle_does_not_count(world: World) -> None:
    async def slow(_intent: object) -> DidNot:
        await world.wait(seconds=90)
        return DidNot()

    await pay(world, slow, slow, slow, slow, *[CannotTell()] * 99)
    await world.live(minutes=20, every_s=30)
    assert await world.states() == ["unknown"]


@pytest.mark.parametrize("between", [CannotTell("the balance fell"), ProviderError("HTML"), "nonsense"])
async def test_a_look_that_tells_nothing_begins_the_two_looks_anew(world: World, between: object) -> None:
    await pay(world, *[DidNot()] * 5, between, DidNot(), *[CannotTell()] * 99)
    await world.live(hours=2, every_s=30)
    assert await world.states() == ["unknown"]


@pytest.mark.parametrize("guard", ["cooldown: 24h", "budget: {payout: {max: 100, every: 24h}}"])
async def test_a_lost_payout_counts_though_it_lapsed_in_a_pause(world: World, guard: str) -> None:
    """The looks showed nothing, and it may land yet: it is what the guards are for."""
    world.site.money("80")
    world.site.will("payout", GONE)
    world.site.will("reconcile", *[DidNot()] * 99)
    await world.open(config(PAY[:-1] + f", {guard}}}"))
    await world.turn()
    await world.live(minutes=5.5, every_s=10)
    await world.say("pause")
    await world.live(hours=3)
    await world.say("resume")
    await world.live(hours=1)
    assert (await world.states(), world.site.done("payout")) == (["lapsed"], ["balance"])


async def test_an_add_stays_unknown_until_a_person_says(world: World) -> None:
    world.site.will("add", GONE)
    world.site.orders["1"] = "partial"
    await world.open(config(ADD))
    await world.track("1")
    await world.live(hours=30, every_s=600)
    assert (len(world.site.performed), await world.states()) == (1, ["unknown"])


async def test_a_lost_add_blocks_other_adds_on_the_account(world: World) -> None:
    world.site.will("add", GONE)
    world.site.orders |= {"1": "partial", "2": "partial"}
    await world.open(config(ADD))
    await world.track("1", "2")
    await world.live(hours=3, every_s=300)
    assert world.site.done("add").__len__() == 1


async def test_two_adds_that_were_planned_together_are_not_sent_when_the_first_is_lost(world: World) -> None:
    world.site.will("add", GONE)
    world.site.orders |= {"1": "partial", "2": "partial"}
    await world.open(config(ADD))
    await world.track("1", "2")
    await world.poll()
    await world.send()
    assert (len(world.site.performed), sorted(await world.states())) == (1, ["ready", "unknown"])


@pytest.mark.parametrize(
    ("said", "state"),
    [({"happened": True}, "succeeded"), ({}, "refused"), ({"again": True}, "ready")],
)
async def test_a_person_says_what_became_of_it(world: World, said: dict[str, bool], state: str) -> None:
    await pay(world)
    await world.say("resolve", id="1", **said)
    assert await world.states() == [state]


async def test_what_a_person_has_done_again_is_sent_once_more(world: World) -> None:
    await pay(world)
    await world.live(minutes=10)
    await world.say("resolve", id="1", again=True)
    await world.live(minutes=6)
    assert (len(world.site.performed), await world.states()) == (2, ["succeeded"])


async def test_what_waited_for_a_lost_add_goes_on_when_a_person_says(world: World) -> None:
    world.site.will("add", GONE)
    world.site.orders |= {"1": "partial", "2": "partial"}
    await world.open(config(ADD))
    await world.track("1", "2")
    await world.live(hours=3, every_s=300)
    await world.say("resolve", id="1", happened=True)
    await world.live(hours=2, every_s=120)
    assert len(world.site.performed) == 2


async def test_a_kill_after_the_request_left_leaves_it_unknown(world: World) -> None:
    world.site.money("80")
    await world.open(config(PAY))
    await world.poll()
    await kill_while(world, "payout")
    await world.restart(clean=False)
    await world.live(minutes=3)
    assert (len(world.site.performed), await world.states()) == (1, ["unknown"])


async def test_a_kill_after_a_request_that_can_be_repeated_has_it_repeated(world: World) -> None:
    world.site.orders["1"] = "partial"
    await world.open(config(REFILL))
    await world.track("1")
    await world.poll()
    await kill_while(world, "refill")
    await world.restart(clean=False)
    await world.live(minutes=3)
    assert (world.site.done("refill"), await world.states()) == (["1", "1"], ["succeeded"])


async def test_a_kill_while_the_evidence_is_read_leaves_it_ready(world: World) -> None:
    world.site.money("80")
    await world.open(config(PAY))
    await world.poll()
    world.site.will("prepare", hang)
    sending = asyncio.ensure_future(world.send())
    while not world.site.prepared:
        await asyncio.sleep(0)
    sending.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await sending
    await world.restart(clean=False)
    await world.live(minutes=3)
    assert (len(world.site.performed), await world.states()) == (1, ["succeeded"])


async def test_a_kill_before_the_poll_was_committed_loses_nothing(world: World) -> None:
    await world.open(config(REFILL))
    await world.track("1")
    world.site.orders["1"] = "partial"
    world.site.will("orders", hang)
    polling = asyncio.ensure_future(world.poll())
    while world.site.looked("orders") == 0:
        await asyncio.sleep(0)
    polling.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await polling
    await world.restart(clean=False)
    await world.live(minutes=2)
    assert world.site.done("refill") == ["1"]


async def test_a_request_that_was_broken_off_before_a_reload_is_unknown_after_it(world: World) -> None:
    world.site.money("80")
    await world.open(config(PAY))
    await world.poll()
    await kill_while(world, "payout")
    await world.reload(config(PAY))
    await world.send()
    assert await world.states() == ["unknown"]


async def test_an_answer_for_an_older_fence_changes_nothing(world: World) -> None:
    await refill(world, GONE)
    await world.live(minutes=1)
    intent = (await world.intents())[0]
    await world.context.commit(lambda uow: record_outcome(uow, intent.id, 1, Succeeded("late"), uow.now))
    assert (await world.intents())[0] == intent


async def test_an_answer_for_an_older_fence_is_recorded(world: World) -> None:
    await refill(world, GONE)
    await world.live(minutes=1)
    await world.context.commit(lambda uow: record_outcome(uow, (1), 1, Succeeded("late"), uow.now))  # type: ignore[arg-type]
    rows = await world.read(lambda tx: tx.all("SELECT 1 FROM audit WHERE what = 'attempt.late'"))
    assert len(rows) == 1


async def test_a_finding_for_an_older_fence_changes_nothing(world: World) -> None:
    await pay(world)
    intent = (await world.intents())[0]
    finding, now = Happened(Succeeded("9")), world.clock.now()
    await world.context.commit(lambda uow: record_finding(uow, intent.id, intent.fence - 1, finding, now))
    assert await world.states() == ["unknown"]


async def test_an_accepted_refill_that_shows_no_effect_in_a_day_is_told_once(world: World) -> None:
    await refill(world)
    await world.live(hours=30, every_s=600)
    assert await world.told("action.unconfirmed") == ["action.unconfirmed"]


async def test_an_accepted_refill_that_shows_its_effect_is_not_told_of(world: World) -> None:
    await refill(world)
    world.site.orders["1"] = "in_progress"
    await world.live(hours=30, every_s=600)
    assert await world.told("action.unconfirmed") == []


async def test_a_restored_journal_takes_nothing_ready_for_unsent(world: World) -> None:
    world.site.money("80")
    await world.open(config(PAY))
    await world.poll()
    await world.close()
    files = {path: path.read_bytes() for path in world.folder.glob("journal.db*") if "fence" not in path.name}
    await world.open(world._path.read_text(encoding="utf-8"))
    await world.live(minutes=2)
    await world.close()
    for path, content in files.items():
        path.write_bytes(content)
    await world.open(world._path.read_text(encoding="utf-8"))
    assert (await world.states(), await world.told("journal.*")) == (["unknown"], ["journal.restored"])


async def test_nothing_is_sent_twice_from_a_restored_journal(world: World) -> None:
    world.site.money("80")
    await world.open(config(PAY))
    await world.poll()
    await world.close()
    files = {path: path.read_bytes() for path in world.folder.glob("journal.db*") if "fence" not in path.name}
    await world.open(world._path.read_text(encoding="utf-8"))
    await world.live(minutes=2)
    await world.close()
    for path, content in files.items():
        path.write_bytes(content)
    await world.open(world._path.read_text(encoding="utf-8"))
    await world.live(hours=30, every_s=600)
    assert len(world.site.performed) == 1


async def test_nothing_is_sent_from_a_restored_journal_before_a_daemon_has_asked_about_it(world: World) -> None:
    await refill(world)
    await world.close()
    world.folder.joinpath("journal.db.fence").unlink()
    call = {"account": "panel", "method": "add", "params": {"link": "l"}, "wait_s": "0"}
    with pytest.raises(RequestRejected, match="start the daemon"):
        await ask(world._read(), world.sites.registry(), "call", call)  # type: ignore[arg-type]
    await world.open(config(REFILL))
    assert (world.site.done("add"), await world.told("journal.restored")) == ([], ["journal.restored"])


async def test_a_restored_journal_is_told_once(world: World) -> None:
    await refill(world)
    await world.close()
    world.folder.joinpath("journal.db.fence").unlink()
    await world.open(config(REFILL))
    await world.restart()
    assert await world.told("journal.restored") == ["journal.restored"]


async def test_the_counter_is_on_disk_before_the_request_leaves(world: World) -> None:
    counted = []

    async def look(_intent: object) -> Succeeded:
        mark = send_counter.SendCounter(world.folder / "journal.db.fence").read()
        counted.append(mark.sent if mark is not None else None)
        return Succeeded()

    await refill(world, look)
    assert counted == [1]


async def test_nothing_is_sent_when_the_counter_cannot_be_written(world: World) -> None:
    world.site.orders["1"] = "partial"
    await world.open(config(REFILL))
    await world.track("1")
    await world.poll()

    def full(_mark: object) -> None:
        raise OSError(28, "no space left on device")

    world.journal.send_counter.raise_to = full  # type: ignore[method-assign]
    await world.send()
    assert (world.site.performed, await world.states()) == ([], ["deferred"])


async def test_the_sending_is_committed_before_the_request_leaves(world: World) -> None:
    states = []

    async def look(_intent: object) -> Succeeded:
        states.extend(await world.states())
        return Succeeded()

    await refill(world, look)
    assert states == ["sending"]


async def test_an_outcome_that_cannot_be_written_yet_is_written_later(world: World) -> None:
    from bursar.journal.errors import JournalFull

    real, left = world_write(world), 3

    async def full_disk(_intent: object) -> Succeeded:
        async def write(function: object) -> object:
            nonlocal left
            left -= 1
            if left >= 0:
                raise JournalFull("the disk is full")
            return await real()(function)  # type: ignore[operator]

        world.journal.write = write  # type: ignore[method-assign,assignment]
        return Succeeded()

    await refill(world, full_disk)
    assert await world.states() == ["succeeded"]


def world_write(world: World):  # type: ignore[no-untyped-def]
    """Return the journal's own `write`, once there is a journal."""
    return lambda: type(world.journal).write.__get__(world.journal)


async def test_sendings_are_counted(world: World) -> None:
    await refill(world, GONE)
    await world.live(minutes=2)
    assert (await world.read(meta.send_count)).sent == 2


async def test_what_was_ready_in_a_backup_from_before_the_first_sending_is_not_sent_again(world: World) -> None:
    world.site.money("600")
    world.site.will("prepare", Unreachable("not now"))
    await world.open(config(PAY))
    await world.turn()
    state = world.folder / "journal.db"
    back_up(state, world.folder / "backup.db")
    await world.live(minutes=2)
    await world.close()
    for one in world.folder.glob("journal.db*"):
        one.unlink()
    (world.folder / "backup.db").rename(state)
    await world.open(config(PAY))
    await world.live(minutes=30)
    assert (len(world.site.performed), await world.states()) == (1, ["unknown"])


@pytest.mark.parametrize(("fence", "then"), [(1, "succeeded"), (2, "unknown")])
async def test_a_yes_that_comes_after_its_attempt_was_given_up_is_one(world: World, fence: int, then: str) -> None:
    """A plugin was told to stop, say, and its answer came all the same; one of another attempt says nothing."""
    world.site.will("add", GONE)
    world.site.orders["1"] = "partial"
    await world.open(config(ADD))
    await world.track("1")
    await world.live(minutes=2)
    late = Succeeded("77", tracked=(Observed(SubjectRef("order", "77"), {}),))
    [intent] = await world.intents()
    await world.context.commit(lambda uow: record_outcome(uow, intent.id, fence, late, uow.now))
    assert (await world.states())[0] == then
    assert ("77" in [row["id"] for row in await world.say("orders")]) == (then == "succeeded")


@pytest.mark.parametrize("mood", [Unreachable, RateLimited])
async def test_a_look_that_the_provider_puts_off_for_months_is_tried_again(
    world: World, mood: type[Unreachable | RateLimited]
) -> None:
    """It is ready, and everything looks well: 115 days would be silence that looks like health."""
    await pay(world)
    world.site.will("reconcile", DidNot(), DidNot(), mood("busy", retry_after=timedelta(days=115)))
    world.site.will("reconcile", *[DidNot()] * 9)
    await world.live(days=1.1, every_s=300)
    assert (len(world.site.performed), (await world.states())[-1]) == (2, "succeeded")


@pytest.mark.parametrize("there", [True, False])
async def test_a_no_that_says_that_it_was_done_stands_where_it_is_not_found(world: World, there: bool) -> None:
    """It is looked for as anything that was lost; but where it is not there, it is no reason to ask at once again."""
    world.site.money("900")
    world.site.will("payout", *[Lost("the answer says no, and that it was made: you have a request", refused=True)] * 9)
    look = Happened(Succeeded("1")) if there else DidNot("it is not there")
    world.site.will("reconcile", *[look] * 99)
    await world.open(config(PAY, accounts=account(more="settle: 1m")))
    await world.live(hours=20, every_s=300)
    assert (len(world.site.performed), await world.states()) == (1, ["succeeded" if there else "refused"])
