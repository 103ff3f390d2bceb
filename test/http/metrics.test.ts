/** `/metrics`: small enough to be read every few seconds, and not for all where one says so. */
import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { startTestServer, type TestServer } from '../harness.ts'

suite('metrics', () => {
  let server: TestServer
  before(async () => {
    server = await startTestServer({ oneNode: true, config: { rateLimitFactor: 1_000_000 } })
  })
  after(() => server.close())

  test('stay small where every route was called and refused in several ways', async () => {
    const document = (await server.call('GET', '/outright/v1/openapi.json')).json() as {
      paths: Record<string, Record<string, unknown>>
    }
    let calls = 0
    for (const [template, methods] of Object.entries(document.paths)) {
      const path = template.replaceAll(/\{[^}]+\}/g, 'x')
      for (const method of Object.keys(methods)) {
        for (const headers of [{}, { authorization: 'Bearer x' }, { authorization: 'Digest x' }]) {
          await server.call(method.toUpperCase(), path, { headers })
          calls++
        }
      }
    }
    const { text } = await server.call('GET', '/metrics')
    assert.ok(calls > 200)
    assert.ok(text.length < 80 * 1024, `${text.length} bytes`)
    const counted = [...text.matchAll(/^outright_http_requests_total\{.*\} (\d+)$/gm)]
    const sum = counted.reduce((all, [, count]) => all + Number(count), 0)
    assert.ok(sum >= calls - 5, `${sum} of ${calls} calls are counted`)
    assert.match(
      text,
      /^outright_http_requests_total\{dialect="directlink",method="POST",route="\/directlink\/v1\/auth\/logout",status="400"\} \d+$/m,
    )
    assert.match(
      text,
      /^outright_http_request_seconds_bucket\{le="0.01",dialect="directlink"\} \d+$/m,
    )
  })

  test('are open to all by default, as documented', async () => {
    assert.equal((await server.call('GET', '/metrics')).status, 200)
  })
})

test('with a token of their own they want it, and no other', async () => {
  const metricsToken = 'a-token-for-prometheus-alone'
  const server = await startTestServer({ oneNode: true, config: { metricsToken } })
  const status = async (authorization?: string): Promise<number> => {
    const options = authorization === undefined ? {} : { headers: { authorization } }
    return (await server.call('GET', '/metrics', options)).status
  }
  try {
    assert.equal(await status(`Bearer ${metricsToken}`), 200)
    for (const wrong of [undefined, 'Bearer x', 'Bearer outright-demo-admin', 'Basic eDp5']) {
      assert.equal(await status(wrong), 401, wrong)
    }
    assert.equal((await server.call('GET', '/readyz')).status, 200)
  } finally {
    await server.close()
  }
})
