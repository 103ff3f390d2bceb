/** Stores in files of their own, gone when the test is. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Store } from '../../src/ports/store.ts'
import type { StoreUnderTest } from '../../src/stores/contract.ts'
import { openSqliteStore, type SqliteStore } from '../../src/stores/sqlite/store.ts'

export interface TemporarySqlite extends StoreUnderTest {
  readonly store: SqliteStore
  readonly path: string
  readonly folder: string
}

export async function temporarySqlite(): Promise<TemporarySqlite> {
  const folder = await mkdtemp(join(tmpdir(), 'outright-store-'))
  const path = join(folder, 'outright.db')
  const open = () => openSqliteStore({ path, stream: 'node-1', durability: 'full' })
  const store = await open()
  let current: Store = store
  return {
    store,
    path,
    folder,
    async reopen() {
      await current.close()
      current = await open()
      return current
    },
    async close() {
      await current.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}
