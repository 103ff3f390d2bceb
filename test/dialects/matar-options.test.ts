/** Matar's options, and its parts by themselves. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { startTestServer, type Reply, type TestServer } from '../harness.ts'
import { flaskJson } from '../../src/http/dialects/matar/flask-json.ts'
import type { MatarOptions } from '../../src/http/dialects/matar/index.ts'
import { findOrSignUp, mintUserId } from '../../src/http/dialects/matar/sign-up.ts'

const sri = { phone_number: '919999900001', name: 'Sri' }
const day = 86_400_000

interface Tokens {
  readonly access_token: string
  readonly refresh_token: string
}

suite('Matar, scope token', () => {
  test('logout ends the access token that was sent and nothing else', async () => {
    await withOptions({ scope: 'token' }, async (own) => {
      const tokens = await login(own)
      assert.equal((await bearer(own, 'POST', 'logout', tokens.access_token)).status, 200)
      await assertRevoked(bearer(own, 'GET', 'get_current_user', tokens.access_token))
      await assertRevoked(bearer(own, 'POST', 'logout', tokens.access_token))
      const again = await bearer(own, 'POST', 'refresh', tokens.refresh_token)
      assert.equal(again.status, 200)
      const { access_token: second } = again.json() as Tokens
      assert.equal((await bearer(own, 'GET', 'get_current_user', second)).status, 200)
    })
  })
})

suite('Matar, refresh single-use', () => {
  test('a second use within the grace ends nothing', async () => {
    await withOptions({}, async (own) => {
      const tokens = await login(own)
      const { access_token: access } = await refreshed(own, tokens.refresh_token)
      own.advance(59_000)
      await assertRevoked(bearer(own, 'POST', 'refresh', tokens.refresh_token))
      assert.equal((await bearer(own, 'GET', 'get_current_user', access)).status, 200)
    })
  })

  test('a second use after the grace is theft and ends the session', async () => {
    await withOptions({}, async (own) => {
      const tokens = await login(own)
      const { access_token: access } = await refreshed(own, tokens.refresh_token)
      own.advance(61_000)
      await assertRevoked(bearer(own, 'POST', 'refresh', tokens.refresh_token))
      await assertRevoked(bearer(own, 'GET', 'get_current_user', access))
      await assertRevoked(bearer(own, 'GET', 'get_current_user', tokens.access_token))
    })
  })

  test('of many uses at once one succeeds', async () => {
    await withOptions({}, async (own) => {
      const { refresh_token: token } = await login(own)
      const replies = await Promise.all(
        Array.from({ length: 8 }, () => bearer(own, 'POST', 'refresh', token)),
      )
      const statuses = replies.map(({ status }) => status).sort((a, b) => a - b)
      assert.deepEqual(statuses, [200, 401, 401, 401, 401, 401, 401, 401])
    })
  })
})

suite('Matar, refresh rotate', () => {
  test('a new refresh token comes with the answer; a retry gets the same', async () => {
    await withOptions({ refresh: 'rotate' }, async (own) => {
      const first = await login(own)
      const reply = await bearer(own, 'POST', 'refresh', first.refresh_token)
      const second = reply.json() as Tokens
      assert.equal(
        reply.text,
        `{"access_token":"${second.access_token}","refresh_token":"${second.refresh_token}"}\n`,
      )
      assert.deepEqual(await refreshed(own, first.refresh_token), second)
      const third = await refreshed(own, second.refresh_token)
      assert.notEqual(third.refresh_token, second.refresh_token)
    })
  })

  test('reuse after the grace ends the session', async () => {
    await withOptions({ refresh: 'rotate' }, async (own) => {
      const first = await login(own)
      const second = await refreshed(own, first.refresh_token)
      own.advance(61_000)
      await assertRevoked(bearer(own, 'POST', 'refresh', first.refresh_token))
      await assertRevoked(bearer(own, 'POST', 'refresh', second.refresh_token))
    })
  })

  test('sessionLifetimeMs ends a login however often it is refreshed', async () => {
    const options = { refresh: 'rotate', refreshLifetimeMs: 2 * day, sessionLifetimeMs: 5 * day }
    await withOptions(options as Partial<MatarOptions>, async (own) => {
      let { refresh_token: token } = await login(own)
      for (let count = 0; count < 4; count++) {
        own.advance(day)
        token = (await refreshed(own, token)).refresh_token
      }
      own.advance(day + 1000)
      const reply = await bearer(own, 'POST', 'refresh', token)
      assert.match(reply.text, /"error":"token_expired"/)
    })
  })
})

suite('Matar, refresh reusable', () => {
  test('every use gives another access token, for its whole life', async () => {
    await withOptions({ refresh: 'reusable' }, async (own) => {
      const { refresh_token: token } = await login(own)
      const seen = new Set<string>()
      for (let count = 0; count < 5; count++) {
        const reply = await bearer(own, 'POST', 'refresh', token)
        const { access_token: access } = reply.json() as Tokens
        assert.equal(reply.text, `{"access_token":"${access}"}\n`)
        assert.equal((await bearer(own, 'GET', 'get_current_user', access)).status, 200)
        seen.add(access)
        own.advance(11 * day)
      }
      assert.equal(seen.size, 5)
      own.advance(6 * day)
      const reply = await bearer(own, 'POST', 'refresh', token)
      assert.match(reply.text, /"error":"token_expired"/)
    })
  })

  test('after a logout it is revoked, used before or not, and stays so', async () => {
    await withOptions({ refresh: 'reusable' }, async (own) => {
      const [used, unused] = [await login(own), await login(own)]
      await refreshed(own, used.refresh_token)
      for (const { access_token: token } of [used, unused]) {
        assert.equal((await bearer(own, 'POST', 'logout', token)).status, 200)
      }
      // Longer than replicas remember the revocation of a session of 10-day tokens.
      for (const wait of [0, 11 * day]) {
        own.advance(wait)
        await assertRevoked(bearer(own, 'POST', 'refresh', used.refresh_token))
        await assertRevoked(bearer(own, 'POST', 'refresh', unused.refresh_token))
      }
    })
  })
})

suite('Matar, requireFresh', () => {
  const notFresh = '{"description":"The token is not fresh.","error":"fresh_token_required"}\n'

  test('a token from a refresh gets fresh_token_required, one from a login is good', async () => {
    await withOptions({ requireFresh: ['get_current_user'] }, async (own) => {
      const tokens = await login(own)
      const { access_token: stale } = await refreshed(own, tokens.refresh_token)
      const reply = await bearer(own, 'GET', 'get_current_user', stale)
      assert.deepEqual([reply.status, reply.text], [401, notFresh])
      const user = await bearer(own, 'GET', 'get_current_user', tokens.access_token)
      assert.equal(user.status, 200)
      assert.equal((await bearer(own, 'POST', 'logout', stale)).status, 200)
      // Freshness is judged before revocation.
      const revoked = await bearer(own, 'GET', 'get_current_user', stale)
      assert.equal(revoked.text, notFresh)
      await assertRevoked(bearer(own, 'GET', 'get_current_user', tokens.access_token))
    })
  })
})

suite('Matar, other options', () => {
  test('signUp false: an unknown phone is sent an OTP and cannot log in', async () => {
    await withOptions({ signUp: false }, async (own) => {
      const who = { phone_number: '919999900500', name: 'X' }
      const sent = await own.call('POST', '/api/v1/login', { body: { ...who, action: 'send_otp' } })
      assert.equal(sent.text, '{"message":"sent otp"}\n')
      const otp = own.otps.at(-1)?.code
      const body = { ...who, action: 'submit_otp', otp }
      const reply = await own.call('POST', '/api/v1/login', { body })
      assert.deepEqual([reply.status, reply.text], [400, '{"message":"Invalid OTP"}\n'])
      assert.equal((await login(own)).refresh_token.length, 65)
    })
  })

  test('otpDigits, otpLifetimeMs and language', async () => {
    await withOptions({ otpDigits: 8, otpLifetimeMs: 2000, language: 'kn-IN' }, async (own) => {
      const who = { phone_number: '919999900501', name: 'X' }
      const call = (fields: object) =>
        own.call('POST', '/api/v1/login', { body: { ...who, ...fields } })
      await call({ action: 'send_otp' })
      assert.match(own.otps.at(-1)?.code ?? '', /^\d{8}$/)
      own.advance(2001)
      const late = await call({ action: 'submit_otp', otp: own.otps.at(-1)?.code })
      assert.match(late.text, /"is_expired_otp":true/)
      await call({ action: 'send_otp' })
      const reply = await call({ action: 'submit_otp', otp: own.otps.at(-1)?.code })
      const { access_token: token } = reply.json() as Tokens
      const user = await bearer(own, 'GET', 'get_current_user', token)
      assert.match(user.text, /"language":"kn-IN"/)
    })
  })

  test('a prefix moves every call', async () => {
    const own = await startTestServer({ config: { dialects: { matar: { prefix: '/matar' } } } })
    try {
      const unknown = await own.call('GET', '/matar/api/v1/nothing')
      assert.equal(unknown.text, '{"message":"Not Found"}\n')
      assert.equal((await own.call('GET', '/api/v1/get_current_user')).status, 404)
      const reply = await own.call('GET', '/matar/api/v1/get_current_user')
      assert.match(reply.text, /authorization_required/)
    } finally {
      await own.close()
    }
  })

  test('what cannot be used is refused at the start', async () => {
    const refused = (options: object, message: RegExp) =>
      assert.rejects(startTestServer({ config: { dialects: { matar: { options } } } }), message)
    await refused({ otpDigits: 3 }, /otpDigits is 3; allowed: a whole number from 4 to 10/)
    await refused({ accessLifetimeMs: Number.NaN }, /accessLifetimeMs is NaN; allowed: /)
    await refused(
      { sentPerPhone: { points: 0, windowSeconds: 1 } },
      /sentPerPhone\.points is 0; allowed: /,
    )
  })
})

suite('Matar, user ids', () => {
  test('six capital letters and digits, from any bytes', () => {
    fc.assert(
      fc.property(fc.infiniteStream(fc.integer({ min: 0, max: 255 })), (bytes) => {
        const random = { bytes: (length: number) => Uint8Array.from(bytes.take(length)) }
        assert.match(mintUserId(random), /^[A-Z0-9]{6}$/)
      }),
    )
  })

  test('a taken id is not given twice, and ten in a row are an error', async () => {
    const own = await startTestServer()
    try {
      const always = { bytes: (length: number) => new Uint8Array(length) }
      const person = { name: 'X', language: 'hi-IN', nowMs: 0 }
      const first = await findOrSignUp(own.core.subjects, always, {
        ...person,
        phone: '919999900600',
      })
      assert.equal(first.id, 'AAAAAA')
      let calls = 0
      const moving = { bytes: (length: number) => new Uint8Array(length).fill(calls++) }
      const second = await findOrSignUp(own.core.subjects, moving, {
        ...person,
        phone: '919999900601',
      })
      assert.equal(second.id, 'BBBBBB')
      await assert.rejects(
        findOrSignUp(own.core.subjects, always, { ...person, phone: '919999900602' }),
        {
          message: 'internal',
        },
      )
    } finally {
      await own.close()
    }
  })

  test('a phone that signs up many times at once is one user', async () => {
    const own = await startTestServer()
    try {
      const { random } = own.dependencies
      const person = { phone: '919999900603', name: 'X', language: 'hi-IN', nowMs: 0 }
      const users = await Promise.all(
        Array.from({ length: 8 }, () => findOrSignUp(own.core.subjects, random, person)),
      )
      assert.equal(new Set(users.map(({ id }) => id)).size, 1)
    } finally {
      await own.close()
    }
  })
})

suite('flaskJson', () => {
  test('sorts keys at every depth, escapes what is not ASCII, ends in a newline', () => {
    const value = { b: [{ z: 1, a: 'é' }], _id: '\u007f', a: '😀' }
    assert.equal(
      flaskJson(value),
      String.raw`{"_id":"\u007f","a":"\ud83d\ude00","b":[{"a":"\u00e9","z":1}]}` + '\n',
    )
  })

  test('reads back as what it was', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const printed = flaskJson(value)
        assert.match(printed, /^[ -~]+\n$/)
        assert.deepEqual(JSON.parse(printed), JSON.parse(JSON.stringify(value)))
      }),
    )
  })
})

async function withOptions(
  options: Partial<MatarOptions>,
  body: (own: TestServer) => Promise<void>,
): Promise<void> {
  const config = { dialects: { matar: { options } } }
  const own = await startTestServer({ config, frozenClocks: true })
  try {
    await body(own)
  } finally {
    await own.close()
  }
}

async function login(own: TestServer): Promise<Tokens> {
  await own.call('POST', '/api/v1/login', { body: { ...sri, action: 'send_otp' } })
  const otp = own.otps.at(-1)?.code
  const reply = await own.call('POST', '/api/v1/login', {
    body: { ...sri, action: 'submit_otp', otp },
  })
  assert.equal(reply.status, 200)
  return reply.json() as Tokens
}

function bearer(own: TestServer, method: string, call: string, token: string): Promise<Reply> {
  const headers = { authorization: `Bearer ${token}` }
  return own.call(method, `/api/v1/${call}`, { headers })
}

async function refreshed(own: TestServer, token: string): Promise<Tokens> {
  const reply = await bearer(own, 'POST', 'refresh', token)
  assert.equal(reply.status, 200)
  return reply.json() as Tokens
}

async function assertRevoked(pending: Promise<Reply>): Promise<void> {
  const reply = await pending
  assert.equal(
    reply.text,
    '{"description":"The token has been revoked.","error":"token_revoked"}\n',
  )
  assert.equal(reply.status, 401)
}
