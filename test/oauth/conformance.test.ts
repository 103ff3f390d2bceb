/**
 * What the modules of the OpenID conformance suite for the basic provider profile check, written
 * anew, each under its module's name. Those for logout are in `logout.test.ts`,
 * `backchannel.test.ts` and `front-channel.test.ts`; those that do not apply are listed with the
 * reason in `docs/http.md`. Every request carries PKCE, which is required here.
 */
import assert from 'node:assert/strict'
import { before, suite, test } from 'node:test'
import { decodeJwt } from 'jose'
import * as openid from 'openid-client'
import {
  Browser,
  callback,
  goodbye,
  maria,
  useOAuth,
  type Tokens,
  type Visit,
} from './relying-parties.ts'

const world = useOAuth()

let shop: openid.Configuration
type Parameters = Readonly<Record<string, string | undefined>>

/** Opens an authorization request in a browser, by GET. */
async function ask(browser: Browser, more: Parameters = {}): Promise<Visit> {
  return browser.open((await world.begin(shop, more)).address)
}

/** A whole login with these parameters. */
async function logIn(
  more: Parameters = {},
  browser: Browser = new Browser(),
  client: openid.Configuration = shop,
): Promise<{ readonly tokens: Tokens; readonly browser: Browser }> {
  const begun = await world.begin(client, more)
  const at = await world.logIn(browser, begun)
  const checks = {
    pkceCodeVerifier: begun.verifier,
    expectedState: begun.state,
    ...(more['nonce'] === undefined && 'nonce' in more ? {} : { expectedNonce: begun.nonce }),
    idTokenExpected: true,
  }
  return { browser, tokens: await openid.authorizationCodeGrant(client, at, checks) }
}

const errorOf = ({ url }: Visit): string | null => url.searchParams.get('error')
const codeOf = ({ url }: Visit): string | null => url.searchParams.get('code')
const authTimeOf = (tokens: Tokens): number => Number(tokens.claims()?.['auth_time'])

