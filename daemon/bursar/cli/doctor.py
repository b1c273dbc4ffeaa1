"""`bursar doctor`: what could go wrong, looked at before it does."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bursar.cli.client import client_for_looking, config_paths
from bursar.cli.options import with_config, with_json
from bursar.cli.output import show_json, show_rows

if TYPE_CHECKING:
    from bursar.journal.files.backup import Finding
    from bursar.settings.model import Configuration

COLUMNS = {"what": "WHAT", "verdict": "VERDICT", "reason": "REASON"}
LEAST_FREE_BYTES = 200 * 1024 * 1024


@click.command()
@with_config
@with_json
def doctor(as_json: bool) -> int:
    """Look whether a daemon watches, whether the accounts are reached, at the journal's health, at what is stuck, at
    the clock, the disk, and who may read the secrets.

    Exit code 1 when something is bad, also when no daemon runs or an account is not reached; warnings are fine. Nothing
    is changed.

    \b
    Example:
        bursar doctor
    """
    from bursar.control.health import examine_watch
    from bursar.journal.files.backup import examine
    from bursar.loops.clock import RealClock

    configuration = client_for_looking().configuration
    state = configuration.settings.state
    now = RealClock().now()
    watch = asyncio.run(examine_watch(configuration, now))
    found = [*watch, *examine(state, now), *_machine(state), *_files(configuration)]
    rows = [{"what": one.what, "verdict": one.verdict, "reason": one.reason} for one in found]
    if as_json:
        show_json(rows)
    else:
        show_rows(rows, COLUMNS, empty="")
    return 1 if any(one.verdict == "bad" for one in found) else 0


def _machine(state: Path) -> Iterator[Finding]:
    from bursar.journal.files.backup import Finding

    if state.parent.exists():
        free = shutil.disk_usage(state.parent).free
        verdict = "ok" if free > LEAST_FREE_BYTES else "warning"
        yield Finding("disk", verdict, f"{free // 1024 // 1024:,} MiB free")
        writable = os.access(state.parent, os.W_OK)
        reason = "writable" if writable else f"{state.parent} is not writable by you"
        yield Finding("folder", "ok" if writable else "warning", reason)


def _files(configuration: Configuration) -> Iterator[Finding]:
    from bursar.journal.files.backup import Finding

    for warning in configuration.warnings:
        yield Finding("configuration", "warning", str(warning))
    for path in _secret_files():
        if not path.exists():
            yield Finding("secret file", "warning", f"{path} is not there")
        elif path.stat().st_mode & 0o077:
            yield Finding("secret file", "bad", f"{path} can be read by others: chmod 600 it")
        else:
            yield Finding("secret file", "ok", f"{path} is readable by its owner only")


def _secret_files() -> list[Path]:
    """Return the files that the configuration names as secrets."""
    from bursar.settings.document import read_documents

    found: list[Path] = []

    def walk(value: object) -> None:
        if isinstance(value, dict):
            if set(value) == {"file"} and isinstance(value["file"], str):
                found.append(Path(value["file"]).expanduser())
            for inner in value.values():
                walk(inner)
        elif isinstance(value, list):
            for inner in value:
                walk(inner)

    walk(read_documents(config_paths()).document.value)
    return found
