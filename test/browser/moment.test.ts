/**
 * The moment itself: a person is signed in on two browsers, behind two guarded applications. The
 * operator ends the person; both applications refuse by the time of the answer, and both tabs say
 * so. Nothing of it waits: every lease and every timer of a tab is longer than the test.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Page } from 'playwright-core'
import { call, startTestServer } from '../harness.ts'
import { openBrowser, serveSite } from './browser.ts'

const application = `<!doctype html><html lang="en"><title>An application</title>
<h1>Signed in</h1><script type="module">
import { watchSessionTabs } from '/browser.js'
const { server, app, token } = Object.fromEntries(new URLSearchParams(location.hash.slice(1)))
const headers = { authorization: 'Bearer ' + token }
window.ask = async () => (await fetch(app, { headers })).status
const anHourMs = 3_600_000
await watchSessionTabs({
  server,
  token: () => token,
  onSignedOut: () => (document.querySelector('h1').textContent = 'You are signed out'),
  retryMs: anHourMs,
  silenceMs: anHourMs,
})
document.title = 'watching'
</script>`

/** The longest that there is. An answer that waited for it would say that it has lapsed. */
const leaseMs = 60_000

test('two browsers, two applications, one click of the operator', async (context) => {
  const server = await startTestServer({
    oneNode: true,
    publicUrlIsOwn: true,
    demoServers: true,
    config: { leaseMs },
  })
  const site = await serveSite(application)
  const browser = await openBrowser()
  try {
    const apps = server.node.demo?.apps().slice(0, 2) ?? []
    assert.equal(apps.length, 2)
    const tabs = await Promise.all(apps.map(({ url }) => openTab(url)))
    for (const tab of tabs) assert.equal(await tab.evaluate('window.ask()'), 200)
    const clickedMs = performance.now()
    const reply = await call(server.url, 'POST', '/outright/v1/revocations', {
      headers: { authorization: 'Bearer outright-demo-admin' },
      body: { scope: 'subject', key: 'maria', reason: 'revoked_by_operator' },
    })
    assert.ok(reply.status < 300, reply.text)
    assert.match(reply.headers['outright-confirmed'] ?? '', /^4\/4;lapsed=0;/)
    // The applications refuse already: the operator has been answered.
    for (const tab of tabs) assert.equal(await tab.evaluate('window.ask()'), 401)
    await Promise.all(tabs.map((tab) => tab.getByText('You are signed out').waitFor()))
    context.diagnostic(
      `everywhere ${(performance.now() - clickedMs).toFixed(0)} ms after the click`,
    )
  } finally {
    await browser.close()
    await site.close()
    await server.close()
  }

  async function openTab(app: string): Promise<Page> {
    const headers = { authorization: `Basic ${btoa('maria:maria-demo')}` }
    const reply = await call(server.url, 'POST', '/directlink/v1/auth/login', { headers })
    const { bearer: token } = reply.json() as { bearer: string }
    const tab = await (await browser.person()).newPage()
    const hash = new URLSearchParams({ server: server.url, app: `${app}/`, token })
    await tab.goto(`${site.url}/#${hash.toString()}`)
    await tab.waitForFunction(`document.title === 'watching'`)
    return tab
  }
})
