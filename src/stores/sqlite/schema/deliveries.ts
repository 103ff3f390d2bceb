/**
 * What was ended before this step is not told any more: cursors begin behind it.
 *
 * The indexes of sessions and of the log gain the generation: a raised counter finds exactly the
 * sessions that it ended, and a session the entry that ended it, however often the counter was
 * raised. Rows that are not settled have indexes of their own, because there are few of them.
 */
export const deliveries = `
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
