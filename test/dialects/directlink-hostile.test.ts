/** DirectLink against hostile input, failing parts and its options. */
import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { decodeJwt, generateKeyPair, SignJWT } from 'jose'
import { startTestServer, type CallOptions, type Reply, type TestServer } from '../harness.ts'
import type { ConfigFile } from '../../src/server/config.ts'
import { rawRequest } from './raw-request.ts'

const base = '/directlink/v1'
const logoutPath = `${base}/auth/logout`
const maria = basic('maria:maria-demo')

let server: TestServer
before(async () => {
  server = await startTestServer()
})
after(() => server.close())

suite('DirectLink, Authorization headers', () => {
  const garbled: readonly (readonly [string, string])[] = [
    ['an empty header', ''],
    ['no scheme', 'eyJhbGciOiJFUzI1NiJ9.e30.x'],
    ['another scheme', 'Digest username="maria"'],
    ['Bearer and nothing', 'Bearer'],
    ['Bearer and a space', 'Bearer '],
    ['two tokens', 'Bearer one two'],
    ['a comma', 'Bearer one, Bearer two'],
    ['a tab', 'Bearer\teyJhbGciOiJFUzI1NiJ9.e30.x'],
    ['quotes', `Bearer "' OR 1=1 --"`],
    ['10,000 characters', `Bearer ${'a'.repeat(10_000)}`],
  ]
  for (const [what, authorization] of garbled) {
    test(`400, as for any required parameter: ${what}`, async () => {
      assertError(await logout({ headers: { authorization } }), 400, 'Bad Request')
    })
  }

  test('400: none, where the page marks the header as required', async () => {
    assertError(await logout(), 400, 'Bad Request')
  })

  test('400: sent twice, even where both are good', async () => {
    const bearer = await login()
    const headers = [['authorization', bearer] as const, ['authorization', bearer] as const]
    assertError(await logout({ headers }), 400, 'Bad Request')
    assert.equal((await list(bearer)).status, 200)
  })

  const badBasic: readonly (readonly [string, string])[] = [
    ['nothing behind Basic', 'Basic'],
    ['not base64', 'Basic %%%%'],
    ['base64 with a space', 'Basic bWFy aWE='],
    ['no colon', basic('maria')],
    ['not UTF-8', `Basic ${Buffer.from([0x6d, 0xff, 0x3a, 0x78]).toString('base64')}`],
    ['a NUL in the name', basic('maria\0:maria-demo')],
    ['a line break in the name', basic('maria\r\nX-Injected: 1:maria-demo')],
  ]
  for (const [what, authorization] of badBasic) {
    test(`400: ${what}`, async () => {
      const reply = await logout({ headers: { authorization } })
      assertError(reply, 400, 'Bad Request')
      assert.equal(reply.headers['x-injected'], undefined)
    })
  }

  const strangers: readonly (readonly [string, string])[] = [
    ['SQL', basic(`maria' OR '1'='1:maria-demo`)],
    ['SQL with a comment', basic('maria"; DROP TABLE subjects; --:x')],
    ['an empty name and password', basic(':')],
    ['an empty password', basic('maria:')],
    ['a password of 7,000 characters', basic(`maria:${'x'.repeat(5000)}`)],
    ['a name of emoji', basic('😀:😀')],
  ]
  for (const [what, authorization] of strangers) {
    test(`401: ${what}`, async () => {
      assertError(await logout({ headers: { authorization } }), 401, 'Unauthorized')
    })
  }

  test('schemes are read in any case', async () => {
    assert.equal((await list((await login()).replace('Bearer', 'bEARER'))).status, 200)
    assert.equal((await list(maria.replace('Basic', 'BASIC'))).status, 200)
  })
})

