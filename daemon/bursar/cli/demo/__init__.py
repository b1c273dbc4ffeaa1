"""`bursar demo`: daemon and sandbox as two processes in a temporary folder, until every rule of the example has fired.

It is `bursar sandbox`, `bursar run` and `bursar track` as a person would use them, with `rules.example.yaml` under a
small overlay that it prints; what happens is read through the client, like any command does.
"""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path

import click

from bursar.cli.options import with_config


@click.command()
@with_config
@click.option("--keep", is_flag=True, help="Go on until Ctrl-C.")
@click.option("--seed", type=int, default=1, show_default=True, help="The same seed makes the same world.")
def demo(keep: bool, seed: int) -> int:
    """See the whole thing work: the daemon against the built-in sandbox, no account and no configuration needed.

    It runs the example's rules with shorter times, shows what happens, ends by itself once each of them has fired and a
    receiver has verified a signed message (after ten seconds, or later on a busy machine; it gives up after five
    minutes), and prints what was seen, decided and done beside the sandbox's own count. Exits 0 if all that happened,
    else 1 with what did not.

    \b
    Examples:
        bursar demo
        bursar demo --keep
    """
    from bursar.cli.demo.runner import DemoRun, run_demo

    with tempfile.TemporaryDirectory(prefix="bursar-demo-") as folder:
        return asyncio.run(run_demo(DemoRun(Path(folder), seed, keep)))
