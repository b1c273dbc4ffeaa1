"""A restored journal has forgotten what people said since: it is recognized, and no yes in it counts any more."""

from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path

import pytest

from bursar.api import DidNot, Later, Lost, SubjectRef
from bursar.domain.intent import PlannedIntent
from bursar.journal.files.backup import restore
from bursar.pipeline.operator.decisions import plan_call
from support.config import account, config
from support.scenarios.backup import back_up, put_back
from support.world import World

PAY = '{name: p, on: balance.passed_min_payout, do: [{payout: {method: "7"}}], approve: {above: 1, within: 48h}}'
QUICK = account(more="settle: 1m")


async def deferred_after_a_yes(world: World) -> None:
    world.site.money("80")
    world.site.will("payout", Later("busy"))
    await world.open(config(PAY, accounts=QUICK))
    await world.turn()
    await world.say("approve", ids=["1"])
    await world.poll()
    await world.send()
    assert await world.states() == ["deferred"]


async def denied_and_put_back(world: World) -> int:
    """Deny what is deferred, restore what was before, and let two looks find nothing; return what was sent until then."""
    kept = await back_up(world)
    await world.say("deny", ids=["1"])
    await put_back(world, kept)
    world.site.will("reconcile", *[DidNot("not there")] * 30)
    sent = len(world.site.performed)
    await world.live(minutes=30)
    return sent


async def test_a_no_that_a_restore_forgot_is_asked_for_once_more_whatever_yes_was_before(world: World) -> None:
    await deferred_after_a_yes(world)
    sent = await denied_and_put_back(world)
    assert (await world.told("journal.restored"), len(world.site.performed)) == (["journal.restored"], sent)
    assert await world.states() == ["awaiting_approval"]


@pytest.mark.parametrize("amounts", [None, ["80"]], ids=["in advance", "shown"])
async def test_a_no_to_a_call_that_a_restore_forgot_is_asked_for_once_more(
    world: World, amounts: list[str] | None
) -> None:
    world.site.money("80")
    world.site.will("payout", Later("busy"))
    await world.open(config(accounts=QUICK))
    await world.poll()
    await world.say("call", account="panel", method="payout", params={"method": "7"}, wait_s=0, amounts=amounts)
    await world.send()
    assert await world.states() == ["deferred"]
    sent = await denied_and_put_back(world)
    assert (len(world.site.performed), await world.states()) == (sent, ["awaiting_approval"])


async def test_what_a_person_asks_for_after_a_restore_is_not_asked_about(world: World) -> None:
    await deferred_after_a_yes(world)
    await denied_and_put_back(world)
    await world.say("call", account="panel", method="add", params={"link": "x"}, wait_s=0)
    await world.live(minutes=2)
    assert await world.states("add") == ["succeeded"]


async def test_a_yes_after_the_restore_counts(world: World) -> None:
    await deferred_after_a_yes(world)
    await denied_and_put_back(world)
    [row] = await world.say("actions")
    await world.say("approve", ids=[row["id"]])
    await world.live(minutes=10)
    assert await world.states() == ["succeeded"]


async def test_a_journal_from_before_a_pause_is_recognized_as_restored(world: World) -> None:
    world.site.money("10")
    await world.open(config(PAY.replace(", approve: {above: 1, within: 48h}", "")))
    await world.turn()
    kept = await back_up(world)
    await world.say("pause")
    await put_back(world, kept)
    world.site.money("900")
    await world.live(minutes=10)
    assert (await world.told("journal.restored"), world.site.performed) == (["journal.restored"], [])


async def test_a_journal_from_before_something_was_let_alone_is_recognized_as_restored(world: World) -> None:
    await world.open(config(PAY))
    await world.track("1")
    kept = await back_up(world)
    await world.say("untrack", account="panel", ids=["1"])
    await put_back(world, kept)
    assert await world.told("journal.restored") == ["journal.restored"]


