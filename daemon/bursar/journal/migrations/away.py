"""The sixth version: until when a rule was live at an account, so that it is known when it comes back; which effects were
seen taken while what they had made still waited."""

from __future__ import annotations

AWAY = """
ALTER TABLE live_rules ADD COLUMN until BIGINT;
CREATE INDEX live_rules_away ON live_rules (meaning) WHERE until IS NOT NULL;
ALTER TABLE intents ADD COLUMN debited_at_once INTEGER NOT NULL DEFAULT 0;
"""
