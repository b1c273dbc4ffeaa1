from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bursar.testing import Faults, Loan
from bursar_anticaptcha.sandbox.server import name_of
from support.anticaptcha import Vendor
from support.limits import LEAP_S


@pytest.fixture
async def vendor() -> AsyncIterator[Vendor]:
    """A vendor on loopback that says what it is told."""
    app, faults, loan = web.Application(), Faults(name_of, leap_s=LEAP_S), Loan()
    server = TestServer(app)
    vendor = Vendor(server, faults, loan)
    app.router.add_route("*", "/{tail:.*}", vendor.answer)
    faults.wrap(app)
    await server.start_server()
    yield vendor
    for adapter in vendor.opened:
        await adapter.close()
    await loan.close()
    await server.close()
