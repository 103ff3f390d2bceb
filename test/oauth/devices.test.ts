/** `/devices`, without a script: a person sees and ends their own logins, and no others. */
import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { refuse } from '../../src/domain/failure.ts'
import { deviceName } from '../../src/http/surfaces/oauth/devices/device-name.ts'
import { startTestServer, type TestServer } from '../harness.ts'
import { Browser, maria, type Visit } from './relying-parties.ts'

const firefox = 'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:128.0) Gecko/20100101 Firefox/128.0'
const paulo = { username: 'paulo', password: 'a password of Paulo' }

let server: TestServer
before(async () => {
  server = await startTestServer({ oneNode: true, publicUrlIsOwn: true })
  await server.core.addSubject({ id: 'paulo', name: 'Paulo', ...paulo })
})
after(() => server.close())

let browser: Browser
let page: Visit
beforeEach(async () => {
  await server.core.revoke({
    scope: 'everyone',
    key: '*',
    reason: 'logout',
    actor: 'system',
    wait: true,
  })
  browser = new Browser()
  page = await signIn(browser, maria)
})

async function signIn(at: Browser, who: typeof maria): Promise<Visit> {
  const login = await at.open(`${server.url}/devices`)
  assert.equal(login.url.pathname, '/login')
  const shown = await at.submit(login, { ...who, decision: 'login' })
  assert.deepEqual([shown.url.pathname, shown.status], ['/devices', 200])
  return shown
}

/** A login of maria by another way, from another device. */
async function elsewhere(): Promise<{ readonly token: string; readonly sid: string }> {
  const authorization = `Basic ${btoa('maria:maria-demo')}`
  const reply = await server.call('POST', '/directlink/v1/auth/login', {
    headers: { authorization, 'user-agent': firefox },
  })
  const { bearer } = reply.json() as { bearer: string }
  const verdict = await server.core.verify(bearer)
  return { token: bearer, sid: verdict.ok ? verdict.claims.sid : assert.fail(reply.text) }
}

function send(at: Browser, from: Visit, fields: Readonly<Record<string, string>>): Promise<Visit> {
  const token = /name="token" value="([^"]+)"/.exec(from.text)?.[1] ?? ''
  return at.open(`${server.url}/devices`, { token, ...fields })
}

async function reasonOf(token: string): Promise<string> {
  const verdict = await server.core.verify(token)
  return verdict.ok ? 'accepted' : verdict.reason
}

function sidsOn({ text }: Visit): readonly string[] {
  return [...text.matchAll(/name="sid" value="([^"]+)"/g)].map(([, sid = '']) => sid)
}

test('lists each login by device, application, address and time, this one first', async () => {
  const other = await elsewhere()
  const list = await browser.open(`${server.url}/devices`)
  assert.equal(sidsOn(list).length, 2)
  assert.equal(sidsOn(list)[1], other.sid)
  const [, own = '', foreign = ''] = list.text.split('<li>')
  assert.match(own, /This device/)
  assert.doesNotMatch(own, /This was not me/)
  assert.match(foreign, /Firefox on Windows[^]*DirectLink[^]*127\.0\.0\.1[^]*This was not me/)
  assert.match(foreign, /<time datetime="\d{4}-[^"]+Z">/)
})

test('this one is there however many came after it, and all of those are ended', async () => {
  const tokens: string[] = []
  for (let count = 0; count < 101; count++) tokens.push((await elsewhere()).token)
  const list = await browser.open(`${server.url}/devices`)
  assert.equal(sidsOn(list)[0], sidsOn(page)[0])
  assert.match(list.text, /There are more/)
  const shown = await send(browser, list, { decision: 'others' })
  assert.deepEqual(sidsOn(shown), sidsOn(page))
  const [first = '', last = ''] = [tokens[0], tokens.at(-1)]
  assert.deepEqual([await reasonOf(first), await reasonOf(last)], ['revoked', 'revoked'])
})

test('ends one, and the token is refused when it says so', async () => {
  const [one, another] = [await elsewhere(), await elsewhere()]
  const shown = await send(browser, page, { decision: 'end', sid: one.sid })
  assert.match(shown.text, /That device is logged out/)
  assert.deepEqual(
    [await reasonOf(one.token), await reasonOf(another.token)],
    ['revoked', 'accepted'],
  )
  assert.ok(!sidsOn(shown).includes(one.sid) && sidsOn(shown).includes(another.sid))
})

test('"this was not me" ends it, and the log tells the operator', async () => {
  const { sid, token } = await elsewhere()
  const shown = await send(browser, page, { decision: 'not-me', sid })
  assert.match(shown.text, /the people who run this service are told/)
  assert.equal(await reasonOf(token), 'revoked')
  const filter = { scope: 'session', key: sid } as const
  const { items } = await server.core.revocations.list(filter, { limit: 1, cursor: undefined })
  assert.deepEqual(
    items.map(({ reason, actor, note }) => [reason, actor, note]),
    [['compromised', 'subject:maria', 'The person says: this was not me']],
  )
})

test('ends all others, and keeps this one', async () => {
  const others = await Promise.all([elsewhere(), elsewhere(), elsewhere()])
  const shown = await send(browser, page, { decision: 'others' })
  assert.match(shown.text, /All other devices are logged out/)
  for (const { token } of others) assert.equal(await reasonOf(token), 'revoked')
  assert.equal(sidsOn(shown).length, 1)
  assert.match(shown.text, /This device/)
})

