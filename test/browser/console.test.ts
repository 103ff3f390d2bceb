/**
 * The console in real Chromium: an operator signs in, finds a person, ends what is open, and sees
 * it confirmed; at the size of a desk and of a phone, by day and by night.
 */
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { after, before, suite, test } from 'node:test'
import type { Page } from 'playwright-core'
import { startTestServer, type TestServer } from '../harness.ts'
import { openBrowser, picture, seriousFindings, type TestBrowser } from './browser.ts'

let server: TestServer
let browser: TestBrowser
before(async () => {
  const issuer = { name: 'corporate', issuer: 'http://127.0.0.1:1', audience: ['orders'] }
  const config = { issuers: [issuer] }
  server = await startTestServer({ publicUrlIsOwn: true, oneNode: true, config })
  browser = await openBrowser()
})
after(async () => {
  await browser.close()
  await server.close()
})

const views = [
  { name: 'desk', viewport: { width: 1280, height: 860 }, colorScheme: 'light' },
  { name: 'phone', viewport: { width: 390, height: 844 }, colorScheme: 'dark' },
] as const

type View = (typeof views)[number]

/** Signs the demo's operator in through the real page. */
async function signIn(view: View, path = ''): Promise<{ page: Page; complaints: string[] }> {
  const person = await browser.person({ ...view, locale: 'en-GB' })
  const page = await person.newPage()
  const complaints: string[] = []
  let asked = 0
  page.on('console', (message) => {
    // That nobody is signed in yet is asked once.
    const isFirst = message.text().includes('status of 401') && asked++ === 0
    if (message.type() === 'error' && !isFirst) complaints.push(message.text())
  })
  page.on('pageerror', (error) => complaints.push(String(error)))
  await page.goto(`${server.url}/console/${path}`)
  await page.waitForURL(/\/console\/sign-in\?return=/)
  await page.locator('input[name=name]:focus').waitFor()
  await page.fill('input[name=name]', 'demo')
  await page.fill('input[type=password]', 'outright-demo-operator')
  await page.press('input[type=password]', 'Enter')
  await page.waitForURL(`${server.url}/console/${path}`)
  return { page, complaints }
}

const agent =
  'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36'

/** Logs maria in so many times. */
async function logIn(times: number): Promise<readonly string[]> {
  const authorization = `Basic ${Buffer.from('maria:maria-demo').toString('base64')}`
  const tokens: string[] = []
  for (let time = 0; time < times; time++) {
    const headers = { authorization, 'user-agent': agent }
    const reply = await server.call('POST', '/directlink/v1/auth/login', { headers })
    tokens.push((reply.json() as { bearer: string }).bearer)
  }
  return tokens
}

async function isAccepted(token: string): Promise<boolean> {
  const headers = { authorization: `Bearer ${token}` }
  return (await server.call('GET', '/directlink/v1/download/list', { headers })).status === 200
}

/** @throws {AssertionError} Where somebody who cannot see or point would be stopped. */
async function assertAccessible(page: Page): Promise<void> {
  assert.deepEqual(await seriousFindings(page), [], page.url())
}

/** The cursor behind the newest report. */
async function olderReports(): Promise<string> {
  const headers = { authorization: 'Bearer outright-demo-admin' }
  const reply = await server.call('GET', '/outright/v1/canary/reports?limit=1', { headers })
  return (reply.json() as { next: string }).next
}

suite('the canary page', () => {
  test('it says how to start one, and then which paths did not refuse', async () => {
    const { page, complaints } = await signIn(views[0], 'canary')
    await page.getByText(`outright canary --server ${server.url}`).waitFor()
    await assertAccessible(page)
    const receipt = { confirmed: true, acknowledged: 1, verifiers: 1, lapsed: 0, elapsedMs: 1 }
    const counts = { kind: 'http', accepted: 3, refused: 2, failed: 0, detail: '' }
    const report = {
      canary: 'eu-west',
      at: '2026-11-29T21:00:00.000Z',
      logoutMs: 20,
      receipt,
      watchMs: 5000,
      probeMs: 20,
    }
    for (const afterAnswerMs of [4987.1, -14.8]) {
      const verdict = afterAnswerMs > 0 ? 'never_refused' : 'refused'
      const times = { afterRequestMs: afterAnswerMs + 20, afterAnswerMs, gapMs: 20.6 }
      const nothing = { afterRequestMs: null, afterAnswerMs: null, gapMs: null }
      const paths = [
        { ...counts, ...times, name: 'shop', verdict },
        { ...counts, ...times, afterAnswerMs: 4987.1, name: 'old', verdict: 'never_refused' },
        { ...counts, ...nothing, name: 'chat', verdict: 'not_measured', detail: 'it answers 502' },
      ]
      const headers = { authorization: 'Bearer outright-demo-admin' }
      const body = { ...report, paths }
      const kept = await server.call('POST', '/outright/v1/canary/reports', { headers, body })
      assert.equal(kept.status, 201)
    }
    await page.reload()
    // The last verdict counts: the shop has been mended since.
    await page.getByText('Never refused a logged-out session: old').waitFor()
    await page.getByText('Not measured: chat').waitFor()
    const shop = page.locator('tr', { hasText: 'shop' })
    assert.equal(await shop.locator('.badge.good').textContent(), 'Refused')
    assert.equal(await shop.locator('circle').count(), 2)
    // Older rounds are on pages of their own.
    await page.goto(`${server.url}/console/canary?cursor=${await olderReports()}`)
    await page.getByRole('link', { name: 'Newest rounds' }).waitFor()
    assert.equal(await page.locator('tr', { hasText: 'shop' }).locator('circle').count(), 1)
    assert.equal(await page.locator('.banner').count(), 0)
    assert.deepEqual(complaints, [])
    await page.context().close()
  })
})

