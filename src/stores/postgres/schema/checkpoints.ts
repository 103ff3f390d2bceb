/**
 * Where the log of a stream begins once old entries were cut: `domain/checkpoint.ts`. Older nodes
 * would take what was cut for something that they have not read yet.
 */
export const checkpoints = `
CREATE TABLE checkpoints (
  stream text COLLATE "C" PRIMARY KEY,
  sequence bigint NOT NULL,
  hash text NOT NULL,
  kept bigint NOT NULL,
  kept_hash text NOT NULL,
  before_ms bigint NOT NULL,
  at_ms bigint NOT NULL,
  actor text NOT NULL,
  seal text NOT NULL
);
`
