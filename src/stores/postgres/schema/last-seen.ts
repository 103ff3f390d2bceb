/** By which the last refresh token of a client's part in a session is found. */
export const lastSeen = `
CREATE INDEX refresh_tokens_of_session ON refresh_tokens (sid, participant_id, expires_at_ms ASC);
`
