/**
 * The schema, as numbered steps that only go forward. A step that was released is never edited: a
 * change is a new step at the end.
 */
export interface Migration {
  readonly number: number
  readonly name: string
  readonly sql: string
}

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
const first = `
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

/**
 * How long the tokens live that were issued before there was a horizon: those of each class of
 * lives (`domain/access-horizon.ts`) no longer than its whole from now, or from the newest entry.
 */
const accessHorizon = `
CREATE TABLE access_horizon (
  number INTEGER PRIMARY KEY,
  until TEXT NOT NULL
) STRICT;
WITH RECURSIVE classes (life) AS (
  VALUES (1024) UNION ALL SELECT life * 2 FROM classes WHERE life < 1099511627776
)
INSERT INTO access_horizon (number, until)
SELECT 1, json_group_array(json_array(life, life + max(unixepoch() * 1000,
    coalesce((SELECT max(at_ms) FROM log), 0), coalesce((SELECT max(created_at_ms) FROM sessions), 0))))
FROM classes WHERE EXISTS (
  SELECT 1 FROM sessions WHERE access_lifetime_ms > life / 2 AND access_lifetime_ms <= life
    OR life = 1024 AND access_lifetime_ms <= life);
`

/**
 * What was ended before this step is not told any more: cursors begin behind it.
 *
 * The indexes of sessions and of the log gain the generation: a raised counter finds exactly the
 * sessions that it ended, and a session the entry that ended it, however often the counter was
 * raised. Rows that are not settled have indexes of their own, because there are few of them.
 */
const deliveries = `
CREATE TABLE deliveries (
  number INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  receiver TEXT NOT NULL,
  subject TEXT NOT NULL,
  revocation_id TEXT NOT NULL,
  facts TEXT NOT NULL,
  created_at_ms INTEGER NOT NULL,
  state TEXT NOT NULL,
  attempts INTEGER NOT NULL,
  due_at_ms INTEGER NOT NULL,
  claimed_by TEXT,
  last_error TEXT,
  settled_at_ms INTEGER
) STRICT;
CREATE INDEX deliveries_by_state ON deliveries (state, number);
CREATE INDEX deliveries_by_receiver ON deliveries (receiver, number);
CREATE INDEX deliveries_due ON deliveries (receiver, due_at_ms) WHERE settled_at_ms IS NULL;
CREATE INDEX deliveries_in_order ON deliveries (receiver, subject, number)
  WHERE settled_at_ms IS NULL;
CREATE INDEX deliveries_settled ON deliveries (settled_at_ms) WHERE settled_at_ms IS NOT NULL;

