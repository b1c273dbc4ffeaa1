"""What the machine says of its time: which boot this is, and whether its clock is synchronised."""

from __future__ import annotations

import ctypes
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
UNSYNCHRONISED = 0x0040
"""STA_UNSYNC of adjtimex(2)."""
CLOCK_ERROR = 5
"""TIME_ERROR of adjtimex(2): the clock is not synchronised."""


@dataclass(frozen=True, slots=True)
class Machine:
    """One boot of a machine.

    Attributes:
        boot_id: Names it; another boot has another.
        synchronised: Asks whether the kernel says that its clock is synchronised.
    """

    boot_id: str
    synchronised: Callable[[], bool]


def this_machine() -> Machine:
    """Return the machine that this process runs on."""
    try:
        boot_id = BOOT_ID.read_text("ascii").strip()
    except OSError:
        boot_id = f"unknown-{secrets.token_hex(8)}"  # then every start counts as another boot, and nothing is measured
    return Machine(boot_id, kernel_synchronised)


class _Timex(ctypes.Structure):
    """The start of `struct timex`; the rest is room for what the kernel writes besides."""

    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long),
        ("status", ctypes.c_int),
        ("rest", ctypes.c_char * 512),
    )


def kernel_synchronised() -> bool:
    """Return whether the kernel says that its clock is synchronised; where it cannot be asked, it is not."""
    try:
        read = _Timex()
        state = ctypes.CDLL(None, use_errno=True).adjtimex(ctypes.byref(read))
    except (OSError, AttributeError):
        # Where the kernel cannot be asked it does not vouch: a gap then counts as nothing.
        return False
    return state not in (-1, CLOCK_ERROR) and not read.status & UNSYNCHRONISED
