/** Names turn nothing around them, on every page that people see: UAX #9 has the characters. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { isolated } from '../../src/protocol/isolated.ts'
import { Browser, callback, goodbye, maria, useOAuth, type Visit } from './relying-parties.ts'

/** Ends an isolate around it, then turns what follows. */
const turning = (name: string): string => `${name}\u2069\u202E`

const { origin } = new URL(callback)
const world = useOAuth(
  { adminToken: 'an-admin-token-of-a-test-long-enough' },
  {
    shop: {
      post_logout_redirect_uris: [goodbye],
      frontchannel_logout_uri: `${origin}/shop/out`,
    },
  },
)

function assertIsolated({ text, url }: Visit, name: string): void {
  assert.ok(text.includes(`\u2068${name}\u202E\u2069`), `${name} on ${url.pathname}: ${text}`)
  const around = text.replaceAll(/\u2068[^\u2066-\u2069]*\u2069/g, '')
  assert.doesNotMatch(around, /[\u202A-\u202E\u2066-\u2069]/, url.pathname)
}

suite('names', () => {
  test('of clients and people are isolated wherever they stand', async () => {
    const { core } = world.server
    await core.clients.update('shop', { name: turning('Shop') })
    await core.subjects.update('maria', { name: turning('Maria') })
    const browser = new Browser()
    const shop = await world.as('shop')
    const login = await browser.open((await world.begin(shop)).address)
    assert.equal(login.url.pathname, '/login')
    assertIsolated(login, 'Shop')
    const consent = await browser.submit(login, { ...maria, decision: 'login' })
    assertIsolated(consent, 'Shop')
    assertIsolated(consent, 'Maria')
    await browser.submit(consent, { decision: 'allow' })
    await world.tokens(browser, shop)
    const devices = await browser.open(`${world.server.url}/devices`)
    assertIsolated(devices, 'Shop')
    assertIsolated(devices, 'Maria')
    const confirm = await browser.open(`${world.server.url}/oidc/logout?client_id=shop`)
    const loggedOut = await browser.submit(confirm, { decision: 'logout' })
    assert.equal(loggedOut.url.pathname, '/logged-out')
    assertIsolated(loggedOut, 'Shop')
  })

  test('that turn nothing stay as they are', () => {
    for (const name of ['Maria', 'João 7', '', 'Ελένη', 'Иван']) assert.equal(isolated(name), name)
    assert.equal(isolated('שרה'), '\u2068שרה\u2069')
    assert.equal(isolated('山田'), '\u2068山田\u2069')
    assert.equal(isolated('a\u2066b\u2069c\u202Ed'), '\u2068abc\u202Ed\u2069')
  })
})
