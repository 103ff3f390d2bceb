/** Device authorization (RFC 8628) with clients that others wrote, over real HTTP. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import * as oauth from 'oauth4webapi'
import * as openid from 'openid-client'
import type { Reply } from '../harness.ts'
import { participantKey } from '../../src/domain/scope.ts'
import { SIGN_ON_CLIENT } from '../../src/http/surfaces/oauth/browser.ts'
import { DEVICE_CODE } from '../../src/protocol/client-metadata.ts'
import { Browser, maria, sidOf, useOAuth, type Visit } from './relying-parties.ts'

/** And a moment: the clock stands still between the questions. */
const INTERVAL_MS = 5001

const world = useOAuth({}, {}, { frozenClocks: true })

type Device = Awaited<ReturnType<typeof openid.initiateDeviceAuthorization>>

async function begin(scope = 'openid profile'): Promise<Device> {
  return openid.initiateDeviceAuthorization(await world.as('tv'), { scope })
}

const post = (path: string, fields: Record<string, string>): Promise<Reply> =>
  world.server.call('POST', path, { body: new URLSearchParams(fields) })

/** One question of the device, as it comes. */
const ask = (code: string, client = 'tv'): Promise<Reply> =>
  post('/oauth2/token', { grant_type: DEVICE_CODE, device_code: code, client_id: client })

/** What it is told, after the time that it has to wait. */
async function asked(code: string, client = 'tv'): Promise<string> {
  world.server.advance(INTERVAL_MS)
  const reply = await ask(code, client)
  return reply.status === 200 ? 'tokens' : String(reply.json().error)
}

/** Up to the page that asks whether the device may come in. */
async function toConsent(browser: Browser, typed: string, as = maria): Promise<Visit> {
  const form = await browser.open(`${world.server.url}/device`)
  const page = await browser.submit(form, { user_code: typed })
  return page.url.pathname === '/login' ? browser.submit(page, as) : page
}

async function allow(browser: Browser, typed: string): Promise<Visit> {
  const page = await toConsent(browser, typed)
  assert.equal(page.url.pathname, '/device/confirm', page.text)
  return browser.submit(page, { decision: 'allow' })
}

interface Issued {
  readonly access_token: string
  readonly refresh_token: string
  readonly id_token: string
}

/** A device that was let in. */
async function connected(browser = new Browser()): Promise<Issued> {
  const device = await begin()
  await allow(browser, device.user_code)
  world.server.advance(INTERVAL_MS)
  return (await ask(device.device_code)).json() as Issued
}

const isAlive = async (token: string): Promise<boolean> =>
  (await world.server.core.verify(token)).ok

