/**
 * A TV provider is told by the standard that was agreed on with it: from the login at the provider,
 * over whatever ends the session, to what the provider makes of the message.
 */
import assert from 'node:assert/strict'
import { createHash, generateKeyPairSync } from 'node:crypto'
import { after, before, suite, test } from 'node:test'
import { CompactEncrypt, SignJWT } from 'jose'
import { installPeers } from '../../bench/peers/install.ts'
import type { MvpdLogout } from '../../src/domain/mvpd-logout.ts'
import { authenticate, registrationCode, REQUESTOR } from '../dialects/adobe-pass-kit.ts'
import { startTestServer, type TestServer } from '../harness.ts'
import {
  bodyOf,
  listen,
  logoutResponse,
  readLogoutRequest,
  type Peer,
  type SamlLogoutRequest,
} from './mvpd-peers.ts'

const admin = { authorization: 'Bearer outright-demo-admin' }
const SECRET = 'a-secret-of-thirty-two-characters'
const keys = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
})

let server: TestServer
let op: Peer & { readonly provider: OidcProvider }
let idp: Peer & { readonly requests: SamlLogoutRequest[]; status: string; more: string }
let site: Peer & { readonly calls: URLSearchParams[] }

before(async () => {
  op = await openOidcProvider()
  idp = await openSamlProvider()
  site = await openLogoutUrl()
  const clientSecret = 'a+secret of:100%'
  const logouts: Readonly<Record<string, MvpdLogout>> = {
    Rfc7009: {
      kind: 'revocation',
      url: `${op.url}/token/revocation`,
      clientId: 'pass',
      clientSecret,
      tokenClaim: 'refresh',
      tokenTypeHint: 'refresh_token',
    },
    Saml: {
      kind: 'saml',
      url: `${idp.url}/slo`,
      entityId: 'https://pass.example/saml?a&b',
      privateKey: keys.privateKey,
      nameIdFormat: 'urn:oasis:names:tc:SAML:2.0:nameid-format:persistent',
      nameIdClaim: 'name_id',
      sessionIndexClaim: 'session_index',
    },
    RpInitiated: { kind: 'rp-initiated', url: `${site.url}/end?tenant=1`, clientId: 'pass' },
    AsksFirst: { kind: 'rp-initiated', url: `${site.url}/asks`, clientId: 'pass' },
  }
  const mvpds = Object.entries(logouts).map(([id, logout]) => ({
    id,
    displayName: id,
    loginUrl: 'https://login.example/',
    secret: SECRET,
    logout,
  }))
  server = await startTestServer({
    config: {
      allowedPrivateAddresses: ['127.0.0.1'],
      dialects: { adobePass: { options: { mvpds } } },
    },
  })
  const requestor = await server.store.findClient({ by: 'id', value: REQUESTOR })
  const attributes = { ...requestor?.attributes, mvpds: Object.keys(logouts) }
  await server.store.updateClient(REQUESTOR, { attributes })
})

after(async () => {
  await server.close()
  for (const peer of [op, idp, site]) peer.close()
})

/** Logs a viewer in on a device, with what the provider says of the login. */
async function logIn(
  mvpd: string,
  userId: string,
  deviceId: string,
  claims: Readonly<Record<string, string>> = {},
): Promise<void> {
  const code = await registrationCode(server, deviceId)
  const begun = await authenticate(server, code, { mso_id: mvpd })
  const url = new URL(begun.headers['location'] ?? '')
  const state = url.searchParams.get('state') ?? ''
  const back = url.searchParams.get('return') ?? ''
  const assertion = await new SignJWT({ state, ...claims })
    .setProtectedHeader({ alg: 'HS256' })
    .setIssuer(mvpd)
    .setAudience(back.replace('/api/v1/authenticate/callback', ''))
    .setSubject(userId)
    .setIssuedAt()
    .setExpirationTime('2m')
    .sign(new TextEncoder().encode(SECRET))
  const query = new URLSearchParams({ state, assertion }).toString()
  const reply = await server.call('GET', `/api/v1/authenticate/callback?${query}`)
  assert.match(reply.text, /You are logged in/)
}

function logOut(deviceId: string, more = '') {
  return server.call('DELETE', `/api/v1/logout?requestor=${REQUESTOR}&deviceId=${deviceId}${more}`)
}

