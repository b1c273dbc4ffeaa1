"""Parcelbox lockers as a provider of bursar, JSON lines as a sink, and a function for conditions.

This module only registers: bursar imports it by the entry point `parcel` in the group `bursar`.
"""

from __future__ import annotations

from collections.abc import Callable

from bursar.api import Function, Provider, SinkType, hookimpl
from bursar_parcel.hours import OFFICE_HOURS
from bursar_parcel.jsonl import JSONL
from bursar_parcel.provider import PARCELBOX


@hookimpl
def bursar_providers(register: Callable[[Provider], None]) -> None:
    """Register the provider `parcelbox`."""
    register(PARCELBOX)


@hookimpl
def bursar_sinks(register: Callable[[SinkType], None]) -> None:
    """Register the sink `jsonl`."""
    register(JSONL)


@hookimpl
def bursar_functions(register: Callable[[Function], None]) -> None:
    """Register the function `$office_hours`."""
    register(OFFICE_HOURS)
