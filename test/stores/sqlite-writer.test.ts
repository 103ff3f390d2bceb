/** Group commit: what a caller is told, and what listeners hear, when something goes wrong within. */
import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, it } from 'node:test'
import type { Revocation } from '../../src/domain/revocation.ts'
import type { Session } from '../../src/domain/session.ts'
import { assertChain } from '../../src/stores/contract/log.ts'
import {
  openWithToken,
  refuses,
  revocation,
  rotation,
  session,
  subject,
  times,
} from '../../src/stores/contract/samples.ts'
import { BatchRunner } from '../../src/stores/sqlite/batch.ts'
import type { Command } from '../../src/stores/commands.ts'
import { openSqliteStore } from '../../src/stores/sqlite/store.ts'
import { threadCommitter, Writer, type Committer } from '../../src/stores/sqlite/writer.ts'
import { temporarySqlite, type TemporarySqlite } from './temporary.ts'

let temporary: TemporarySqlite
beforeEach(async () => {
  temporary = await temporarySqlite()
})
afterEach(async () => {
  await temporary.close()
})

function sequences(entries: readonly Revocation[]): number[] {
  return entries.map(({ sequence }) => sequence)
}

describe('a thread that is lost', () => {
  /** Commits on this thread; the chosen batch, counted from 0, is lost before or after its commit. */
  function losing(path: string, batch: number, when: 'before' | 'after'): Committer {
    let told: number | undefined
    let runner = new BatchRunner({ path, durability: 'full' })
    let count = -1
    return {
      async commit(commands) {
        count += 1
        const outcome = count === batch && when === 'before' ? undefined : runner.run(commands)
        if (count === batch) {
          runner.close()
          runner = new BatchRunner({ path, durability: 'full', told })
          throw new Error('killed')
        }
        if (outcome?.kind === 'committed') told = outcome.position
        return outcome ?? assert.fail()
      },
      async close() {
        runner.close()
      },
    }
  }

  for (const when of ['before', 'after'] as const) {
    it(`${when} its commit: callers may ask again, listeners miss nothing`, async () => {
      await temporary.store.close()
      const heard: number[] = []
      const writer = new Writer({
        committer: losing(temporary.path, 2, when),
        onEntries: (entries) => {
          heard.push(...sequences(entries))
        },
      })
      const submit = (count: number) =>
        Promise.allSettled(times(count, () => writer.submit('revoke', revocation())))
      const outcomes = [await submit(1), await submit(5), await submit(5)]
      assert.ok(outcomes[2]?.every(({ status }) => status === 'rejected'))
      await writer.finish()
      const stored = when === 'after' ? 11 : 6
      assert.deepEqual(
        heard,
        times(stored, (index) => index + 1),
      )
      await writer.close()
      await assertChain(await temporary.reopen(), stored)
    })
  }

  it('a real one: the batch is refused, the next works', async () => {
    await temporary.store.close()
    const committer = threadCommitter({ path: temporary.path, durability: 'full' })
    const probe: readonly Command[] = [['probe', undefined]]
    assert.equal((await committer.commit(probe)).kind, 'committed')
    // Not a batch at all: the thread ends with an error of its own.
    await assert.rejects(committer.commit(null as unknown as readonly Command[]), {
      name: 'ThreadFailure',
    })
    const outcome = await committer.commit([['revoke', revocation()], ...probe])
    assert.ok(outcome.kind === 'committed')
    assert.deepEqual(sequences(outcome.entries), [1])
    await committer.close()
    await assertChain(await temporary.reopen(), 1)
  })
})

describe('one command in a batch', () => {
  it('that fails unexpectedly is refused alone and leaves nothing', async () => {
    const { store } = temporary
    const heard: number[] = []
    store.onCommitted((entries) => {
      heard.push(...sequences(entries))
    })
    // The column takes whole numbers alone, which no handler looks at.
    const odd = { expiresAtMs: 1.5, refreshToken: undefined }
    const half = session({ ...odd, refreshToken: { id: 't', secretHash: 'h', expiresAtMs: 1 } })
    const [before, failed, alsoFailed, after] = await Promise.allSettled([
      store.revoke(revocation()),
      store.revoke(revocation({ atMs: 0.5 })),
      store.openSession(half),
      store.revoke(revocation()),
    ])
    assert.equal(before.status, 'fulfilled')
    assert.equal(after.status, 'fulfilled')
    await refuses(settled(failed), 'internal')
    await refuses(settled(alsoFailed), 'internal')
    assert.equal(await store.findRefreshToken('t', 'h'), undefined, 'the token of no session')
    assert.deepEqual(heard, [1, 2])
    await store.revoke(revocation())
    await assertChain(store, 3)
  })

  it('that cannot be sent to a thread is refused, and the store goes on', async () => {
    const { store } = temporary
    const attributes = { agent: () => undefined } as unknown as Session['attributes']
    await refuses(store.openSession(session({ attributes })), 'store_unavailable')
    await store.revoke(revocation())
    await assertChain(store, 1)
  })

  it('that is refused does not spoil its neighbours', async () => {
    const { store } = temporary
    await store.createSubject(subject({ id: 'maria', status: 'disabled' }))
    const { token } = await openWithToken(store, { subjectId: 'ben' })
    const outcomes = await Promise.allSettled([
      store.openSession(session()),
      store.rotate(rotation(token)),
      store.createSubject(subject({ id: 'maria' })),
      store.updateSubject('nobody', {}),
      store.revoke(revocation()),
    ])
    assert.deepEqual(
      outcomes.map(({ status }) => status),
      ['rejected', 'fulfilled', 'rejected', 'rejected', 'fulfilled'],
    )
  })
})

function settled(outcome: PromiseSettledResult<unknown>): Promise<unknown> {
  return outcome.status === 'fulfilled'
    ? Promise.resolve(outcome.value)
    : Promise.reject(outcome.reason as Error)
}

describe('the queue', () => {
  it('is bounded: what is too much is refused at once, what was taken is done', async () => {
    const { store } = temporary
    const most = 16_384
    const outcomes = await Promise.allSettled(times(most + 100, () => store.revoke(revocation())))
    const refused = outcomes.filter(({ status }) => status === 'rejected')
    assert.equal(refused.length, 100)
    for (const outcome of refused) await refuses(settled(outcome), 'store_unavailable')
    assert.ok(outcomes.slice(0, most).every(({ status }) => status === 'fulfilled'))
    await assertChain(store, most)
  })
})

describe('a listener that throws', () => {
  it('is reported, and neither the callers nor the other listeners hear of it', async () => {
    await temporary.store.close()
    const reported: string[] = []
    const ignore = (): void => undefined
    const error = (_: unknown, message: string) => void reported.push(message)
    const store = await openSqliteStore({
      path: temporary.path,
      stream: 'node-1',
      durability: 'full',
      log: { info: ignore, warn: ignore, error },
    })
    const heard: number[] = []
    store.onCommitted(() => {
      throw new Error('a fault of the listener')
    })
    store.onCommitted((entries) => {
      heard.push(...sequences(entries))
    })
    await store.revoke(revocation())
    assert.deepEqual(heard, [1])
    assert.deepEqual(reported, ['Cannot tell a listener of committed entries: it threw'])
    await store.close()
  })
})
