/** A database whose files were lost, taken away or exchanged: it is noticed, and never served. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  copyFileSync,
  existsSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, it } from 'node:test'
import { assertChain } from '../../src/stores/contract/log.ts'
import { openWithToken, refuses, revocation, times } from '../../src/stores/contract/samples.ts'
import { openSqliteStore, type SqliteStore } from '../../src/stores/sqlite/store.ts'

let folder: string
let path: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'outright-lost-'))
  path = join(folder, 'outright.db')
})
afterEach(() => rm(folder, { recursive: true, force: true }))

function open(more: { lostLogouts?: 'accept'; onStopped?: (reason: string) => void } = {}) {
  return openSqliteStore({ path, stream: 'node-1', durability: 'full', ...more })
}

/** Logs out in a process of its own and kills it: what it acknowledged is in the log file alone. */
async function acknowledgedAndKilled(): Promise<void> {
  const program = join(import.meta.dirname, 'crash-storm.ts')
  const child = spawn(process.execPath, [program, path, `${path}.notes`, '8'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = once(child, 'close')
  await once(child.stdout, 'data')
  while (!readFileSync(`${path}.notes`, 'utf8').includes('"revoked"')) {
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  child.kill('SIGKILL')
  await ended
}

async function refusesToOpen(words: RegExp): Promise<void> {
  const before = readdirSync(folder).toSorted()
  await assert.rejects(open(), (error: Error) => {
    assert.ok(error.message.startsWith(`Cannot open ${path}: `), error.message)
    assert.match(error.message, words)
    assert.match(error.message, /--after-restore end-everyone/)
    return true
  })
  // An operator who finds the files again puts them back: nothing may have been written meanwhile.
  assert.deepEqual(readdirSync(folder).toSorted(), before)
}

async function logOut(store: SqliteStore, count: number): Promise<void> {
  await Promise.all(times(count, () => store.revoke(revocation())))
}

describe('A database that lacks what was acknowledged', () => {
  it('kill -9, and the write-ahead log is gone: refused; with it back, nothing is lost', async () => {
    await acknowledgedAndKilled()
    const kept = join(folder, 'found-again')
    renameSync(`${path}-wal`, kept)
    await refusesToOpen(/its log ends at entry 0, and entry \d+ was answered: logouts are missing/)
    await refusesToOpen(/logouts are missing/)
    renameSync(kept, `${path}-wal`)
    const store = await open()
    await assertChain(store, (await store.head()).get('node-1') ?? 0)
    await store.close()
  })

  it('an older copy in its place is refused', async () => {
    const first = await open()
    await logOut(first, 3)
    await first.close()
    copyFileSync(path, `${path}.copy`)
    const second = await open()
    await logOut(second, 2)
    await second.close()
    const whole = readFileSync(path)
    copyFileSync(`${path}.copy`, path)
    await refusesToOpen(/its log ends at entry 3, and entry 5 was answered/)
    writeFileSync(path, whole)
    await (await open()).close()
  })

  it('the database of another server in its place is refused, however long its log is', async () => {
    const other = join(folder, 'other.db')
    const theirs = await openSqliteStore({ path: other, stream: 'node-1', durability: 'full' })
    await logOut(theirs, 9)
    await theirs.close()
    const ours = await open()
    await logOut(ours, 2)
    await ours.close()
    copyFileSync(other, path)
    await refusesToOpen(/it is not the database that was served here/)
  })

  it('a database that is gone is not begun anew', async () => {
    const store = await open()
    await openWithToken(store)
    await store.close()
    rmSync(path)
    await refusesToOpen(/the file is gone/)
    assert.equal(existsSync(path), false)
  })

  it('an operator may go on without what is lost; the database then says that it lacks something', async () => {
    await acknowledgedAndKilled()
    rmSync(`${path}-wal`)
    const store = await open({ lostLogouts: 'accept' })
    assert.ok(await store.findTicket('undecided', 'lost-logouts'))
    await logOut(store, 1)
    await store.close()
    await (await open()).close()
  })

  it('a head that cannot be read is refused, and named', async () => {
    await (await open()).close()
    writeFileSync(join(folder, 'outright.head'), 'nonsense')
    await assert.rejects(open(), /outright\.head: it is damaged/)
  })
})

describe('A database whose files are taken away while it is served', () => {
  const takings = {
    'its file is deleted': () => {
      rmSync(path)
    },
    'the write-ahead log is deleted': () => {
      rmSync(`${path}-wal`)
    },
    'its shared memory is deleted': () => {
      rmSync(`${path}-shm`)
    },
    'its lock is deleted': () => {
      rmSync(`${path}.lock`)
    },
    'the folder is emptied': () => {
      for (const name of readdirSync(folder)) rmSync(join(folder, name))
    },
    'a copy is put in its place': () => {
      copyFileSync(path, `${path}.copy`)
      renameSync(`${path}.copy`, path)
    },
  }
  for (const [what, take] of Object.entries(takings)) {
    it(`${what}: nothing is answered as stored from then on`, async () => {
      const reasons: string[] = []
      const store = await open({ onStopped: (reason) => reasons.push(reason) })
      await logOut(store, 5)
      take()
      for (const attempt of times(3, () => store.revoke(revocation()))) {
        await refuses(attempt, 'store_unavailable')
      }
      await refuses(store.ready(), 'store_unavailable')
      assert.equal(reasons.length, 1)
      assert.match(
        reasons[0] ?? '',
        /^outright\.db\S* was deleted or replaced while it was in use$/,
      )
      await store.close()
    })
  }
})
