"""SMM panels, API v2: the provider `smm`. One adapter serves every panel."""

from __future__ import annotations

from collections.abc import Callable

from bursar.api import Provider, hookimpl
from bursar_smm.provider import SMM


@hookimpl
def bursar_providers(register: Callable[[Provider], None]) -> None:
    """Register the provider."""
    register(SMM)
