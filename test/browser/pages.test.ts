/**
 * The pages that people meet, clicked through in real Chromium. Nothing may be reported to the
 * console.
 */
import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { after, before, test } from 'node:test'
import type { BrowserContextOptions, Page } from 'playwright-core'
import { startTestServer, type TestServer } from '../harness.ts'
import { complaintsOf, lookAt, openBrowser, picture, type TestBrowser } from './browser.ts'

let server: TestServer
let browser: TestBrowser
before(async () => {
  // Pages are followed by their absolute addresses, so the public URL must be the real one.
  server = await startTestServer({ publicUrlIsOwn: true })
  browser = await openBrowser()
})
after(async () => {
  await browser.close()
  await server.close()
})

/** Opens a page and collects what the browser complains about. */
async function open(
  path: string,
  options: BrowserContextOptions = {},
): Promise<{ page: Page; complaints: readonly string[] }> {
  const person = await browser.person(options)
  const page = await person.newPage()
  const complaints = complaintsOf(page)
  await page.goto(server.url + path)
  return { page, complaints }
}

test('a second screen logs a TV in at DemoMVPD, and the TV is logged out', async () => {
  const device = 'requestor=REF30&deviceId=living-room&format=json'
  const regcode = await server.call(
    'POST',
    `/reggie/v1/REF30/regcode?format=json&deviceId=living-room`,
  )
  assert.equal(regcode.status, 201)
  const { code } = regcode.json() as { code: string }
  const query = `reg_code=${code}&requestor_id=REF30&domain_name=127.0.0.1&noflash=true&no_iframe=true&mso_id=DemoMVPD`
  const { page, complaints } = await open(
    `/api/v1/authenticate?${query}&redirect_url=${encodeURIComponent(`${server.url}/demo/mvpd/`)}`,
  )
  await picture(page, 'mvpd-login')
  await page.fill('input[type=text], input:not([type])', 'viewer')
  await page.fill('input[type=password]', 'viewer-demo')
  await page.click('button[type=submit], button:not([type])')
  await page.waitForURL(`${server.url}/demo/mvpd/`)
  await picture(page, 'mvpd-after')
  assert.equal((await server.call('GET', `/api/v1/checkauthn?${device}`)).status, 200)
  assert.equal((await server.call('DELETE', `/api/v1/logout?${device}`)).status, 204)
  assert.equal((await server.call('GET', `/api/v1/checkauthn?${device}`)).status, 403)
  assert.deepEqual(complaints, [])
})

test('Baanx: a person logs in and consents, and the client gets its code', async () => {
  const verifier = randomBytes(32).toString('base64url')
  const query = new URLSearchParams({
    response_type: 'code',
    client_id: 'baanx-demo-oauth',
    redirect_uri: `${server.url}/demo/callback`,
    state: 'a-state',
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
    mode: 'api',
  })
  const initiated = await server.call(
    'GET',
    `/v1/auth/oauth/authorize/initiate?${query.toString()}`,
    {
      headers: { 'x-client-key': 'baanx-demo-key' },
    },
  )
  assert.equal(initiated.status, 200)
  const { url } = initiated.json() as { url: string }
  const { page, complaints } = await open(url.replace(server.url, ''))
  await picture(page, 'baanx-login')
  await page.fill('input[type=email]', 'demo@example.com')
  await page.fill('input[type=password]', 'demo-password')
  const callback = page.waitForRequest((request) => request.url().includes('/demo/callback'))
  await page.click('button[type=submit], button:not([type])')
  const arrived = new URL((await callback).url())
  assert.equal(arrived.searchParams.get('state'), 'a-state')
  const tokens = await server.call('POST', '/v1/auth/oauth/token', {
    headers: { 'x-client-key': 'baanx-demo-key' },
    body: {
      grant_type: 'authorization_code',
      code: arrived.searchParams.get('code'),
      redirect_uri: `${server.url}/demo/callback`,
      code_verifier: verifier,
    },
  })
  assert.equal(tokens.status, 200, tokens.text)
  await page.waitForURL('**/demo/callback**')
  assert.match((await page.textContent('main')) ?? '', /Back at the client/)
  await picture(page, 'baanx-callback')
  assert.deepEqual(complaints, [])
})

test('the front page leads to the API, by day and by night, on a phone too', async () => {
  const { page, complaints } = await open('/')
  await lookAt(page, 'front-page')
  await page.getByRole('link', { name: /^API/ }).click()
  await page.waitForURL('**/docs**')
  assert.deepEqual(complaints, [])
})

test('the API page shows every dialect, from this server alone', async () => {
  const { page, complaints } = await open('/docs')
  await page.waitForSelector('.opblock-tag')
  await picture(page, 'docs')
  const text = await page.textContent('body')
  for (const name of ['DirectLink', 'Matar', 'Octopus', 'Adobe Pass', 'Baanx']) {
    assert.ok(text?.includes(name), name)
  }
  assert.deepEqual(complaints, [])
})
