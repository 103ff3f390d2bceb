/** Relying parties that others wrote, on sites of their own, and a person in real Chromium. */
import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { after, before, suite, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { BrowserContext, Page } from 'playwright-core'
import { listening, openBrowser, picture, type TestBrowser } from '../browser/browser.ts'
import { startTestServer, type TestServer } from '../harness.ts'
import * as apache from './applications/apache.ts'
import { placeFor, type Application } from './applications/application.ts'
import * as authJs from './applications/auth-js.ts'
import * as express from './applications/express.ts'
import * as singlePage from './applications/single-page.ts'
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
  await page.waitForURL(/\/login\?/)
  await page.fill('[name=username]', maria.username)
  await page.fill('[name=password]', maria.password)
  await page.click('button[value=login]')
  await page.waitForURL(({ pathname }) => pathname !== '/login')
  if (new URL(page.url()).pathname === '/login/consent') await page.click('button[value=allow]')
  await page.waitForURL(({ origin }) => origin !== server.url)
}

const textOf = (page: Page): Promise<string> => page.innerText('body')

/** Reloads until the application has been told. */
async function seesText(page: Page, url: string, text: RegExp): Promise<void> {
  const deadline = performance.now() + 120_000
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

  test('a form of its page does not claim a logout that it could not see', async () => {
    const person = await browser.person()
    const page = await logIn(person, `${application.url}/login`)
    const form = `<form method="post" action="${server.url}/oidc/logout"><button>Out</button></form>`
    await page.evaluate(`document.body.innerHTML = '${form}'`)
    await page.click('button')
    await page.getByText('Log out?').first().waitFor()
    assert.match(await textOf(page), /^Log out\?/)
    await page.click('button[value=logout]')
    await page.getByText('You are logged out').first().waitFor()
    assert.match(await textOf(page), /^You are logged out/)
    await seesText(page, application.url, /^Nobody is logged in$/)
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

suite('one login at two libraries', () => {
  const applications: Application[] = []
  before(async () => {
    const [one, other] = [express.paths, authJs.paths]
    applications.push(
      await express.startExpress(await placeFor(server, 'express-too', one)),
      await authJs.startAuthJs(await placeFor(server, 'auth-js-too', other)),
    )
  })
  after(() => Promise.all(applications.map((application) => application.close())))

  test('FCL-03: the browser tells both of a logout, and one that hangs holds up no other', async (context) => {
    const [shop, news] = applications
    assert.ok(shop !== undefined && news !== undefined)
    const hanging = await listening(createServer(() => undefined))
    context.after(() => hanging.close())
    const { clients } = server.core
    for (const [id, at] of [
      ['express-too', shop.url],
      ['auth-js-too', hanging.url],
    ] as const) {
      const found = await clients.find({ by: 'id', value: id })
      const logout = { frontchannel_logout_uri: `${at}/out`, skip_consent: true }
      await clients.update(id, {
        redirectUris: [...(found?.redirectUris ?? []), `${at}/in`],
        attributes: { oauth: { ...Object(found?.attributes['oauth']), ...logout } },
      })
    }
    const person = await browser.person()
    const page = await logIn(person, `${shop.url}/login`)
    await page.goto(`${news.url}/auth/signin`)
    await page.click('button[type=submit]')
    await page.waitForURL(({ pathname }) => pathname === '/')
    await page.goto(news.url)
    // The second login asked for nothing.
    assert.equal(await textOf(page), 'Hello, Maria')
    const [framed, complaints]: [string[], string[]] = [[], []]
    page.on('request', (request) => {
      if (request.frame() !== page.mainFrame()) framed.push(request.url())
    })
    page.on('console', (message) => complaints.push(message.text()))
    // The page leads on by itself: not before it was read, however busy the machine is.
    const isRead = Promise.withResolvers<undefined>()
    await page.route(`${shop.url}/`, async (route) => {
      await isRead.promise
      await route.continue()
    })
    await page.goto(`${shop.url}/logout`, { waitUntil: 'commit' })
    await page.waitForSelector('iframe', { state: 'attached' })
    assert.match(await textOf(page), /The express-too\nThe auth-js-too/)
    await picture(page, 'logged-out-frames')
    isRead.resolve(undefined)
    await page.waitForURL(`${shop.url}/`)
    assert.deepEqual(framed, [`${shop.url}/out`, `${hanging.url}/out`])
    // That of the frame itself, which this application does not have.
    assert.deepEqual(
      complaints.filter((text) => !text.includes('404')),
      [],
    )
    await person.close()
  })
})

suite('oidc-client-ts', () => {
  let application: Application
  before(async () => {
    const place = await placeFor(server, 'single-page', singlePage.paths)
    application = await singlePage.startSinglePage(place)
  })
  after(() => application.close())

  test('logs in, renews with its refresh token, and logs out here', async () => {
    const person = await browser.person()
    const page = await person.newPage()
    await page.goto(application.url)
    await page.click('#in')
    await page.waitForURL(/\/login\?/)
    await logInOn(page)
    const who = page.locator('#who')
    const says = (text: string): Promise<unknown> =>
      page.waitForFunction(`document.getElementById('who').textContent === '${text}'`)
    await says('Hello, Maria')
    const first = (await who.getAttribute('data-token')) ?? ''
    await page.click('#again')
    await page.waitForFunction(`document.getElementById('who').dataset.token !== '${first}'`)
    await says('Hello, Maria')
    const second = (await who.getAttribute('data-token')) ?? ''
    await page.click('#out')
    await page.waitForURL(`${application.url}/`)
    await says('Nobody is logged in')
    for (const token of [first, second]) {
      assert.deepEqual(await server.core.verify(token), { ok: false, reason: 'revoked' })
    }
    await person.close()
  })
})
