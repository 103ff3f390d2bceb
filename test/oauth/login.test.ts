/** Logging in with clients that others wrote, over real HTTP. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { decodeJwt, decodeProtectedHeader } from 'jose'
import * as openid from 'openid-client'
import { Browser, maria, sidOf, useOAuth } from './relying-parties.ts'

const world = useOAuth()

suite('login with openid-client', () => {
  test('login, consent, code, ID token, userinfo, refresh', async () => {
    const shop = await world.as('shop')
    const tokens = await world.tokens(new Browser(), shop)
    const claims = tokens.claims()
    assert.ok(claims !== undefined)
    assert.equal(claims.aud, 'shop')
    assert.ok(Math.abs(Number(claims['auth_time']) - Date.now() / 1000) < 60)
    const info = await openid.fetchUserInfo(shop, tokens.access_token, claims.sub)
    assert.equal(info.preferred_username, 'maria')
    assert.equal(info.email, undefined)
    const next = await openid.refreshTokenGrant(shop, tokens.refresh_token ?? '')
    assert.notEqual(next.refresh_token, tokens.refresh_token)
    assert.equal(next.claims()?.['sid'], claims['sid'])
  })

  test('the ID token says how a person logged in, after a refresh as well', async () => {
    const shop = await world.as('shop')
    const { acr_values_supported: supported } = shop.serverMetadata()
    const begun = await world.begin(shop, {
      acr_values: 'phr',
      claims: '{"id_token":{"acr":null}}',
    })
    const tokens = await world.finish(shop, begun, await world.logIn(new Browser(), begun))
    const next = await openid.refreshTokenGrant(shop, tokens.refresh_token ?? '')
    for (const claims of [tokens.claims(), next.claims()]) {
      assert.deepEqual(claims?.['amr'], ['pwd'])
      assert.deepEqual([claims['acr']], supported)
    }
  })

  test('AT-01, AT-02: access tokens are those of RFC 9068, and what this server verifies', async () => {
    const { access_token: token } = await world.tokens(new Browser(), await world.as('app'))
    assert.equal(decodeProtectedHeader(token).typ, 'at+jwt')
    const claims = decodeJwt(token)
    assert.deepEqual([claims.iss, claims['client_id']], [world.server.url, 'app'])
    assert.equal(claims['scope'], 'openid profile')
    for (const name of ['exp', 'aud', 'sub', 'iat', 'jti', 'sid', 'auth_time']) {
      assert.ok(name in claims, name)
    }
    assert.equal((await world.server.core.verify(token)).ok, true)
  })

  test('an ID token is accepted nowhere as an access token', async () => {
    const shop = await world.as('shop')
    const { id_token: token = '' } = await world.tokens(new Browser(), shop)
    assert.deepEqual(await world.server.core.verify(token), { ok: false, reason: 'invalid' })
    await assert.rejects(openid.fetchUserInfo(shop, token, decodeJwt(token).sub ?? ''))
  })

  test('a second client opens no second login page, and has the same session', async () => {
    const browser = new Browser()
    const first = await world.tokens(browser, await world.as('shop'))
    const news = await world.as('news')
    const begun = await world.begin(news)
    const at = await browser.open(begun.address)
    assert.equal(at.url.searchParams.has('code'), true, at.text)
    const second = await world.finish(news, begun, at.url)
    assert.equal(second.claims()?.['sid'], first.claims()?.['sid'])
    await world.server.core.revoke({
      scope: 'session',
      key: sidOf(first),
      reason: 'logout',
      actor: 'subject:maria',
      wait: true,
    })
    for (const { access_token: token } of [first, second]) {
      assert.deepEqual(await world.server.core.verify(token), { ok: false, reason: 'revoked' })
    }
    const page = await browser.open((await world.begin(news)).address)
    assert.equal(page.url.pathname, '/login')
  })

  test('consent is asked for once, again with prompt=consent, and after the grant was revoked', async () => {
    const browser = new Browser()
    const shop = await world.as('shop')
    const tokens = await world.tokens(browser, shop)
    const pathOf = async (more = {}) =>
      (await browser.open((await world.begin(shop, more)).address)).url.pathname
    assert.equal(await pathOf(), '/callback')
    assert.equal(await pathOf({ scope: 'openid profile email' }), '/login/consent')
    assert.equal(await pathOf({ prompt: 'consent' }), '/login/consent')
    const key = `shop ${tokens.claims()?.sub ?? ''}`
    const grant = {
      scope: 'grant',
      key,
      reason: 'revoked_by_client',
      actor: 'client:shop',
    } as const
    await world.server.core.revoke({ ...grant, wait: true })
    assert.equal(await pathOf(), '/login/consent')
  })

  test('prompt=none asks no one: login_required, consent_required', async () => {
    const browser = new Browser()
    const errorOf = async (client: 'shop' | 'app') => {
      const begun = await world.begin(await world.as(client), { prompt: 'none' })
      return (await browser.open(begun.address)).url.searchParams.get('error')
    }
    assert.equal(await errorOf('shop'), 'login_required')
    const other = { username: 'otp@example.com', password: 'demo-password' }
    await world.logIn(browser, await world.begin(await world.as('news')), other)
    assert.equal(await errorOf('app'), 'consent_required')
    const news = await world.as('news')
    const silent = await world.begin(news, { prompt: 'none' })
    const tokens = await world.finish(news, silent, (await browser.open(silent.address)).url)
    assert.ok(tokens.id_token)
  })

  test('prompt=login and max_age=0 ask again, within the same session', async () => {
    const browser = new Browser()
    const news = await world.as('news')
    const first = await world.tokens(browser, news)
    for (const more of [{ prompt: 'login' }, { max_age: '0' }]) {
      world.server.advance(2000)
      const begun = await world.begin(news, more)
      const page = await browser.open(begun.address)
      assert.equal(page.url.pathname, '/login')
      const back = await browser.submit(page, maria)
      const again = await world.finish(news, begun, back.url)
      assert.equal(again.claims()?.['sid'], first.claims()?.['sid'])
      assert.ok(Number(again.claims()?.['auth_time']) > Number(first.claims()?.['auth_time']))
    }
  })

  test('login_hint stands in the form, escaped', async () => {
    const hint = '"><script>alert(1)</script>'
    const begun = await world.begin(await world.as('shop'), { login_hint: hint })
    const page = await new Browser().open(begun.address)
    assert.equal(page.text.includes('<script>'), false)
    assert.match(page.text, /value="&quot;&gt;&lt;script&gt;/)
  })

  test('a wrong password asks again, and says no more than that', async () => {
    const browser = new Browser()
    const page = await browser.open((await world.begin(await world.as('shop'))).address)
    const again = await browser.submit(page, { username: 'maria', password: 'wrong' })
    assert.equal(again.status, 400)
    const stranger = await browser.submit(again, { username: 'nobody', password: 'wrong' })
    const said = (text: string) => /role="alert">([^<]+)</.exec(text)?.[1]
    assert.equal(said(stranger.text), said(again.text))
    assert.equal(again.text.includes('wrong'), false)
    assert.equal((await browser.submit(stranger, maria)).url.pathname, '/login/consent')
  })

  test('who declines goes back with access_denied', async () => {
    for (const [decision, at] of [
      ['cancel', '/login'],
      ['deny', '/login/consent'],
    ] as const) {
      const browser = new Browser()
      const begun = await world.begin(await world.as('shop'))
      let page = await browser.open(begun.address)
      if (at !== '/login') page = await browser.submit(page, maria)
      // Consent was given before by this person: asked for again.
      if (page.url.pathname !== at) {
        page = await browser.open(
          (await world.begin(await world.as('shop'), { prompt: 'consent' })).address,
        )
      }
      const back = await browser.submit(page, { decision })
      assert.equal(back.url.searchParams.get('error'), 'access_denied')
      assert.equal(back.url.searchParams.get('iss'), world.server.url)
    }
  })

  test('a consent is that of the person whom the page named', async () => {
    const browser = new Browser()
    const shop = await world.as('shop')
    const asked = await world.begin(shop, { prompt: 'consent' })
    const page = await browser.submit(await browser.open(asked.address), maria)
    const other = { username: 'otp@example.com', password: 'demo-password' }
    const news = await world.begin(await world.as('news'), { prompt: 'login' })
    await world.logIn(browser, news, other)
    const again = await browser.submit(page, { decision: 'allow' })
    assert.equal(again.url.pathname, '/login/consent')
    const silent = await world.begin(shop, { prompt: 'none' })
    const { searchParams } = (await browser.open(silent.address)).url
    assert.equal(searchParams.get('error'), 'consent_required')
  })

  test('a hint names who is let in: no other person gets a code, silently or by logging in', async () => {
    const browser = new Browser()
    const news = await world.as('news')
    const { id_token: hint } = await world.tokens(new Browser(), news)
    const other = { username: 'demo@example.com', password: 'demo-password' }
    await world.logIn(browser, await world.begin(news), other)
    const silent = await world.begin(news, { prompt: 'none', id_token_hint: hint })
    const refused = (await browser.open(silent.address)).url
    world.server.advance(2000)
    const begun = await world.begin(news, { id_token_hint: hint })
    const page = await browser.open(begun.address)
    assert.equal(page.url.pathname, '/login')
    const { url } = await browser.submit(page, other)
    for (const { searchParams } of [refused, url]) {
      assert.equal(searchParams.get('error'), 'login_required')
      assert.equal(searchParams.has('code'), false)
    }
    assert.equal((await browser.submit(page, other)).status, 404)
    const again = await world.begin(news, { id_token_hint: hint })
    const back = (await browser.submit(await browser.open(again.address), maria)).url
    assert.equal((await world.finish(news, again, back)).claims()?.sub, decodeJwt(hint ?? '').sub)
  })

  test('another person who logs in at the same browser ends the session before', async () => {
    const browser = new Browser()
    const news = await world.as('news')
    const first = await world.tokens(browser, news)
    const begun = await world.begin(news, { prompt: 'login' })
    const other = { username: 'demo@example.com', password: 'demo-password' }
    const second = await world.finish(news, begun, await world.logIn(browser, begun, other))
    assert.notEqual(second.claims()?.sub, first.claims()?.sub)
    const verdict = await world.server.core.verify(first.access_token)
    assert.deepEqual(verdict, { ok: false, reason: 'revoked' })
  })
})
