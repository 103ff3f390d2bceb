/**
 * The second screen: from the code on the TV to the provider and back, over real addresses and
 * forms; and what the provider is told when the device is logged out.
 */
import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { after, before, suite, test } from 'node:test'
import { startTestServer, type TestServer } from '../harness.ts'
import {
  authenticate,
  deviceCall,
  logIn,
  logOut,
  openFront,
  pathOf,
  registrationCode,
  REQUESTOR,
  submitLogin,
  type Front,
} from './adobe-pass-kit.ts'

let front: Front
let server: TestServer

before(async () => {
  front = await openFront()
  server = await startTestServer({ config: { issuer: front.url } })
  front.lead(server.url)
})
after(async () => {
  await server.close()
  await front.close()
})

/** Follows redirects as a browser does; gives the last answer and its address. */
async function browse(
  address: string,
  init: RequestInit = {},
): Promise<{ readonly status: number; readonly url: string; readonly text: string }> {
  const reply = await fetch(address, { redirect: 'follow', ...init })
  return { status: reply.status, url: reply.url, text: await reply.text() }
}

/** The fields of the one form on a page, and where it goes. */
function formOf(page: { readonly url: string; readonly text: string }): {
  readonly action: string
  readonly fields: URLSearchParams
} {
  const form = /<form[^>]*action="([^"]*)"[^>]*>([^]*?)<\/form>/.exec(page.text)
  assert.ok(form, page.text)
  const fields = new URLSearchParams()
  for (const [input] of (form[2] ?? '').matchAll(/<input[^>]*>/g)) {
    const name = /name="([^"]*)"/.exec(input)?.[1]
    const value = /value="([^"]*)"/.exec(input)?.[1] ?? ''
    if (name !== undefined) fields.set(name, value.replaceAll('&amp;', '&'))
  }
  return { action: new URL(form[1] ?? '', page.url).href, fields }
}

suite('a login on a second screen', () => {
  test('register, code, provider, form, and back: then the TV is logged in', async () => {
    const code = await registrationCode(server, 'tv-1')
    const before = await server.call(
      'GET',
      `/api/v1/checkauthn/${code}?requestor=REF30&format=json`,
    )
    assert.equal(before.status, 403)
    assert.equal(before.text, '{"status":403,"message":"Forbidden"}')

    const start = new URLSearchParams({
      reg_code: code,
      requestor_id: REQUESTOR,
      domain_name: 'example.com',
      noflash: 'true',
      no_iframe: 'true',
      mso_id: 'DemoMVPD',
      redirect_url: `${front.url}/healthz?after=login`,
    })
    const page = await browse(`${front.url}/api/v1/authenticate?${start.toString()}`)
    assert.equal(page.status, 200)
    assert.match(page.text, /Demo programmer asks who you are/)
    const { action, fields } = formOf(page)
    assert.equal(fields.get('user'), 'viewer')
    fields.set('password', 'viewer-demo')
    const done = await browse(action, { method: 'POST', body: fields })
    assert.equal(done.status, 200)
    assert.equal(done.url, `${front.url}/healthz?after=login`)

    const arrived = await server.call('GET', `/api/v1/checkauthn/${code}?requestor=REF30`)
    assert.equal(arrived.status, 200)
    assert.equal((await deviceCall(server, '/api/v1/checkauthn', 'tv-1')).status, 200)
  })

  test('without redirect_url the last page says that one can return to the TV', async () => {
    const started = await authenticate(server, await registrationCode(server, 'tv-2'))
    const { action, fields } = formOf(await browse(started.headers['location'] ?? ''))
    fields.set('password', 'viewer-demo')
    const done = await browse(action, { method: 'POST', body: fields })
    assert.equal(done.status, 200)
    assert.match(done.text, /You can return to your TV now/)
  })

  test('a wrong password: the form again, and no person is logged in', async () => {
    const started = await authenticate(server, await registrationCode(server, 'tv-3'))
    const reply = await submitLogin(server, started.headers['location'] ?? '', {
      user: 'viewer',
      password: 'guess',
    })
    assert.equal(reply.status, 401)
    assert.match(reply.text, /User or password is wrong/)
    assert.equal((await deviceCall(server, '/api/v1/checkauthn', 'tv-3')).status, 403)
  })

  test('the code may be typed in lower case', async () => {
    const code = await registrationCode(server, 'tv-4')
    assert.equal((await authenticate(server, code.toLowerCase())).status, 302)
  })

  test('a login before the code was made does not count as its login', async () => {
    await logIn(server, 'tv-5')
    server.advance(1000)
    const code = await registrationCode(server, 'tv-5')
    const reply = await server.call('GET', `/api/v1/checkauthn/${code}?requestor=REF30`)
    assert.equal(reply.status, 403)
  })

  test('the provider’s pages carry a strict policy and send no referrer', async () => {
    const started = await authenticate(server, await registrationCode(server, 'tv-6'))
    const page = await server.call('GET', pathOf(started.headers['location']))
    assert.match(
      page.headers['content-security-policy'] ?? '',
      /^default-src 'none'; style-src 'sha256-/,
    )
    assert.equal(page.headers['referrer-policy'], 'no-referrer')
    assert.equal(page.headers['cache-control'], 'no-store')
  })

  test('a name with markup in it is text on the page', async () => {
    const started = await authenticate(server, await registrationCode(server, 'tv-7'))
    const url = new URL(started.headers['location'] ?? '')
    url.searchParams.set('requestor', '<script>alert(1)</script>"')
    const page = await server.call('GET', url.pathname + url.search)
    assert.equal(page.text.includes('<script>'), false)
    assert.match(page.text, /&lt;script&gt;/)
  })

  test('the provider sends assertions nowhere but to the callback', async () => {
    const started = await authenticate(server, await registrationCode(server, 'tv-8'))
    const url = new URL(started.headers['location'] ?? '')
    url.searchParams.set('return', 'https://evil.example/callback')
    assert.equal((await server.call('GET', url.pathname + url.search)).status, 400)
    assert.equal((await submitLogin(server, url.href)).status, 400)
  })
})

