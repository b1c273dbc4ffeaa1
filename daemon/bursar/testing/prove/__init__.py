"""The kill matrix: the daemon is killed at every commit and around every request of an effect, again and again, while
providers misbehave; then what they did is held against what the journal claims.

`prove` plays it. In: how many rounds, a seed. Out: a `Report`. Everything happens on loopback and in one folder, in
processes that end with this one; nothing outside is touched. The path: `cells` (what there is to play) → `rounds`
(playing; `plot`, `saboteur`, `gate` and `person` make a cell come about) → `compare` and `soundness` (findings) →
`report`.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from bursar.host.plugins import load_plugins
from bursar.journal.claims import read_claims
from bursar.journal.writer import read_once
from bursar.loops.clock import RealClock
from bursar.testing.prove.cells import Cell, choose, read_cell
from bursar.testing.prove.children import Children
from bursar.testing.prove.compare import hold_together
from bursar.testing.prove.flaws import FLAWS
from bursar.testing.prove.report import Report, report
from bursar.testing.prove.rounds import Run, Stuck, Tell
from bursar.testing.prove.soundness import check_journal, check_rest, check_told
from bursar.testing.prove.world import ACCOUNTS

__all__ = ["FLAWS", "Cell", "Report", "Stuck", "Tell", "prove", "read_cell"]


def prove(
    folder: Path, rounds: int, seed: int, tell: Tell, *, only: Cell | None = None, flaw: str | None = None
) -> Report:
    """Play so many rounds, and give what was found.

    Call it from a process without threads and without a running loop: it forks.

    Args:
        folder: Where everything is written; emptied by nobody.
        rounds: How many kills.
        seed: The worlds', and of the choice of cells.
        tell: Told of every round that was played.
        only: Play this cell alone.
        flaw: Break the daemon on purpose: one of `FLAWS`.

    Raises:
        Stuck: the run could not go on.
    """
    began_s = RealClock().monotonic()
    with Children() as children:
        run = Run(folder, load_plugins(), seed, flaw, children=children)
        person = run.play(choose(rounds, seed, only), tell)
        claims = read_once(run.stage.journal, read_claims)
        effects = run.line.look()
        watched = [name.partition("/")[2] for _, name in claims.states if name.startswith("order/")]
        rest = person.look_around(watched)
        run.line.plug.close()
    findings = [
        *hold_together(claims, effects, ACCOUNTS), *check_journal(claims), *check_told(claims, run.taken()),
        *check_rest(claims, rest),
    ]  # fmt: skip
    counted = dict(sorted(Counter(effect.action for effect in effects).items()))
    return report(seed, run.played, findings, counted, RealClock().monotonic() - began_s)
