/** Single sign-on in Chromium: another Outright, at another site, is the identity provider. */
import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Page } from 'playwright-core'
import { register } from '../oauth/relying-parties.ts'
import { startTestServer, type TestServer } from '../harness.ts'
import { complaintsOf, lookAt, openBrowser, type TestBrowser } from './browser.ts'

const SECRET = 'the secret of the console'

let provider: TestServer
let server: TestServer
let browser: TestBrowser

before(async () => {
  // At an address and at a name: to a browser they are two sites.
  provider = await startTestServer({ publicUrlIsOwn: true, oneNode: true })
  const singleSignOn = {
    title: 'Example ID',
    issuer: provider.url,
    clientId: 'console',
    clientSecret: SECRET,
  }
  const config = { operators: { singleSignOn } }
  server = await startTestServer({ publicUrlIsOwn: 'localhost', oneNode: true, config })
  await register(provider, {
    id: 'console',
    secret: SECRET,
    redirectUris: [at('/console/sign-in/callback')],
    oauth: { skip_consent: true, backchannel_logout_uri: at('/console/backchannel-logout') },
  })
  browser = await openBrowser()
})
after(async () => {
  await browser.close()
  await server.close()
  await provider.close()
})

const at = (path: string): string => server.dependencies.issuer + path

/** From the sign-in page to the provider and back. */
async function signIn(page: Page): Promise<void> {
  await page.goto(at('/console/sign-in?return=/console/passkeys'))
  await page.getByRole('link', { name: 'Sign in with Example ID' }).click()
  await page.locator('[name=username]').fill('maria')
  await page.locator('[name=password]').fill('maria-demo')
  await page.locator('[name=password]').press('Enter')
}

suite('single sign-on of operators', () => {
  test('to the provider, back, signed in on another site; a logout there ends it', async () => {
    const { issuer } = server.node.singleSignOn ?? assert.fail('it is not configured')
    const identity = { issuer, claim: 'sub', value: 'maria' } as const
    await server.core.operators.add({ name: 'maria', role: 'operator', identity })
    const page = await (await browser.person()).newPage()
    const complaints = complaintsOf(page)
    await page.goto(at('/console/sign-in'))
    await lookAt(page, 'operator-sign-in-single-sign-on')
    await signIn(page)
    // Only a page that the browser shows as same-site gets the cookie: it is `Strict`.
    await page.waitForURL(at('/console/passkeys'))
    await page.getByText('You sign in at your identity provider').waitFor()
    const cookies = await page.context().cookies(at('/'))
    assert.deepEqual(
      cookies.map(({ name, sameSite, httpOnly }) => [name, sameSite, httpOnly]),
      [['outright-operator', 'Strict', true]],
    )
    // Back does not lead to the address with the code.
    await page.goBack()
    assert.ok(!page.url().includes('code='), page.url())
    await page.goto(at('/console/passkeys'))
    const cookie = cookies.map(({ name, value }) => `${name}=${value}`).join('; ')
    const me = () => server.call('GET', '/outright/v1/me', { headers: { cookie } })
    assert.equal((await me()).json().role, 'operator')
    // Chromium asks each server for its icon.
    const others = complaints.filter((text) => !text.includes('404'))
    assert.deepEqual(others, [])

    await provider.core.revoke({
      scope: 'subject',
      key: 'maria',
      reason: 'logout',
      actor: 'subject:maria',
      wait: true,
    })
    for (let tries = 0; (await me()).status !== 401; tries++) {
      assert.ok(tries < 6000, 'it takes too long')
      await sleep(20)
    }
    await page.goto(at('/console/passkeys'))
    await page.waitForURL(at('/console/sign-in?return=/console/passkeys'))
    await page.context().close()
  })

  test('a person who was not added as an operator is told so, and a reload sends nothing again', async () => {
    await server.core.operators.remove('maria', { actor: 'operator:admin', wait: true })
    const page = await (await browser.person()).newPage()
    await signIn(page)
    const alert = page.getByRole('alert').filter({ visible: true })
    await alert.getByText('not an operator of this server').waitFor()
    assert.ok(!page.url().includes('code='), page.url())
    await page.reload()
    await alert.getByText('not an operator of this server').waitFor()
    await lookAt(page, 'operator-not-added')
    await page.context().close()
  })
})
