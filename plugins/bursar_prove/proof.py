"""The kill matrix: at every commit and around every request of an effect the daemon is killed, or time passes, a clock
is set, the disk is full, while providers misbehave, balances grow, rules are edited and people act at the providers'
own sites; then what the providers did is held against what the journal claims, and against what was judged.

`prove` plays it. In: how many rounds, a seed. Out: a `Report`. Everything happens on loopback and in one folder, in
processes that end with this one; nothing outside is touched. The path: `matrix` (what there is to play) → `runner`
(playing; `scenarios`, `cell_setup`, `crash_injector`, `interceptor`, `operator` and `editor` make a cell come about) →
`ending` (all comes to rest) → `oracle`, `invariants` and `beyond` (findings) → `report`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from bursar.host.registry import Registry
from bursar.loops.clock import RealClock
from bursar_prove.beyond import check_edits, check_losses, check_requests, check_states
from bursar_prove.children import Children
from bursar_prove.ending import Ended, end
from bursar_prove.findings import WRONG, Finding
from bursar_prove.invariants import check_journal, check_rest, check_told
from bursar_prove.matrix import Cell, choose, read_cell
from bursar_prove.mutants import FLAWS
from bursar_prove.oracle import hold_together
from bursar_prove.report import Report, merge, read_report, report
from bursar_prove.runner import Run, Stuck, Tell
from bursar_prove.scenarios import Scenarios

__all__ = [
    "FLAWS", "WRONG", "Cell", "Report", "Scenarios", "Stuck", "Tell", "merge", "prove", "read_cell", "read_report",
]  # fmt: skip


def prove(
    folder: Path,
    registry: Registry,
    rounds: int,
    seed: int,
    tell: Tell,
    *,
    only: Sequence[Cell] = (),
    flaw: str | None = None,
) -> Report:
    """Play so many rounds, and return what was found.

    Call it from a process without threads and without a running loop: it forks.

    Args:
        folder: Where everything is written; emptied by nobody.
        registry: What plugins brought: every provider that has a scenario is played.
        rounds: How many.
        seed: The worlds', and of the choice of cells.
        tell: Told of every round that was played.
        only: Play these cells alone, in turn.
        flaw: Break the daemon on purpose: one of `FLAWS`.

    Raises:
        ValueError: no provider has a scenario, or two of them name the same.
        Stuck: the run could not go on.
    """
    began_s, scenarios = RealClock().monotonic(), Scenarios.of(registry.providers)
    with Children() as children:
        run = Run(folder, registry, scenarios, seed, flaw, children=children)
        run.play(choose(rounds, seed, scenarios.actions, only), tell)
        ended = end(run)
    counted = dict(sorted(Counter(effect.action for effect in ended.effects).items()))
    return report(seed, run.played, _findings(run, ended), counted, RealClock().monotonic() - began_s)


def _findings(run: Run, ended: Ended) -> list[Finding]:
    claims, paid, scenarios = ended.claims, ended.rest.paid, run.scenarios
    return [
        *run.found, *run.editor.found, *ended.found,
        *hold_together(claims, ended.effects, scenarios), *check_journal(claims, scenarios),
        *check_told(claims, ended.taken), *check_rest(claims, ended.rest, scenarios),
        *check_requests(claims, ended.sent, run.person.said_yes, paid, scenarios),
        *check_states(claims, ended.shown, scenarios), *check_edits(claims, run.editor.edits), *check_losses(claims),
    ]  # fmt: skip
