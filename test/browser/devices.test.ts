/** `/devices` and `/login` in real Chromium: what is shown changes while a person looks. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Page } from 'playwright-core'
import { startTestServer, type TestServer } from '../harness.ts'
import { complaintsOf, lookAt, openBrowser, type TestBrowser } from './browser.ts'

let server: TestServer
let browser: TestBrowser
before(async () => {
  server = await startTestServer({ oneNode: true, publicUrlIsOwn: true })
  browser = await openBrowser()
})
after(async () => {
  await browser.close()
  await server.close()
})

async function openLogin(options = {}): Promise<Page> {
  const page = await (await browser.person(options)).newPage()
  await page.goto(`${server.url}/devices`)
  return page
}

async function logIn(page: Page): Promise<Page> {
  await page.locator('[name=username]').fill('maria')
  await page.locator('[name=password]').fill('maria-demo')
  await page.locator('[value=login]').click()
  await page.locator('#devices').waitFor()
  await page.waitForLoadState()
  return page
}

test('a login and a logout elsewhere are seen at once; who is logged out is asked to log in', async () => {
  const here = await openLogin()
  const complaints = complaintsOf(here)
  await lookAt(here, 'login')
  await logIn(here)
  const items = here.locator('#devices li')
  assert.equal(await items.count(), 1)
  const there = await logIn(await openLogin())
  await items.nth(1).waitFor()
  const authorization = `Basic ${btoa('maria:maria-demo')}`
  await server.call('POST', '/directlink/v1/auth/login', {
    headers: { authorization, 'user-agent': 'ShopApp/4.2 (iPad; iOS 17.1)' },
  })
  await here.getByRole('heading', { name: 'ShopApp on iOS' }).waitFor()
  await lookAt(here, 'devices')
  await here.getByRole('button', { name: 'Log out: Chrome on Linux' }).nth(1).click()
  await here.getByText('That device is logged out').waitFor()
  await there.waitForURL('**/login**')
  // What was opened from the page that a form has answered follows as well.
  await here.getByRole('button', { name: 'This was not me: ShopApp on iOS' }).click()
  await here.getByText('the people who run this service are told').waitFor()
  await here.waitForLoadState()
  assert.equal(await items.count(), 1)
  await logIn(there)
  await items.nth(1).waitFor()
  await here.getByRole('button', { name: 'Log out everywhere else' }).click()
  await there.waitForURL('**/login**')
  await items.nth(1).waitFor({ state: 'detached' })
  await here.getByRole('button', { name: 'Log out: Chrome on Linux' }).click()
  await here.getByRole('heading', { name: 'You are logged out' }).waitFor()
  await lookAt(here, 'logged-out')
  assert.deepEqual(complaints, [])
})

test('without JavaScript the forms do the same', async () => {
  const page = await logIn(await openLogin({ javaScriptEnabled: false, locale: 'pt-PT' }))
  await page.getByRole('heading', { name: 'Os seus dispositivos' }).waitFor()
  await page.getByRole('button', { name: 'Terminar sessão' }).first().click()
  await page.getByRole('heading', { name: 'A sessão terminou' }).waitFor()
})
