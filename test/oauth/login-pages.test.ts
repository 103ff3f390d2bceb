/** The pages of a login, and what they are shown and sent in spite of. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { Client } from '../../src/domain/identity.ts'
import type { Reply } from '../harness.ts'
import { Browser, callback, maria, useOAuth } from './relying-parties.ts'

const world = useOAuth()

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

  test('the bare address, as people type it, leads to a login and then to their devices', async () => {
    const browser = new Browser()
    const page = await browser.open(`${world.server.url}/login`)
    assert.deepEqual([page.status, page.url.pathname], [200, '/login'])
    const done = await browser.submit(page, { ...maria })
    assert.deepEqual([done.status, done.url.pathname], [200, '/devices'])
    assert.equal((await browser.open(`${world.server.url}/login`)).url.pathname, '/devices')
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
