/**
 * Databases of schema step 3, whose entries have the first form: what is in them counts after the
 * migration as before, and the chain goes on in the form of today. `test/fixtures` keeps them as
 * they were written then.
 */
import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { suite, test } from 'node:test'
import { verifyChain } from '../../src/core/verify-audit.ts'
import { ENTRY_VERSION, type RevocationCommand } from '../../src/domain/revocation.ts'
import type { Store } from '../../src/ports/store.ts'
import { now, revocation as made, wholeStream } from '../../src/stores/contract/samples.ts'
import { Connection } from '../../src/stores/postgres/connection.ts'
import { migrate } from '../../src/stores/postgres/migrations.ts'
import { migrations } from '../../src/stores/postgres/schema/index.ts'
import { openSqliteStore } from '../../src/stores/sqlite/store.ts'
import { startPostgres } from '../../src/testing/postgres.ts'
import { openNode } from './temporary-postgres.ts'

const step = 3
const live = '01a31f00-0000-7000-8000-000000000002'
const ended = '01a31f00-0000-7000-8000-000000000004'
const entries = 7

function fixture(name: string): Promise<string> {
  return readFile(new URL(`../fixtures/${name}-${step}.sql`, import.meta.url), 'utf8')
}

/** With an id that is not of the fixtures, which were made from the same samples. */
function command(changes: Partial<RevocationCommand>): RevocationCommand {
  return made({ id: crypto.randomUUID(), ...changes })
}

async function assertServes(store: Store): Promise<void> {
  assert.deepEqual(await verifyChain(store).then(({ intact }) => intact), true)
  const before = await wholeStream(store)
  assert.equal(before.length, entries)
  for (const { version, issuer, cutoffSeconds } of before) {
    assert.deepEqual(
      { version, issuer, cutoffSeconds },
      { version: 1, issuer: '', cutoffSeconds: 0 },
    )
  }
  const { items } = await store.listSessions({}, now, { limit: 10, cursor: undefined })
  const states = Object.fromEntries(items.map(({ session, state }) => [session.sid, state]))
  assert.equal(states[live], 'live')
  assert.equal(states[ended], 'revoked')
  const joao = { subjectId: 'joao', clientId: 'shop', deviceKey: 'tv' }
  const { subject, grant, device, everyone } = await store.generations(joao)
  assert.deepEqual(
    { subject, grant, device, everyone },
    { subject: 2, grant: 1, device: 1, everyone: 0 },
  )
  await assertGoesOn(store)
}

async function assertGoesOn(store: Store): Promise<void> {
  assert.equal((await store.revoke(command({ key: ended }))).added, false)
  assert.equal((await store.revoke(command({ key: live }))).added, true)
  const wide = await store.revoke(command({ scope: 'subject', key: 'joao' }))
  assert.equal(wide.revocation.generation, 3)
  const foreign = { issuer: 'https://idp.example', cutoffSeconds: now / 1000 }
  await store.revoke(command({ scope: 'subject', key: 'joao', ...foreign }))
  const verdict = await verifyChain(store)
  assert.equal(verdict.intact && verdict.entries, entries + 3)
  const versions = (await wholeStream(store)).map(({ version }) => version)
  assert.deepEqual(versions.slice(entries), [ENTRY_VERSION, ENTRY_VERSION, ENTRY_VERSION])
}

suite(`data of schema step ${step}`, () => {
  test('on SQLite', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'outright-older-'))
    try {
      const path = join(folder, 'outright.db')
      const database = new DatabaseSync(path)
      database.exec(await fixture('sqlite'))
      database.close()
      const open = () => openSqliteStore({ path, stream: 'node-1', durability: 'full' })
      const store = await open()
      await assertServes(store)
      await store.close()
      const again = await open()
      assert.equal((await verifyChain(again)).intact, true)
      await again.close()
      // An entry of the first form says nothing of issuers, so none may be put in.
      const edited = new DatabaseSync(path)
      edited.exec(`UPDATE log SET issuer = 'https://idp.example' WHERE position = 1`)
      edited.close()
      const tampered = await open()
      const verdict = await verifyChain(tampered)
      assert.equal(!verdict.intact && verdict.problem, 'it is not what was written')
      await tampered.close()
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  })

  test('on PostgreSQL', async () => {
    const server = await startPostgres({ settings: { fsync: 'off' } })
    try {
      const url = await server.createDatabase()
      const connection = await Connection.open({ url, name: 'test', answerMs: 30_000 })
      const abilities = { atomicSchema: true, collations: true }
      await migrate(connection, abilities, migrations.slice(0, step))
      await connection.command(await fixture('postgres'))
      await connection.end()
      const store = await openNode(url, 'node-1')
      await assertServes(store)
      await store.close()
    } finally {
      await server.stop()
    }
  })
})
