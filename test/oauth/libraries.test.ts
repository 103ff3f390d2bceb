/** Relying parties that nobody here wrote, on sites of their own, and a person in real Chromium. */
import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { BrowserContext, Page } from 'playwright-core'
import { openBrowser, type TestBrowser } from '../browser/browser.ts'
import { startTestServer, type TestServer } from '../harness.ts'
import * as apache from './applications/apache.ts'
import { placeFor, type Application } from './applications/application.ts'
import * as authJs from './applications/auth-js.ts'
import * as express from './applications/express.ts'
import { maria } from './relying-parties.ts'

let server: TestServer
let browser: TestBrowser
before(async () => {
  const config = { allowedPrivateAddresses: ['127.0.0.1'] }
  server = await startTestServer({ publicUrlIsOwn: true, config })
  browser = await openBrowser()
})
after(async () => {
  await browser.close()
  await server.close()
})

/** Opens a page of an application that wants its visitor to be logged in, and logs in. */
async function logIn(person: BrowserContext, url: string): Promise<Page> {
  const page = await person.newPage()
  await page.goto(url)
  await logInOn(page)
  return page
}

async function logInOn(page: Page): Promise<void> {
  const pathOf = (): string => new URL(page.url()).pathname
  assert.equal(pathOf(), '/login', page.url())
  await page.fill('[name=username]', maria.username)
  await page.fill('[name=password]', maria.password)
  await page.click('button[value=login]')
  if (pathOf() === '/login/consent') await page.click('button[value=allow]')
}

const textOf = (page: Page): Promise<string> => page.innerText('body')

/** Reloads until the application has been told. */
async function seesText(page: Page, url: string, text: RegExp): Promise<void> {
  const deadline = performance.now() + 30_000
  for (;;) {
    await page.goto(url)
    const seen = await textOf(page)
    if (text.test(seen)) return
    assert.ok(performance.now() < deadline, `${page.url()}: ${seen}`)
    await sleep(50)
  }
}

async function endSessionsOf(subject: string): Promise<void> {
  const end = { scope: 'subject', key: subject, reason: 'revoked_by_operator' } as const
  await server.core.revoke({ ...end, actor: 'operator:test', wait: true })
}

suite('express-openid-connect', () => {
  let application: Application
  before(async () => {
    application = await express.startExpress(await placeFor(server, 'express', express.paths))
  })
  after(() => application.close())

  test('logs in, calls, and logs out here', async () => {
    const person = await browser.person()
    const page = await logIn(person, `${application.url}/login`)
    assert.equal(await textOf(page), 'Hello, maria')
    await page.goto(`${application.url}/call`)
    assert.match(await textOf(page), /"preferred_username":"maria"/)
    await page.goto(`${application.url}/logout`)
    assert.deepEqual(
      [page.url(), await textOf(page)],
      [`${application.url}/`, 'Nobody is logged in'],
    )
    // Logged out here as well: the next login is asked for a password.
    await page.goto(`${application.url}/login`)
    assert.equal(new URL(page.url()).pathname, '/login')
    await person.close()
  })

  test('is told by the back channel', async () => {
    const person = await browser.person()
    const page = await logIn(person, `${application.url}/login`)
    assert.equal(await textOf(page), 'Hello, maria')
    await endSessionsOf('maria')
    await seesText(page, application.url, /^Nobody is logged in$/)
    await person.close()
  })
})

suite('Auth.js', () => {
  let application: Application
  before(async () => {
    application = await authJs.startAuthJs(await placeFor(server, 'auth-js', authJs.paths))
  })
  after(() => application.close())

  test('logs in and logs out here', async () => {
    const person = await browser.person()
    const page = await person.newPage()
    await page.goto(`${application.url}/auth/signin`)
    await page.click('button[type=submit]')
    await logInOn(page)
    await page.goto(application.url)
    assert.equal(await textOf(page), 'Hello, Maria')
    await page.goto(`${application.url}/log-out-everywhere`)
    assert.deepEqual(
      [page.url(), await textOf(page)],
      [`${application.url}/`, 'Nobody is logged in'],
    )
    await person.close()
  })
})

suite('Apache with mod_auth_openidc', () => {
  let application: Application
  before(async () => {
    application = await apache.startApache(await placeFor(server, 'apache', apache.paths))
  })
  after(() => application.close())

  test('logs in and logs out here', async () => {
    const person = await browser.person()
    const inside = `${application.url}/inside/index.html`
    const page = await logIn(person, inside)
    assert.deepEqual([page.url(), await textOf(page)], [inside, 'Hello from inside'])
    const outside = `${application.url}/outside.html`
    const away = `${application.url}/inside/callback?logout=${encodeURIComponent(outside)}`
    await page.goto(away)
    assert.deepEqual([page.url(), await textOf(page)], [outside, 'Outside'])
    await page.goto(inside)
    assert.equal(new URL(page.url()).pathname, '/login')
    await person.close()
  })

  test('is told by the back channel', async () => {
    const person = await browser.person()
    const inside = `${application.url}/inside/index.html`
    const page = await logIn(person, inside)
    assert.equal(await textOf(page), 'Hello from inside')
    await endSessionsOf('maria')
    await seesText(page, inside, /Log in/)
    await person.close()
  })
})
