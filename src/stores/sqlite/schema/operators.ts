/** Who runs the installation, and passkeys of theirs and of people: `domain/operator.ts`. */
export const operators = `
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
