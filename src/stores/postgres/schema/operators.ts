/**
 * Who runs the installation, and passkeys of theirs and of people: `domain/operator.ts`. Older
 * nodes do not look there.
 */
export const operators = `
CREATE TABLE operators (
  name text COLLATE "C" PRIMARY KEY,
  id text NOT NULL,
  role text NOT NULL,
  password_hash text,
  created_at_ms bigint NOT NULL
);

CREATE TABLE passkeys (
  id text COLLATE "C" PRIMARY KEY,
  holder text COLLATE "C" NOT NULL,
  public_key text NOT NULL,
  counter bigint NOT NULL,
  transports text NOT NULL,
  created_at_ms bigint NOT NULL,
  last_used_at_ms bigint
);
CREATE INDEX passkeys_by_holder ON passkeys (holder ASC, created_at_ms ASC);
`
