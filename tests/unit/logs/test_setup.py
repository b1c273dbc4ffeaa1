"""Lines as they are written: JSON for machines, priorities for journald, colour for people, and no secret in any."""

from __future__ import annotations

import io
import json
import logging
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, TextIO

import pytest
import structlog

from bursar.logs import Redactor, configure

KEY = "sk-live-0123456789"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def _logging_as_it_was() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def start(stream: TextIO, level: str = "info", environ: Mapping[str, str] | None = None) -> None:
    configure(stream, level, Redactor([KEY]), environ=environ or {})


def fail(error: Exception) -> None:
    raise error


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_line_is_json_with_what_it_was_given() -> None:
    stream = io.StringIO()
    start(stream)
    structlog.get_logger("bursar.polling").info("poll.done", account="main", orders=3)
    [line] = lines(stream)
    assert line.pop("timestamp").endswith("Z")
    assert line == {"level": "info", "event": "poll.done", "account": "main", "orders": 3, "logger": "bursar.polling"}


def test_lines_below_the_level_are_not_written() -> None:
    stream = io.StringIO()
    start(stream, "warning")
    structlog.get_logger("x").info("quiet")
    logging.getLogger("y").info("quiet")
    assert stream.getvalue() == ""


def test_a_traceback_is_cleaned() -> None:
    stream = io.StringIO()
    start(stream)
    try:
        fail(ValueError(f"cannot reach https://panel.example/?k={KEY}"))
    except ValueError:
        structlog.get_logger("x").exception("failed")
    assert KEY not in stream.getvalue()
    assert "ValueError: cannot reach https://panel.example/?k=***" in lines(stream)[0]["exception"]


def test_a_library_passes_the_same_redactor() -> None:
    stream = io.StringIO()
    start(stream)
    try:
        fail(RuntimeError(KEY))
    except RuntimeError:
        logging.getLogger("aiohttp.client").exception("asked %s", f"/?api_key={KEY}", extra={"token": "t"})
    assert KEY not in stream.getvalue()
    [line] = lines(stream)
    assert (line["event"], line["token"], line["logger"]) == ("asked /?api_key=***", "***", "aiohttp.client")


def test_bound_context_is_on_every_line() -> None:
    stream = io.StringIO()
    start(stream)
    with structlog.contextvars.bound_contextvars(account="shop"):
        structlog.get_logger("x").info("a")
    assert lines(stream)[0]["account"] == "shop"


@pytest.mark.parametrize(("level", "priority"), [("debug", 7), ("info", 6), ("warning", 4), ("error", 3)])
def test_under_systemd_a_line_begins_with_its_priority(tmp_path: Path, level: str, priority: int) -> None:
    with (tmp_path / "journal").open("w", encoding="utf-8") as stream:
        status = os.fstat(stream.fileno())
        start(stream, "debug", {"JOURNAL_STREAM": f"{status.st_dev}:{status.st_ino}"})
        getattr(structlog.get_logger("x"), level)("a")
    assert (tmp_path / "journal").read_text(encoding="utf-8").startswith(f"<{priority}>{{")


def test_output_that_went_elsewhere_has_no_priority(tmp_path: Path) -> None:
    with (tmp_path / "file").open("w", encoding="utf-8") as stream:
        start(stream, environ={"JOURNAL_STREAM": "1:2"})
        structlog.get_logger("x").info("a")
    assert (tmp_path / "file").read_text(encoding="utf-8").startswith("{")


def test_a_terminal_gets_colour_and_no_json() -> None:
    stream = Terminal()
    start(stream, environ={"JOURNAL_STREAM": "1:2"})
    structlog.get_logger("x").info("hello", account="main")
    assert "\x1b[" in stream.getvalue()
    assert "{" not in stream.getvalue()


def test_a_provider_cannot_steer_the_terminal() -> None:
    stream = Terminal()
    start(stream, environ={"NO_COLOR": "1"})
    structlog.get_logger("x").info("said \x1b]0;owned\x07", text="a\rb")
    assert "\x1b" not in stream.getvalue()
    assert "\\x1b]0;owned\\x07" in stream.getvalue()


def test_a_traceback_on_a_terminal_is_cleaned() -> None:
    stream = Terminal()
    start(stream)
    try:
        fail(ValueError(KEY))
    except ValueError:
        structlog.get_logger("x").exception("failed")
    assert "ValueError: ***" in stream.getvalue()


@pytest.mark.parametrize("value", ["\ud800", 10**40, object(), b"\xff", float("nan")])
def test_no_value_loses_a_line(value: object) -> None:
    stream = io.StringIO()
    start(stream)
    structlog.get_logger("x").info("odd", value=value)
    assert lines(stream)[0]["event"] == "odd"


def test_an_encoding_without_the_character_does_not_lose_a_line() -> None:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii")
    start(stream)
    structlog.get_logger("x").info("KXXQ-…-FFMW")
    stream.flush()
    assert b"KXXQ-\\u2026-FFMW" in raw.getvalue()


def test_a_line_that_cannot_be_written_does_not_show_what_it_held(capsys: pytest.CaptureFixture[str]) -> None:
    stream = io.StringIO()
    start(stream)
    logging.getLogger("lib").info("a %d %s", "not a number", KEY)
    assert KEY not in stream.getvalue() + capsys.readouterr().err
    assert "a log line of lib could not be written" in stream.getvalue()


def test_a_closed_stream_is_nobodys_error() -> None:
    stream = io.StringIO()
    start(stream)
    stream.close()
    logging.getLogger("lib").warning("nobody reads this")


def test_an_unknown_level_is_refused() -> None:
    with pytest.raises(ValueError, match="'loud' is no log level"):
        start(io.StringIO(), "loud")
