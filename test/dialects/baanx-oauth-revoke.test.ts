/** The two ways to revoke that Baanx’s OAuth has. */
import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { startTestServer, type Reply, type TestServer } from '../harness.ts'
import {
  assertBody,
  assertUnauthorized,
  grant,
  invalidGrant,
  invalidRequest,
  key,
  login,
  obtainCode,
  post,
  probe,
  redeem,
  refresh,
  revokeGrants,
  type Pair,
} from './baanx-calls.ts'

const MINUTE_MS = 60_000

let server: TestServer
before(async () => {
  server = await startTestServer()
})
after(() => server.close())

suite('Baanx OAuth, revoke', () => {
  test('DELETE …/oauth/revoke ends every token of the client for this user, and no login', async () => {
    const token = await login(server)
    const [one, other] = [await grant(server, token), await grant(server, token)]
    const reply = await revokeGrants(server, one.access_token)
    assertBody(reply, 200, { success: true })
    assert.match(reply.headers['outright-confirmed'] ?? '', /^(\d+)\/\1;/)
    for (const pair of [one, other]) {
      assert.equal(await probe(server, pair.access_token), 401)
      assertBody(await refresh(server, pair.refresh_token), 400, invalidGrant)
    }
    assert.equal(await probe(server, token), 200, 'it "does NOT log the user out"')
    assertUnauthorized(await revokeGrants(server, one.access_token))
    const again = await grant(server, token)
    assert.equal(await probe(server, again.access_token), 200)
  })

  test('with the token of a login it ends the grants, and the login stays', async () => {
    const token = await login(server)
    const pair = await grant(server, token)
    assertBody(await revokeGrants(server, token), 200, { success: true })
    assert.equal(await probe(server, pair.access_token), 401)
    assertBody(await refresh(server, pair.refresh_token), 400, invalidGrant)
    assert.equal(await probe(server, token), 200)
    assertBody(await revokeGrants(server, token), 200, { success: true })
  })

  test('it ends nothing of another user', async () => {
    await post(server, '/v1/auth/login/otp', { userId: 'baanx-otp-user' })
    const otp = { email: 'otp@example.com', password: 'demo-password', otpCode: '123456' }
    const otherToken = await login(server, otp)
    const others = await grant(server, otherToken)
    const mine = await grant(server)
    assertBody(await revokeGrants(server, mine.access_token), 200, { success: true })
    assert.equal(await probe(server, others.access_token), 200)
    assert.equal((await refresh(server, others.refresh_token)).status, 200)
  })

  test('a code that was given before the revocation opens nothing after it', async () => {
    const token = await login(server)
    const code = await obtainCode(server, token)
    assertBody(await revokeGrants(server, token), 200, { success: true })
    assertBody(await redeem(server, code), 400, invalidGrant)
  })

  test('nor does a code of a user who was logged out everywhere since', async () => {
    const token = await login(server)
    const code = await obtainCode(server, token)
    await server.core.revoke({
      scope: 'subject',
      key: 'baanx-demo-user',
      reason: 'logout_everywhere',
      actor: 'operator:admin',
      wait: true,
    })
    assertBody(await redeem(server, code), 400, invalidGrant)
  })

  test('POST …/oauth2/revoke {token, token_hint}, without a bearer, ends the session of a token', async () => {
    const path = '/v1/auth/oauth2/revoke'
    for (const hint of ['access_token', 'refresh_token'] as const) {
      const [pair, other] = [await grant(server), await grant(server)]
      const reply = await post(server, path, { token: pair[hint], token_hint: hint })
      assertBody(reply, 200, { success: true })
      assert.notEqual(reply.headers['outright-revocation'], undefined)
      assert.equal(await probe(server, pair.access_token), 401)
      assertBody(await refresh(server, pair.refresh_token), 400, invalidGrant)
      assert.equal(await probe(server, other.access_token), 200)
      const again = await post(server, path, { token: pair[hint], token_hint: hint })
      assertBody(again, 200, { success: true })
      const id = reply.headers['outright-revocation']
      assert.equal(again.headers['outright-revocation'], id)
    }
  })

  test('an access token that has expired ends the session too: its refresh token goes on', async () => {
    const path = '/v1/auth/oauth2/revoke'
    const pair = await grant(server)
    server.advance(6 * 60 * MINUTE_MS + 1000)
    assert.equal(await probe(server, pair.access_token), 401)
    const reply = await post(server, path, { token: pair.access_token })
    assertBody(reply, 200, { success: true })
    assert.notEqual(reply.headers['outright-revocation'], undefined)
    assertBody(await refresh(server, pair.refresh_token), 400, invalidGrant)
    // A restart, or another node, has not verified it before.
    const { verifier } = server.dependencies
    const other = await grant(server)
    server.advance(6 * 60 * MINUTE_MS + 1000)
    verifier.forget()
    assertBody(await post(server, path, { token: other.access_token }), 200, { success: true })
    assertBody(await refresh(server, other.refresh_token), 400, invalidGrant)
  })

  test('a hint that is wrong or missing does not matter; a form is read as well', async () => {
    const path = '/v1/auth/oauth2/revoke'
    const pair = await grant(server)
    await post(server, path, { token: pair.refresh_token, token_hint: 'access_token' })
    assert.equal(await probe(server, pair.access_token), 401)
    const { access_token: token } = await grant(server)
    const body = new URLSearchParams({ token })
    assertBody(await server.call('POST', path, { headers: key, body }), 200, { success: true })
    assert.equal(await probe(server, token), 401)
  })

  test('an unknown token is answered with 200 (RFC 7009, 2.2), a missing one is not', async () => {
    const path = '/v1/auth/oauth2/revoke'
    for (const token of ['unknown', 'a.b.c', 'A'.repeat(65)]) {
      assertBody(await post(server, path, { token }), 200, { success: true })
    }
    const missing = invalidRequest('Missing required parameter: token')
    assertBody(await post(server, path, { token_hint: 'access_token' }), 400, missing)
  })

  test('what cannot be a token is refused: "done" would be read as the end of the one within', async () => {
    const path = '/v1/auth/oauth2/revoke'
    const { access_token: token } = await grant(server)
    const wrong = invalidRequest('Invalid parameter: token')
    for (const sent of [`Bearer ${token}`, `"${token}"`, `${token},${token}`]) {
      assertBody(await post(server, path, { token: sent }), 400, wrong)
    }
    assert.equal(await probe(server, token), 200)
    // As a file that ends with a line feed is sent.
    assertBody(await post(server, path, { token: `${token}\n` }), 200, { success: true })
    assert.equal(await probe(server, token), 401)
  })

  test('a revoke that races refreshes leaves nothing alive', async () => {
    for (let round = 0; round < 5; round++) {
      const pair = await grant(server)
      const replies: Reply[] = await Promise.all([
        refresh(server, pair.refresh_token),
        revokeGrants(server, pair.access_token),
        refresh(server, pair.refresh_token),
      ])
      assert.equal(replies[1]?.status, 200)
      for (const reply of [replies[0], replies[2]]) {
        if (reply?.status !== 200) continue
        const renewed = reply.json() as Pair
        assert.equal(await probe(server, renewed.access_token), 401)
        assertBody(await refresh(server, renewed.refresh_token), 400, invalidGrant)
      }
    }
  })
})