/** The deliveries to a provider once so many of them are settled or were tried. */
async function deliveries(mvpd: string, count: number) {
  for (let tries = 0; ; tries++) {
    const reply = await server.call('GET', `/outright/v1/deliveries?receiver=mvpd:${mvpd}`, {
      headers: admin,
    })
    const { items } = reply.json() as {
      items: { state: string; attempts: number; lastError: string | null; facts: object }[]
    }
    const tried = items.filter(({ state, lastError }) => state !== 'owed' || lastError !== null)
    if (tried.filter(({ state }) => state !== 'claimed').length >= count) return items
    assert.ok(tries < 1_000, `${mvpd} was not told: ${JSON.stringify(items)}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

suite('RFC 7009: the token of the login is revoked at the provider', () => {
  const sealed = (token: string) =>
    new CompactEncrypt(new TextEncoder().encode(token))
      .setProtectedHeader({ alg: 'dir', enc: 'A256GCM' })
      .encrypt(createHash('sha256').update(SECRET).digest())

  test('of the device that logged out, and of no other', async () => {
    const [mine, other] = [await op.provider.issue('ann'), await op.provider.issue('ann')]
    await logIn('Rfc7009', 'ann', 'tv-1', { refresh: await sealed(mine) })
    await logIn('Rfc7009', 'ann', 'tv-2', { refresh: await sealed(other) })
    assert.equal((await logOut('tv-1')).status, 204)
    const [told] = await deliveries('Rfc7009', 1)
    assert.deepEqual([told?.state, told?.attempts], ['delivered', 1])
    assert.deepEqual(
      [await op.provider.isGood(mine), await op.provider.isGood(other)],
      [false, true],
    )
    assert.ok(!JSON.stringify(told).includes(mine), 'operators do not read the token')
    // An operator ends the viewer: one message for each login that is left.
    await server.call('POST', '/outright/v1/revocations', {
      headers: admin,
      body: { scope: 'subject', key: 'Rfc7009/ann' },
    })
    await deliveries('Rfc7009', 2)
    assert.equal(await op.provider.isGood(other), false)
  })

  test('a login that brought no token, or one that nobody can read: dead, with the reason', async () => {
    await logIn('Rfc7009', 'bob', 'tv-3')
    await logOut('tv-3')
    const [none] = await deliveries('Rfc7009', 3)
    assert.deepEqual(
      [none?.state, none?.lastError],
      ['dead', 'the login brought no token that could be revoked'],
    )
    const bare = await op.provider.issue('bob')
    await logIn('Rfc7009', 'bob', 'tv-14', { refresh: bare })
    await logOut('tv-14')
    const [open] = await deliveries('Rfc7009', 4)
    assert.equal(open?.lastError, 'the login brought no token that could be revoked')
    const stored = await server.store.listSessions({}, Date.now(), {
      limit: 100,
      cursor: undefined,
    })
    assert.ok(!JSON.stringify([stored, open]).includes(bare), 'a token in the clear is not kept')
    const ofAnotherKey = await new CompactEncrypt(new TextEncoder().encode('token'))
      .setProtectedHeader({ alg: 'dir', enc: 'A256GCM' })
      .encrypt(new Uint8Array(32))
    await logIn('Rfc7009', 'bob', 'tv-4', { refresh: ofAnotherKey })
    await logOut('tv-4')
    const [unreadable] = await deliveries('Rfc7009', 5)
    assert.deepEqual(
      [unreadable?.state, unreadable?.lastError],
      ['dead', 'the token of the login cannot be decrypted'],
    )
  })
})

suite('SAML 2.0: a LogoutRequest that holds as to schema and signature', () => {
  test('names the viewer and the session, as the provider said them at the login', async () => {
    const claims = { name_id: 'opaque <&"\u00E9 id', session_index: '_s/1&2' }
    await logIn('Saml', 'ann', 'tv-5', claims)
    await logOut('tv-5')
    const [told] = await deliveries('Saml', 1)
    assert.equal(told?.state, 'delivered')
    const [request] = idp.requests
    assert.ok(request)
    const { id: _, notOnOrAfter, ...facts } = request
    assert.deepEqual(facts, {
      destination: `${idp.url}/slo`,
      issuer: 'https://pass.example/saml?a&b',
      nameId: 'opaque <&"\u00E9 id',
      format: 'urn:oasis:names:tc:SAML:2.0:nameid-format:persistent',
      sessionIndexes: ['_s/1&2'],
    })
    const leftMs = Date.parse(notOnOrAfter) - Date.now()
    assert.ok(leftMs > 0 && leftMs <= 300_000)
  })

  test('without a SessionIndex all sessions of the viewer are meant', async () => {
    await logIn('Saml', 'ann', 'tv-6', { name_id: 'other' })
    await logOut('tv-6')
    await deliveries('Saml', 2)
    assert.deepEqual(idp.requests.at(-1)?.sessionIndexes, [])
  })

  test('Responder: tried again with an ID of its own. Requester: dead, with the status', async () => {
    idp.status = 'Responder'
    await logIn('Saml', 'eva', 'tv-7', { name_id: 'eva' })
    await logOut('tv-7')
    const [waits] = await deliveries('Saml', 3)
    assert.equal(waits?.lastError, 'it answered with the status Responder')
    const known = idp.requests.length
    idp.status = 'Requester'
    for (let tries = 0; idp.requests.length === known && tries < 1_000; tries++) {
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    for (let tries = 0; (await deliveries('Saml', 3))[0]?.state !== 'dead'; tries++) {
      assert.ok(tries < 500)
    }
    const [dead] = await deliveries('Saml', 3)
    assert.equal(dead?.lastError, 'it answered with the status Requester')
    const ids = idp.requests.map(({ id }) => id)
    assert.equal(new Set(ids).size, ids.length)
    idp.status = 'Success'
  })

  test('a login that brought no NameID: dead, with the reason', async () => {
    await logIn('Saml', 'eva', 'tv-8')
    await logOut('tv-8')
    const [dead] = await deliveries('Saml', 4)
    assert.deepEqual([dead?.state, dead?.lastError], ['dead', 'the login brought no NameID'])
  })

  test('a Success that was none at every service of the provider: dead, and that is said', async () => {
    idp.status = 'Success/PartialLogout'
    await logIn('Saml', 'eva', 'tv-15', { name_id: 'eva' })
    await logOut('tv-15')
    const [partial] = await deliveries('Saml', 5)
    assert.deepEqual(
      [partial?.state, partial?.lastError],
      ['dead', 'it has not logged the viewer out everywhere (PartialLogout)'],
    )
    idp.status = 'Success'
  })

  test('an answer so long that it would take long to parse is none: tried again', async () => {
    idp.more = ' '.repeat(65_536)
    await logIn('Saml', 'eva', 'tv-16', { name_id: 'eva' })
    await logOut('tv-16')
    const [waits] = await deliveries('Saml', 6)
    const error = 'it answered with something else than a LogoutResponse to this'
    assert.deepEqual([waits?.state, waits?.lastError], ['owed', error])
    idp.more = ''
  })
})

suite('RP-initiated logout', () => {
  test('the provider sends back with the state: told', async () => {
    await logIn('RpInitiated', 'ann', 'tv-9')
    await logOut('tv-9')
    assert.equal((await deliveries('RpInitiated', 1))[0]?.state, 'delivered')
    const [call] = site.calls
    assert.deepEqual(
      [call?.get('client_id'), call?.get('logout_hint'), call?.get('tenant')],
      ['pass', 'ann', '1'],
    )
  })

  test('a provider that asks its user was not told, and that is said', async () => {
    await logIn('AsksFirst', 'ann', 'tv-10')
    await logOut('tv-10')
    const [dead] = await deliveries('AsksFirst', 1)
    assert.deepEqual(
      [dead?.state, dead?.lastError],
      ['dead', 'it answered 200 and did not redirect back: it asks the viewer, who is not present'],
    )
  })

  test('a client that asks is given the action and the address, and the browser comes back', async () => {
    await logIn('RpInitiated', 'bob', 'tv-11')
    const back = 'https://app.example/done?x=1'
    const reply = await logOut('tv-11', `&redirectUrl=${encodeURIComponent(back)}`)
    assert.equal(reply.status, 200)
    assert.ok(reply.headers['outright-revocation'])
    const { url, ...action } = reply.json().logouts.RpInitiated
    assert.deepEqual(action, {
      actionName: 'logout',
      actionType: 'interactive',
      mvpd: 'RpInitiated',
    })
    const asked = await fetch(url, { redirect: 'manual' })
    const returned = new URL(asked.headers.get('location') ?? '')
    assert.equal(returned.pathname, '/api/v1/logout/callback')
    const callback = returned.pathname + returned.search
    const home = await server.call('GET', callback)
    assert.deepEqual([home.status, home.headers['location']], [302, back])
    assert.match((await server.call('GET', callback)).text, /You are logged out/)
  })

  test('other providers: complete; no login: invalid; and who does not ask gets 204 as ever', async () => {
    const ask = `&redirectUrl=${encodeURIComponent('https://app.example/')}`
    await logIn('Saml', 'ann', 'tv-12', { name_id: 'ann' })
    const done = await logOut('tv-12', ask)
    const complete = { actionName: 'complete', actionType: 'none', mvpd: 'Saml' }
    assert.deepEqual(done.json(), { logouts: { Saml: complete } })
    const again = await logOut('tv-12', ask)
    assert.deepEqual(again.json(), { logouts: { Saml: { ...complete, actionName: 'invalid' } } })
    assert.deepEqual((await logOut('tv-nobody', ask)).json(), { logouts: {} })
    const plain = await logOut('tv-12')
    assert.deepEqual([plain.status, plain.text], [204, ''])
  })

  test('an address that nobody answers for is refused, and nothing ends', async () => {
    await logIn('RpInitiated', 'eva', 'tv-13')
    const reply = await logOut('tv-13', '&redirectUrl=javascript:1&format=json')
    assert.deepEqual(
      [reply.status, reply.json()],
      [400, { status: 400, message: "Parameter 'redirectUrl' is not valid" }],
    )
    const alive = `/api/v1/checkauthn?requestor=${REQUESTOR}&deviceId=tv-13`
    assert.equal((await server.call('GET', alive)).status, 200)
  })
})

interface OidcProvider {
  issue(accountId: string): Promise<string>
  isGood(token: string): Promise<boolean>
}

/** The whole of oidc-provider, with a client of its own for us. */
async function openOidcProvider(): Promise<typeof op> {
  const peer = await listen((request, response) => {
    handle(request, response)
  })
  const path = new URL('node_modules/oidc-provider/lib/index.js', installPeers()).href
  // Of another installation, which brings no types.
  const { Provider } = await import(path)
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const provider = new Provider(peer.url, {
    jwks: { keys: [{ ...privateKey.export({ format: 'jwk' }), alg: 'RS256', use: 'sig' }] },
    cookies: { keys: ['a key for cookies that nobody sets'] },
    clients: [
      {
        client_id: 'pass',
        client_secret: 'a+secret of:100%',
        redirect_uris: ['https://pass.example/callback'],
        grant_types: ['authorization_code', 'refresh_token'],
      },
    ],
    features: { devInteractions: { enabled: false }, revocation: { enabled: true } },
  })
  const handle = provider.callback() as Parameters<typeof listen>[0]
  const client = await provider.Client.find('pass')
  return {
    ...peer,
    provider: {
      async issue(accountId) {
        const grant = new provider.Grant({ accountId, clientId: 'pass' })
        grant.addOIDCScope('openid offline_access')
        const grantId = await grant.save()
        const facts = { accountId, client, grantId, scope: 'openid', gty: 'authorization_code' }
        return new provider.RefreshToken(facts).save()
      },
      isGood: async (token) => (await provider.RefreshToken.find(token)) !== undefined,
    },
  }
}

/** Verifies each request with programs of others before it answers. */
async function openSamlProvider(): Promise<typeof idp> {
  const requests: SamlLogoutRequest[] = []
  const peer = await listen((request, response) => {
    void bodyOf(request).then((body) => {
      try {
        assert.match(request.headers['content-type'] ?? '', /^text\/xml/)
        const logout = readLogoutRequest(body, keys.publicKey)
        requests.push(logout)
        response.writeHead(200, { 'content-type': 'text/xml' })
        response.end(logoutResponse(logout.id, own.status) + own.more)
      } catch {
        response.writeHead(400).end()
      }
    })
  })
  const own = { ...peer, requests, status: 'Success', more: '' }
  return own
}

/** A provider that ends a session by its hint and sends back, as section 3 says, or asks first. */
async function openLogoutUrl(): Promise<typeof site> {
  const calls: URLSearchParams[] = []
  const peer = await listen((request, response) => {
    void bodyOf(request).then((body) => {
      const { searchParams: query, pathname } = new URL(request.url ?? '', 'http://x')
      if (pathname === '/asks') {
        response.writeHead(200, { 'content-type': 'text/html' }).end('<p>Log out?')
        return
      }
      const said = new URLSearchParams([...query, ...new URLSearchParams(body)])
      calls.push(said)
      const back = new URL(said.get('post_logout_redirect_uri') ?? '')
      back.searchParams.set('state', said.get('state') ?? '')
      response.writeHead(303, { location: back.href }).end()
    })
  })
  return { ...peer, calls }
}
