"""Logs: structlog set up once, for our lines and those of libraries, with every secret taken out before a line is
written. `configure` sets it up; `Redactor` takes out."""

from bursar.logs.redactor import Redactor, tokens_of
from bursar.logs.setup import configure

__all__ = ["Redactor", "configure", "tokens_of"]
