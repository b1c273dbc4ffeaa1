"""The texts of the configuration that mean more than text: addresses, intervals, rates, file names.

Each reader takes the text as it was written and gives the value, or raises `ValueError` with one sentence that says
what was expected. The schema asks the same readers, so that what passes the check can be read. No sentence shows an
address: it may hold a password.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

from yarl import URL

from bursar.domain.durations import parse_duration
from bursar.settings.messages import quoted

MIN_INTERVAL = timedelta(seconds=1)
_RATE = re.compile(r"([0-9]{1,9})\s*/\s*([a-z]+)")
_PERIODS = {
    **dict.fromkeys(("s", "sec", "second"), timedelta(seconds=1)),
    **dict.fromkeys(("m", "min", "minute"), timedelta(minutes=1)),
    **dict.fromkeys(("h", "hour"), timedelta(hours=1)),
    **dict.fromkeys(("d", "day"), timedelta(days=1)),
}
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_LISTEN = re.compile(r"(\[[0-9a-fA-F:]+\]|[^:\s\[\]]+):([0-9]{1,5})")
LAST_PORT = 65535
_SPACES = re.compile(r"[\s\x00-\x1f\x7f]")


def read_interval(text: str) -> timedelta | None:
    """Read how often a stream is polled; None stands for `off`."""
    if text == "off":
        return None
    interval = parse_duration(text)
    if interval < MIN_INTERVAL:
        raise ValueError("expected an interval of at least 1s, or off")
    return interval


def read_rate(text: str) -> tuple[int, timedelta]:
    """Read `30/min`: how many requests in which time."""
    found = _RATE.fullmatch(text.strip().lower())
    period = _PERIODS.get(found[2]) if found is not None else None
    if found is None or period is None:
        raise ValueError(f"expected a rate such as 30/min, 5/s or 100/h, not {quoted(text)}")
    if int(found[1]) < 1:
        raise ValueError("expected a rate of at least 1 request, such as 1/min")
    return int(found[1]), period


def read_url(text: str) -> URL:
    """Read an http(s) address without user name and password."""
    if _SPACES.search(text):
        raise ValueError("expected an address without spaces in it")
    try:
        url = URL(text)
        host, scheme, user = url.host, url.scheme, url.user or url.password
    except ValueError:
        raise ValueError("expected an address such as https://panel.example/api/v2") from None
    if scheme not in ("http", "https") or not host:
        raise ValueError(
            "expected an address that begins with https:// or http://, such as https://panel.example/api/v2"
        )
    if user or "@" in text.partition("//")[2].partition("/")[0]:
        raise ValueError("an address must not hold a user name or password")
    return url


def is_exposed(url: URL) -> bool:
    """Return whether what is sent there travels unencrypted through a network."""
    host = url.host or ""
    return url.scheme == "http" and host not in _LOOPBACK and not host.startswith("127.")


def read_listen(text: str) -> tuple[str, int]:
    """Read an address and a port: `127.0.0.1:8640`, `[::1]:8640`."""
    found = _LISTEN.fullmatch(text)
    if found is None or not 0 < int(found[2]) <= LAST_PORT:
        raise ValueError("expected an address and a port such as 127.0.0.1:8640")
    return found[1].strip("[]"), int(found[2])


def read_state(text: str) -> str:
    """Read the journal's place: a file's name."""
    if re.match(r"postgres(ql)?(\+\w+)?://", text, re.IGNORECASE):
        raise ValueError("a journal in PostgreSQL is not built yet: name a file")
    if "://" in text:
        raise ValueError("expected the name of a file, such as ~/.local/state/bursar/journal.db")
    if "\0" in text or text.endswith("/"):
        raise ValueError("expected the name of a file, not of a folder")
    return text


def read_path(text: str, beside: Path, environ: Mapping[str, str]) -> Path:
    """Return the file that a name means: `~` is the home folder, a relative one lies beside the file that names it."""
    if text == "~" or text.startswith("~/"):
        return home(environ) / text[2:]
    return Path(beside, text)


def home(environ: Mapping[str, str]) -> Path:
    """Return the home folder."""
    named = environ.get("HOME")
    return Path(named) if named else Path.home()
