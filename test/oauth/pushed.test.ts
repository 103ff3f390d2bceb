/** Pushed authorization requests (RFC 9126), and requests that a browser posts. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import * as openid from 'openid-client'
import type { Reply } from '../harness.ts'
import { Browser, useOAuth, type Begun } from './relying-parties.ts'
import { basic } from './resource-world.ts'

const world = useOAuth(
  {},
  { news: { skip_consent: true, require_pushed_authorization_requests: true } },
)

type Fields = Readonly<Record<string, string>>
const shopSecret = basic('shop', 'the secret of the shop')

const push = (fields: Fields | URLSearchParams, headers: Fields = shopSecret): Promise<Reply> =>
  world.server.call('POST', '/oauth2/par', { headers, body: new URLSearchParams(fields) })

/** What a login asks for, as parameters. */
async function wishes(client: 'shop' | 'app' = 'shop'): Promise<URLSearchParams> {
  const { searchParams } = (await world.begin(await world.as(client))).address
  return searchParams
}

/** The same login, its request pushed by the library. */
async function pushed(client: openid.Configuration): Promise<Begun> {
  const begun = await world.begin(client)
  const parameters = Object.fromEntries(begun.address.searchParams)
  return { ...begun, address: await openid.buildAuthorizationUrlWithPAR(client, parameters) }
}

function addressOf(reply: Reply, client = 'shop'): URL {
  const query = new URLSearchParams({ client_id: client, request_uri: reply.json().request_uri })
  return new URL(`/oauth2/authorize?${query.toString()}`, world.server.url)
}

suite('a request that is pushed', () => {
  test('PAR-01, PAR-03: openid-client pushes it, and the browser brings its name alone', async () => {
    const shop = await world.as('shop')
    const begun = await pushed(shop)
    assert.deepEqual([...begun.address.searchParams.keys()].sort(), ['client_id', 'request_uri'])
    const tokens = await world.finish(shop, begun, await world.logIn(new Browser(), begun))
    assert.equal(tokens.claims()?.aud, 'shop')
  })

  test('PAR-01: 201 with a name that cannot be guessed and its life; nothing keeps the answer', async () => {
    const reply = await push(await wishes())
    assert.deepEqual([reply.status, reply.headers['cache-control']], [201, 'no-store'])
    const { request_uri: uri, expires_in: life } = reply.json()
    assert.match(uri, /^urn:ietf:params:oauth:request_uri:[\w-]{43}$/)
    assert.equal(life, 60)
  })

  test('PAR-02: the client proves who it is, and pushes for itself', async () => {
    const parameters = await wishes()
    const errorOf = async (headers: Fields, fields = parameters) => {
      const reply = await push(fields, headers)
      return `${String(reply.status)} ${String(reply.json().error)}`
    }
    assert.equal(await errorOf(basic('shop', 'wrong')), '401 invalid_client')
    assert.equal(await errorOf({}), '401 invalid_client')
    assert.equal(await errorOf(basic('news', 'the secret of the news')), '400 invalid_request')
    const open = await wishes('app')
    assert.equal((await push(open, {})).status, 201)
    assert.equal((await push({ client_id: 'nobody' }, {})).status, 401)
  })

  test('PAR-03: it is good once, for its client, and for a minute', async () => {
    const reply = await push(await wishes())
    const foreign = await new Browser().open(addressOf(reply, 'app'))
    assert.deepEqual([foreign.status, foreign.url.pathname], [400, '/oauth2/authorize'])
    const visits = await Promise.all(
      Array.from({ length: 5 }, () => new Browser().open(addressOf(reply))),
    )
    const led = visits.filter(({ url }) => url.pathname === '/login')
    assert.equal(led.length, 1)
    const late = await push(await wishes())
    world.server.advance(61_000)
    assert.equal((await new Browser().open(addressOf(late))).status, 400)
  })

  test('PAR-04: what is wrong is said at once, and nothing is kept', async () => {
    const errorOf = async (changes: Fields) => {
      const parameters = await wishes()
      for (const [name, value] of Object.entries(changes)) parameters.set(name, value)
      const reply = await push(parameters)
      return `${String(reply.status)} ${String(reply.json().error)}`
    }
    assert.equal(await errorOf({ redirect_uri: 'https://evil.example/' }), '400 invalid_request')
    assert.equal(await errorOf({ response_type: 'token' }), '400 unsupported_response_type')
    assert.equal(await errorOf({ scope: 'everything' }), '400 invalid_scope')
    assert.equal(await errorOf({ code_challenge_method: 'plain' }), '400 invalid_request')
    const uri = 'urn:ietf:params:oauth:request_uri:x'
    assert.equal(await errorOf({ request_uri: uri }), '400 invalid_request')
  })

  test('PAR-05: of what the browser brings beside the name nothing counts', async () => {
    const shop = await world.as('shop')
    const begun = await pushed(shop)
    begun.address.searchParams.set('state', 'changed')
    begun.address.searchParams.set('scope', 'openid email phone')
    begun.address.searchParams.set('redirect_uri', 'https://evil.example/')
    const at = await world.logIn(new Browser(), begun)
    assert.equal(at.searchParams.get('state'), begun.state)
    const tokens = await world.finish(shop, begun, at)
    assert.equal(tokens.scope, 'openid profile')
  })

  test('PAR-06: a client may have to push: then nothing else is taken', async () => {
    const news = await world.as('news')
    const plain = await world.begin(news)
    const { searchParams } = (await new Browser().open(plain.address)).url
    assert.equal(searchParams.get('error'), 'invalid_request')
    const form = Object.fromEntries(plain.address.searchParams)
    const posted = await new Browser().open(`${world.server.url}/oauth2/authorize`, form)
    assert.equal(posted.url.searchParams.get('error'), 'invalid_request')
    const begun = await pushed(news)
    await world.finish(news, begun, await world.logIn(new Browser(), begun))
  })

  test('PAR-07: metadata names the endpoint', async () => {
    const { pushed_authorization_request_endpoint: endpoint } = (
      await world.as('shop')
    ).serverMetadata()
    assert.equal(endpoint, `${world.server.url}/oauth2/par`)
  })
})

