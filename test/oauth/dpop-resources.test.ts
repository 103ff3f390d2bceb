/** Where a token is taken that is bound to a key: with its proof alone (RFC 9449, section 7). */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { createGuard } from '../../src/guard/index.ts'
import { dpopClient, type WantedProof } from '../../src/testing/dpop-client.ts'
import { boundTokens, key, tokenUrl, world } from './dpop-kit.ts'
import { basic, secretOf } from './resource-world.ts'

suite('wherever this server takes an access token', () => {
  const places = {
    userinfo: '/oidc/userinfo',
    'the events of a session': '/outright/v1/session/events',
    'the check of proxies': '/outright/v1/check',
  } as const
  const original = {
    'x-original-method': 'GET',
    'x-original-url': 'https://api.example/orders?page=2',
  }

  for (const [name, path] of Object.entries(places)) {
    const isForProxies = path === '/outright/v1/check'
    const url = (): string =>
      isForProxies ? 'https://api.example/orders' : world.server.url + path
    /** Status and challenge. The stream of events is not waited for. */
    const get = async (
      authorization: string,
      headers: Readonly<Record<string, string>> = {},
    ): Promise<{ readonly status: number; readonly challenge: string }> => {
      const abort = new AbortController()
      const response = await fetch(world.server.url + path, {
        headers: { authorization, ...(isForProxies ? original : {}), ...headers },
        signal: abort.signal,
      })
      const challenge = response.headers.get('www-authenticate') ?? ''
      abort.abort()
      return { status: response.status, challenge }
    }

    test(`DP-06: ${name}: a bound token is let in with its proof, never as a bearer token`, async () => {
      const { access_token: token } = await boundTokens()
      const prove = (changes: Partial<WantedProof> = {}, by = key): Promise<string> =>
        by.proof({ url: url(), token, ...changes })
      const dpop = await prove()
      assert.equal((await get(`DPoP ${token}`, { dpop })).status, 200)
      const thief = await dpopClient()
      for (const [authorization, headers, error] of [
        [`Bearer ${token}`, {}, 'invalid_token'],
        [`Bearer ${token}`, { dpop: await prove() }, 'invalid_token'],
        [`DPoP ${token}`, {}, 'invalid_token'],
        [`DPoP ${token}`, { dpop: await prove({}, thief) }, 'invalid_token'],
        [`DPoP ${token}`, { dpop }, 'invalid_dpop_proof'],
        [`DPoP ${token}`, { dpop: await prove({ method: 'POST' }) }, 'invalid_dpop_proof'],
        [`DPoP ${token}`, { dpop: await prove({ url: tokenUrl() }) }, 'invalid_dpop_proof'],
        [`DPoP ${token}`, { dpop: await prove({ token: 'other' }) }, 'invalid_dpop_proof'],
      ] as const) {
        const { status, challenge } = await get(authorization, headers)
        assert.equal(status, 401)
        assert.match(challenge, new RegExp(`^DPoP .*error="${error}".*algs="ES256 `))
      }
      const { core } = world.server
      const sid = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()).sid
      const end = { scope: 'session', key: sid, reason: 'logout', actor: 'system' } as const
      await core.revoke({ ...end, wait: true })
      const over = await get(`DPoP ${token}`, { dpop: await prove() })
      assert.equal(over.status, 401)
      assert.match(over.challenge, /error="invalid_token"/)
    })
  }

  test('DP-07: introspection tells a resource server of the key', async () => {
    const { access_token: token } = await boundTokens()
    const reply = await world.server.call('POST', '/oauth2/introspect', {
      headers: basic('orders', secretOf('orders')),
      body: new URLSearchParams({ token }),
    })
    const { active, token_type: type, cnf } = reply.json()
    assert.deepEqual([active, type, cnf], [true, 'DPoP', { jkt: key.thumbprint }])
  })

  test('a proxy whose headers disagree, or whose host is not configured, cannot choose the URL', async () => {
    const { access_token: token } = await boundTokens()
    const ask = async (
      headers: Readonly<Record<string, string>>,
      of = 'https://api.example/orders',
    ): Promise<number> =>
      (
        await world.server.call('GET', '/outright/v1/check', {
          headers: {
            authorization: `DPoP ${token}`,
            dpop: await key.proof({ url: of, token }),
            ...headers,
          },
        })
      ).status
    const forwarded = {
      'x-forwarded-proto': 'https',
      'x-forwarded-host': 'api.example',
      'x-forwarded-uri': '/orders?page=2',
      'x-forwarded-method': 'GET',
    }
    assert.equal(await ask(forwarded), 200)
    assert.equal(await ask({ ...forwarded, ...original }), 200)
    assert.equal(await ask({}), 401)
    const evil = 'https://evil.example/orders'
    assert.equal(await ask({ ...original, 'x-original-url': evil }, evil), 401)
    assert.equal(await ask({ ...forwarded, 'x-forwarded-host': 'evil.example' }, evil), 401)
    for (const changed of [
      { 'x-forwarded-uri': '/admin' },
      { 'x-forwarded-host': 'evil.example' },
      { 'x-forwarded-proto': 'http' },
      { 'x-forwarded-method': 'POST' },
    ]) {
      assert.equal(await ask({ ...forwarded, ...original, ...changed }), 401)
    }
  })

  test('dialects, the admin API and the feed refuse a bound token, in both schemes', async () => {
    const { access_token: token } = await boundTokens()
    for (const [method, path] of [
      ['POST', '/auth/logout'],
      ['POST', '/api/v1/auth/logout'],
      ['GET', '/outright/v1/sessions'],
      ['GET', '/outright/v1/events'],
      ['GET', '/outright/v1/issuers'],
    ] as const) {
      for (const scheme of ['Bearer', 'DPoP']) {
        const url = world.server.url + path
        const headers = {
          authorization: `${scheme} ${token}`,
          dpop: await key.proof({ method, url, token }),
        }
        const { status } = await world.server.call(method, path, { headers, body: {} })
        assert.ok(status >= 400 && status < 500, `${path}: ${String(status)}`)
      }
    }
    const stranger = createGuard({ server: world.server.url, credential: token })
    await assert.rejects(stranger.ready({ timeoutMs: 120_000 }), /refused the credential/)
    stranger.close()
    const guard = createGuard({
      server: world.server.url,
      credential: 'outright-demo-guard',
      audience: 'orders',
    })
    await guard.ready()
    assert.equal((await guard.check(token)).ok, false)
    guard.close()
  })
})

suite('a guard that may only ask', () => {
  test('a bound token is asked about with its proof, and never accepted without', async () => {
    const connect = () => ({ send: () => undefined, close: () => undefined })
    const asking = createGuard({
      server: world.server.url,
      credential: 'x',
      connect,
      issuer: world.server.url,
      publicUrl: 'https://api.example',
      onStale: 'ask',
      askTimeoutMs: 60_000,
    })
    const { access_token: token } = await boundTokens()
    const url = 'https://api.example/orders'
    const shown = async (by = key) => ({
      jwt: await by.proof({ url, token }),
      method: 'GET',
      path: '/orders',
    })
    const verdict = await asking.checkWithProof(token, await shown())
    assert.deepEqual(verdict.ok && verdict.claims['cnf'], { jkt: key.thumbprint })
    assert.equal((await asking.check(token)).ok, false)
    assert.equal((await asking.checkWithProof(token, await shown(await dpopClient()))).ok, false)
    asking.close()
  })
})
