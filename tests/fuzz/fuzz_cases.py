"""Every case, by its name."""

from __future__ import annotations

import fuzz_anticaptcha
import fuzz_px
import fuzz_smm

CASES = {case.name: case for case in [*fuzz_smm.CASES, *fuzz_px.CASES, *fuzz_anticaptcha.CASES]}
