/**
 * Logins at other issuers that were seen: `domain/foreign-session.ts`. Those that expire first make
 * room, or are swept.
 */
export const foreignSessions = `
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