async def test_a_restore_believes_the_journal_that_it_replaces_more_than_an_older_counter_beside_it(
    world: World, tmp_path: Path
) -> None:
    """As a back-up tool leaves it that put back the small file alone: the payout of before must not leave again."""
    world.site.money("80")
    await world.open(config(PAY.replace(", approve: {above: 1, within: 48h}", "")))
    await world.close()
    older, path = tmp_path / "older.db", world.folder / "journal.db"
    counter = path.with_name("journal.db.fence")
    older.write_bytes(path.read_bytes())
    counted = counter.read_bytes()
    await world.open(world._path.read_text(encoding="utf-8"))
    await world.turn()
    assert world.site.done("payout") == ["balance"]
    await world.close()
    counter.write_bytes(counted)
    restore(older, path, datetime(2026, 1, 1, tzinfo=timezone.utc))
    await world.open(world._path.read_text(encoding="utf-8"))
    await world.live(minutes=10)
    assert (await world.told("journal.restored"), world.site.done("payout")) == (["journal.restored"], ["balance"])


@pytest.mark.parametrize("verb", ["resume", "track"])
async def test_what_undoes_no_word_of_a_person_makes_no_journal_a_restored_one(world: World, verb: str) -> None:
    await world.open(config(PAY))
    await world.turn()
    kept = await back_up(world)
    await world.say(verb, account="panel", rows=[{"id": "1"}])
    await put_back(world, kept)
    assert await world.told("journal.restored") == []


async def lost_call(world: World, first: object) -> None:
    """Have a call for a payout of 80 end like this, and its journal restored; a person says so, and 900 are there now."""
    world.site.money("80")
    world.site.will("payout", first)
    world.site.will("reconcile", *[DidNot("not there")] * 99)
    await world.open(config(accounts=QUICK))
    await world.poll()
    await world.say("call", account="panel", method="payout", params={"method": "7"}, wait_s=0, amounts=["80"])
    await world.send()
    kept = await back_up(world)
    await world.say("accounts_retry", account="panel")
    await put_back(world, kept)
    await world.say("restore_confirm")
    world.site.money("900")


@pytest.mark.parametrize("first", [Later("busy"), Lost("no answer")])
async def test_a_call_in_a_restored_journal_covers_no_amount(world: World, first: object) -> None:
    await lost_call(world, first)
    await world.live(hours=1)
    [row] = await world.say("actions")
    words = "it would be 900 USD now; nothing that counts was shown when it was asked for"
    assert (row["state"], row["reason"], len(world.site.performed)) == ("awaiting_approval", words, 1)


async def test_a_call_in_a_restored_journal_that_is_retried_covers_no_amount(world: World) -> None:
    await lost_call(world, Lost("no answer"))
    await world.say("resolve", id="1")
    await world.say("retry", ids=["1"])
    await world.live(minutes=30)
    assert (await world.states(), len(world.site.performed)) == (["refused", "awaiting_approval"], 1)


async def test_a_call_that_can_be_repeated_is_repeated_after_a_restore(world: World) -> None:
    world.site.orders["1"] = "partial"
    world.site.will("refill", Later("busy"))
    await world.open(config())
    await world.track("1")
    await world.live(minutes=1)
    wanted = PlannedIntent(world.site_account, "refill", SubjectRef("order", "1"), {})
    await world.context.commit(lambda uow: plan_call(uow, wanted))
    await world.send()
    kept = await back_up(world)
    await world.say("accounts_retry", account="panel")
    await put_back(world, kept)
    await world.live(minutes=10)
    assert await world.states() == ["succeeded"]


async def test_what_waited_past_the_ceiling_waits_past_it_after_a_restore(world: World) -> None:
    ids = [str(number) for number in range(1, 8)]
    world.site.orders |= dict.fromkeys(ids, "partial")
    await world.open(config("{name: r, on: order.partial, do: [refill]}", settings="ceiling: 2"))
    await world.track(*ids)
    await world.live(minutes=2)
    kept = await back_up(world)
    await world.say("accounts_retry", account="panel")
    await put_back(world, kept)
    await world.live(minutes=5)
    assert (len(world.site.done("refill")), (await world.states()).count("awaiting_approval")) == (2, 5)


async def test_a_question_that_only_the_restore_asked_ends_with_its_caution(world: World) -> None:
    """The rule would not ask: once the restore is confirmed it acts as it says, and no question waits for a day."""
    await world.open(config('{name: p, on: balance.passed_min_payout, do: [{payout: {method: "7"}}]}'))
    await world.turn()
    kept = await back_up(world)
    await world.say("pause")
    await put_back(world, kept)
    world.site.money("80")
    await world.live(minutes=12)
    assert await world.states() == ["awaiting_approval"]
    await world.say("restore_confirm")
    await world.live(minutes=12)
    assert (await world.states(), len(world.site.performed)) == (["lapsed", "succeeded"], 1)
