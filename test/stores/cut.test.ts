/** Where the log ends: cuts at a checkpoint, over any history, and what a verification says of them. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, describe, it } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import fc from 'fast-check'
import { verifyChain } from '../../src/core/verify-audit.ts'
import type { Store } from '../../src/ports/store.ts'
import {
  allLive,
  now,
  openWithToken,
  revocation,
  rotation,
  session,
  times,
} from '../../src/stores/contract/samples.ts'
import { headPathOf, readHead } from '../../src/stores/sqlite/head.ts'
import { restoreSqlite } from '../../src/stores/sqlite/restore.ts'
import { openSqliteStore } from '../../src/stores/sqlite/store.ts'
import { beforeMs, cut, day, old, planAll } from './cut-kit.ts'
import { temporarySqlite, type TemporarySqlite } from './temporary.ts'

let subject: TemporarySqlite
beforeEach(async () => {
  subject = await temporarySqlite()
})
afterEach(() => subject.close())

const open = (path: string): Promise<Store> =>
  openSqliteStore({ path, stream: 'node-1', durability: 'full' })

function change(sql: string): void {
  const database = new DatabaseSync(subject.path)
  database.exec(sql)
  database.close()
}

/** Twenty that are over, three counters between them, and three that are young. */
async function fill(store: Store): Promise<void> {
  for (let index = 0; index < 23; index += 1) {
    const raise = { scope: 'subject', key: `subject ${index}` } as const
    await store.revoke(revocation({ ...(index % 9 === 4 ? raise : {}), ...old }))
  }
  await Promise.all(times(3, () => store.revoke(revocation())))
}

describe('a cut', () => {
  it('leaves a log that verifies, over any sequence of logouts, raises, logins, sweeps and cuts', async () => {
    const step = fc.oneof(
      {
        weight: 4,
        arbitrary: fc.record({ kind: fc.constant('end'), key: fc.nat(9), age: fc.nat(200) }),
      },
      {
        weight: 3,
        arbitrary: fc.record({ kind: fc.constant('raise'), key: fc.nat(3), age: fc.nat(200) }),
      },
      {
        weight: 2,
        arbitrary: fc.record({ kind: fc.constant('login'), key: fc.nat(9), age: fc.nat(200) }),
      },
      {
        weight: 1,
        arbitrary: fc.record({ kind: fc.constant('sweep'), key: fc.nat(0), age: fc.nat(60) }),
      },
      {
        weight: 3,
        arbitrary: fc.record({ kind: fc.constant('cut'), key: fc.nat(2), age: fc.nat(0) }),
      },
    )
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
        const played = await temporarySqlite()
        const { store } = played
        try {
          for (const { kind, key, age } of steps) await play(store, kind, key, now - age * day)
          const before = await allLive(store, beforeMs)
          await cut(store)
          assert.deepEqual(await allLive(store, beforeMs), before)
          await verified(store)
        } finally {
          await played.close()
        }
      }),
      { numRuns: 12 },
    )
  })

  async function play(store: Store, kind: string, key: number, atMs: number): Promise<void> {
    if (kind === 'end') await store.revoke(revocation({ key: `session ${key}`, atMs }))
    if (kind === 'raise') {
      await store.revoke(revocation({ scope: 'subject', key: `subject ${key}`, atMs }))
    }
    if (kind === 'login') {
      const command = session({ createdAtMs: atMs, expiresAtMs: atMs + 30 * day })
      await store.openSession({ ...command, subjectId: `subject ${key % 4}` })
    }
    if (kind === 'sweep') await store.sweep(atMs, 100)
    if (kind === 'cut') {
      await cut(store, { steps: key })
      await verified(store)
    }
  }

  it('says what it would cut, and cuts nothing, in a dry run', async () => {
    const { store } = subject
    await fill(store)
    const [dry] = await cut(store, { dryRun: true })
    assert.equal(dry?.removed, 20)
    assert.deepEqual(await store.readCheckpoints(), [])
    const [done] = await cut(store)
    assert.equal(done?.removed, 20)
    assert.deepEqual(done.checkpoint, dry.checkpoint)
    const [again] = await cut(store)
    assert.deepEqual([again?.removed, again?.checkpoint], [0, done.checkpoint])
  })

  it('does not cut what shows that the log was changed', async () => {
    await fill(subject.store)
    change(`UPDATE log SET reason = 'compromised' WHERE position = 7`)
    const [cutOf] = await cut(subject.store)
    const problem = 'it is not what was written'
    assert.deepEqual([cutOf?.removed, cutOf?.broken], [0, { kind: 'broken', sequence: 7, problem }])
    assert.deepEqual(await subject.store.readCheckpoints(), [])
  })
})

async function verified(store: Store): Promise<void> {
  const verdict = await verifyChain(store)
  assert.ok(verdict.intact, JSON.stringify(verdict))
  const checkpoints = await store.readCheckpoints()
  assert.deepEqual([...verdict.checkpoints.values()], checkpoints)
}

