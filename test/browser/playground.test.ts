/** `/demo` as a stranger meets it: three real guarded servers, real requests, and what went wrong. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { after, before, test } from 'node:test'
import { promisify } from 'node:util'
import type { Page } from 'playwright-core'
import { startTestServer, type TestServer } from '../harness.ts'
import { complaintsOf, lookAt, openBrowser, type TestBrowser } from './browser.ts'

const run = promisify(execFile)

let server: TestServer
let browser: TestBrowser
before(async () => {
  server = await startTestServer({
    oneNode: true,
    publicUrlIsOwn: true,
    demoServers: true,
    // No lease ends where the machine is busy: every verifier acknowledges.
    config: { leaseMs: 60_000 },
  })
  browser = await openBrowser()
})
after(async () => {
  await browser.close()
  await server.close()
})

async function open(): Promise<Page> {
  const person = await browser.person()
  const page = await person.newPage()
  await page.goto(`${server.url}/demo`)
  await page.locator('.app').nth(2).waitFor()
  return page
}

async function logIn(page: Page, by = 'DirectLink'): Promise<void> {
  await page.getByRole('radio', { name: by }).check()
  await page.getByRole('button', { name: 'Log in' }).click()
  await everyServer(page, 'Lets you in')
}

async function logOut(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Log out' }).click()
  await page.locator('#race-title').waitFor()
}

async function everyServer(page: Page, verdict: string): Promise<void> {
  for (const name of ['Shop', 'Mail', 'Photos']) await saysOf(page, name, verdict)
}

async function saysOf(page: Page, name: string, verdict: string): Promise<void> {
  await page.locator('.app').filter({ hasText: name }).getByText(verdict).waitFor()
}

test('without JavaScript it says so, and shows no button that would do nothing', async () => {
  const page = await (await browser.person({ javaScriptEnabled: false })).newPage()
  await page.goto(`${server.url}/demo`)
  assert.match((await page.locator('noscript').textContent()) ?? '', /This page needs JavaScript/)
  assert.equal(await page.getByRole('button').count(), 0)
})

test('a login is seen at three servers, and its logout before it is answered', async () => {
  const page = await open()
  const complaints = complaintsOf(page)
  await logIn(page)
  await lookAt(page, 'playground-in')
  await logOut(page)
  await everyServer(page, 'Refuses you')
  assert.equal(await page.locator('#result').getAttribute('data-tone'), 'good')
  assert.match((await page.locator('#facts').textContent()) ?? '', /let in 0.*by 4 of 4 in/)
  await lookAt(page, 'playground')
  // The browser reports each answer that refuses, and the streams that the guards cut.
  const others = complaints.filter((one) => !one.startsWith('Failed to load resource'))
  assert.deepEqual(others, [])
  await page.context().close()
})

test('the token of another provider is refused once that provider has told Outright', async () => {
  const page = await open()
  const complaints = complaintsOf(page)
  await logIn(page, 'Another identity provider')
  const token = page.locator('#token')
  const [, signer = ''] =
    /^The token of ines, signed by (http:\S+), not by Outright$/.exec(
      (await page.locator('#token-says').textContent()) ?? '',
    ) ?? []
  assert.notEqual(signer, server.url)
  await token.locator('summary').click()
  await token.getByText(`"iss": "${signer}"`).waitFor()
  await logOut(page)
  await everyServer(page, 'Refuses you')
  assert.equal(await page.locator('#result').getAttribute('data-tone'), 'good')
  const facts = (await page.locator('#facts').textContent()) ?? ''
  assert.match(facts, /let in 0.*Receipt that the provider got[\da-f-]{36}.*by 4 of 4 in/)
  await lookAt(page, 'playground-provider')
  const row = page.locator('#requests li').filter({ hasText: 'The provider tells Outright' })
  const curl = (await row.locator('pre.curl').textContent()) ?? ''
  assert.match(curl, new RegExp(`logout_token=[^]*'${server.url}/outright/v1/issuers/`))
  assert.match(await pasted(curl), /^HTTP\/1.1 200 [^]*outright-confirmed: 4\/4;/i)
  const others = complaints.filter((one) => !one.startsWith('Failed to load resource'))
  assert.deepEqual(others, [])
  await page.context().close()
})

test('each request can be pasted into a terminal', async () => {
  const page = await open()
  await logIn(page)
  const [login = '', shop = ''] = await page.locator('pre.curl').allTextContents()
  assert.match(await pasted(login), /^HTTP\/1.1 200 [^]*"bearer":"/)
  assert.match(await pasted(shop), /^HTTP\/1.1 200 [^]*\{"app":"Shop","for":"maria"\}/)
  await logOut(page)
  assert.match(await pasted(shop), /^HTTP\/1.1 401 /)
  const logout = (await page.locator('pre.curl').allTextContents()).find((one) =>
    one.includes('/auth/logout'),
  )
  assert.match(await pasted(logout ?? ''), /^HTTP\/1.1 \d+ [^]*outright-confirmed: 4\/4;/i)
  await page.context().close()
})

async function pasted(command: string): Promise<string> {
  return (await run('bash', ['-c', command])).stdout
}

test('what goes wrong is shown as it is', async () => {
  const page = await open()
  const addresses = await page.locator('.app .address').allTextContents()
  const at = (index: number): string => `http://${addresses[index] ?? ''}/**`
  await logIn(page)
  await page.route(at(0), (route) => route.abort())
  await saysOf(page, 'Shop', 'Does not answer')
  await page.route(at(1), (route) => route.fulfill({ status: 503 }))
  await saysOf(page, 'Mail', 'Cannot be sure')
  await page.route('**/auth/logout', (route) => route.fulfill({ status: 503 }))
  await page.getByRole('button', { name: 'Log out' }).click()
  await page.getByText('The logout was refused (503). You may still be logged in.').waitFor()
  await page.unroute('**/auth/logout')
  await logOut(page)
  assert.match((await page.textContent('#race-title')) ?? '', /2 of 3 servers could not be asked/)
  // An acceptance after the answer, which only a server that is none of ours can give.
  await page.unroute(at(0))
  await page.unroute(at(1))
  await logIn(page)
  await page.route(at(2), (route) => route.fulfill({ status: 200 }))
  await logOut(page)
  assert.equal(await page.locator('#result').getAttribute('data-tone'), 'bad')
  assert.match((await page.textContent('#race-title')) ?? '', /That must never happen/)
  // The page goes on asking: what is on its way to the last of these servers is not answered.
  await page.unrouteAll({ behavior: 'ignoreErrors' })
  await page.context().close()
})
