from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bursar.testing.fakes import Loan
from bursar_smm.adapter import SmmAdapter
from support.smm import ScriptedPanel, open_account


@pytest.fixture
async def panel() -> AsyncIterator[ScriptedPanel]:
    """A panel on loopback that answers as it is told."""
    scripted = ScriptedPanel()
    app = web.Application()
    app.router.add_route("*", "/api/v2", scripted.answer)
    server = TestServer(app)
    await server.start_server()
    scripted.url = str(server.make_url("/api/v2"))
    yield scripted
    scripted.released.set()
    await server.close()


@pytest.fixture
async def loan() -> AsyncIterator[Loan]:
    """What bursar lends to an adapter."""
    lent = Loan()
    yield lent
    await lent.close()


@pytest.fixture
def adapter(panel: ScriptedPanel, loan: Loan) -> SmmAdapter:
    """An account at that panel."""
    return open_account(panel.url, loan.context)