describe('verifyChain finds, of a log that was cut,', () => {
  const notWritten = 'the checkpoint there is not what was written'
  const notKept = 'the entries before the checkpoint there are not those it kept'
  const tampers: Record<string, readonly [sql: string, sequence: number, problem: string]> = {
    'a checkpoint with another time': ['UPDATE checkpoints SET at_ms = 1', 23, notWritten],
    'a checkpoint that says of less': ['UPDATE checkpoints SET sequence = 22', 22, notWritten],
    'a checkpoint that is gone': ['DELETE FROM checkpoints', 1, 'the entry is missing'],
    'a further entry that is gone': [
      'DELETE FROM log WHERE position = 24',
      24,
      'the entry is missing',
    ],
    'all behind the checkpoint gone': [
      'DELETE FROM log WHERE position > 23',
      24,
      'the entry is missing',
    ],
    'an entry that was kept and is gone': ['DELETE FROM log WHERE position = 14', 23, notKept],
    'an entry that was kept and changed': [
      `UPDATE log SET actor = 'eve' WHERE position = 14`,
      14,
      'it is not what was written',
    ],
    'an entry that was moved before the checkpoint': [
      'UPDATE log SET position = 3 WHERE position = 25',
      3,
      'it is not what was written',
    ],
  }

  for (const [what, [sql, sequence, problem]] of Object.entries(tampers)) {
    it(what, async () => {
      await fill(subject.store)
      await cut(subject.store)
      await verified(subject.store)
      change(sql)
      const verdict = await verifyChain(subject.store)
      assert.deepEqual(verdict, { intact: false, stream: 'node-1', sequence, problem })
    })
  }

  it('nothing, where it is cut while it is verified', async () => {
    const { store } = subject
    await Promise.all(times(12_000, () => store.revoke(revocation(old))))
    await store.revoke(revocation())
    let cutting: Promise<unknown> | undefined
    const slow = {
      head: () => store.head(),
      readCheckpoints: () => store.readCheckpoints(),
      async readStream(stream: string, after: number, limit: number) {
        if (after > 0) await (cutting ??= cut(store))
        return store.readStream(stream, after, limit)
      },
    }
    const verdict = await verifyChain(slow)
    assert.ok(verdict.intact, JSON.stringify(verdict))
    assert.equal(verdict.checkpoints.get('node-1')?.sequence, 12_000)
  })
})

describe('a SQLite database that was cut', () => {
  it('opens, and its head names an entry that is there, after an idle end was cut up to it', async () => {
    const { store, path } = subject
    await Promise.all(times(40, () => store.revoke(revocation(old))))
    const behind = readHead(headPathOf(path))
    await cut(store)
    assert.deepEqual(readHead(headPathOf(path)), behind)
    const reopened = await subject.reopen()
    await verified(reopened)
    assert.equal((await reopened.head()).get('node-1'), 40)
  })

  it('takes over what was logged out since, where a backup from before the cut is restored', async () => {
    const { store, folder, path } = subject
    await fill(store)
    const { sid, token } = await openWithToken(store)
    const copy = join(folder, 'copy.db')
    await store.backup(copy)
    await store.revoke(revocation({ key: sid }))
    await cut(store)
    await store.close()
    const { carried } = restoreSqlite(copy, path)
    assert.equal(carried, 1)
    const restored = await open(path)
    assert.equal((await restored.rotate(rotation(token))).kind, 'revoked')
    await verified(restored)
    await cut(restored)
    await verified(restored)
    await restored.close()
  })

  it('does not pass for one that knows more, where the backup has what it neither has nor cut', async () => {
    const { store, folder, path } = subject
    await fill(store)
    await cut(store)
    const copy = join(folder, 'copy.db')
    await store.revoke(revocation())
    await store.backup(copy)
    await store.close()
    // The entry that the backup has last is lost.
    const stale = new DatabaseSync(path)
    stale.exec('DELETE FROM log WHERE position = 27')
    stale.close()
    rmSync(headPathOf(path))
    assert.equal(restoreSqlite(copy, path).carried, undefined)
  })

  it('is backed up and restored with its checkpoint', async () => {
    const { store, folder, path } = subject
    await fill(store)
    await cut(store)
    const checkpoints = await store.readCheckpoints()
    const copy = join(folder, 'copy.db')
    await store.backup(copy)
    await store.close()
    assert.equal(restoreSqlite(copy, path).entries, 6)
    const restored = await open(path)
    assert.deepEqual(await restored.readCheckpoints(), checkpoints)
    await verified(restored)
    await restored.close()
  })

  it('verifies after `kill -9` at any moment of a cut, and nothing that counts is gone', async () => {
    const { store, folder, path } = subject
    await Promise.all(times(4000, () => store.revoke(revocation(old))))
    const { sid, token } = await openWithToken(store)
    await store.revoke(revocation({ key: sid, ...old }))
    await store.revoke(revocation())
    await planAll(store)
    await store.close()
    const program = join(import.meta.dirname, 'cut-child.ts')
    const reached = new Set<number>()
    for (let round = 0; round < 6; round += 1) {
      const copy = join(folder, `round-${round}.db`)
      copyFileSync(path, copy)
      const child = spawn(process.execPath, ['--conditions=outright-source', program, copy], {
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      const ended = once(child, 'close')
      await once(child.stdout, 'data')
      await pause(round * 4)
      child.kill('SIGKILL')
      await ended
      const again = await open(copy)
      await verified(again)
      const [checkpoint] = await again.readCheckpoints()
      reached.add(checkpoint?.sequence ?? 0)
      assert.equal((await again.rotate(rotation(token))).kind, 'revoked')
      await cut(again)
      await verified(again)
      await again.close()
    }
    assert.ok(
      [...reached].some((sequence) => sequence > 0),
      'nothing was cut',
    )
  })
})
