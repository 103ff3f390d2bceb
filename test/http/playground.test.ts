/** What `/demo` is told: with the demo alone, and every way in it really goes through. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decodeJwt } from 'jose'
import type { Playground } from '../../src/http/surfaces/playground/index.ts'
import type { WireSession } from '../../src/protocol/admin-api.ts'
import { ADMIN_TOKEN } from '../admin/api.ts'
import { call, startTestServer } from '../harness.ts'

test('every way in is accepted by the three servers, and refused once it has logged out', async () => {
  const server = await startTestServer({ oneNode: true, publicUrlIsOwn: true, demoApps: true })
  try {
    const { tours, apps } = (await server.call('GET', '/demo/playground.json')).json() as Playground
    assert.equal(tours.length, 6)
    assert.equal(apps.length, 3)
    for (const { api, login, logout } of tours) {
      const taken: Record<string, string> = { device: 'a-device' }
      const fill = (text: string): string =>
        text.replaceAll(/\{(\w+)\}/g, (_, name: string) => taken[name] ?? assert.fail(name))
      for (const { method, path, headers = {}, body, takes = {}, isBase64 } of [...login, logout]) {
        const isLogout = path === logout.path
        if (isLogout) {
          assert.deepEqual(await statuses(), [200, 200, 200], api)
          assert.deepEqual(await origin(), { address: '127.0.0.1', userAgent: 'Tour/1.0' }, api)
        }
        const reply = await server.call(method, fill(path), {
          headers: [
            ['user-agent', 'Tour/1.0'],
            ...Object.entries(headers).map(([name, value]) => [name, fill(value)] as const),
          ],
          ...(body === undefined ? {} : { body: fill(body) }),
        })
        assert.ok(reply.status < 300, `${api} ${path}: ${reply.text}`)
        if (isLogout) assert.match(reply.headers['outright-confirmed'] ?? '', /^4\/4;lapsed=0/)
        for (const [name, member] of Object.entries(takes)) {
          const value: unknown = member
            .split('.')
            .reduce((inner: Record<string, never>, one) => inner[one]!, reply.json() as never)
          taken[name] = isBase64 ? atob(String(value)) : String(value)
        }
      }
      assert.deepEqual(await statuses(), [401, 401, 401], api)

      /** What the session remembers of the request that opened it. */
      async function origin(): Promise<unknown> {
        const { sid } = decodeJwt(fill('{token}'))
        const authorization = `Bearer ${ADMIN_TOKEN}`
        const headers = { authorization }
        const found = await server.call('GET', `/outright/v1/sessions/${String(sid)}`, { headers })
        const { address, userAgent } = (found.json() as WireSession).attributes
        return { address, userAgent }
      }

      function statuses(): Promise<number[]> {
        const headers = { authorization: fill('Bearer {token}') }
        return Promise.all(
          apps.map(async ({ url }) => (await call(url, 'GET', '/', { headers })).status),
        )
      }
    }
  } finally {
    await server.close()
  }
})

test('in earnest there is no playground', async () => {
  const server = await startTestServer({ oneNode: true, config: { demo: false } })
  try {
    for (const path of ['/demo', '/demo/playground.json', '/demo/playground.js']) {
      assert.equal((await server.call('GET', path)).status, 404)
    }
  } finally {
    await server.close()
  }
})
