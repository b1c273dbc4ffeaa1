"""The configuration against its schema: every fault, at its place, in our words.

The checking is the jsonschema library's; the wording is ours, because its messages show values (which may be secrets)
and speak of schemas, not of what somebody should write.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker, ValidationError
from jsonschema.validators import extend

from bursar.diagnostics.problem import KeyPath, Problem
from bursar.diagnostics.suggestion import suggest
from bursar.domain.durations import parse_duration
from bursar.settings import formats
from bursar.settings.messages import did_you_mean, kind_of, quoted
from bursar.settings.source_map import Document

FORMATS: dict[str, Callable[[str], object]] = {
    "bursar-duration": parse_duration,
    "bursar-interval": formats.read_interval,
    "bursar-rate": formats.read_rate,
    "bursar-url": formats.read_url,
    "bursar-state": formats.read_state,
    "bursar-listen": formats.read_listen,
}
_TYPES = {
    "string": "text",
    "number": "a number",
    "integer": "a whole number",
    "boolean": "true or false",
    "array": "a list",
    "object": "a mapping",
    "null": "nothing",
}
SOURCES = ("env", "file", "credential")
_YES_AND_NO = frozenset({"yes", "no", "on", "off"})


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault: the path of the value that cannot be used, and the problem to show."""

    path: KeyPath
    problem: Problem


def find_faults(document: Document, schema: dict[str, Any]) -> list[Fault]:
    """Check a document against a schema and return every fault."""
    validator = _Validator(schema, format_checker=_format_checker())
    errors = [_Error.of(error) for error in validator.iter_errors(document.value)]
    return [fault for error in errors for fault in _explain(error, document)]


@dataclass(frozen=True, slots=True)
class _Error:
    """One error of the library, in types that say what is in it.

    Attributes:
        keyword: The keyword of the schema that was not met.
        wanted: What the keyword says.
        value: What was found; never to be shown but where the schema names what it is.
        schema: The schema around the keyword.
        path: Of the value.
        of_name: It is about the name of a member, not about its value.
        cause: What our own reader of a format had to say.
        message: The library's sentence; never to be shown.
    """

    keyword: str
    wanted: Any
    value: Any
    schema: Mapping[str, Any]
    path: KeyPath
    of_name: bool
    cause: str
    message: str

    @classmethod
    def of(cls, error: ValidationError) -> _Error:
        schema = error.schema if isinstance(error.schema, Mapping) else {}
        of_name = "propertyNames" in error.absolute_schema_path
        cause = str(error.cause) if error.cause is not None else ""
        path = tuple(error.absolute_path)
        return cls(
            str(error.validator), error.validator_value, error.instance, schema, path, of_name, cause, error.message
        )


def _is_number(_checker: object, value: object) -> bool:
    return isinstance(value, (int, float, Decimal)) and not isinstance(value, bool)


_Validator: Any = extend(  # type: ignore[no-untyped-call]
    Draft202012Validator, type_checker=Draft202012Validator.TYPE_CHECKER.redefine("number", _is_number)
)


def _format_checker() -> FormatChecker:
    checker = FormatChecker(formats=())
    for name, read in FORMATS.items():
        checker.checks(name, raises=ValueError)(_passes(read))
    return checker


def _passes(read: Callable[[str], object]) -> Callable[[object], bool]:
    def check(value: object) -> bool:
        if isinstance(value, str):
            read(value)
        return True

    return check


def _explain(error: _Error, document: Document) -> Iterator[Fault]:
    """Word one error."""
    path = error.path
    if error.of_name:
        path = (*path, error.value)
        text = f"expected {_expected(error)}, not {quoted(error.value)}"
        yield Fault(path, document.key(path).problem(text))
    elif error.keyword == "additionalProperties":
        yield from _unknown_keys(error, document)
    elif error.keyword == "required":
        for key in error.wanted:
            if key not in error.value and repr(key) in error.message:
                yield Fault((*path, key), document.key(path).problem(f"{key!r} is missing{_where(path)}"))
    elif error.schema.get("x-not-built"):
        yield Fault(path, document.key(path).problem(f"{str(path[-1])!r} is not built yet"))
    else:
        yield Fault(path, document.at(path).problem(_word(error)))


def _unknown_keys(error: _Error, document: Document) -> Iterator[Fault]:
    known = error.schema["properties"]
    named = error.schema.get("x-named", "key")
    for key in error.value:
        if key not in known:
            path = (*error.path, key)
            text = f"unknown {named} {quoted(key)}{did_you_mean(key, known)}"
            yield Fault(path, document.key(path).problem(text))


def _where(path: KeyPath) -> str:
    if len(path) == 2 and path[0] == "rules":
        return " in this rule"
    return f" in {path[-1]!r}" if path and isinstance(path[-1], str) else ""


def _word(error: _Error) -> str:
    """Return what is wrong with one value."""
    match error.keyword:
        case "type" | "anyOf" | "oneOf":
            return f"expected {_expected(error)}, not {kind_of(error.value)}{_hint(error)}"
        case "format":
            return error.cause or f"expected {_expected(error)}"
        case "enum":
            return _word_choice(error)
        case "minimum":
            return f"expected at least {error.wanted}"
        case "maximum":
            return f"expected at most {error.wanted}"
        case "exclusiveMinimum":
            return f"expected more than {error.wanted}"
        case "minLength" | "minItems" | "minProperties":
            return f"expected {_expected(error)}, not an empty one"
        case _:
            return f"expected {_expected(error)}"


def _word_choice(error: _Error) -> str:
    options = [str(option) for option in error.wanted]
    named, value = error.schema.get("x-named"), error.value
    if not isinstance(value, str):
        return f"expected {' or '.join(options)}, not {kind_of(value)}"
    if named is None:
        meant = suggest(value, options)
        guess = f" (did you mean {meant!r}?)" if meant else ""
        return f"expected {' or '.join(options)}, not {quoted(value)}{guess}"
    return f"unknown {named} {quoted(value)}{did_you_mean(value, options)}{error.schema.get('x-hint', '')}"


def _expected(error: _Error) -> str:
    expected = error.schema.get("x-expected")
    if expected is not None:
        return str(expected)
    wanted = error.schema.get("type", ())
    names = [wanted] if isinstance(wanted, str) else wanted
    return " or ".join(_TYPES[name] for name in names) or "another value"


def _hint(error: _Error) -> str:
    """Return what probably went wrong in YAML."""
    wanted, value = error.schema.get("type"), error.value
    if wanted == "boolean" and isinstance(value, str) and value.lower() in _YES_AND_NO:
        return ": write true or false"
    texts = (wanted == "string" and "format" not in error.schema) or error.schema.get("format") == "bursar-secret"
    if texts and isinstance(value, (int, Decimal)) and not isinstance(value, bool):
        return ": put quotes around it"
    if error.schema.get("format") == "bursar-secret" and isinstance(value, dict) and len(value) == 1:
        return _misspelt_source(str(*value))
    return ""


def _misspelt_source(word: str) -> str:
    """Return which way to a secret was meant; the word is shown only if it is all but that."""
    meant = suggest(word, SOURCES)
    return f" (did you mean {meant!r}?)" if meant is not None and meant != word else ""
