"""The third version: under which names an `on` and `do` has acted, what a question suspects, what took another's place."""

from __future__ import annotations

MEANINGS = """
ALTER TABLE ledger ADD COLUMN meaning TEXT NOT NULL DEFAULT '';
ALTER TABLE postings ADD COLUMN currency TEXT;
ALTER TABLE intents ADD COLUMN instead_of BIGINT;
ALTER TABLE intents ADD COLUMN suspect TEXT;
ALTER TABLE questions ADD COLUMN doubt BIGINT;
ALTER TABLE questions ADD COLUMN suspect TEXT;
ALTER TABLE questions ADD COLUMN yes INTEGER NOT NULL DEFAULT 0;
ALTER TABLE rules ADD COLUMN live_since BIGINT;
CREATE INDEX questions_by_doubt ON questions (doubt) WHERE doubt IS NOT NULL;

CREATE TABLE meanings (
  meaning TEXT NOT NULL,
  rule TEXT NOT NULL,
  PRIMARY KEY (meaning, rule)
) WITHOUT ROWID;

CREATE TABLE successions (
  rule TEXT NOT NULL,
  former TEXT NOT NULL,
  last BIGINT NOT NULL,
  PRIMARY KEY (rule, former)
) WITHOUT ROWID;
"""
"""What an older journal has of a rule counts, from the first start on, as done by what the rule stands for then."""
