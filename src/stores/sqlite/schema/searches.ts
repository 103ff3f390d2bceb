/**
 * What the console searches and counts by. Those of sessions end in the number of the row, by which
 * lists are ordered, so that a page is read and not sorted.
 */
export const searches = `
CREATE INDEX sessions_of_client ON sessions (client_id);
CREATE INDEX sessions_of_dialect ON sessions (dialect);
CREATE INDEX sessions_of_address ON sessions (json_extract(attributes, '$.address'))
  WHERE json_extract(attributes, '$.address') IS NOT NULL;
CREATE INDEX sessions_by_opening ON sessions (created_at_ms, participant_id);
CREATE INDEX deliveries_of_revocation ON deliveries (revocation_id);
`
