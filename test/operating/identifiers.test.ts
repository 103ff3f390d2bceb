/**
 * Identifiers that an earlier version stored as they were typed, and people who are found by any
 * spelling.
 */
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { DatabaseSync } from 'node:sqlite'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { compose, type Composition } from '../../src/server/compose.ts'
import { loadConfig } from '../../src/server/config.ts'
import { systemClock, systemRandom } from '../../src/server/system.ts'
import { startTestServer } from '../harness.ts'

const lines: unknown[] = []

async function start(dataDir: string): Promise<Composition> {
  const config = await loadConfig({}, { demo: true, port: 0, dataDir })
  return compose(config, {
    clock: systemClock,
    random: systemRandom(),
    log: {
      info: () => undefined,
      warn: (fields) => lines.push(fields),
      error: (fields) => lines.push(fields),
    },
    otpSender: { send: () => Promise.resolve() },
  })
}

test('identifiers of an earlier version are brought into one form; who collides is named', async (t) => {
  const dataDir = await mkdtemp(join(tmpdir(), 'outright-identifiers-'))
  t.after(() => rm(dataDir, { recursive: true, force: true }))
  await (await start(dataDir)).close()
  const database = new DatabaseSync(join(dataDir, 'outright.db'))
  const add = database.prepare(
    `INSERT INTO subjects (id, name, username, email, phone, standing, created_at_ms, attributes)
       VALUES (?, ?, NULL, ?, ?, 'active', 0, '{}')`,
  )
  add.run('a', 'A', 'Anu@Example.com', '+919999900123')
  add.run('b', 'B', 'ANU@example.com', null)
  add.run('c', 'C', null, 'unknown')
  database.exec(`DELETE FROM tickets WHERE key = 'normal-identifiers'`)
  database.close()

  const again = await start(dataDir)
  const byPhone = await again.store.findSubject({ by: 'phone', value: '919999900123' })
  assert.deepEqual([byPhone?.id, byPhone?.email], ['a', 'anu@example.com'])
  assert.deepEqual(lines, [
    { subject: 'b', identifier: 'email', holder: 'a' },
    { subject: 'c', identifier: 'phone' },
  ])
  lines.length = 0
  await again.close()
  await (await start(dataDir)).close()
  assert.deepEqual(lines, [], 'once')
})

test('a person who was added with a plus sign logs in without, and is found for disabling', async (t) => {
  const server = await startTestServer()
  t.after(() => server.close())
  const headers = { authorization: 'Bearer outright-demo-admin' }
  const added = await server.call('POST', '/outright/v1/subjects', {
    headers,
    body: { id: 'anu', name: 'Anu', phone: '+91 99999 00123' },
  })
  assert.equal(added.status, 201, added.text)
  const login = (step: object) =>
    server.call('POST', '/api/v1/login', {
      body: { phone_number: '919999900123', name: 'Anu', ...step },
    })
  await login({ action: 'send_otp' })
  const otp = server.otps.at(-1)?.code
  const { access_token: token } = (await login({ action: 'submit_otp', otp })).json() as {
    access_token: string
  }
  const user = await server.call('GET', '/api/v1/get_current_user', {
    headers: { authorization: `Bearer ${token}` },
  })
  assert.equal((user.json() as { _id: string })._id, 'anu')
  const query = `/outright/v1/subjects?phone=${encodeURIComponent('+919999900123')}`
  const found = await server.call('GET', query, { headers })
  assert.equal((found.json() as { items: { id: string }[] }).items[0]?.id, 'anu')
})
