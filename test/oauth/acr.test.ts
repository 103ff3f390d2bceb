/** How strong a login is, said to clients and asked for by them (`acr_values`, `claims`). */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import * as openid from 'openid-client'
import type { Authenticator } from './authenticator.ts'
import { usePasskeys } from './passkey-kit.ts'
import { Browser, maria, useOAuth, type Tokens } from './relying-parties.ts'

const PASSWORD = 'urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport'
const PASSKEY = 'phr'

const world = useOAuth({}, {}, { publicUrlIsOwn: 'localhost', oneNode: true })
const { logIn, add, optionsOf } = usePasskeys(() => world.server)

/** Maria's, made when a test needs it first. */
let made: Promise<Authenticator> | undefined
const device = (): Promise<Authenticator> => (made ??= makeDevice())

async function makeDevice(): Promise<Authenticator> {
  const browser = new Browser()
  return add(browser, await logIn(browser, maria))
}

type Wish = Readonly<Record<string, string>>

const essential = (...values: readonly string[]): Wish => ({
  claims: JSON.stringify({ id_token: { acr: { essential: true, values } } }),
})

/** Where a request leads: to a path of this server, or to what the client is told. */
async function outcome(browser: Browser, wish: Wish): Promise<string> {
  const begun = await world.begin(await world.as('news'), wish)
  const { url } = await browser.open(begun.address)
  return url.searchParams.get('error') ?? (url.searchParams.has('code') ? 'code' : url.pathname)
}

async function tokensBy(browser: Browser, method: string, wish: Wish = {}): Promise<Tokens> {
  const news = await world.as('news')
  const begun = await world.begin(news, wish)
  let page = await browser.open(begun.address)
  if (page.url.pathname === '/login') {
    const fields =
      method === PASSKEY
        ? { passkey: (await device()).get(await optionsOf(browser, '/login/passkey')) }
        : { ...maria, decision: 'login' }
    page = await browser.submit(page, fields)
  }
  return world.finish(news, begun, page.url)
}

suite('what an ID token says of a login', () => {
  test('a passkey: phr, and by which methods; after a refresh as well', async () => {
    const news = await world.as('news')
    assert.deepEqual(news.serverMetadata().acr_values_supported, [PASSWORD, PASSKEY])
    const tokens = await tokensBy(new Browser(), PASSKEY)
    const next = await openid.refreshTokenGrant(news, tokens.refresh_token ?? '')
    for (const claims of [tokens.claims(), next.claims()]) {
      assert.deepEqual([claims?.['acr'], claims?.['amr']], [PASSKEY, ['pop', 'user', 'mfa']])
    }
  })

  test('a passkey is a password’s class where that is what the client asks for', async () => {
    const news = await world.as('news')
    const tokens = await tokensBy(new Browser(), PASSKEY, essential('x', PASSWORD))
    const next = await openid.refreshTokenGrant(news, tokens.refresh_token ?? '')
    for (const claims of [tokens.claims(), next.claims()]) {
      assert.deepEqual([claims?.['acr'], claims?.['amr']], [PASSWORD, ['pop', 'user', 'mfa']])
    }
  })
})

suite('a stronger login than there is', () => {
  test('a wish asks once more, takes what it gets, and is not an error where no person may be asked', async () => {
    const browser = new Browser()
    await tokensBy(browser, PASSWORD)
    const wish = { acr_values: PASSKEY }
    assert.equal(await outcome(browser, wish), '/login')
    assert.equal(await outcome(browser, { ...wish, prompt: 'none' }), 'code')
    assert.equal(await outcome(browser, { acr_values: `${PASSKEY} ${PASSWORD}` }), 'code')
    assert.equal(await outcome(browser, { acr_values: 'unknown' }), 'code')
    assert.equal((await tokensBy(browser, PASSWORD, wish)).claims()?.['acr'], PASSWORD)
    assert.equal((await tokensBy(browser, PASSKEY, wish)).claims()?.['acr'], PASSKEY)
    assert.equal(await outcome(browser, wish), 'code')
  })

  test('what is essential is there or there is no code', async () => {
    const browser = new Browser()
    await tokensBy(browser, PASSWORD)
    const unmet = 'unmet_authentication_requirements'
    assert.equal(await outcome(browser, essential(PASSKEY)), '/login')
    assert.equal(
      await outcome(browser, { ...essential(PASSKEY), prompt: 'none' }),
      'login_required',
    )
    assert.equal(await outcome(browser, essential('unknown')), unmet)
    assert.equal(await outcome(browser, essential('unknown', PASSWORD)), 'code')
    await assert.rejects(tokensBy(browser, PASSWORD, essential(PASSKEY)), { error: unmet })
    const tokens = await tokensBy(browser, PASSKEY, essential(PASSKEY))
    assert.equal(tokens.claims()?.['acr'], PASSKEY)
  })

  test('claims that cannot be understood are refused, and those of others passed over', async () => {
    const browser = new Browser()
    await tokensBy(browser, PASSWORD)
    for (const claims of [
      '{',
      '[]',
      'null',
      '{"id_token":{"acr":{"values":"phr"}}}',
      '{"id_token":{"acr":{"essential":"true","value":"phr"}}}',
      '{"id_token":{"acr":{"value":1}}}',
    ]) {
      assert.equal(await outcome(browser, { claims }), 'invalid_request', claims)
    }
    for (const claims of ['{}', '{"id_token":{"acr":null}}', '{"userinfo":{"name":null}}']) {
      assert.equal(await outcome(browser, { claims }), 'code', claims)
    }
  })
})
