/** Tokens that are bound to a key, at each adapter in its framework and at the guard itself. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, suite, test } from 'node:test'
import { serve } from '@hono/node-server'
import express from 'express'
import fastify from 'fastify'
import { Hono } from 'hono'
import * as forExpress from '../../src/guard/adapters/express.ts'
import * as forFastify from '../../src/guard/adapters/fastify.ts'
import * as forHono from '../../src/guard/adapters/hono.ts'
import * as forNode from '../../src/guard/adapters/node.ts'
import { createGuard, type Guard } from '../../src/guard/index.ts'
import { dpopClient, type DpopClient, type WantedProof } from '../../src/testing/dpop-client.ts'
import { call, startTestServer, type Reply, type TestServer } from '../harness.ts'

/** Behind a proxy: what clients call has another host, and a path before that of the request. */
const publicUrl = 'https://api.example/v2'
const orders = `${publicUrl}/shop/orders`

let server: TestServer
let guard: Guard
let client: DpopClient
const closing: (() => unknown)[] = []

before(async () => {
  server = await startTestServer()
  guard = createGuard({ server: server.url, credential: 'outright-demo-guard', publicUrl })
  client = await dpopClient()
  await guard.ready()
})

after(async () => {
  for (const close of closing) await close()
  guard.close()
  await server.close()
})

async function login(cnf: object = { jkt: client.thumbprint }) {
  const { session, access } = await server.core.openSession({
    subjectId: 'maria',
    clientId: 'directlink',
    dialect: 'directlink',
    audience: 'directlink',
    accessLifetimeMs: 600_000,
    claims: { scope: 'orders', cnf: cnf as { readonly jkt: string } },
  })
  const end = (): Promise<unknown> =>
    server.core.revoke({
      scope: 'session',
      key: session.sid,
      reason: 'logout',
      actor: 'system',
      wait: true,
    })
  return { token: access.token, end }
}

/**
 * Each lets `/shop/orders` in by two guards, one within the other, and wants two scopes at
 * `/shop/admin`.
 */
const applications: Readonly<Record<string, () => Promise<string>>> = {
  async 'node, as a listener'() {
    const protectTwice = (options: forNode.NodeProtectOptions) =>
      forNode.protectListener(guard, (request, response) => {
        forNode.protectListener(
          guard,
          (_request, _response, claims) => response.end(`hello ${claims.sub}`),
          options,
        )(request, response)
      })
    return listen(
      createServer((request, response) => {
        const scope = request.url?.startsWith('/shop/admin') === true ? 'admin' : 'orders'
        protectTwice({ scope })(request, response)
      }),
    )
  },
  async node() {
    return listen(
      createServer((request, response) => {
        const scope = request.url?.startsWith('/shop/admin') === true ? 'admin' : 'orders'
        void forNode.protect(guard, request, response, { scope }).then((claims) => {
          if (claims) response.end(`hello ${claims.sub}`)
        })
      }),
    )
  },
  async express() {
    const { protect, claimsOf } = forExpress
    const app = express()
    const shop = express.Router()
    app.use('/shop', protect(guard), shop)
    shop.get('/orders', protect(guard, { scope: 'orders' }), (request, response) => {
      response.send(`hello ${claimsOf(request).sub}`)
    })
    shop.get('/admin', protect(guard, { scope: 'admin' }), (_request, response) => {
      response.send('never')
    })
    return listen(createServer(app))
  },
  async fastify() {
    const { protect, claimsOf } = forFastify
    const app = fastify({ rewriteUrl: ({ url = '' }) => url.replace('/shop', '') })
    app.addHook('onRequest', protect(guard))
    app.get(
      '/orders',
      { onRequest: protect(guard, { scope: 'orders' }) },
      (request) => `hello ${claimsOf(request).sub}`,
    )
    app.get('/admin', { onRequest: protect(guard, { scope: 'admin' }) }, () => 'never')
    closing.push(() => app.close())
    return app.listen({ host: '127.0.0.1', port: 0 })
  },
  async hono() {
    const { protect } = forHono
    const app = new Hono<forHono.GuardEnv>().basePath('/shop')
    app.use('*', protect(guard))
    app.get('/orders', protect(guard, { scope: 'orders' }), (context) =>
      context.text(`hello ${context.get('claims').sub}`),
    )
    app.get('/admin', protect(guard, { scope: 'admin' }), (context) => context.text('never'))
    const node = serve({ fetch: app.fetch, hostname: '127.0.0.1', port: 0 }) as Server
    closing.push(() => node.close())
    await once(node, 'listening')
    return `http://127.0.0.1:${(node.address() as AddressInfo).port}`
  },
}

