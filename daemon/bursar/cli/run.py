"""`bursar run`: the daemon in the foreground."""

from __future__ import annotations

import asyncio
import os

import click

from bursar.cli.options import with_config


@click.command()
@with_config
def run() -> int:
    """Run the daemon in the foreground, until SIGTERM or Ctrl-C. systemd runs this.

    SIGHUP, or `bursar reload`, makes it read its configuration again; on any error in it the old one stays.

    \b
    Example:
        bursar run -c bursar.yaml
    """
    from bursar.app import serve
    from bursar.cli.client import config_paths
    from bursar.web.approvals import Approvals

    return asyncio.run(serve(config_paths(), os.environ, faces=[Approvals]))