suite('a device without a browser', () => {
  test('DEV-01, DEV-04: openid-client gets in: login, confirmation, tokens, refresh', async () => {
    const tv = await world.as('tv')
    const device = await begin()
    assert.deepEqual([device.expires_in, device.interval], [600, 5])
    assert.equal(device.verification_uri, `${world.server.url}/device`)
    const done = await allow(new Browser(), device.user_code)
    assert.match(done.text, /Your device is connected/)
    const quick = { ...device, interval: 0.01 }
    const tokens = await openid.pollDeviceAuthorizationGrant(tv, quick)
    const info = await openid.fetchUserInfo(tv, tokens.access_token, tokens.claims()?.sub ?? '')
    assert.equal(info.preferred_username, 'maria')
    const next = await openid.refreshTokenGrant(tv, tokens.refresh_token ?? '')
    assert.equal(next.claims()?.['sid'], tokens.claims()?.['sid'])
  })

  test('DEV-01: oauth4webapi takes both answers', async () => {
    const as = (await world.as('tv')).serverMetadata()
    const client: oauth.Client = { client_id: 'tv' }
    // oxlint-disable-next-line typescript/no-deprecated
    const insecure = { [oauth.allowInsecureRequests]: true } as const
    const none = oauth.None()
    const begun = await oauth.processDeviceAuthorizationResponse(
      as,
      client,
      await oauth.deviceAuthorizationRequest(as, client, none, { scope: 'openid' }, insecure),
    )
    await allow(new Browser(), begun.user_code)
    const code = begun.device_code
    const reply = await oauth.deviceCodeGrantRequest(as, client, none, code, insecure)
    const tokens = await oauth.processDeviceCodeResponse(as, client, reply)
    assert.equal(await isAlive(tokens.access_token), true)
  })

  test('DEV-02: the client proves who it is, and is registered for it', async () => {
    const path = '/oauth2/device_authorization'
    const errorOf = async (fields: Record<string, string>) => {
      const reply = await post(path, fields)
      return `${String(reply.status)} ${String(reply.json().error)}`
    }
    assert.equal(await errorOf({ client_id: 'shop' }), '401 invalid_client')
    assert.equal(await errorOf({ client_id: 'app' }), '400 unauthorized_client')
    assert.equal(await errorOf({ client_id: 'nobody' }), '401 invalid_client')
    assert.equal(await errorOf({}), '401 invalid_client')
    assert.equal(await errorOf({ client_id: 'tv', scope: 'everything' }), '400 invalid_scope')
    const ok = await post(path, { client_id: 'tv' })
    assert.deepEqual([ok.status, ok.headers['cache-control']], [200, 'no-store'])
    const device = await begin()
    await allow(new Browser(), device.user_code)
    assert.equal(await asked(device.device_code, 'app'), 'unauthorized_client')
    assert.equal(await asked(device.device_code), 'tokens')
  })

  test('DEV-03: a code of letters that read well is good in any case and with any dashes', async () => {
    for (const change of [
      (code: string) => code.toLowerCase().replace('-', ''),
      (code: string) => ` ${code.replace('-', ' – ')} `,
    ]) {
      const device = await begin()
      assert.match(device.user_code, /^[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}$/)
      const page = await toConsent(new Browser(), change(device.user_code))
      assert.match(page.text, new RegExp(`<p class="code">${device.user_code}</p>`))
    }
  })

  test('DEV-05: a link with the code only fills the form; the client is named and confirmed', async () => {
    const browser = new Browser()
    await world.logIn(browser, await world.begin(await world.as('news')))
    const device = await begin()
    const form = await browser.open(device.verification_uri_complete ?? '')
    assert.deepEqual([form.status, form.url.pathname], [200, '/device'])
    assert.match(form.text, new RegExp(`value="${device.user_code}"`))
    assert.equal(await asked(device.device_code), 'authorization_pending')
    const page = await browser.submit(form, { user_code: device.user_code })
    assert.match(page.text, /<h1>Allow The tv\?<\/h1>/)
    assert.match(page.text, /maria|Maria/)
    assert.equal(await asked(device.device_code), 'authorization_pending')
    await browser.submit(page, { decision: 'allow' })
    assert.equal(await asked(device.device_code), 'tokens')
    // A person who allowed it once is asked the next time, too.
    const again = await begin()
    assert.match((await toConsent(browser, again.user_code)).text, /Allow The tv\?/)
  })

  test('DEV-06: pending, denied, expired, unknown', async () => {
    const [waiting, refused, late] = [await begin(), await begin(), await begin()]
    assert.equal(await asked(waiting.device_code), 'authorization_pending')
    const browser = new Browser()
    const page = await toConsent(browser, refused.user_code)
    assert.match((await browser.submit(page, { decision: 'deny' })).text, /was refused/)
    assert.equal(await asked(refused.device_code), 'access_denied')
    assert.equal(await asked('unknown'), 'invalid_grant')
    await allow(browser, late.user_code)
    world.server.advance(601_000)
    assert.equal(await asked(waiting.device_code), 'expired_token')
    assert.equal(await asked(late.device_code), 'expired_token')
    const typed = await toConsent(new Browser(), waiting.user_code)
    assert.deepEqual([typed.status, typed.url.pathname], [400, '/device'])
  })

  test('DEV-07: who asks too early has to slow down, by five seconds more each time', async () => {
    const { device_code: code } = await begin()
    assert.equal(await asked(code), 'authorization_pending')
    assert.equal((await ask(code)).json().error, 'slow_down')
    assert.equal(await asked(code), 'authorization_pending')
    // From now on it has to wait ten seconds.
    assert.equal(await asked(code), 'slow_down')
    world.server.advance(INTERVAL_MS)
    assert.equal(await asked(code), 'authorization_pending')
  })

  test('DEV-08: of ten questions at once one gets tokens, and a code that was used gets no more', async () => {
    const device = await begin()
    await allow(new Browser(), device.user_code)
    const replies = await Promise.all(Array.from({ length: 10 }, () => ask(device.device_code)))
    const issued = replies
      .filter(({ status }) => status === 200)
      .map((reply) => reply.json() as Issued)
    assert.equal(issued.length, 1)
    const token = issued[0]?.access_token ?? ''
    assert.equal(await isAlive(token), true)
    world.server.advance(60_000)
    assert.equal(await asked(device.device_code), 'invalid_grant')
    // Who asked again may have stolen it, or have been robbed.
    assert.equal(await isAlive(token), false)
  })

  test('DEV-08: an authorization code is not a device code, nor the other way round', async () => {
    const device = await begin()
    await allow(new Browser(), device.user_code)
    const reply = await post('/oauth2/token', {
      grant_type: 'authorization_code',
      code: device.device_code,
      code_verifier: 'x'.repeat(43),
      client_id: 'app',
    })
    assert.equal(reply.json().error, 'invalid_grant')
    assert.equal(await asked(device.device_code), 'tokens')
  })

  test('DEV-09: a logout between the approval and the question wins', async () => {
    const { core } = world.server
    const endings = ['session', 'subject', 'client', 'grant', 'everyone'] as const
    for (const scope of endings) {
      const browser = new Browser()
      const login = await signedOn(browser)
      const device = await begin()
      await allow(browser, device.user_code)
      const key = { session: login.sid, subject: login.sub, client: 'tv', everyone: '*' }
      const named = { ...key, grant: `tv ${login.sub}` }[scope]
      await core.revoke({ scope, key: named, reason: 'logout', actor: 'system', wait: true })
      assert.equal(await asked(device.device_code), 'invalid_grant', scope)
    }
  })

  test('DEV-09: also one that ends the login alone, where other clients stay in its session', async () => {
    const { core } = world.server
    const browser = new Browser()
    const login = await signedOn(browser)
    const device = await begin()
    await allow(browser, device.user_code)
    const key = participantKey(SIGN_ON_CLIENT, login.sid)
    const end = { scope: 'participant', reason: 'logout', actor: 'system', wait: true } as const
    await core.revoke({ ...end, key })
    assert.equal((await core.sessions.status(login.sid))?.state, 'live')
    assert.equal(await asked(device.device_code), 'invalid_grant')
  })

  test('DEV-09: a question, a refresh and a logout at once: what comes of them is dead after it', async () => {
    const { core } = world.server
    for (let round = 0; round < 5; round++) {
      const browser = new Browser()
      const login = await signedOn(browser)
      const before = await connected(browser)
      const device = await begin()
      await allow(browser, device.user_code)
      world.server.advance(INTERVAL_MS)
      const end = { scope: 'subject', key: login.sub, reason: 'logout', actor: 'system' } as const
      const refresh = { grant_type: 'refresh_token', refresh_token: before.refresh_token }
      const [polled, refreshed] = await Promise.all([
        ask(device.device_code),
        post('/oauth2/token', { ...refresh, client_id: 'tv' }),
        core.revoke({ ...end, wait: true }),
      ])
      for (const reply of [polled, refreshed]) {
        if (reply.status !== 200) continue
        const { access_token: token, refresh_token: next } = reply.json() as Issued
        assert.equal(await isAlive(token), false)
        const again = { grant_type: 'refresh_token', refresh_token: next, client_id: 'tv' }
        assert.equal((await post('/oauth2/token', again)).status, 400)
      }
      assert.equal(await isAlive(before.access_token), false)
    }
  })

  test('DEV-10: a device stays when the browser logs out later, and ends by its own session', async () => {
    const browser = new Browser()
    const login = await signedOn(browser)
    const device = await connected(browser)
    const { core } = world.server
    const end = { scope: 'session', reason: 'logout', actor: 'system', wait: true } as const
    await core.revoke({ ...end, key: login.sid })
    assert.equal(await isAlive(device.access_token), true)
    const verdict = await core.verify(device.access_token)
    assert.ok(verdict.ok)
    await core.revoke({ ...end, key: verdict.claims.sid })
    assert.equal(await isAlive(device.access_token), false)
  })
})

