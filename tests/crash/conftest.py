"""A daemon as a process of its own, beside real servers."""

from __future__ import annotations

from support.daemon import house

__all__ = ["house"]
