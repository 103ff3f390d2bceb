/** Tokens that are bound to a key (RFC 9449), with clients that others wrote and with thieves. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, suite, test } from 'node:test'
import * as oauth from 'oauth4webapi'
import * as openid from 'openid-client'
import { createGuard, type Guard } from '../../src/guard/index.ts'
import { protectListener } from '../../src/guard/adapters/node.ts'
import { dpopAlgorithms } from '../../src/protocol/dpop.ts'
import { dpopClient, type WantedProof } from '../../src/testing/dpop-client.ts'
import type { Reply } from '../harness.ts'
import {
  boundTokens,
  codeFor,
  exchange,
  key,
  proof,
  refreshOf,
  said,
  tokenUrl,
  world,
  type Bound,
} from './dpop-kit.ts'
import { Browser, callback, useOAuth, type Tokens } from './relying-parties.ts'

const withNonces = useOAuth({ oauth: { dpopNonces: true } })

let guard: Guard
let api: Server
let orders: string

/** Once, when the servers are there: hooks of a file begin side by side. */
let starting: Promise<void> | undefined
const start = (): Promise<void> => (starting ??= startApi())

async function startApi(): Promise<void> {
  api = createServer()
  api.listen(0, '127.0.0.1')
  await once(api, 'listening')
  const origin = `http://127.0.0.1:${String((api.address() as AddressInfo).port)}`
  orders = `${origin}/orders`
  const { url: server } = world.server
  guard = createGuard({
    server,
    credential: 'outright-demo-guard',
    audience: 'orders',
    publicUrl: origin,
  })
  await guard.ready()
  api.on(
    'request',
    protectListener(guard, (_request, response, { sub }) => response.end(`hello ${String(sub)}`)),
  )
}

after(() => {
  guard.close()
  api.close()
})

suite('clients that others wrote', () => {
  before(start)

  test('DP-06, DP-07: openid-client logs in, refreshes, calls, and is refused after the logout', async () => {
    const client = await world.as('app')
    const DPoP = openid.getDPoPHandle(client, await openid.randomDPoPKeyPair())
    const browser = new Browser()
    const dpopJkt = await DPoP.calculateThumbprint()
    const begun = await world.begin(client, { dpop_jkt: dpopJkt })
    const at = await world.logIn(browser, begun)
    const checks = {
      pkceCodeVerifier: begun.verifier,
      expectedState: begun.state,
      expectedNonce: begun.nonce,
    }
    const tokens: Tokens = await openid.authorizationCodeGrant(client, at, checks, undefined, {
      DPoP,
    })
    assert.equal(tokens.token_type, 'dpop')
    const { sub = '' } = tokens.claims() ?? {}
    const info = await openid.fetchUserInfo(client, tokens.access_token, sub, { DPoP })
    assert.equal(info.preferred_username, 'maria')
    const next = await openid.refreshTokenGrant(client, tokens.refresh_token ?? '', undefined, {
      DPoP,
    })
    const call = (): Promise<Response> =>
      openid.fetchProtectedResource(
        client,
        next.access_token,
        new URL(orders),
        'GET',
        undefined,
        undefined,
        { DPoP },
      )
    const answer = await call()
    assert.deepEqual([answer.status, await answer.text()], [200, `hello ${sub}`])
    await openid.tokenRevocation(client, next.refresh_token ?? '')
    await assert.rejects(call(), (error: openid.WWWAuthenticateChallengeError) => {
      const [challenge] = error.cause
      assert.deepEqual([challenge?.scheme, challenge?.parameters.error], ['dpop', 'invalid_token'])
      return true
    })
    await assert.rejects(
      openid.refreshTokenGrant(client, next.refresh_token ?? '', undefined, { DPoP }),
    )
  })

  test('DP-05: oauth4webapi is given a nonce, retries with it, and validates what it got', async () => {
    const { server } = withNonces
    // oxlint-disable-next-line typescript/no-deprecated
    const insecure = { [oauth.allowInsecureRequests]: true } as const
    const found = await oauth.discoveryRequest(new URL(server.url), insecure)
    const as = await oauth.processDiscoveryResponse(new URL(server.url), found)
    const client: oauth.Client = { client_id: 'app' }
    const DPoP = oauth.DPoP(client, await oauth.generateKeyPair('ES256'))
    const begun = await withNonces.begin(await withNonces.as('app'))
    const at = await withNonces.logIn(new Browser(), begun)
    const parameters = oauth.validateAuthResponse(as, client, at, begun.state)
    const redeem = async (): Promise<oauth.TokenEndpointResponse> => {
      const response = await oauth.authorizationCodeGrantRequest(
        as,
        client,
        oauth.None(),
        parameters,
        callback,
        begun.verifier,
        { DPoP, ...insecure },
      )
      return oauth.processAuthorizationCodeResponse(as, client, response, {
        expectedNonce: begun.nonce,
      })
    }
    await assert.rejects(redeem(), oauth.isDPoPNonceError)
    const tokens = await redeem()
    assert.equal(tokens.token_type, 'dpop')
    const resource = await oauth.protectedResourceRequest(
      tokens.access_token,
      'GET',
      new URL(`${server.url}/oidc/userinfo`),
      undefined,
      null,
      { DPoP, ...insecure },
    )
    assert.equal(resource.status, 200)
    const thumbprint = await DPoP.calculateThumbprint()
    const request = new Request('https://api.example/', {
      headers: { authorization: `DPoP ${tokens.access_token}` },
    })
    await assert.rejects(oauth.validateJwtAccessToken(as, request, server.url, insecure))
    const verdict = await server.core.verify(tokens.access_token)
    assert.equal(!verdict.ok && verdict.bound?.thumbprint, thumbprint)
  })

  test('a nonce is of this server and of this minute', async () => {
    const { server } = withNonces
    const url = `${server.url}/oauth2/token`
    const ask = async (claims: Readonly<Record<string, unknown>>): Promise<Reply> =>
      server.call('POST', '/oauth2/token', {
        headers: { dpop: await key.proof({ method: 'POST', url, claims }) },
        body: new URLSearchParams({ client_id: 'app', ...refreshOf('unknown') }),
      })
    const first = await ask({})
    assert.equal(said(first), '400 use_dpop_nonce')
    const nonce = first.headers['dpop-nonce']
    assert.equal(said(await ask({ nonce })), '400 invalid_grant')
    const [number = '', mac = ''] = (nonce ?? '').split('.')
    const next = (Number.parseInt(number, 36) + 1).toString(36)
    for (const wrong of [
      '',
      'x',
      `${next}.${mac}`,
      `${number}.`,
      `${number}x.${mac}`,
      `${number}.${mac}x`,
    ]) {
      assert.equal(said(await ask({ nonce: wrong })), '400 use_dpop_nonce', wrong)
    }
    server.advance(180_000)
    const iat = Math.floor(Date.now() / 1000) + 180
    assert.equal(said(await ask({ nonce, iat })), '400 use_dpop_nonce')
  })
})

