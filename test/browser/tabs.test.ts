/** Open tabs hear it: real Chromium, the real helper, a real logout. */
import assert from 'node:assert/strict'
import { createServer, type ServerResponse } from 'node:http'
import { after, before, describe, test } from 'node:test'
import type { BrowserContext, Page } from 'playwright-core'
import { startTestServer, type TestServer } from '../harness.ts'
import { listening, openBrowser, serveSite, type Site, type TestBrowser } from './browser.ts'

const page = `<!doctype html><title>in</title><script type="module">
import { watchSessionTabs } from '/browser.js'
const parameters = Object.fromEntries(new URLSearchParams(location.hash.slice(1)))
const { server, token, retryMs = '1000', silenceMs = '40000' } = parameters
window.token = token
window.tabs = await watchSessionTabs({
  server,
  token: () => window.token,
  onSignedOut: () => (document.title = 'out'),
  retryMs: Number(retryMs),
  silenceMs: Number(silenceMs),
})
document.title = 'watching'
window.logout = (path) => window.tabs.signOut(() => fetch(path))
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

async function logout(token: string): Promise<void> {
  const reply = await server.call('POST', '/directlink/v1/auth/logout', {
    headers: { authorization: `Bearer ${token}` },
  })
  assert.equal(reply.status, 200)
}

type Parameters = Readonly<Record<string, string>>

/** Shows the page, which may be signed out before anybody looks. */
async function visit(tab: Page, token: string, parameters: Parameters = {}): Promise<Page> {
  const hash = new URLSearchParams({ server: server.url, token, ...parameters })
  await tab.goto(`${site.url}/#${hash.toString()}`)
  return tab
}

async function openTab(
  person: BrowserContext,
  token: string,
  parameters: Parameters = {},
): Promise<Page> {
  const tab = await visit(await person.newPage(), token, parameters)
  await tab.waitForFunction(`document.title === 'watching'`)
  return tab
}

