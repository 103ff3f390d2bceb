/** How long a token says that it lives, on a store that takes its time. */
import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { openSession } from '../../src/core/open-session.ts'
import { startTestServer, type TestServer } from '../harness.ts'

let server: TestServer
before(async () => {
  server = await startTestServer()
})
after(() => server.close())

suite('a login whose session takes seconds to be stored', () => {
  test('gives a token that lives as long as was asked for, from when the login was', async () => {
    const { dependencies } = server.core
    const { store } = dependencies
    let nowMs = 1_800_000_000_000
    const clock = { ...dependencies.clock, nowMs: () => nowMs }
    const slow = {
      ...store,
      openSession: async (command: Parameters<typeof store.openSession>[0]) => {
        const session = await store.openSession(command)
        nowMs += 2_500
        return session
      },
    }
    const { session, access } = await openSession(
      { ...dependencies, clock, store: slow },
      {
        subjectId: 'somebody',
        clientId: 'some client',
        dialect: 'test',
        audience: 'test',
        accessLifetimeMs: 21_600_000,
      },
    )
    assert.equal(access.issuedAtMs, session.createdAtMs)
    assert.equal(access.expiresAtMs, session.expiresAtMs)
    assert.equal(access.expiresAtMs - access.issuedAtMs, 21_600_000)
  })
})
