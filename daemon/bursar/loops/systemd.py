"""Talking to systemd: ready, stopping, reloading, and the watchdog. Fifteen lines; no library is worth it."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from contextlib import suppress


class Systemd:
    """The service manager, if there is one.

    Args:
        environ: The process's environment.
    """

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._address = environ.get("NOTIFY_SOCKET", "")
        wanted = environ.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
        usec = environ.get("WATCHDOG_USEC", "") if wanted else ""
        self.watchdog_s = int(usec) / 1e6 if usec.isdigit() else None

    def say(self, *lines: str) -> None:
        """Send a message to the service manager, if there is one."""
        if not self._address:
            return
        address = "\0" + self._address[1:] if self._address.startswith("@") else self._address
        # the address may be inherited from a service that ended, or that lets only its own process in
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as out:
            out.connect(address)
            out.sendall("\n".join(lines).encode())