async function assertSignedOut(tab: Page): Promise<void> {
  await tab.waitForFunction(`document.title === 'out'`)
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
    await first.evaluate(`window.logout('/stands-in-for-the-app')`)
    await Promise.all([assertSignedOut(first), assertSignedOut(second)])
    await person.close()
  })

  test('a logout that happened while the tab was closed is told when it opens', async () => {
    const token = await login()
    await server.call('POST', '/directlink/v1/auth/logout', {
      headers: { authorization: `Bearer ${token}` },
    })
    const person = await browser.person()
    await assertSignedOut(await visit(await person.newPage(), token))
    await person.close()
  })

  test('a logout that failed signs no tab out', async () => {
    const token = await login()
    const person = await browser.person()
    const [first, second] = [await openTab(person, token), await openTab(person, token)]
    const failure = first.evaluate(`window.logout('/fails')`)
    await assert.rejects(failure, /Cannot sign out: the logout was answered with 500/)
    assert.deepEqual([await first.title(), await second.title()], ['watching', 'watching'])
    await person.close()
  })

  test('a tab that has stopped listening still tells the others', async () => {
    const token = await login()
    const person = await browser.person()
    const [first, second] = [await openTab(person, token), await openTab(person, token)]
    await first.evaluate(`window.tabs.close(); window.logout('/stands-in-for-the-app')`)
    await Promise.all([assertSignedOut(first), assertSignedOut(second)])
    await person.close()
  })

  test('the tab that held the stream may be closed while the logout happens', async () => {
    const person = await browser.person()
    for (let round = 0; round < 5; round++) {
      const token = await login()
      const tabs = [await openTab(person, token), await openTab(person, token)]
      await Promise.all([tabs[0]?.close(), logout(token)])
      await assertSignedOut(tabs[1] ?? assert.fail())
    }
    await person.close()
  })

  test('a tab that was offline asks anew as soon as it is back', async () => {
    const stand = await standIn((response, asked) => {
      // Not before it has begun: a request that was not answered at all is made again by the browser.
      if (asked === 1) response.write(':\n\n', () => response.destroy())
      else response.end(signedOut)
    })
    const person = await browser.person()
    // Where nothing woke it, the second try would be an hour away.
    const tab = await openTab(person, await login(), { server: stand.url, retryMs: '3600000' })
    // The tab may learn only later that its stream has ended: until then it has nothing to ask anew.
    while ((await tab.title()) !== 'out') {
      await person.setOffline(true)
      await person.setOffline(false)
      await tab.waitForTimeout(50)
    }
    await person.close()
    await stand.close()
  })

  test('a token that was refreshed is the one that is followed', async () => {
    const credentials = { username: 'octopus-demo-key', password: 'octopus-demo-secret' }
    const opened = await server.call('POST', '/auth/login', { body: credentials })
    const { access_token: old, refresh_token: refreshToken } = opened.json().data
    const person = await browser.person()
    const tab = await openTab(person, old)
    const refreshed = await server.call('POST', '/auth/refresh', {
      body: { refresh_token: refreshToken },
    })
    const { access_token: token } = refreshed.json().data
    assert.notEqual(token, old)
    await tab.evaluate(`window.token = ${JSON.stringify(token)}`)
    await server.call('POST', '/auth/logout', { headers: { authorization: `Bearer ${token}` } })
    await assertSignedOut(tab)
    await person.close()
  })

  test('a session that began later in the same browser is not mistaken for it', async () => {
    const [mine, other] = [await login(), await login()]
    const person = await browser.person()
    await logout(other)
    const tab = await person.newPage()
    // The page's token is the other's by the time at which the stream is opened, and for a few tries.
    await tab.addInitScript(`window.asked = 0
      Object.defineProperty(window, 'token', {
        get: () => [1, 2, 3, 4].includes(window.asked++) ? ${JSON.stringify(other)} : ${JSON.stringify(mine)},
        set: () => undefined,
      })`)
    await visit(tab, mine, { retryMs: '10' })
    // It asks again only after a try is over that did not sign it out: the first three were none.
    await tab.waitForFunction(`window.asked > 4`)
    assert.equal(await tab.title(), 'watching')
    await logout(mine)
    await assertSignedOut(tab)
    await person.close()
  })

  test('a tab in front hears it though the tab that has the turn is suspended', async () => {
    const token = await login()
    const person = await browser.person()
    // As a suspended tab does: it keeps its turn, hears nothing and says nothing.
    const first = await person.newPage()
    await first.addInitScript(`window.fetch = () => new Promise(() => undefined)`)
    await visit(first, token, { silenceMs: '60000' })
    await first.waitForFunction(`document.title === 'watching'`)
    const second = await openTab(person, token)
    await second.evaluate(`document.dispatchEvent(new Event('visibilitychange'))`)
    await logout(token)
    await Promise.all([assertSignedOut(second), assertSignedOut(first)])
    await person.close()
  })

  test('a stream in which nothing comes any more is opened again', async () => {
    const stand = await standIn((response, asked) => {
      if (asked === 1) response.write('event: ready\ndata: {}\n\n')
      else response.end(signedOut)
    })
    const person = await browser.person()
    const parameters = { server: stand.url, silenceMs: '500' }
    await assertSignedOut(await visit(await person.newPage(), await login(), parameters))
    await person.close()
    await stand.close()
  })
})

test('Clear-Site-Data of the page that is shown next removes what every tab had stored', async () => {
  const token = await login()
  const person = await browser.person()
  const [first, second] = [await openTab(person, token), await openTab(person, token)]
  await first.evaluate(`localStorage.setItem('access_token', 'x'); document.cookie = 'a=b'`)
  await logout(token)
  await Promise.all([assertSignedOut(first), assertSignedOut(second)])
  await first.goto(`${site.url}/signed-out`)
  // The other tab hears of it from the browser, in its own time.
  for (const tab of [first, second]) {
    await tab.waitForFunction(`localStorage.length === 0 && document.cookie === ''`)
  }
  await person.close()
})

const signedOut = 'event: signed-out\ndata: {}\n\n'

/** Stands in for a server that misbehaves; `asked` counts its event streams from 1. */
async function standIn(stream: (response: ServerResponse, asked: number) => void): Promise<Site> {
  let asked = 0
  const server = createServer((request, response) => {
    response.setHeader('access-control-allow-origin', '*')
    response.setHeader('access-control-allow-headers', 'authorization')
    if (request.method === 'OPTIONS') {
      response.writeHead(204).end()
      return
    }
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    stream(response, ++asked)
  })
  return listening(server)
}
