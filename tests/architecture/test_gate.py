"""What may stop an action is found by the name of the guard: `pipeline/gate/` has a file for each that needs more than a
row."""

from __future__ import annotations

from pathlib import Path

from bursar.domain.permission import GUARDS
from bursar.pipeline import gate

SHARED = {"__init__", "candidate", "gate", "guard_facts", "lineage", "waiting"}
"""What is asked about, the asking, the loading, whose history counts, and what waits there: for several guards."""


def test_each_file_of_the_gate_has_the_name_of_a_guard() -> None:
    files = {path.stem for path in Path(gate.__path__[0]).glob("*.py")}
    assert files - SHARED <= {guard.name.replace(" ", "_") for guard in GUARDS}
