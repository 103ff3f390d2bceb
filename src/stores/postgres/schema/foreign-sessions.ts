/**
 * Logins at other issuers that were seen: `domain/foreign-session.ts`. Older nodes do not look
 * there.
 */
export const foreignSessions = `
CREATE TABLE foreign_sessions (
  issuer text COLLATE "C" NOT NULL,
  subject text COLLATE "C" NOT NULL,
  session text COLLATE "C" NOT NULL,
  client text COLLATE "C" NOT NULL,
  since_seconds bigint NOT NULL,
  first_seen_at_ms bigint NOT NULL,
  last_seen_at_ms bigint NOT NULL,
  expires_at_ms bigint NOT NULL,
  PRIMARY KEY (issuer, subject, session, client)
);
CREATE INDEX foreign_sessions_by_expiry ON foreign_sessions (expires_at_ms ASC);
`
