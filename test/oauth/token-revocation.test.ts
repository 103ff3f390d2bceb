/** `POST /oauth2/revoke`: RFC 7009 by the numbers of `docs/http.md`. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { Refusal } from '../../src/domain/failure.ts'
import { tokenEndpointsMetadata } from '../../src/http/token-endpoints.ts'
import type { Reply } from '../harness.ts'
import { basic, useResourceServers } from './resource-world.ts'

/** The client to which `login` issues tokens. */
const owner = basic('42', 'octopus-demo-secret')

suite('token revocation', () => {
  const world = useResourceServers()
  const refresh = (token: string): Promise<Reply> =>
    world.server.call('POST', '/auth/refresh', { body: { refresh_token: token } })

  test('REV-01: a form with token, sent by POST', async () => {
    const token = await world.token()
    assert.equal(await world.verdict(token), 'ok')
    const reply = await world.revoke({ token, client_id: 'web' })
    assert.equal(reply.status, 200)
    assert.equal(await world.verdict(token), 'revoked')
  })

  test('REV-02: no token, or a parameter that comes twice: 400', async () => {
    for (const [body, why] of [
      ['', 'A parameter is missing: token'],
      ['client_id=web', 'A parameter is missing: token'],
      ['token=', 'A parameter is not valid: token must not be empty'],
      ['token=a&token=a', 'A parameter is not valid: token is sent more than once'],
      ['token=a&client_id=b&client_id=b', undefined],
    ] as const) {
      const reply = await world.revoke(body)
      assert.equal(reply.status, 400, body)
      assert.equal(reply.json().error, 'invalid_request')
      if (why !== undefined) assert.equal(reply.json().error_description, why)
    }
  })

  test('REV-03: a refresh token ends', async () => {
    const { refresh_token: token } = await world.login()
    const reply = await world.revoke({ token }, owner)
    assert.equal(reply.status, 200, reply.text)
    assert.match(reply.headers['outright-confirmed'] ?? '', /^2\/2;/)
    assert.equal((await refresh(token)).status, 401)
  })

  test('REV-04: an access token ends, of this server and of another issuer, and no other', async () => {
    const { access_token: own, refresh_token: kept } = await world.login()
    const [other, sibling] = [await world.token(), await world.token()]
    assert.equal((await world.revoke({ token: own }, owner)).status, 200)
    assert.equal((await world.revoke({ token: other, client_id: 'web' })).status, 200)
    assert.equal(await world.verdict(own), 'revoked')
    assert.equal(await world.verdict(other), 'revoked')
    assert.equal(await world.verdict(sibling), 'ok')
    assert.equal((await refresh(kept)).status, 200)
  })

  test('REV-05: a hint that is wrong hides nothing', async () => {
    const { refresh_token: token } = await world.login()
    assert.equal(
      (await world.revoke({ token, token_type_hint: 'access_token' }, owner)).status,
      200,
    )
    assert.equal((await refresh(token)).status, 401)
    const access = await world.token()
    const fields = { token: access, token_type_hint: 'refresh_token', client_id: 'web' }
    assert.equal((await world.revoke(fields)).status, 200)
    assert.equal(await world.verdict(access), 'revoked')
  })

  test('REV-06: a hint that is not known changes nothing', async () => {
    const token = await world.token()
    const fields = { token, token_type_hint: 'made_up', client_id: 'web' }
    assert.equal((await world.revoke(fields)).status, 200)
    assert.equal(await world.verdict(token), 'revoked')
    assert.equal((await world.revoke({ token: 'x', token_type_hint: 'made_up' })).status, 200)
  })

  test('REV-07: a client with a secret proves it, before anything else is looked at', async () => {
    const { access_token: token } = await world.login()
    for (const sent of [token, 'unknown', '']) {
      for (const reply of [
        await world.revoke({ token: sent }, basic('42', 'wrong')),
        await world.revoke({ token: sent, client_id: '42', client_secret: 'wrong' }),
        await world.revoke({ token: sent, client_id: '42' }),
        await world.revoke({ token: sent, client_id: 'nobody', client_secret: 'wrong' }),
        await world.revoke({ token: sent }, { authorization: `Bearer ${token}` }),
      ]) {
        assert.equal(reply.status, 401)
        assert.equal(reply.json().error, 'invalid_client')
        assert.match(reply.headers['www-authenticate'] ?? '', /^Basic /)
      }
    }
    assert.equal(await world.verdict(token), 'ok')
    const post = { token, client_id: '42', client_secret: 'octopus-demo-secret' }
    assert.equal((await world.revoke(post)).status, 200)
    assert.equal(await world.verdict(token), 'revoked')
  })

  test('REV-07: a secret that was changed is wrong at once, and a client that is disabled', async () => {
    const { access_token: token } = await world.login()
    const { core } = world.server
    assert.equal((await world.revoke({ token: 'x' }, owner)).status, 200)
    await core.clients.update('42', { secretHash: await core.hashSecret('another') })
    assert.equal((await world.revoke({ token }, owner)).status, 401)
    assert.equal((await world.revoke({ token: 'x' }, basic('42', 'another'))).status, 200)
    await core.clients.update('42', { status: 'disabled' })
    assert.equal((await world.revoke({ token }, basic('42', 'another'))).status, 401)
    const secretHash = await core.hashSecret('octopus-demo-secret')
    await core.clients.update('42', { status: 'active', secretHash })
    assert.equal(await world.verdict(token), 'ok')
  })

  test('REV-08: a public client names itself', async () => {
    const login = await world.server.call('POST', '/directlink/v1/auth/login', {
      headers: basic('maria', 'maria-demo'),
    })
    const token = login.json().bearer as string
    assert.equal((await world.revoke({ token, client_id: 'web' })).status, 400)
    assert.equal((await world.revoke({ token, client_id: 'directlink' })).status, 200)
    assert.equal(await world.verdict(token), 'revoked')
  })

  test('REV-09: a token of another client is refused, and stays good', async () => {
    const foreign = await world.token()
    const { access_token: own, refresh_token: refreshToken } = await world.login()
    for (const reply of [
      await world.revoke({ token: foreign, client_id: 'other' }),
      await world.revoke({ token: foreign }),
      await world.revoke({ token: foreign }, owner),
      await world.revoke({ token: own, client_id: 'web' }),
      await world.revoke({ token: refreshToken, client_id: 'web' }),
      await world.revoke({ token: refreshToken }),
    ]) {
      assert.equal(reply.status, 400)
      assert.equal(reply.json().error, 'invalid_grant')
    }
    assert.equal(await world.verdict(foreign), 'ok')
    assert.equal(await world.verdict(own), 'ok')
    assert.equal((await refresh(refreshToken)).status, 200)
  })

  test('REV-10: unknown, expired, malformed, ended: 200', async () => {
    const expired = await world.token({ iat: 1, exp: 2 })
    const unknown = 'A'.repeat(65)
    for (const token of ['not a token', 'Bearer', 'a.b.c', expired, unknown, 'x'.repeat(9000)]) {
      const reply = await world.revoke({ token, client_id: 'web' })
      assert.deepEqual([reply.status, reply.text], [200, ''])
    }
  })

  test('REV-10: a token with its scheme or white space is the token within', async () => {
    for (const around of ['Bearer {}', 'DPoP {}', ' {}\n']) {
      const { access_token: access, refresh_token: token } = await world.login()
      const reply = await world.revoke({ token: around.replace('{}', token) }, owner)
      assert.match(reply.headers['outright-confirmed'] ?? '', /^2\/2;/)
      assert.equal(await world.verdict(access), 'revoked')
    }
  })

  test('REV-11: the answer has no body', async () => {
    const reply = await world.revoke({ token: await world.token(), client_id: 'web' })
    assert.equal(reply.text, '')
    assert.equal(reply.headers['content-length'], '0')
  })

  test('REV-12: when it is answered, no verifier accepts the token', async () => {
    const token = await world.token()
    assert.equal(await world.verdict(token), 'ok')
    const reply = await world.revoke({ token, client_id: 'web' })
    assert.match(reply.headers['outright-confirmed'] ?? '', /^2\/2;lapsed=0;/)
    assert.equal(await world.verdict(token), 'revoked')
    assert.equal((await world.askAs('orders', token)).json().active, false)
  })

  test('REV-12: no guard accepts it either where the clock of the node is wrong', async () => {
    const hourMs = 3_600_000
    for (const [aheadMs, wrong] of [
      [2 * hourMs, 'it has expired'],
      [-hourMs, 'it was issued in the future'],
    ] as const) {
      const { access_token: own } = await world.login()
      const other = await world.token()
      for (const token of [own, other]) assert.ok((await world.guard.check(token)).ok)
      world.server.advance(aheadMs)
      const replies = [
        await world.revoke({ token: own }, owner),
        await world.revoke({ token: other, client_id: 'web' }),
      ]
      world.server.advance(-aheadMs)
      for (const { status, headers } of replies) {
        assert.equal(status, 200)
        assert.match(headers['outright-confirmed'] ?? '', /^2\/2;/, wrong)
      }
      assert.equal(await world.verdict(own), 'revoked', wrong)
      assert.equal(await world.verdict(other), 'revoked', wrong)
    }
  })

  test('REV-13: a refresh token takes the access tokens beside it along, and no others', async () => {
    const [session, other] = [await world.login(), await world.login()]
    const next = (await refresh(session.refresh_token)).json().data as typeof session
    assert.equal((await world.revoke({ token: next.refresh_token }, owner)).status, 200)
    assert.equal(await world.verdict(session.access_token), 'revoked')
    assert.equal(await world.verdict(next.access_token), 'revoked')
    assert.equal(await world.verdict(other.access_token), 'ok')
    assert.equal((await refresh(other.refresh_token)).status, 200)
  })

  test('REV-13: other clients of the session stay in it', async () => {
    const { core } = world.server
    const life = { accessLifetimeMs: 60_000, refreshLifetimeMs: 600_000 }
    const opened = await core.openSession({
      ...life,
      subjectId: 'maria',
      clientId: 'first',
      dialect: 'octopus',
      audience: 'octopus',
    })
    const joined = await core.joinSession({
      ...life,
      sid: opened.session.sid,
      clientId: 'second',
      dialect: 'octopus',
      audience: 'octopus',
    })
    const token = joined.refresh?.token ?? ''
    assert.equal((await world.revoke({ token, client_id: 'second' })).status, 200)
    assert.equal(await world.verdict(joined.access.token), 'revoked')
    assert.equal(await world.verdict(opened.access.token), 'ok')
  })

  test('REV-14, REV-15: an access token ends alone: its refresh token goes on', async () => {
    const { access_token: token, refresh_token: kept } = await world.login()
    assert.equal((await world.revoke({ token }, owner)).status, 200)
    assert.equal((await refresh(kept)).status, 200)
  })

  test('REV-16: a JWT of another type: unsupported_token_type', async () => {
    const logoutToken = await world.idp.logoutToken({ sid: 's1' })
    const signed = await world.askAs('orders', 'x', 'application/token-introspection+jwt')
    for (const token of [logoutToken, signed.text]) {
      const reply = await world.revoke({ token, client_id: 'web' })
      assert.equal(reply.status, 400)
      assert.equal(reply.json().error, 'unsupported_token_type')
    }
  })

  test('REV-17: what is not stored is never 200: 503 with Retry-After', async (context) => {
    const token = await world.token()
    context.mock.method(world.server.store, 'revoke', () => {
      throw new Refusal({ kind: 'store_unavailable', reason: 'the disk is full' })
    })
    const reply = await world.revoke({ token, client_id: 'web' })
    context.mock.restoreAll()
    assert.equal(reply.status, 503)
    assert.equal(reply.headers['retry-after'], '1')
    assert.ok(!reply.text.includes('disk'))
    assert.equal(await world.verdict(token), 'ok')
  })

  test('REV-18: discovery tells of it where the server is reached, so with https', () => {
    const { revocation_endpoint: endpoint } = tokenEndpointsMetadata('https://a.example', 'ES256')
    assert.equal(endpoint, 'https://a.example/oauth2/revoke')
  })

  test('REV-19: GET is 405, and runs nothing', async () => {
    const token = await world.token()
    const reply = await world.server.call('GET', `/oauth2/revoke?token=${token}&callback=run`)
    assert.equal(reply.status, 405)
    assert.equal(reply.headers['allow'], 'POST')
    assert.ok(!reply.text.includes('run('))
    assert.equal(await world.verdict(token), 'ok')
  })

  test('REV-20: no answer is kept', async () => {
    for (const body of ['token=x&client_id=web', '']) {
      assert.equal((await world.revoke(body)).headers['cache-control'], 'no-store')
    }
  })

  test('REV-21: the same again, and many at once: 200', async () => {
    const { refresh_token: refreshToken } = await world.login()
    const token = await world.token()
    for (const [fields, headers] of [
      [{ token, client_id: 'web' }, {}],
      [{ token: refreshToken }, owner],
    ] as const) {
      const replies = await Promise.all(
        Array.from({ length: 8 }, () => world.revoke(fields, headers)),
      )
      replies.push(await world.revoke(fields, headers))
      assert.deepEqual(new Set(replies.map(({ status }) => status)), new Set([200]))
    }
  })

  test('guesses at a secret are counted, and a client that proved it is not shut out', async () => {
    assert.equal((await world.revoke({ token: 'x' }, owner)).status, 200)
    const wrong = basic('43', 'wrong')
    let reply = await world.revoke({ token: 'x' }, wrong)
    for (let tries = 0; reply.status === 401 && tries < 3000; tries++) {
      reply = await world.revoke({ token: 'x' }, wrong)
    }
    assert.equal(reply.status, 429)
    // Not even the right one is looked at, where it was not seen before.
    assert.equal(
      (await world.revoke({ token: 'x' }, basic('43', 'octopus-office-secret'))).status,
      429,
    )
    assert.equal((await world.revoke({ token: 'x' }, owner)).status, 200)
  })
})
