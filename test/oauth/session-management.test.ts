/** OpenID Connect Session Management 1.0, which has to be turned on: what is sent over HTTP. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { suite, test } from 'node:test'
import { Browser, callback, maria, useOAuth } from './relying-parties.ts'

const world = useOAuth({ oauth: { sessionManagement: true } })
const off = useOAuth()

const { origin } = new URL(callback)
const path = '/oidc/check-session'

/** What the frame computes for the browser. */
function isOf(browser: Browser, client: string, sessionState: string): boolean {
  const state = browser.cookies.get('outright-state') ?? ''
  const [hash, salt = ''] = sessionState.split('.')
  const text = `${client} ${origin} ${state} ${salt}`
  return createHash('sha256').update(text).digest('base64url') === hash
}

async function answerTo(
  browser: Browser,
  id: 'shop' | 'news',
  more: Readonly<Record<string, string>> = {},
): Promise<URLSearchParams> {
  const begun = await world.begin(await world.as(id), more)
  const at = await (more['prompt'] === 'none'
    ? browser.open(begun.address).then(({ url }) => url)
    : world.logIn(browser, begun))
  return at.searchParams
}

suite('session management', () => {
  test('SM-01: session_state is salted, for one client and browser, and in errors as well', async () => {
    const browser = new Browser()
    const nobody = await answerTo(browser, 'news', { prompt: 'none' })
    assert.equal(nobody.get('error'), 'login_required')
    assert.ok(isOf(browser, 'news', nobody.get('session_state') ?? ''))
    const first = (await answerTo(browser, 'news')).get('session_state') ?? ''
    const second = (await answerTo(browser, 'news')).get('session_state') ?? ''
    const shop = (await answerTo(browser, 'shop')).get('session_state') ?? ''
    for (const state of [first, second, shop]) assert.match(state, /^[\w-]{43}\.[\w-]{22}$/)
    assert.equal(new Set([first, second, shop]).size, 3)
    assert.ok(isOf(browser, 'news', first) && isOf(browser, 'news', second))
    assert.ok(isOf(browser, 'shop', shop) && !isOf(browser, 'news', shop))
    assert.ok(!isOf(browser, 'news', nobody.get('session_state') ?? ''))
    const consent = await answerTo(browser, 'shop', { prompt: 'none', scope: 'openid email' })
    assert.equal(consent.get('error'), 'consent_required')
    assert.ok(isOf(browser, 'shop', consent.get('session_state') ?? ''))
  })

  test('the state changes with who is logged in, and not with another login of the same session', async () => {
    const browser = new Browser()
    const before = (await answerTo(browser, 'news')).get('session_state') ?? ''
    await answerTo(browser, 'news', { prompt: 'login' })
    assert.ok(isOf(browser, 'news', before))
    const question = await browser.open(`${world.server.url}/oidc/logout`)
    await browser.submit(question, { decision: 'logout' })
    assert.equal(browser.cookies.has('outright-state'), false)
    assert.ok(!isOf(browser, 'news', before))
    await answerTo(browser, 'news')
    assert.ok(!isOf(browser, 'news', before))
  })

  test('where the session was ended elsewhere, the next answer says so', async () => {
    const browser = new Browser()
    const before = (await answerTo(browser, 'news')).get('session_state') ?? ''
    const end = { scope: 'subject', key: 'maria', reason: 'logout', actor: 'system' } as const
    await world.server.core.revoke({ ...end, wait: true })
    await answerTo(browser, 'news', { prompt: 'none' })
    assert.ok(!isOf(browser, 'news', before))
  })

  test('SM-02: the frame is named in discovery; it runs one script, and any page may show it', async () => {
    const { server } = world
    const found = (await server.call('GET', '/.well-known/openid-configuration')).json()
    assert.equal(found.check_session_iframe, server.url + path)
    const { headers, text } = await server.call('GET', path)
    const policy = headers['content-security-policy'] ?? ''
    assert.match(policy, /^default-src 'none'; .*script-src 'self'; connect-src 'self'; /)
    assert.match(policy, /form-action 'none'; frame-ancestors \*$/)
    assert.doesNotMatch(text, /<script(?![^>]*\ssrc=)|\son\w+=/)
    assert.equal(headers['set-cookie'], undefined)
  })

  test('SM-02: a page is a client’s where a redirect URI of the client has its origin', async () => {
    const ask = async (client: string, at: string) => {
      const query = new URLSearchParams({ client_id: client, origin: at }).toString()
      return (await world.server.call('GET', `${path}/client?${query}`)).json().isKnown
    }
    assert.equal(await ask('shop', origin), true)
    assert.equal(await ask('unknown', origin), false)
    for (const other of ['', 'null', 'http://127.0.0.1:3998', 'https://127.0.0.1:3999', callback]) {
      assert.equal(await ask('shop', other), false, other)
    }
    assert.equal((await world.server.call('GET', `${path}/client`)).json().isKnown, false)
  })

  test('without the setting there is none of it', async () => {
    const browser = new Browser()
    const begun = await off.begin(await off.as('news'))
    const at = await off.logIn(browser, begun, maria)
    assert.equal(at.searchParams.has('session_state'), false)
    assert.equal(browser.cookies.has('outright-state'), false)
    for (const one of [path, `${path}.js`, `${path}/client`]) {
      assert.equal((await off.server.call('GET', one)).status, 404)
    }
    const found = (await off.server.call('GET', '/.well-known/openid-configuration')).json()
    assert.equal('check_session_iframe' in found, false)
  })
})

suite('behind TLS', () => {
  const secure = useOAuth({ issuer: 'https://login.example', oauth: { sessionManagement: true } })

  test('the cookie of the frame says nothing, and is the only one that scripts and frames get', async () => {
    const { server } = secure
    const query = new URLSearchParams({
      client_id: 'news',
      redirect_uri: callback,
      response_type: 'code',
      code_challenge: 'c'.repeat(43),
      code_challenge_method: 'S256',
    })
    const begun = await fetch(`${server.url}/oauth2/authorize?${query.toString()}`, {
      redirect: 'manual',
    })
    const [cookie = ''] = (begun.headers.getSetCookie()[0] ?? '').split(';')
    const interaction = begun.headers.get('location')?.split('=')[1] ?? ''
    const done = await fetch(`${server.url}/login`, {
      method: 'POST',
      redirect: 'manual',
      headers: { cookie },
      body: new URLSearchParams({ interaction, ...maria }),
    })
    const set = done.headers.getSetCookie()
    const readable = set.filter((one) => !one.includes('HttpOnly'))
    const shape = /^__Host-outright-state=[\w-]{43}; Max-Age=\d+; Path=\/; Secure; SameSite=None$/
    for (const one of readable) assert.match(one, shape)
    assert.ok(readable.length > 0)
    assert.ok(set.some((one) => /^__Host-outright-session=.*HttpOnly.*SameSite=Lax$/.test(one)))
  })
})
