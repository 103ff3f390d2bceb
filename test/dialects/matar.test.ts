/** Matar against its documentation: one test per statement, named after it. */
import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { decodeJwt } from 'jose'
import { startTestServer, type Reply, type TestServer } from '../harness.ts'
import { rawRequest } from './raw-request.ts'

const sri = { phone_number: '919999900001', name: 'Sri' }
const revoked = '{"description":"The token has been revoked.","error":"token_revoked"}\n'
const invalid = '{"description":"Signature verification failed.","error":"invalid_token"}\n'
const missing =
  '{"description":"Request does not contain an access token.","error":"authorization_required"}\n'
const expired = '{"description":"The token has expired.","error":"token_expired"}\n'

interface Tokens {
  readonly access_token: string
  readonly refresh_token: string
}

let server: TestServer
before(async () => {
  server = await startTestServer()
})
after(() => server.close())

suite('Matar, logout (the seed)', () => {
  test('seed: POST /api/v1/logout with Bearer answers 200', async () => {
    const { access_token: token } = await login()
    assert.equal((await logout(token)).status, 200)
  })

  test('seed: 200 body is {"message":"Successfully logged out"}', async () => {
    const { access_token: token } = await login()
    assertReply(await logout(token), 200, '{"message":"Successfully logged out"}\n')
  })

  test('seed: when a token is already revoked, 401 token_revoked', async () => {
    const { access_token: token } = await login()
    await logout(token)
    assertReply(await logout(token), 401, revoked)
  })

  test('seed: a revoked token is refused at protected resources', async () => {
    const { access_token: token } = await login()
    await logout(token)
    assertReply(await currentUser(token), 401, revoked)
  })

  test('seed: what curl sends: --request POST with the header and nothing else', async () => {
    const { access_token: token } = await login()
    const lines = [
      'POST /api/v1/logout HTTP/1.1',
      'User-Agent: curl/8.5.0',
      'Accept: */*',
      `Authorization: Bearer ${token}`,
    ]
    const first = await rawRequest(server.url, lines)
    assert.deepEqual([first.status, first.body], [200, '{"message":"Successfully logged out"}\n'])
    const second = await rawRequest(server.url, lines)
    assert.deepEqual([second.status, second.body], [401, revoked])
  })

  test('seed: the sample’s token is not one of ours: 401 invalid_token', async () => {
    const sample =
      'eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJodHRwczovL2V4YW1wbGUuYXV0aDAuY29tLyIsImF1ZCI6Imh0dHBzOi8vYXBpLmV4YW1wbGUuY29tL2NhbGFuZGFyL3YxLyIsInN1YiI6InVzcl8xMjMiLCJpYXQiOjE0NTg3ODU3OTYsImV4cCI6MTQ1ODg3MjE5Nn0.CA7eaHjIHz5NxeIJoFK9krqaeZrPLwmMmgI_XiQiIkQ'
    assertReply(await logout(sample), 401, invalid)
  })

  test('what curl sends with a content type and no body', async () => {
    const { access_token: token } = await login()
    const reply = await rawRequest(server.url, [
      'POST /api/v1/logout HTTP/1.1',
      `Authorization: Bearer ${token}`,
      'Content-Type: application/json',
    ])
    assert.equal(reply.status, 200)
  })

  test('it ends the refresh token too, and every access token of the login', async () => {
    const tokens = await login()
    const again = (await refresh(tokens.refresh_token)).json() as Tokens
    const spare = await login()
    await logout(again.access_token)
    assertReply(await currentUser(tokens.access_token), 401, revoked)
    assertReply(await currentUser(again.access_token), 401, revoked)
    await logout(spare.access_token)
    assertReply(await refresh(spare.refresh_token), 401, revoked)
  })

  test('other logins of the same user go on', async () => {
    const [one, other] = [await login(), await login()]
    await logout(one.access_token)
    assert.equal((await currentUser(other.access_token)).status, 200)
    assert.equal((await refresh(other.refresh_token)).status, 200)
  })

  test('the answer carries a receipt, a second one the same, another refusal none', async () => {
    const { access_token: token } = await login()
    assert.equal((await logout(`${token}x`)).headers['outright-revocation'], undefined)
    const done = await logout(token)
    assert.match(done.headers['outright-revocation'] ?? '', /^[\da-f-]{36}$/)
    assert.match(done.headers['outright-confirmed'] ?? '', /^(\d+)\/\1;lapsed=0;ms=\d+$/)
    const { 'outright-revocation': id = '' } = (await logout(token)).headers
    assert.equal(id, done.headers['outright-revocation'])
    assert.equal((await currentUser(token)).headers['outright-revocation'], undefined)
  })

  test('Prefer: respond-async is applied', async () => {
    const { access_token: token } = await login()
    const headers = { authorization: `Bearer ${token}`, prefer: 'respond-async' }
    const reply = await server.call('POST', '/api/v1/logout', { headers })
    assert.equal(reply.status, 200)
    assert.equal(reply.headers['preference-applied'], 'respond-async')
  })
})