async function listen(node: Server): Promise<string> {
  closing.push(() => {
    node.closeAllConnections()
    node.close()
  })
  node.listen(0, '127.0.0.1')
  await once(node, 'listening')
  return `http://127.0.0.1:${(node.address() as AddressInfo).port}`
}

for (const [name, start] of Object.entries(applications)) {
  suite(`a bound token at the adapter for ${name}`, () => {
    let url: string

    before(async () => {
      url = await start()
    })

    const get = (
      authorization: string,
      dpop: string | readonly string[] = [],
      path = '/shop/orders?page=2',
    ): Promise<Reply> =>
      call(url, 'GET', path, {
        headers: [
          ['authorization', authorization],
          ...[dpop].flat().map((proof) => ['dpop', proof] as const),
        ],
      })
    const proven = async (
      token: string,
      changes: Partial<WantedProof> = {},
      by = client,
    ): Promise<Reply> => get(`DPoP ${token}`, await by.proof({ url: orders, token, ...changes }))
    const challengeOf = (reply: Reply): string => {
      assert.equal(reply.status, 401, reply.text)
      return reply.headers['www-authenticate'] ?? ''
    }

    test('is let in with a new proof each time, until the logout has been answered', async () => {
      const { token, end } = await login()
      for (let times = 0; times < 3; times++) {
        const answer = await proven(token)
        assert.deepEqual([answer.status, answer.text], [200, 'hello maria'])
      }
      await end()
      assert.match(
        challengeOf(await proven(token)),
        /^DPoP realm="api", error="invalid_token", error_description="The token has been revoked", algs="ES256 /,
      )
    })

    test('shown as a bearer token it is refused, with a proof and without', async () => {
      const { token } = await login()
      for (const dpop of [[], await client.proof({ url: orders, token })]) {
        const reply = await get(`Bearer ${token}`, dpop)
        assert.match(challengeOf(reply), /^DPoP realm="api", error="invalid_token", .*algs="/)
        assert.equal(reply.json().reason, 'unproven')
      }
    })

    test('without a proof, with two, one that came before, or one for something else: refused', async () => {
      const { token } = await login()
      assert.match(challengeOf(await get(`DPoP ${token}`)), /error="invalid_token"/)
      const once = await client.proof({ url: orders, token })
      assert.equal((await get(`DPoP ${token}`, once)).status, 200)
      for (const reply of [
        await get(`DPoP ${token}`, once),
        await get(`DPoP ${token}`, [
          await client.proof({ url: orders, token }),
          await client.proof({ url: orders, token }),
        ]),
        await proven(token, { method: 'POST' }),
        await proven(token, { url: `${publicUrl}/shop/admin` }),
        // What the caller wrote into Host does not say where it is.
        await proven(token, { url: `${url}/shop/orders` }),
        await proven(token, { token: 'another' }),
        await proven(token, { claims: { iat: Date.now() / 1000 - 600 } }),
      ]) {
        assert.match(challengeOf(reply), /error="invalid_dpop_proof"/)
      }
    })

    test('with a good proof of another key it is refused, and so is a bearer token with a proof', async () => {
      const { token } = await login()
      const thief = await dpopClient()
      assert.match(
        challengeOf(await proven(token, {}, thief)),
        /error="invalid_token".*another key/,
      )
      const { access } = await server.core.openSession({
        subjectId: 'maria',
        clientId: 'directlink',
        dialect: 'directlink',
        audience: 'directlink',
        accessLifetimeMs: 600_000,
      })
      assert.match(challengeOf(await proven(access.token)), /^DPoP .*error="invalid_token"/)
    })

    test('without the scope that a route wants: 403 with a challenge of DPoP', async () => {
      const { token } = await login()
      const proof = await client.proof({ url: `${publicUrl}/shop/admin`, token })
      const reply = await get(`DPoP ${token}`, proof, '/shop/admin')
      assert.equal(reply.status, 403)
      assert.match(
        reply.headers['www-authenticate'] ?? '',
        /^DPoP realm="api", error="insufficient_scope", scope="admin", algs="/,
      )
    })
  })
}

suite('a bound token at the guard itself', () => {
  const proofFor = async (token: string) => ({
    jwt: await client.proof({ url: orders, token }),
    method: 'GET',
    path: '/shop/orders',
  })

  test('check and checkNow never accept it, whatever they know of it', async () => {
    const { token } = await login()
    for (let times = 0; times < 2; times++) {
      assert.equal((await guard.check(token)).ok, false)
      assert.notEqual(guard.checkNow(token)?.ok, true)
    }
    const before = guard.status().counters.unproven
    assert.equal((await guard.checkWithProof(token, await proofFor(token))).ok, true)
    assert.equal((await guard.check(token)).ok, false)
    assert.equal(guard.status().counters.unproven, before + 1)
  })

  test('a guard that does not know how it is called refuses it', async () => {
    const other = createGuard({ server: server.url, credential: 'outright-demo-guard' })
    const { token } = await login()
    await other.ready()
    const verdict = await other.checkWithProof(token, await proofFor(token))
    assert.deepEqual(verdict, { ok: false, reason: 'unproven', proof: 'unchecked' })
    other.close()
  })

  test('a path that is none, as a caller may write it, lengthens no host', async () => {
    const { token } = await login()
    const plain = createGuard({
      server: server.url,
      credential: 'outright-demo-guard',
      publicUrl: 'https://api.example',
    })
    await plain.ready()
    for (const path of ['.evil.example/x', ':8443/x', '@evil.example/x', 's://x/']) {
      const jwt = await client.proof({ url: `https://api.example${path}`, token })
      const verdict = await plain.checkWithProof(token, { jwt, method: 'GET', path })
      assert.deepEqual(verdict, { ok: false, reason: 'unproven', proof: 'url' }, path)
    }
    plain.close()
  })

  test('an object that is filled anew counts each use of a proof', async () => {
    const { token } = await login()
    const reused = await proofFor(token)
    assert.equal((await guard.checkWithProof(token, reused)).ok, true)
    const again = await guard.checkWithProof(token, reused)
    assert.deepEqual(again, { ok: false, reason: 'unproven', proof: 'replayed' })
  })

  test('of a hundred uses of one proof at once, one is the first', async () => {
    const { token } = await login()
    const proof = await proofFor(token)
    const verdicts = await Promise.all(
      Array.from({ length: 100 }, () => guard.checkWithProof(token, { ...proof })),
    )
    assert.equal(verdicts.filter(({ ok }) => ok).length, 1)
  })

  test('without a lease: refused, allowed with its proof alone', async () => {
    const connect = () => ({ send: () => undefined, close: () => undefined })
    const options = { server: server.url, credential: 'x', connect, publicUrl }
    const { issuer } = server.dependencies
    const { token } = await login()
    const stale = createGuard({ ...options, issuer })
    assert.equal(await reasonOf(stale.checkWithProof(token, await proofFor(token))), 'stale')
    const allowing = createGuard({ ...options, issuer, onStale: 'allow' })
    assert.equal(await reasonOf(allowing.checkWithProof(token, await proofFor(token))), 'ok')
    assert.equal(await reasonOf(allowing.check(token)), 'unproven')
    assert.equal(allowing.status().counters.allowedStale, 1)
    stale.close()
    allowing.close()
  })

  async function reasonOf(verdict: ReturnType<Guard['check']>): Promise<string> {
    const found = await verdict
    return found.ok ? 'ok' : found.reason
  }
})