test('ends all others, also those that have expired by a clock that is ahead', async () => {
  const { token } = await elsewhere()
  const aheadMs = 2 * 3_600_000
  server.advance(aheadMs)
  const shown = await send(browser, page, { decision: 'others' })
  server.advance(-aheadMs)
  assert.match(shown.text, /All other devices are logged out/)
  assert.equal(await reasonOf(token), 'revoked')
})

for (const decision of ['end', 'not-me']) {
  test(`ends this one (${decision}): the browser is logged out, and the list is not shown`, async () => {
    const [sid = ''] = sidsOn(page)
    const shown = await send(browser, page, { decision, sid })
    assert.equal(shown.url.pathname, '/logged-out')
    assert.equal((await browser.open(`${server.url}/devices`)).url.pathname, '/login')
  })
}

test('no person sees or ends a login of another', async () => {
  const other = new Browser()
  const theirs = await signIn(other, paulo)
  const { sid, token } = await elsewhere()
  assert.equal(sidsOn(await other.open(`${server.url}/devices`)).length, 1)
  for (const decision of ['end', 'not-me']) {
    for (const wrong of [sid, sidsOn(page)[0] ?? '', 'x', '', `${sid}'--`, '../paulo']) {
      const answer = await send(other, theirs, { decision, sid: wrong })
      assert.equal(answer.status, 404, `${decision} ${wrong}`)
    }
  }
  await send(other, theirs, { decision: 'others' })
  assert.equal(await reasonOf(token), 'accepted')
  assert.equal((await browser.open(`${server.url}/devices`)).url.pathname, '/devices')
})

test('a form of another page is refused', async () => {
  const { sid, token } = await elsewhere()
  const other = new Browser()
  const foreign = /name="token" value="([^"]+)"/.exec((await signIn(other, paulo)).text)?.[1] ?? ''
  for (const wrong of ['', 'x', foreign]) {
    const answer = await send(browser, page, { decision: 'end', sid, token: wrong })
    assert.equal(answer.status, 403)
  }
  const cookie = [...browser.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
  const right = /name="token" value="([^"]+)"/.exec(page.text)?.[1] ?? ''
  for (const site of ['cross-site', 'same-site']) {
    const reply = await server.call('POST', '/devices', {
      headers: { cookie, 'sec-fetch-site': site },
      body: new URLSearchParams({ token: right, decision: 'end', sid }),
    })
    assert.equal(reply.status, 403)
  }
  assert.equal(await reasonOf(token), 'accepted')
})

test('a stream whose page has gone makes room for the next at once', async () => {
  const cookie = [...browser.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
  const follow = async () => {
    const left = new AbortController()
    const answer = await fetch(`${server.url}/devices/events`, {
      headers: { cookie },
      signal: left.signal,
    })
    if (answer.ok) await answer.body?.getReader().read()
    return { status: answer.status, left }
  }
  const open = await Promise.all(Array.from({ length: 8 }, follow))
  assert.ok(open.every(({ status }) => status === 200))
  assert.equal((await follow()).status, 429)
  for (const { left } of open) left.abort()
  // Less than a heartbeat, at which each would notice by itself.
  const deadlineMs = performance.now() + 10_000
  let again = await follow()
  while (again.status !== 200 && performance.now() < deadlineMs) {
    await setTimeout(20)
    again = await follow()
  }
  again.left.abort()
  assert.equal(again.status, 200)
})

test('where nothing could be stored it says that nothing is certain', async (context) => {
  const { sid, token } = await elsewhere()
  context.mock.method(server.dependencies.store, 'revoke', () =>
    refuse({ kind: 'store_unavailable', reason: 'the disk is full' }),
  )
  for (const fields of [{ decision: 'end', sid }, { decision: 'others' }] as const) {
    const answer = await send(browser, page, fields)
    assert.equal(answer.status, 503)
    assert.match(answer.text, /It could not be confirmed/)
    assert.doesNotMatch(answer.text, /logged out/)
  }
  assert.equal(await reasonOf(token), 'accepted')
})

test('speaks the languages of the login page', async () => {
  const cookie = [...browser.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
  for (const [lang, title] of [
    ['pt-PT', 'Os seus dispositivos'],
    ['es', 'Sus dispositivos'],
    ['en', 'Your devices'],
  ] as const) {
    const headers = { cookie, 'accept-language': lang }
    const reply = await server.call('GET', '/devices', { headers })
    assert.match(reply.text, new RegExp(`<html lang="${lang.slice(0, 2)}">[^]*<h1>${title}</h1>`))
  }
})

test('devices are named by what their user agent says', () => {
  const names = [
    firefox,
    'Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1',
    'ShopApp/4.2 (iPad; iOS 17.1)',
    'curl/8.5.0',
    '<script>alert(1)</script>',
    undefined,
  ].map((agent) => Object.values(deviceName(agent)))
  assert.deepEqual(names, [
    ['Firefox', 'Windows'],
    ['Safari', 'iOS'],
    ['ShopApp', 'iOS'],
    ['curl', undefined],
    [undefined, undefined],
    [undefined, undefined],
  ])
})
