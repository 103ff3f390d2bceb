/** Open tabs hear it: real Chromium, the real helper, a real logout. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { BrowserContext, Page } from 'playwright-core'
import { startTestServer, type TestServer } from '../harness.ts'
import { openBrowser, serveSite, type Site, type TestBrowser } from './browser.ts'

const page = `<!doctype html><title>in</title><script type="module">
import { watchSessionTabs } from '/browser.js'
const { server, token } = Object.fromEntries(new URLSearchParams(location.hash.slice(1)))
window.tabs = await watchSessionTabs({ server, token: () => token, onSignedOut: () => (document.title = 'out') })
document.title = 'watching'
window.logout = () =>
  window.tabs.signOut(async () => {
    const reply = await fetch('/stands-in-for-the-app').then(() => true)
    if (!reply) throw new Error('not logged out')
  })
</script>`

let server: TestServer
let browser: TestBrowser
let site: Site
before(async () => {
  server = await startTestServer()
  browser = await openBrowser()
  site = await serveSite(page)
})
after(async () => {
  await browser.close()
  await site.close()
  await server.close()
})

async function login(): Promise<string> {
  const authorization = `Basic ${Buffer.from('maria:maria-demo').toString('base64')}`
  const reply = await server.call('GET', '/directlink/v1/auth/login', {
    headers: { authorization },
  })
  return (reply.json() as { bearer: string }).bearer
}

async function openTab(person: BrowserContext, token: string): Promise<Page> {
  const tab = await person.newPage()
  const hash = new URLSearchParams({ server: server.url, token })
  await tab.goto(`${site.url}/#${hash.toString()}`)
  await tab.waitForFunction(`document.title === 'watching'`)
  return tab
}

/** The event goes through two processes; a title that never changes fails after five seconds. */
async function assertSignedOut(tab: Page): Promise<void> {
  await tab.waitForFunction(`document.title === 'out'`, undefined, { timeout: 5000 })
}

describe('tabs of one session', () => {
  test('all are signed out by a logout elsewhere; another session stays', async () => {
    const [mine, other] = [await login(), await login()]
    const person = await browser.person()
    const tabs = [
      await openTab(person, mine),
      await openTab(person, mine),
      await openTab(person, mine),
    ]
    const bystander = await openTab(person, other)
    const reply = await server.call('POST', '/directlink/v1/auth/logout', {
      headers: { authorization: `Bearer ${mine}` },
    })
    assert.equal(reply.status, 200)
    await Promise.all(tabs.map(assertSignedOut))
    assert.equal(await bystander.title(), 'watching')
    await person.close()
  })

  test('the tab that held the stream may be closed before', async () => {
    const token = await login()
    const person = await browser.person()
    const [first, second] = [await openTab(person, token), await openTab(person, token)]
    await first.close()
    await server.call('POST', '/directlink/v1/auth/logout', {
      headers: { authorization: `Bearer ${token}` },
    })
    await assertSignedOut(second)
    await person.close()
  })

  test('a logout in one tab is heard by the others at once', async () => {
    const token = await login()
    const person = await browser.person()
    const [first, second] = [await openTab(person, token), await openTab(person, token)]
    await first.evaluate('window.logout()')
    await Promise.all([assertSignedOut(first), assertSignedOut(second)])
    await person.close()
  })

  test('a logout that happened while the tab was closed is told when it opens', async () => {
    const token = await login()
    await server.call('POST', '/directlink/v1/auth/logout', {
      headers: { authorization: `Bearer ${token}` },
    })
    const person = await browser.person()
    const tab = await person.newPage()
    const hash = new URLSearchParams({ server: server.url, token })
    await tab.goto(`${site.url}/#${hash.toString()}`)
    await assertSignedOut(tab)
    await person.close()
  })
})
