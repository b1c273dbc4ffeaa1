"""The gate kills at the chosen request, before or after the effect; the witness counts what was really done."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from subprocess import PIPE, Popen

import aiohttp
import pytest
import pytest_asyncio
from aiohttp.test_utils import TestServer
from limits import WAIT_S, until

from bursar.host.plugins import load_plugins
from bursar.testing import Faults, VirtualClock
from bursar.testing.prove.gate import STAMP, Gate, Trap

IN_TIME_S = 60.0


class Site:
    """A sandbox site with a balance that is due, behind a gate."""

    def __init__(self) -> None:
        self.clock = VirtualClock()
        provider = load_plugins().providers["premium_exchanger"]
        assert provider.wire is not None
        self.wire = provider.wire(1, 1.0, self.clock)
        self.gate = Gate("premium_exchanger", self.wire, self.clock, IN_TIME_S)
        assert self.wire.name_of is not None
        self.faults = Faults(self.wire.name_of)
        self.gate.attach(self.faults)
        self.server = TestServer(self.wire.app)

    async def pay_out(self, sent_s: float = 0.0) -> int:
        """Ask for a payout; give the status of the answer, 0 when none came."""
        query = {"api_action": "pp", "api_key": str(self.wire.settings["key"]), "method": "add_payout"}
        url, form = self.server.make_url(self.wire.path), {"method_id": "7", "account": "T1"}
        async with aiohttp.ClientSession() as session:
            try:
                async with session.post(url, params=query, data=form, headers={STAMP: str(sent_s)}) as answer:
                    return answer.status
            except aiohttp.ClientError:
                return 0


@pytest_asyncio.fixture
async def site() -> AsyncIterator[Site]:
    site = Site()
    await site.server.start_server()
    await site.clock.advance(1000.0)
    yield site
    await site.server.close()


@pytest.fixture
def victim() -> Iterator[Popen[bytes]]:
    """A process that does nothing, in the daemon's place."""
    with Popen(["cat"], stdin=PIPE) as process:
        yield process
        process.kill()


async def test_an_effect_is_counted_under_the_name_that_the_provider_gave(site: Site) -> None:
    await site.pay_out(1000.0)
    assert [effect.reference is not None for effect in site.gate.seen] == [True]


async def test_a_refusal_is_no_effect(site: Site) -> None:
    await site.pay_out(1000.0)
    await site.pay_out(1000.0)
    assert len(site.gate.seen) == 1


async def test_what_arrives_too_late_never_happens(site: Site) -> None:
    await site.pay_out(1000.0 - IN_TIME_S - 1)
    assert site.gate.seen == []


async def test_before_the_effect_the_daemon_is_killed_and_nothing_is_done(
    site: Site, victim: Popen[bytes]
) -> None:
    site.gate.pid, site.gate.trap = victim.pid, Trap("add_payout", after=False)
    await site.pay_out(1000.0)
    assert (victim.wait(WAIT_S), site.gate.seen) == (-9, [])


async def test_after_the_effect_the_daemon_is_killed_and_it_is_counted(
    site: Site, victim: Popen[bytes]
) -> None:
    site.gate.pid, site.gate.trap = victim.pid, Trap("add_payout", after=True)
    await site.pay_out(1000.0)
    assert (victim.wait(WAIT_S), len(site.gate.seen)) == (-9, 1)


async def test_a_late_effect_comes_when_its_time_has_come(site: Site) -> None:
    site.gate.late["add_payout"] = 30.0
    asking = asyncio.get_running_loop().create_task(site.pay_out(1000.0))
    await until(lambda: site.clock.next_due_s is not None)
    await site.clock.advance_until(lambda: bool(site.gate.seen), within=40.0)
    await asking
    assert site.clock.monotonic() == pytest.approx(1030.0)


async def test_who_is_killed_is_spared_the_faults(site: Site, victim: Popen[bytes]) -> None:
    site.faults.add("add_payout", "html-503")
    site.gate.pid, site.gate.trap = victim.pid, Trap("add_payout", after=True)
    await site.pay_out(1000.0)
    assert [pending["fault"] for pending in site.faults.pending()] == ["html-503"]


async def test_another_request_kills_nobody(site: Site, victim: Popen[bytes]) -> None:
    site.gate.pid, site.gate.trap = victim.pid, Trap("get_payouts", after=True)
    await site.pay_out(1000.0)
    assert site.gate.sprung == 0
