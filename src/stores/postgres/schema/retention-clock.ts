/**
 * For how long deliveries are kept is counted by a clock of the database's own: nodes may trust
 * times that lie years apart. See `ports/delivery.ts`. Those that are settled count anew; older
 * nodes go on with `kept_from_ms`.
 */
export const retentionClock = `
CREATE TABLE retention_clock (
  number bigint PRIMARY KEY CHECK (number = 1),
  -- The latest time that a sweep has had.
  reached_ms bigint NOT NULL,
  -- Goes on as that does, by a day at most each time.
  counted_ms bigint NOT NULL
);
INSERT INTO retention_clock (number, reached_ms, counted_ms) VALUES (1, 0, 0)
  ON CONFLICT (number) DO NOTHING;
ALTER TABLE deliveries ADD COLUMN counted_from_ms bigint;
CREATE INDEX deliveries_uncounted ON deliveries (number ASC)
  WHERE settled_at_ms IS NOT NULL AND counted_from_ms IS NULL;
CREATE INDEX deliveries_counted ON deliveries (counted_from_ms ASC)
  WHERE counted_from_ms IS NOT NULL;
`
