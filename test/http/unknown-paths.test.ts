/** A path that leads nowhere: a page for a person in a browser, and nothing new for a program. */
import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { startTestServer, type Reply, type TestServer } from '../harness.ts'

/** As browsers ask when a person goes somewhere: Chromium, and one without Fetch Metadata. */
const accept = 'text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8'
const browsers = [
  { accept, 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' },
  { accept },
]

const programs: readonly Readonly<Record<string, string>>[] = [
  {},
  { accept: '*/*' },
  { accept: 'application/json' },
  { accept: 'application/json, text/html' },
  { accept: 'text/html;q=0.5, application/problem+json' },
  { accept, 'sec-fetch-mode': 'cors' },
]

const ownPaths = [
  '/nothing',
  '/nothing/at/all?code=x',
  '/outright/v1/nothing',
  '/oauth2/nothing',
  '/.well-known/nothing',
  '/devices/nothing',
  '/demo/nothing',
  '/docs/nothing',
]

/** Of each of the five, as its own clients know them. */
const dialectPaths = [
  '/directlink/nothing',
  '/api/v1/nothing',
  '/auth/nothing',
  '/api/v1/tokens/nothing',
  '/reggie/nothing',
  '/v1/auth/nothing',
]

suite('a path that leads nowhere', () => {
  let server: TestServer
  before(async () => {
    server = await startTestServer({ oneNode: true })
  })
  after(() => server.close())

  const get = (path: string, headers: Readonly<Record<string, string>> = {}): Promise<Reply> =>
    server.call('GET', path, { headers })

  test('is a page for a person, which leads to the front page', async () => {
    for (const path of ownPaths) {
      for (const browser of browsers) {
        const reply = await get(path, browser)
        assert.equal(reply.status, 404, path)
        assert.equal(reply.headers['content-type'], 'text/html; charset=utf-8', path)
        assert.match(reply.headers['content-security-policy'] ?? '', /^default-src 'none'; /)
        assert.equal(reply.headers['cache-control'], 'no-store')
        assert.match(reply.text, /<h1>There is no such page<\/h1>/)
        assert.match(reply.text, /<a href="\/">/)
        assert.doesNotMatch(reply.text, /nothing/, 'nothing of the request is repeated')
        const head = await server.call('HEAD', path, { headers: browser })
        assert.deepEqual([head.status, head.text], [404, ''])
      }
    }
  })

  test('is the same problem document as ever for a program', async () => {
    for (const path of ownPaths) {
      for (const headers of programs) {
        const reply = await get(path, headers)
        assert.equal(reply.status, 404, path)
        assert.equal(reply.headers['content-type'], 'application/problem+json', path)
        const document =
          '{"type":"urn:outright:problem:not-found","title":"Not found","status":404}'
        assert.equal(reply.text, document, path)
      }
    }
    const sent = await server.call('POST', '/nothing', { headers: browsers[0]! })
    assert.equal(sent.headers['content-type'], 'application/problem+json')
  })

  test('is refused by a dialect as to everybody else', async () => {
    for (const path of dialectPaths) {
      const [plain, ...shown] = await Promise.all([
        get(path),
        ...browsers.map((one) => get(path, one)),
      ])
      for (const reply of shown) {
        assert.doesNotMatch(reply.headers['content-type'] ?? '', /html/, path)
        assert.deepEqual(steady(reply), steady(plain), path)
      }
    }
  })
})

/** Without what changes from one moment to the next: DirectLink's time has no fixed width. */
function steady({ status, headers, text }: Reply): unknown {
  const { date: _date, 'content-length': _length, 'x-request-id': id, ...rest } = headers
  return { status, rest, text: text.replace(/"time":"[^"]*"/, '').replaceAll(id ?? '-', '') }
}