/** A person who is logged in at a browser. */
async function signedOn(browser: Browser): Promise<{ readonly sid: string; readonly sub: string }> {
  const tokens = await world.tokens(browser, await world.as('news'))
  return { sid: sidOf(tokens), sub: String(tokens.claims()?.sub) }
}

suite('the page', () => {
  test('DEV-11: an answer counts once, in the browser where the code was typed, for the person named', async () => {
    const [browser, other] = [new Browser(), new Browser()]
    const device = await begin()
    const page = await toConsent(browser, device.user_code)
    assert.equal((await other.open(page.url)).status, 404)
    const stranger = { username: 'demo@example.com', password: 'demo-password' }
    world.server.advance(1)
    const login = await world.begin(await world.as('news'), { prompt: 'login' })
    await world.logIn(browser, login, stranger)
    const again = await browser.submit(page, { decision: 'allow' })
    assert.equal(again.url.pathname, '/device/confirm')
    assert.equal(await asked(device.device_code), 'authorization_pending')
    await browser.submit(again, { decision: 'allow' })
    assert.equal((await browser.submit(again, { decision: 'deny' })).status, 404)
    assert.equal(await asked(device.device_code), 'tokens')
  })

  test('DEV-11: a form of another site is refused', async () => {
    const { user_code: code } = await begin()
    const body = new URLSearchParams({ user_code: code })
    const headers = { 'sec-fetch-site': 'cross-site' }
    assert.equal((await world.server.call('POST', '/device', { headers, body })).status, 403)
  })

  test('DEV-12: strict headers, no script, three languages, what was typed is escaped', async () => {
    for (const [language, title] of [
      ['en', 'Connect a device'],
      ['pt', 'Ligar um dispositivo'],
      ['es', 'Conectar un dispositivo'],
    ] as const) {
      const page = await world.server.call('GET', '/device?user_code=%22%3E%3Cb%3E', {
        headers: { 'accept-language': language },
      })
      assert.match(page.text, new RegExp(`<html lang="${language}">[^]*<h1>${title}</h1>`))
      assert.equal(/<script|<b>/.test(page.text), false)
      const policy = page.headers['content-security-policy'] ?? ''
      assert.match(policy, /default-src 'none'.*form-action 'self'; frame-ancestors 'none'/)
    }
  })

  test('login may be declined, and decides nothing', async () => {
    const browser = new Browser()
    const device = await begin()
    const form = await browser.open(`${world.server.url}/device`)
    const login = await browser.submit(form, { user_code: device.user_code })
    assert.match(login.text, /to continue to The tv/)
    assert.match((await browser.submit(login, { decision: 'cancel' })).text, /not logged in/)
    assert.equal(await asked(device.device_code), 'authorization_pending')
  })
})

suite('guesses', () => {
  const strict = useOAuth({
    rateLimitFactor: 1,
    oauth: {
      userCodesPerAddress: { points: 3, windowSeconds: 60 },
      requestsPerAddress: { points: 3, windowSeconds: 60 },
    },
  })

  test('DEV-13: codes typed at one address are counted, and so are devices begun from it', async () => {
    const { server } = strict
    const type = (code: string) =>
      server.call('POST', '/device', { body: new URLSearchParams({ user_code: code }) })
    for (let guess = 0; guess < 3; guess++) assert.equal((await type('BBBB-BBBB')).status, 400)
    const limited = await type('BBBB-BBBB')
    assert.equal(limited.status, 429)
    assert.match(limited.text, /Too many attempts/)
    const body = new URLSearchParams({ client_id: 'tv' })
    const path = '/oauth2/device_authorization'
    for (let call = 0; call < 3; call++) {
      assert.equal((await server.call('POST', path, { body })).status, 200)
    }
    const refused = await server.call('POST', path, { body })
    assert.equal(refused.status, 429)
    assert.ok(refused.headers['retry-after'])
  })
})
