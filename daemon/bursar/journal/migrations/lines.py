"""The fifth version: which match a match goes on from, and which of its blocks was told."""

from __future__ import annotations

LINES = """
ALTER TABLE matches ADD COLUMN first_id BIGINT;
ALTER TABLE matches ADD COLUMN told_block TEXT;
UPDATE matches SET told_block = block WHERE state = 'held';
CREATE INDEX matches_of_line ON matches (first_id) WHERE first_id IS NOT NULL;
"""
