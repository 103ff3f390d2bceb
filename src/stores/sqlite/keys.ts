/** Keys that sign tokens: one signs, those before it stay until nothing that they signed is alive. */
import type { DatabaseSync } from 'node:sqlite'
import { refuse } from '../../domain/failure.ts'
import type { Commands, PointQueries } from '../commands.ts'
import { removeKeyAfterMs } from '../../domain/access-horizon.ts'
import type { HorizonKeeper } from './horizon.ts'
import { shaped, toSigningKey, type KeyRow } from './rows.ts'

export function keyWriter(
  database: DatabaseSync,
  horizon: HorizonKeeper,
): Pick<Commands, 'rotateKeys' | 'rewriteKey'> {
  const findSigning = database.prepare('SELECT 1 FROM signing_keys WHERE retired_at_ms IS NULL')
  const findKid = database.prepare('SELECT 1 FROM signing_keys WHERE kid = ?')
  const retireAll = database.prepare(
    'UPDATE signing_keys SET retired_at_ms = ?, remove_after_ms = ? WHERE retired_at_ms IS NULL',
  )
  const insert = database.prepare(
    `INSERT INTO signing_keys (kid, algorithm, private_jwk, created_at_ms, retired_at_ms,
       remove_after_ms) VALUES (?, ?, ?, ?, ?, ?)`,
  )
  const rewrite = database.prepare('UPDATE signing_keys SET private_jwk = ? WHERE kid = ?')
  return {
    rewriteKey(kid, privateJwk) {
      // What was there is overwritten, and not only given free.
      database.exec('PRAGMA secure_delete = ON')
      try {
        return rewrite.run(privateJwk, kid).changes === 1
      } finally {
        database.exec('PRAGMA secure_delete = OFF')
      }
    },
    rotateKeys(next, retiredAtMs, unlessPresent) {
      if (unlessPresent && findSigning.get()) return false
      if (findKid.get(next.kid)) return refuse({ kind: 'conflict', reason: 'the kid is taken' })
      retireAll.run(retiredAtMs, removeKeyAfterMs(horizon.read(), retiredAtMs))
      insert.run(
        next.kid,
        next.algorithm,
        next.privateJwk,
        next.createdAtMs,
        next.retiredAtMs ?? null,
        next.removeAfterMs ?? null,
      )
      return true
    },
  }
}

export function keyPointReader(database: DatabaseSync): Pick<PointQueries, 'listKeys'> {
  const list = database.prepare('SELECT * FROM signing_keys ORDER BY number DESC')
  return { listKeys: () => shaped<KeyRow[]>(list.all()).map(toSigningKey) }
}
