/** Keys that sign tokens: one signs, those before it stay until nothing that they signed is alive. */
import type { SigningKey } from '../../ports/store.ts'
import type { Connection, Statement } from './connection.ts'
import type { Link } from './link.ts'
import { allOf, toSigningKey, type KeyRow } from './rows.ts'

/** The index that lets one key sign; two nodes that rotate at once meet there, and one tries again. */
export const ONE_SIGNS = 'signing_keys_one_signs'

const retirePresent: Statement = {
  name: 'keys_retire',
  text: `UPDATE signing_keys SET retired_at_ms = $1, remove_after_ms = $2
    WHERE retired_at_ms IS NULL`,
}

const add: Statement = {
  name: 'keys_add',
  text: `INSERT INTO signing_keys (kid, algorithm, private_jwk, created_at_ms, retired_at_ms,
      remove_after_ms)
    SELECT $1::text, $2::text, $3::text, $4::bigint, $5::bigint, $6::bigint
    WHERE NOT ($7::boolean AND EXISTS (SELECT 1 FROM signing_keys WHERE retired_at_ms IS NULL))
    RETURNING 1`,
}

export async function rotateKeys(
  connection: Connection,
  next: SigningKey,
  retired: { readonly atMs: number; readonly removeAfterMs: number },
  unlessPresent: boolean,
): Promise<boolean> {
  // Where one is present nothing is added, and where none is there is nothing to retire.
  const retiring = unlessPresent
    ? undefined
    : connection.run(retirePresent, [retired.atMs, retired.removeAfterMs])
  const added = connection.run(add, [
    next.kid,
    next.algorithm,
    next.privateJwk,
    next.createdAtMs,
    next.retiredAtMs ?? null,
    next.removeAfterMs ?? null,
    unlessPresent,
  ])
  await Promise.all([retiring, added])
  return (await added).length === 1
}

const rewrite: Statement = {
  name: 'keys_rewrite',
  text: 'UPDATE signing_keys SET private_jwk = $2 WHERE kid = $1 RETURNING 1',
}

export async function rewriteKey(
  connection: Connection,
  kid: string,
  privateJwk: string,
): Promise<boolean> {
  return (await connection.run(rewrite, [kid, privateJwk])).length === 1
}

const list: Statement = {
  name: 'keys_list',
  text: `SELECT ${allOf('signing_keys', 't')} FROM signing_keys t ORDER BY t.number DESC`,
}

export async function listKeys(link: Link): Promise<readonly SigningKey[]> {
  const rows = await link.run<KeyRow>(list)
  return rows.map(toSigningKey)
}
