"""What every command understands: `--config` before or after the command's name, and `--json`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

_PATHS = "bursar.config"
C = TypeVar("C", bound=Callable[..., Any])


def _remember(context: click.Context, _option: click.Parameter, paths: tuple[Path, ...]) -> None:
    context.find_root().meta.setdefault(_PATHS, []).extend(paths)


def with_config(command: C) -> C:
    """Let a command take `--config`, as often as wanted."""
    return click.option(
        "--config",
        "-c",
        type=click.Path(path_type=Path),
        multiple=True,
        expose_value=False,
        callback=_remember,
        metavar="PATH",
        help="A configuration file, or a directory of them; repeatable. Default: $BURSAR_CONFIG, then /etc/bursar.",
    )(command)


def with_json(command: C) -> C:
    """Let a command take `--json`, as `as_json`."""
    return click.option("--json", "as_json", is_flag=True, help="Print everything as JSON, never cut short.")(command)


def named_paths() -> list[Path]:
    """Return the paths that `--config` named, in order; none when it was not used."""
    found: list[Path] = click.get_current_context().find_root().meta.get(_PATHS, [])
    return list(found)
