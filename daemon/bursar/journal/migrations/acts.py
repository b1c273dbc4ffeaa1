"""The fourth version: which of its match's actions an entry is; since when each rule is live at each account."""

from __future__ import annotations

ACTS = """
ALTER TABLE ledger ADD COLUMN match_id BIGINT;
ALTER TABLE ledger ADD COLUMN act INTEGER;
CREATE INDEX ledger_by_match ON ledger (match_id) WHERE match_id IS NOT NULL;
UPDATE ledger SET
  match_id = (SELECT i.match_id FROM intents i WHERE i.id = ledger.id),
  act = coalesce(
    (SELECT CASE WHEN m.state = 'held' AND i.state IN ('refused', 'gave_up', 'denied', 'lapsed') THEN m.acts_planned
            ELSE max(m.acts_planned - 1, 0) END
     FROM intents i JOIN matches m ON m.id = i.match_id
     WHERE i.id = ledger.id AND i.id = (SELECT max(l.id) FROM intents l WHERE l.match_id = i.match_id)),
    (SELECT count(DISTINCT e.action || ' ' || e.params) FROM intents i JOIN intents e ON e.match_id = i.match_id AND e.id < i.id
     WHERE i.id = ledger.id AND e.state = 'succeeded' AND (e.action, e.params) <> (i.action, i.params)))
WHERE id IN (SELECT id FROM intents WHERE match_id IS NOT NULL);

CREATE INDEX intents_to_confirm ON intents (account, action) WHERE confirm_by IS NOT NULL;

CREATE TABLE live_rules (
  rule TEXT NOT NULL,
  account TEXT NOT NULL,
  meaning TEXT NOT NULL,
  since BIGINT NOT NULL,
  PRIMARY KEY (rule, account)
) WITHOUT ROWID;
INSERT INTO live_rules (rule, account, meaning, since)
  SELECT DISTINCT r.name, l.account, r.meaning, r.live_since FROM rules r JOIN ledger l ON l.rule = r.name
  WHERE r.live_since IS NOT NULL;
ALTER TABLE rules DROP COLUMN live_since;
"""
"""Where an older journal does not say at which accounts a rule was live, it was where it has acted."""
