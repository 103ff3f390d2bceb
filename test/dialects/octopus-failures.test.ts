/** Octopus when parts fail, when calls race, and its options. */
import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { decodeJwt } from 'jose'
import type { Failure } from '../../src/domain/failure.ts'
import { Refusal } from '../../src/domain/failure.ts'
import { generationIn, type WireGenerations } from '../../src/domain/generation.ts'
import { createOctopus } from '../../src/http/dialects/octopus/index.ts'
import type { Surface } from '../../src/http/surface.ts'
import { startTestServer, type TestServer } from '../harness.ts'
import {
  call,
  credentials,
  errorOf,
  invalidToken,
  login,
  refresh,
  type Tokens,
} from './octopus-calls.ts'
import { contextOf, requestOf, routeOf } from './surface-parts.ts'

let server: TestServer
before(async () => {
  server = await startTestServer()
})
after(() => server.close())

suite('Octopus, when something fails', () => {
  test('a logout that could not be stored is an error, and nothing has ended', async (t) => {
    const failing = await startTestServer()
    t.after(() => failing.close())
    const { access_token } = await login(failing)
    const { core } = failing
    const revoke = (): Promise<never> =>
      Promise.reject(new Refusal({ kind: 'store_unavailable', reason: 'the disk is full' }))
    const dialect = octopus({ ...core, revoke })
    const request = requestOf('/auth/logout', { authorization: `Bearer ${access_token}` })
    const route = routeOf(dialect, '/auth/logout')
    const refusal = await Promise.resolve(route.handle(request)).then(
      () => assert.fail('it was reported as done'),
      (error: unknown) => error as Refusal,
    )
    const answer = dialect.renderFailure(refusal.failure, request)
    assert.equal(answer.status, 503)
    assert.equal(answer.headers?.['retry-after'], '1')
    assert.equal((await call('GET', '/api/v1/wallets', access_token, failing)).status, 200)
  })

  test('a disabled client: "Invalid credentials" at login, "Invalid token" after it', async (t) => {
    const other = await startTestServer()
    t.after(() => other.close())
    const { access_token, refresh_token } = await login(other)
    await other.store.updateClient('42', { status: 'disabled' })
    const again = await other.call('POST', '/auth/login', { body: credentials })
    assert.equal(errorOf(again), '401 UnauthorizedError UNAUTHORIZED Invalid credentials')
    assert.equal(errorOf(await call('GET', '/api/v1/wallets', access_token, other)), invalidToken)
    assert.equal(errorOf(await refresh(refresh_token, other)), invalidToken)
  })

  test('a disabled client may still log out, which ends its tokens', async (t) => {
    const other = await startTestServer()
    t.after(() => other.close())
    const { access_token } = await login(other)
    await other.store.updateClient('42', { status: 'disabled' })
    assert.equal((await call('POST', '/auth/logout', access_token, other)).status, 200)
    await other.store.updateClient('42', { status: 'active' })
    assert.equal((await call('GET', '/api/v1/wallets', access_token, other)).status, 401)
  })

  test('onReplay same-answer gives the same pair again', async (t) => {
    const options = { octopus: { options: { onReplay: 'same-answer' } } } as const
    const kind = await startTestServer({ config: { dialects: options } })
    t.after(() => kind.close())
    const { refresh_token } = await login(kind)
    const first = await refresh(refresh_token, kind)
    assert.equal((await refresh(refresh_token, kind)).text, first.text)
  })

  test('onReplay same-answer refuses a token that was first used while it was refuse', async () => {
    const { refresh_token, access_token } = await login(server)
    const again = (onReplay: 'refuse' | 'same-answer') =>
      server.core.refresh({
        refreshToken: refresh_token,
        dialect: 'octopus',
        audience: 'octopus',
        accessLifetimeMs: 60_000,
        graceMs: 60_000,
        onReplay,
      })
    await again('refuse')
    await assert.rejects(again('same-answer'), (error) => {
      assert.ok(error instanceof Refusal)
      return error.failure.kind === 'refresh_token_reused'
    })
    assert.equal((await call('GET', '/api/v1/wallets', access_token, server)).status, 200)
  })

  test('two refreshes at once: one pair, and the session lives', async () => {
    const { refresh_token } = await login(server)
    const replies = await Promise.all(
      Array.from({ length: 8 }, () => refresh(refresh_token, server)),
    )
    const [won, ...others] = replies.filter(({ status }) => status === 200)
    assert.ok(won !== undefined && others.length === 0)
    const { data } = won.json() as { data: Tokens }
    assert.equal((await call('GET', '/api/v1/wallets', data.access_token, server)).status, 200)
  })

  test('logins that race a logout are either after it or dead on arrival', async () => {
    for (let round = 0; round < 5; round++) {
      const { access_token } = await login(server)
      const [, ...opened] = await Promise.all([
        call('POST', '/auth/logout', access_token, server),
        ...Array.from({ length: 4 }, () => login(server)),
      ])
      for (const tokens of opened) {
        const { gen } = decodeJwt(tokens.access_token)
        const generation = generationIn(gen as WireGenerations, 'client')
        const now = await server.store.generations({
          subjectId: 'client:42',
          clientId: '42',
          deviceKey: undefined,
        })
        const { status } = await call('GET', '/api/v1/wallets', tokens.access_token, server)
        assert.equal(status, generation >= now.client ? 200 : 401)
      }
    }
  })

  test('options that cannot be used are refused at the start', () => {
    const make = (options: object) => (): Surface => octopus(server.core, options)
    assert.throws(make({ refreshLifetimeMs: 0 }), /refreshLifetimeMs is 0; allowed: /)
    assert.throws(
      make({ limits: { login: 0, refresh: 1, get: 1 } }),
      /limits\.login is 0; allowed: /,
    )
    assert.throws(make({ limits: 'staging' }), /limits is "staging"; allowed: production, sandbox/)
    assert.throws(make({ onReplay: 'shrug' }), /onReplay is "shrug"; allowed: refuse, same-answer/)
    assert.doesNotThrow(make({ graceMs: 0 }))
  })

  test('a logout that was sent twice ends nothing that was opened after the first', async () => {
    const { access_token } = await login(server)
    const gate = Promise.withResolvers<void>()
    const reached = Promise.withResolvers<void>()
    const { core } = server
    const revoke: typeof core.revoke = async (request) => {
      reached.resolve()
      await gate.promise
      return core.revoke(request)
    }
    const slow = octopus({ ...core, revoke })
    const route = routeOf(slow, '/auth/logout')
    const second = Promise.resolve(
      route.handle(requestOf('/auth/logout', { authorization: `Bearer ${access_token}` })),
    )
    await reached.promise
    assert.equal((await call('POST', '/auth/logout', access_token, server)).status, 200)
    const after = await login(server)
    gate.resolve()
    assert.equal((await second).status, 200)
    assert.equal((await call('GET', '/api/v1/wallets', after.access_token, server)).status, 200)
  })

  test('every failure has a status and an envelope', () => {
    const failures: readonly (readonly [Failure, string])[] = [
      [{ kind: 'unsupported_media_type' }, '415 UNSUPPORTED_MEDIA_TYPE'],
      [{ kind: 'otp_invalid' }, '400 BAD_REQUEST'],
      [{ kind: 'otp_expired' }, '400 BAD_REQUEST'],
      [{ kind: 'client_key_missing' }, '401 UNAUTHORIZED'],
      [{ kind: 'client_key_invalid' }, '401 UNAUTHORIZED'],
      [{ kind: 'token_not_fresh' }, '401 UNAUTHORIZED'],
      [{ kind: 'forbidden', reason: 'x' }, '403 FORBIDDEN'],
      [{ kind: 'conflict', reason: 'x' }, '409 CONFLICT'],
      [{ kind: 'stale' }, '503 SERVICE_UNAVAILABLE'],
      [{ kind: 'store_unavailable', reason: 'secret' }, '503 SERVICE_UNAVAILABLE'],
      [{ kind: 'internal', reason: 'secret' }, '500 INTERNAL_SERVER_ERROR'],
    ]
    for (const [failure, expected] of failures) {
      const { status, body } = octopus().renderFailure(failure, requestOf('/auth/logout', {}))
      const { error } = JSON.parse(body as string) as { error: { code: string; message: string } }
      assert.equal(`${status} ${error.code}`, expected)
      assert.doesNotMatch(error.message, /secret/)
    }
  })
})

function octopus(core = server.core, options: object = {}): Surface {
  return createOctopus(contextOf(server, core), options)
}
