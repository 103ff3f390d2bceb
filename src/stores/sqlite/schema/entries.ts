/**
 * Entries name whose tokens they end, end some of them up to a second, and say in which form they
 * were hashed. Those that are there have the first form, and are of our own tokens.
 */
export const entries = `
ALTER TABLE log ADD COLUMN version INTEGER NOT NULL DEFAULT 1;
ALTER TABLE log ADD COLUMN issuer TEXT NOT NULL DEFAULT '';
ALTER TABLE log ADD COLUMN cutoff_seconds INTEGER NOT NULL DEFAULT 0;
`
