"""A vendor that says what a test tells it to, and an account at it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer

from bursar.api import AccountSettings, Adapter, Secret
from bursar.testing import Faults, Loan
from bursar_anticaptcha.provider import PROVIDER
from support.limits import WAIT_S

KEY = "0123456789abcdef0123456789abcdef"
CODE_NEW = "QSXS-83UY-MX73-G7BH-4BMU"
CODE_ACTIVATED = "KXXQ-L34E-3X4L-WPEM-FFMW"
LINK = "http://my-shop.com/anticaptcha_coupons/coupon10bucks"
DOCUMENTED = """{
  "errorId":0,
  "eligibleBalance":1234.56,
  "coupons": [{
    "id":32,
    "amount":10,
    "code":"QSXS-83UY-MX73-G7BH-4BMU",
    "link":"http:\\/\\/my-shop.com\\/anticaptcha_coupons/coupon10bucks",
    "status":"new"
    },{
    "id":33,
    "amount":5,
    "code":"KXXQ-L34E-3X4L-WPEM-FFMW",
    "link":"http:\\/\\/my-shop.com\\/anticaptcha_coupons/coupon10bucks",
    "status":"activated"
  }]
}"""
"""The example of the vendor's page, sign for sign."""


def no(code: str, words: str = "Words of the vendor", error: Any = 1) -> dict[str, Any]:
    """Return the vendor's no."""
    return {"errorId": error, "errorCode": code, "errorDescription": words}


@dataclass
class Vendor:
    """The server: answers `body`, and keeps what it was asked."""

    server: TestServer
    faults: Faults
    loan: Loan
    body: str = DOCUMENTED
    status: int = 200
    content_type: str = "application/json"
    asked: list[tuple[str, str, dict[str, Any]]] = field(default_factory=list)
    opened: list[Adapter] = field(default_factory=list)

    def says(self, payload: Any, status: int = 200) -> None:
        """Let it answer so from now on."""
        self.body = payload if isinstance(payload, str) else json.dumps(payload)
        self.status = status

    async def answer(self, request: web.Request) -> web.Response:
        self.asked.append((request.method, request.path_qs, json.loads(await request.read())))
        return web.Response(text=self.body, status=self.status, content_type=self.content_type)

    def account(self, path: str = "", **options: Any) -> Adapter:
        """Open an account."""
        url = str(self.server.make_url("/")).rstrip("/") + path
        settings = AccountSettings("shop", url, Secret(KEY), timeout=timedelta(seconds=WAIT_S), options=options)
        adapter = PROVIDER.open(settings, self.loan.context)
        self.opened.append(adapter)
        return adapter
