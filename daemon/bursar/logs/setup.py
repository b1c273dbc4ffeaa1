"""Sets structlog up: one chain for our lines and for those of libraries (through stdlib logging), with the redactor
as its last step before rendering. JSON where a machine reads (systemd, a pipe, a file), colour on a terminal.

Under systemd each line begins with its priority (`<6>`), which journald takes off; no library is needed for that.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import re
import sys
from collections.abc import Callable, Mapping, MutableMapping
from typing import Any, TextIO

import msgspec
import structlog
from structlog.typing import Processor

from bursar.logs.redactor import Redactor

_PRIORITIES = {"critical": 2, "error": 3, "warning": 4, "info": 6, "debug": 7}
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_QUIET = {"aiohttp.access": logging.WARNING, "asyncio": logging.WARNING}


def configure(stream: TextIO, level: str, redactor: Redactor, *, environ: Mapping[str, str] | None = None) -> None:
    """Set up all logging of this process; calling it again replaces what was set up.

    Args:
        stream: Where the lines go: the standard error, usually.
        level: `debug`, `info`, `warning` or `error`.
        redactor: Takes the secrets out.
        environ: The environment; None is the process's own.
    """
    environment = os.environ if environ is None else environ
    shared = _shared()
    handler = _Lines(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.stdlib.ExtraAdder()],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                redactor,
                *_rendering(stream, environment),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(_level(level))
    for name, quiet in _QUIET.items():
        logging.getLogger(name).setLevel(max(quiet, root.level))
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )


def under_systemd(stream: TextIO, environ: Mapping[str, str]) -> bool:
    """Return whether the stream is the one that systemd connected to its journal.

    `JOURNAL_STREAM` alone is no proof: it is inherited by programs whose output went elsewhere (systemd.exec(5)).
    """
    device, _, inode = environ.get("JOURNAL_STREAM", "").partition(":")
    if not device or not inode:
        return False
    try:
        status = os.fstat(stream.fileno())
    except (OSError, ValueError):
        return True
    return (str(status.st_dev), str(status.st_ino)) == (device, inode)


def _shared() -> list[Processor]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
    ]


def _level(name: str) -> int:
    level = logging.getLevelNamesMapping().get(name.upper())
    if level is None:
        raise ValueError(f"{name!r} is no log level: debug, info, warning or error")
    return level


class _Lines(logging.StreamHandler[TextIO]):
    """Writes lines; neither an encoding without `…`, a line that cannot be rendered nor a closed stream is an error.

    The library's own `handleError` would print the line as it was before the redactor saw it.
    """

    def format(self, record: logging.LogRecord) -> str:
        encoding = getattr(self.stream, "encoding", None) or "utf-8"
        return super().format(record).encode(encoding, "backslashreplace").decode(encoding)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - the library's name
        error = sys.exc_info()[0]
        if error is None or issubclass(error, OSError) or getattr(self.stream, "closed", False):
            return
        with contextlib.suppress(OSError):
            self.stream.write(f"a log line of {record.name} could not be written ({error.__name__})\n")


def _rendering(stream: TextIO, environ: Mapping[str, str]) -> list[Processor]:
    if stream.isatty():
        colors = not environ.get("NO_COLOR")
        return [
            _tame,
            structlog.dev.ConsoleRenderer(colors=colors, exception_formatter=structlog.dev.plain_traceback),
        ]
    return [_with_priority(_json) if under_systemd(stream, environ) else _json]


def _tame(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Make control characters visible: a provider's text must not steer the terminal."""
    for key, value in event.items():
        if isinstance(value, str):
            event[key] = _CONTROL.sub(lambda found: f"\\x{ord(found[0]):02x}", value)
    return event


def _json(_logger: object, _method: str, event: MutableMapping[str, Any]) -> str:
    first = {key: event[key] for key in ("timestamp", "level", "event") if key in event}
    line = {**first, **event}
    try:
        return msgspec.json.encode(line, enc_hook=repr).decode()
    except (UnicodeError, OverflowError, TypeError, ValueError):
        return json.dumps(line, default=repr)


def _with_priority(render: Callable[..., str]) -> Processor:
    def rendered(logger: object, method: str, event: MutableMapping[str, Any]) -> str:
        priority = _PRIORITIES.get(str(event.get("level")), 6)
        return f"<{priority}>{render(logger, method, event)}"

    return rendered