CREATE TABLE delivery_cursors (
  stream TEXT NOT NULL PRIMARY KEY,
  sequence INTEGER NOT NULL,
  session_number INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO delivery_cursors (stream, sequence, session_number)
  SELECT s.name, coalesce(
    (SELECT min(n.first_position) FROM streams n WHERE n.first_position > s.first_position),
    (SELECT coalesce(max(position), 0) + 1 FROM log)) - s.first_position, 0
  FROM streams s;

CREATE TABLE delivery_plan (version INTEGER PRIMARY KEY) STRICT;
INSERT INTO delivery_plan (version) VALUES (0);

DROP INDEX log_by_key;
CREATE INDEX log_by_key ON log (key, scope, generation);
DROP INDEX sessions_by_subject;
CREATE INDEX sessions_by_subject ON sessions (subject_id, subject_generation);
DROP INDEX sessions_by_client;
CREATE INDEX sessions_by_client ON sessions (client_id, client_generation);
DROP INDEX sessions_by_device;
CREATE INDEX sessions_by_device ON sessions (device_key, device_generation)
  WHERE device_key IS NOT NULL;
`

/**
 * Entries name whose tokens they end, end some of them up to a second, and say in which form they
 * were hashed. Those that are there have the first form, and are of our own tokens.
 */
const entries = `
ALTER TABLE log ADD COLUMN version INTEGER NOT NULL DEFAULT 1;
ALTER TABLE log ADD COLUMN issuer TEXT NOT NULL DEFAULT '';
ALTER TABLE log ADD COLUMN cutoff_seconds INTEGER NOT NULL DEFAULT 0;
`

/** Where the log of a stream begins once old entries were cut: `domain/checkpoint.ts`. */
const checkpoints = `
CREATE TABLE checkpoints (
  stream TEXT NOT NULL PRIMARY KEY,
  sequence INTEGER NOT NULL,
  hash TEXT NOT NULL,
  kept INTEGER NOT NULL,
  kept_hash TEXT NOT NULL,
  before_ms INTEGER NOT NULL,
  at_ms INTEGER NOT NULL,
  actor TEXT NOT NULL,
  seal TEXT NOT NULL
) STRICT, WITHOUT ROWID;
`

/**
 * A session has a row for each of its clients, and a refresh token names the one that it was issued
 * to. Those that are there have one client each, the one that opened them, which has no id.
 */
const participants = `
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

/**
 * Logins at other issuers that were seen: `domain/foreign-session.ts`. Those that expire first make
 * room, or are swept.
 */
const foreignSessions = `
CREATE TABLE foreign_sessions (
  issuer TEXT NOT NULL,
  subject TEXT NOT NULL,
  session TEXT NOT NULL,
  client TEXT NOT NULL,
  since_seconds INTEGER NOT NULL,
  first_seen_at_ms INTEGER NOT NULL,
  last_seen_at_ms INTEGER NOT NULL,
  expires_at_ms INTEGER NOT NULL,
  PRIMARY KEY (issuer, subject, session, client)
) STRICT, WITHOUT ROWID;
CREATE INDEX foreign_sessions_by_expiry ON foreign_sessions (expires_at_ms);
`

/** Who runs the installation, and passkeys of theirs and of people: `domain/operator.ts`. */
const operators = `
CREATE TABLE operators (
  name TEXT NOT NULL PRIMARY KEY,
  id TEXT NOT NULL,
  role TEXT NOT NULL,
  password_hash TEXT,
  created_at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE passkeys (
  id TEXT NOT NULL PRIMARY KEY,
  holder TEXT NOT NULL,
  public_key TEXT NOT NULL,
  counter INTEGER NOT NULL,
  transports TEXT NOT NULL,
  created_at_ms INTEGER NOT NULL,
  last_used_at_ms INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX passkeys_by_holder ON passkeys (holder, created_at_ms);
`

/**
 * What the console searches and counts by. Those of sessions end in the number of the row, by which
 * lists are ordered, so that a page is read and not sorted.
 */
const searches = `
CREATE INDEX sessions_of_client ON sessions (client_id);
CREATE INDEX sessions_of_dialect ON sessions (dialect);
CREATE INDEX sessions_of_address ON sessions (json_extract(attributes, '$.address'))
  WHERE json_extract(attributes, '$.address') IS NOT NULL;
CREATE INDEX sessions_by_opening ON sessions (created_at_ms, participant_id);
CREATE INDEX deliveries_of_revocation ON deliveries (revocation_id);
`

/** What people call their passkeys. Those that are there have no name. */
const passkeyNames = `
ALTER TABLE passkeys ADD COLUMN name TEXT NOT NULL DEFAULT '';
`

/** Operators who sign in at an identity provider; each identity is one operator. */
const identities = `
ALTER TABLE operators ADD COLUMN identity TEXT;
CREATE UNIQUE INDEX operators_by_identity ON operators (identity);
`

/** By which the last refresh token of a client's part in a session is found. */
const lastSeen = `
CREATE INDEX refresh_tokens_of_session ON refresh_tokens (sid, participant_id, expires_at_ms);
`

/** The first sweep that finds a delivery settled dates its keeping: its settler's clock may lie. */
const keptDeliveries = `
DROP INDEX deliveries_settled;
ALTER TABLE deliveries ADD COLUMN kept_from_ms INTEGER;
CREATE INDEX deliveries_unkept ON deliveries (number)
  WHERE settled_at_ms IS NOT NULL AND kept_from_ms IS NULL;
CREATE INDEX deliveries_kept ON deliveries (kept_from_ms) WHERE kept_from_ms IS NOT NULL;
`

export const migrations: readonly Migration[] = [
  { number: 1, name: 'first', sql: first },
  { number: 2, name: 'access horizon', sql: accessHorizon },
  { number: 3, name: 'deliveries', sql: deliveries },
  { number: 4, name: 'entries', sql: entries },
  { number: 5, name: 'checkpoints', sql: checkpoints },
  { number: 6, name: 'participants', sql: participants },
  { number: 7, name: 'foreign sessions', sql: foreignSessions },
  { number: 8, name: 'operators', sql: operators },
  { number: 9, name: 'searches', sql: searches },
  { number: 10, name: 'passkey names', sql: passkeyNames },
  { number: 11, name: 'identities', sql: identities },
  { number: 12, name: 'last seen', sql: lastSeen },
  { number: 13, name: 'kept deliveries', sql: keptDeliveries },
]
