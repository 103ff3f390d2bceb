/** Matar against hostile input and failing parts. */
import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import fc from 'fast-check'
import { decodeJwt, generateKeyPair, SignJWT } from 'jose'
import { startTestServer, type CallOptions, type Reply, type TestServer } from '../harness.ts'
import type { ConfigFile } from '../../src/server/config.ts'
import { rawRequest } from './raw-request.ts'

const sri = { phone_number: '919999900001', name: 'Sri' }
const loginPath = '/api/v1/login'
const logoutPath = '/api/v1/logout'

interface Tokens {
  readonly access_token: string
  readonly refresh_token: string
}

let server: TestServer
before(async () => {
  server = await startTestServer()
})
after(() => server.close())

suite('Matar, Authorization headers', () => {
  const absent = [
    '',
    'bearer TOKEN',
    'BEARER TOKEN',
    'Basic c3JpOnNyaQ==',
    'TOKEN',
    'Bearers TOKEN',
    'Bearer TOKEN, Bearer TOKEN',
    'Token Bearer TOKEN',
  ]
  for (const form of absent) {
    test(`counts as missing: ${form || 'an empty header'}`, async () => {
      const { access_token: token } = await login()
      const headers = { authorization: form.replaceAll('TOKEN', token) }
      assertError(await logout({ headers }), 'authorization_required')
      assert.equal((await currentUser(token)).status, 200)
    })
  }

  test('counts as missing: sent twice', async () => {
    const { access_token: token } = await login()
    const header = ['authorization', `Bearer ${token}`] as const
    assertError(await logout({ headers: [header, header] }), 'authorization_required')
  })

  const malformed = ['Bearer', 'Bearer ', 'Bearer TOKEN TOKEN', `Bearer ${'a'.repeat(9000)}`]
  for (const form of malformed) {
    test(`counts as invalid: ${form.slice(0, 20)}`, async () => {
      const { access_token: token } = await login()
      const headers = { authorization: form.replaceAll('TOKEN', token) }
      assertError(await logout({ headers }), 'invalid_token')
    })
  }

  const accepted = ['Bearer  TOKEN', 'Basic c3Jp, Bearer TOKEN', 'Bearer TOKEN,', ',Bearer TOKEN,,']
  for (const form of accepted) {
    test(`is read: ${form}`, async () => {
      const { access_token: token } = await login()
      const headers = { authorization: form.replaceAll('TOKEN', token) }
      assert.equal((await logout({ headers })).status, 200)
    })
  }
})

suite('Matar, tokens that are not its own', () => {
  const bearer = (token: string) => ({ headers: { authorization: `Bearer ${token}` } })

  test('alg none: invalid_token', async () => {
    const [, payload = ''] = (await login()).access_token.split('.')
    const head = Buffer.from('{"alg":"none","typ":"at+jwt"}').toString('base64url')
    assertError(await logout(bearer(`${head}.${payload}.`)), 'invalid_token')
  })

  test('signed by another key, under the right key’s name: invalid_token', async () => {
    const { access_token: token } = await login()
    const header = JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString()) as {
      alg: string
    }
    const { privateKey } = await generateKeyPair('ES256')
    const forged = await new SignJWT(decodeJwt(token)).setProtectedHeader(header).sign(privateKey)
    assertError(await logout(bearer(forged)), 'invalid_token')
  })

  test('a token of another dialect: invalid_token, and it stays alive', async () => {
    const authorization = `Basic ${Buffer.from('maria:maria-demo').toString('base64')}`
    const path = '/directlink/v1/auth/login'
    const granted = await server.call('POST', path, { headers: { authorization } })
    const { bearer: token } = granted.json() as { bearer: string }
    assertError(await logout(bearer(token)), 'invalid_token')
    const list = await server.call('GET', '/directlink/v1/download/list', bearer(token))
    assert.equal(list.status, 200)
  })

  test('a refresh token of another dialect: invalid_token', async () => {
    const granted = await server.call('POST', '/auth/login', {
      body: { username: 'octopus-demo-key', password: 'octopus-demo-secret' },
    })
    const { data } = granted.json() as { data: { refresh_token: string } }
    const reply = await server.call('POST', '/api/v1/refresh', bearer(data.refresh_token))
    assertError(reply, 'invalid_token')
  })

  test('a refresh token with its secret changed: invalid_token, and the right one still works', async () => {
    const { refresh_token: token } = await login()
    const last = token.endsWith('A') ? 'B' : 'A'
    const changed = bearer(token.slice(0, -1) + last)
    assertError(await server.call('POST', '/api/v1/refresh', changed), 'invalid_token')
    assert.equal((await server.call('POST', '/api/v1/refresh', bearer(token))).status, 200)
  })

  test('the token of a user who is gone: invalid_token; of a disabled one: 403', async () => {
    const { session: gone } = await openSession('NOBODY')
    assertError(await currentUser(gone), 'invalid_token')
    const { access_token: token } = await login({ phone_number: '919999900200', name: 'Asha' })
    const { sub = '' } = decodeJwt(token)
    await server.store.updateSubject(sub, { status: 'disabled' })
    assertMessage(await currentUser(token), 403, 'This account is disabled')
    assertMessage(
      await submit({ phone_number: '919999900200', name: 'Asha' }),
      403,
      'This account is disabled',
    )
  })
})

