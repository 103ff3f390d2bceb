/** An operator at work in the console, in real Chromium: without a network too, and by keyboard. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { useConsole, views } from './console-kit.ts'

const { server, signIn, logIn, isAccepted } = await useConsole()

/** Where letters of the text of the first link with this text are drawn, from the left. */
const placesIn = (text: string, letters: string): string => `(() => {
  const all = [...document.querySelectorAll('.facts dd a')].map((link) => link.firstChild)
  const text = all.find(({ data }) => data.includes(${JSON.stringify(text)}))
  return [...${JSON.stringify(letters)}].map((letter) => {
    const range = document.createRange()
    range.setStart(text, text.data.lastIndexOf(letter))
    range.setEnd(text, text.data.lastIndexOf(letter) + 1)
    return range.getBoundingClientRect().left
  })
})()`

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
    // What the page still asks is not answered any more.
    await page.unrouteAll({ behavior: 'ignoreErrors' })
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
    await page.unrouteAll({ behavior: 'ignoreErrors' })
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
    assert.match((await row.textContent()) ?? '', /^adminoperator:adminConsole/)
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

  test('the log says whose session ended, by names that turn nothing around them', async () => {
    // Ends an isolate around the name, then turns what follows (UAX #9).
    const eve = { id: 'eve', username: 'eve', password: 'a password of Eve' }
    await server.core.addSubject({ ...eve, name: 'Eve\u2069\u202E' })
    const authorization = `Basic ${btoa(`eve:${eve.password}`)}`
    await server.call('POST', '/directlink/v1/auth/login', { headers: { authorization } })
    const [session] = (
      await server.core.sessions.list({ subjectId: 'eve' }, { limit: 1, cursor: undefined })
    ).items
    const sid = session?.session.sid ?? ''
    const ending = { scope: 'session', reason: 'logout', actor: 'admin', wait: true } as const
    await server.core.revoke({ ...ending, key: 'a-session-that-is-gone' })
    await server.core.revoke({ ...ending, key: sid })

    const { page } = await signIn(views[0], 'audit')
    const rows = page.locator('tbody tr')
    const name = '\u2068Eve\u202E\u2069'
    assert.equal(
      await rows.nth(0).locator('td').first().innerText(),
      `${name} · DirectLink\nSession · ${sid}`,
    )
    assert.equal(
      await rows.nth(1).locator('td').first().innerText(),
      'a-session-that-is-gone\nSession · no longer stored',
    )
    await page.getByRole('link', { name: sid }).click()
    await page.waitForURL(`**/console/sessions/${sid}`)
    const person = page.locator('.facts dd', { hasText: '(eve)' })
    await person.waitFor()
    assert.equal(await person.innerText(), `${name} (eve)`)
    const places = await page.evaluate<number[]>(placesIn('(eve)', 'E(e)'))
    assert.deepEqual(
      places,
      places.toSorted((one, other) => one - other),
      'drawn in this order',
    )

    await page.getByLabel('Language').selectOption('pt')
    await page.goto(`${server.url}/console/audit`)
    await page.getByText('Sessão · já não guardada').waitFor()
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
