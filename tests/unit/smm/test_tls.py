"""A panel with a self-signed certificate: refused, unless the account says otherwise.

`self_signed.pem` is a certificate for 127.0.0.1 and its key, made for this test and of no other use.
"""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bursar.api import NeverSent, NotSent, SubjectRef
from bursar.testing.fakes import Loan, look_at, make_intent
from support.smm import ScriptedPanel, open_account


@pytest.fixture
async def secure() -> AsyncIterator[ScriptedPanel]:
    """A panel behind a certificate that nobody signed."""
    scripted = ScriptedPanel()
    scripted.say({"balance": "1"})
    app = web.Application()
    app.router.add_post("/", scripted.answer)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(Path(__file__).with_name("self_signed.pem"))
    server = TestServer(app, scheme="https")
    await server.start_server(ssl=context)
    scripted.url = str(server.make_url("/"))
    yield scripted
    await server.close()


async def test_it_is_refused(secure: ScriptedPanel, loan: Loan) -> None:
    with pytest.raises(NeverSent) as raised:
        await open_account(secure.url, loan.context).observe(look_at("balance"))
    assert (raised.value.kind, secure.asked) == ("tls", [])


async def test_an_effect_is_not_sent_there(secure: ScriptedPanel, loan: Loan) -> None:
    outcome = await open_account(secure.url, loan.context).perform(make_intent("refill", SubjectRef("order", "1")))
    assert (type(outcome), secure.asked) == (NotSent, [])


async def test_it_is_let_pass_by_a_setting(secure: ScriptedPanel, loan: Loan) -> None:
    seen = await open_account(secure.url, loan.context, verify_tls=False).observe(look_at("balance"))
    assert seen.subjects[0].fields["amount"] == Decimal(1)
