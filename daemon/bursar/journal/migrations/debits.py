"""The seventh version: how a site debits is not read from what was seen of its payouts any more, the account says it;
whether a rule has matched a subject before is found where it never fired, too; and which subjects have changed between
a backup and its restore.
"""

from __future__ import annotations

DEBITS = """
ALTER TABLE intents DROP COLUMN debited_at_once;
CREATE INDEX matches_unfired ON matches (rule, account, subject_type, subject_id) WHERE fired_at IS NULL;
CREATE TABLE unseen_changes (
  account TEXT NOT NULL,
  subject_type TEXT NOT NULL,
  subject_id TEXT NOT NULL,
  at BIGINT NOT NULL,
  PRIMARY KEY (account, subject_type, subject_id)
) WITHOUT ROWID;
"""