suite('the modules of the basic provider profile', () => {
  before(async () => {
    shop = await world.as('shop')
  })

  test('oidcc-discovery-endpoint-verification, oidcc-rp-initiated-logout-discovery-endpoint-verification', async () => {
    const found = (await world.server.call('GET', '/.well-known/openid-configuration')).json()
    assert.equal(found.issuer, world.server.url)
    for (const name of ['authorization', 'token', 'userinfo', 'end_session']) {
      assert.match(found[`${name}_endpoint`], new RegExp(`^${world.server.url}/`))
    }
    assert.match(found.jwks_uri, new RegExp(`^${world.server.url}/`))
    assert.deepEqual(found.response_types_supported, ['code'])
    assert.deepEqual(found.subject_types_supported, ['public'])
    assert.ok(found.scopes_supported.includes('openid'))
    assert.ok(found.id_token_signing_alg_values_supported.length > 0)
    const { keys } = (await world.server.call('GET', '/.well-known/jwks.json')).json()
    assert.ok(keys.length > 0 && !JSON.stringify(keys).includes('"d"'))
  })

  test('oidcc-server, oidcc-ensure-request-with-valid-pkce-succeeds', async () => {
    const { tokens } = await logIn()
    assert.equal(tokens.token_type, 'bearer')
    assert.equal(decodeJwt(tokens.id_token ?? '').iss, world.server.url)
  })

  test('oidcc-response-type-missing', async () => {
    const { address } = await world.begin(shop)
    address.searchParams.delete('response_type')
    const page = await new Browser().open(address)
    assert.equal(errorOf(page), 'invalid_request')
    assert.equal(page.url.origin + page.url.pathname, callback)
  })

  test('oidcc-userinfo-get, oidcc-userinfo-post-header', async () => {
    const { tokens } = await logIn()
    const headers = { authorization: `Bearer ${tokens.access_token}` }
    for (const method of ['GET', 'POST']) {
      const reply = await world.server.call(method, '/oidc/userinfo', { headers })
      assert.deepEqual([reply.status, reply.json().sub], [200, tokens.claims()?.sub])
    }
  })

  test('oidcc-ensure-request-without-nonce-succeeds-for-code-flow', async () => {
    const { tokens } = await logIn({ nonce: undefined })
    assert.equal(tokens.claims()?.nonce, undefined)
  })

  test('oidcc-scope-profile, -email, -phone, -all', async () => {
    const subject = await world.server.core.subjects.find({ by: 'id', value: 'maria' })
    assert.ok(subject !== undefined)
    for (const scope of ['profile', 'email', 'phone', 'profile email phone']) {
      const { tokens } = await logIn({ scope: `openid ${scope}` })
      const info = await openid.fetchUserInfo(shop, tokens.access_token, 'maria')
      const has = (name: string): boolean => scope.split(' ').includes(name)
      assert.equal(info.name, has('profile') ? subject.name : undefined)
      assert.equal(info.preferred_username, has('profile') ? 'maria' : undefined)
      assert.equal(info.email, has('email') ? subject.email : undefined)
      const phone: string | undefined =
        subject.phone === undefined ? undefined : `+${subject.phone}`
      assert.equal(info.phone_number, has('phone') ? phone : undefined)
    }
  })

  test('oidcc-scope-address: it is not known here, and passed over', async () => {
    const { tokens } = await logIn({ scope: 'openid address' })
    assert.equal(tokens.scope, 'openid')
  })

  test('oidcc-ensure-other-scope-order-succeeds', async () => {
    const { tokens } = await logIn({ scope: 'profile openid' })
    assert.equal(tokens.claims()?.sub, 'maria')
  })

  test('oidcc-display-page, -display-popup, -claims-locales, -ensure-request-with-acr-values-succeeds, -ensure-request-with-unknown-parameter-succeeds', async () => {
    for (const more of [
      { display: 'page' },
      { display: 'popup' },
      { claims_locales: 'se' },
      { acr_values: '1 2' },
      { extra: 'foobar' },
    ]) {
      const { tokens } = await logIn(more)
      assert.equal(tokens.claims()?.sub, 'maria')
    }
  })

  test('oidcc-ui-locales', async () => {
    const page = await ask(new Browser(), { ui_locales: 'se pt' })
    assert.match(page.text, /<html lang="pt">/)
    await logIn({ ui_locales: 'se' })
  })

  test('oidcc-login-hint', async () => {
    const page = await ask(new Browser(), { login_hint: 'maria' })
    assert.match(page.text, /name="username"\s+value="maria"/)
  })

  test('oidcc-prompt-login', async () => {
    const { browser, tokens } = await logIn()
    world.server.advance(2_000)
    const page = await ask(browser, { prompt: 'login' })
    assert.equal(page.url.pathname, '/login')
    const again = await logIn({ prompt: 'login' }, browser)
    assert.ok(authTimeOf(again.tokens) > authTimeOf(tokens))
    assert.equal(again.tokens.claims()?.sub, tokens.claims()?.sub)
  })

  test('oidcc-prompt-none-not-logged-in', async () => {
    const page = await ask(new Browser(), { prompt: 'none' })
    assert.equal(errorOf(page), 'login_required')
    assert.equal(page.url.origin + page.url.pathname, callback)
  })

  test('oidcc-prompt-none-logged-in', async () => {
    const { browser, tokens } = await logIn()
    const again = await logIn({ prompt: 'none' }, browser)
    assert.equal(authTimeOf(again.tokens), authTimeOf(tokens))
    assert.equal(again.tokens.claims()?.sub, tokens.claims()?.sub)
  })

  test('oidcc-max-age-1', async () => {
    const { browser, tokens } = await logIn()
    world.server.advance(2_000)
    const page = await ask(browser, { max_age: '1' })
    assert.equal(page.url.pathname, '/login')
    const again = await logIn({ max_age: '1' }, browser)
    assert.ok(authTimeOf(again.tokens) > authTimeOf(tokens))
  })

  test('oidcc-max-age-10000', async () => {
    const { browser, tokens } = await logIn()
    world.server.advance(2_000)
    const page = await ask(browser, { max_age: '10000' })
    assert.notEqual(codeOf(page), null)
    const again = await logIn({ max_age: '10000' }, browser)
    assert.equal(authTimeOf(again.tokens), authTimeOf(tokens))
  })

  test('oidcc-id-token-hint', async () => {
    const { browser, tokens } = await logIn()
    const hint = { prompt: 'none', id_token_hint: tokens.id_token }
    const again = await logIn(hint, browser)
    assert.equal(again.tokens.claims()?.sub, tokens.claims()?.sub)
  })

  test('oidcc-codereuse', async () => {
    const begun = await world.begin(shop)
    const at = await world.logIn(new Browser(), begun)
    await world.finish(shop, begun, at)
    await assert.rejects(world.finish(shop, begun, at), { error: 'invalid_grant' })
  })

  test('oidcc-codereuse-30seconds: what the code was good for ends as well', async () => {
    const begun = await world.begin(shop)
    const at = await world.logIn(new Browser(), begun)
    const tokens = await world.finish(shop, begun, at)
    world.server.advance(30_000)
    await assert.rejects(world.finish(shop, begun, at), { error: 'invalid_grant' })
    await assert.rejects(openid.fetchUserInfo(shop, tokens.access_token, 'maria'))
  })

  test('oidcc-ensure-registered-redirect-uri', async () => {
    for (const uri of [`${callback}/other`, `${callback}?foo=bar`, 'https://evil.example/']) {
      const page = await ask(new Browser(), { redirect_uri: uri })
      assert.deepEqual([page.status, page.url.pathname], [400, '/oauth2/authorize'])
    }
  })

  test('oidcc-ensure-post-request-succeeds', async () => {
    const begun = await world.begin(shop)
    const browser = new Browser()
    const { origin, pathname, searchParams } = begun.address
    let page = await browser.open(origin + pathname, Object.fromEntries(searchParams))
    page = await browser.submit(page, maria)
    const isAsked = page.url.pathname === '/login/consent'
    const { url } = isAsked ? await browser.submit(page, { decision: 'allow' }) : page
    assert.equal((await world.finish(shop, begun, url)).claims()?.sub, 'maria')
  })

  test('oidcc-server-client-secret-post', async () => {
    const secret = 'the secret of the shop'
    const auth = openid.ClientSecretPost(secret)
    // oxlint-disable-next-line typescript/no-deprecated
    const options = { execute: [openid.allowInsecureRequests] }
    const client = await openid.discovery(new URL(world.server.url), 'shop', secret, auth, options)
    const { tokens } = await logIn({}, new Browser(), client)
    assert.equal(tokens.claims()?.aud, 'shop')
  })

  test('oidcc-unsigned-request-object-supported-correctly-or-rejected-as-unsupported, oidcc-ensure-request-object-with-redirect-uri', async () => {
    const claims = { redirect_uri: goodbye, response_type: 'code', client_id: 'shop' }
    const encode = (value: object): string =>
      Buffer.from(JSON.stringify(value)).toString('base64url')
    const request = `${encode({ alg: 'none' })}.${encode(claims)}.`
    const page = await ask(new Browser(), { request })
    assert.equal(errorOf(page), 'request_not_supported')
    assert.equal(page.url.origin + page.url.pathname, callback)
  })

  test('oidcc-refresh-token', async () => {
    const { tokens } = await logIn()
    const next = await openid.refreshTokenGrant(shop, tokens.refresh_token ?? '')
    assert.notEqual(next.access_token, tokens.access_token)
    const [before, now] = [tokens.claims(), next.claims()]
    assert.deepEqual([now?.iss, now?.sub, now?.aud], [before?.iss, before?.sub, before?.aud])
    assert.equal(now?.['auth_time'], before?.['auth_time'])
    const other = await world.as('news')
    const stolen = openid.refreshTokenGrant(other, next.refresh_token ?? '')
    await assert.rejects(stolen, { error: 'invalid_grant' })
  })
})
