"""The anti-captcha reseller API as a provider of bursar: coupons and the balance that they are made from."""

from __future__ import annotations

from collections.abc import Callable

from bursar.api import Provider, hookimpl
from bursar_anticaptcha.provider import PROVIDER


@hookimpl
def bursar_providers(register: Callable[[Provider], None]) -> None:
    """Register the provider `anticaptcha`."""
    register(PROVIDER)
