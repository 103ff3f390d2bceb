/** The token endpoint, and what its tokens are good for, with `openid-client` over real HTTP. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { decodeJwt } from 'jose'
import * as openid from 'openid-client'
import { Browser, useOAuth } from './relying-parties.ts'

const world = useOAuth()

async function rejectsWith(call: Promise<unknown>, error: string): Promise<void> {
  await assert.rejects(call, (thrown: { readonly error?: unknown }) => {
    assert.equal(thrown.error, error)
    return true
  })
}

suite('the token endpoint', () => {
  test('RT-03, RT-04: a refresh token that comes again ends the session, at every client', async () => {
    const browser = new Browser()
    const [shop, news] = [await world.as('shop'), await world.as('news')]
    const stolen = await world.tokens(browser, shop)
    const other = await world.tokens(browser, news)
    const next = await openid.refreshTokenGrant(shop, stolen.refresh_token ?? '')
    await rejectsWith(openid.refreshTokenGrant(shop, stolen.refresh_token ?? ''), 'invalid_grant')
    await rejectsWith(openid.refreshTokenGrant(shop, next.refresh_token ?? ''), 'invalid_grant')
    const { core } = world.server
    assert.equal((await core.verify(next.access_token)).ok, false)
    assert.equal((await core.verify(other.access_token)).ok, false)
    await rejectsWith(openid.refreshTokenGrant(news, other.refresh_token ?? ''), 'invalid_grant')
  })

  test('RT-01: a refresh token is its client’s alone', async () => {
    const { refresh_token: token = '' } = await world.tokens(new Browser(), await world.as('shop'))
    await rejectsWith(openid.refreshTokenGrant(await world.as('news'), token), 'invalid_grant')
    await openid.refreshTokenGrant(await world.as('shop'), token)
  })

  test('RT-02, RT-05: a refresh gives no more than was granted, and less where less is asked for', async () => {
    const shop = await world.as('shop')
    const { refresh_token: token = '' } = await world.tokens(new Browser(), shop)
    await rejectsWith(openid.refreshTokenGrant(shop, token, { scope: 'email' }), 'invalid_scope')
    const less = await openid.refreshTokenGrant(shop, token, { scope: 'openid' })
    assert.equal(decodeJwt(less.access_token)['scope'], 'openid')
    const all = await openid.refreshTokenGrant(shop, less.refresh_token ?? '')
    assert.equal(decodeJwt(all.access_token)['scope'], 'openid profile')
  })

  test('RT-08: a code that comes again is refused and ends what it was good for', async () => {
    const shop = await world.as('shop')
    const begun = await world.begin(shop)
    const at = await world.logIn(new Browser(), begun)
    const tokens = await world.finish(shop, begun, at)
    await rejectsWith(world.finish(shop, begun, at), 'invalid_grant')
    assert.equal((await world.server.core.verify(tokens.access_token)).ok, false)
    await rejectsWith(openid.refreshTokenGrant(shop, tokens.refresh_token ?? ''), 'invalid_grant')
  })

  test('RT-14: a code needs the verifier of its own challenge, its client and its redirect URI', async () => {
    const shop = await world.as('shop')
    const begun = await world.begin(shop)
    const at = await world.logIn(new Browser(), begun)
    const verifier = openid.randomPKCECodeVerifier()
    await rejectsWith(world.finish(shop, { ...begun, verifier }, at), 'invalid_grant')
    await rejectsWith(world.finish(await world.as('news'), begun, at), 'invalid_grant')
    // A stranger who saw the code has ended nothing with it.
    await world.finish(shop, begun, at)
  })

  test('RT-09, RT-10: no answer is kept; a wrong secret is 401 with a challenge', async () => {
    const { server } = world
    const body = new URLSearchParams({ grant_type: 'refresh_token', refresh_token: 'x' })
    const headers = { authorization: `Basic ${btoa('shop:wrong')}` }
    const wrong = await server.call('POST', '/oauth2/token', { headers, body })
    assert.deepEqual([wrong.status, wrong.json().error], [401, 'invalid_client'])
    assert.match(wrong.headers['www-authenticate'] ?? '', /^Basic /)
    assert.equal(wrong.headers['cache-control'], 'no-store')
    body.set('client_id', 'app')
    const unknown = await server.call('POST', '/oauth2/token', { body })
    assert.deepEqual([unknown.status, unknown.json().error], [400, 'invalid_grant'])
    body.set('client_id', 'shop')
    assert.equal((await server.call('POST', '/oauth2/token', { body })).status, 401)
  })

  test('a body of JSON is told to be a form, wherever clients authenticate', async () => {
    const headers = { authorization: `Basic ${btoa('shop:wrong')}` }
    for (const name of ['token', 'par', 'revoke', 'introspect', 'device_authorization']) {
      const body = { grant_type: 'refresh_token', token: 'x' }
      const reply = await world.server.call('POST', `/oauth2/${name}`, { headers, body })
      assert.equal(reply.status, 400, name)
      const { error, error_description: why } = reply.json() as Record<string, string>
      assert.equal(error, 'invalid_request')
      assert.match(why ?? '', /is JSON: send it as application\/x-www-form-urlencoded$/)
    }
  })

  test('HT-01, HT-02: userinfo without a token challenges, with a bad one says invalid_token', async () => {
    const { server } = world
    const none = await server.call('GET', '/oidc/userinfo')
    assert.deepEqual([none.status, none.headers['www-authenticate']], [401, 'Bearer'])
    const headers = { authorization: 'Bearer eyJ' }
    const bad = await server.call('GET', '/oidc/userinfo', { headers })
    assert.deepEqual(
      [bad.status, bad.headers['www-authenticate']],
      [401, 'Bearer error="invalid_token"'],
    )
  })
})
