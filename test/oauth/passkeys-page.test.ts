/** The page of a person's passkeys, `/devices/passkeys`: who may do what there, and from where. */
import assert from 'node:assert/strict'
import { after, before, beforeEach, suite, test } from 'node:test'
import { startTestServer, type TestServer } from '../harness.ts'
import { Authenticator } from './authenticator.ts'
import { passkeysPage as page, usePasskeys } from './passkey-kit.ts'
import { Browser, maria } from './relying-parties.ts'

let server: TestServer
before(async () => {
  server = await startTestServer({ oneNode: true, publicUrlIsOwn: 'localhost' })
})
after(() => server.close())

const { at, logIn, optionsOf, send, isLoggedIn } = usePasskeys(() => server)

beforeEach(async () => {
  for (const { id } of await server.core.passkeys.list('maria')) {
    await server.core.passkeys.remove('maria', id, 'system')
  }
})

suite('the page of a person’s passkeys', () => {
  test('asks for a login that is no older than ten minutes, for each thing that it does', async () => {
    const browser = new Browser()
    const shown = await logIn(browser, maria)
    server.advance(11 * 60_000)
    assert.equal(await isLoggedIn(browser), true)
    const asked = await browser.open(at(page))
    assert.equal(asked.url.pathname, '/login')
    assert.match(asked.text, /once more, to change your passkeys/)
    assert.equal((await send(browser, shown, { remove: 'x' })).url.pathname, '/login')
    assert.equal((await browser.ask(at(`${page}/new`))).status, 401)
    assert.equal((await logIn(browser, maria)).url.pathname, page)
  })

  test('keeps nothing for a person who was logged out meanwhile', async () => {
    const browser = new Browser()
    const shown = await logIn(browser, maria)
    const device = new Authenticator(server.dependencies.issuer)
    const passkey = device.create(await optionsOf(browser, `${page}/new`))
    await server.core.revoke({
      scope: 'subject',
      key: 'maria',
      reason: 'logout',
      actor: 'system',
      wait: true,
    })
    assert.equal((await send(browser, shown, { passkey, name: '' })).url.pathname, '/login')
    assert.deepEqual(await server.core.passkeys.list('maria'), [])
  })

  test('takes no form and no question of other pages, and no form of another login', async () => {
    const browser = new Browser()
    await logIn(browser, maria)
    const foreign = await browser.open(at(page), { token: 'x', remove: 'x' })
    assert.equal(foreign.status, 403)
    const cookie = [...browser.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    for (const path of ['/login/passkey', `${page}/new`]) {
      for (const site of ['cross-site', 'same-site', 'none']) {
        const headers = { cookie, 'sec-fetch-site': site }
        assert.equal((await server.call('POST', path, { headers })).status, 403)
      }
      assert.equal((await server.call('POST', path, { headers: { cookie } })).status, 403)
    }
  })

  test('refuses what no authenticator has made for this challenge', async () => {
    const browser = new Browser()
    const shown = await logIn(browser, maria)
    for (const lie of [
      { origin: 'https://evil.example' },
      { challenge: 'eA' },
      { isUserVerified: false },
    ]) {
      const device = new Authenticator(server.dependencies.issuer)
      const passkey = device.create(await optionsOf(browser, `${page}/new`), lie)
      assert.equal((await send(browser, shown, { passkey })).status, 400)
    }
    for (const passkey of ['', '{}', '[]', 'null', '{"id":1}']) {
      assert.equal((await send(browser, shown, { passkey })).status, 400)
    }
    assert.deepEqual(await server.core.passkeys.list('maria'), [])
  })

  test('runs no code of its own and is shown in no frame, like the login page', async () => {
    const browser = new Browser()
    for (const shown of [await browser.open(at(page)), await logIn(browser, maria)]) {
      const policy = shown.headers.get('content-security-policy') ?? ''
      assert.match(policy, /default-src 'none'.*script-src 'self'(;|$).*frame-ancestors 'none'/)
      assert.doesNotMatch(policy, /unsafe/)
      assert.doesNotMatch(shown.text, /<script(?![^>]*\ssrc=)|\son\w+=|\sstyle=/)
    }
  })
})

test('challenges are counted by address', async () => {
  const slow = await startTestServer({ oneNode: true, config: { rateLimitFactor: 0.05 } })
  try {
    const statuses: number[] = []
    for (let count = 0; count < 4; count++) {
      const headers = { 'sec-fetch-site': 'same-origin' }
      statuses.push((await slow.call('POST', '/login/passkey', { headers })).status)
    }
    assert.deepEqual(statuses, [200, 200, 200, 429])
  } finally {
    await slow.close()
  }
})
