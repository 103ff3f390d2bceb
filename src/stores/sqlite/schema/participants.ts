/**
 * A session has a row for each of its clients, and a refresh token names the one that it was issued
 * to. Those that are there have one client each, the one that opened them, which has no id.
 */
export const participants = `
CREATE TABLE sessions_with_participants (
  number INTEGER PRIMARY KEY,
  sid TEXT NOT NULL,
  participant_id TEXT NOT NULL,
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
  participant_generation INTEGER NOT NULL,
  attributes TEXT NOT NULL,
  UNIQUE (sid, participant_id)
) STRICT;
INSERT INTO sessions_with_participants
  SELECT number, sid, '', subject_id, client_id, device_key, dialect, created_at_ms, expires_at_ms,
    access_lifetime_ms, everyone_generation, subject_generation, client_generation,
    grant_generation, device_generation, 0, attributes
  FROM sessions ORDER BY number;
DROP TABLE sessions;
ALTER TABLE sessions_with_participants RENAME TO sessions;
CREATE INDEX sessions_by_subject ON sessions (subject_id, subject_generation);
CREATE INDEX sessions_by_client ON sessions (client_id, client_generation);
CREATE INDEX sessions_by_device ON sessions (device_key, device_generation)
  WHERE device_key IS NOT NULL;
CREATE INDEX sessions_by_expiry ON sessions (expires_at_ms);
ALTER TABLE refresh_tokens ADD COLUMN participant_id TEXT NOT NULL DEFAULT '';
`
