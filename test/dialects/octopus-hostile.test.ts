/** Octopus against hostile input: bodies, tokens, paths. */
import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { decodeJwt, decodeProtectedHeader, generateKeyPair, SignJWT, UnsecuredJWT } from 'jose'
import { createOctopus } from '../../src/http/dialects/octopus/index.ts'
import { startTestServer, type TestServer } from '../harness.ts'
import { call, credentials, errorOf, invalidToken, login, refresh } from './octopus-calls.ts'
import { rawRequest } from './raw-request.ts'
import { contextOf } from './surface-parts.ts'

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
    const dialect = createOctopus(contextOf(server))
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
