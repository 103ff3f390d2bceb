/** Baanx's login and consent page, as a browser without script meets it. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { after, before, suite, test } from 'node:test'
import { startTestServer, type Reply, type TestServer } from '../harness.ts'
import { demo, initiate, probe, redeem, redirectUri, type Pair } from './baanx-calls.ts'

const path = '/v1/auth/oauth/authorize/page'
const otpUser = { email: 'otp@example.com', password: 'demo-password' }

let server: TestServer
before(async () => {
  server = await startTestServer()
})
after(() => server.close())

/** Follows the redirect of initiate, and returns the handle of the form. */
async function open(changes: Record<string, string> = {}): Promise<string> {
  const begun = await initiate(server, { ...changes, mode: undefined })
  assert.equal(begun.status, 302, begun.text)
  const location = new URL(begun.headers['location'] ?? '')
  const page = await server.call('GET', location.pathname + location.search)
  assert.equal(page.status, 200)
  return hidden(page, 'token')
}

function hidden(page: Reply, name: string): string {
  const value = new RegExp(`type="hidden" name="${name}" value="([^"]+)"`).exec(page.text)?.[1]
  return value ?? assert.fail(`no field ${name}`)
}

function submit(
  token: string,
  fields: Readonly<Record<string, string>>,
  headers: Readonly<Record<string, string>> = {},
): Promise<Reply> {
  const body = new URLSearchParams({ token, decision: 'allow', ...fields })
  return server.call('POST', path, { headers, body })
}

function assertHtml(page: Reply, status: number, text: RegExp): void {
  assert.equal(page.status, status)
  assert.equal(page.headers['content-type'], 'text/html; charset=utf-8')
  assert.match(page.text, text)
}

suite('Baanx page, the way through', () => {
  test('log in and allow: back to the client with a code that works', async () => {
    const reply = await submit(await open(), demo)
    assert.equal(reply.status, 303)
    const location = new URL(reply.headers['location'] ?? '')
    assert.equal(location.origin + location.pathname, redirectUri)
    assert.equal(location.searchParams.get('state'), 'a state & more')
    const tokens = await redeem(server, location.searchParams.get('code') ?? '')
    assert.equal(await probe(server, (tokens.json() as Pair).access_token), 200)
  })

  test('deny: back to the client with an error, and the link is over', async () => {
    const token = await open()
    const reply = await submit(token, { decision: 'deny' })
    assert.equal(reply.status, 303)
    const location = `${redirectUri}?error=access_denied&state=a%20state%20%26%20more`
    assert.equal(reply.headers['location'], location)
    assertHtml(await submit(token, demo), 404, /no longer good/)
  })

  test('with a one-time password, in two steps', async () => {
    const token = await open()
    const second = await submit(token, otpUser)
    assertHtml(second, 200, /six digits/)
    assert.doesNotMatch(second.text, /demo-password/)
    const step = hidden(second, 'step')
    assertHtml(await submit(token, { step, otpCode: '000000' }), 400, /not the right digits/)
    assertHtml(await submit(token, { step, otpCode: '12' }), 400, /did not work/)
    const reply = await submit(token, { step, otpCode: '123456' })
    assert.equal(reply.status, 303)
    assert.match(reply.headers['location'] ?? '', /\?code=/)
  })

  test('a second step belongs to its own authorization', async () => {
    const [token, other] = [await open(), await open()]
    const step = hidden(await submit(token, otpUser), 'step')
    assertHtml(await submit(other, { step, otpCode: '123456' }), 404, /no longer good/)
    assertHtml(await submit(token, { step: 'x', otpCode: '123456' }), 404, /no longer good/)
  })

  test('a wrong password: the form again, saying so, and nothing of what was typed', async () => {
    const token = await open()
    const reply = await submit(token, { email: 'visitor@example.com', password: 'hush-hush' })
    assertHtml(reply, 400, /role="alert"/)
    assert.doesNotMatch(reply.text, /visitor|hush/)
    assert.equal(hidden(reply, 'token'), token)
    assertHtml(await submit(token, { email: '', password: '' }), 400, /role="alert"/)
    assert.equal((await submit(token, demo)).status, 303)
  })

  test('a link is good for ten minutes and one use', async () => {
    const token = await open()
    assert.equal((await submit(token, demo)).status, 303)
    assertHtml(await server.call('GET', `${path}?token=${token}`), 404, /no longer good/)
    const late = await open()
    server.advance(601_000)
    assertHtml(await server.call('GET', `${path}?token=${late}`), 404, /no longer good/)
    assertHtml(await submit(late, demo), 404, /no longer good/)
  })

  test('an onboarding that is not complete gets no code', async (t) => {
    t.after(() => server.store.updateSubject('baanx-demo-user', { attributes: {} }))
    await server.store.updateSubject('baanx-demo-user', { attributes: { phase: 'ACCOUNT' } })
    assertHtml(await submit(await open(), demo), 403, /not complete/)
  })

  test('a disabled account is told so', async (t) => {
    t.after(() => server.store.updateSubject('baanx-demo-user', { status: 'active' }))
    await server.store.updateSubject('baanx-demo-user', { status: 'disabled' })
    assertHtml(await submit(await open(), demo), 403, /has been disabled/)
  })
})

