/** `HEAD` is `GET` without the body (RFC 9110, section 9.3.2), and never more than a look. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { startTestServer, type TestServer } from '../harness.ts'

let server: TestServer
before(async () => {
  server = await startTestServer({ oneNode: true })
})
after(() => server.close())

/** Where a GET begins, issues or ends something, or never ends itself. */
const without = new Set([
  '/directlink/v1/auth/login',
  '/directlink/v1/auth/logout',
  '/v1/auth/oauth/authorize/initiate',
  '/v1/auth/oauth2/authorize/initiate',
  '/api/v1/authenticate',
  '/api/v1/authorize',
  '/api/v1/logout/callback',
  '/api/v1/mediatoken',
  '/api/v1/tokens/media',
  '/devices/events',
  '/oauth2/authorize',
  '/oidc/logout',
  '/outright/v1/audit',
  '/outright/v1/audit/verify',
  '/outright/v1/backup',
  '/outright/v1/events',
  '/outright/v1/feed',
  '/outright/v1/session/events',
  '/outright/v1/snapshot',
])

test('HEAD is answered wherever GET only looks, in every dialect', async () => {
  const document = (await server.call('GET', '/outright/v1/openapi.json')).json() as {
    paths: Record<string, Record<string, unknown>>
  }
  const wrong: string[] = []
  for (const [template, methods] of Object.entries(document.paths)) {
    if (!('get' in methods)) continue
    const path = template.replaceAll(/\{[^}]+\}/g, 'x')
    const expected = !without.has(template.replace(/\.(?:xml|json)$/, ''))
    const head = await server.call('HEAD', path)
    if ((head.status !== 405) !== expected) wrong.push(`${path}: ${String(head.status)}`)
    assert.equal(head.text, '')
  }
  assert.deepEqual(wrong, [])
})

test('and has the headers of GET', async () => {
  const headers = { 'x-client-key': 'baanx-demo-key' }
  const get = await server.call('GET', '/v1/user', { headers })
  const head = await server.call('HEAD', '/v1/user', { headers })
  for (const name of ['content-type', 'content-length', 'www-authenticate']) {
    assert.equal(head.headers[name], get.headers[name])
  }
  assert.equal(head.status, 401)
})

test('and so are the pages of the documentation', async () => {
  for (const path of ['/docs', '/docs/', '/docs/json', '/docs/static/swagger-ui.css']) {
    const [get, head] = [await server.call('GET', path), await server.call('HEAD', path)]
    assert.deepEqual([head.status, head.text], [200, ''], path)
    assert.equal(head.headers['content-length'], get.headers['content-length'], path)
  }
})
