/** What a browser keeps of secrets, and what pages of a neighbour can do with its cookies. */
import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { after, before, suite, test } from 'node:test'
import type { BrowserContext, Page } from 'playwright-core'
import { DEMO_OPERATOR } from '../../src/http/demo-people.ts'
import { startTestServer, type TestServer } from '../harness.ts'
import { listening, openBrowser, type Site, type TestBrowser } from './browser.ts'

let browser: TestBrowser
before(async () => {
  browser = await openBrowser('example.test')
})
after(() => browser.close())

async function signInAndLogIn(person: BrowserContext, home: string): Promise<Page> {
  const page = await person.newPage()
  await page.goto(`${home}/console/sign-in?return=/console/passkeys`)
  await page.fill('[name=name]', DEMO_OPERATOR.name)
  await page.fill('[name=password]', DEMO_OPERATOR.password)
  await page.press('[name=password]', 'Enter')
  await page.waitForURL(`${home}/console/passkeys`)
  await page.goto(`${home}/devices`)
  await page.fill('[name=username]', 'maria')
  await page.fill('[name=password]', 'maria-demo')
  await page.locator('[value=login]').click()
  await page.locator('#devices').waitFor()
  return page
}

/** Path, fields, the cookie that goes along, and the answer. */
type Attack = readonly [string, object, string, number?]

suite('a page at another host of the same domain', () => {
  let server: TestServer
  let neighbour: Site
  before(async () => {
    server = await startTestServer({ publicUrlIsOwn: 'auth.example.test', oneNode: true })
    neighbour = await listening(
      createServer((_, response) => {
        response.setHeader('content-type', 'text/html; charset=utf-8')
        response.end('<!doctype html><link rel="icon" href="data:,"><title>shop</title>')
      }),
    )
  })
  after(async () => {
    await neighbour.close()
    await server.close()
  })

  test('has the browser send its cookies, and changes nothing with them', async () => {
    const home = server.dependencies.issuer
    const person = await browser.person()
    await signInAndLogIn(person, home)
    const live = async () => {
      const page = { limit: 100, cursor: undefined }
      const { items } = await server.core.sessions.list({ liveAtMs: Date.now() }, page)
      return items.map(({ session }) => `${session.subjectId} ${session.sid}`).toSorted()
    }
    const before = await live()
    assert.deepEqual(
      before.map((line) => line.split(' ')[0]),
      ['maria', `operator:${DEMO_OPERATOR.name}`],
    )
    const sid = before[0]?.split(' ')[1] ?? ''
    const page = await person.newPage()
    const shop = neighbour.url.replace('127.0.0.1', 'shop.example.test')

    // Forms: browsers send them from everywhere, and these cookies with them within one site.
    for (const [path, fields, cookie, status = 403] of [
      ['/console/sign-out', {}, 'outright-operator'],
      ['/console/passkeys', { remove: 'x' }, 'outright-operator'],
      ['/console/passkeys/new', {}, 'outright-operator'],
      ['/devices', { decision: 'end', sid }, 'outright-browser'],
      ['/devices', { decision: 'others' }, 'outright-browser'],
      // Any site may lead a person there; it asks before it ends anything.
      ['/oidc/logout', { decision: 'logout' }, 'outright-browser', 200],
    ] as const satisfies readonly Attack[]) {
      await page.goto(shop)
      const sent = page.waitForRequest((request) => request.method() === 'POST')
      const script = `(() => {
        const form = document.createElement('form')
        form.method = 'post'
        form.action = ${JSON.stringify(home + path)}
        for (const [name, value] of Object.entries(${JSON.stringify(fields)})) {
          form.append(Object.assign(document.createElement('input'), { name, value }))
        }
        document.body.append(form)
        form.submit()
      })()`
      await page.evaluate(script)
      await page.waitForURL(home + path)
      const request = await sent
      const answer = await request.response()
      assert.ok((await request.allHeaders())['cookie']?.includes(`${cookie}=`), path)
      assert.equal(answer?.status(), status, path)
    }

    await page.goto(shop)
    // Scripts: without a preflight, and with the header that our own pages send.
    for (const [method, path, body] of [
      ['POST', '/outright/v1/revocations', { scope: 'session', key: sid }],
      ['DELETE', `/outright/v1/sessions/${sid}`, undefined],
      ['POST', '/outright/v1/keys/rotate', undefined],
    ] as const) {
      for (const headers of [{}, { 'outright-request': 'console' }]) {
        const init = { method, headers, body: body && JSON.stringify(body), credentials: 'include' }
        const call = (mode: string): string =>
          `fetch(${JSON.stringify(home + path)}, { ...${JSON.stringify(init)}, mode: '${mode}' }).then(() => 'sent', () => 'blocked')`
        assert.equal(await page.evaluate(call('cors')), 'blocked', path)
        if (method === 'POST') await page.evaluate(call('no-cors'))
      }
    }
    assert.deepEqual(await live(), before)
    await person.close()
  })
})

suite('what the browser keeps', () => {
  test('no secret lies in storage or in an address, after the console, devices and the playground', async () => {
    const server = await startTestServer({ publicUrlIsOwn: true, oneNode: true, demoServers: true })
    const person = await browser.person()
    const addresses: string[] = []
    const tokens: string[] = []
    person.on('request', (request) => {
      addresses.push(request.url())
      const bearer = /^Bearer (.+)$/.exec(request.headers()['authorization'] ?? '')?.[1]
      if (bearer !== undefined) tokens.push(bearer)
    })
    try {
      const page = await signInAndLogIn(person, server.url)
      await page.goto(`${server.url}/demo`)
      await page.locator('.app').nth(2).waitFor()
      await page.getByRole('radio', { name: 'DirectLink' }).check()
      await page.getByRole('button', { name: 'Log in' }).click()
      await page.getByText('Lets you in').first().waitFor()
      await page.getByRole('button', { name: 'Log out' }).click()
      await page.locator('#race-title').waitFor()
      await page.goto(`${server.url}/console/sessions`)
      await page.locator('tbody tr').first().waitFor()

      const cookies = await person.cookies()
      assert.ok(cookies.every(({ httpOnly }) => httpOnly))
      assert.ok(cookies.length >= 2)
      assert.ok(tokens.length > 0)
      const secrets = [
        ...cookies.map(({ value }) => value),
        ...tokens,
        DEMO_OPERATOR.password,
        'maria-demo',
      ]
      const { origins } = await person.storageState({ indexedDB: true })
      const session = `JSON.stringify({ ...sessionStorage })`
      const kept = JSON.stringify(origins) + String(await page.evaluate(session))
      // Theme and language, where a person has chosen: nothing else has been written so far.
      assert.equal(kept, '[]{}')
      for (const secret of secrets) {
        assert.ok(secret.length > 8)
        assert.ok(!addresses.some((address) => decodeURIComponent(address).includes(secret)))
      }
    } finally {
      await person.close()
      await server.close()
    }
  })
})
