/**
 * How long the tokens live that were issued before there was a horizon: those of each class of
 * lives (`domain/access-horizon.ts`) no longer than its whole from now, or from the newest entry.
 */
export const accessHorizon = `
CREATE TABLE access_horizon (
  number INTEGER PRIMARY KEY,
  until TEXT NOT NULL
) STRICT;
WITH RECURSIVE classes (life) AS (
  VALUES (1024) UNION ALL SELECT life * 2 FROM classes WHERE life < 1099511627776
)
INSERT INTO access_horizon (number, until)
SELECT 1, json_group_array(json_array(life, life + max(unixepoch() * 1000,
    coalesce((SELECT max(at_ms) FROM log), 0), coalesce((SELECT max(created_at_ms) FROM sessions), 0))))
FROM classes WHERE EXISTS (
  SELECT 1 FROM sessions WHERE access_lifetime_ms > life / 2 AND access_lifetime_ms <= life
    OR life = 1024 AND access_lifetime_ms <= life);
`
