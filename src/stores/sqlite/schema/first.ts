/**
 * Why the log has these three indexes and no table of revoked keys beside it: `log_by_key` answers
 * both "has this session ended?" and the searches of the console, so that a logout writes one row
 * and nothing that a sweep would have to clean up; a refresh token of half a year is refused for as
 * long as the log remembers. `log_by_id` and `log_by_forget_after` grow at their end, because ids
 * and times are ordered.
 *
 * Positions run through the whole file. A stream is a range of them: it begins at its
 * `first_position` and ends where the next one begins, so a row need not name its stream.
 */
export const first = `
CREATE TABLE streams (
  first_position INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE
) STRICT;

CREATE TABLE log (
  position INTEGER PRIMARY KEY,
  id TEXT NOT NULL,
  scope TEXT NOT NULL,
  key TEXT NOT NULL,
  generation INTEGER NOT NULL,
  reason TEXT NOT NULL,
  actor TEXT NOT NULL,
  note TEXT NOT NULL,
  at_ms INTEGER NOT NULL,
  forget_after_ms INTEGER NOT NULL,
  previous_hash TEXT NOT NULL,
  hash TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX log_by_id ON log (id);
CREATE INDEX log_by_key ON log (key, scope);
CREATE INDEX log_by_forget_after ON log (forget_after_ms);

CREATE TABLE generations (
  scope TEXT NOT NULL,
  key TEXT NOT NULL,
  generation INTEGER NOT NULL,
  position INTEGER NOT NULL,
  forget_after_ms INTEGER NOT NULL,
  PRIMARY KEY (scope, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE sessions (
  number INTEGER PRIMARY KEY,
  sid TEXT NOT NULL UNIQUE,
  subject_id TEXT NOT NULL,
  client_id TEXT NOT NULL,
  device_key TEXT,
  dialect TEXT NOT NULL,
  created_at_ms INTEGER NOT NULL,
  expires_at_ms INTEGER NOT NULL,
  access_lifetime_ms INTEGER NOT NULL,
  everyone_generation INTEGER NOT NULL,
  subject_generation INTEGER NOT NULL,
  client_generation INTEGER NOT NULL,
  grant_generation INTEGER NOT NULL,
  device_generation INTEGER NOT NULL,
  attributes TEXT NOT NULL
) STRICT;
CREATE INDEX sessions_by_subject ON sessions (subject_id);
CREATE INDEX sessions_by_client ON sessions (client_id);
CREATE INDEX sessions_by_device ON sessions (device_key) WHERE device_key IS NOT NULL;
CREATE INDEX sessions_by_expiry ON sessions (expires_at_ms);

CREATE TABLE refresh_tokens (
  id TEXT NOT NULL PRIMARY KEY,
  sid TEXT NOT NULL,
  secret_hash TEXT NOT NULL,
  expires_at_ms INTEGER NOT NULL,
  used_at_ms INTEGER,
  grace_until_ms INTEGER,
  sealed_answer BLOB
) STRICT, WITHOUT ROWID;
CREATE INDEX refresh_tokens_by_expiry ON refresh_tokens (expires_at_ms);
CREATE INDEX refresh_tokens_by_grace ON refresh_tokens (grace_until_ms)
  WHERE sealed_answer IS NOT NULL;

CREATE TABLE subjects (
  id TEXT NOT NULL PRIMARY KEY,
  name TEXT NOT NULL,
  username TEXT UNIQUE,
  email TEXT UNIQUE,
  phone TEXT UNIQUE,
  password_hash TEXT,
  standing TEXT NOT NULL,
  created_at_ms INTEGER NOT NULL,
  attributes TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE clients (
  id TEXT NOT NULL PRIMARY KEY,
  name TEXT NOT NULL,
  dialect TEXT NOT NULL,
  key TEXT NOT NULL,
  secret_hash TEXT,
  allowlist TEXT NOT NULL,
  redirect_uris TEXT NOT NULL,
  standing TEXT NOT NULL,
  created_at_ms INTEGER NOT NULL,
  attributes TEXT NOT NULL,
  UNIQUE (dialect, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE tickets (
  kind TEXT NOT NULL,
  key TEXT NOT NULL,
  value TEXT NOT NULL,
  expires_at_ms INTEGER NOT NULL,
  attempts INTEGER NOT NULL,
  PRIMARY KEY (kind, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX tickets_by_expiry ON tickets (expires_at_ms);

CREATE TABLE signing_keys (
  number INTEGER PRIMARY KEY,
  kid TEXT NOT NULL UNIQUE,
  algorithm TEXT NOT NULL,
  private_jwk TEXT NOT NULL,
  created_at_ms INTEGER NOT NULL,
  retired_at_ms INTEGER,
  remove_after_ms INTEGER
) STRICT;

CREATE TABLE probes (
  number INTEGER PRIMARY KEY,
  commits INTEGER NOT NULL
) STRICT;
INSERT INTO probes (number, commits) VALUES (1, 0);
`