suite('Baanx page, what was proved before a logout opens nothing after it', () => {
  const admin = { authorization: 'Bearer outright-demo-admin' }

  /** A new password ends every session of a person, and is the old one again after the test. */
  async function changePassword(id: string, password: string): Promise<void> {
    const path = `/outright/v1/subjects/${id}`
    const { status } = await server.call('PATCH', path, { headers: admin, body: { password } })
    assert.equal(status, 200)
  }

  /** Whether what came of a form lets anybody in. */
  async function opens(reply: Reply): Promise<boolean> {
    const code = /[?&]code=([\w-]+)/.exec(reply.headers['location'] ?? '')?.[1]
    if (code === undefined) return false
    const tokens = await redeem(server, code)
    return tokens.status === 200 && (await probe(server, tokens.json().access_token)) === 200
  }

  test('the old password, where only the one-time password was missing', async (t) => {
    t.after(() => changePassword('baanx-otp-user', otpUser.password))
    const token = await open()
    const step = hidden(await submit(token, otpUser), 'step')
    await changePassword('baanx-otp-user', 'another-password')
    assert.equal(await opens(await submit(token, { step, otpCode: '123456' })), false)
  })

  test('a logout everywhere, between the two steps', async () => {
    const token = await open()
    const step = hidden(await submit(token, otpUser), 'step')
    const body = { scope: 'subject', key: 'baanx-otp-user', reason: 'compromised' }
    const ended = await server.call('POST', '/outright/v1/revocations', { headers: admin, body })
    assert.equal(ended.status, 201)
    assert.equal(await opens(await submit(token, { step, otpCode: '123456' })), false)
  })

  test('the old password, where it was found right while it was being changed', async (t) => {
    t.after(() => changePassword('baanx-demo-user', demo.password))
    const tokens = await Promise.all(Array.from({ length: 6 }, () => open()))
    const changed = changePassword('baanx-demo-user', 'another-password')
    const submitted = tokens.map((token) => submit(token, demo))
    await changed
    for (const reply of await Promise.all(submitted)) assert.equal(await opens(reply), false)
  })
})

suite('Baanx page, what protects it', () => {
  test('no script, no frame, no referrer; the style is named by its hash', async () => {
    const page = await server.call('GET', `${path}?token=${await open()}`)
    const policy = page.headers['content-security-policy'] ?? ''
    const style = /<style>([\s\S]*)<\/style>/.exec(page.text)?.[1] ?? ''
    const hash = createHash('sha256').update(style).digest('base64')
    assert.equal(
      policy,
      `default-src 'none'; style-src 'sha256-${hash}'; ` +
        "base-uri 'none'; form-action 'self' http://127.0.0.1:8080; frame-ancestors 'none'",
    )
    assert.equal(page.headers['x-frame-options'], 'DENY')
    assert.equal(page.headers['referrer-policy'], 'no-referrer')
    assert.equal(page.headers['cache-control'], 'no-store')
    assert.equal(page.headers['set-cookie'], undefined)
    assert.doesNotMatch(page.text, /<script|javascript:|\son\w+=/i)
  })

  test('names of clients are escaped', async (t) => {
    const name = `<img src=x onerror=alert(1)> "&' Ltd`
    t.after(() => server.store.updateClient('baanx-demo-oauth', { name: 'Baanx demo' }))
    await server.store.updateClient('baanx-demo-oauth', { name })
    const page = await server.call('GET', `${path}?token=${await open()}`)
    assert.doesNotMatch(page.text, /<img/)
    assert.match(page.text, /&lt;img src=x onerror=alert\(1\)&gt; &quot;&amp;&#39; Ltd/)
  })

  test('a registered app scheme is named in the policy, nothing else can break into it', async (t) => {
    t.after(() => server.store.updateClient('baanx-demo-oauth', { redirectUris: [redirectUri] }))
    const uris = {
      'com.example.app:/done': "'self' com.example.app:",
      "https://example.com; script-src 'unsafe-inline'": "'self' https:",
      'https://user@example.com/x': "'self' https:",
      'https://example.com:8443/x?y=z': "'self' https://example.com:8443",
    }
    await server.store.updateClient('baanx-demo-oauth', { redirectUris: Object.keys(uris) })
    for (const [uri, targets] of Object.entries(uris)) {
      const token = await open({ redirect_uri: uri })
      const page = await server.call('GET', `${path}?token=${token}`)
      const policy = page.headers['content-security-policy'] ?? ''
      assert.ok(policy.includes(`form-action ${targets};`), policy)
    }
    const app = await submit(await open({ redirect_uri: 'com.example.app:/done' }), demo)
    assert.match(app.headers['location'] ?? '', /^com\.example\.app:\/done\?code=[\w-]{43}&state=/)
  })

  test('a form from another site is refused', async () => {
    const token = await open()
    for (const site of ['cross-site', 'same-site', 'none']) {
      assertHtml(await submit(token, demo, { 'sec-fetch-site': site }), 403, /did not work/)
    }
    assert.equal((await submit(token, demo, { 'sec-fetch-site': 'same-origin' })).status, 303)
  })

  test('what is not a form of ours is refused in HTML', async () => {
    assertHtml(await server.call('GET', path), 404, /no longer good/)
    assertHtml(await server.call('GET', `${path}?token=a&token=b`), 422, /did not work/)
    assertHtml(await server.call('POST', path), 422, /did not work/)
    const twice = 'token=a&token=b&decision=allow'
    assertHtml(await server.call('POST', path, { body: twice }), 422, /did not work/)
    const bytes = Buffer.from([0x74, 0x3d, 0xff])
    assertHtml(await server.call('POST', path, { body: bytes }), 400, /did not work/)
    const method = await server.call('DELETE', path)
    assertHtml(method, 405, /did not work/)
    assert.equal(method.headers['allow'], 'GET, HEAD, POST')
  })
})
