/** What a guard must not believe: other servers, old answers, old databases, doubled headers. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { generateKeyPair, SignJWT } from 'jose'
import { createGuard, type AccessClaims, type FeedSocketEvents } from '../../src/guard/index.ts'
import { decisionOf } from '../../src/guard/adapters/decide.ts'
import * as forNode from '../../src/guard/adapters/node.ts'
import { connectWebSocket } from '../../src/guard/transport.ts'
import { encodeNodeFrame } from '../../src/protocol/feed-encode.ts'
import { call, startTestServer, type TestServer } from '../harness.ts'
import { feedScopes, feedVersion } from '../../src/protocol/feed.ts'

function login(
  server: TestServer,
  accessLifetimeMs = 600_000,
): ReturnType<TestServer['core']['openSession']> {
  return server.core.openSession({
    subjectId: 'maria',
    clientId: 'directlink',
    dialect: 'directlink',
    audience: 'directlink',
    accessLifetimeMs,
  })
}

async function listen(server: Server): Promise<string> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

test('ask: a 200 that is not the server’s own decision accepts nothing', async () => {
  // What a single-page application, a captive portal or a wrong URL answers to any path.
  const elsewhere = createServer((_request, response) => response.end('<!doctype html>'))
  const url = await listen(elsewhere)
  const guard = createGuard({ server: url, credential: 'x', onStale: 'ask' })
  const { privateKey } = await generateKeyPair('ES256')
  const forged = await new SignJWT({ sid: 'x', client_id: 'x', gen: {} })
    .setProtectedHeader({ alg: 'ES256', typ: 'at+jwt' })
    .setSubject('admin')
    .setAudience('any')
    .setJti('j')
    .setIssuer('anybody')
    .setExpirationTime('1h')
    .sign(privateKey)
  const verdict = await guard.check(forged)
  guard.close()
  elsewhere.closeAllConnections()
  elsewhere.close()
  assert.deepEqual(verdict, { ok: false, reason: 'stale' })
})

test('ask: fetch is called as workers want it, without a receiver and with the options they know', async () => {
  const asked: unknown[] = []
  function fetch(this: unknown, _url: unknown, init?: RequestInit): Promise<Response> {
    asked.push([this, init?.redirect])
    return Promise.resolve(new Response(null, { status: 302, headers: { location: '/' } }))
  }
  const guard = createGuard({
    server: 'https://auth.example',
    credential: 'x',
    onStale: 'ask',
    fetch,
    connect: () => ({ send() {}, close() {} }),
  })
  assert.deepEqual(await guard.check('a.b.c'), { ok: false, reason: 'stale' })
  guard.close()
  assert.deepEqual(asked.at(-1), [undefined, 'manual'])
})

test('a connection that fails is noticed where the runtime says only "error" (Node 22)', async () => {
  const real = globalThis.WebSocket
  class Failing extends EventTarget {
    static readonly OPEN = 1
    readyState = 0
    constructor() {
      super()
      queueMicrotask(() => this.dispatchEvent(new Event('error')))
    }
    close(): void {}
    send(): void {}
  }
  globalThis.WebSocket = Failing as never
  try {
    const ended = new Promise<number>((resolve) => {
      const events: FeedSocketEvents = { opened() {}, frame() {}, closed: (code) => resolve(code) }
      connectWebSocket({ server: 'http://127.0.0.1:1', credential: 'x' }, events)
    })
    const late = new Promise<string>((resolve) => setTimeout(() => resolve('never'), 200))
    assert.equal(await Promise.race([ended, late]), 1006)
  } finally {
    globalThis.WebSocket = real
  }
})

test('what was logged out stays dead when the server comes back on another database', async () => {
  const first = await startTestServer()
  let second: TestServer | undefined
  // One address, behind which the server is replaced.
  const target = { url: first.url }
  const guard = createGuard({
    server: 'http://auth.example',
    credential: 'outright-demo-guard',
    connect: (t, events) => connectWebSocket({ ...t, server: target.url }, events),
    fetch: (url, init) => fetch(addressOf(url).replace('http://auth.example', target.url), init),
  })
  try {
    await guard.ready()
    const { session, access } = await login(first)
    assert.equal((await guard.check(access.token)).ok, true)
    await first.core.revoke({
      scope: 'session',
      key: session.sid,
      reason: 'logout',
      actor: 'system',
      wait: true,
    })
    assert.deepEqual(await guard.check(access.token), { ok: false, reason: 'revoked' })
    second = await startTestServer()
    target.url = second.url
    const snapshots = guard.status().counters.snapshots
    await first.close()
    while (!guard.status().fresh || guard.status().counters.snapshots === snapshots)
      await new Promise((r) => setTimeout(r, 20))
    const verdict = await guard.check(access.token)
    assert.equal(verdict.ok, false)
  } finally {
    guard.close()
    await second?.close()
  }
})

test('a connection whose token has expired ends where a snapshot can no longer say whether its session was logged out', async () => {
  let nowMs = Date.now()
  const connections: FeedSocketEvents[] = []
  const guard = createGuard({
    server: 'http://auth.example',
    credential: 'x',
    keys: () => {
      throw new Error('unused')
    },
    clock: {
      nowMs: () => nowMs,
      monotonicMs: () => nowMs,
      after: (ms, f) => {
        const t = setTimeout(f, Math.min(ms, 5))
        return () => clearTimeout(t)
      },
    },
    connect: (_t, given) => {
      connections.push(given)
      return { send() {}, close() {} }
    },
  })
  const snapshot = (epoch: number): void => {
    const node = {
      type: 'hello',
      version: feedVersion,
      snapshot: true,
      leaseMs: 2000,
      renewMs: 500,
      epoch: new Uint8Array(16).fill(epoch),
      issuer: 'i',
      node: 'n',
      scopes: feedScopes,
    } as const
    const events = connections.at(-1)!
    events.opened()
    events.frame(encodeNodeFrame(node))
    const end = { type: 'snapshotEnd', total: 0, mark: 0, overSeconds: 0 } as const
    events.frame(encodeNodeFrame({ ...end, position: new Map() }))
  }
  guard.ready().catch(() => undefined)
  snapshot(1)
  const seconds = Math.floor(nowMs / 1000)
  const uuid = (n: number): string => `01a1b2c3-d4e5-7f60-8a9b-00000000000${n}`
  const claims: AccessClaims = {
    iss: 'i',
    aud: ['a'],
    sub: 's',
    client_id: 'c',
    jti: uuid(1),
    sid: uuid(2),
    gen: {},
    iat: seconds,
    nbf: seconds,
    exp: seconds + 900,
  }
  let called = 0
  guard.watch(claims, () => called++)
  connections[0]!.closed(1006, '')
  // Logged out meanwhile; the node has forgotten it, because every token of it has expired.
  nowMs += 3_600_000
  while (connections.length < 2) await new Promise((r) => setTimeout(r, 5))
  snapshot(2)
  guard.close()
  assert.equal(called, 1)
})

test('two Authorization headers are refused, as the server refuses them', async () => {
  const server = await startTestServer()
  const guard = createGuard({ server: server.url, credential: 'outright-demo-guard' })
  await guard.ready()
  const app = createServer(
    (request, response) =>
      void forNode.protect(guard, request, response).then((claims) => claims && response.end('in')),
  )
  const url = await listen(app)
  const { access } = await login(server)
  const twice = [
    ['authorization', `Bearer ${access.token}`],
    ['authorization', 'Bearer x'],
  ] as const
  const node = await call(server.url, 'GET', '/outright/v1/check', { headers: twice })
  const guarded = await call(url, 'GET', '/', { headers: twice })
  guard.close()
  app.closeAllConnections()
  app.close()
  await server.close()
  assert.equal(node.status, 401)
  assert.equal(guarded.status, 401)
})

test('scope: "orders read" needs both, as in the claim and in /outright/v1/check', () => {
  const claims = { scope: 'orders read' } as unknown as AccessClaims
  assert.equal(decisionOf({ ok: true, claims }, { scope: 'orders read' }).ok, true)
  assert.equal(decisionOf({ ok: true, claims }, { scope: 'orders write' }).ok, false)
})

test('keys that cannot be fetched for an hour: tokens of a known key go on, as docs/guard.md says', async () => {
  const server = await startTestServer()
  let down = false
  const guard = createGuard({
    server: server.url,
    credential: 'outright-demo-guard',
    fetch: (url, init) => (down ? Promise.reject(new TypeError('fetch failed')) : fetch(url, init)),
  })
  try {
    await guard.ready()
    const lifetimeMs = 36_000_000
    const first = (await login(server, lifetimeMs)).access.token
    const second = (await login(server, lifetimeMs)).access.token
    assert.equal((await guard.check(first)).ok, true)
    down = true
    const now = Date.now
    Date.now = () => now() + 3_600_000
    try {
      // The lease sees the wall clock leap; the next pong brings a new one.
      while (!guard.status().fresh) await new Promise((r) => setTimeout(r, 20))
      assert.deepEqual((await guard.check(first)).ok, true, 'remembered')
      assert.deepEqual((await guard.check(second)).ok, true, 'a fresh token of the same key')
    } finally {
      Date.now = now
    }
  } finally {
    guard.close()
    await server.close()
  }
})

test('ask: an answer that is read later than askTimeoutMs after it was asked for does not count', async () => {
  const server = await startTestServer()
  const guard = createGuard({
    server: server.url,
    credential: 'x',
    issuer: 'http://127.0.0.1:8080',
    onStale: 'ask',
    askTimeoutMs: 200,
    connect: () => ({ send() {}, close() {} }),
    fetch: async (url, init) => {
      const answer = await fetch(url, init)
      // The process is stopped here, and goes on later.
      if (addressOf(url).includes('/check'))
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1000)
      return answer
    },
  })
  const { access } = await login(server)
  const verdict = await guard.check(access.token)
  guard.close()
  await server.close()
  assert.deepEqual(verdict, { ok: false, reason: 'stale' })
})

function addressOf(target: Parameters<typeof fetch>[0]): string {
  return target instanceof Request ? target.url : target.toString()
}
