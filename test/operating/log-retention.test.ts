/** The retention: what the sweep does to the log, by the trusted time and nothing else. */
import assert from 'node:assert/strict'
import { afterEach, beforeEach, suite, test } from 'node:test'
import { DatabaseSync } from 'node:sqlite'
import { cutLog } from '../../src/core/cut-log.ts'
import type { Core } from '../../src/core/core.ts'
import { logCutter } from '../../src/server/cutting.ts'
import { fillReplica } from '../../src/server/replicate.ts'
import { silentLog } from '../../src/server/system.ts'
import { now, revocation, times } from '../../src/stores/contract/samples.ts'
import { Replica } from '../../src/verifier/replica.ts'
import { confirmedAtOnce, day, planAll } from '../stores/cut-kit.ts'
import { temporarySqlite, type TemporarySqlite } from '../stores/temporary.ts'

let subject: TemporarySqlite
beforeEach(async () => {
  subject = await temporarySqlite()
})
afterEach(() => subject.close())

function cutterAt(trustedMs: () => number, days: number, lines: string[] = []) {
  const core: Pick<Core, 'cutLog'> = {
    cutLog: (request) => cutLog({ store: subject.store, ...confirmedAtOnce }, request),
  }
  const log = { ...silentLog, error: (_: object, message: string) => void lines.push(message) }
  return logCutter(core, { trustedMs }, days, log)
}

suite('the retention of the log', () => {
  test('cuts what is older by the trusted time, sweep by sweep', async () => {
    const { store } = subject
    for (const age of [100, 60, 20, 0]) {
      await Promise.all(times(5, () => store.revoke(revocation({ atMs: now - age * day }))))
    }
    await planAll(store)
    let trustedMs = now - 50 * day
    const sweep = cutterAt(() => trustedMs, 30)
    const begin = async () => (await store.readCheckpoints())[0]?.sequence
    await sweep()
    assert.equal(await begin(), 5)
    trustedMs = now
    await sweep()
    assert.equal(await begin(), 10)
    const [checkpoint] = await store.readCheckpoints()
    assert.deepEqual([checkpoint?.beforeMs, checkpoint?.actor], [now - 30 * day, 'retention'])
  })

  test('leaves a log that does not verify as it is, and says so once', async () => {
    await Promise.all(times(5, () => subject.store.revoke(revocation({ atMs: now - 100 * day }))))
    await planAll(subject.store)
    const database = new DatabaseSync(subject.path)
    database.exec(`UPDATE log SET actor = 'eve' WHERE position = 2`)
    database.close()
    const lines: string[] = []
    const sweep = cutterAt(() => now, 30, lines)
    await sweep()
    await sweep()
    assert.deepEqual(lines, ['Cannot cut the log: it does not verify, run outright audit verify'])
    assert.deepEqual(await subject.store.readCheckpoints(), [])
  })

  test('what was cut stays over for a node whose clock says that it is not', async () => {
    await Promise.all(times(5, () => subject.store.revoke(revocation({ atMs: now - 100 * day }))))
    await planAll(subject.store)
    await cutterAt(() => now, 30)()
    const replica = new Replica()
    await fillReplica(replica, subject.store, 1)
    assert.equal(replica.overSeconds, (now - 30 * day) / 1000)
  })
})
