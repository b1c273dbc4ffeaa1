"""The steps that bring an older journal up to `schema.TABLES`, in order. Released steps are never edited.

A step is a script of statements, run in one transaction with the others; `tests/unit/journal` holds that all of them
together give exactly the tables of `schema`.
"""

from __future__ import annotations

from bursar.journal.migrations.acts import ACTS
from bursar.journal.migrations.away import AWAY
from bursar.journal.migrations.debits import DEBITS
from bursar.journal.migrations.first import FIRST
from bursar.journal.migrations.ledger import LEDGER
from bursar.journal.migrations.lines import LINES
from bursar.journal.migrations.lookups import LOOKUPS
from bursar.journal.migrations.meanings import MEANINGS

MIGRATIONS: tuple[str, ...] = (FIRST, LEDGER, MEANINGS, ACTS, LINES, AWAY, DEBITS, LOOKUPS)
"""What leads from nothing to the newest tables."""

VERSION = len(MIGRATIONS)
