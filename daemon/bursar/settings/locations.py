"""Where the configuration, the journal and the control socket lie, unless somebody says otherwise.

Every command must come to the same answer, inside the unit and outside, from nothing but the environment and the
configuration: else a command would not find the daemon, or open a second journal.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from bursar.settings.formats import home, read_path

SYSTEM_CONFIGURATION = Path("/etc/bursar")
SYSTEM_STATE = Path("/var/lib/bursar/journal.db")
SYSTEM_SOCKET = Path("/run/bursar/control.sock")
SOCKET = "control.sock"


def default_paths(environ: Mapping[str, str]) -> tuple[Path, ...]:
    """Return the configuration that is read when none is named: `$BURSAR_CONFIG`, then `/etc/bursar`."""
    named = environ.get("BURSAR_CONFIG")
    return (read_path(named, Path(), environ),) if named else (SYSTEM_CONFIGURATION,)


def place_state(
    paths: Sequence[Path], state: str | None, beside: Path, environ: Mapping[str, str]
) -> tuple[Path, Path]:
    """Return the journal's file and the control socket.

    Args:
        paths: The configuration's files and directories.
        state: What `settings.state` says; None: nothing.
        beside: The folder of the file that says it.
        environ: The environment, for the home folder.
    """
    if state is not None:
        file = read_path(state, beside.absolute(), environ)
        return file, file.parent / SOCKET
    if len(paths) == 1 and paths[0].absolute() == SYSTEM_CONFIGURATION:
        return SYSTEM_STATE, SYSTEM_SOCKET
    file = home(environ) / ".local/state/bursar/journal.db"
    return file, file.parent / SOCKET
