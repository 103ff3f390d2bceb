/** Octopus against hostile input, its options, and failing parts. */
import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { decodeJwt, decodeProtectedHeader, generateKeyPair, SignJWT, UnsecuredJWT } from 'jose'
import type { Failure } from '../../src/domain/failure.ts'
import { Refusal } from '../../src/domain/failure.ts'
import { generationIn, type WireGenerations } from '../../src/domain/generation.ts'
import { createOctopus } from '../../src/http/dialects/octopus/index.ts'
import type { Surface, SurfaceRequest } from '../../src/http/surface.ts'
import { silentLog, systemClock, systemRandom } from '../../src/server/system.ts'
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
import { rawRequest } from './raw-request.ts'

const world = { clock: systemClock, random: systemRandom(), log: silentLog }

let server: TestServer
before(async () => {
  server = await startTestServer()
})
after(() => server.close())

suite('Octopus, hostile bodies', () => {
  const bodies: readonly (readonly [string, string | Buffer])[] = [
    ['half an object', '{"username":'],
    ['a list', '[]'],
    ['null', 'null'],
    ['a string', '"octopus-demo-key"'],
    ['a number', '1e999'],
    ['a form', 'username=octopus-demo-key&password=octopus-demo-secret'],
    ['not UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d])],
    ['ten thousand brackets', '['.repeat(10_000)],
    [
      'XML',
      '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>',
    ],
  ]
  for (const path of ['/auth/login', '/auth/refresh']) {
    for (const [what, body] of bodies) {
      test(`400 from ${path}: ${what}`, async () => {
        assert.equal(
          errorOf(await server.call('POST', path, { body })),
          '400 BadRequestError BAD_REQUEST Request body must be a JSON object',
        )
      })
    }
  }

  test('413 for megabytes', async () => {
    const reply = await rawRequest(server.url, [
      'POST /auth/login HTTP/1.1',
      'Content-Type: application/json',
      'Content-Length: 5000000',
    ])
    assert.equal(reply.status, 413)
    assert.equal(
      reply.body,
      '{"error":{"name":"PayloadTooLargeError","code":"PAYLOAD_TOO_LARGE","message":"Request body too large"}}',
    )
    assert.match(reply.head, /x-request-id: \S+/)
  })

  const names: readonly (readonly [string, string])[] = [
    ['SQL', "octopus-demo-key' OR '1'='1"],
    ['SQL with a comment', 'x"; DROP TABLE clients; --'],
    ['a NUL', 'octopus-demo-key\0'],
    ['a line break', 'octopus-demo-key\r\nX-Injected: 1'],
    ['a prototype', '__proto__'],
    ['emoji', '😀'],
  ]
  for (const [what, username] of names) {
    test(`401 for a key that is ${what}`, async () => {
      const body = { username, password: 'octopus-demo-secret' }
      const reply = await server.call('POST', '/auth/login', { body })
      assert.equal(errorOf(reply), '401 UnauthorizedError UNAUTHORIZED Invalid credentials')
      assert.equal(reply.headers['x-injected'], undefined)
    })
  }

  test('400 for text that is not Unicode, or longer than any key', async () => {
    for (const username of ['\\ud800', 'x'.repeat(2000)]) {
      const body = `{"username":"${username}","password":"octopus-demo-secret"}`
      assert.equal(
        errorOf(await server.call('POST', '/auth/login', { body })),
        '400 ValidationException VALIDATION_FAILURE Username and password are required',
      )
    }
  })

  test('a very long secret is a wrong one', async () => {
    const body = { ...credentials, password: 's'.repeat(1024) }
    assert.equal((await server.call('POST', '/auth/login', { body })).status, 401)
  })
})

suite('Octopus, hostile tokens', () => {
  test('no header that is not one bearer token gets in', async () => {
    const { access_token } = await login(server)
    for (const authorization of [
      'Bearer',
      'Bearer ',
      access_token,
      `Basic ${Buffer.from('octopus-demo-key:octopus-demo-secret').toString('base64')}`,
      `Token ${access_token}`,
      `Bearer ${access_token} x`,
      `Bearer "${access_token}"`,
      `Bearer ${access_token}, Bearer ${access_token}`,
      'Bearer %00',
      "Bearer ' OR 1=1 --",
      `Bearer ${'a'.repeat(9000)}`,
    ]) {
      const reply = await server.call('POST', '/auth/logout', { headers: { authorization } })
      assert.equal(errorOf(reply), invalidToken, authorization.slice(0, 20))
    }
    assert.equal((await call('GET', '/api/v1/wallets', access_token, server)).status, 200)
  })

  test('the header sent twice is refused, even where both are good', async () => {
    const { access_token } = await login(server)
    const good = ['authorization', `Bearer ${access_token}`] as const
    const reply = await server.call('POST', '/auth/logout', { headers: [good, good] })
    assert.equal(errorOf(reply), invalidToken)
  })

  test('the scheme is read in any case', async () => {
    const { access_token } = await login(server)
    const headers = { authorization: `bEaReR ${access_token}` }
    assert.equal((await server.call('GET', '/api/v1/wallets', { headers })).status, 200)
  })

  test('no signature, another key, another algorithm, another type: "Invalid token"', async () => {
    const { access_token } = await login(server)
    const claims = decodeJwt(access_token)
    const header = decodeProtectedHeader(access_token)
    const { privateKey } = await generateKeyPair('ES256')
    const jwks = await server.call('GET', '/.well-known/jwks.json')
    const forge = (alg: string, key: Parameters<SignJWT['sign']>[0]): Promise<string> =>
      new SignJWT(claims).setProtectedHeader({ ...header, alg }).sign(key)
    const [head = '', payload = '', signature = ''] = access_token.split('.')
    const raised = Buffer.from(JSON.stringify({ ...claims, client_id: '43' })).toString('base64url')
    for (const [what, token] of [
      ['none', new UnsecuredJWT(claims).encode()],
      ['another key', await forge('ES256', privateKey)],
      ['the public key as a secret', await forge('HS256', new TextEncoder().encode(jwks.text))],
      ['another payload', `${head}.${raised}.${signature}`],
      ['no payload', `${head}..${signature}`],
      ['no signature', `${head}.${payload}.`],
      ['four parts', `${access_token}.x`],
      ['another type', await forge('ES256', privateKey).then((token) => `e30.${token}`)],
    ] as const) {
      assert.equal(errorOf(await call('POST', '/auth/logout', token, server)), invalidToken, what)
    }
    assert.equal((await call('GET', '/api/v1/wallets', access_token, server)).status, 200)
  })

  test('refresh tokens that cannot be: "Invalid token"', async () => {
    const { refresh_token } = await login(server)
    const [id, secret] = [refresh_token.slice(0, 22), refresh_token.slice(22)]
    for (const token of [
      `${refresh_token} `,
      `${refresh_token}A`,
      refresh_token.slice(1),
      `${id}${'A'.repeat(43)}`,
      `${'A'.repeat(22)}${secret}`,
      "' OR 1=1 --",
      '../../etc/passwd',
    ]) {
      assert.equal(errorOf(await refresh(token, server)), invalidToken)
    }
    assert.equal((await refresh(refresh_token, server)).status, 200)
  })
})

suite('Octopus, paths', () => {
  test('tricks lead nowhere', async () => {
    const { access_token } = await login(server)
    for (const path of [
      '/auth//logout',
      '/auth/./logout',
      '/auth/x/../logout',
      '/AUTH/LOGOUT',
      '/auth/logout/',
      '/auth/logout;x=1',
      '/auth/logout%00',
      '/auth/logout%2f',
      '/auth/logout%20',
      '//auth/logout',
    ]) {
      assert.equal((await call('POST', path, access_token, server)).status, 404, path)
    }
    assert.equal((await call('GET', '/api/v1/wallets', access_token, server)).status, 200)
  })

  test('a path that cannot be decoded is 400 in the envelope', async () => {
    const reply = await server.call('POST', '/auth/%zz')
    assert.equal(reply.status, 400)
    assert.match(errorOf(reply), /BAD_REQUEST/)
  })

  test('/api/v1 belongs to others, the wallets excepted', () => {
    const dialect = octopus()
    for (const path of ['/auth', '/auth/', '/auth/x', '/api/v1/wallets', '/api/v1/wallets/7']) {
      assert.equal(dialect.owns(path), true, path)
    }
    for (const path of [
      '/',
      '/authx',
      '/api/v1',
      '/api/v1/logout',
      '/api/v1/walletsx',
      '/v1/auth',
    ]) {
      assert.equal(dialect.owns(path), false, path)
    }
  })
})

suite('Octopus, when something fails', () => {
  test('a logout that could not be stored is an error, and nothing has ended', async (t) => {
    const failing = await startTestServer()
    t.after(() => failing.close())
    const { access_token } = await login(failing)
    const { core } = failing
    const revoke = (): Promise<never> =>
      Promise.reject(new Refusal({ kind: 'store_unavailable', reason: 'the disk is full' }))
    const dialect = octopus({ ...core, revoke })
    const request = requestOf({ authorization: `Bearer ${access_token}` })
    const route = dialect.routes.find(({ path }) => path === '/auth/logout')
    const refusal = await Promise.resolve(route?.handle(request)).then(
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
    const route = slow.routes.find(({ path }) => path === '/auth/logout')
    const second = Promise.resolve(
      route?.handle(requestOf({ authorization: `Bearer ${access_token}` })),
    )
    await reached.promise
    assert.equal((await call('POST', '/auth/logout', access_token, server)).status, 200)
    const after = await login(server)
    gate.resolve()
    assert.equal((await second)?.status, 200)
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
      const { status, body } = octopus().renderFailure(failure, requestOf({}))
      const { error } = JSON.parse(body as string) as { error: { code: string; message: string } }
      assert.equal(`${status} ${error.code}`, expected)
      assert.doesNotMatch(error.message, /secret/)
    }
  })
})

function octopus(core = server.core, options: object = {}): Surface {
  const issuer = 'http://127.0.0.1:8080'
  const context = { core, node: server.node, ...world, issuer, prefix: '' }
  return createOctopus({ ...context, rateLimitFactor: 1, demo: true }, options)
}

function requestOf(headers: Readonly<Record<string, string>>): SurfaceRequest {
  return {
    method: 'POST',
    path: '/auth/logout',
    params: {},
    query: new URLSearchParams(),
    header: (name) => headers[name],
    headerCount: (name) => (headers[name] === undefined ? 0 : 1),
    body: Buffer.alloc(0),
    clientAddress: '127.0.0.1',
    requestId: 'a-request',
    publicUrl: 'http://127.0.0.1:8080',
    waitForConfirmation: true,
  }
}
