"""The interceptor strikes at the chosen request, before or after the effect; the witness counts what was really done, and
what it stood on."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from subprocess import PIPE, Popen

import aiohttp
import pytest
import pytest_asyncio
from aiohttp.test_utils import TestServer

from bursar.domain.ids import microseconds
from bursar.host.plugins import load_plugins
from bursar.testing import Faults, VirtualClock
from bursar_prove.interceptor import Interceptor, Trap
from bursar_prove.strike import KILL, Kind, Strike
from bursar_prove.witness import EVIDENCE, FOREIGN, INTENTS, STAMP, Witness
from support.limits import WAIT_S, until

IN_TIME_S = 60.0


class Site:
    """A sandbox site with a balance that is due, behind an interceptor."""

    def __init__(self, *, debits_when_done: bool = False) -> None:
        self.clock = VirtualClock()
        self.struck: list[Strike] = []
        self.grown: list[float] = []
        provider = load_plugins().providers["premium_exchanger"]
        assert provider.wire is not None
        assert provider.scenario is not None
        wire = provider.scenario.debits_when_done if debits_when_done else provider.wire
        assert wire is not None
        self.wire = wire(1, 1.0, self.clock)
        self.witness = Witness(
            "premium_exchanger", provider.scenario, self.wire, self.clock, IN_TIME_S, debits_when_done=debits_when_done
        )
        self.interceptor = Interceptor(
            self.wire, self.clock, self.witness, self.strike, self.grown.append, lambda: bool(self.struck)
        )
        assert self.wire.name_of is not None
        self.faults = Faults(self.wire.name_of)
        self.interceptor.attach(self.faults)
        self.server = TestServer(self.wire.app)

    def strike(self, strike: Strike, pid: int) -> None:
        self.struck.append(strike)
        if strike is KILL:
            os.kill(pid, signal.SIGKILL)

    async def ask(self, method: str, **headers: str) -> int:
        """Ask for something; give the status of the answer, 0 when none came."""
        query = {"api_action": "pp", "api_key": str(self.wire.settings["key"]), "method": method}
        url, form = self.server.make_url(self.wire.path), {"method_id": "7", "account": "T1"}
        async with aiohttp.ClientSession() as session:
            try:
                async with session.post(url, params=query, data=form, headers=headers) as answer:
                    return answer.status
            except aiohttp.ClientError:
                return 0

    async def pay_out(self, sent_s: float = 0.0, **headers: str) -> int:
        """Ask for a payout."""
        return await self.ask("add_payout", **{STAMP: str(sent_s), **headers})


@pytest_asyncio.fixture(params=[False], ids=[""])
async def site(request: pytest.FixtureRequest) -> AsyncIterator[Site]:
    site = Site(debits_when_done=request.param)
    await site.server.start_server()
    await site.clock.advance(1000.0)
    yield site
    await site.server.close()


WHEN_DONE = pytest.mark.parametrize("site", [True], indirect=True, ids=["when-done"])
"""A site where a payout leaves the balance once it is done."""


@pytest.fixture
def victim() -> Iterator[Popen[bytes]]:
    """A process that does nothing, in the daemon's place."""
    with Popen(["cat"], stdin=PIPE) as process:
        yield process
        process.kill()


async def test_an_effect_is_counted_under_the_name_that_the_provider_gave(site: Site) -> None:
    await site.pay_out(1000.0)
    assert [effect.reference is not None for effect in site.witness.effects] == [True]


async def test_a_refusal_is_no_effect(site: Site) -> None:
    await site.pay_out(1000.0)
    await site.pay_out(1000.0)
    assert len(site.witness.effects) == 1


async def test_what_arrives_too_late_never_happens(site: Site) -> None:
    await site.pay_out(1000.0 - IN_TIME_S - 1)
    assert site.witness.effects == []


async def test_before_the_effect_the_daemon_is_killed_and_nothing_is_done(site: Site, victim: Popen[bytes]) -> None:
    site.interceptor.pid, site.interceptor.trap = victim.pid, Trap("add_payout", after=False)
    await site.pay_out(1000.0)
    assert (victim.wait(WAIT_S), site.witness.effects) == (-9, [])


async def test_after_the_effect_the_daemon_is_killed_and_it_is_counted(site: Site, victim: Popen[bytes]) -> None:
    site.interceptor.pid, site.interceptor.trap = victim.pid, Trap("add_payout", after=True)
    await site.pay_out(1000.0)
    assert (victim.wait(WAIT_S), len(site.witness.effects)) == (-9, 1)


async def test_a_late_effect_comes_when_its_time_has_come(site: Site) -> None:
    site.interceptor.late["add_payout"] = 30.0
    asking = asyncio.get_running_loop().create_task(site.pay_out(1000.0))
    await until(lambda: site.clock.next_due_s is not None)
    await site.clock.advance_until(lambda: bool(site.witness.effects), within=40.0)
    await asking
    assert site.clock.monotonic() == pytest.approx(1030.0)


async def test_who_is_killed_is_spared_the_faults(site: Site, victim: Popen[bytes]) -> None:
    site.faults.add("add_payout", "html-503")
    site.interceptor.pid, site.interceptor.trap = victim.pid, Trap("add_payout", after=True)
    await site.pay_out(1000.0)
    assert [pending["fault"] for pending in site.faults.pending()] == ["html-503"]


async def test_another_request_kills_nobody(site: Site, victim: Popen[bytes]) -> None:
    site.interceptor.pid, site.interceptor.trap = victim.pid, Trap("get_payouts", after=True)
    await site.pay_out(1000.0)
    assert (site.interceptor.trap is not None, site.struck) == (True, [])


