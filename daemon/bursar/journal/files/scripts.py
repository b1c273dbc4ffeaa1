"""SQL scripts, taken apart into their statements."""

from __future__ import annotations

import sqlite3


def statements(script: str) -> list[str]:
    """Return the statements of a script."""
    found: list[str] = []
    waiting = ""
    for part in script.split(";"):
        waiting += part + ";"
        if sqlite3.complete_statement(waiting) and waiting.strip(" ;\n"):
            found.append(waiting.strip().removesuffix(";"))
            waiting = ""
    return found
