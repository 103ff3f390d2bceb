/**
 * RP-Initiated Logout 1.0 with `openid-client`, and what the modules of the OpenID conformance
 * suite for it check (`oidcc-rp-initiated-logout…`), written anew.
 */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { decodeJwt, decodeProtectedHeader, generateKeyPair, SignJWT } from 'jose'
import * as openid from 'openid-client'
import { Refusal } from '../../src/domain/failure.ts'
import { Browser, goodbye, sidOf, useOAuth, type Tokens, type Visit } from './relying-parties.ts'

const world = useOAuth()

interface LoggedIn {
  readonly browser: Browser
  readonly tokens: Tokens
  readonly shop: openid.Configuration
}

async function logIn(): Promise<LoggedIn> {
  const browser = new Browser()
  const shop = await world.as('shop')
  return { browser, shop, tokens: await world.tokens(browser, shop) }
}

const isAlive = async ({ access_token: token }: Tokens): Promise<boolean> =>
  (await world.server.core.verify(token)).ok

/** Opens the logout; what is undefined is left out. */
function openLogout(
  { browser, shop }: Pick<LoggedIn, 'browser' | 'shop'>,
  parameters: Readonly<Record<string, string | undefined>>,
): Promise<Visit> {
  const given = Object.entries(parameters).filter(([, value]) => value !== undefined)
  const url = openid.buildEndSessionUrl(shop, Object.fromEntries(given) as Record<string, string>)
  // The library always says who it is; what is sent is the test's to say.
  if (!('client_id' in parameters)) url.searchParams.delete('client_id')
  return browser.open(url)
}