async def test_what_happens_instead_of_a_kill_happens_once(site: Site) -> None:
    site.interceptor.pid, site.interceptor.planned = 1, Strike(Kind.IDLE, 3600.0)
    site.interceptor.trap = Trap("add_payout", after=True)
    await site.pay_out(1000.0)
    await site.pay_out(1000.0)
    assert site.struck == [Strike(Kind.IDLE, 3600.0)]


async def test_after_a_strike_answers_take_their_time(site: Site) -> None:
    site.struck.append(KILL)
    site.interceptor.slow_s = 40.0
    asking = asyncio.get_running_loop().create_task(site.ask("get_info"))
    await until(lambda: site.clock.next_due_s is not None)
    await site.clock.advance(40.0)
    assert await asking == 200


async def test_a_person_at_the_site_is_let_through_and_marked(site: Site) -> None:
    site.faults.add("add_payout", "html-503")
    assert (await site.ask("add_payout", **{FOREIGN: "1"}), [one.foreign for one in site.witness.effects]) == (
        200,
        [True],
    )


async def test_the_balance_grows_at_each_look_and_before_a_payout(site: Site) -> None:
    site.interceptor.growth = [1.0, 2.0]
    await site.ask("get_info", **{STAMP: "1000"})
    await site.pay_out(1000.0)
    assert site.grown == [2.0, 1.0]


async def test_a_request_is_on_record_with_its_intents_and_its_last_look(site: Site) -> None:
    await site.ask("get_info", **{STAMP: "990", EVIDENCE: "1"})
    await site.pay_out(1000.0, **{INTENTS: "17:2"})
    [sent] = site.witness.sent
    assert (sent.intents, sent.looked_s, sent.least) == (((17, 2),), 990.0, "50.00")


async def test_a_look_counts_for_one_request(site: Site) -> None:
    await site.ask("get_info", **{STAMP: "990", EVIDENCE: "1"})
    await site.pay_out(1000.0)
    await site.pay_out(1001.0)
    assert [sent.balance is None for sent in site.witness.sent] == [False, True]


@WHEN_DONE
async def test_a_request_is_on_record_with_what_waits_and_has_yet_to_leave(site: Site) -> None:
    await site.ask("add_payout", **{FOREIGN: "1"})
    await site.ask("get_payouts", **{STAMP: "990", EVIDENCE: "1"})
    await site.pay_out(1000.0)
    [paid, beside] = site.witness.effects
    assert ([sent.beside for sent in site.witness.sent], paid.foreign, beside.foreign) == (
        [(paid.reference,)],
        True,
        False,
    )


@WHEN_DONE
async def test_a_list_counts_for_one_request_and_only_a_look_just_before_it(site: Site) -> None:
    await site.ask("add_payout", **{FOREIGN: "1"})
    await site.ask("get_payouts", **{STAMP: "980"})
    await site.pay_out(985.0)
    await site.ask("get_payouts", **{STAMP: "990", EVIDENCE: "1"})
    await site.pay_out(995.0)
    await site.pay_out(1000.0)
    assert [len(sent.beside) for sent in site.witness.sent] == [0, 2, 0]


async def test_what_waits_has_left_the_balance_where_the_site_debits_at_once(site: Site) -> None:
    await site.ask("add_payout", **{FOREIGN: "1"})
    await site.ask("get_payouts", **{STAMP: "990", EVIDENCE: "1"})
    await site.pay_out(1000.0)
    assert [sent.beside for sent in site.witness.sent] == [()]


async def test_what_is_seen_while_a_request_is_held_back_is_not_what_it_stands_on(site: Site) -> None:
    site.interceptor.trap = Trap("add_payout", after=False, late_s=30.0)
    await site.ask("get_info", **{STAMP: "990", EVIDENCE: "1"})
    asking = asyncio.get_running_loop().create_task(site.pay_out(1000.0))
    await until(lambda: site.clock.next_due_s is not None)
    await site.ask("get_info", **{STAMP: "1010", EVIDENCE: "1"})
    await site.clock.advance(40.0)
    await asking
    assert [sent.looked_s for sent in site.witness.sent] == [990.0]


async def test_a_look_that_was_overtaken_is_not_the_last(site: Site) -> None:
    site.interceptor.held["get_info"] = [30.0]
    asking = asyncio.get_running_loop().create_task(site.ask("get_info", **{STAMP: "980", EVIDENCE: "1"}))
    await until(lambda: site.clock.next_due_s is not None)
    await site.ask("get_info", **{STAMP: "990", EVIDENCE: "1"})
    await site.clock.advance(40.0)
    await asking
    await site.pay_out(1000.0)
    assert [sent.looked_s for sent in site.witness.sent] == [990.0]


async def test_an_effect_whose_time_comes_in_a_leap_is_not_too_late(site: Site) -> None:
    site.interceptor.late["add_payout"] = 30.0
    asking = asyncio.get_running_loop().create_task(site.pay_out(1000.0))
    await until(lambda: site.clock.next_due_s is not None)
    await site.clock.advance(3600.0)
    await asking
    assert len(site.witness.effects) == 1


async def test_an_effect_has_the_time_at_which_it_was_still_in_time(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The run's clock may leap an hour while the site does it: then it would seem that nothing had asked for it."""
    effects, leapt = site.wire.effects, iter((0.0, 3600.0))

    def counted() -> Mapping[str, int]:
        site.clock._monotonic += (hour := next(leapt))
        site.clock._wall += timedelta(seconds=hour)
        return effects()

    before = site.clock.now()
    monkeypatch.setattr(site.witness, "wire", replace(site.wire, effects=counted))
    await site.pay_out(1000.0)
    assert [effect.at_us for effect in site.witness.effects] == [microseconds(before)]
