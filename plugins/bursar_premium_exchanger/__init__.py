"""The partner API of Premium Exchanger sites (`https://SITE/api.html?api_action=pp`): balance, visits, exchanges,
payouts, and the one thing that moves money there, `payout`. Only registers; see `provider` for what is declared."""

from __future__ import annotations

from collections.abc import Callable

from bursar.api import Provider, hookimpl
from bursar_premium_exchanger.provider import PROVIDER


@hookimpl
def bursar_providers(register: Callable[[Provider], None]) -> None:
    """Register the provider `premium_exchanger`."""
    register(PROVIDER)
