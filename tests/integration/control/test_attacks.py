"""What an attacker tried against the running daemon: answers and people that name what was there before, yeses that are
stretched, requests that come too late."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from bursar.api import Succeeded, Unreachable
from bursar.control.client import ask_daemon
from bursar.control.messages import UNTIL, ErrorCode, RequestRejected, good_until, is_over
from bursar.control.server import ControlServer
from bursar.domain.ledger import listed_amount
from bursar.domain.values import Json
from bursar.logs import Redactor
from bursar.loops.supervisor import Supervisor
from support.config import account, config
from support.limits import WAIT_S
from support.world import World

PAY = '{name: p, on: balance.passed_min_payout, do: [{payout: {method: "7"}}], cooldown: 1m}'


async def paid_twice(world: World) -> None:
    """Have two payouts made, to both of which the site gives the same name."""
    await world.open(config(PAY))
    for amount in ("80", "0", "90"):
        world.site.money(amount)
        await world.live(minutes=10)


async def test_what_another_intent_had_made_is_no_yes(world: World) -> None:
    """An answer that comes twice, or out of a cache: the second payout would count as the first."""
    world.site.will("payout", Succeeded(reference="41"), Succeeded(reference="41"))
    await paid_twice(world)
    assert (await world.states(), await world.told("action.unknown")) == (["succeeded", "unknown"], ["action.unknown"])


async def test_a_person_cannot_name_what_another_intent_had_made(world: World) -> None:
    world.site.will("payout", Succeeded(reference="41"), Unreachable("the answer was lost"))
    await paid_twice(world)
    with pytest.raises(RequestRejected, match="41 is what intent 1 had made"):
        await world.say("resolve", id="2", happened=True, reference="41")
    assert (await world.states())[-1] == "unknown"


async def test_a_yes_past_the_ceiling_is_for_the_amount_that_was_shown(world: World) -> None:
    await world.open(config(PAY, settings="ceiling: 1"))
    await world.say("call", account="panel", method="add", params={"link": "x"}, wait_s=0)
    await world.send()
    world.site.money("80")
    await world.live(minutes=6)
    world.site.money("900")
    await world.live(minutes=2)
    [answer] = await world.say("approve", ids=["ceiling:panel"])
    assert ("80" in answer["problem"], "900" in answer["problem"], world.site.done("payout")) == (True, True, [])
    assert [event["data"]["amount"] for event in await world.events("ceiling.reached")] == ["80", "900"]


async def test_a_yes_in_one_currency_sends_nothing_in_another(world: World) -> None:
    asks = PAY.replace("do:", "approve: {within: 12h}, do:")
    world.site.balance = {"amount": Decimal(80), "min_payout": Decimal(50)}
    await world.open(config(asks))
    await world.turn()
    await world.say("approve", ids=["1"])
    await world.say("pause")
    await world.reload(config(asks, accounts=account().replace("currency: USD", "currency: BTC")))
    await world.say("resume")
    await world.live(minutes=10)
    assert world.site.done("payout") == []


@pytest.mark.parametrize("id_", ["+5", "1,2", "a b"])
async def test_what_is_put_under_watch_is_an_id(world: World, id_: str) -> None:
    """What begins with + stands for what has no name yet, and is asked for no fresh facts."""
    await world.open(config())
    with pytest.raises(RequestRejected, match="is not an id"):
        await world.track(id_)


@pytest.mark.parametrize(("listed", "settles"), [(Decimal(0), None), (Decimal("0.5"), Decimal("0.5"))])
def test_a_first_charge_of_nothing_settles_no_budget(listed: Decimal, settles: Decimal | None) -> None:
    assert listed_amount({"charge": listed}, "charge", "USD") == settles


async def test_a_yes_that_moved_nothing_settles_no_budget(world: World) -> None:
    """A site that lists a payout with 0 until it is done would have each next one pass."""
    world.site.will("payout", *[Succeeded(reference=name, moved=Decimal(0)) for name in ("41", "42")])
    await world.open(config(PAY.replace("do:", "budget: {payout: {max: 100, every: 24h}}, do:")))
    for amount in ("80", "0", "90"):
        world.site.money(amount)
        await world.live(minutes=10)
    assert (world.site.done("payout"), await world.matches()) == (["balance"], ["budget"])


async def test_what_a_provider_asked_for_outlives_a_reload(world: World) -> None:
    await world.open(config())
    limiter = world.supervisor.limiters["panel"]
    limiter.pause_for(timedelta(hours=1))
    after = Supervisor(world.context, world.supervisor.configuration, Redactor(), world.supervisor)
    assert after.limiters["panel"].paused_s() == pytest.approx(3600)
    await after.shutdown(0)


async def test_what_a_provider_asked_for_outlives_two_reloads_without_the_account_between(world: World) -> None:
    await world.open(config())
    world.supervisor.limiters["panel"].pause_for(timedelta(hours=1))
    first = world.supervisor
    await world.reload(config(accounts=account("second", 2)))
    without = Supervisor(world.context, world.supervisor.configuration, Redactor(), first)
    await world.reload(config())
    again = Supervisor(world.context, world.supervisor.configuration, Redactor(), without)
    assert again.limiters["panel"].paused_s() == pytest.approx(3600)
    for one in (without, again):
        await one.shutdown(0)


async def test_two_sites_with_one_key_share_no_rate(world: World) -> None:
    two = f"{account()}, {account('second', 2)}"
    await world.open(config(accounts=two))
    assert world.supervisor.limiters["panel"] is not world.supervisor.limiters["second"]


async def test_a_request_that_nobody_waits_for_any_more_does_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The daemon was stopped, and goes on: the person was told that it does not answer, and has asked again."""
    done: list[str] = []

    class Controller:
        async def answer(self, verb: str, params: dict[str, Json]) -> Json:
            done.append(verb)
            return {}

    monkeypatch.setattr("bursar.control.client.good_until", lambda _s: good_until(-1))
    async with ControlServer(tmp_path / "control.sock", Controller()):
        with pytest.raises(RequestRejected, match="too slow: nothing was done") as rejected:
            await ask_daemon(tmp_path / "control.sock", "call", {}, WAIT_S)
    assert (done, rejected.value.code) == ([], ErrorCode.FAILED)


@pytest.mark.parametrize(("left_s", "over"), [(100, False), (-1, True)])
def test_a_request_is_good_as_long_as_somebody_waits(left_s: float, over: bool) -> None:
    assert is_over(good_until(left_s)[UNTIL]) is over


@pytest.mark.parametrize(("until", "over"), [(None, False), ("x", True), ("nan", True)])
def test_a_request_of_an_older_command_is_good_and_nonsense_is_not(until: str | None, over: bool) -> None:
    assert is_over(until) is over
