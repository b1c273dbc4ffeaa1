"""The eighth version: the events of a subject are found without reading all of its account's, and what a person has said
yes beside without reading all questions."""

from __future__ import annotations

LOOKUPS = """
CREATE INDEX events_by_subject ON events (account, subject_type, subject_id, at);
CREATE INDEX questions_beside ON questions (intent_id) WHERE suspect IS NOT NULL AND yes = 1;
"""