suite('GET /api/v1/authenticate', () => {
  const refused: readonly (readonly [string, Record<string, string>])[] = [
    ['an unknown code', { reg_code: 'ZZZZZZZ' }],
    ['an unknown provider', { mso_id: 'NoSuchMVPD' }],
    ['a provider without a login page', { mso_id: 'DemoTempPass' }],
    ['redirect_url: javascript', { redirect_url: 'javascript:alert(1)' }],
    ['redirect_url: data', { redirect_url: 'data:text/html,x' }],
    ['redirect_url: not absolute', { redirect_url: '//evil.example' }],
    ['redirect_url: a name before the host', { redirect_url: 'https://example.com@evil.example/' }],
  ]
  for (const [name, parameters] of refused) {
    test(`${name}: 400`, async () => {
      const code = await registrationCode(server, 'tv-refused')
      assert.equal((await authenticate(server, code, parameters)).status, 400)
    })
  }

  for (const missing of ['reg_code', 'mso_id']) {
    test(`without ${missing}: 400, which names it`, async () => {
      const code = await registrationCode(server, 'tv-missing')
      const reply = await authenticate(server, code, { [missing]: '', format: 'json' })
      assert.equal(reply.status, 400)
      assert.equal(reply.json().message, `Required '${missing}' is not present`)
    })
  }

  const mangled = (code: string): readonly string[] => [
    `requestor_id=REF30%C2%AE_code=${code}&mso_id=DemoMVPD`,
    `requestor_id=REF30%AE_code=${code}&mso_id=DemoMVPD`,
    `requestor_id=REF30&reg;_code=${code}&mso_id=DemoMVPD`,
    `mso_id=DemoMVPD&%C2%AE_code=${code}&requestor_id=REF30`,
  ]
  for (const index of [0, 1, 2, 3]) {
    test(`"&reg" read as the entity ®, form ${String(index + 1)}: the code is found`, async () => {
      const code = await registrationCode(server, 'tv-mangled')
      const reply = await server.call('GET', `/api/v1/authenticate?${mangled(code)[index] ?? ''}`)
      assert.equal(reply.status, 302, reply.text)
    })
  }
})

