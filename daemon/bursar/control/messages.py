"""The messages of the control interface: a verb with parameters, and a result or an error, as JSON.

Numbers cross it as they came from a provider, every digit of them. Errors have a code for programs and a sentence for
people; which exit code a command ends with is the command line's own matter.
"""

from __future__ import annotations

import os
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from time import CLOCK_BOOTTIME, clock_gettime
from urllib.parse import quote, unquote_to_bytes

import msgspec

from bursar.domain.values import Json

MAX_REQUEST_BYTES = 64 * 1024 * 1024
_ENCODER = msgspec.json.Encoder(decimal_format="number", enc_hook=str)
_DECODER = msgspec.json.Decoder(float_hook=Decimal)


class ErrorCode(StrEnum):
    """What kind of error a request ended with.

    INVALID_REQUEST: it makes no sense as it is: it names what is not there, or lacks something.
    FAILED: it makes sense, and cannot be done, or not now.
    BAD_CONFIGURATION: the configuration that it is about cannot be used.
    """

    INVALID_REQUEST = "invalid_request"
    FAILED = "failed"
    BAD_CONFIGURATION = "bad_configuration"


class RequestRejected(Exception):
    """One sentence for the person who asked, and its code."""

    def __init__(self, message: str, code: ErrorCode = ErrorCode.INVALID_REQUEST) -> None:
        super().__init__(message)
        self.code = code


UNTIL = "X-Good-Until"
"""The header with the boot clock's seconds until which the answer is waited for: a later request must do nothing."""


def good_until(timeout_s: float) -> dict[str, str]:
    """Return the header of a request that is waited for so long."""
    # By the boot clock, which goes on while the daemon is frozen: a payout
    # must not leave when it thaws, hours after the command has given up.
    return {UNTIL: f"{clock_gettime(CLOCK_BOOTTIME) + timeout_s:.3f}"}


def is_over(until: str | None) -> bool:
    """Return whether the answer is not waited for any more: the daemon was frozen, say, when it was asked."""
    try:
        return until is not None and not clock_gettime(CLOCK_BOOTTIME) <= float(until)
    except ValueError:
        return True


JOURNAL = "X-Journal"
"""The header with the journal that a request is about: `device:inode`, if it can be seen, and its path, quoted. Two
journals in one folder have one socket, and what is decided for the one must not be done in the other."""


def about(journal: Path | None) -> dict[str, str]:
    """Return the header of a request about a journal; None: whichever the daemon keeps."""
    if journal is None:
        return {}
    path = _resolved(journal)
    return {JOURNAL: f"{_file(path)} {quote(os.fsencode(path))}"}


def other_journal(header: str | None, kept: Path | None) -> Path | None:
    """Return the journal that a request is about, if it is not the one that is kept here.

    A mount may show one file under two paths: either the path is the same, or the file is.
    """
    if header is None or kept is None:
        return None
    file, _, quoted = header.partition(" ")
    named, kept = Path(os.fsdecode(unquote_to_bytes(quoted))), _resolved(kept)
    same = named == kept or (file != UNSEEN and file == _file(kept))
    return None if same else named


UNSEEN = "-"


def _file(path: Path) -> str:
    try:
        found = path.stat()
    except OSError:
        return UNSEEN
    return f"{found.st_dev}:{found.st_ino}"


def _resolved(path: Path) -> Path:
    try:
        return path.resolve()
    except (OSError, RuntimeError):  # a loop of links; opening it says so
        return path


def encode_params(params: dict[str, Json]) -> bytes:
    """Write a request's parameters."""
    return _ENCODER.encode(params)


def decode_params(body: bytes) -> dict[str, Json]:
    """Read a request's parameters; what is no object has none."""
    params = _DECODER.decode(body or b"{}")
    return params if isinstance(params, dict) else {}


def encode_result(result: Json) -> bytes:
    """Write the answer to a request."""
    return _ENCODER.encode({"result": result})


def encode_error(error: RequestRejected) -> bytes:
    """Write why a request was rejected."""
    return _ENCODER.encode({"error": {"code": error.code, "message": str(error)}})


def decode_answer(body: bytes) -> Json:
    """Read an answer.

    Raises:
        RequestRejected: it is an error.
    """
    answer = _DECODER.decode(body)
    if (error := answer.get("error")) is not None:
        raise RequestRejected(error["message"], ErrorCode(error["code"]))
    result: Json = answer["result"]
    return result
