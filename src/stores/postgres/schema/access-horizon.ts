/**
 * How long the tokens live that were issued before there was a horizon: those of each class of
 * lives (`domain/access-horizon.ts`) no longer than its whole from now, or from the newest entry.
 * The row is never removed: every transaction that moves or reads the horizon takes its lock.
 */
export const accessHorizon = `
CREATE TABLE access_horizon (
  number bigint PRIMARY KEY,
  version bigint NOT NULL DEFAULT 0,
  until text NOT NULL
);
WITH RECURSIVE classes (life) AS (
  SELECT 1024::bigint UNION ALL SELECT life * 2 FROM classes WHERE life < 1099511627776
)
INSERT INTO access_horizon (number, until)
SELECT 1, '[' || coalesce(string_agg('[' || life || ',' || life + greatest(
    (extract(epoch FROM now()) * 1000)::bigint,
    coalesce((SELECT max(at_ms) FROM log), 0),
    coalesce((SELECT max(created_at_ms) FROM sessions), 0)) || ']', ',' ORDER BY life), '') || ']'
FROM classes WHERE EXISTS (
  SELECT 1 FROM sessions WHERE access_lifetime_ms > life / 2 AND access_lifetime_ms <= life
    OR life = 1024 AND access_lifetime_ms <= life)
ON CONFLICT (number) DO NOTHING;
`