suite('Matar, login', () => {
  test('send_otp answers 200 {"message":"sent otp"}', async () => {
    assertReply(await send(sri), 200, '{"message":"sent otp"}\n')
  })

  test('submit_otp answers 200 with an access and a refresh token, in this order', async () => {
    await send(sri)
    const reply = await submit(sri, '12345')
    const { access_token: access, refresh_token: refreshToken } = reply.json() as Tokens
    assertReply(reply, 200, `{"access_token":"${access}","refresh_token":"${refreshToken}"}\n`)
  })

  test('the access token is fresh, of type access, for a six-character user, for 10 days', async () => {
    const claims = decodeJwt((await login()).access_token)
    assert.equal(claims['fresh'], true)
    assert.equal(claims['type'], 'access')
    assert.match(claims.sub ?? '', /^[A-Z0-9]{6}$/)
    assert.equal(Number(claims.exp) - Number(claims.iat), 864_000)
    assert.equal(claims.nbf, claims.iat)
  })

  test('a wrong OTP answers 400 {"message":"Invalid OTP"}', async () => {
    await send(sri)
    assertReply(await submit(sri, '54321'), 400, '{"message":"Invalid OTP"}\n')
  })

  test('an OTP is good once', async () => {
    await send(sri)
    assert.equal((await submit(sri, '12345')).status, 200)
    assertReply(await submit(sri, '12345'), 400, '{"message":"Invalid OTP"}\n')
  })

  test('an expired OTP answers 400 with is_expired_otp', async () => {
    const own = await startTestServer()
    try {
      await send(sri, own)
      own.advance(300_001)
      assertReply(
        await submit(sri, '12345', own),
        400,
        '{"is_expired_otp":true,"message":"expired otp please try again"}\n',
      )
    } finally {
      await own.close()
    }
  })

  test('an OTP is void after five wrong ones', async () => {
    await send(sri)
    for (let count = 0; count < 5; count++) await submit(sri, '00000')
    assertReply(await submit(sri, '12345'), 400, '{"message":"Invalid OTP"}\n')
  })

  test('other phones get five random digits', async () => {
    const phone = '919999900777'
    const codes = new Set<string>()
    for (let count = 0; count < 4; count++) {
      await send({ phone_number: phone, name: 'Anu' })
      const otp = server.otps.at(-1)
      assert.equal(otp?.to, phone)
      assert.match(otp?.code ?? '', /^\d{5}$/)
      codes.add(otp?.code ?? '')
    }
    assert.ok(codes.size > 1)
  })

  for (const field of ['phone_number', 'name', 'action', 'otp']) {
    test(`without ${field}: 400 with a message`, async () => {
      const body = { ...sri, action: 'submit_otp', otp: '12345', [field]: undefined }
      const reply = await server.call('POST', '/api/v1/login', { body })
      assertReply(reply, 400, `{"message":"${field} is required"}\n`)
    })

    test(`${field} of another type: 400 with a message`, async () => {
      for (const value of [12345, true, ['x'], { $ne: null }]) {
        const body = { ...sri, action: 'submit_otp', otp: '12345', [field]: value }
        const reply = await server.call('POST', '/api/v1/login', { body })
        assertReply(reply, 400, `{"message":"${field} is not valid"}\n`)
      }
    })
  }
})

