/**
 * A session has a row for each of its clients, and a refresh token names the one that it was issued
 * to. Those that are there have one client each, the one that opened them, which has no id. Older
 * nodes would take the clients of a session for each other.
 *
 * One statement changes the key, because a table may not be without one.
 */
export const participants = `
ALTER TABLE sessions ADD COLUMN participant_id text COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE sessions ADD COLUMN participant_generation bigint NOT NULL DEFAULT 0;
ALTER TABLE refresh_tokens ADD COLUMN participant_id text COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE sessions DROP CONSTRAINT IF EXISTS sessions_pkey,
  ADD CONSTRAINT sessions_pkey PRIMARY KEY (sid, participant_id);
`
