/** Logging in with clients that nobody here wrote, over real HTTP. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { decodeJwt, decodeProtectedHeader } from 'jose'
import * as openid from 'openid-client'
import type { Client } from '../../src/domain/identity.ts'
import type { Reply } from '../harness.ts'
import { Browser, callback, maria, sidOf, useOAuth } from './relying-parties.ts'

const world = useOAuth()

async function rejectsWith(call: Promise<unknown>, error: string): Promise<void> {
  await assert.rejects(call, (thrown: { readonly error?: unknown }) => {
    assert.equal(thrown.error, error)
    return true
  })
}

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

  test('the ID token says how somebody logged in, after a refresh as well', async () => {
    const shop = await world.as('shop')
    const { acr_values_supported: supported } = shop.serverMetadata()
    const begun = await world.begin(shop, { acr_values: 'phr' })
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

  test('prompt=none asks nobody: login_required, consent_required', async () => {
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

  test('a hint names who is let in: nobody else gets a code, silently or by logging in', async () => {
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

suite('pages', () => {
  test('strict headers, no script, in the language that is asked for', async () => {
    const shop = await world.as('shop')
    const page = await new Browser().open(
      (await world.begin(shop, { ui_locales: 'xx pt-BR' })).address,
    )
    const policy = page.headers.get('content-security-policy') ?? ''
    for (const part of ["default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'"]) {
      assert.ok(policy.includes(part), policy)
    }
    assert.match(policy, /form-action 'self' http:\/\/127\.0\.0\.1:3999(?:;|$)/)
    assert.equal(policy.includes('unsafe'), false)
    assert.equal(page.headers.get('cache-control'), 'no-store')
    assert.match(page.text, /<html lang="pt">/)
    assert.match(page.text, />Entrar</)
    assert.equal(page.text.includes('<script'), false)
  })

  test('a login that began in another browser goes on in no other, nor a form of another site', async () => {
    const [attacker, victim] = [new Browser(), new Browser()]
    const shop = await world.as('shop')
    const begun = await attacker.open((await world.begin(shop)).address)
    assert.equal((await victim.open(begun.url)).status, 404)
    const form = { interaction: begun.url.searchParams.get('interaction') ?? '', ...maria }
    assert.equal((await victim.open(`${world.server.url}/login`, form)).status, 404)
    const cookie = [...attacker.cookies].map((pair) => pair.join('=')).join('; ')
    const reply = await world.server.call('POST', '/login', {
      headers: { cookie, 'sec-fetch-site': 'cross-site' },
      body: new URLSearchParams(form),
    })
    assert.equal(reply.status, 403)
  })

  test('no form is taken from another origin, with or without Sec-Fetch-Site', async () => {
    const other = 'https://evil.example'
    for (const path of ['/login', '/login/consent', '/device', '/device/confirm', '/oidc/logout']) {
      const body = new URLSearchParams({ confirmation: 'x', interaction: 'x', user_code: 'x' })
      const statusOf = async (headers: Readonly<Record<string, string>>) =>
        (await world.server.call('POST', path, { headers, body })).status
      assert.equal(await statusOf({ origin: other }), 403, path)
      assert.equal(await statusOf({ origin: 'null' }), 403, path)
      assert.equal(await statusOf({ 'sec-fetch-site': 'same-site' }), 403, path)
      const own = { origin: world.server.url }
      assert.notEqual(await statusOf(own), 403, path)
      const named = { origin: 'null', 'sec-fetch-site': 'same-origin' }
      assert.notEqual(await statusOf(named), 403, path)
    }
  })

  test('a client that any program could be is asked about each time (RFC 8252, 8.6)', async () => {
    const browser = new Browser()
    const app = await world.as('app')
    await world.tokens(browser, app)
    const again = await browser.open((await world.begin(app)).address)
    assert.equal(again.url.pathname, '/login/consent')
    const silent = await browser.open((await world.begin(app, { prompt: 'none' })).address)
    assert.equal(silent.url.searchParams.get('error'), 'consent_required')
    const { clients } = world.server.core
    await clients.create({
      ...(await clients.find({ by: 'id', value: 'app' })),
      id: 'page',
      key: 'page',
      redirectUris: ['https://page.example/back'],
    } as Client)
    const page = await world.begin(app, { redirect_uri: 'https://page.example/back' })
    page.address.searchParams.set('client_id', 'page')
    const asked = await browser.open(page.address)
    const first = await browser.submit(asked, { decision: 'allow' })
    assert.equal(first.url.searchParams.has('code'), true)
    const second = await browser.open(page.address)
    assert.equal(second.url.searchParams.has('code'), true)
  })

  test('what cannot go back to a client is a page, and leads nowhere', async () => {
    const shop = await world.as('shop')
    const { address } = await world.begin(shop)
    for (const [name, value, why] of [
      ['client_id', 'stranger', 'client_id: not known'],
      ['redirect_uri', 'https://evil.example/', 'redirect_uri: not registered'],
      ['redirect_uri', `${address.searchParams.get('redirect_uri') ?? ''}?more`, 'not registered'],
      ['redirect_uri', '', 'redirect_uri is missing'],
    ] as const) {
      const changed = new URL(address)
      changed.searchParams.set(name, value)
      const page = await new Browser().open(changed)
      assert.deepEqual([page.status, page.url.pathname], [400, '/oauth2/authorize'])
      assert.equal(page.text.includes('evil'), false)
      assert.ok(page.text.includes(why), page.text)
    }
  })

  test('everything else goes back as an error, with state and iss', async () => {
    const shop = await world.as('shop')
    for (const [more, error] of [
      [{ response_type: 'token' }, 'unsupported_response_type'],
      [{ code_challenge_method: 'plain' }, 'invalid_request'],
      [{ code_challenge: undefined, code_challenge_method: undefined }, 'invalid_request'],
      [{ response_mode: 'fragment' }, 'invalid_request'],
      [{ prompt: 'none login' }, 'invalid_request'],
      [{ max_age: 'soon' }, 'invalid_request'],
      [{ scope: 'everything' }, 'invalid_scope'],
      [{ request: 'eyJ' }, 'request_not_supported'],
      [{ request_uri: 'https://evil.example/' }, 'request_uri_not_supported'],
      [{ id_token_hint: 'eyJhbGciOiJub25lIn0.e30.' }, 'invalid_request'],
    ] as const) {
      const begun = await world.begin(shop, more)
      const { searchParams } = (await new Browser().open(begun.address)).url
      assert.equal(searchParams.get('error'), error)
      assert.equal(searchParams.get('state'), begun.state)
      assert.equal(searchParams.get('iss'), world.server.url)
    }
  })
})

suite('behind TLS', () => {
  const secure = useOAuth({ issuer: 'https://login.example' })

  test('cookies have the prefix that no other host can set, and are sent to scripts nowhere', async () => {
    const { server } = secure
    const cookieOf = ({ headers }: Reply) => headers['set-cookie'] ?? ''
    const query = new URLSearchParams({
      client_id: 'news',
      redirect_uri: callback,
      response_type: 'code',
      code_challenge: 'c'.repeat(43),
      code_challenge_method: 'S256',
    })
    const begun = await server.call('GET', `/oauth2/authorize?${query.toString()}`)
    const rest = 'Path=/; HttpOnly; Secure; SameSite=Lax'
    assert.match(cookieOf(begun), new RegExp(`^__Host-outright-browser=[\\w-]{43}; ${rest}$`))
    const [cookie = ''] = cookieOf(begun).split(';')
    const interaction = begun.headers['location']?.split('=')[1] ?? ''
    const body = new URLSearchParams({ interaction, ...maria })
    const done = await server.call('POST', '/login', { headers: { cookie }, body })
    assert.equal(done.status, 303)
    assert.match(
      cookieOf(done),
      new RegExp(`^__Host-outright-session=[\\w-]{43}; Max-Age=\\d+; ${rest}$`),
    )
  })
})

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
