/** Session management in Chromium: a page of another origin asks the frame, and learns of a logout. */
import assert from 'node:assert/strict'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { after, before, suite, test } from 'node:test'
import type { Page } from 'playwright-core'
import { startTestServer, type TestServer } from '../harness.ts'
import { register } from './relying-parties.ts'
import { complaintsOf, openBrowser, type TestBrowser } from '../browser/browser.ts'

let server: TestServer
let browser: TestBrowser
const sites: Server[] = []
let client: string
let stranger: string

/** A page with the frame, which can be asked; and one that `oidc-client-ts` watches. */
const pageOf = (issuer: string): string => `<!doctype html><html lang="en"><title>A client</title>
<iframe id="op" src="${issuer}/oidc/check-session"></iframe>
<script>
const ask = (message) => new Promise((resolve) => {
  addEventListener('message', ({ origin, data }) => origin === '${issuer}' && resolve(data), { once: true })
  document.getElementById('op').contentWindow.postMessage(message, '${issuer}')
})
</script>`

const watchedPageOf = (
  issuer: string,
): string => `<!doctype html><html lang="en"><title>A client</title>
<p id="who"></p>
<script src="/oidc-client-ts.js"></script>
<script>
const manager = new oidc.UserManager({
  authority: '${issuer}', client_id: 'page', redirect_uri: location.origin + '/watched',
  silent_redirect_uri: location.origin + '/watched',
  scope: 'openid', monitorSession: true, checkSessionIntervalInSeconds: 1, automaticSilentRenew: false,
})
const show = (text) => { document.getElementById('who').textContent = text }
manager.events.addUserSignedOut(() => show('signed out'))
const start = async () => {
  if (new URLSearchParams(location.search).has('state')) {
    const user = await manager.signinCallback()
    if (user) show('watching ' + user.profile.sub)
  } else await manager.signinRedirect()
}
start().catch((error) => show(String(error)))
</script>`

before(async () => {
  const config = { oauth: { sessionManagement: true } }
  server = await startTestServer({ oneNode: true, publicUrlIsOwn: true, config })
  browser = await openBrowser()
  client = await serve(server.url)
  stranger = await serve(server.url)
  await register(server, {
    id: 'page',
    secret: undefined,
    redirectUris: [`${client}/`, `${client}/watched`],
    oauth: { skip_consent: true },
  })
})
after(async () => {
  await browser.close()
  await server.close()
  for (const site of sites) {
    site.close()
    site.closeAllConnections()
  }
})

async function serve(issuer: string): Promise<string> {
  const entry = createRequire(import.meta.url).resolve('oidc-client-ts')
  const library = await readFile(new URL('../browser/oidc-client-ts.min.js', `file://${entry}`))
  const site = createServer(({ url = '' }, response) => {
    const isLibrary = url === '/oidc-client-ts.js'
    response.setHeader('content-type', isLibrary ? 'text/javascript' : 'text/html; charset=utf-8')
    if (isLibrary) response.end(library)
    else response.end(url.startsWith('/watched') ? watchedPageOf(issuer) : pageOf(issuer))
  })
  sites.push(site)
  await new Promise<void>((resolve) => site.listen(0, '127.0.0.1', resolve))
  return `http://127.0.0.1:${String((site.address() as AddressInfo).port)}`
}

async function logIn(page: Page): Promise<void> {
  await page.locator('[name=username]').fill('maria')
  await page.locator('[name=password]').fill('maria-demo')
  await page.locator('[value=login]').click()
}

async function logOut(page: Page): Promise<void> {
  await page.goto(`${server.url}/oidc/logout`)
  await page.locator('[value=logout]').click()
  await page.waitForURL('**/logged-out**')
}

const ask = (page: Page, message: string): Promise<string> =>
  page.evaluate(`ask(${JSON.stringify(message)})`)

suite('session management', () => {
  test('SM-02: unchanged while a person is logged in, changed after the logout, error for what is not a question', async () => {
    const context = await browser.person()
    const page = await context.newPage()
    const complaints = complaintsOf(page)
    const query = new URLSearchParams({
      client_id: 'page',
      redirect_uri: `${client}/`,
      response_type: 'code',
      scope: 'openid',
      code_challenge: 'c'.repeat(43),
      code_challenge_method: 'S256',
    })
    await page.goto(`${server.url}/oauth2/authorize?${query.toString()}`)
    await logIn(page)
    await page.waitForURL(`${client}/?**`)
    const state = new URL(page.url()).searchParams.get('session_state') ?? ''
    const question = `page ${state}`
    for (let poll = 0; poll < 3; poll++) assert.equal(await ask(page, question), 'unchanged')
    const [hash = '', salt = ''] = state.split('.')
    for (const wrong of [
      '',
      'page',
      `page  ${hash}`,
      `unknown ${state}`,
      `${question} x`,
      ` ${state}`,
    ]) {
      assert.equal(await ask(page, wrong), 'error', wrong)
    }
    assert.equal(await ask(page, `page ${'x'.repeat(43)}.${salt}`), 'changed')
    // A page that belongs to no client learns nothing, though the browser is the same.
    const other = await context.newPage()
    await other.goto(stranger)
    assert.equal(await ask(other, question), 'error')

    await logOut(other)
    assert.equal(await ask(page, question), 'changed')
    assert.deepEqual(complaints, [])
  })

  test('oidc-client-ts watches, and says that the person has logged out', async () => {
    const context = await browser.person()
    const page = await context.newPage()
    await page.goto(`${client}/watched`)
    await logIn(page)
    await page.getByText('watching maria').waitFor()
    await logOut(await context.newPage())
    await page.getByText('signed out').waitFor()
  })
})