suite('DirectLink, tokens that are not its own', () => {
  test('401: alg none', async () => {
    const [, payload = ''] = (await login()).split('.')
    const head = Buffer.from('{"alg":"none","typ":"at+jwt"}').toString('base64url')
    for (const signature of ['', 'AAAA']) {
      const reply = await list(`Bearer ${head}.${payload}.${signature}`)
      assertError(reply, 401, 'Unauthorized')
    }
  })

  test('401: signed by another key, under the right key’s name', async () => {
    const { header, token } = parts(await login())
    const { privateKey } = await generateKeyPair('ES256')
    const forged = await new SignJWT(decodeJwt(token)).setProtectedHeader(header).sign(privateKey)
    assertError(await list(`Bearer ${forged}`), 401, 'Unauthorized')
  })

  test('401: HS256 with the public key as secret', async () => {
    const { header, token } = parts(await login())
    const secret = Buffer.from(
      JSON.stringify((await server.dependencies.keys.publicKeys()).keys[0]),
    )
    const forged = await new SignJWT(decodeJwt(token))
      .setProtectedHeader({ ...header, alg: 'HS256' })
      .sign(secret)
    assertError(await list(`Bearer ${forged}`), 401, 'Unauthorized')
  })

  test('401: a byte of the signature changed', async () => {
    const bearer = await login()
    const flipped = bearer.slice(0, -3) + (bearer.at(-3) === 'A' ? 'B' : 'A') + bearer.slice(-2)
    assertError(await list(flipped), 401, 'Unauthorized')
  })

  test('401: a token of another dialect, which stays alive', async () => {
    const fields = { phone_number: '919999900001', name: 'Sri' }
    await server.call('POST', '/api/v1/login', { body: { ...fields, action: 'send_otp' } })
    const tokens = await server.call('POST', '/api/v1/login', {
      body: { ...fields, action: 'submit_otp', otp: '12345' },
    })
    const authorization = `Bearer ${(tokens.json() as { access_token: string }).access_token}`
    assertError(await logout({ headers: { authorization } }), 401, 'Unauthorized')
    const user = await server.call('GET', '/api/v1/get_current_user', {
      headers: { authorization },
    })
    assert.equal(user.status, 200)
  })
})

