/** Passkeys in Chromium, with the authenticator that it simulates. */
import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import type { CDPSession, Page } from 'playwright-core'
import { startTestServer, type TestServer } from '../harness.ts'
import { PASSWORD } from '../admin/operators.ts'
import { complaintsOf, lookAt, openBrowser, picture, type TestBrowser } from './browser.ts'

let server: TestServer
let browser: TestBrowser

before(async () => {
  server = await startTestServer({ publicUrlIsOwn: 'localhost', oneNode: true })
  browser = await openBrowser()
  await server.core.operators.add({ name: 'ana', role: 'operator', password: PASSWORD })
})
after(async () => {
  await browser.close()
  await server.close()
})

const at = (path: string): string => server.dependencies.issuer + path

/** A page with an authenticator that signs without being asked. */
async function open(): Promise<{
  readonly page: Page
  readonly devices: CDPSession
  readonly id: string
}> {
  const context = await browser.person()
  const page = await context.newPage()
  const devices = await context.newCDPSession(page)
  await devices.send('WebAuthn.enable')
  const { authenticatorId: id } = await devices.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  })
  return { page, devices, id }
}

async function signIn(page: Page): Promise<void> {
  await page.goto(at('/console/sign-in?return=/console/passkeys'))
  await page.getByLabel('Name').fill('ana')
  await page.getByLabel('Password').fill(PASSWORD)
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
  await page.waitForURL(at('/console/passkeys'))
}

suite('passkeys of operators', () => {
  test('one is added after a password, signs in alone, and not once it is removed', async () => {
    const { page } = await open()
    const errors: string[] = []
    page.on('pageerror', (error) => errors.push(error.message))
    page.on('console', (line) => line.type() === 'error' && errors.push(line.text()))
    await signIn(page)
    await page.getByRole('button', { name: 'Add a passkey' }).click()
    await page.getByText('Added on').waitFor()
    await picture(page, 'operator-passkeys')
    const [held] = await server.core.passkeys.list('operator:ana')
    assert.deepEqual(held?.transports, ['internal'])

    await page.context().clearCookies()
    await page.goto(at('/console/sign-in?return=/console/passkeys'))
    await picture(page, 'operator-sign-in')
    await page.getByRole('button', { name: 'Sign in with a passkey' }).click()
    await page.waitForURL(at('/console/passkeys'))
    assert.ok((await server.core.passkeys.list('operator:ana'))[0]?.lastUsedAtMs)

    await page.getByRole('button', { name: 'Remove' }).click()
    await page.getByText('Added on').waitFor({ state: 'detached' })
    await page.context().clearCookies()
    await page.goto(at('/console/sign-in'))
    await page.getByRole('button', { name: 'Sign in with a passkey' }).click()
    await page.getByRole('alert').filter({ visible: true }).waitFor()
    assert.equal(new URL(page.url()).pathname, '/console/sign-in')
    // The answer to what a removed passkey signed is 400, which Chromium notes.
    assert.deepEqual(
      errors.filter((text) => !text.includes('400')),
      [],
    )
  })

  test('a copy whose counter lags behind is refused; a challenge is good once and for one browser', async () => {
    const { page, devices, id } = await open()
    await signIn(page)
    await page.getByRole('button', { name: 'Add a passkey' }).click()
    await page.getByText('Added on').waitFor()
    const [held] = await server.core.passkeys.list('operator:ana')
    assert.ok(held)

    // What a signature looks like that the page would send.
    const sent: string[] = []
    const posted: string[] = []
    page.on('request', (request) => {
      if (request.method() !== 'POST' || !request.url().endsWith('/sign-in')) return
      sent.push(request.postData() ?? '')
      posted.push(request.headers()['cookie'] ?? '')
    })
    const signWithPasskey = async () => {
      await page.context().clearCookies()
      await page.goto(at('/console/sign-in?return=/console/passkeys'))
      await page.getByRole('button', { name: 'Sign in with a passkey' }).click()
    }
    await signWithPasskey()
    await page.waitForURL(at('/console/passkeys'))
    const cookies = (await page.context().cookies()).map(({ name, value }) => `${name}=${value}`)
    const replay = async (cookie: string) => {
      const headers = { cookie, 'content-type': 'application/x-www-form-urlencoded' }
      return (await server.call('POST', '/console/sign-in', { headers, body: sent[0] ?? '' }))
        .status
    }
    assert.ok(sent[0]?.includes('passkey='))
    assert.equal(await replay(cookies.join('; ')), 400)
    assert.equal(await replay('outright-passkey=another-browser'), 400)

    // Another holder of the key has signed meanwhile: the counter of this one is behind.
    const { credentials } = await devices.send('WebAuthn.getCredentials', { authenticatorId: id })
    const [credential] = credentials
    assert.ok(credential)
    const ahead = credential.signCount + 10
    await server.core.passkeys.use(held.id, ahead)
    await signWithPasskey()
    await page.getByRole('alert').filter({ visible: true }).waitFor()
    assert.equal((await server.store.findPasskey(held.id))?.counter, ahead)
  })

  test('what is not a signature, is of an unknown passkey, or comes without a challenge gets the sign-in page', async () => {
    for (const passkey of ['', 'x', '{}', '[]', '{"id":"none"}', 'null']) {
      const body = new URLSearchParams({ passkey })
      const challenge = await server.call('POST', '/console/passkeys/challenge', {
        headers: { 'sec-fetch-site': 'same-origin' },
      })
      const [cookie = ''] = (challenge.headers['set-cookie'] ?? '').split(';', 1)
      for (const headers of [{ cookie }, {}]) {
        const reply = await server.call('POST', '/console/sign-in', { headers, body })
        assert.equal(reply.status, 400, passkey)
        assert.equal(reply.headers['set-cookie'], undefined)
      }
    }
    const unasked = await server.call('POST', '/console/passkeys/new', {
      headers: { 'sec-fetch-site': 'same-origin' },
    })
    assert.equal(unasked.status, 401)
  })
})

