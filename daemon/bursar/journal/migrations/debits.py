"""The seventh version: how a site debits is not read from what was seen of its payouts any more; the account says it."""

from __future__ import annotations

DEBITS = "ALTER TABLE intents DROP COLUMN debited_at_once;\n"
