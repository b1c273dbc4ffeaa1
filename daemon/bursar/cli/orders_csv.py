"""A CSV file of orders in; rows for `track`, or every bad row with its line number.

Header `id,service,link,quantity,created_at`, in any order; only `id` is needed. A BOM, CRLF and semicolons (as
spreadsheets write them) are understood; an unknown column is refused, because a misspelt one would be lost silently.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import datetime, timezone
from decimal import Decimal

from bursar.cli.outcome import instead
from bursar.domain.values import cut, number

COLUMNS = ("id", "service", "link", "quantity", "created_at")
MAX_ID_CHARACTERS = 200

Row = dict[str, str]


class BadRows(Exception):
    """The file cannot be used; carries a sentence for every row that is wrong."""

    def __init__(self, lines: list[str]) -> None:
        super().__init__("\n".join(lines))
        self.lines = lines


def read_rows(content: bytes) -> list[Row]:
    """Read every order of the file, each id once.

    Raises:
        BadRows: anything is wrong with any of them.
    """
    reader = csv.reader(io.StringIO(_text(content), newline=""), delimiter=_delimiter(content), strict=True)
    rows: dict[str, Row] = {}
    bad: list[str] = []
    try:
        header = _header(next(reader, []))
        for values in reader:
            if not any(value.strip() for value in values):
                continue
            row = dict(zip(header, (value.strip() for value in values), strict=False))
            faults = list(_faults(row, len(values), len(header), rows))
            bad += [f"line {reader.line_num}: {fault}" for fault in faults]
            if not faults:
                rows[row["id"]] = _cleaned(row)
    except csv.Error as broken:
        bad.append(f"line {reader.line_num}: not CSV: {broken}")
    if not bad and not rows:
        bad.append("line 1: no orders in the file")
    if bad:
        raise BadRows(bad)
    return list(rows.values())


def _text(content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as broken:
        line = content[: broken.start].count(b"\n") + 1
        raise BadRows([f"line {line}: not UTF-8 text"]) from None


def _delimiter(content: bytes) -> str:
    header = content.split(b"\n", 1)[0]
    return ";" if b";" in header and b"," not in header else ","


def _header(names: list[str]) -> list[str]:
    header = [name.strip().lower() for name in names]
    for name in header:
        if name not in COLUMNS:
            raise BadRows([f"line 1: there is no column {name!r}{instead(name, COLUMNS)}"])
        if header.count(name) > 1:
            raise BadRows([f"line 1: the column {name!r} is there twice"])
    if "id" not in header:
        raise BadRows(["line 1: the header must name the column 'id'; id,service,link,quantity,created_at are known"])
    return header


def _faults(row: Row, width: int, expected: int, seen: dict[str, Row]) -> Iterator[str]:
    """Return what is wrong with one row."""
    if width != expected:
        yield f"{width} values under {expected} columns"
        return
    id_ = row["id"]
    if not id_ or not id_.isprintable() or " " in id_ or "," in id_ or len(id_) > MAX_ID_CHARACTERS:
        yield f"{cut(id_, 40)!r} is not an id" if id_ else "the id is missing"
        return
    if row.get("quantity") and _whole(row["quantity"]) is None:
        yield f"{cut(row['quantity'], 40)!r} is not a quantity"
    if row.get("created_at") and _moment(row["created_at"]) is None:
        yield f"{cut(row['created_at'], 40)!r} is not a time such as 2026-11-21T08:00:00Z"
    if id_ in seen and seen[id_] != _cleaned(row):
        yield f"the order {id_} is there twice, and not the same"


def _cleaned(row: Row) -> Row:
    """Leave out what is empty, and write the time as RFC 3339 in UTC."""
    clean = {name: value for name, value in row.items() if value}
    created_at = _moment(clean.get("created_at", ""))
    if created_at is not None:
        clean["created_at"] = created_at.isoformat().replace("+00:00", "Z")
    return clean


def _whole(text: str) -> Decimal | None:
    value = number(text)
    return value if value is not None and value >= 0 and value == value.to_integral_value() else None


def _moment(text: str) -> datetime | None:
    """Read ISO 8601 (without an offset it is UTC), or Unix seconds."""
    try:
        if text.isascii() and text.isdigit() and 9 <= len(text) <= 11:
            return datetime.fromtimestamp(int(text), timezone.utc)
        at = datetime.fromisoformat(text)
        return at.replace(tzinfo=timezone.utc) if at.tzinfo is None else at.astimezone(timezone.utc)
    except (ValueError, OverflowError):
        return None
