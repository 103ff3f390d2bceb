/** `/`: a page for people with a browser, text for a terminal. */
import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { startTestServer, type Reply, type TestServer } from '../harness.ts'

/** As Chromium asks. */
const browser = {
  accept:
    'text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8,application/signed-exchange;v=b3;q=0.7',
}

function assertPage(reply: Reply): void {
  assert.equal(reply.status, 200)
  assert.equal(reply.headers['content-type'], 'text/html; charset=utf-8')
  assert.match(reply.headers['vary'] ?? '', /\bAccept\b/)
  const policy = reply.headers['content-security-policy'] ?? ''
  assert.match(policy, /^default-src 'none'; style-src 'sha256-[^']+'; /)
  assert.doesNotMatch(policy, /unsafe/)
  assert.match(policy, /frame-ancestors 'none'/)
  assert.doesNotMatch(reply.text, /<script|\son\w+=|style="/)
  assert.match(reply.text, /<html lang="en">/)
  assert.equal(reply.text.match(/<h1>/g)?.length, 1)
  for (const path of ['/docs', '/readyz']) assert.ok(reply.text.includes(`href="${path}"`), path)
}

suite('the demo', () => {
  let server: TestServer
  before(async () => {
    server = await startTestServer({ oneNode: true, publicUrlIsOwn: true })
  })
  after(() => server.close())

  test('shows a person what this is, who can log in, and how to log out', async () => {
    const reply = await server.call('GET', '/', { headers: browser })
    assertPage(reply)
    for (const text of ['maria-demo', '12345', 'octopus-demo-secret', 'viewer-demo']) {
      assert.ok(reply.text.includes(text), text)
    }
    const command = `curl -si -u maria:maria-demo -X POST ${server.url}/directlink/v1/auth/logout`
    assert.ok(reply.text.includes(command))
    // Beside each page that asks who one is, who gets in.
    for (const [path, name, password] of [
      ['/devices', 'maria', 'maria-demo'],
      ['/console/', 'admin', 'admin-demo'],
    ] as const) {
      const [, place = ''] = reply.text.split(`<a href="${path}">`)
      const [text = ''] = place.split('</a>')
      assert.match(text, new RegExp(`Log in as <code>${name}</code>, <code>${password}</code>`))
    }
  })

  test('answers a terminal with text', async () => {
    for (const accept of [undefined, '*/*', 'application/json', 'text/plain, text/html;q=0.5']) {
      const headers = accept === undefined ? {} : { accept }
      const reply = await server.call('GET', '/', { headers })
      assert.equal(reply.status, 200)
      assert.equal(reply.headers['content-type'], 'text/plain; charset=utf-8')
      assert.match(reply.text, /^This is a logout server\.\n/)
      for (const path of ['demo', 'console/', 'devices', 'docs']) {
        assert.ok(reply.text.includes(`${server.url}/${path}\n`), path)
      }
    }
  })

  test('every page that it leads to is there, and HEAD says so too', async () => {
    const { text } = await server.call('GET', '/', { headers: browser })
    const paths = [...text.matchAll(/href="(\/[^"]*)"/g)].map(([, path = '']) => path)
    assert.ok(paths.length >= 2)
    for (const path of ['/', '/outright/v1/openapi.json', ...paths]) {
      const [get, head] = [await server.call('GET', path), await server.call('HEAD', path)]
      assert.ok(get.status < 400, path)
      assert.deepEqual([head.status, head.text], [get.status, ''], path)
      assert.equal(head.headers['content-type'], get.headers['content-type'], path)
    }
  })

  test('its OAuth client can be called back, and shows what came without believing it', async () => {
    const query = new URLSearchParams({ code: '<img src=x>', state: 'a&b' }).toString()
    const reply = await server.call('GET', `/demo/callback?${query}`)
    assert.equal(reply.status, 200)
    assert.ok(reply.text.includes('&lt;img src=x&gt;') && reply.text.includes('a&amp;b'))
    assert.match(reply.headers['content-security-policy'] ?? '', /default-src 'none'/)
  })
})

test('in earnest there is one plain line, no identity, and no callback of the demo', async () => {
  const server = await startTestServer({ oneNode: true, config: { demo: false } })
  try {
    const reply = await server.call('GET', '/', { headers: browser })
    assertPage(reply)
    const body = reply.text.slice(reply.text.indexOf('<body>'))
    assert.doesNotMatch(body, /demo|secret|maria|\d\.\d/i)
    assert.equal(reply.text.match(/<p>/g)?.length, 1)
    assert.equal((await server.call('GET', '/demo/callback')).status, 404)
  } finally {
    await server.close()
  }
})