for (const view of views) {
  suite(`the console on a ${view.name}`, () => {
    test('a person is found and everything of theirs ended, with the receipt', async () => {
      const tokens = await logIn(3)
      const { page, complaints } = await signIn(view, 'sessions?subject=maria&live=true')
      await page.getByText('3 sessions').waitFor()
      await assertAccessible(page)
      await picture(page, `console-sessions-${view.name}`, false)
      await page.locator('tbody a').first().click()
      await page.getByRole('link', { name: 'All of this person' }).click()
      await page.getByText('3 live sessions').waitFor()
      await assertAccessible(page)
      await picture(page, `console-end-${view.name}`, false)
      assert.ok(await isAccepted(tokens[0] ?? ''))
      await page.getByRole('button', { name: 'End 3 sessions' }).click()
      await page.getByText('1 of 1 confirmed').waitFor()
      for (const token of tokens) assert.equal(await isAccepted(token), false)
      await assertAccessible(page)
      await picture(page, `console-confirmed-${view.name}`, false)
      const [download] = await Promise.all([
        page.waitForEvent('download'),
        page.getByRole('button', { name: 'Download receipt' }).click(),
      ])
      const receipt = await readFile(await download.path(), 'utf8')
      assert.match(receipt, /^[\w-]+\.[\w-]+\.[\w-]+$/)
      assert.deepEqual(complaints, [])
      await page.context().close()
    })

    test('every area shows what it is about, and what ends meanwhile', async () => {
      const { page, complaints } = await signIn(view)
      await page.getByRole('heading', { name: 'Overview' }).waitFor()
      const body = { scope: 'token', key: `seen-${view.name}` }
      const headers = { authorization: 'Bearer outright-demo-admin' }
      await page.locator('.live.connected').waitFor()
      await server.call('POST', '/outright/v1/revocations', { headers, body })
      await page.getByText(`seen-${view.name}`).waitFor()
      await assertAccessible(page)
      await picture(page, `console-overview-${view.name}`, false)
      for (const [path, shown] of [
        ['verifiers', 'node-1'],
        ['deliveries', 'No deliveries'],
        ['canary', 'Never refused'],
        ['clients', 'directlink'],
        ['people', 'maria'],
        ['people/maria', 'Live sessions'],
        ['keys', 'ES256'],
        ['issuers', 'corporate'],
        ['sessions?elsewhere=yes&issuer=corporate', 'No session matches'],
        ['audit', `seen-${view.name}`],
        ['end', 'Nothing is ended yet'],
        ['nowhere', 'Not found'],
      ] as const) {
        await page.goto(`${server.url}/console/${path}`)
        const content = page.locator('#content')
        await content.getByText(shown).filter({ visible: true }).first().waitFor()
        await assertAccessible(page)
      }
      assert.deepEqual(complaints, [])
      await page.context().close()
    })
  })
}