suite('DirectLink, bodies and paths', () => {
  const path = `${base}/oauth2/token`

  test('413 in the shape of the token call: 2 megabytes', async () => {
    const reply = await server.call('POST', path, { body: Buffer.alloc(2_000_000, 97) })
    assert.equal(reply.status, 413)
    assert.match(reply.text, /^\{"error":413,"error_description":"Request Entity Too Large","err/)
  })

  test('413 on logout', async () => {
    const headers = { authorization: await login() }
    const reply = await logout({ headers, body: Buffer.alloc(100_000, 97) })
    assertError(reply, 413, 'Request Entity Too Large')
  })

  const bodies: readonly (readonly [string, CallOptions['body']])[] = [
    ['JSON instead of a form', { grant_type: 'password', username: 'maria', password: 'x' }],
    ['nothing', undefined],
    ['bytes that are no UTF-8', Buffer.from([0xff, 0xfe, 0x3d])],
    ['a user name sent twice', 'grant_type=password&username=maria&username=eva&password=x'],
    ['a NUL in the user name', 'grant_type=password&username=maria%00&password=maria-demo'],
    ['a user name of 3,000 letters', `grant_type=password&password=x&username=${'a'.repeat(3000)}`],
    ['arrays in the manner of PHP', 'grant_type=password&username[]=maria&password[]=maria-demo'],
  ]
  for (const [what, body] of bodies) {
    test(`400 from the token call: ${what}`, async () => {
      const reply = await server.call('POST', path, body === undefined ? {} : { body })
      assert.equal(reply.status, 400)
      assert.match(reply.text, /^\{"error":400,"error_description":"Bad Request","error_uri":/)
    })
  }

  test('credentials in the query of the token call are not read', async () => {
    const query = 'grant_type=password&username=maria&password=maria-demo'
    assert.equal((await server.call('POST', `${path}?${query}`)).status, 400)
  })

  const paths = [
    `${base}/auth/../auth/logout`,
    `${base}/auth//logout`,
    `${base}/auth/logout/`,
    `${base}/auth/logout;x=1`,
    `${base}/AUTH/LOGOUT`,
    `${base}/auth/logout%00`,
    '/directlink/',
    '/directlink',
    '/directlink/v2/auth/logout',
  ]
  for (const trick of paths) {
    test(`404 in the dialect’s form: ${trick}`, async () => {
      const reply = await rawRequest(server.url, [
        `POST ${trick} HTTP/1.1`,
        `Authorization: ${await login()}`,
      ])
      assert.equal(reply.status, 404)
      assert.match(reply.body, /^\{"status":404,"description":"Not Found","apiver":/)
    })
  }

  test('400 in the dialect’s form: a path that cannot be decoded', async () => {
    const reply = await rawRequest(server.url, [`POST ${base}/auth/%zz HTTP/1.1`])
    assert.equal(reply.status, 400)
    assert.match(reply.body, /^\{"status":400,"description":"Bad Request","apiver":/)
  })
})

suite('DirectLink, when something is wrong here', () => {
  test('seed: 500 is an internal failure; a logout that was not stored is not a success', async () => {
    await withServer({}, async (own) => {
      const bearer = await login(own)
      await own.store.close()
      const reply = await own.call('POST', logoutPath, { headers: { authorization: bearer } })
      assertError(reply, 500, 'Internal Server Error')
      assert.equal(reply.headers['outright-revocation'], undefined)
      const token = await own.call('POST', `${base}/oauth2/token`, {
        body: 'grant_type=password&username=maria&password=maria-demo',
      })
      assert.equal(token.status, 500)
      assert.match(token.text, /^\{"error":500,"error_description":"Internal server error","error/)
    })
  })

  test('429 after too many passwords for one name, with Retry-After', async () => {
    await withServer({ rateLimitFactor: 1 }, async (own) => {
      const attempt = (name: string, path: string) =>
        own.call('POST', path, { headers: { authorization: basic(`${name}:wrong`) } })
      for (let count = 0; count < 20; count++) {
        // Logout and login are one count: neither is the place where guessing is free.
        const path = count % 2 === 0 ? logoutPath : `${base}/auth/login`
        assert.equal((await attempt('maria', path)).status, 401)
      }
      const reply = await attempt('maria', logoutPath)
      assertError(reply, 429, 'Too Many Requests')
      assert.match(reply.headers['retry-after'] ?? '', /^[1-9]\d*$/)
      // Another name is counted for itself, until the address has had enough.
      const statuses: number[] = []
      for (let count = 0; count < 50; count++) {
        statuses.push((await attempt(`user-${count}`, logoutPath)).status)
      }
      assert.deepEqual([statuses[0], statuses.at(-1)], [401, 429])
    })
  })

  test('a bearer logout is not limited', async () => {
    await withServer({ rateLimitFactor: 1 }, async (own) => {
      const bearer = await login(own)
      const headers = { authorization: bearer }
      const wrong = { authorization: basic('maria:wrong') }
      for (let count = 0; count < 70; count++) {
        await own.call('POST', logoutPath, { headers: wrong })
      }
      assert.equal((await own.call('POST', logoutPath, { headers })).status, 200)
    })
  })
})

suite('DirectLink, options', () => {
  const withOptions = (
    options: NonNullable<NonNullable<NonNullable<ConfigFile['dialects']>['directlink']>['options']>,
    body: (own: TestServer) => Promise<void>,
  ) => withServer({ dialects: { directlink: { options } } }, body)

  test('basicLogout none: the same answer, nothing ended, no receipt', async () => {
    await withOptions({ basicLogout: 'none' }, async (own) => {
      const bearer = await login(own)
      const reply = await own.call('POST', logoutPath, { headers: { authorization: maria } })
      assert.equal(reply.status, 200)
      assert.match(reply.text, /"bearer":"","urllink":"","time":/)
      assert.equal(reply.headers['outright-revocation'], undefined)
      assert.equal((await list(bearer, own)).status, 200)
      const wrong = { authorization: basic('maria:wrong') }
      assert.equal((await own.call('POST', logoutPath, { headers: wrong })).status, 401)
    })
  })

  test('strictContentType: Content_type or Content-Type, as documented, or 400', async () => {
    await withOptions({ strictContentType: true }, async (own) => {
      const json = { 'content-type': 'application/json' }
      const headers = { ...json, authorization: maria }
      const granted = await own.call('POST', `${base}/auth/login`, { headers })
      const authorization = `Bearer ${(granted.json() as { bearer: string }).bearer}`
      const call = (extra: Record<string, string>) =>
        own.call('POST', logoutPath, { headers: { authorization, ...extra } })
      assertError(await call({}), 400, 'Bad Request')
      assertError(await call({ 'content-type': 'text/plain' }), 400, 'Bad Request')
      assert.equal((await call({ content_type: 'application/json; charset=utf-8' })).status, 200)
      const form = 'grant_type=password&username=maria&password=maria-demo'
      const token = (type: string) =>
        own.call('POST', `${base}/oauth2/token`, { headers: { 'content-type': type }, body: form })
      assert.equal((await token('application/json')).status, 400)
      assert.equal((await token('application/x-www-form-urlencoded')).status, 200)
    })
  })

  test('apiver, timeZone and accessLifetimeMs', async () => {
    const options = { apiver: 'v2', timeZone: 'America/Sao_Paulo', accessLifetimeMs: 60_000 }
    await withOptions(options, async (own) => {
      const reply = await own.call('POST', `${base}/oauth2/token`, {
        body: 'grant_type=password&username=maria&password=maria-demo',
      })
      const { access_token: bearer, expires_in: seconds } = reply.json() as Record<string, unknown>
      assert.equal(seconds, 60)
      const { text } = await list(`Bearer ${String(bearer)}`, own)
      assert.match(text, /"apiver":"v2",/)
      assert.match(text, /"time":"\S+ \S+ -0300 -03 m=\+\d+\.\d{9}"\}$/)
    })
  })

  test('a prefix is part of scope, audience and error_uri', async () => {
    await withServer({ dialects: { directlink: { prefix: '/files' } } }, async (own) => {
      const path = `/files${base}/oauth2/token`
      const body = 'grant_type=password&username=maria&password=maria-demo'
      const granted = (await own.call('POST', path, { body })).json() as Record<string, string>
      assert.equal(granted['scope'], 'http://127.0.0.1:8080/files/directlink/v1')
      const wrong = await own.call('POST', path)
      assert.equal(wrong.json().error_uri, 'http://127.0.0.1:8080/files/directlink/v1')
      const headers = { authorization: `Bearer ${granted['access_token']}` }
      assert.equal((await own.call('POST', `/files${logoutPath}`, { headers })).status, 200)
      assert.equal((await own.call('POST', logoutPath, { headers })).status, 404)
    })
  })

  test('what cannot be used is refused at the start', async () => {
    const refused = (options: object, message: RegExp) =>
      assert.rejects(
        startTestServer({ config: { dialects: { directlink: { options } } } }),
        message,
      )
    await refused({ timeZone: 'Mars/Olympus' }, /timeZone is "Mars\/Olympus"; allowed: /)
    await refused({ accessLifetimeMs: 0 }, /accessLifetimeMs is 0; allowed: /)
    await refused(
      { attemptsPerAccount: { points: 5 } },
      /attemptsPerAccount\.windowSeconds is missing; allowed: /,
    )
  })
})

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

function basic(credentials: string): string {
  return `Basic ${Buffer.from(credentials).toString('base64')}`
}

async function login(at: TestServer = server): Promise<string> {
  const headers = { authorization: maria }
  const reply = await at.call('POST', `${base}/auth/login`, { headers })
  return `Bearer ${(reply.json() as { bearer: string }).bearer}`
}

function logout(options: CallOptions = {}): Promise<Reply> {
  return server.call('POST', logoutPath, options)
}

function list(authorization: string, at: TestServer = server): Promise<Reply> {
  return at.call('GET', `${base}/download/list`, { headers: { authorization } })
}

function parts(bearer: string) {
  const token = bearer.slice('Bearer '.length)
  const header = JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString()) as {
    alg: string
  }
  return { header, token }
}

function assertError(reply: Reply, status: number, description: string): void {
  assert.equal(reply.status, status)
  assert.equal(reply.headers['content-type'], 'application/json')
  const { time, ...rest } = reply.json() as Record<string, unknown>
  assert.equal(typeof time, 'string')
  assert.deepEqual(Object.entries(rest), [
    ['status', status],
    ['description', description],
    ['apiver', 'v1 (3.6.0)'],
  ])
}
