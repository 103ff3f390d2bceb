/** What `/demo` is told: with the demo alone, and every way in it really goes through. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { decodeJwt, decodeProtectedHeader } from 'jose'
import type { DemoTour, ToldRequest } from '../../src/http/node-view.ts'
import type { Playground } from '../../src/http/surfaces/playground/index.ts'
import type { WireSession } from '../../src/protocol/admin-api.ts'
import { startDemoProvider } from '../../src/server/demo-provider/index.ts'
import { systemClock } from '../../src/server/system.ts'
import { ADMIN_TOKEN } from '../admin/api.ts'
import { call, startTestServer, type Reply, type TestServer } from '../harness.ts'

let server: TestServer
let told: Playground
before(async () => {
  server = await startTestServer({ oneNode: true, publicUrlIsOwn: true, demoServers: true })
  told = (await server.call('GET', '/demo/playground.json')).json() as Playground
})
after(() => server.close())

test('every way in is accepted by the three servers, and refused once it has logged out', async () => {
  const { tours, apps } = told
  assert.equal(tours.length, 7)
  assert.equal(apps.length, 3)
  for (const tour of tours) {
    const { api, login, logout, origin } = tour
    const taken: Record<string, string> = { device: 'a-device' }
    for (const one of login) await make(tour, one, taken)
    const token = taken['token'] ?? ''
    assert.deepEqual(await statuses(token), [200, 200, 200], api)
    if (origin === undefined) {
      const expected = { address: '127.0.0.1', userAgent: 'Tour/1.0' }
      assert.deepEqual(await openedFrom(token), expected, api)
    }
    assert.match(receiptOf(tour, await make(tour, logout, taken)), /^4\/4;lapsed=0/)
    assert.deepEqual(await statuses(token), [401, 401, 401], api)
  }
})

test('the other provider has keys of its own, and ends one login by telling Outright', async () => {
  const tour = told.tours.find(({ origin }) => origin !== undefined) ?? assert.fail()
  const { login, logout, origin = '' } = tour
  const [first, second]: Record<string, string>[] = [{}, {}]
  for (const one of login) {
    await make(tour, one, first!)
    await make(tour, one, second!)
  }
  const token = first!['token'] ?? ''
  assert.equal(decodeJwt(token).iss, origin)
  assert.notEqual(origin, server.url)
  const { keys } = (await server.call('GET', '/.well-known/jwks.json')).json() as {
    readonly keys: readonly { readonly kid: string }[]
  }
  assert.ok(!keys.some(({ kid }) => kid === decodeProtectedHeader(token).kid))
  assert.deepEqual(await statuses(first!['idToken'] ?? ''), [401, 401, 401])

  // Only an ID token names the login that a person wants to end.
  const asked = { ...first, idToken: token }
  assert.equal((await ask(tour, logout, asked)).status, 400)
  assert.deepEqual(await statuses(token), [200, 200, 200])

  const reply = await make(tour, logout, first!)
  assert.deepEqual(await statuses(token), [401, 401, 401])
  assert.deepEqual(await statuses(second!['token'] ?? ''), [200, 200, 200])
  assert.match(receiptOf(tour, await make(tour, logout, first!)), /^4\/4;lapsed=0/)

  const { url, body } = (reply.json() as { readonly told: ToldRequest }).told.ask
  assert.equal(url, `${server.url}/outright/v1/issuers/demo-provider/backchannel-logout`)
  assert.equal(decodeJwt(new URLSearchParams(body).get('logout_token') ?? '').iss, origin)
  const page = await server.call('GET', '/demo')
  assert.match(page.headers['content-security-policy'] ?? '', new RegExp(`connect-src.* ${origin}`))
})

test('the other provider says that a logout failed which Outright has not heard of', async () => {
  const provider = await startDemoProvider('http://127.0.0.1:0', systemClock)
  try {
    const { tour } = provider
    const taken: Record<string, string> = {}
    for (const one of tour.login) await make(tour, one, taken)
    assert.equal((await ask(tour, tour.logout, taken)).status, 503)
    // A server that does not know it.
    provider.tell(told.apps[0]!.url)
    const reply = await ask(tour, tour.logout, taken)
    assert.equal(reply.status, 502)
    assert.equal((reply.json() as { readonly told: ToldRequest }).told.status, 404)
    const wrong = {
      ...tour.login[0]!,
      body: 'grant_type=password&client_id=demo-app&username=ines',
    }
    assert.equal((await ask(tour, wrong, taken)).status, 400)
    const long = { ...wrong, body: 'a'.repeat(300_000) }
    assert.equal((await ask(tour, long, taken)).status, 413)
  } finally {
    await provider.close()
  }
})

test('in earnest there is no playground, and no provider of the demo', async () => {
  const earnest = await startTestServer({
    oneNode: true,
    demoServers: true,
    config: { demo: false },
  })
  try {
    for (const path of ['/demo', '/demo/playground.json', '/demo/playground.js']) {
      assert.equal((await earnest.call('GET', path)).status, 404)
    }
    assert.ok(server.core.findIssuer('demo-provider') !== undefined)
    assert.equal(earnest.core.findIssuer('demo-provider'), undefined)
  } finally {
    await earnest.close()
  }
})

type Call = DemoTour['logout']

/** Makes a call that goes through, and keeps what it takes. */
async function make(tour: DemoTour, one: Call, taken: Record<string, string>): Promise<Reply> {
  const reply = await ask(tour, one, taken)
  assert.ok(reply.status < 300, `${tour.api} ${one.path}: ${reply.text}`)
  for (const [name, member] of Object.entries(one.takes ?? {})) {
    const value: unknown = member
      .split('.')
      .reduce((inner: Record<string, never>, each) => inner[each]!, reply.json() as never)
    taken[name] = one.isBase64 ? atob(String(value)) : String(value)
  }
  return reply
}

function ask({ origin }: DemoTour, one: Call, taken: Record<string, string>): Promise<Reply> {
  const fill = (text: string): string =>
    text.replaceAll(/\{(\w+)\}/g, (_, name: string) => taken[name] ?? assert.fail(name))
  const { method, path, headers = {}, body } = one
  const filled = Object.entries(headers).map(([name, value]) => [name, fill(value)] as const)
  const options = {
    headers: [['user-agent', 'Tour/1.0'] as const, ...filled],
    ...(body === undefined ? {} : { body: fill(body) }),
  }
  return origin === undefined
    ? server.call(method, fill(path), options)
    : call(origin, method, fill(path), options)
}

/** Who is told of a logout gets its receipt. */
function receiptOf({ origin }: DemoTour, reply: Reply): string {
  const { headers } =
    origin === undefined ? reply : (reply.json() as { readonly told: ToldRequest }).told
  return headers['outright-confirmed'] ?? ''
}

/** What the session remembers of the request that opened it. */
async function openedFrom(token: string): Promise<unknown> {
  const { sid } = decodeJwt(token)
  const headers = { authorization: `Bearer ${ADMIN_TOKEN}` }
  const found = await server.call('GET', `/outright/v1/sessions/${String(sid)}`, { headers })
  const { address, userAgent } = (found.json() as WireSession).attributes
  return { address, userAgent }
}

function statuses(token: string): Promise<number[]> {
  const headers = { authorization: `Bearer ${token}` }
  return Promise.all(
    told.apps.map(async ({ url }) => (await call(url, 'GET', '/', { headers })).status),
  )
}