suite('a request that is posted', () => {
  test('a form of another site finds the login of the browser, and replaces none of its cookies', async () => {
    const browser = new Browser()
    const shop = await world.as('shop')
    await world.tokens(browser, shop)
    const before = new Map(browser.cookies)
    const begun = await world.begin(shop)
    const body = new URLSearchParams(begun.address.searchParams)
    // As browsers send it: without cookies that are SameSite=Lax.
    const headers = { 'sec-fetch-site': 'cross-site' }
    const reply = await world.server.call('POST', '/oauth2/authorize', { headers, body })
    assert.deepEqual([reply.status, reply.headers['set-cookie']], [303, undefined])
    const at = await browser.open(new URL(reply.headers['location'] ?? '', world.server.url))
    assert.equal(at.url.searchParams.has('code'), true, at.text)
    assert.deepEqual(browser.cookies, before)
    await world.finish(shop, begun, at.url)
  })

  test('a browser that was never here logs in by it', async () => {
    const begun = await world.begin(await world.as('shop'))
    const form = Object.fromEntries(begun.address.searchParams)
    const page = await new Browser().open(`${world.server.url}/oauth2/authorize`, form)
    assert.equal(page.url.pathname, '/login')
  })

  test('a hint may be as long as an ID token is', async () => {
    const shop = await world.as('shop')
    const nonce = 'n'.repeat(2000)
    const begun = { ...(await world.begin(shop, { nonce })), nonce }
    const browser = new Browser()
    const at = await world.logIn(browser, begun)
    const { id_token: hint = '' } = await world.finish(shop, begun, at)
    assert.ok(hint.length > 2048)
    const silent = await world.begin(shop, { prompt: 'none', id_token_hint: hint })
    const back = await browser.open(silent.address)
    assert.equal(back.url.searchParams.has('code'), true, back.url.href)
    const long = await world.begin(shop, { id_token_hint: 'x'.repeat(8193) })
    const refused = await browser.open(long.address)
    assert.equal(refused.url.searchParams.get('error_description'), 'a parameter is too long')
  })
})

suite('what strangers begin', () => {
  const strict = useOAuth({
    rateLimitFactor: 1,
    oauth: { requestsPerAddress: { points: 3, windowSeconds: 60 } },
  })

  test('PAR-08: logins and pushed requests of one address are counted', async () => {
    const app = await strict.as('app')
    const { address } = await strict.begin(app)
    for (let login = 0; login < 3; login++) {
      assert.equal((await new Browser().open(address)).url.pathname, '/login')
    }
    const refused = await new Browser().open(address)
    assert.equal(refused.status, 429)
    assert.match(refused.text, /Too many attempts/)
    assert.ok(refused.headers.get('retry-after'))
    const body = new URLSearchParams(address.searchParams)
    assert.equal((await strict.server.call('POST', '/oauth2/par', { body })).status, 429)
    // A client that has proved who it is, is not counted, nor is a person who is asked again.
    const { address: own } = await strict.begin(await strict.as('shop'))
    const headers = basic('shop', 'the secret of the shop')
    const fields = new URLSearchParams(own.searchParams)
    const pushedOwn = await strict.server.call('POST', '/oauth2/par', { headers, body: fields })
    assert.equal(pushedOwn.status, 201)
  })
})
