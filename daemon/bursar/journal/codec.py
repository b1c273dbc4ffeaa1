"""How nouns are written into columns and read back, without loss."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

import msgspec

from bursar.domain.ids import instant, microseconds
from bursar.domain.subject import Field, SubjectType
from bursar.domain.values import FieldKind, Fields, Json, from_json, to_json

# An amount that passes through a float once is another amount.
_DECODER = msgspec.json.Decoder(float_hook=Decimal)
_STATE = Field(FieldKind.TEXT)


def us(at: datetime | None) -> int | None:
    """Write an instant."""
    return None if at is None else microseconds(at)


def at(raw: int | None) -> datetime | None:
    """Read an instant."""
    return None if raw is None else instant(raw)


def decimal(raw: str | None) -> Decimal | None:
    """Read an amount."""
    return None if raw is None else Decimal(raw)


def write_json(value: object) -> str:
    """Write JSON; Decimals as text. Half a surrogate pair, which no database takes, becomes a question mark."""
    try:
        return msgspec.json.encode(value).decode()
    except UnicodeEncodeError:
        return msgspec.json.encode(_whole(value)).decode()


def _whole(value: object) -> object:
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, Mapping):
        return {_whole(key): _whole(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_whole(inner) for inner in value]
    return value


def read_json(raw: str) -> Json:
    """Read JSON."""
    value: Json = _DECODER.decode(raw)
    return value


def read_mapping(raw: str | None) -> dict[str, Json]:
    """Read a JSON object; anything else is an empty one."""
    value = read_json(raw) if raw else None
    return value if isinstance(value, dict) else {}


def write_fields(fields: Fields) -> str:
    """Write field values; what has no information is left out."""
    return write_json({name: to_json(value) for name, value in fields.items() if value is not None})


def read_fields(kind: SubjectType, raw: str) -> dict[str, object]:
    """Read field values by their declared kinds; a field that is not declared any more is passed over."""
    return {
        name: from_json(kind.fields[name].kind, value)
        for name, value in read_mapping(raw).items()
        if name in kind.fields
    }


def read_before(kind: SubjectType | None, raw: str) -> Mapping[str, object]:
    """Read the former values of an event."""
    if kind is None:
        return {}
    specs = {**kind.fields, "state": _STATE}
    return {name: from_json(specs[name].kind, value) for name, value in read_mapping(raw).items() if name in specs}