suite('"does not call the MVPD’s logout endpoint": here it is told, afterwards', () => {
  /** Waits for the provider to have been told; it is told in the background. */
  async function status(wanted: RegExp): Promise<string> {
    for (let tries = 0; tries < 200; tries++) {
      const { text } = await server.call('GET', '/demo/mvpd/')
      if (wanted.test(text)) return text
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
    return assert.fail(`the provider never said ${String(wanted)}`)
  }

  test('a viewer with a session at the provider needs no password, until a device logs out', async () => {
    const first = await authenticate(server, await registrationCode(server, 'tv-20'))
    const loggedIn = await submitLogin(server, first.headers['location'] ?? '')
    await server.call('GET', pathOf(loggedIn.headers['location']))
    const cookie = (loggedIn.headers['set-cookie'] ?? '').split(';')[0] ?? ''
    assert.match(loggedIn.headers['set-cookie'] ?? '', /; HttpOnly; SameSite=Lax$/)
    await status(/viewer[^]*since/)

    const second = await authenticate(server, await registrationCode(server, 'tv-21'))
    const page = await server.call('GET', pathOf(second.headers['location']), {
      headers: { cookie },
    })
    assert.match(page.text, /Continue as viewer\?/)
    const continued = await submitLogin(
      server,
      second.headers['location'] ?? '',
      { continue: '1' },
      { cookie },
    )
    assert.equal(continued.status, 303)
    await server.call('GET', pathOf(continued.headers['location']))
    assert.equal((await deviceCall(server, '/api/v1/checkauthn', 'tv-21')).status, 200)

    await logOut(server, 'tv-20')
    const told = await status(/at REF30, [\d :-]+: ended \d+\s+session/)
    assert.match(told, /None\./)
    const third = await authenticate(server, await registrationCode(server, 'tv-22'))
    const asked = await server.call('GET', pathOf(third.headers['location']), {
      headers: { cookie },
    })
    assert.match(asked.text, /Log in to watch/)
    // The provider's session is one thing, a device's AuthN token another.
    assert.equal((await deviceCall(server, '/api/v1/checkauthn', 'tv-21')).status, 200)
  })

  test('without a session at the provider the button does nothing', async () => {
    const started = await authenticate(server, await registrationCode(server, 'tv-23'))
    const reply = await submitLogin(server, started.headers['location'] ?? '', { continue: '1' })
    assert.equal(reply.status, 401)
  })

  test('the provider’s logout endpoint refuses what is not signed', async () => {
    const body = JSON.stringify({ event: 'logout', mvpd: 'DemoMVPD', userId: 'viewer' })
    const wrong = createHmac('sha256', 'guess').update(body).digest('hex')
    for (const headers of [{}, { 'outright-signature': `sha256=${wrong}` }]) {
      assert.equal((await server.call('POST', '/demo/mvpd/logout', { body, headers })).status, 401)
    }
  })

  test('its unknown paths and wrong methods are pages', async () => {
    const lost = await server.call('GET', '/demo/mvpd/nowhere')
    assert.equal(lost.status, 404)
    assert.match(lost.headers['content-type'] ?? '', /^text\/html/)
    const wrong = await server.call('DELETE', '/demo/mvpd/login')
    assert.equal(wrong.status, 405)
    assert.match(wrong.headers['allow'] ?? '', /POST/)
  })
})

suite('a login that is on its way', () => {
  test('opens nothing after a second logout of a TV that was logged out already', async () => {
    await logIn(server, 'tv-twice')
    assert.equal((await logOut(server, 'tv-twice')).status, 204)
    const started = await authenticate(server, await registrationCode(server, 'tv-twice'))
    const asserted = await submitLogin(server, started.headers['location'] ?? '')
    assert.equal((await logOut(server, 'tv-twice')).status, 204)
    const back = await server.call('GET', pathOf(asserted.headers['location']))
    assert.equal(back.status, 400)
    assert.equal((await deviceCall(server, '/api/v1/tokens/authn', 'tv-twice')).status, 404)
    await logIn(server, 'tv-twice')
    assert.equal((await deviceCall(server, '/api/v1/tokens/authn', 'tv-twice')).status, 200)
  })

  test('opens nothing after a logout of the TV', async () => {
    await logIn(server, 'tv-held')
    const started = await authenticate(server, await registrationCode(server, 'tv-held'))
    const asserted = await submitLogin(server, started.headers['location'] ?? '')
    assert.equal((await logOut(server, 'tv-held')).status, 204)
    const back = await server.call('GET', pathOf(asserted.headers['location']))
    assert.equal(back.status, 400)
    assert.match(back.text, /logged out meanwhile/)
    assert.equal((await deviceCall(server, '/api/v1/tokens/authn', 'tv-held')).status, 404)
    await logIn(server, 'tv-held')
    assert.equal((await deviceCall(server, '/api/v1/tokens/authn', 'tv-held')).status, 200)
  })
})
