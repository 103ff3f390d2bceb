/**
 * SQLite in a file, on the thread of its caller and without waiting for the disk: for tests of the
 * checks, which open hundreds of stores. Threads are most of what opening one costs.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import type { StoreUnderTest } from '../../src/stores/contract.ts'
import { Listeners } from '../../src/stores/listeners.ts'
import type { Access } from '../../src/stores/sqlite/access.ts'
import { BatchRunner } from '../../src/stores/sqlite/batch.ts'
import { openForWriting } from '../../src/stores/sqlite/connection.ts'
import { freeClaims } from '../../src/stores/sqlite/deliveries.ts'
import { migrate } from '../../src/stores/sqlite/migrations.ts'
import { longReader, pointReader } from '../../src/stores/sqlite/readers.ts'
import { storeOver, type SqliteStore } from '../../src/stores/sqlite/store.ts'
import { ensureStream } from '../../src/stores/sqlite/streams.ts'
import { Writer } from '../../src/stores/sqlite/writer.ts'
import { unavailable } from '../../src/stores/unavailable.ts'
import { checkTexts } from '../../src/stores/text.ts'

const stream = 'node-1'

export async function threadlessSqlite(): Promise<StoreUnderTest> {
  const folder = await mkdtemp(join(tmpdir(), 'outright-store-'))
  const path = join(folder, 'outright.db')
  let current = open(path)
  return {
    store: current,
    async reopen() {
      await current.close()
      current = open(path)
      return current
    },
    async close() {
      await current.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

function open(path: string): SqliteStore {
  prepare(path)
  const listeners = new Listeners(undefined)
  const runner = new BatchRunner({ path, durability: 'off' })
  const writer = new Writer({
    committer: {
      async commit(commands) {
        // As with a thread, what is asked meanwhile waits and becomes the next batch.
        await setImmediate()
        return runner.run(commands)
      },
      close: () => Promise.resolve(runner.close()),
    },
    onEntries: (entries) => {
      listeners.call(entries)
    },
  })
  const short = pointReader(path)
  const long = longReader(path)
  let isClosed = false
  const read: Access['list'] = async (name, ...input) => {
    if (isClosed) throw unavailable('the store is closed')
    checkTexts(input)
    await setImmediate()
    return structuredClone(long.read(name, ...input))
  }
  return storeOver(
    stream,
    {
      async change(name, ...input) {
        checkTexts(input)
        return writer.submit(name, ...input)
      },
      async find(name, ...input) {
        if (isClosed) throw unavailable('the store is closed')
        checkTexts(input)
        return short.read(name, ...input)
      },
      list: read,
      follow: read,
      copy: read,
      async close() {
        isClosed = true
        await writer.finish()
        long.close()
        short.close()
        await writer.close()
      },
    },
    listeners,
  )
}

function prepare(path: string): void {
  const database = openForWriting(path, 'off')
  try {
    migrate(database)
    ensureStream(database, stream)
    freeClaims(database)
  } finally {
    database.close()
  }
}
