/** `POST /oauth2/introspect`: RFC 7662 by the numbers of `docs/http.md`. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { Reply } from '../harness.ts'
import { basic, secretOf, useResourceServers } from './resource-world.ts'

interface Answer {
  readonly active: boolean
  readonly scope?: string
  readonly [member: string]: unknown
}

const inactive = '{"active":false}'

suite('token introspection', () => {
  const world = useResourceServers()
  const answerOf = async (token: string, id = 'orders'): Promise<Answer> => {
    const reply = await world.askAs(id, token)
    assert.equal(reply.status, 200, reply.text)
    return reply.json() as Answer
  }

  test('INT-01: a form with token; whatever the hint says, every kind is looked for', async () => {
    const token = await world.token()
    for (const hint of ['access_token', 'refresh_token', 'made_up']) {
      const reply = await world.ask({ token, token_type_hint: hint })
      assert.equal((reply.json() as { active: boolean }).active, true)
    }
    for (const body of ['', 'token=', 'token_type_hint=access_token', 'token=a&token=a']) {
      const reply = await world.ask(body)
      assert.equal(reply.status, 400, body)
      assert.equal(reply.json().error, 'invalid_request')
    }
    const get = await world.server.call('GET', `/oauth2/introspect?token=${token}`)
    assert.equal(get.status, 405)
    assert.equal(get.headers['allow'], 'POST')
  })

  test('INT-02: who asks says who it is, and proves it', async () => {
    const token = await world.token()
    const secret = secretOf('orders')
    const good = [
      await world.ask({ token }),
      await world.ask({ token, client_id: 'orders', client_secret: secret }, {}),
      await world.ask({ token, client_id: 'orders' }),
    ]
    for (const reply of good) assert.equal(reply.json().active, true)
    const bad = [
      await world.ask({ token }, {}),
      await world.ask({ token, client_id: 'orders' }, {}),
      await world.ask({ token, client_id: 'nobody', client_secret: secret }, {}),
      await world.ask({ token }, { authorization: `Bearer ${token}` }),
      await world.ask({ token }, { authorization: 'Bearer outright-demo-admin' }),
    ]
    for (const reply of bad) {
      assert.equal(reply.status, 401)
      assert.equal(reply.json().error, 'invalid_client')
      assert.ok(!reply.text.includes('active'))
    }
    for (const fields of [
      { token, client_id: 'billing' },
      { token, client_secret: secret },
    ]) {
      assert.equal((await world.ask(fields)).status, 400)
    }
  })

  test('INT-03: JSON with a boolean that says whether it is active', async () => {
    const reply = await world.askAs('orders', await world.token())
    assert.equal(reply.headers['content-type'], 'application/json')
    assert.equal(reply.json().active, true)
  })

  test('INT-04: what the token says: ours, and those of others by our names', async () => {
    const { access_token: token } = await world.login()
    const own = await answerOf(token)
    const { active, token_type, iss, sub, client_id, aud, scope } = own as Record<string, unknown>
    assert.deepEqual(
      { active, token_type, iss, sub, client_id, aud, scope },
      {
        active: true,
        token_type: 'Bearer',
        iss: world.server.url,
        sub: 'client:42',
        client_id: '42',
        // Only what concerns who asks.
        aud: ['demo-api'],
        scope: undefined,
      },
    )
    for (const name of ['exp', 'iat', 'nbf']) assert.equal(typeof own[name], 'number', name)
    for (const name of ['jti', 'sid']) assert.match(String(own[name]), /^[0-9a-f-]{36}$/, name)
    assert.equal('gen' in own, false)
    const other = await answerOf(
      await world.token({ jti: 'j', acr: '1', scope: 'read write', given_name: 'Maria' }),
    )
    const { exp, iat, ...named } = other
    assert.ok(Number(exp) > Number(iat))
    assert.deepEqual(named, {
      active: true,
      token_type: 'Bearer',
      iss: world.idp.url,
      sub: 'maria',
      client_id: 'web',
      sid: 's1',
      jti: 'j',
      acr: '1',
      aud: ['orders'],
      scope: 'read write',
    })
  })

  test('INT-05: unknown, expired, ended, early, not to be seen: not active, with 200', async () => {
    const seconds = Math.floor(Date.now() / 1000)
    const ended = await world.token()
    assert.equal((await world.revoke({ token: ended, client_id: 'web' })).status, 200)
    const { refresh_token: refreshToken } = await world.login()
    const replies = [
      await world.askAs('orders', 'unknown'),
      await world.askAs('orders', 'a.b.c'),
      await world.askAs('orders', 'x'.repeat(9000)),
      await world.askAs('orders', await world.token({ iat: 1, exp: 2 })),
      await world.askAs('orders', await world.token({ nbf: seconds + 200 })),
      await world.askAs('orders', await world.token({ typ: 'ID' })),
      await world.askAs('orders', ended),
      // Only its issuer accepts a refresh token.
      await world.askAs('orders', refreshToken),
      await world.askAs('billing', await world.token()),
      await world.askAs('billing', (await world.login()).access_token),
    ]
    for (const reply of replies) assert.equal(reply.status, 200)
  })

  test('INT-06: the answer that it is not active holds nothing else', async () => {
    for (const token of ['unknown', await world.token({ iat: 1, exp: 2 })]) {
      assert.equal((await world.askAs('orders', token)).text, inactive)
    }
    assert.equal((await world.askAs('billing', await world.token())).text, inactive)
  })

  test('INT-07: what this node cannot say is never active', async () => {
    // A key that cannot be looked up at the moment: it may be good.
    world.idp.answer = (_request, response) => {
      response.writeHead(500).end()
    }
    try {
      const claims = { aud: 'orders', sub: 'maria', typ: 'Bearer', azp: 'web' }
      const token = await world.idp.sign(claims, { typ: 'JWT', kid: 'new' })
      const reply = await world.askAs('orders', token)
      assert.equal(reply.status, 503)
      assert.equal(reply.headers['retry-after'], '1')
      assert.deepEqual(Object.keys(reply.json() as object), ['error', 'error_description'])
    } finally {
      world.idp.answer = undefined
    }
    assert.equal((await answerOf(await world.token())).active, true)
  })

  test('INT-08: a server with scopes is told of those alone', async () => {
    const token = await world.token({ scope: 'read write' })
    assert.equal((await answerOf(token, 'reader')).scope, 'read')
    assert.equal((await answerOf(token)).scope, 'read write')
    assert.equal('scope' in (await answerOf(await world.token({ scope: 'x' }), 'reader')), false)
  })

  test('INT-09: a wrong secret is 401 with a challenge', async () => {
    const token = await world.token()
    for (const reply of [
      await world.ask({ token }, basic('orders', 'wrong')),
      await world.ask({ token, client_id: 'orders', client_secret: 'wrong' }, {}),
      await world.ask({ token }, { authorization: 'Basic %' }),
    ]) {
      assert.equal(reply.status, 401)
      assert.equal(reply.json().error, 'invalid_client')
      assert.match(reply.headers['www-authenticate'] ?? '', /^Basic /)
    }
    // An OAuth client, as libraries ask; the secret of a resource server says no more.
    for (const [id, secret] of [
      ['42', 'octopus-demo-secret'],
      ['orders', 'wrong'],
    ] as const) {
      const reply = await world.ask({ token }, basic(id, secret))
      const description = 'These are not the credentials of a resource server'
      assert.deepEqual(reply.json(), { error: 'invalid_client', error_description: description })
    }
  })

  test('INT-10: discovery tells of it where the server is reached, so with https', async () => {
    const { tokenEndpointsMetadata } = await import('../../src/http/token-endpoints.ts')
    const { introspection_endpoint: endpoint } = tokenEndpointsMetadata(
      'https://a.example',
      'ES256',
    )
    assert.equal(endpoint, 'https://a.example/oauth2/introspect')
  })

  test('INT-11: nothing may be kept: no cache, no hint of one, no validator', async () => {
    const token = await world.token()
    for (const reply of [await world.askAs('orders', token), await world.askAs('orders', 'x')]) {
      assert.equal(reply.headers['cache-control'], 'no-store')
      for (const name of ['etag', 'last-modified', 'expires', 'age']) {
        assert.equal(reply.headers[name], undefined, name)
      }
    }
  })

  test('INT-12: the next answer after a logout is that it is not active, by every scope', async () => {
    const ends: readonly (readonly [string, object, object])[] = [
      ['token', { jti: 'last' }, { scope: 'token', key: 'last' }],
      ['session', { sid: 'last' }, { scope: 'session', key: 'last' }],
      ['subject', { sub: 'last' }, { scope: 'subject', key: 'last' }],
      ['client', { azp: 'last' }, { scope: 'client', key: 'last' }],
    ]
    for (const [scope, claims, end] of ends) {
      const token = await world.token(claims)
      assert.equal((await answerOf(token)).active, true, scope)
      const reply = await world.end({ issuer: 'keycloak', reason: 'logout', ...end })
      assert.equal(reply.status, 201, reply.text)
      assert.equal((await world.askAs('orders', token)).text, inactive, scope)
    }
    // And of our own, by its dialect's logout, while others ask all the time.
    const { access_token: token } = await world.login()
    let isOut = false
    const asking = (async () => {
      const late: Reply[] = []
      for (;;) {
        const isLate = isOut
        const reply = await world.askAs('orders', token)
        if (isLate) late.push(reply)
        if (late.length === 20) return late
      }
    })()
    const logout = await world.server.call('POST', '/auth/logout', {
      headers: { authorization: `Bearer ${token}` },
    })
    isOut = true
    assert.equal(logout.status, 200)
    assert.deepEqual(new Set((await asking).map(({ text }) => text)), new Set([inactive]))
  })

  test('wrong secrets are counted, and a client with the right one is not shut out', async () => {
    const token = await world.token()
    const wrong = basic('orders', 'wrong')
    let reply = await world.ask({ token }, wrong)
    for (let tries = 0; reply.status === 401 && tries < 3000; tries++) {
      reply = await world.ask({ token }, wrong)
    }
    assert.equal(reply.status, 429)
    assert.match(reply.headers['retry-after'] ?? '', /^\d+$/)
    assert.equal((await answerOf(token)).active, true)
  })
})
