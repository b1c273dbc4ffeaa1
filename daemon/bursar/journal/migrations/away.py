"""The sixth version: until when a rule was live at an account, so that it is known when it comes back; which effects were
seen taken while what they had made still waited; which subjects have problems.

Some journals of the fifth version have the index of problems already: its step had it for a while.
"""

from __future__ import annotations

AWAY = """
ALTER TABLE live_rules ADD COLUMN until BIGINT;
CREATE INDEX live_rules_away ON live_rules (meaning) WHERE until IS NOT NULL;
ALTER TABLE intents ADD COLUMN debited_at_once INTEGER NOT NULL DEFAULT 0;
CREATE INDEX IF NOT EXISTS subjects_problem ON subjects (account, type, watched) WHERE problem IS NOT NULL AND vanished_at IS NULL;
"""
