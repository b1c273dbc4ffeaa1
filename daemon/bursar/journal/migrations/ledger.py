"""The second version: the ledger of effects, questions, and one timeline."""

from __future__ import annotations

LEDGER = """
ALTER TABLE accounts RENAME COLUMN frozen_digest TO quarantine_digest;
CREATE TABLE resumed AS SELECT name, resumed_at FROM accounts WHERE resumed_at IS NOT NULL;
ALTER TABLE accounts DROP COLUMN resumed_at;
ALTER TABLE rules ADD COLUMN meaning TEXT NOT NULL DEFAULT '';

ALTER TABLE events RENAME TO events_1;

CREATE TABLE events (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  type TEXT NOT NULL,
  account TEXT NOT NULL,
  subject_type TEXT,
  subject_id TEXT,
  at BIGINT NOT NULL,
  data TEXT NOT NULL,
  before TEXT NOT NULL
);

INSERT INTO events (seq, id, type, account, subject_type, subject_id, at, data, before)
SELECT seq, id, type, account, subject_type, subject_id, at, data, before FROM events_1;

DROP TABLE events_1;
CREATE INDEX events_by_type ON events (account, type, at);
CREATE INDEX events_by_time ON events (at);

ALTER TABLE held_observations RENAME TO held_observations_1;

CREATE TABLE held_observations (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  account TEXT NOT NULL,
  stream TEXT NOT NULL,
  at BIGINT NOT NULL,
  reason TEXT NOT NULL,
  digest TEXT NOT NULL,
  observation TEXT NOT NULL,
  state TEXT NOT NULL,
  ended_at BIGINT
);

INSERT INTO held_observations (id, account, stream, at, reason, digest, observation, state, ended_at)
SELECT id, account, stream, at, reason, digest, observation, state, ended_at FROM held_observations_1;

DROP TABLE held_observations_1;
CREATE UNIQUE INDEX held_open ON held_observations (account, stream, digest) WHERE state = 'held';

CREATE TABLE ledger (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  account TEXT NOT NULL,
  action TEXT NOT NULL,
  subject_type TEXT NOT NULL,
  subject_id TEXT NOT NULL,
  rule TEXT,
  asked_type TEXT,
  asked_id TEXT,
  amount TEXT,
  currency TEXT,
  planned_at BIGINT NOT NULL
);
CREATE INDEX ledger_by_subject ON ledger (account, subject_type, subject_id, id);
CREATE INDEX ledger_by_rule ON ledger (rule, account, asked_type, asked_id, id);

CREATE TABLE postings (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  entry BIGINT NOT NULL,
  what TEXT NOT NULL,
  at BIGINT NOT NULL,
  amount TEXT
);
CREATE INDEX postings_by_entry ON postings (entry, seq);
CREATE INDEX postings_by_time ON postings (at, entry);

INSERT INTO ledger (id, account, action, subject_type, subject_id, rule, asked_type, asked_id, amount, planned_at)
SELECT i.id, i.account, i.action, i.subject_type, i.subject_id, i.rule,
  CASE WHEN m.id IS NULL THEN i.subject_type ELSE nullif(m.subject_type, '') END,
  CASE WHEN m.id IS NULL THEN i.subject_id ELSE nullif(m.subject_id, '') END, i.cost, i.created_at
FROM intents i LEFT JOIN matches m ON m.id = i.match_id ORDER BY i.id;

INSERT INTO postings (entry, what, at, amount)
SELECT id, 'planned', created_at, cost FROM intents ORDER BY id;

CREATE TABLE lost AS
SELECT i.id, i.state, max(t.fence) AS fence FROM intents i JOIN attempts t ON t.intent_id = i.id AND t.outcome = 'lost'
WHERE t.fence < i.fence AND NOT EXISTS (SELECT 1 FROM attempts a WHERE a.intent_id = i.id AND a.fence > t.fence
  AND a.outcome IN ('succeeded', 'refused')) GROUP BY i.id;

INSERT INTO postings (entry, what, at, amount)
SELECT i.id, 'sent', t.sent_at, i.cost FROM lost l JOIN intents i ON i.id = l.id
JOIN attempts t ON t.intent_id = l.id AND t.fence = l.fence ORDER BY i.id;

INSERT INTO postings (entry, what, at)
SELECT l.id, 'lost', coalesce(t.ended_at, t.sent_at) FROM lost l
JOIN attempts t ON t.intent_id = l.id AND t.fence = l.fence ORDER BY l.id;

INSERT INTO postings (entry, what, at, amount)
SELECT id, 'sent', sent_at, cost FROM intents WHERE sent_at IS NOT NULL ORDER BY id;

INSERT INTO postings (entry, what, at)
SELECT i.id, 'unsent', coalesce(t.ended_at, i.sent_at) FROM intents i
JOIN attempts t ON t.intent_id = i.id AND t.fence = i.fence AND t.outcome IN ('later', 'notsent')
WHERE i.sent_at IS NOT NULL AND i.state IN ('denied', 'lapsed', 'gave_up') ORDER BY i.id;

INSERT INTO postings (entry, what, at, amount)
SELECT i.id,
  CASE WHEN i.state = 'succeeded' AND i.confirm_by IS NOT NULL AND i.confirmed_at IS NULL THEN 'accepted'
    WHEN i.state = 'succeeded' THEN 'succeeded'
    WHEN i.state = 'refused' AND (SELECT a.actor FROM audit a WHERE a.intent_id = i.id ORDER BY a.seq DESC LIMIT 1) = 'person'
      THEN 'did_not'
    WHEN i.state = 'refused' THEN 'refused'
    WHEN i.state = 'denied' THEN 'denied'
    WHEN i.state IN ('lapsed', 'gave_up') THEN 'dismissed'
    WHEN i.state IN ('unknown', 'sending') OR EXISTS (
      SELECT 1 FROM attempts t WHERE t.intent_id = i.id AND t.fence = i.fence AND t.outcome = 'lost') THEN 'lost'
    ELSE 'unsent' END,
  coalesce(i.ended_at, (SELECT max(a.at) FROM audit a WHERE a.intent_id = i.id), i.sent_at,
    CAST(strftime('%s', 'now') AS INTEGER) * 1000000),
  CASE WHEN i.state = 'succeeded' THEN (
    SELECT coalesce(json_extract(s.fields, '$.amount'), json_extract(s.fields, '$.charge')) FROM subjects s
    WHERE s.account = i.account AND s.type IN (i.action, i.subject_type) AND s.id = i.reference) END
FROM intents i
WHERE i.sent_at IS NOT NULL OR i.state IN ('succeeded', 'refused', 'denied', 'lapsed', 'gave_up', 'unknown') ORDER BY i.id;

INSERT INTO postings (entry, what, at, amount)
SELECT i.id, 'undone', max(e.at), '0' FROM intents i
JOIN events e ON e.account = i.account AND e.type IN ('payout.canceled', 'payout.canceled_by_user') AND e.subject_id = i.reference
WHERE i.state = 'succeeded' AND i.action = 'payout' GROUP BY i.id ORDER BY i.id;

INSERT INTO postings (entry, what, at)
SELECT i.id, 'forgiven', r.resumed_at FROM intents i JOIN resumed r ON r.name = i.account
WHERE i.state = 'refused' AND i.ended_at <= r.resumed_at ORDER BY i.id;

DROP TABLE resumed;

INSERT INTO meta (key, value)
SELECT 'restored', 'some time before ' || strftime('%Y-%m-%d %H:%M', CAST(value AS INTEGER) / 1000000, 'unixepoch') || 'Z'
FROM meta WHERE key = 'restored_at';

DELETE FROM meta WHERE key = 'restored_at';

INSERT INTO sqlite_sequence (name, seq)
SELECT 'ledger', 0 WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = 'ledger');

UPDATE sqlite_sequence SET seq = max(
  seq, coalesce((SELECT max(intent_id) FROM audit), 0), coalesce((SELECT max(id) FROM intents), 0)) WHERE name = 'ledger';

CREATE TABLE approved AS SELECT a.intent_id AS id, EXISTS (
  SELECT 1 FROM audit q WHERE q.intent_id = a.intent_id AND q.what = 'intent.awaiting_approval'
    AND q.detail LIKE '%settings.ceiling%') AS ceiling
FROM audit a WHERE a.actor = 'person' AND a.what = 'intent.ready' AND a.detail LIKE '%"from":"awaiting_approval"%';

ALTER TABLE intents RENAME TO intents_1;

CREATE TABLE intents (
  id INTEGER PRIMARY KEY,
  match_id BIGINT,
  rule TEXT,
  fingerprint TEXT NOT NULL DEFAULT '',
  account TEXT NOT NULL,
  action TEXT NOT NULL,
  subject_type TEXT NOT NULL,
  subject_id TEXT NOT NULL,
  params TEXT NOT NULL,
  sealed TEXT NOT NULL,
  cost TEXT,
  currency TEXT,
  state TEXT NOT NULL,
  reason TEXT NOT NULL,
  fence INTEGER NOT NULL DEFAULT 0,
  attempts INTEGER NOT NULL DEFAULT 0,
  evidence TEXT,
  created_at BIGINT NOT NULL,
  ready_at BIGINT NOT NULL,
  due_at BIGINT,
  facts_at BIGINT,
  sent_at BIGINT,
  request_ended_at BIGINT,
  looked_at BIGINT,
  lost INTEGER NOT NULL DEFAULT 0,
  again INTEGER NOT NULL DEFAULT 0,
  reference TEXT,
  ended_at BIGINT,
  confirm_by BIGINT,
  question INTEGER NOT NULL DEFAULT 0,
  question_until BIGINT,
  consented INTEGER NOT NULL DEFAULT 0,
  consent_amount TEXT,
  consent_above TEXT,
  past_ceiling INTEGER NOT NULL DEFAULT 0,
  ceiling_consented INTEGER NOT NULL DEFAULT 0
);

INSERT INTO intents (id, match_id, rule, account, action, subject_type, subject_id, params, sealed, cost, state, reason,
  fence, attempts, evidence, created_at, ready_at, due_at, facts_at, sent_at, request_ended_at, looked_at, lost, reference,
  ended_at, confirm_by, question, question_until, consented, ceiling_consented, consent_amount, past_ceiling)
SELECT i.id, i.match_id, i.rule, i.account, i.action, i.subject_type, i.subject_id, i.params, i.sealed, i.cost, i.state,
  i.reason, i.fence, i.attempts, i.evidence, i.created_at, i.ready_at, i.due_at, i.facts_at, i.sent_at,
  (SELECT t.ended_at FROM attempts t WHERE t.intent_id = i.id AND t.fence = i.fence), i.looked_at,
  i.state = 'unknown' OR (i.state = 'ready' AND EXISTS (
    SELECT 1 FROM attempts t WHERE t.intent_id = i.id AND t.fence = i.fence AND t.outcome = 'lost'))
    OR (i.state IN ('ready', 'deferred', 'sending') AND EXISTS (SELECT 1 FROM lost l WHERE l.id = i.id)),
  i.reference, i.ended_at, CASE WHEN i.confirmed_at IS NULL THEN i.confirm_by END,
  i.state = 'awaiting_approval', CASE WHEN i.state = 'awaiting_approval' THEN i.due_at END,
  EXISTS (SELECT 1 FROM approved a WHERE a.id = i.id AND NOT a.ceiling),
  EXISTS (SELECT 1 FROM approved a WHERE a.id = i.id AND a.ceiling),
  i.cost, i.state = 'awaiting_approval' AND i.reason LIKE '%settings.ceiling%'
FROM intents_1 i;

DROP TABLE lost;

CREATE TABLE questions (
  intent_id BIGINT NOT NULL,
  number INTEGER NOT NULL,
  amount TEXT,
  reason TEXT NOT NULL,
  at BIGINT NOT NULL,
  PRIMARY KEY (intent_id, number)
) WITHOUT ROWID;

INSERT INTO questions (intent_id, number, amount, reason, at)
SELECT id, 1, cost, reason, created_at FROM intents WHERE state = 'awaiting_approval';

DROP TABLE intents_1;
DROP TABLE approved;
CREATE UNIQUE INDEX intents_open ON intents (account, subject_type, subject_id)
  WHERE state IN ('awaiting_approval', 'ready', 'sending', 'deferred', 'unknown');
CREATE INDEX intents_by_state ON intents (account, state)
  WHERE state IN ('awaiting_approval', 'ready', 'sending', 'deferred', 'unknown');
CREATE INDEX intents_confirm ON intents (confirm_by) WHERE confirm_by IS NOT NULL;
CREATE INDEX intents_by_match ON intents (match_id);
CREATE INDEX intents_by_reference ON intents (account, action, reference) WHERE reference IS NOT NULL;

ALTER TABLE matches RENAME TO matches_1;

CREATE TABLE matches (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  rule TEXT NOT NULL,
  fingerprint TEXT NOT NULL DEFAULT '',
  account TEXT NOT NULL,
  subject_type TEXT NOT NULL,
  subject_id TEXT NOT NULL,
  event_id TEXT,
  at BIGINT NOT NULL,
  state TEXT NOT NULL,
  block TEXT,
  reason TEXT NOT NULL,
  retry_at BIGINT,
  waits_for BIGINT,
  fired_at BIGINT,
  told_at BIGINT,
  ended_at BIGINT,
  acts_planned INTEGER NOT NULL DEFAULT 0,
  intents INTEGER NOT NULL DEFAULT 0
);

INSERT INTO matches (id, rule, account, subject_type, subject_id, event_id, at, state, block, reason, retry_at, waits_for, fired_at, told_at, ended_at, acts_planned, intents)
SELECT id, rule, account, subject_type, subject_id, event_id, at, state,
  CASE obstacle WHEN 'frozen' THEN 'quarantined' ELSE obstacle END, reason, retry_at, waits_for, fired_at, fired_at,
  CASE WHEN state NOT IN ('held', 'new') THEN coalesce(fired_at, at) END, acts_planned, intents FROM matches_1;

UPDATE matches SET waits_for = coalesce(
  (SELECT max(i.id) FROM intents i WHERE i.match_id = matches.id),
  (SELECT max(i.id) FROM intents i WHERE i.account = matches.account AND i.rule = matches.rule AND i.state IN ('refused', 'gave_up')),
  waits_for)
WHERE state = 'held' AND block = 'gave_up';

DROP TABLE matches_1;
CREATE UNIQUE INDEX matches_held ON matches (rule, account, subject_type, subject_id) WHERE state = 'held';
CREATE INDEX matches_due ON matches (account, retry_at) WHERE state = 'held' AND retry_at IS NOT NULL;
CREATE INDEX matches_waiting ON matches (waits_for) WHERE state = 'held' AND waits_for IS NOT NULL;
CREATE INDEX matches_fired ON matches (rule, account, subject_type, subject_id, fired_at) WHERE fired_at IS NOT NULL;
CREATE INDEX matches_ended ON matches (ended_at) WHERE ended_at IS NOT NULL;

INSERT INTO sqlite_sequence (name, seq)
SELECT 'matches', 0 WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = 'matches');

UPDATE sqlite_sequence SET seq = max(seq, coalesce((SELECT max(match_id) FROM intents), 0)) WHERE name = 'matches';

CREATE TABLE offsets (
  since BIGINT PRIMARY KEY,
  ahead BIGINT NOT NULL
) WITHOUT ROWID;

CREATE TABLE gaps (
  at BIGINT PRIMARY KEY,
  length BIGINT NOT NULL,
  vouched INTEGER NOT NULL
) WITHOUT ROWID;
"""
"""The ledger of effects, with one entry for each intent so far; ids that are never used again; the timeline."""
