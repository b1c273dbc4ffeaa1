"""The tables of the journal as they are now. What leads there from older ones is in `migrations`.

Instants are whole microseconds since 1970 on the journal's timeline. Money is text. What holds several values is JSON.
"""

from __future__ import annotations

TABLES = """
CREATE TABLE meta (
  key TEXT PRIMARY KEY,
  value TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE accounts (
  name TEXT PRIMARY KEY,
  digest TEXT NOT NULL,
  provider TEXT NOT NULL,
  bound_at BIGINT NOT NULL,
  quarantine_digest TEXT,
  recognized INTEGER NOT NULL DEFAULT 0,
  contradicted INTEGER NOT NULL DEFAULT 0,
  parked_at BIGINT,
  parked_reason TEXT,
  looked_at BIGINT,
  paused_at BIGINT,
  gone_at BIGINT
) WITHOUT ROWID;

CREATE TABLE streams (
  account TEXT NOT NULL,
  stream TEXT NOT NULL,
  ok_at BIGINT,
  baselined_at BIGINT,
  failures INTEGER NOT NULL DEFAULT 0,
  failed_at BIGINT,
  kind TEXT,
  reason TEXT,
  told_at BIGINT,
  cursor TEXT,
  polls BIGINT NOT NULL DEFAULT 0,
  PRIMARY KEY (account, stream)
) WITHOUT ROWID;

CREATE TABLE subjects (
  account TEXT NOT NULL,
  type TEXT NOT NULL,
  id TEXT NOT NULL,
  fields TEXT NOT NULL,
  state TEXT,
  known_state TEXT,
  created_at BIGINT NOT NULL,
  first_seen_at BIGINT,
  state_since BIGINT,
  changed_at BIGINT,
  observed_at BIGINT,
  missed INTEGER NOT NULL DEFAULT 0,
  vanished_at BIGINT,
  problem TEXT,
  acted_at BIGINT,
  watched INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (account, type, id)
) WITHOUT ROWID;

CREATE INDEX subjects_watched ON subjects (account, type) WHERE watched = 1;
CREATE INDEX subjects_new ON subjects (account, type) WHERE first_seen_at IS NULL AND watched = 1;
CREATE INDEX subjects_acted ON subjects (account, acted_at) WHERE acted_at IS NOT NULL;
CREATE INDEX subjects_problem ON subjects (account, type, watched) WHERE problem IS NOT NULL AND vanished_at IS NULL;

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
CREATE INDEX events_by_type ON events (account, type, at);
CREATE INDEX events_by_time ON events (at);
CREATE INDEX events_by_subject ON events (account, subject_type, subject_id, at);

CREATE TABLE unseen_changes (
  account TEXT NOT NULL,
  subject_type TEXT NOT NULL,
  subject_id TEXT NOT NULL,
  at BIGINT NOT NULL,
  PRIMARY KEY (account, subject_type, subject_id)
) WITHOUT ROWID;

CREATE TABLE rearmed (
  account TEXT NOT NULL,
  event_type TEXT NOT NULL,
  subject_type TEXT NOT NULL,
  at BIGINT NOT NULL,
  PRIMARY KEY (account, event_type)
) WITHOUT ROWID;

CREATE TABLE rules (
  name TEXT PRIMARY KEY,
  fingerprint TEXT NOT NULL,
  since BIGINT NOT NULL,
  meaning TEXT NOT NULL DEFAULT ''
) WITHOUT ROWID;

CREATE TABLE live_rules (
  rule TEXT NOT NULL,
  account TEXT NOT NULL,
  meaning TEXT NOT NULL,
  since BIGINT NOT NULL,
  until BIGINT,
  PRIMARY KEY (rule, account)
) WITHOUT ROWID;
CREATE INDEX live_rules_away ON live_rules (meaning) WHERE until IS NOT NULL;

CREATE TABLE verdicts (
  rule TEXT NOT NULL,
  account TEXT NOT NULL,
  subject_type TEXT NOT NULL,
  subject_id TEXT NOT NULL,
  fingerprint TEXT NOT NULL,
  verdict TEXT NOT NULL,
  reason TEXT NOT NULL,
  at BIGINT NOT NULL,
  event_id TEXT,
  inside INTEGER,
  since BIGINT,
  fired INTEGER,
  ask_at BIGINT,
  PRIMARY KEY (rule, account, subject_type, subject_id)
) WITHOUT ROWID;
CREATE INDEX verdicts_due ON verdicts (account, ask_at) WHERE ask_at IS NOT NULL;

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
  intents INTEGER NOT NULL DEFAULT 0,
  first_id BIGINT,
  told_block TEXT
);
CREATE UNIQUE INDEX matches_held ON matches (rule, account, subject_type, subject_id) WHERE state = 'held';
CREATE INDEX matches_due ON matches (account, retry_at) WHERE state = 'held' AND retry_at IS NOT NULL;
CREATE INDEX matches_waiting ON matches (waits_for) WHERE state = 'held' AND waits_for IS NOT NULL;
CREATE INDEX matches_fired ON matches (rule, account, subject_type, subject_id, fired_at) WHERE fired_at IS NOT NULL;
CREATE INDEX matches_unfired ON matches (rule, account, subject_type, subject_id) WHERE fired_at IS NULL;
CREATE INDEX matches_ended ON matches (ended_at) WHERE ended_at IS NOT NULL;
CREATE INDEX matches_of_line ON matches (first_id) WHERE first_id IS NOT NULL;

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
  planned_at BIGINT NOT NULL,
  meaning TEXT NOT NULL DEFAULT '',
  match_id BIGINT,
  act INTEGER
);
CREATE INDEX ledger_by_subject ON ledger (account, subject_type, subject_id, id);
CREATE INDEX ledger_by_rule ON ledger (rule, account, asked_type, asked_id, id);
CREATE INDEX ledger_by_match ON ledger (match_id) WHERE match_id IS NOT NULL;

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

CREATE TABLE postings (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  entry BIGINT NOT NULL,
  what TEXT NOT NULL,
  at BIGINT NOT NULL,
  amount TEXT,
  currency TEXT
);
CREATE INDEX postings_by_entry ON postings (entry, seq);
CREATE INDEX postings_by_time ON postings (at, entry);

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
  ceiling_consented INTEGER NOT NULL DEFAULT 0,
  instead_of BIGINT,
  suspect TEXT
);
CREATE UNIQUE INDEX intents_open ON intents (account, subject_type, subject_id)
  WHERE state IN ('awaiting_approval', 'ready', 'sending', 'deferred', 'unknown');
CREATE INDEX intents_by_state ON intents (account, state)
  WHERE state IN ('awaiting_approval', 'ready', 'sending', 'deferred', 'unknown');
CREATE INDEX intents_confirm ON intents (confirm_by) WHERE confirm_by IS NOT NULL;
CREATE INDEX intents_to_confirm ON intents (account, action) WHERE confirm_by IS NOT NULL;
CREATE INDEX intents_by_match ON intents (match_id);
CREATE INDEX intents_by_reference ON intents (account, action, reference) WHERE reference IS NOT NULL;

CREATE TABLE questions (
  intent_id BIGINT NOT NULL,
  number INTEGER NOT NULL,
  amount TEXT,
  reason TEXT NOT NULL,
  at BIGINT NOT NULL,
  doubt BIGINT,
  suspect TEXT,
  yes INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (intent_id, number)
) WITHOUT ROWID;
CREATE INDEX questions_by_doubt ON questions (doubt) WHERE doubt IS NOT NULL;
CREATE INDEX questions_beside ON questions (intent_id) WHERE suspect IS NOT NULL AND yes = 1;

CREATE TABLE attempts (
  intent_id BIGINT NOT NULL,
  fence INTEGER NOT NULL,
  sent_at BIGINT NOT NULL,
  ended_at BIGINT,
  outcome TEXT,
  reason TEXT,
  PRIMARY KEY (intent_id, fence)
) WITHOUT ROWID;

CREATE TABLE deliveries (
  seq INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  sink TEXT NOT NULL,
  event_id TEXT NOT NULL,
  body TEXT NOT NULL,
  state TEXT NOT NULL,
  attempts INTEGER NOT NULL DEFAULT 0,
  next_at BIGINT,
  reason TEXT,
  created_at BIGINT NOT NULL,
  ended_at BIGINT
);
CREATE INDEX deliveries_due ON deliveries (sink, next_at) WHERE state = 'due';
CREATE INDEX deliveries_by_time ON deliveries (created_at);

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
CREATE UNIQUE INDEX held_open ON held_observations (account, stream, digest) WHERE state = 'held';

CREATE TABLE audit (
  seq INTEGER PRIMARY KEY,
  segment INTEGER NOT NULL,
  at BIGINT NOT NULL,
  actor TEXT NOT NULL,
  what TEXT NOT NULL,
  intent_id BIGINT,
  detail TEXT NOT NULL,
  previous TEXT NOT NULL,
  hash TEXT NOT NULL
);
CREATE INDEX audit_by_intent ON audit (intent_id);

CREATE TABLE audit_segments (
  segment INTEGER PRIMARY KEY,
  first_seq BIGINT NOT NULL,
  last_seq BIGINT NOT NULL,
  first_previous TEXT NOT NULL,
  head TEXT NOT NULL,
  closed_at BIGINT NOT NULL
);

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

OPEN_INTENTS = "state IN ('awaiting_approval', 'ready', 'sending', 'deferred', 'unknown')"
"""The condition of the indexes `intents_open` and `intents_by_state`, word for word: only where a question says just
this can the database use them (`INDEXED BY` makes it an error where it cannot)."""
