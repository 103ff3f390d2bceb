/**
 * What is stored for each receiver is counted and found by an index, however much it has been sent.
 * When an attempt failed was not noted before this step: of what was given up it is known.
 */
export const receivers = `
ALTER TABLE deliveries ADD COLUMN failed_at_ms bigint;
UPDATE deliveries SET failed_at_ms = settled_at_ms WHERE state = 'dead';
CREATE INDEX deliveries_owed ON deliveries (receiver ASC, created_at_ms ASC)
  WHERE settled_at_ms IS NULL;
CREATE INDEX deliveries_dead ON deliveries (receiver ASC) WHERE state = 'dead';
CREATE INDEX deliveries_delivered ON deliveries (receiver ASC, settled_at_ms ASC)
  WHERE state = 'delivered';
CREATE INDEX deliveries_failed ON deliveries (receiver, failed_at_ms ASC)
  WHERE failed_at_ms IS NOT NULL;
`

/** Whether a client is told of logouts by the back channel, or at least looks so, as it is indexed. */
export function toldClient(row: string): string {
  return `strpos(${row}.attributes, '"backchannel_logout_uri":') > 0`
}

/** A step of its own, so that nothing waits for two tables at once. */
export const toldClients: string = `
CREATE INDEX clients_told ON clients (id ASC) WHERE ${toldClient('clients')};
`
