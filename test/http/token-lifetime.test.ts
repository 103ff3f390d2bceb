/** How long a token says that it lives, on a store that takes its time. */
import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { Refusal } from '../../src/domain/failure.ts'
import { openSession } from '../../src/core/open-session.ts'
import { startTestServer, type TestServer } from '../harness.ts'

let server: TestServer
before(async () => {
  server = await startTestServer()
})
after(() => server.close())

suite('a login whose session takes seconds to be stored', () => {
  test('gives a token that lives as long as was asked for, from when the login was', async () => {
    const { dependencies } = server
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

suite('a login whose claims would make the token longer than verifiers read', () => {
  const login = (scopes: number) =>
    server.core.openSession({
      subjectId: 'somebody',
      clientId: 'some client',
      dialect: 'test',
      audience: 'test',
      accessLifetimeMs: 60_000,
      claims: {
        scope: Array.from({ length: scopes }, (_, at) => `scope:${String(at)}:read`).join(' '),
      },
    })

  test('gets nothing, and the reason is for the log', async () => {
    await assert.rejects(login(600), (error: unknown) => {
      assert.ok(error instanceof Refusal && error.failure.kind === 'internal')
      assert.match(
        error.failure.reason,
        /^Cannot issue an access token: it would have \d+ characters/,
      )
      return true
    })
  })

  test('what is issued is accepted', async () => {
    const { access } = await login(300)
    assert.ok(access.token.length > 5000)
    assert.equal((await server.dependencies.verifier.verify(access.token)).ok, true)
  })
})