suite('Matar, sign-up', () => {
  test('a new phone becomes a user with a six-character id', async () => {
    const anu = { phone_number: '919999900100', name: 'अनु' }
    const tokens = await login(anu)
    const reply = await currentUser(tokens.access_token)
    const { _id: id } = reply.json() as { _id: string }
    assert.match(id, /^[A-Z0-9]{6}$/)
    // Flask escapes what is not ASCII.
    assertReply(
      reply,
      200,
      String.raw`{"_id":"${id}","image_url":null,"language":"hi-IN","name":"\u0905\u0928\u0941","phone_number":"919999900100","roles":{"default":[]}}` +
        '\n',
    )
  })

  test('the same phone is the same user the next time, under the name it signed up with', async () => {
    const first = await currentUser(
      (await login({ phone_number: '919999900101', name: 'Ravi' })).access_token,
    )
    const second = await currentUser(
      (await login({ phone_number: '919999900101', name: 'Somebody' })).access_token,
    )
    assert.equal(second.text, first.text)
  })

  test('a wrong OTP creates no person', async () => {
    const phone = '919999900102'
    await send({ phone_number: phone, name: 'X' })
    const wrong = server.otps.at(-1)?.code === '00000' ? '11111' : '00000'
    await submit({ phone_number: phone, name: 'X' }, wrong)
    assert.equal(await server.store.findSubject({ by: 'phone', value: phone }), undefined)
  })

  test('known and unknown phones are answered alike', async () => {
    const known = [await send(sri), await submit(sri, '00000')]
    const stranger = { phone_number: '919999900103', name: 'Sri' }
    const unknown = [await send(stranger), await submit(stranger, 'xxxxx')]
    const visible = (reply: Reply) => [reply.status, reply.text, Object.keys(reply.headers)]
    assert.deepEqual(unknown.map(visible), known.map(visible))
  })
})

suite('Matar, the current user', () => {
  test('200 body has six keys in alphabetical order', async () => {
    assertReply(
      await currentUser((await login()).access_token),
      200,
      '{"_id":"39501T","image_url":null,"language":"hi-IN","name":"Sri","phone_number":"919999900001","roles":{"default":[]}}\n',
    )
  })
})

suite('Matar, refresh', () => {
  test('200 body is an access token and no refresh token', async () => {
    const reply = await refresh((await login()).refresh_token)
    const { access_token: token } = reply.json() as Tokens
    assertReply(reply, 200, `{"access_token":"${token}"}\n`)
    assert.equal((await currentUser(token)).status, 200)
  })

  test('its access token is not fresh, of the same login, for 10 days', async () => {
    const tokens = await login()
    const reply = await refresh(tokens.refresh_token)
    const claims = decodeJwt((reply.json() as Tokens).access_token)
    assert.equal(claims['fresh'], false)
    assert.equal(claims['type'], 'access')
    assert.equal(claims['sid'], decodeJwt(tokens.access_token)['sid'])
    assert.equal(Number(claims.exp) - Number(claims.iat), 864_000)
  })

  test('a second use answers 401 token_revoked', async () => {
    const { refresh_token: token } = await login()
    await refresh(token)
    assertReply(await refresh(token), 401, revoked)
  })
})