suite('Matar, bodies', () => {
  const bodies: readonly (readonly [string, CallOptions['body']])[] = [
    ['malformed JSON', '{"phone_number":'],
    ['an array', '[]'],
    ['a string', '"send_otp"'],
    ['null', 'null'],
    ['bytes that are no UTF-8', Buffer.from([0x7b, 0xff, 0x7d])],
    ['a form', new URLSearchParams({ ...sri, action: 'send_otp' })],
    ['nested a thousand deep', '['.repeat(1000) + ']'.repeat(1000)],
  ]
  for (const [what, body] of bodies) {
    test(`400: ${what}`, async () => {
      const reply = await server.call('POST', loginPath, body === undefined ? {} : { body })
      assertMessage(reply, 400, 'The body is not a JSON object')
    })
  }

  test('400: no body', async () => {
    assertMessage(await server.call('POST', loginPath), 400, 'phone_number is required')
  })

  test('400: __proto__ instead of fields', async () => {
    const body = `{"__proto__":{"phone_number":"919999900001","name":"Sri","action":"send_otp"}}`
    assertMessage(await server.call('POST', loginPath, { body }), 400, 'phone_number is required')
  })

  test('413: 2 megabytes', async () => {
    const body = Buffer.alloc(2_000_000, 97)
    assertMessage(await server.call('POST', loginPath, { body }), 413, 'Request Entity Too Large')
  })

  const phones = [
    '+919999900001',
    '91 99999 00001',
    '0919999900001',
    '91999',
    '9199999000019999',
    '91999990000x',
    `919999900001' OR '1'='1`,
    '919999900001\n',
    '９１９９９９９０００１１',
    '__proto__',
  ]
  for (const phone of phones) {
    test(`400: the phone number ${JSON.stringify(phone)}`, async () => {
      const body = { phone_number: phone, name: 'Sri', action: 'send_otp' }
      assertMessage(
        await server.call('POST', loginPath, { body }),
        400,
        'phone_number is not valid',
      )
    })
  }

  const names = ['Sri\0', 'Sri\r\nSet-Cookie: a=b', 'x'.repeat(201)]
  for (const name of names) {
    test(`400: the name ${JSON.stringify(name).slice(0, 30)}`, async () => {
      const body = { ...sri, name, action: 'send_otp' }
      assertMessage(await server.call('POST', loginPath, { body }), 400, 'name is not valid')
    })
  }

  test('400: half an emoji in the name', async () => {
    const body = String.raw`{"phone_number":"919999900001","name":"\ud83d","action":"send_otp"}`
    assertMessage(await server.call('POST', loginPath, { body }), 400, 'name is not valid')
  })

  test('400: another action', async () => {
    const body = { ...sri, action: 'logout' }
    assertMessage(await server.call('POST', loginPath, { body }), 400, 'action is not valid')
  })

  test('a name of SQL and markup is kept as it is', async () => {
    const name = `'); DROP TABLE subjects; --<script>`
    const who = { phone_number: '919999900300', name }
    const reply = await currentUser((await login(who)).access_token)
    assert.equal((reply.json() as { name: string }).name, name)
  })

  test('whatever is sent, the answer is 200, 400 or 429 in JSON, never a 5xx', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.record(
          {
            phone_number: fc.oneof(fc.constant('919999900001'), fc.jsonValue()),
            name: fc.oneof(fc.string({ unit: 'binary' }), fc.jsonValue()),
            action: fc.oneof(fc.constantFrom('send_otp', 'submit_otp'), fc.jsonValue()),
            otp: fc.oneof(fc.string({ unit: 'binary' }), fc.jsonValue()),
          },
          { requiredKeys: [] },
        ),
        async (body) => {
          const reply = await server.call('POST', loginPath, { body })
          assert.ok([200, 400, 429].includes(reply.status), String(reply.status))
          assert.ok(reply.text.endsWith('}\n'))
          JSON.parse(reply.text)
        },
      ),
      { numRuns: 100 },
    )
  })
})

suite('Matar, paths and methods', () => {
  test('an unknown path under /api/v1 answers 404 in Matar’s form', async () => {
    assertMessage(await server.call('GET', '/api/v1/nothing'), 404, 'Not Found')
  })

  for (const trick of [
    '/api/v1/x/../logout',
    '/api/v1//logout',
    '/api/v1/logout/',
    '/api/v1/Logout',
  ]) {
    test(`404: ${trick}`, async () => {
      const { access_token: token } = await login()
      const lines = [`POST ${trick} HTTP/1.1`, `Authorization: Bearer ${token}`]
      const reply = await rawRequest(server.url, lines)
      assert.deepEqual([reply.status, reply.body], [404, '{"message":"Not Found"}\n'])
      assert.equal((await currentUser(token)).status, 200)
    })
  }

  test('GET /api/v1/logout answers 405; POST and DELETE are allowed, the latter Adobe’s', async () => {
    const reply = await server.call('GET', logoutPath)
    assertMessage(reply, 405, 'Method Not Allowed')
    assert.match(reply.headers['allow'] ?? '', /^POST, DELETE(?:, OPTIONS)?$/)
  })

  test('PUT on login answers 405', async () => {
    const reply = await server.call('PUT', loginPath)
    assertMessage(reply, 405, 'Method Not Allowed')
    assert.equal(reply.headers['allow'], 'POST')
  })

  test('OPTIONS needs no token', async () => {
    const reply = await server.call('OPTIONS', '/api/v1/get_current_user')
    assert.equal(reply.status, 204)
    assert.match(reply.headers['allow'] ?? '', /^GET, /)
  })
})

