"""Every case, by its name."""

from __future__ import annotations

from support.fuzz import anticaptcha, premium_exchanger, smm

CASES = {case.name: case for case in [*smm.CASES, *premium_exchanger.CASES, *anticaptcha.CASES]}
