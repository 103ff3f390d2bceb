/**
 * What the console searches and counts by. The address is found in the text of the attributes as
 * JSON has it: what would look like it within another text has its quotes escaped there.
 */
export const searches = `
CREATE INDEX sessions_of_client ON sessions (client_id, number ASC);
CREATE INDEX sessions_of_dialect ON sessions (dialect, number ASC);
CREATE INDEX sessions_of_address ON sessions (substring(attributes, '"address":"([^"]*)"'), number ASC);
CREATE INDEX sessions_by_opening ON sessions (created_at_ms ASC, participant_id, number);
CREATE INDEX deliveries_of_revocation ON deliveries (revocation_id, number ASC);
`
