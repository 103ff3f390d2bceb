/** Keys that sign tokens: one signs, those before it stay until nothing that they signed is alive. */
import type { SigningKey } from '../../ports/store.ts'
import type { Connection, Statement } from './connection.ts'
import type { Link } from './link.ts'
import { toSigningKey, type KeyRow } from './rows.ts'

/** The index that lets one key sign; two nodes that rotate at once meet there, and one tries again. */
export const ONE_SIGNS = 'signing_keys_one_signs'

// The count makes the retiring happen before the new key is inserted.
const rotate: Statement = {
  name: 'keys_rotate',
  text: `WITH present AS MATERIALIZED (
      SELECT 1 FROM signing_keys WHERE retired_at_ms IS NULL LIMIT 1),
    retired AS (
      UPDATE signing_keys SET retired_at_ms = $1, remove_after_ms = $2
      WHERE retired_at_ms IS NULL AND NOT ($3 AND EXISTS (SELECT 1 FROM present)) RETURNING 1)
    INSERT INTO signing_keys (kid, algorithm, private_jwk, created_at_ms, retired_at_ms,
      remove_after_ms)
    SELECT $4, $5, $6, $7::bigint, $8::bigint, $9::bigint
    WHERE (SELECT count(*) FROM retired) >= 0 AND NOT ($3 AND EXISTS (SELECT 1 FROM present))
    RETURNING 1`,
}

export async function rotateKeys(
  connection: Connection,
  request: {
    readonly next: SigningKey
    readonly retire: { readonly atMs: number; readonly removeAfterMs: number }
    readonly unlessPresent: boolean
  },
): Promise<boolean> {
  const { next, retire, unlessPresent } = request
  const added = await connection.run(rotate, [
    retire.atMs,
    retire.removeAfterMs,
    unlessPresent,
    next.kid,
    next.algorithm,
    next.privateJwk,
    next.createdAtMs,
    next.retiredAtMs ?? null,
    next.removeAfterMs ?? null,
  ])
  return added.length === 1
}

const list: Statement = {
  name: 'keys_list',
  text: 'SELECT * FROM signing_keys ORDER BY number DESC',
}

export async function listKeys(link: Link): Promise<readonly SigningKey[]> {
  const rows = await link.run<KeyRow>(list)
  return rows.map(toSigningKey)
}
