/**
 * Entries name whose tokens they end, end some of them up to a second, and say in which form they
 * were hashed. Those that are there have the first form, and are of our own tokens.
 *
 * `log_by_name` takes the place of `log_by_key`, with the same promises for each issuer. Older
 * nodes would take an entry about the tokens of others for one about ours.
 */
export const entries = `
ALTER TABLE log ADD COLUMN version bigint NOT NULL DEFAULT 1;
ALTER TABLE log ADD COLUMN issuer text COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE log ADD COLUMN cutoff_seconds bigint NOT NULL DEFAULT 0;
CREATE UNIQUE INDEX log_by_name ON log (key, scope, issuer, generation, cutoff_seconds);
DROP INDEX IF EXISTS log_by_key;
`
