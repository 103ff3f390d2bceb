/**
 * For how long deliveries are kept is counted by a clock of the database's own: nodes may trust
 * times that lie years apart. See `ports/delivery.ts`.
 */
export const retentionClock = `
CREATE TABLE retention_clock (
  number INTEGER PRIMARY KEY CHECK (number = 1),
  -- The latest time that a sweep has had.
  reached_ms INTEGER NOT NULL,
  -- Goes on as that does, by a day at most each time.
  counted_ms INTEGER NOT NULL
) STRICT;
INSERT INTO retention_clock (number, reached_ms, counted_ms)
  SELECT 1, coalesce(max(kept_from_ms), 0), coalesce(max(kept_from_ms), 0) FROM deliveries;
ALTER TABLE deliveries RENAME COLUMN kept_from_ms TO counted_from_ms;
`
