/** Baanx's page in a real browser: its policy lets people through, to another origin as well. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Page } from 'playwright-core'
import { openBrowser, serveSite, type Site, type TestBrowser } from '../browser/browser.ts'
import { startTestServer, type TestServer } from '../harness.ts'
import { exchangeOf, initiate, post, probe, type Pair } from './baanx-calls.ts'

let server: TestServer
let browser: TestBrowser
let client: Site

before(async () => {
  server = await startTestServer()
  client = await serveSite('<!doctype html><title>Client</title><h1>Welcome back</h1>')
  await server.store.updateClient('baanx-demo-oauth', { redirectUris: [callback()] })
  browser = await openBrowser()
})
after(async () => {
  await browser.close()
  await client.close()
  await server.close()
})

function callback(): string {
  return `${client.url}/callback`
}

/** A new browser on the form, with what its policy blocked. */
async function visit(): Promise<{ readonly page: Page; readonly blocked: string[] }> {
  const begun = await initiate(server, { mode: undefined, redirect_uri: callback() })
  const location = new URL(begun.headers['location'] ?? '')
  const page = await (await browser.person()).newPage()
  const blocked: string[] = []
  page.on('console', (message) => {
    if (/Content Security Policy/i.test(message.text())) blocked.push(message.text())
  })
  await page.goto(server.url + location.pathname + location.search)
  return { page, blocked }
}

async function logIn(page: Page, email: string, password: string): Promise<void> {
  await page.getByLabel('E-mail address').fill(email)
  await page.getByLabel('Password').fill(password)
  await page.getByRole('button', { name: 'Allow' }).click()
}

test('a wrong password, then the right one: back at the client with a code', async () => {
  const { page, blocked } = await visit()
  await logIn(page, 'demo@example.com', 'wrong')
  await page.getByRole('alert').waitFor()
  await logIn(page, 'demo@example.com', 'demo-password')
  await page.getByText('Welcome back').waitFor()
  const { searchParams } = new URL(page.url())
  assert.equal(searchParams.get('state'), 'a state & more')
  const body = { ...exchangeOf(searchParams.get('code') ?? ''), redirect_uri: callback() }
  const tokens = await post(server, '/v1/auth/oauth/token', body)
  assert.equal(await probe(server, (tokens.json() as Pair).access_token), 200)
  assert.deepEqual(blocked, [])
})

test('with a one-time password, by keyboard alone', async () => {
  const { page, blocked } = await visit()
  await page.locator('[name=email]:focus').waitFor()
  await page.keyboard.type('otp@example.com')
  await page.keyboard.press('Tab')
  await page.keyboard.type('demo-password')
  await page.keyboard.press('Enter')
  await page.locator('[name=otpCode]:focus').waitFor()
  await page.keyboard.type('123456')
  await page.keyboard.press('Enter')
  await page.getByText('Welcome back').waitFor()
  assert.match(page.url(), /\?code=/)
  assert.deepEqual(blocked, [])
})

test('deny needs no password', async () => {
  const { page } = await visit()
  await page.getByRole('button', { name: 'Deny' }).click()
  await page.getByText('Welcome back').waitFor()
  assert.equal(new URL(page.url()).searchParams.get('error'), 'access_denied')
})
