/**
 * Front-Channel Logout 1.0, and what the modules of the OpenID conformance suite for it check
 * (`oidcc-frontchannel-…`), written anew. Real frames: `libraries.test.ts`.
 */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import * as openid from 'openid-client'
import { metadataProblem } from '../../src/http/oauth-client.ts'
import { Browser, callback, goodbye, sidOf, useOAuth, type Visit } from './relying-parties.ts'

const { origin } = new URL(callback)
const adminToken = 'an-admin-token-of-a-test-long-enough'
const world = useOAuth(
  { adminToken },
  {
    shop: {
      post_logout_redirect_uris: [goodbye],
      frontchannel_logout_uri: `${origin}/shop/out?tenant=1`,
      frontchannel_logout_session_required: true,
    },
    news: { skip_consent: true, frontchannel_logout_uri: `${origin}/news/out` },
  },
)

const framesOf = ({ text }: Visit): readonly string[] =>
  [...text.matchAll(/<iframe[^>]*src="([^"]+)"/g)].map(([, src = '']) =>
    src.replaceAll('&amp;', '&'),
  )

async function logOut(
  clients: readonly ('shop' | 'news' | 'app')[],
  more: Readonly<Record<string, string>> = {},
) {
  const browser = new Browser()
  const tokens = []
  for (const id of clients) tokens.push(await world.tokens(browser, await world.as(id)))
  const [first] = tokens
  const [id] = clients
  assert.ok(first !== undefined && id !== undefined)
  const parameters = { id_token_hint: first.id_token ?? '', ...more }
  const page = await browser.open(openid.buildEndSessionUrl(await world.as(id), parameters))
  return { browser, page, sid: sidOf(first), tokens }
}

suite('front-channel logout', () => {
  test('FCL-01: an address has the origin of a redirect URI, and no fragment', async () => {
    const client = { dialect: 'oauth', id: 'x', key: 'x', secretHash: 'x' }
    const problem = (uri: string, redirectUris = ['https://a.example:8443/in']) =>
      JSON.stringify(
        metadataProblem({
          ...client,
          redirectUris,
          attributes: { oauth: { frontchannel_logout_uri: uri } },
        }) ?? {},
      )
    assert.equal(problem('https://a.example:8443/out?x=1'), '{}')
    for (const uri of [
      'https://a.example/out',
      'http://a.example:8443/out',
      'https://b.example:8443/out',
      'https://a.example:8443/out#here',
      'com.example.app:/out',
    ]) {
      assert.match(problem(uri), /frontchannel_logout_uri/, uri)
    }
    assert.match(problem('https://a;b.example/out', ['https://a;b.example/in']), /frontchannel/)
    assert.match(problem('https://a.example/out', []), /frontchannel/)
  })

  test('FCL-01: a client whose redirect URIs change keeps to that', async () => {
    const { core } = world.server
    const reply = await world.server.call('PATCH', '/outright/v1/clients/news', {
      headers: { authorization: `Bearer ${adminToken}` },
      body: { redirectUris: ['https://elsewhere.example/callback'] },
    })
    assert.equal(reply.status, 400)
    assert.match(reply.text, /frontchannel_logout_uri/)
    const found = await core.clients.find({ by: 'id', value: 'news' })
    assert.deepEqual(found?.redirectUris, [callback])
  })

  test('FCL-02: oidcc-frontchannel-logout-discovery-endpoint-verification', async () => {
    const found = (await world.server.call('GET', '/.well-known/openid-configuration')).json()
    assert.equal(found.frontchannel_logout_supported, true)
    assert.equal(found.frontchannel_logout_session_supported, true)
    assert.match(found.end_session_endpoint, /\/oidc\/logout$/)
  })

  test('FCL-03, FCL-06: oidcc-frontchannel-rp-initiated-logout: a frame for each client', async () => {
    const where = { post_logout_redirect_uri: goodbye, state: 'a"b' }
    const { page, sid, tokens, browser } = await logOut(['shop', 'news', 'app'], where)
    for (const { access_token: token } of tokens) {
      assert.equal((await world.server.core.verify(token)).ok, false)
    }
    assert.equal(page.url.pathname, '/logged-out')
    const named = new URLSearchParams({ iss: world.server.url, sid }).toString()
    const expected = [`${origin}/shop/out?tenant=1&${named}`, `${origin}/news/out`]
    assert.deepEqual(framesOf(page), expected)
    const policy = page.headers.get('content-security-policy') ?? ''
    assert.match(policy, new RegExp(`; frame-src ${origin};`))
    assert.match(policy, /^default-src 'none';/)
    assert.equal(page.headers.get('cache-control'), 'no-store')
    // Without a script the link leads on.
    assert.match(page.text, /<a id="next" href="http:\/\/127\.0\.0\.1:3999\/goodbye\?state=a%22b">/)
    assert.deepEqual(framesOf(await browser.open(page.url)), expected)
    world.server.advance(6 * 60_000)
    assert.deepEqual(framesOf(await browser.open(page.url)), [])
  })

  test('FCL-07: the page says that it asked, and not that they did', async () => {
    const { page } = await logOut(['news'])
    assert.match(page.text, /You are logged out/)
    assert.match(page.text, /<li>The news<\/li>/)
    assert.match(page.text, /It cannot see whether they did/)
    assert.equal(page.text.includes('<script'), false)
    assert.equal(page.text.includes('id="next"'), false)
  })

  test('a session without such a client is led on at once', async () => {
    const { page } = await logOut(['app'])
    assert.deepEqual([page.url.search, framesOf(page)], ['', []])
  })

  test('a logout that comes again tells them again', async () => {
    const one = await logOut(['shop'])
    const hint = { id_token_hint: one.tokens[0]?.id_token ?? '' }
    const again = await one.browser.open(openid.buildEndSessionUrl(await world.as('shop'), hint))
    assert.equal(framesOf(again).length, 1)
  })

  test('a disabled client is in no frame', async () => {
    const { clients } = world.server.core
    const { page, browser } = await logOut(['news'])
    assert.equal(framesOf(page).length, 1)
    await clients.update('news', { status: 'disabled' })
    try {
      const later = await browser.open(page.url)
      assert.deepEqual([framesOf(later), later.text.includes('asked')], [[], false])
    } finally {
      await clients.update('news', { status: 'active' })
    }
  })

  test('an address of the page that is made up shows nothing', async () => {
    const page = await new Browser().open(`${world.server.url}/logged-out?logout=x`)
    assert.deepEqual([page.status, framesOf(page)], [200, []])
  })
})
