/** Back-Channel Logout 1.0: relying parties are told, at least once, whatever they answer. */
import assert from 'node:assert/strict'
import { after, suite, test } from 'node:test'
import { createRemoteJWKSet, decodeJwt, jwtVerify } from 'jose'
import * as openid from 'openid-client'
import { logoutEvent } from '../../src/protocol/logout-token.ts'
import { LogoutReceiver } from './relying-party-receiver.ts'
import { Browser, sidOf, useOAuth, type Tokens } from './relying-parties.ts'

const [shop, news] = [new LogoutReceiver(), new LogoutReceiver()]
const shopUri = `${await shop.listen()}/logout?tenant=1`
const newsUri = `${await news.listen()}/logout`
after(() => {
  shop.close()
  news.close()
})

const world = useOAuth(
  { allowedPrivateAddresses: ['127.0.0.1'] },
  {
    shop: { backchannel_logout_uri: shopUri, backchannel_logout_session_required: true },
    news: { backchannel_logout_uri: newsUri, skip_consent: true },
  },
)

async function end(tokens: Tokens): Promise<void> {
  const key = sidOf(tokens)
  const session = { scope: 'session', key, reason: 'logout', actor: 'system' } as const
  await world.server.core.revoke({ ...session, wait: true })
}

async function logIn(): Promise<{ readonly tokens: Tokens; readonly browser: Browser }> {
  const browser = new Browser()
  return { browser, tokens: await world.tokens(browser, await world.as('shop')) }
}

/** Those that came for a session. */
async function toldOf(receiver: LogoutReceiver, sid: string, wanted: number) {
  for (let seen = receiver.received.length; ; seen++) {
    const own = receiver.received.filter(({ token }) => decodeJwt(token)['sid'] === sid)
    if (own.length >= wanted) return own
    await receiver.count(seen + 1)
  }
}

suite('back-channel logout', () => {
  test('BCL-01, BCL-03: oidcc-backchannel-logout-discovery-endpoint-verification; ID tokens name their session', async () => {
    const found = (await world.server.call('GET', '/.well-known/openid-configuration')).json()
    assert.equal(found.backchannel_logout_supported, true)
    assert.equal(found.backchannel_logout_session_supported, true)
    const [one, other] = [await logIn(), await logIn()]
    assert.notEqual(sidOf(one.tokens), sidOf(other.tokens))
  })

  test('BCL-02, BCL-04, BCL-05, BCL-06, BCL-07, BCL-08, BCL-09, BCL-10, BCL-11: the logout token', async () => {
    const { tokens, browser } = await logIn()
    await world.tokens(browser, await world.as('news'))
    await end(tokens)
    const keys = createRemoteJWKSet(new URL(`${world.server.url}/.well-known/jwks.json`))
    for (const [receiver, audience, path] of [
      [shop, 'shop', '/logout?tenant=1'],
      [news, 'news', '/logout'],
    ] as const) {
      const [told] = await toldOf(receiver, sidOf(tokens), 1)
      assert.equal(told?.path, path)
      assert.equal(told.contentType, 'application/x-www-form-urlencoded')
      const { payload, protectedHeader } = await jwtVerify(told.token, keys, {
        issuer: world.server.url,
        audience,
        typ: 'logout+jwt',
      })
      assert.notEqual(protectedHeader.alg, 'none')
      assert.deepEqual(payload['events'], { [logoutEvent]: {} })
      assert.deepEqual([payload.sub, payload['sid']], [tokens.claims()?.sub, sidOf(tokens)])
      assert.ok(typeof payload.jti === 'string' && !('nonce' in payload))
      assert.ok(Number(payload.exp) - Number(payload.iat) <= 120)
    }
  })

  test('a dry run names the relying parties that would be told', async () => {
    const { tokens, browser } = await logIn()
    await world.tokens(browser, await world.as('news'))
    const reply = await world.server.call('POST', '/outright/v1/revocations', {
      headers: { authorization: 'Bearer outright-demo-admin' },
      body: { scope: 'session', key: sidOf(tokens), dryRun: true },
    })
    assert.deepEqual(reply.json().receivers, ['backchannel:news', 'backchannel:shop'])
  })

  test('BCL-12, BCL-13, BCL-18: one that fails is told again with a new jti, and holds no other up', async () => {
    const { tokens, browser } = await logIn()
    await world.tokens(browser, await world.as('news'))
    shop.statuses.push(500, 302)
    await end(tokens)
    await toldOf(news, sidOf(tokens), 1)
    const told = await toldOf(shop, sidOf(tokens), 3)
    assert.equal(new Set(told.map(({ token }) => decodeJwt(token).jti)).size, told.length)
  })

  test('BCL-13, BCL-14, BCL-19: 204 is success; 400 is final, whatever its body says', async () => {
    const [good, bad] = [await logIn(), await logIn()]
    shop.statuses.push(204)
    await end(good.tokens)
    await toldOf(shop, sidOf(good.tokens), 1)
    shop.statuses.push(400)
    await end(bad.tokens)
    await toldOf(shop, sidOf(bad.tokens), 1)
    const deadline = performance.now() + 120_000
    for (;;) {
      const page = await world.server.core.listDeliveries({}, { limit: 100, cursor: undefined })
      const stateOf = ({ tokens }: typeof good) =>
        page.items.find(({ subject }) => subject === sidOf(tokens))?.state
      const states = [stateOf(good), stateOf(bad)]
      if (states.join() === 'delivered,dead') break
      assert.ok(performance.now() < deadline, states.join())
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  })

  test('BCL-15: refresh tokens of the session are over; offline_access is not offered', async () => {
    const { tokens } = await logIn()
    await end(tokens)
    const reply = await world.server.call('POST', '/oauth2/token', {
      headers: { authorization: `Basic ${btoa('shop:the%20secret%20of%20the%20shop')}` },
      body: new URLSearchParams({
        grant_type: 'refresh_token',
        refresh_token: tokens.refresh_token ?? '',
      }),
    })
    assert.deepEqual([reply.status, reply.json().error], [400, 'invalid_grant'])
    const found = (await world.server.call('GET', '/.well-known/openid-configuration')).json()
    assert.equal(found.scopes_supported.includes('offline_access'), false)
  })

  test('oidcc-backchannel-rp-initiated-logout: the client that asked is told as well', async () => {
    const { tokens, browser } = await logIn()
    const hint = { id_token_hint: tokens.id_token ?? '' }
    await browser.open(openid.buildEndSessionUrl(await world.as('shop'), hint))
    const [told] = await toldOf(shop, sidOf(tokens), 1)
    const keys = createRemoteJWKSet(new URL(`${world.server.url}/.well-known/jwks.json`))
    const { payload } = await jwtVerify(told?.token ?? '', keys, { audience: 'shop' })
    assert.deepEqual(payload['events'], { [logoutEvent]: {} })
    const silent = await world.begin(await world.as('shop'), { prompt: 'none' })
    const { searchParams } = (await browser.open(silent.address)).url
    assert.equal(searchParams.get('error'), 'login_required')
  })
})
