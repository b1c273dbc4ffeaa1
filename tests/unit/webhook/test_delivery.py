"""A delivery on the wire: its envelope, its signature checked without the library, and what each answer means."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from standardwebhooks import Webhook

from bursar.api import DeliveryFailed, ProviderError, Secret, Sink, SinkSettings, SubjectRef
from bursar.testing import Loan, VirtualClock, make_delivery
from bursar.testing.clock import START
from bursar_webhook.sink import WEBHOOK

KEY = b"32 bytes of a key that is shared"
SECRET = "whsec_" + base64.b64encode(KEY).decode()


@dataclass
class Receiver:
    """A receiver on loopback that answers as it is told and keeps what it got."""

    server: TestServer
    loan: Loan
    status: int = 204
    headers: dict[str, str] = field(default_factory=dict)
    text: str = ""
    got: list[tuple[web.Request, bytes]] = field(default_factory=list)

    async def answer(self, request: web.Request) -> web.Response:
        self.got.append((request, await request.read()))
        return web.Response(status=self.status, headers=self.headers, text=self.text or None)

    def sink(self, **options: Any) -> Sink:
        url = str(self.server.make_url("/hook/t0ken?also=t0ken"))
        return WEBHOOK.open(SinkSettings("ops", {"url": url, "secret": Secret(SECRET), **options}), self.loan.context)

    async def failure(self, **options: Any) -> DeliveryFailed:
        with pytest.raises(DeliveryFailed) as caught:
            await self.sink(**options).deliver(make_delivery())
        return caught.value


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    app, loan = web.Application(), Loan(VirtualClock())
    server = TestServer(app)
    receiver = Receiver(server, loan)
    app.router.add_route("*", "/{tail:.*}", receiver.answer)
    await server.start_server()
    yield receiver
    await loan.close()
    await server.close()


async def test_the_body_is_the_cloudevents_envelope(receiver: Receiver) -> None:
    data = {"text": "Купон «32»", "rule": "coupon-activated", "amount": Decimal("10.50")}
    delivery = make_delivery("bursar.notify", data, account="shop", subject=SubjectRef("coupon", "32"))
    await receiver.sink().deliver(delivery)
    assert json.loads(receiver.got[0][1]) == {
        "specversion": "1.0",
        "id": "ev_1",
        "source": "bursar/shop",
        "type": "bursar.notify",
        "subject": "coupon/32",
        "time": "2026-01-01T12:00:00Z",
        "datacontenttype": "application/json",
        "data": {"account": "shop", "text": "Купон «32»", "rule": "coupon-activated", "amount": "10.50"},
    }


async def test_it_is_a_post_of_cloudevents_json(receiver: Receiver) -> None:
    await receiver.sink().deliver(make_delivery())
    request = receiver.got[0][0]
    assert (request.method, request.headers["Content-Type"]) == ("POST", "application/cloudevents+json")


async def test_the_id_is_that_of_the_delivery(receiver: Receiver) -> None:
    await receiver.sink().deliver(make_delivery(id_="dl_42"))
    assert receiver.got[0][0].headers["webhook-id"] == "dl_42"


async def test_a_repeat_has_the_same_id(receiver: Receiver) -> None:
    sink = receiver.sink()
    for _ in range(2):
        await sink.deliver(make_delivery(id_="dl_42"))
    assert [request.headers["webhook-id"] for request, _ in receiver.got] == ["dl_42", "dl_42"]


async def test_the_timestamp_is_the_clocks(receiver: Receiver) -> None:
    await receiver.sink().deliver(make_delivery())
    assert receiver.got[0][0].headers["webhook-timestamp"] == str(int(START.timestamp()))


@pytest.mark.parametrize(
    ("secret", "key"),
    [
        (SECRET, KEY),
        (SECRET.rstrip("="), KEY),
        ("any words, even ключ", "any words, even ключ".encode()),
        ("c2VjcmV0", b"c2VjcmV0"),
    ],
)
async def test_the_signature_is_verified_without_a_library(receiver: Receiver, secret: str, key: bytes) -> None:
    await receiver.sink(secret=Secret(secret)).deliver(make_delivery(data={"text": "Здравствуйте"}))
    (request, body), got = receiver.got[0], receiver.got[0][0].headers
    mac = hmac.new(key, f"{got['webhook-id']}.{got['webhook-timestamp']}.".encode() + body, hashlib.sha256).digest()
    expected = "v1," + base64.b64encode(mac).decode()
    assert any(hmac.compare_digest(expected, given) for given in request.headers["webhook-signature"].split())


async def test_another_body_has_another_signature(receiver: Receiver) -> None:
    sink = receiver.sink()
    for text in ("one", "two"):
        await sink.deliver(make_delivery(data={"text": text}))
    first, second = (request.headers["webhook-signature"] for request, _ in receiver.got)
    assert first != second


async def test_the_librarys_own_check_agrees(receiver: Receiver) -> None:
    await receiver.sink().deliver(make_delivery())
    request, body = receiver.got[0]
    expected = Webhook(SECRET).sign(request.headers["webhook-id"], START, body.decode())
    assert request.headers["webhook-signature"] == expected


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_not base64!", "whsec_ä"])
def test_a_secret_that_cannot_be_one_is_refused_without_being_shown(secret: str) -> None:
    with pytest.raises(ProviderError, match="the webhook's secret") as caught:
        WEBHOOK.open(SinkSettings("ops", {"url": "http://127.0.0.1", "secret": Secret(secret)}), Loan().context)
    assert "not base64!" not in str(caught.value)


async def test_further_headers_go_along(receiver: Receiver) -> None:
    await receiver.sink(headers={"Authorization": "Bearer b3arer"}).deliver(make_delivery())
    assert receiver.got[0][0].headers["Authorization"] == "Bearer b3arer"


@pytest.mark.parametrize("name", ["Webhook-Id", "WEBHOOK-SIGNATURE", "content-type"])
async def test_further_headers_cannot_replace_ours(receiver: Receiver, name: str) -> None:
    await receiver.sink(headers={name: "forged"}).deliver(make_delivery())
    assert "forged" not in receiver.got[0][0].headers.getall(name)


@pytest.mark.parametrize("status", [200, 201, 202, 204])
async def test_any_2xx_is_a_yes(receiver: Receiver, status: int) -> None:
    receiver.status = status
    await receiver.sink().deliver(make_delivery())
    assert len(receiver.got) == 1


async def test_html_with_200_is_a_yes(receiver: Receiver) -> None:
    receiver.status, receiver.text = 200, "<html>thanks</html>"
    await receiver.sink().deliver(make_delivery())
    assert len(receiver.got) == 1


@pytest.mark.parametrize("status", [304, 400, 401, 404, 429, 500, 502, 503])
async def test_anything_else_is_a_failure_that_may_pass(receiver: Receiver, status: int) -> None:
    receiver.status = status
    error = await receiver.failure()
    assert (error.permanent, f"HTTP {status}" in error.reason) == (False, True)


async def test_gone_is_for_good(receiver: Receiver) -> None:
    receiver.status = 410
    assert (await receiver.failure()).permanent


@pytest.mark.parametrize(("status", "seconds"), [(429, 7), (503, 7), (500, None), (404, None)])
async def test_retry_after_is_honored_where_it_has_a_meaning(
    receiver: Receiver, status: int, seconds: int | None
) -> None:
    receiver.status, receiver.headers = status, {"Retry-After": "7"}
    assert (await receiver.failure()).retry_after == (timedelta(seconds=seconds) if seconds is not None else None)


@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_a_redirect_is_not_followed(receiver: Receiver, status: int) -> None:
    receiver.status, receiver.headers = status, {"Location": "/elsewhere/s3cret"}
    error = await receiver.failure()
    assert (len(receiver.got), "redirects" in error.reason, "s3cret" in error.reason) == (1, True, False)


async def test_an_error_shows_only_scheme_and_host(receiver: Receiver) -> None:
    receiver.status = 500
    host = f"http://127.0.0.1:{receiver.server.port}"
    assert (await receiver.failure()).reason == f"{host} did not take it (HTTP 500)"


async def test_a_delivery_waits_for_its_turn(receiver: Receiver) -> None:
    await receiver.sink().deliver(make_delivery())
    assert receiver.loan.turns == 1
