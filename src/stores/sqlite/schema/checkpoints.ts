/** Where the log of a stream begins once old entries were cut: `domain/checkpoint.ts`. */
export const checkpoints = `
CREATE TABLE checkpoints (
  stream TEXT NOT NULL PRIMARY KEY,
  sequence INTEGER NOT NULL,
  hash TEXT NOT NULL,
  kept INTEGER NOT NULL,
  kept_hash TEXT NOT NULL,
  before_ms INTEGER NOT NULL,
  at_ms INTEGER NOT NULL,
  actor TEXT NOT NULL,
  seal TEXT NOT NULL
) STRICT, WITHOUT ROWID;
`
