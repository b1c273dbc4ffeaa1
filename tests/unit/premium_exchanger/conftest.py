from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bursar_premium_exchanger.adapter import PremiumExchanger
from support.premium_exchanger import ScriptedSite, context, settings


@pytest.fixture
async def site() -> AsyncIterator[ScriptedSite]:
    """A site on loopback that answers as it is told."""
    scripted = ScriptedSite()
    app = web.Application()
    app.router.add_route("*", "/api.html", scripted.answer)
    server = TestServer(app)
    await server.start_server()
    scripted.url = str(server.make_url("/api.html"))
    yield scripted
    scripted.released.set()
    await server.close()


@pytest.fixture
def concealed() -> list[str]:
    """What the adapter asked to be hidden."""
    return []


@pytest.fixture
async def adapter(site: ScriptedSite, concealed: list[str]) -> AsyncIterator[PremiumExchanger]:
    """An adapter of an account in USD at that site."""
    lent = context(concealed)
    yield PremiumExchanger(settings(site.url), lent)
    await lent.http.close()