suite('Matar, when something is wrong here', () => {
  test('a logout that was not stored answers 503, never a success', async () => {
    await withServer({}, async (own) => {
      const { access_token: token } = await login(sri, own)
      await own.store.close()
      const headers = { authorization: `Bearer ${token}` }
      const reply = await own.call('POST', logoutPath, { headers })
      assertMessage(reply, 503, 'Service Unavailable')
      assert.equal(reply.headers['retry-after'], '1')
      assert.equal(reply.headers['outright-revocation'], undefined)
    })
  })

  test('429 after too many OTPs for one phone', async () => {
    await withServer({ rateLimitFactor: 1 }, async (own) => {
      for (let count = 0; count < 5; count++) assert.equal((await send(sri, own)).status, 200)
      assertTooMany(await send(sri, own))
      const other = { phone_number: '919999900400', name: 'Sri' }
      assert.equal((await send(other, own)).status, 200)
    })
  })

  test('429 after too many OTPs from one address, whatever the phone', async () => {
    await withServer({ rateLimitFactor: 1 }, async (own) => {
      const statuses: number[] = []
      for (let count = 0; count < 61; count++) {
        const who = { phone_number: String(919_999_910_000 + count), name: 'X' }
        statuses.push((await send(who, own)).status)
      }
      assert.deepEqual([statuses[59], statuses[60]], [200, 429])
    })
  })

  test('429 after ten tries for one phone, also with the right OTP', async () => {
    await withServer({ rateLimitFactor: 1 }, async (own) => {
      for (let count = 0; count < 10; count++) {
        const body = { ...sri, action: 'submit_otp', otp: '00000' }
        assert.equal((await own.call('POST', loginPath, { body })).status, 400)
      }
      await send(sri, own)
      const body = { ...sri, action: 'submit_otp', otp: '12345' }
      assertTooMany(await own.call('POST', loginPath, { body }))
    })
  })
})

async function openSession(subjectId: string): Promise<{ readonly session: string }> {
  const { access } = await server.core.openSession({
    subjectId,
    clientId: 'matar',
    dialect: 'matar',
    audience: 'http://127.0.0.1:8080/api/v1',
    accessLifetimeMs: 60_000,
  })
  return { session: access.token }
}

async function withServer(
  config: ConfigFile,
  body: (own: TestServer) => Promise<void>,
): Promise<void> {
  // What a node counts for itself, and what happens when its store is gone.
  const own = await startTestServer({ config, oneNode: true, frozenClocks: true })
  try {
    await body(own)
  } finally {
    await own.close()
  }
}

function send(who: typeof sri, at: TestServer = server): Promise<Reply> {
  return at.call('POST', loginPath, { body: { ...who, action: 'send_otp' } })
}

async function submit(who: typeof sri, at: TestServer = server): Promise<Reply> {
  await send(who, at)
  const otp = at.otps.at(-1)?.code ?? ''
  return at.call('POST', loginPath, { body: { ...who, action: 'submit_otp', otp } })
}

async function login(who: typeof sri = sri, at: TestServer = server): Promise<Tokens> {
  const reply = await submit(who, at)
  assert.equal(reply.status, 200)
  return reply.json() as Tokens
}

function logout(options: CallOptions): Promise<Reply> {
  return server.call('POST', logoutPath, options)
}

function currentUser(token: string): Promise<Reply> {
  const headers = { authorization: `Bearer ${token}` }
  return server.call('GET', '/api/v1/get_current_user', { headers })
}

function assertError(reply: Reply, error: string): void {
  assert.equal(reply.status, 401)
  assert.match(reply.text, new RegExp(`^\\{"description":"[^"]+","error":"${error}"\\}\\n$`))
}

function assertMessage(reply: Reply, status: number, message: string): void {
  assert.equal(reply.text, `{"message":"${message}"}\n`)
  assert.equal(reply.status, status)
  assert.equal(reply.headers['content-type'], 'application/json')
}

function assertTooMany(reply: Reply): void {
  assert.equal(reply.status, 429)
  const seconds = reply.headers['retry-after'] ?? ''
  assert.match(seconds, /^[1-9]\d*$/)
  assert.equal(
    reply.text,
    `{"description":"Too many requests. Try again in ${seconds} seconds.","error":"too_many_requests"}\n`,
  )
}
