/** Baanx's published sample for browsers, run by a page of another origin in real Chromium. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { startTestServer, type TestServer } from '../harness.ts'
import { openBrowser, serveSite, type Site, type TestBrowser } from './browser.ts'

/** The sample of the page about logout, with our address and key; it also says what it read. */
const sample = `
  async function logout() {
    const accessToken = localStorage.getItem('access_token');

    const response = await fetch(SERVER + '/v1/auth/logout', {
      method: 'POST',
      headers: {
        'x-client-key': 'baanx-demo-key',
        'Authorization': \`Bearer \${accessToken}\`
      }
    });

    if (response.ok) {
      // Clear stored tokens
      localStorage.removeItem('access_token');
    }
    return { status: response.status, confirmed: response.headers.get('outright-confirmed') };
  }
`

let server: TestServer
let site: Site
let browser: TestBrowser
before(async () => {
  server = await startTestServer({ oneNode: true })
  site = await serveSite(
    `<!doctype html><link rel="icon" href="data:,"><script>const SERVER = '${server.url}';${sample}</script>`,
  )
  browser = await openBrowser()
})
after(async () => {
  await browser.close()
  await site.close()
  await server.close()
})

test('a page of another origin logs out with the published sample, and reads the receipt', async () => {
  const client = { 'x-client-key': 'baanx-demo-key' }
  const login = await server.call('POST', '/v1/auth/login', {
    headers: client,
    body: { email: 'demo@example.com', password: 'demo-password' },
  })
  const { accessToken } = login.json() as { accessToken: string }
  const person = await browser.person()
  const page = await person.newPage()
  await page.goto(site.url)
  const logOut = `localStorage.setItem('access_token', '${accessToken}'), logout()`
  const read: unknown = await page.evaluate(logOut)
  assert.deepEqual(
    { ...(read as object), confirmed: undefined },
    { status: 200, confirmed: undefined },
  )
  assert.match(String((read as { confirmed: unknown }).confirmed), /^1\/1;lapsed=0;ms=\d+$/)
  const bearer = { ...client, authorization: `Bearer ${accessToken}` }
  assert.equal((await server.call('GET', '/v1/user', { headers: bearer })).status, 401)
})
