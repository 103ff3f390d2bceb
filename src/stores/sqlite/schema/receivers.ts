/** Whether a client is told of logouts by the back channel, or at least looks so, as it is indexed. */
export const toldClient = `instr(attributes, '"backchannel_logout_uri":') > 0`

/**
 * What is stored for each receiver is counted and found by an index, however much it has been sent.
 * When an attempt failed was not noted before this step: of what was given up it is known.
 */
export const receivers: string = `
ALTER TABLE deliveries ADD COLUMN failed_at_ms INTEGER;
UPDATE deliveries SET failed_at_ms = settled_at_ms WHERE state = 'dead';
CREATE INDEX deliveries_owed ON deliveries (receiver, created_at_ms) WHERE settled_at_ms IS NULL;
CREATE INDEX deliveries_dead ON deliveries (receiver) WHERE state = 'dead';
CREATE INDEX deliveries_delivered ON deliveries (receiver, settled_at_ms)
  WHERE state = 'delivered';
CREATE INDEX deliveries_failed ON deliveries (receiver, failed_at_ms)
  WHERE failed_at_ms IS NOT NULL;
CREATE INDEX clients_told ON clients (id) WHERE ${toldClient};
`
