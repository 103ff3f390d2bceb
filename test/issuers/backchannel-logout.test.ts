/** The receiver of OpenID Connect Back-Channel Logout 1.0, clause by clause. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { logoutEvent } from '../../src/protocol/logout-token.ts'
import { useIssuers } from './world.ts'

suite('logout tokens of an issuer whose tokens name their session', () => {
  const world = useIssuers()

  test('sid alone, of a session that was not seen here: it ends before the answer', async () => {
    const token = await world.token({ sid: 'a' })
    const other = await world.token({ sid: 'b' })
    assert.equal(await world.verdict(token), 'ok')
    const reply = await world.backchannel(await world.idp.logoutToken({ sid: 'a' }))
    assert.equal(reply.status, 200)
    assert.equal(reply.text, '')
    assert.equal(reply.headers['cache-control'], 'no-store')
    assert.match(reply.headers['outright-confirmed'] ?? '', /^2\/2;lapsed=0;ms=\d+$/)
    assert.equal(await world.verdict(token), 'revoked')
    assert.equal(await world.verdict(other), 'ok')
    const never = await world.idp.logoutToken({ sid: 'never seen' })
    assert.equal((await world.backchannel(never)).status, 200)
    assert.equal(await world.verdict(await world.token({ sid: 'never seen' })), 'revoked')
  })

  test('sub and sid: the session alone', async () => {
    const token = await world.token({ sub: 'ann', sid: 'c' })
    const elsewhere = await world.token({ sub: 'ann', sid: 'd' })
    const logout = await world.idp.logoutToken({ sub: 'ann', sid: 'c' })
    assert.equal((await world.backchannel(logout)).status, 200)
    assert.equal(await world.verdict(token), 'revoked')
    assert.equal(await world.verdict(elsewhere), 'ok')
  })

  test('sub alone: all that the issuer has issued until then, by its own clock', async () => {
    const nowSeconds = Math.floor(Date.now() / 1000)
    const before = await world.token({ sub: 'bob', sid: 'e', iat: nowSeconds - 5 })
    const after = await world.token({ sub: 'bob', sid: 'f', iat: nowSeconds - 1 })
    // It was on its way for two seconds: who has logged in since is not harmed.
    const logout = await world.idp.logoutToken({ sub: 'bob', iat: nowSeconds - 2 })
    assert.equal((await world.backchannel(logout)).status, 200)
    assert.equal(await world.verdict(before), 'revoked')
    assert.equal(await world.verdict(after), 'ok')
    // A replay ends nothing more.
    assert.equal((await world.backchannel(logout)).status, 200)
    assert.equal(await world.verdict(after), 'ok')
  })

  test('one that is on its way twice is answered twice, and stored once', async () => {
    const logout = await world.idp.logoutToken({ sid: 'twice' })
    const replies = await Promise.all([1, 2, 3, 4].map(() => world.backchannel(logout)))
    assert.deepEqual(
      replies.map(({ status }) => status),
      [200, 200, 200, 200],
    )
    const headers = { authorization: 'Bearer outright-demo-admin' }
    const path = '/outright/v1/revocations?key=twice'
    const { items } = (await world.server.call('GET', path, { headers })).json()
    assert.equal(items.length, 1)
    assert.equal(items[0].reason, 'upstream_logout')
    assert.equal(items[0].actor, 'issuer:keycloak')
  })

  test('types of today: none, JWT, and the media type', async () => {
    for (const typ of [undefined, 'JWT', 'application/logout+jwt', 'LOGOUT+JWT']) {
      const logout = await world.idp.logoutToken({ sid: 'typ' }, { typ: typ as string })
      assert.equal((await world.backchannel(logout)).status, 200, String(typ))
    }
  })

  test('one without exp is good for two minutes', async () => {
    const nowSeconds = Math.floor(Date.now() / 1000)
    const young = await world.idp.logoutToken({ sid: 'x', exp: undefined })
    assert.equal((await world.backchannel(young)).status, 200)
    const old = await world.idp.logoutToken({ sid: 'x', exp: undefined, iat: nowSeconds - 130 })
    assert.equal((await world.backchannel(old)).status, 400)
  })

  const nowSeconds = Math.floor(Date.now() / 1000)
  for (const [what, claims, header] of [
    ['of another issuer', { iss: 'https://other.example' }, {}],
    ['for another client', { aud: 'somebody' }, {}],
    ['without an audience', { aud: undefined }, {}],
    ['that has expired', { exp: nowSeconds - 60 }, {}],
    ['without iat', { iat: undefined }, {}],
    ['from the future', { iat: nowSeconds + 3600, exp: nowSeconds + 3900 }, {}],
    ['without sub and sid', { sid: undefined }, {}],
    ['whose sid is not text', { sid: ['s'] }, {}],
    ['whose sub is empty', { sub: '' }, {}],
    ['without events', { events: undefined }, {}],
    ['with another event', { events: { 'https://schemas.example/other': {} } }, {}],
    ['whose event is not an object', { events: { [logoutEvent]: true } }, {}],
    ['whose events are a list', { events: [logoutEvent] }, {}],
    ['with a nonce', { nonce: 'n' }, {}],
    ['of the type of access tokens', {}, { typ: 'at+jwt' }],
    ['of the type of security events', {}, { typ: 'secevent+jwt' }],
    ['without a key’s name', {}, { kid: undefined as unknown as string }],
  ] as const) {
    test(`refuses one ${what}, and ends nothing`, async () => {
      const token = await world.token({ sid: 'bad' })
      const logout = await world.idp.logoutToken({ sid: 'bad', ...claims }, header)
      const reply = await world.backchannel(logout)
      assert.equal(reply.status, 400)
      assert.equal(reply.json().error, 'invalid_request')
      assert.equal(typeof reply.json().error_description, 'string')
      assert.equal(reply.headers['cache-control'], 'no-store')
      assert.equal(await world.verdict(token), 'ok')
    })
  }

  test('refuses alg none, a symmetric signature with the public key, and a broken one', async () => {
    const good = await world.idp.logoutToken({ sid: 'alg' })
    const [header = '', payload = '', signature = ''] = good.split('.')
    const decoded = JSON.parse(Buffer.from(header, 'base64url').toString()) as object
    const withAlg = (alg: string): string =>
      Buffer.from(JSON.stringify({ ...decoded, alg })).toString('base64url')
    for (const forged of [
      `${withAlg('none')}.${payload}.`,
      `${withAlg('HS256')}.${payload}.${signature}`,
      `${header}.${payload}.${signature.slice(4)}AAAA`,
      'not.a.token',
      'x'.repeat(20_000),
    ]) {
      assert.equal((await world.backchannel(forged)).status, 400)
    }
    assert.equal(await world.verdict(await world.token({ sid: 'alg' })), 'ok')
  })

  test('refuses a form without the token, with two, and an issuer that is not there', async () => {
    const path = '/outright/v1/issuers/keycloak/backchannel-logout'
    const logout = await world.idp.logoutToken({ sid: 'x' })
    const post = (body: string, at = path) => {
      const headers = { 'content-type': 'application/x-www-form-urlencoded' }
      return world.server.call('POST', at, { headers, body })
    }
    assert.equal((await post('')).status, 400)
    assert.equal((await post(`logout_token=${logout}&logout_token=${logout}`)).status, 400)
    assert.equal((await post(`logout_token=${logout}`, path.replace('keycloak', 'x'))).status, 404)
    assert.equal((await post(`logout_token=${logout}&more=1`)).status, 200)
    const get = await world.server.call('GET', path)
    assert.equal(get.status, 405)
    assert.equal(get.headers['allow'], 'POST')
    assert.equal(get.json().error, 'invalid_request')
  })
})

suite('logout tokens of an issuer whose tokens do not name their session', () => {
  const world = useIssuers({ profile: 'auth0', clockSkewMs: 1000 })
  const access = (claims: object): Promise<string> => world.token({ sid: undefined, ...claims })

  test('sub and sid end the person up to the logout: the session alone would end nothing', async () => {
    const nowSeconds = Math.floor(Date.now() / 1000)
    const token = await access({ sub: 'ann', iat: nowSeconds - 1 })
    assert.equal(await world.verdict(token), 'ok')
    const logout = await world.idp.logoutToken({ sub: 'ann', sid: 's' })
    assert.equal((await world.backchannel(logout)).status, 200)
    assert.equal(await world.verdict(token), 'revoked')
  })

  test('sid alone is refused: nothing that could be ended has that name', async () => {
    const reply = await world.backchannel(await world.idp.logoutToken({ sid: 's' }))
    assert.equal(reply.status, 400)
    assert.match(reply.json().error_description, /do not name their session/)
  })
})

suite('logout tokens whose keys cannot be had', () => {
  const world = useIssuers()

  test('503: the issuer tries again, and it has not ended before', async () => {
    const logout = await world.idp.logoutToken({ sid: 'k' })
    world.idp.answer = (_, response) => {
      response.statusCode = 500
      response.end()
    }
    const reply = await world.backchannel(logout)
    assert.equal(reply.status, 503)
    assert.equal(reply.json().error, 'temporarily_unavailable')
    assert.equal(reply.headers['retry-after'], '1')
  })
})
