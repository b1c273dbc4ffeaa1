"""The proof can fail: each daemon that is broken on purpose is found, and that by what it breaks."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bursar_prove.matrix import ANYWHERE
from bursar_prove.proof import FLAWS
from bursar_prove.world import Debit
from support.prove import prove

SEEDS = 30
BROKEN = {
    "sends-first": ("after-effect:add:none", 1, "doubled"),
    "believes-lost": ("before-commit:look:none", 1, "doubled"),
    "forgets-sending": ("after-effect:add:none", 1, "doubled"),
    "assumes-done": ("before-effect:add:none", 1, "lost"),
    "trusts-old-facts": ("after-commit:poll:idle", 3, "beyond"),
    "believes-the-clock": ("before-request:refill:jump", 1, "beyond"),
    "keeps-no-deadline": ("before-request:cancel:freeze", 1, "beyond"),
    "pays-as-planned": ("after-reply:payout:grow", 1, "beyond"),
    "keeps-changed-rules": (f"{ANYWHERE}:clock:edit", 6, "beyond"),
    "asks-though-over": ("after-reply:payout:foreign", 3, "beyond"),
    "believes-late": ("before-commit:look:late-answer", 4, "beyond"),
    "drops-unwritten": ("before-commit:outcome:disk", 4, "lost"),
    "pays-beside": ("after-reply:payout:foreign", 1, "beyond"),
    "looks-too-soon": ("before-effect:payout:late", 1, "doubled"),
}
"""For each flaw, a cell in which it shows, how many rounds it is given at once, and what it is found as.

Where the first round of a run shows it half the time, it is given no second one: at a site that debits when done, a
round after a payout waits for its point in vain, which takes twice as long as a run of one."""
SHOWS_AT = {
    # Where nothing is left there, there is nothing for a second payout.
    "pays-beside": Debit.WHEN_DONE,
    "looks-too-soon": Debit.WHEN_DONE,
    # Elsewhere what a person has paid out is waited for, whatever is asked.
    "asks-though-over": Debit.AT_ONCE_AS_TOLD,
}
"""The kind of site at which a flaw shows, where it is not one that debits at once."""


def test_every_flaw_has_its_cell() -> None:
    assert set(BROKEN) == set(FLAWS)


def is_found(folder: Path, flaw: str, seed: int) -> bool:
    """Play a broken daemon, and say whether it was found as what it is."""
    cell, rounds, kind = BROKEN[flaw]
    words = ("--rounds", str(rounds), "--cell", cell, "--flaw", flaw, "--seed", str(seed), "--json")
    ended = prove(folder, *words)
    return ended.returncode == 1 and bool(ended.stdout) and json.loads(ended.stdout)[kind] > 0


@pytest.mark.parametrize("flaw", BROKEN)
def test_a_broken_daemon_is_found(tmp_path: Path, flaw: str) -> None:
    """Whether a request meets a moment is drawn: another seed is played until it does."""
    first = [*Debit].index(SHOWS_AT.get(flaw, Debit.AT_ONCE))
    assert any(is_found(tmp_path, flaw, seed) for seed in range(first, SEEDS * len(Debit), len(Debit)))
