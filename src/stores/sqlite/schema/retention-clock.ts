/**
 * For how long deliveries are kept is counted by a clock of the database's own: what a server
 * trusted may have been years behind. See `ports/delivery.ts`. Those that are settled count anew.
 */
export const retentionClock = `
CREATE TABLE retention_clock (
  number INTEGER PRIMARY KEY CHECK (number = 1),
  -- The latest time that a sweep has had.
  reached_ms INTEGER NOT NULL,
  -- Goes on as that does, by a day at most each time.
  counted_ms INTEGER NOT NULL
) STRICT;
INSERT INTO retention_clock (number, reached_ms, counted_ms) VALUES (1, 0, 0);
DROP INDEX deliveries_unkept;
DROP INDEX deliveries_kept;
ALTER TABLE deliveries DROP COLUMN kept_from_ms;
ALTER TABLE deliveries ADD COLUMN counted_from_ms INTEGER;
CREATE INDEX deliveries_uncounted ON deliveries (number)
  WHERE settled_at_ms IS NOT NULL AND counted_from_ms IS NULL;
CREATE INDEX deliveries_counted ON deliveries (counted_from_ms) WHERE counted_from_ms IS NOT NULL;
`