suite('RP-initiated logout', () => {
  test('RPI-01, RPI-14: oidcc-rp-initiated-logout: out everywhere, and back with a long state', async () => {
    const one = await logIn()
    const state = 's'.repeat(128)
    const hint = one.tokens.id_token
    const other = await world.tokens(one.browser, await world.as('news'))
    const page = await openLogout(one, {
      id_token_hint: hint,
      post_logout_redirect_uri: goodbye,
      state,
    })
    assert.equal(page.url.href, `${goodbye}?state=${state}`)
    assert.match(page.headers.get('outright-confirmed') ?? '', /^\d+\/\d+;lapsed=/)
    for (const tokens of [one.tokens, other]) assert.equal(await isAlive(tokens), false)
    assert.equal([...one.browser.cookies.keys()].includes('outright-session'), false)
  })

  test('RPI-01, RPI-20: by POST as well, and nothing of it is sent on', async () => {
    const one = await logIn()
    const form = { id_token_hint: one.tokens.id_token ?? '', post_logout_redirect_uri: goodbye }
    const page = await one.browser.open(`${world.server.url}/oidc/logout`, form)
    assert.equal(page.url.href, goodbye)
    assert.equal(page.headers.get('referrer-policy'), 'no-referrer')
    assert.equal(await isAlive(one.tokens), false)
  })

  test('RPI-01, RPI-20: a form of another site, which brings no cookies, comes again as a GET', async () => {
    const one = await logIn()
    const hint = one.tokens.id_token ?? ''
    const body = new URLSearchParams({
      id_token_hint: hint,
      post_logout_redirect_uri: goodbye,
      state: 'x',
    })
    const reply = await world.server.call('POST', '/oidc/logout', { body })
    const location = new URL(reply.headers['location'] ?? '', world.server.url)
    assert.deepEqual([reply.status, location.pathname], [303, '/oidc/logout'])
    assert.equal(location.href.includes(hint), false)
    assert.equal(await isAlive(one.tokens), true)
    const stranger = await new Browser().open(location)
    assert.match(stranger.text, /Log out\?/)
    const page = await one.browser.open(location)
    assert.deepEqual([page.url.href, await isAlive(one.tokens)], [`${goodbye}?state=x`, false])
    location.searchParams.set('kept_hint', 'made up')
    assert.equal((await one.browser.open(location)).status, 400)
  })

  test('RPI-01: what has expired by a clock that is ahead ends all the same', async () => {
    const farMs = 400 * 86_400_000
    for (const isHinted of [true, false]) {
      const one = await logIn()
      world.server.advance(farMs)
      const hint = isHinted ? one.tokens.id_token : undefined
      // The browser has its cookies only where there is no hint.
      const browser = isHinted ? new Browser() : one.browser
      const page = await openLogout({ ...one, browser }, { id_token_hint: hint })
      world.server.advance(-farMs)
      assert.deepEqual([page.url.pathname, await isAlive(one.tokens)], ['/logged-out', false])
    }
  })

  test('RPI-03: a client_id that is not the hint’s: a page, and nothing ends', async () => {
    const one = await logIn()
    const hint = { id_token_hint: one.tokens.id_token, client_id: 'news' }
    const page = await openLogout(one, { ...hint, post_logout_redirect_uri: goodbye })
    assert.deepEqual([page.status, page.url.pathname], [400, '/oidc/logout'])
    assert.equal(await isAlive(one.tokens), true)
  })

  test('RPI-04, RPI-13: oidcc-rp-initiated-logout-bad-id-token-hint, -modified-id-token-hint', async () => {
    const one = await logIn()
    const [header = '', payload = '', signature = ''] = (one.tokens.id_token ?? '').split('.')
    const changed = { ...JSON.parse(Buffer.from(payload, 'base64url').toString()), sub: 'x' }
    const other = Buffer.from(JSON.stringify(changed)).toString('base64url')
    const none = Buffer.from('{"alg":"none"}').toString('base64url')
    for (const hint of [
      'bad',
      `${header}.${other}.${signature}`,
      `${none}.${payload}.`,
      one.tokens.access_token,
    ]) {
      const page = await openLogout(one, { id_token_hint: hint, post_logout_redirect_uri: goodbye })
      assert.deepEqual([page.status, page.url.pathname], [400, '/oidc/logout'])
      assert.equal(await isAlive(one.tokens), true)
    }
  })

  test('RPI-05: a hint that has expired is good for the session that it names', async () => {
    const one = await logIn()
    world.server.advance(2 * 3_600_000)
    const hint = { id_token_hint: one.tokens.id_token, post_logout_redirect_uri: goodbye }
    assert.equal((await openLogout(one, hint)).url.href, goodbye)
    const refresh = openid.refreshTokenGrant(one.shop, one.tokens.refresh_token ?? '')
    await assert.rejects(refresh, { error: 'invalid_grant' })
  })

  test('RPI-06, RPI-08, RPI-19: a hint of another session asks first, with a form of its own', async () => {
    const [one, other] = [await logIn(), await logIn()]
    const hint = { id_token_hint: other.tokens.id_token, post_logout_redirect_uri: goodbye }
    const page = await openLogout(one, hint)
    assert.deepEqual([page.status, page.url.pathname], [200, '/oidc/logout'])
    assert.equal(page.headers.get('cache-control'), 'no-store')
    assert.match(page.headers.get('content-security-policy') ?? '', /frame-ancestors 'none'/)
    assert.equal(await isAlive(one.tokens), true)
    const confirmation = /name="confirmation" value="([^"]+)"/.exec(page.text)?.[1] ?? ''
    const reply = await world.server.call('POST', '/oidc/logout', {
      headers: { 'sec-fetch-site': 'cross-site' },
      body: new URLSearchParams({ confirmation, decision: 'logout' }),
    })
    assert.equal(reply.status, 403)
    assert.equal(await isAlive(one.tokens), true)
    assert.equal((await one.browser.submit(page, { decision: 'logout' })).url.href, goodbye)
    assert.deepEqual([await isAlive(one.tokens), await isAlive(other.tokens)], [false, false])
    assert.equal((await one.browser.submit(page, { decision: 'logout' })).status, 404)
  })

  test('RPI-08, RPI-09: oidcc-rp-initiated-logout-no-id-token-hint, -no-params, -only-state: asks', async () => {
    for (const parameters of [{}, { state: 'x' }, { client_id: 'shop' }]) {
      const one = await logIn()
      const page = await openLogout(one, parameters)
      assert.equal(page.status, 200)
      assert.equal(await isAlive(one.tokens), true)
      const stay = await one.browser.submit(page, { decision: 'stay' })
      assert.deepEqual([stay.status, await isAlive(one.tokens)], [200, true])
      const again = await openLogout(one, parameters)
      const done = await one.browser.submit(again, { decision: 'logout' })
      assert.deepEqual([done.url.pathname, await isAlive(one.tokens)], ['/logged-out', false])
    }
  })

  test('RPI-11: oidcc-rp-initiated-logout-bad-post-logout-redirect-uri, -query-added-to-…', async () => {
    const one = await logIn()
    for (const uri of ['https://evil.example/', `${goodbye}?foo=bar`, `${goodbye}/`]) {
      const hint = { id_token_hint: one.tokens.id_token, post_logout_redirect_uri: uri }
      const page = await openLogout(one, hint)
      assert.deepEqual([page.status, page.url.pathname], [400, '/oidc/logout'])
      assert.equal(page.text.includes('evil'), false)
    }
  })

  test('RPI-12: without a hint a person goes where a client wants only after saying yes', async () => {
    const one = await logIn()
    const wanted = { client_id: 'shop', post_logout_redirect_uri: goodbye, state: 'x' }
    const page = await openLogout(one, wanted)
    assert.equal(page.status, 200)
    const left = await one.browser.submit(page, { decision: 'logout' })
    assert.equal(left.url.href, `${goodbye}?state=x`)
    const stranger = await openLogout({ ...one, browser: new Browser() }, wanted)
    assert.equal(stranger.url.pathname, '/logged-out')
  })

  test('a page that was open while another person logged in logs that person out', async () => {
    const one = await logIn()
    const page = await openLogout(one, {})
    const news = await world.as('news')
    const begun = await world.begin(news, { prompt: 'login' })
    const other = { username: 'demo@example.com', password: 'demo-password' }
    const tokens = await world.finish(news, begun, await world.logIn(one.browser, begun, other))
    const done = await one.browser.submit(page, { decision: 'logout' })
    assert.equal(done.url.pathname, '/logged-out')
    for (const each of [one.tokens, tokens]) assert.equal(await isAlive(each), false)
    await assert.rejects(openid.refreshTokenGrant(news, tokens.refresh_token ?? ''))
  })

  test('a person who is logged in is never told that they are not', async () => {
    const one = await logIn()
    const page = await one.browser.open(`${world.server.url}/logged-out`)
    assert.deepEqual([page.status, page.url.pathname], [200, '/devices'])
    assert.equal(page.text.includes('You are logged out'), false)
  })

  test('a client that is disabled can log people out, and has them led to it no more', async () => {
    const one = await logIn()
    const other = await world.tokens(one.browser, await world.as('news'))
    const { clients } = world.server.core
    const hint = { id_token_hint: one.tokens.id_token, post_logout_redirect_uri: goodbye }
    await clients.update('shop', { status: 'disabled' })
    try {
      const page = await openLogout(one, hint)
      assert.deepEqual([page.url.pathname, await isAlive(other)], ['/logged-out', false])
    } finally {
      await clients.update('shop', { status: 'active' })
    }
  })

  test('RPI-14: oidcc-rp-initiated-logout-no-state, -no-post-logout-redirect-uri', async () => {
    const one = await logIn()
    const hint = one.tokens.id_token
    const back = await openLogout(one, { id_token_hint: hint, post_logout_redirect_uri: goodbye })
    assert.equal(back.url.href, goodbye)
    const two = await logIn()
    const page = await openLogout(two, { id_token_hint: two.tokens.id_token, state: 'x' })
    assert.equal(page.url.pathname, '/logged-out')
    assert.match(page.text, /You are logged out/)
  })

  test('a refresh token, as programs send it elsewhere, is not told to have ended', async () => {
    const one = await logIn()
    const body = new URLSearchParams({
      client_id: 'shop',
      refresh_token: one.tokens.refresh_token ?? '',
    })
    const reply = await world.server.call('POST', '/oidc/logout', { body })
    assert.equal(reply.status, 400)
    assert.match(reply.text, /refresh_token: is ended at the revocation endpoint/)
    assert.equal(await isAlive(one.tokens), true)
  })

  test('RPI-15: a logout that comes again goes where it went, and is not an error', async () => {
    const one = await logIn()
    const hint = { id_token_hint: one.tokens.id_token, post_logout_redirect_uri: goodbye }
    for (let time = 0; time < 2; time++) {
      const page = await openLogout(one, hint)
      assert.equal(page.url.href, goodbye)
      assert.match(page.headers.get('outright-confirmed') ?? '', /^\d+\/\d+;lapsed=/)
    }
  })

  test('a logout without a hint waits as well for what ended the session of its browser', async () => {
    const one = await logIn()
    const key = sidOf(one.tokens)
    await world.server.core.revoke({
      scope: 'session',
      key,
      reason: 'revoked_by_operator',
      actor: 'admin',
      wait: false,
    })
    const cookie = [...one.browser.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const options = { headers: { cookie }, redirect: 'manual' } as const
    const answer = await fetch(`${world.server.url}/oidc/logout`, options)
    assert.deepEqual([answer.status, answer.headers.get('location')], [303, '/logged-out'])
    assert.match(answer.headers.get('outright-confirmed') ?? '', /^\d+\/\d+;lapsed=/)
  })

  test('RPI-16: unknown languages are not an error', async () => {
    const one = await logIn()
    const page = await openLogout(one, { ui_locales: 'xx es' })
    assert.match(page.text, /<html lang="es">/)
    assert.match((await openLogout(one, { ui_locales: 'xx' })).text, /<html lang="en">/)
  })

  test('RPI-18: after it prompt=none fails with login_required', async () => {
    const one = await logIn()
    await openLogout(one, { id_token_hint: one.tokens.id_token })
    const begun = await world.begin(one.shop, { prompt: 'none' })
    const { searchParams } = (await one.browser.open(begun.address)).url
    assert.equal(searchParams.get('error'), 'login_required')
  })

  test('REV-16: an ID token does not end by revocation, and is not told to have', async () => {
    const one = await logIn()
    const body = new URLSearchParams({ token: one.tokens.id_token ?? '' })
    const headers = { authorization: `Basic ${btoa('shop:the+secret+of+the+shop')}` }
    const reply = await world.server.call('POST', '/oauth2/revoke', { headers, body })
    assert.deepEqual([reply.status, reply.json().error], [400, 'unsupported_token_type'])
    assert.equal(await isAlive(one.tokens), true)
  })

  test('a hint whose browser has no session asks before it ends the session that it names', async () => {
    const one = await logIn()
    const elsewhere = { ...one, browser: new Browser() }
    const page = await openLogout(elsewhere, { id_token_hint: one.tokens.id_token })
    assert.equal(await isAlive(one.tokens), true)
    await elsewhere.browser.submit(page, { decision: 'logout' })
    assert.equal(await isAlive(one.tokens), false)
    assert.equal((await world.server.core.sessions.status(sidOf(one.tokens)))?.state, 'revoked')
  })

  test('what another issuer signed, or signed for it, is not a hint', async () => {
    const one = await logIn()
    const payload = decodeJwt(one.tokens.id_token ?? '')
    const { privateKey } = await generateKeyPair('ES256')
    const { kid } = decodeProtectedHeader(one.tokens.id_token ?? '')
    for (const claims of [payload, { ...payload, iss: 'https://other.example' }]) {
      const hint = await new SignJWT(claims)
        .setProtectedHeader({ alg: 'ES256', ...(kid === undefined ? {} : { kid }) })
        .sign(privateKey)
      const page = await openLogout(one, { id_token_hint: hint, post_logout_redirect_uri: goodbye })
      assert.deepEqual([page.status, page.url.pathname], [400, '/oidc/logout'])
      assert.equal(await isAlive(one.tokens), true)
    }
  })

  test('a person who is logged in twice leaves in one browser, and stays in the other', async () => {
    const [one, other] = [await logIn(), await logIn()]
    const hint = { id_token_hint: one.tokens.id_token, post_logout_redirect_uri: goodbye }
    assert.equal((await openLogout(one, hint)).url.href, goodbye)
    assert.deepEqual([await isAlive(one.tokens), await isAlive(other.tokens)], [false, true])
  })

  test('the session of another person, named by a hint, is not ended by this one', async () => {
    const browser = new Browser()
    const [shop, other] = [await world.as('shop'), await logIn()]
    const begun = await world.begin(shop)
    const somebody = { username: 'demo@example.com', password: 'demo-password' }
    const tokens = await world.finish(shop, begun, await world.logIn(browser, begun, somebody))
    const page = await openLogout({ browser, shop }, { id_token_hint: other.tokens.id_token })
    assert.equal(page.status, 200)
    await browser.submit(page, { decision: 'logout' })
    assert.deepEqual([await isAlive(tokens), await isAlive(other.tokens)], [false, true])
  })

  test('where the second session cannot be ended, nothing is claimed, and the answer can be repeated', async (context) => {
    const [one, other] = [await logIn(), await logIn()]
    const page = await openLogout(one, { id_token_hint: other.tokens.id_token })
    const { store } = world.server
    const revoke = store.revoke.bind(store)
    let calls = 0
    context.mock.method(store, 'revoke', (command: Parameters<typeof revoke>[0]) => {
      if (++calls === 1) return revoke(command)
      throw new Refusal({ kind: 'store_unavailable', reason: 'the disk is full' })
    })
    const failed = await one.browser.submit(page, { decision: 'logout' })
    context.mock.restoreAll()
    assert.deepEqual([failed.status, calls], [503, 2])
    assert.match(failed.text, /You may still be logged in\. Try again/)
    assert.equal(failed.text.includes('Nothing was changed'), false)
    // One of the two.
    assert.notEqual(await isAlive(one.tokens), await isAlive(other.tokens))
    const done = await one.browser.submit(page, { decision: 'logout' })
    assert.equal(done.url.pathname, '/logged-out')
    assert.deepEqual([await isAlive(one.tokens), await isAlive(other.tokens)], [false, false])
  })
})