suite('the token endpoint', () => {
  before(start)

  const wrong: Readonly<Record<string, Partial<WantedProof>>> = {
    'another type': { header: { typ: 'JWT' } },
    'no key': { header: { jwk: undefined } },
    'another method': { method: 'GET' },
    'another URL': { url: 'https://other.example/oauth2/token' },
    'no id': { claims: { jti: undefined } },
    'an old time': { claims: { iat: 1_700_000_000 } },
  }

  test('DP-01, DP-02, DP-03: a proof that is not good gets no tokens, and the code stays good', async () => {
    const form = await codeFor()
    const two = [await proof(), await proof()]
    const thief = await dpopClient()
    const sent = [
      two,
      ['rubbish'],
      [await proof({ header: { jwk: key.privateJwk } })],
      [await proof({ header: { jwk: thief.publicJwk } })],
      ...(await Promise.all(Object.values(wrong).map(async (changes) => [await proof(changes)]))),
    ]
    for (const headers of sent) {
      assert.equal(said(await exchange(form, headers)), '400 invalid_dpop_proof')
    }
    const good = await exchange(form, await proof({ url: `${tokenUrl()}?x#y` }))
    assert.equal(good.json().token_type, 'DPoP')
  })

  test('DP-04: a proof is good once, of any number at once, for whatever it is sent', async () => {
    const used = await proof()
    const replies = await Promise.all(
      Array.from({ length: 8 }, () => exchange(refreshOf('unknown'), used)),
    )
    const counts = Map.groupBy(replies, said)
    assert.equal(counts.get('400 invalid_grant')?.length, 1)
    assert.equal(counts.get('400 invalid_dpop_proof')?.length, 7)
  })

  test('a code that is bound to a key is good with its proof alone, also where the request was pushed', async () => {
    const thief = await dpopClient()
    const form = await codeFor({ dpop_jkt: key.thumbprint })
    assert.equal(said(await exchange(form)), '400 invalid_grant')
    assert.equal(said(await exchange(form, await proof({}, thief))), '400 invalid_grant')
    assert.equal((await exchange(form, await proof())).status, 200)
    const client = await world.as('app')
    const DPoP = openid.getDPoPHandle(client, await openid.randomDPoPKeyPair())
    const pushed = await world.begin(client)
    const { searchParams } = pushed.address
    const address = await openid.buildAuthorizationUrlWithPAR(client, searchParams, { DPoP })
    const at = await world.logIn(new Browser(), { ...pushed, address })
    const checks = {
      pkceCodeVerifier: pushed.verifier,
      expectedState: pushed.state,
      expectedNonce: pushed.nonce,
    }
    await assert.rejects(openid.authorizationCodeGrant(client, at, checks))
    await openid.authorizationCodeGrant(client, at, checks, undefined, { DPoP })
    const begun = await world.begin(client, { dpop_jkt: 'short' })
    const { url } = await new Browser().open(begun.address)
    assert.equal(url.searchParams.get('error'), 'invalid_request')
  })

  test('DP-07: the refresh token of a public client is of no use without its key', async () => {
    const { refresh_token: token } = await boundTokens()
    const thief = await dpopClient()
    const [bare = ''] = token.split('.')
    for (const reply of [
      await exchange(refreshOf(token)),
      await exchange(refreshOf(token), await proof({}, thief)),
      // Its binding taken away, or changed.
      await exchange(refreshOf(bare)),
      await exchange(refreshOf(bare), await proof()),
      await exchange(refreshOf(`${bare}.${thief.thumbprint}`), await proof({}, thief)),
    ]) {
      assert.equal(said(reply), '400 invalid_grant')
    }
    const next = await exchange(refreshOf(token), await proof())
    assert.equal(next.json().token_type, 'DPoP')
    const { refresh_token: second } = next.json() as Bound
    assert.equal(said(await exchange(refreshOf(second))), '400 invalid_grant')
    assert.equal((await exchange(refreshOf(second), await proof())).status, 200)
  })

  test('a bound refresh token that comes again ends the session; ending it does not need the key', async () => {
    const { refresh_token: token } = await boundTokens()
    const next = (await exchange(refreshOf(token), await proof())).json() as Bound
    assert.equal(said(await exchange(refreshOf(token), await proof())), '400 invalid_grant')
    assert.equal(
      said(await exchange(refreshOf(next.refresh_token), await proof())),
      '400 invalid_grant',
    )
    const other = await boundTokens()
    const body = new URLSearchParams({ token: other.refresh_token, client_id: 'app' })
    assert.equal((await world.server.call('POST', '/oauth2/revoke', { body })).status, 200)
    assert.equal(
      said(await exchange(refreshOf(other.refresh_token), await proof())),
      '400 invalid_grant',
    )
  })

  test('DP-08: metadata names the algorithms; a client may be held to bound tokens', async () => {
    const found = await world.server.call('GET', '/.well-known/oauth-authorization-server')
    assert.deepEqual(found.json().dpop_signing_alg_values_supported, dpopAlgorithms)
    const news = await world.as('news')
    await assert.rejects(
      openid.clientCredentialsGrant(news, { scope: 'read' }),
      (error: openid.ResponseBodyError) => error.error === 'invalid_dpop_proof',
    )
    const DPoP = openid.getDPoPHandle(news, await openid.randomDPoPKeyPair())
    const tokens = await openid.clientCredentialsGrant(news, { scope: 'read' }, { DPoP })
    assert.equal(tokens.token_type, 'dpop')
  })

  test('the refresh token of a client that authenticates goes with any key, or none', async () => {
    const shop = await world.as('shop')
    const DPoP = openid.getDPoPHandle(shop, await openid.randomDPoPKeyPair())
    const begun = await world.begin(shop)
    const at = await world.logIn(new Browser(), begun)
    const checks = {
      pkceCodeVerifier: begun.verifier,
      expectedState: begun.state,
      expectedNonce: begun.nonce,
    }
    const first = await openid.authorizationCodeGrant(shop, at, checks, undefined, { DPoP })
    const second = await openid.refreshTokenGrant(shop, first.refresh_token ?? '')
    assert.deepEqual([first.token_type, second.token_type], ['dpop', 'bearer'])
    assert.equal((await world.server.core.verify(second.access_token)).ok, true)
  })
})