suite('Matar, the bodies of 401', () => {
  const calls = [
    ['POST', '/api/v1/logout'],
    ['GET', '/api/v1/get_current_user'],
    ['POST', '/api/v1/refresh'],
  ] as const
  for (const [method, path] of calls) {
    test(`${method} ${path} without a header: authorization_required`, async () => {
      assertReply(await server.call(method, path), 401, missing)
    })

    test(`${method} ${path} with a broken token: invalid_token`, async () => {
      const headers = { authorization: 'Bearer not-a-token' }
      assertReply(await server.call(method, path, { headers }), 401, invalid)
    })
  }

  test('an expired access token: token_expired, on every call', async () => {
    await withOwn(async (own) => {
      const { access_token: token } = await login(sri, own)
      own.advance(863_990_000)
      assert.equal((await currentUser(token, own)).status, 200)
      own.advance(11_000)
      assertReply(await logout(token, own), 401, expired)
      assertReply(await currentUser(token, own), 401, expired)
      assertReply(await refresh(token, own), 401, expired)
    })
  })

  test('an expired refresh token: token_expired', async () => {
    await withOwn(async (own) => {
      const { refresh_token: token } = await login(sri, own)
      own.advance(60 * 86_400_000 + 1000)
      assertReply(await refresh(token, own), 401, expired)
    })
  })

  test('a refresh token where an access token belongs: invalid_token, even when revoked', async () => {
    const tokens = await login()
    assertReply(await logout(tokens.refresh_token), 401, invalid)
    assertReply(await currentUser(tokens.refresh_token), 401, invalid)
    await logout(tokens.access_token)
    assertReply(await logout(tokens.refresh_token), 401, invalid)
  })

  test('an access token where a refresh token belongs: invalid_token, even when revoked', async () => {
    const { access_token: token } = await login()
    assertReply(await refresh(token), 401, invalid)
    await logout(token)
    assertReply(await refresh(token), 401, invalid)
  })

  test('expired and revoked: token_expired, as time is judged first', async () => {
    await withOwn(async (own) => {
      const tokens = await login(sri, own)
      await logout(tokens.access_token, own)
      own.advance(60 * 86_400_000 + 1000)
      assertReply(await logout(tokens.access_token, own), 401, expired)
      assertReply(await refresh(tokens.refresh_token, own), 401, expired)
    })
  })
})

function send(who: typeof sri, at: TestServer = server): Promise<Reply> {
  return at.call('POST', '/api/v1/login', { body: { ...who, action: 'send_otp' } })
}

function submit(who: typeof sri, otp: string, at: TestServer = server): Promise<Reply> {
  return at.call('POST', '/api/v1/login', { body: { ...who, action: 'submit_otp', otp } })
}

async function login(who: typeof sri = sri, at: TestServer = server): Promise<Tokens> {
  await send(who, at)
  const reply = await submit(who, at.otps.at(-1)?.code ?? '', at)
  assert.equal(reply.status, 200)
  return reply.json() as Tokens
}

function logout(token: string, at: TestServer = server): Promise<Reply> {
  return at.call('POST', '/api/v1/logout', { headers: { authorization: `Bearer ${token}` } })
}

function currentUser(token: string, at: TestServer = server): Promise<Reply> {
  const headers = { authorization: `Bearer ${token}` }
  return at.call('GET', '/api/v1/get_current_user', { headers })
}

function refresh(token: string, at: TestServer = server): Promise<Reply> {
  return at.call('POST', '/api/v1/refresh', { headers: { authorization: `Bearer ${token}` } })
}

async function withOwn(body: (own: TestServer) => Promise<void>): Promise<void> {
  const own = await startTestServer({ frozenClocks: true })
  try {
    await body(own)
  } finally {
    await own.close()
  }
}

/** Body byte for byte. */
function assertReply(reply: Reply, status: number, body: string): void {
  assert.equal(reply.text, body)
  assert.equal(reply.status, status)
  assert.equal(reply.headers['content-type'], 'application/json')
}
