/** What waits for a person when a server moves goes on at the new one: everything of it is tickets. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { invitationVerbs } from '../../src/core/invitations.ts'
import { DEVICE_CODE } from '../../src/protocol/client-metadata.ts'
import { startTestServer, type Reply, type TestServer } from '../harness.ts'
import { Browser, callback, maria, register, type Visit } from '../oauth/relying-parties.ts'
import { basic } from '../oauth/resource-world.ts'
import { outright, withFolder } from './doctor.ts'

const INTERVAL_MS = 5000
const LIFETIME_MS = 600_000

interface Device {
  readonly device_code: string
  readonly user_code: string
}

const post = (
  server: TestServer,
  path: string,
  fields: Record<string, string>,
  headers: Record<string, string> = {},
): Promise<Reply> => server.call('POST', path, { headers, body: new URLSearchParams(fields) })

async function begin(server: TestServer): Promise<Device> {
  const reply = await post(server, '/oauth2/device_authorization', { client_id: 'tv' })
  assert.equal(reply.status, 200, reply.text)
  return reply.json() as Device
}

/** What the device is told, after the time that it has to wait. */
async function asked(server: TestServer, { device_code: code }: Device): Promise<string> {
  server.advance(INTERVAL_MS)
  const fields = { grant_type: DEVICE_CODE, device_code: code, client_id: 'tv' }
  const reply = await post(server, '/oauth2/token', fields)
  return reply.status === 200 ? 'tokens' : String(reply.json().error)
}

async function allow(server: TestServer, { user_code: typed }: Device): Promise<void> {
  const browser = new Browser()
  const form = await browser.open(`${server.url}/device`)
  const login = await browser.submit(form, { user_code: typed })
  const page = await browser.submit(login, maria)
  assert.match((await browser.submit(page, { decision: 'allow' })).text, /is connected/)
}

/** A login as the client `shop` asks for it. */
const wishes = {
  client_id: 'shop',
  response_type: 'code',
  redirect_uri: callback,
  scope: 'openid',
  state: 's',
  code_challenge: 'c'.repeat(43),
  code_challenge_method: 'S256',
}

function authorize(server: TestServer, parameters: Record<string, string>): URL {
  return new URL(`/oauth2/authorize?${new URLSearchParams(parameters).toString()}`, server.url)
}

/** The same page, as the new server would have sent it. */
const at = (server: TestServer, page: Visit): Visit => ({
  ...page,
  url: new URL(page.url.pathname + page.url.search, server.url),
})

async function isLetIn(browser: Browser, login: Visit): Promise<boolean> {
  let page = await browser.submit(login, maria)
  // Consent is remembered.
  if (page.url.pathname === '/login/consent') {
    page = await browser.submit(page, { decision: 'allow' })
  }
  const { url } = page
  return url.href.startsWith(callback) && url.searchParams.has('code')
}

async function serving(dataDir: string, use: (server: TestServer) => Promise<void>): Promise<void> {
  const server = await startTestServer({ publicUrlIsOwn: true, config: { dataDir } })
  try {
    await use(server)
  } finally {
    await server.close()
  }
}

async function move(file: string, from: string, to: string): Promise<void> {
  for (const args of [
    ['export', file, '--data', from],
    ['import', file, '--data', to],
  ]) {
    const { code, err } = await outright(args)
    assert.equal(code, 0, err)
  }
}

interface Pending {
  readonly waiting: Device
  readonly late: Device
  readonly allowed: Device
  readonly used: Device
  readonly requestUri: string
  readonly browser: Browser
  readonly login: Visit
  readonly invitation: string
}

async function beginAll(server: TestServer): Promise<Pending> {
  const one = { redirectUris: [callback], oauth: {} }
  const oauth = { grant_types: [DEVICE_CODE, 'refresh_token'] }
  await register(server, { ...one, id: 'tv', secret: undefined, oauth })
  await register(server, { ...one, id: 'shop', secret: 'the secret of the shop' })
  const [waiting, late] = [await begin(server), await begin(server)]
  const [allowed, used] = [await begin(server), await begin(server)]
  for (const device of [allowed, used]) await allow(server, device)
  assert.equal(await asked(server, used), 'tokens')
  const shop = basic('shop', 'the secret of the shop')
  const pushed = await post(server, '/oauth2/par', wishes, shop)
  const requestUri = String(pushed.json().request_uri)
  const browser = new Browser()
  const login = await browser.open(authorize(server, wishes))
  const { code: invitation } = await invitationVerbs(server.dependencies).issue({
    role: 'viewer',
    isFirst: false,
  })
  return { waiting, late, allowed, used, requestUri, browser, login, invitation }
}

async function finishAll(server: TestServer, pending: Pending): Promise<void> {
  const { waiting, late, allowed, used, requestUri, browser, login, invitation } = pending
  const other = new Browser()
  const named = { client_id: 'shop', request_uri: requestUri }
  assert.ok(await isLetIn(other, await other.open(authorize(server, named))), 'a pushed request')
  assert.ok(await isLetIn(browser, at(server, login)), 'a login that had begun')
  assert.equal(await asked(server, waiting), 'authorization_pending')
  await allow(server, waiting)
  assert.equal(await asked(server, waiting), 'tokens')
  assert.equal(await asked(server, allowed), 'tokens', 'allowed before')
  assert.equal(await asked(server, used), 'invalid_grant', 'used before')
  const invitations = invitationVerbs(server.dependencies)
  const accept = (name: string) => invitations.accept(invitation, name, 'a password for the test')
  assert.equal((await accept('vera')).role, 'viewer')
  await assert.rejects(accept('victor'), { failure: { kind: 'not_found' } })
  server.advance(LIFETIME_MS)
  assert.equal(await asked(server, late), 'expired_token')
}

test('device codes, pushed requests, logins under way and invitations move with the server', () =>
  withFolder(async (folder) => {
    const [from, to] = [join(folder, 'from'), join(folder, 'to')]
    let pending: Pending | undefined
    await serving(from, async (server) => {
      pending = await beginAll(server)
    })
    await move(join(folder, 'pending.ndjson'), from, to)
    await serving(to, (server) => finishAll(server, pending ?? assert.fail('nothing is pending')))
  }))
