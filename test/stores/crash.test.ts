/** What was answered survives `kill -9`, whenever it comes. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { it } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { verifyChain } from '../../src/core/verify-audit.ts'
import type { Store } from '../../src/ports/store.ts'
import { now } from '../../src/stores/contract/samples.ts'
import { openSqliteStore } from '../../src/stores/sqlite/store.ts'
import type { Acknowledged } from './crash-storm.ts'

const rounds = 12

it(`kill -9 in a storm of changes, ${rounds} times: all that was acknowledged is in force`, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'outright-crash-'))
  const path = join(folder, 'outright.db')
  const everything: Acknowledged[] = []
  try {
    for (let round = 0; round < rounds; round += 1) {
      // Few callers make small batches, many make large ones; the moment differs as well.
      const acknowledged = await storm(path, [1, 8, 64][round % 3] ?? 1, 20 + round * 25)
      assert.ok(acknowledged.length > 0, 'the storm did nothing')
      everything.push(...acknowledged)
      const store = await openSqliteStore({ path, stream: 'node-1', durability: 'full' })
      try {
        const verdict = await verifyChain(store)
        assert.ok(verdict.intact, JSON.stringify(verdict))
        await inForce(store, acknowledged)
        if (round === rounds - 1) await inForce(store, everything)
      } finally {
        await store.close()
      }
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})

/** Runs the storm, kills it this long after its first acknowledgement, and returns what it said. */
async function storm(path: string, callers: number, killAfterMs: number): Promise<Acknowledged[]> {
  const program = join(import.meta.dirname, 'crash-storm.ts')
  const notes = `${path}.acknowledged`
  await rm(notes, { force: true })
  const child = spawn(process.execPath, [program, path, notes, String(callers)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = once(child, 'close')
  await once(child.stdout, 'data')
  await pause(killAfterMs)
  child.kill('SIGKILL')
  await ended
  assert.equal(child.signalCode, 'SIGKILL')
  // The last line may have been cut in the middle: no client can have read it as an answer.
  const lines = (await readFile(notes, 'utf8')).split('\n').slice(0, -1)
  return lines.map((line) => JSON.parse(line) as Acknowledged)
}

async function inForce(store: Store, acknowledged: readonly Acknowledged[]): Promise<void> {
  const rotate = async ([id, secretHash]: [string, string]) => {
    const command = { id, secretHash, nowMs: now, graceMs: 0, successor: undefined }
    const access = { lifetimeMs: 0, expiresAtMs: 0 }
    return (await store.rotate({ ...command, sealedAnswer: new Uint8Array(), access })).kind
  }
  const ended = new Set(acknowledged.flatMap((one) => (one.kind === 'revoked' ? [one.sid] : [])))
  for (const one of acknowledged) {
    switch (one.kind) {
      case 'opened': {
        assert.ok(await store.findSession(one.sid), 'a session that was opened is gone')
        // A logout that was on its way may have arrived; one that was answered must have.
        if (ended.has(one.sid)) assert.equal(await rotate(one.token), 'revoked')
        break
      }
      case 'rotated': {
        assert.ok(await store.findRefreshToken(...one.next), 'a successor is gone')
        assert.notEqual(await rotate(one.used), 'rotated', 'a token that was used up is good again')
        break
      }
      case 'revoked': {
        assert.equal((await store.findRevocation(one.id))?.key, one.sid)
        break
      }
    }
  }
}