suite('passkeys of people', () => {
  test('one is added at /devices, logs in without a name, and is removed', async () => {
    const { page } = await open()
    const complaints = complaintsOf(page)
    await page.goto(at('/devices'))
    await page.getByText('to see your devices').waitFor()
    await lookAt(page, 'login-with-passkey')
    await page.locator('[name=username]').fill('maria')
    await page.locator('[name=password]').fill('maria-demo')
    await page.locator('[value=login]').click()
    await page.getByRole('link', { name: 'Your passkeys' }).click()
    const name = page.getByLabel('Name of the new passkey')
    assert.equal(await name.inputValue(), 'Chrome on Linux')
    await name.fill('My laptop')
    await page.getByRole('button', { name: 'Add a passkey' }).click()
    await page.getByRole('button', { name: 'Remove: My laptop' }).waitFor()
    await lookAt(page, 'passkeys')

    await page.context().clearCookies()
    await page.goto(at('/devices'))
    await page.getByRole('button', { name: 'Log in with a passkey' }).click()
    await page.getByText('You are logged in as Maria').waitFor()
    await page.getByRole('link', { name: 'Your passkeys' }).click()
    await page.getByRole('button', { name: 'Remove: My laptop' }).click()
    // What it had opened has ended: this very login.
    await page.getByText('once more, to change your passkeys').waitFor()
    assert.deepEqual(complaints, [])
    await page.getByRole('button', { name: 'Log in with a passkey' }).click()
    await page.getByRole('alert').filter({ visible: true }).waitFor()
    assert.equal(new URL(page.url()).pathname, '/login')
  })

  test('the form is not there without a script, and a password logs in', async () => {
    const page = await (await browser.person({ javaScriptEnabled: false })).newPage()
    await page.goto(at('/devices'))
    assert.equal(await page.getByRole('button', { name: 'Log in with a passkey' }).count(), 0)
    await page.locator('[name=username]').fill('maria')
    await page.locator('[name=password]').fill('maria-demo')
    await page.locator('[value=login]').click()
    await page.getByText('You are logged in as Maria').waitFor()
  })
})
