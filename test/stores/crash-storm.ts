/**
 * The program that `crash.test.ts` kills: opens a store, changes it as fast as it can, and notes
 * every change that the store has acknowledged in a file.
 */
import { randomUUID } from 'node:crypto'
import { openSync, writeSync } from 'node:fs'
import { openSqliteStore } from '../../src/stores/sqlite/store.ts'
import {
  openWithToken,
  refreshToken,
  revocation,
  rotation,
} from '../../src/stores/contract/samples.ts'

export type Acknowledged =
  | { readonly kind: 'revoked'; readonly id: string; readonly sid: string }
  | { readonly kind: 'opened'; readonly sid: string; readonly token: [string, string] }
  | { readonly kind: 'rotated'; readonly used: [string, string]; readonly next: [string, string] }

const [path = '', notes = '', callers = '32'] = process.argv.slice(2)
const noted = openSync(notes, 'a')
let first = true
const store = await openSqliteStore({ path, stream: 'node-1', durability: 'full' })

await Promise.all(
  Array.from({ length: Number(callers) }, async () => {
    for (;;) await live()
  }),
)

/** One session: opened, refreshed twice, and logged out half of the time. */
async function live(): Promise<void> {
  const sid = randomUUID()
  const { token } = await openWithToken(store, { sid }, fresh())
  say({ kind: 'opened', sid, token: [token.id, token.secretHash] })
  let used = token
  for (let turn = 0; turn < 2; turn += 1) {
    const next = refreshToken(fresh())
    await store.rotate(rotation(used, { successor: next }))
    say({
      kind: 'rotated',
      used: [used.id, used.secretHash],
      next: [next.id, next.secretHash],
    })
    used = next
  }
  if (sid < '8') {
    const id = randomUUID()
    await store.revoke(revocation({ id, key: sid }))
    say({ kind: 'revoked', id, sid })
  }
}

function fresh() {
  const id = randomUUID()
  return { id, secretHash: `hash of ${id}` }
}

/** Synchronously, so that nothing that was acknowledged is still in this process when it dies. */
function say(what: Acknowledged): void {
  writeSync(noted, `${JSON.stringify(what)}\n`)
  if (first) process.stdout.write('the storm has begun\n')
  first = false
}