suite('the console', () => {
  test('an answer that was lost is shown as unknown, and what is in the log is found', async () => {
    const tokens = await logIn(1)
    const { page } = await signIn(views[0], 'end?scope=subject&key=maria')
    await page.route('**/outright/v1/revocations', async (route) => {
      if (route.request().method() !== 'POST' || route.request().postData()?.includes('dryRun')) {
        return route.continue()
      }
      // It arrives there, and the answer does not arrive here.
      await route.fetch()
      return route.abort()
    })
    await page.getByRole('button', { name: 'End 1 session' }).click()
    await page.getByText('The answer was lost').waitFor()
    assert.equal(await page.getByText('confirmed').count(), 0)
    await page.getByRole('button', { name: 'Ask what happened' }).click()
    await page.getByText('1 of 1 confirmed').waitFor()
    assert.equal(await isAccepted(tokens[0] ?? ''), false)
    await page.context().close()
  })

  test('a verifier that lapsed is not counted, and nothing is over before it is confirmed', async () => {
    const headers = { authorization: 'Bearer outright-demo-admin' }
    const body = { scope: 'token', key: 'lapsed' }
    const reply = await server.call('POST', '/outright/v1/revocations', { headers, body })
    const { id } = (reply.json() as { revocation: { id: string } }).revocation
    const { page } = await signIn(views[0], 'verifiers')
    let confirmed = false
    await page.route(`**/outright/v1/revocations/${id}`, async (route) => {
      const detail = (await (await route.fetch()).json()) as object
      const receipt = { confirmed, acknowledged: 2, verifiers: 4, lapsed: 1, elapsedMs: 900 }
      const acknowledgements = [
        { verifier: 'shop', outcome: 'acknowledged', elapsedMs: 5 },
        { verifier: 'mail', outcome: 'lapsed', elapsedMs: 900 },
      ]
      await route.fulfill({ json: { ...detail, receipt, acknowledgements } })
    })
    await page.goto(`${server.url}/console/revocations/${id}`)
    await page.getByText('2 of 4 confirmed').waitFor()
    await page.getByText('1 verifier did not answer in time').waitFor()
    assert.equal(await page.getByText('accepted nowhere').count(), 0)
    confirmed = true
    await page.getByText('accepted nowhere').waitFor()
    await page.locator('summary').click()
    const rows = await page.locator('.board tbody tr').allInnerTexts()
    assert.deepEqual(
      rows.map((row) => row.split(/\s/)[0]),
      ['node-1', 'shop', 'mail'],
    )
    await page.context().close()
  })

  test('one that never arrived is not taken for done', async () => {
    const tokens = await logIn(1)
    const { page } = await signIn(views[0], 'end?scope=subject&key=maria')
    await page.getByText('1 live session').waitFor()
    await page.route('**/outright/v1/revocations', (route) =>
      route.request().method() === 'POST' ? route.abort() : route.continue(),
    )
    await page.getByRole('button', { name: 'End 1 session' }).click()
    await page.getByRole('button', { name: 'Ask what happened' }).click()
    await page.getByText('There is no new entry').waitFor()
    assert.ok(await isAccepted(tokens[0] ?? ''))
    await page.unroute('**/outright/v1/revocations')
    await page.getByRole('button', { name: 'End 1 session' }).click()
    await page.getByText('1 of 1 confirmed').waitFor()
    assert.equal(await isAccepted(tokens[0] ?? ''), false)
    await page.context().close()
  })

  test('without a network it says that nothing was sent, and after a lost answer sends again', async () => {
    const tokens = await logIn(1)
    const { page } = await signIn(views[0], 'end?scope=subject&key=maria')
    await page.getByText('1 live session').waitFor()
    await page.context().setOffline(true)
    await page.getByRole('button', { name: 'End 1 session' }).click()
    await page.getByText('Nothing was sent, and nothing has ended').waitFor()
    assert.ok(await isAccepted(tokens[0] ?? ''))
    await page.context().setOffline(false)
    const isEnding = '**/outright/v1/revocations'
    await page.route(isEnding, async (route) => {
      if (route.request().method() !== 'POST') return route.continue()
      await route.fetch()
      return route.abort()
    })
    await page.getByRole('button', { name: 'End 1 session' }).click()
    await page.getByText('also ends what was opened in the meantime').waitFor()
    assert.equal(await isAccepted(tokens[0] ?? ''), false)
    await page.unroute(isEnding)
    await page.getByRole('button', { name: 'Send it again' }).click()
    await page.getByText('1 of 1 confirmed').waitFor()
    await page.context().close()
  })

  test('a change of a person says what is known of it', async () => {
    const { page } = await signIn(views[0], 'people/maria')
    const disable = page.getByRole('button', { name: 'Disable' })
    await disable.waitFor()
    await page.context().setOffline(true)
    await disable.click()
    await page.getByText('nothing was sent').waitFor()
    await page.context().setOffline(false)
    await page.route('**/subjects/maria', async (route) => {
      if (route.request().method() !== 'PATCH') return route.continue()
      await route.fetch()
      return route.abort()
    })
    await disable.click()
    await page.getByText('not known whether this was done').waitFor()
    // It was, and the page that is asked anew shows it.
    await page.unroute('**/subjects/maria')
    await page.getByRole('button', { name: 'Enable' }).click()
    await disable.waitFor()
    await page.context().close()
  })

  test('people are found by a part of a name, sessions name them, and lists have pages', async () => {
    await logIn(1)
    const headers = { authorization: 'Bearer outright-demo-admin' }
    for (let index = 0; index < 60; index++) {
      const body = { name: `João ${String(index)}`, email: `joao${String(index)}@example.com` }
      const added = await server.call('POST', '/outright/v1/subjects', { headers, body })
      assert.equal(added.status, 201)
    }
    const { page } = await signIn(views[0], 'people')
    await page.getByRole('textbox', { name: 'Search' }).fill('joao')
    await page.waitForURL(/search=joao/)
    await page.getByText('João 0', { exact: true }).waitFor()
    assert.equal(await page.getByText('Maria', { exact: true }).count(), 0)
    await page.getByRole('link', { name: 'Next page' }).click()
    await page.getByText('João 59', { exact: true }).waitFor()
    assert.equal(await page.locator('tbody tr').count(), 10)
    await page.goto(`${server.url}/console/sessions?subject=maria&live=true`)
    const row = page.locator('tbody tr').first()
    assert.match((await row.textContent()) ?? '', /^Maria.*DirectLink/)
    const apis = await page.getByLabel('API').locator('option').allTextContents()
    assert.ok(apis.includes('Baanx OAuth') && apis.includes('Console'), apis.join())
    await page.goto(`${server.url}/console/sessions?client=outright:console`)
    assert.match((await row.textContent()) ?? '', /^demooperator:demoConsole/)
    // The log names whom it is about, and a search by name leads to the person.
    const body = { scope: 'subject', key: 'maria' }
    await server.call('POST', '/outright/v1/revocations', { headers, body })
    await page.goto(`${server.url}/console/audit`)
    await page.getByRole('link', { name: 'Maria' }).first().click()
    await page.getByText('Person · Maria').waitFor()
    await page.getByText('Maria (maria)').waitFor()
    await page.goto(`${server.url}/console/sessions?subject=Maria`)
    await page.getByRole('link', { name: 'Search people for “Maria”' }).click()
    await page.getByRole('link', { name: 'Maria' }).waitFor()
    await page.context().close()
  })

  test('everyone is ended only once the word is typed', async () => {
    const { page } = await signIn(views[0], 'end?scope=everyone')
    const button = page.getByRole('button', { name: /^End/ }).last()
    await page.getByLabel('Type “everyone” to confirm').fill('every')
    assert.ok(await button.isDisabled())
    // The operator who does this is signed out by it.
    await page.getByText('This signs operators out of this console').waitFor()
    await page.getByLabel('Type “everyone” to confirm').fill('everyone')
    assert.ok(await button.isEnabled())
    await page.context().close()
  })

  test('by keyboard alone: the palette leads to the sessions of a person, in two languages', async () => {
    const { page } = await signIn(views[0])
    await page.getByRole('heading', { name: 'Overview' }).waitFor()
    await page.keyboard.press('Control+k')
    await page.locator('dialog.palette[open] input:focus').waitFor()
    await page.keyboard.type('maria')
    await page.getByRole('option', { name: /Sessions of person .*maria/ }).waitFor()
    await page.keyboard.press('Enter')
    await page.waitForURL(/\/console\/sessions\?subject=maria$/)
    await page.getByLabel('Language').selectOption('pt')
    await page.getByRole('heading', { name: 'Sessões', level: 1 }).waitFor()
    await page.getByLabel('Tema').selectOption('dark')
    assert.equal(await page.locator('html').getAttribute('data-theme'), 'dark')
    await page.reload()
    await page.getByRole('heading', { name: 'Sessões', level: 1 }).waitFor()
    await page.context().close()
  })

  test('its files are small, kept for ever, and run under a policy without anything inline', async () => {
    const page = await server.call('GET', '/console/people/whoever')
    assert.equal(page.status, 200)
    assert.equal(page.headers['cache-control'], 'no-store')
    const policy = page.headers['content-security-policy'] ?? ''
    assert.match(policy, /default-src 'none'/)
    assert.doesNotMatch(policy, /unsafe|sha256/)
    const files = [...page.text.matchAll(/(?:src|href)="(\/console\/assets\/[^"]+)"/g)].map(
      ([, path = '']) => path,
    )
    const style = files.find((file) => file.endsWith('.css')) ?? ''
    const sheet = await (await fetch(server.url + style)).text()
    const fonts = [...sheet.matchAll(/url\(([^)]+)\)/g)].map(([, path = '']) => path)
    let bytes = 0
    for (const file of [...files, ...fonts]) {
      const url = new URL(file, server.url + style).href
      const answer = await fetch(url, { headers: { 'accept-encoding': 'gzip' } })
      assert.equal(answer.status, 200, file)
      assert.match(answer.headers.get('cache-control') ?? '', /immutable/)
      bytes += Number(answer.headers.get('content-length'))
    }
    assert.ok(files.length >= 3 && fonts.length > 0)
    assert.ok(bytes > 20_000 && bytes <= 120_000, `${String(bytes)} bytes`)
    const gone = await fetch(`${server.url}/console/assets/index-gone.js`)
    assert.equal(gone.status, 404)
  })
})
