/** What came with the demo is found again, each kind by itself. */
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { hasDemoIdentities, seedDemo } from '../../src/server/demo.ts'
import { openSqliteStore } from '../../src/stores/sqlite/store.ts'

test('the demo’s operator alone is enough, and another of that name is not', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'outright-demo-'))
  const path = join(folder, 'outright.db')
  const store = await openSqliteStore({ path, stream: 'node-1', durability: 'full' })
  try {
    const own = {
      name: 'admin',
      role: 'admin',
      passwordHash: undefined,
      identity: undefined,
      createdAtMs: 1,
    } as const
    await store.createOperator({ id: crypto.randomUUID(), ...own })
    assert.equal(await hasDemoIdentities(store), false)
    await store.removeOperator('admin')
    await seedDemo(store, {
      passwordCost: { memoryKiB: 64, passes: 1 },
      publicUrl: 'http://localhost',
      nowMs: 1,
    })
    // People and clients lose their mark when their attributes are changed.
    const page = { limit: 100, cursor: undefined }
    for (const { id } of (await store.listSubjects(page)).items) {
      await store.updateSubject(id, { attributes: {} })
    }
    for (const { id } of (await store.listClients(page)).items) {
      await store.updateClient(id, { attributes: {} })
    }
    assert.equal(await hasDemoIdentities(store), true)
    await store.removeOperator('admin')
    assert.equal(await hasDemoIdentities(store), false)
  } finally {
    await store.close()
    await rm(folder, { recursive: true })
  }
})
