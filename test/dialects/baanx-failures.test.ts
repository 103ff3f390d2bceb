/** Baanx when calls race, when parts fail, and its options. */
import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { decodeJwt } from 'jose'
import { Refusal, type Failure } from '../../src/domain/failure.ts'
import { createBaanx } from '../../src/http/dialects/baanx/index.ts'
import type { Surface } from '../../src/http/surface.ts'
import { startTestServer, type TestServer } from '../harness.ts'
import {
  assertBody,
  bearer,
  grant,
  initiate,
  invalidGrant,
  lockWords,
  login,
  logout,
  probe,
  redeem,
  refresh,
  revokeGrants,
  type Pair,
} from './baanx-calls.ts'
import { contextOf, requestOf, routeOf } from './surface-parts.ts'

let server: TestServer
before(async () => {
  server = await startTestServer()
})
after(() => server.close())

suite('Baanx, races', () => {
  test('a logout is remembered for as long as tokens live that were given longer lives before', async () => {
    const token = await login(server)
    const shorter = baanx(server.core, { accessLifetimeMs: 1000 })
    const { receipt } = await routeOf(shorter, '/v1/auth/logout').handle(
      requestOf('/v1/auth/logout', bearer(token)),
    )
    const entry = await server.store.findRevocation(receipt?.revocationId ?? '')
    assert.ok((entry?.forgetAfterMs ?? 0) >= (decodeJwt(token).exp ?? Infinity) * 1000)
  })

  test('a revocation that was sent twice ends nothing that was granted after the first', async () => {
    const token = await login(server)
    const pair = await grant(server, token)
    const gate = Promise.withResolvers<void>()
    const reached = Promise.withResolvers<void>()
    const { core } = server
    const revoke: typeof core.revoke = async (request) => {
      reached.resolve()
      await gate.promise
      return core.revoke(request)
    }
    const route = routeOf(baanx({ ...core, revoke }), '/v1/auth/oauth/revoke')
    const second = Promise.resolve(
      route.handle(requestOf('/v1/auth/logout', bearer(pair.access_token))),
    )
    await reached.promise
    assert.equal((await revokeGrants(server, pair.access_token)).status, 200)
    const after = await grant(server, token)
    gate.resolve()
    assert.equal((await second).status, 200)
    assert.equal(await probe(server, after.access_token), 200)
  })

  test('a consent that races a logout everywhere opens nothing', async () => {
    const token = await login(server)
    const { core } = server
    const inspect: typeof core.inspect = async (...args) => {
      const claims = await core.inspect(...args)
      const key = 'baanx-demo-user'
      const actor = 'operator:admin'
      await core.revoke({ scope: 'subject', key, reason: 'logout_everywhere', actor, wait: true })
      return claims
    }
    const { token: handle } = (await initiate(server)).json() as { token: string }
    const route = routeOf(baanx({ ...core, inspect }), '/v1/auth/oauth/authorize')
    const request = requestOf('/v1/auth/logout', bearer(token), JSON.stringify({ token: handle }))
    const answer = await route.handle(request)
    const { code } = JSON.parse(answer.body as string) as { code: string }
    assertBody(await redeem(server, code), 400, invalidGrant)
  })

  test('a refresh that races a logout leaves nothing alive', async () => {
    for (let round = 0; round < 5; round++) {
      const pair = await grant(server)
      const [renewed, ended] = await Promise.all([
        refresh(server, pair.refresh_token),
        logout(server, pair.access_token),
      ])
      assert.equal(ended.status, 200)
      if (renewed.status !== 200) continue
      const next = renewed.json() as Pair
      assert.equal(await probe(server, next.access_token), 401)
      assertBody(await refresh(server, next.refresh_token), 400, invalidGrant)
    }
  })
})

suite('Baanx, when something fails', () => {
  test('a logout that could not be stored is an error, and nothing has ended', async () => {
    const token = await login(server)
    const pair = await grant(server, token)
    const revoke = (): Promise<never> =>
      Promise.reject(new Refusal({ kind: 'store_unavailable', reason: 'the disk is full' }))
    const dialect = baanx({ ...server.core, revoke })
    for (const [path, alive, body] of [
      ['/v1/auth/logout', token, ''],
      ['/v1/auth/oauth/revoke', pair.access_token, ''],
      ['/v1/auth/oauth2/revoke', pair.access_token, JSON.stringify({ token: pair.refresh_token })],
    ] as const) {
      const request = requestOf('/v1/auth/logout', bearer(alive), body)
      const refusal = await Promise.resolve(routeOf(dialect, path).handle(request)).then(
        () => assert.fail('it was reported as done'),
        (error: unknown) => error as Refusal,
      )
      const answer = dialect.renderFailure(refusal.failure, request)
      assert.equal(answer.status, 503)
      assert.equal(answer.body, '{"message":"Service Unavailable"}')
      assert.equal(await probe(server, alive), 200)
    }
  })

  test('every failure has a status and a form, and only a lock has the words of a lock', () => {
    const failures: readonly (readonly [Failure, number])[] = [
      [{ kind: 'unsupported_media_type' }, 415],
      [{ kind: 'address_not_allowed' }, 403],
      [{ kind: 'forbidden', reason: 'secret' }, 403],
      [{ kind: 'token_not_fresh' }, 401],
      [{ kind: 'conflict', reason: 'secret' }, 409],
      [{ kind: 'stale' }, 503],
      [{ kind: 'store_unavailable', reason: 'secret' }, 503],
      [{ kind: 'internal', reason: 'secret' }, 500],
      [{ kind: 'account_disabled' }, 403],
    ]
    for (const [failure, expected] of failures) {
      const { status, body } = baanx().renderFailure(failure, requestOf('/v1/auth/logout', {}))
      assert.equal(status, expected)
      assert.deepEqual(Object.keys(JSON.parse(body as string) as object), ['message'])
      assert.doesNotMatch(body as string, /secret/)
      assert.doesNotMatch(body as string, lockWords)
    }
  })

  test('options that cannot be used are refused at the start', () => {
    const make = (options: object) => (): Surface => baanx(server.core, options)
    assert.throws(make({ accessLifetimeMs: 0 }), /accessLifetimeMs is 0; allowed: /)
    assert.throws(
      make({ limits: { otpsPerAccount: -1 } }),
      /limits\.otpsPerAccount is -1; allowed: /,
    )
    assert.doesNotThrow(make({ graceMs: 0 }))
  })
})

function baanx(core = server.core, options: object = {}): Surface {
  return createBaanx(contextOf(server, core), options)
}
