/** Logins with OpenID Connect across three nodes, of which one dies at last with what it owes. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { after, before, suite, test } from 'node:test'
import { createLocalJWKSet, decodeJwt, jwtVerify, type JSONWebKeySet } from 'jose'
import { DEVICE_CODE } from '../../src/protocol/client-metadata.ts'
import { startCluster, type TestCluster } from '../../src/testing/postgres.ts'
import { LogoutReceiver } from '../oauth/relying-party-receiver.ts'
import { Browser, maria, type Visit } from '../oauth/relying-parties.ts'
import { admin } from './node-settings.ts'
import { askUntilAnswered, Fleet, type Node } from './processes.ts'

/** Longer than a busy machine may keep a node from renewing: a browser does not try again. */
const LEASE_MS = 30_000
const SETTLED_WITHIN_MS = 60_000
const redirectUri = 'http://127.0.0.1:3000/callback'
const goodbye = 'http://127.0.0.1:3000/'
const verifier = 'v'.repeat(43)

let cluster: TestCluster
let fleet: Fleet
const receiver = new LogoutReceiver()
before(async () => {
  cluster = await startCluster()
  const database = { cluster, url: await cluster.createDatabase() }
  fleet = await Fleet.start({ database, nodes: 3, guardsPerNode: 0, leaseMs: LEASE_MS })
  await fleet.settled(SETTLED_WITHIN_MS)
})
after(async () => {
  receiver.close()
  await fleet.stop()
  await cluster.stop()
})

interface Tokens {
  readonly access_token: string
  readonly id_token: string
  readonly refresh_token: string
}

async function tokensAt(node: Node, form: Record<string, string>): Promise<Tokens> {
  const { reply } = await askUntilAnswered(node.child, 'POST', '/oauth2/token', {
    headers: { authorization: `Basic ${btoa('demo-web:demo-web-secret')}` },
    body: new URLSearchParams(form),
  })
  assert.equal(reply.status, 200, reply.text)
  return reply.json() as Tokens
}

async function isGoodAt(node: Node, token: string): Promise<boolean> {
  const headers = { authorization: `Bearer ${token}` }
  return (
    (await askUntilAnswered(node.child, 'GET', '/oidc/userinfo', { headers })).reply.status === 200
  )
}

const adminCall = (node: Node, method: string, path: string, body: object) =>
  askUntilAnswered(node.child, method, `/outright/v1${path}`, {
    headers: admin,
    body,
  })

interface Device {
  readonly device_code: string
  readonly user_code: string
}

async function beginAt(node: Node): Promise<Device> {
  const body = new URLSearchParams({ client_id: 'tv', scope: 'openid' })
  const { reply } = await askUntilAnswered(node.child, 'POST', '/oauth2/device_authorization', {
    body,
  })
  assert.equal(reply.status, 200, reply.text)
  return reply.json() as Device
}

/** Once: a device that asks again has to wait. */
async function pollAt(node: Node, { device_code: code }: Device) {
  const body = new URLSearchParams({
    grant_type: DEVICE_CODE,
    device_code: code,
    client_id: 'tv',
  })
  const { reply } = await askUntilAnswered(node.child, 'POST', '/oauth2/token', { body })
  return reply.json() as Partial<Tokens> & { readonly error?: string }
}

/** The same page, as another node would have sent it. */
const from = (node: Node, page: Visit): Visit => ({
  ...page,
  url: new URL(page.url.pathname + page.url.search, node.child.url),
})

/** The person types the code at one node, logs in at the second and allows it at the third. */
async function allowAt([typed, login, decided]: [Node, Node, Node], device: Device): Promise<void> {
  const browser = new Browser()
  const form = await browser.open(`${typed.child.url}/device`)
  const asked = await browser.submit(form, { user_code: device.user_code })
  const confirm = await browser.submit(from(login, asked), maria)
  const done = await browser.submit(from(decided, confirm), { decision: 'allow' })
  assert.match(done.text, /Your device is connected/)
}

suite('OpenID Connect on three nodes', () => {
  test('a device begins at one node, is allowed at another and gets in at a third; a logout in between wins', async () => {
    const [first, second, third] = fleet.nodes as [Node, Node, Node]
    const attributes = { oauth: { grant_types: [DEVICE_CODE, 'refresh_token'] } }
    const tv = { dialect: 'oauth', key: 'tv', attributes }
    assert.equal((await adminCall(third, 'POST', '/clients', tv)).reply.status, 201)

    const one = await beginAt(first)
    await allowAt([second, third, second], one)
    const { access_token: token = assert.fail('no token') } = await pollAt(third, one)
    for (const node of fleet.nodes) assert.equal(await isGoodAt(node, token), true)

    const two = await beginAt(second)
    await allowAt([third, first, third], two)
    const maria = { scope: 'subject', key: 'maria', reason: 'compromised' }
    const { reply } = await adminCall(first, 'POST', '/revocations', maria)
    assert.equal(reply.json().receipt.confirmed, true, reply.text)
    assert.equal((await pollAt(third, two)).error, 'invalid_grant')
    for (const node of fleet.nodes) assert.equal(await isGoodAt(node, token), false)
  })

  test('a secret that each node has seen is wrong at all of them once it was rotated at one', async () => {
    const [first, second] = fleet.nodes as [Node, Node, Node]
    const oauth = { grant_types: ['client_credentials'] }
    const job = { dialect: 'oauth', key: 'job', secret: 'its first', attributes: { oauth } }
    assert.equal((await adminCall(first, 'POST', '/clients', job)).reply.status, 201)
    const ask = async (secret: string): Promise<readonly number[]> => {
      const headers = { authorization: `Basic ${btoa(`job:${encodeURIComponent(secret)}`)}` }
      const body = new URLSearchParams({ grant_type: 'client_credentials' })
      const answers = fleet.nodes.map(({ child }) =>
        askUntilAnswered(child, 'POST', '/oauth2/token', { headers, body }),
      )
      return (await Promise.all(answers)).map(({ reply }) => reply.status)
    }
    assert.deepEqual(await ask('its first'), [200, 200, 200])
    assert.deepEqual(await ask('its first'), [200, 200, 200])
    const { reply } = await adminCall(first, 'PATCH', '/clients/job', { rotateSecret: true })
    const { secret } = reply.json() as { readonly secret: string }
    assert.deepEqual(await ask('its first'), [401, 401, 401])
    assert.deepEqual(await ask(secret), [200, 200, 200])
    await adminCall(second, 'PATCH', '/clients/job', { status: 'disabled' })
    assert.deepEqual(await ask(secret), [401, 401, 401])
  })

  test('login, code, refresh and logout each at another; the relying party is told when one has died', async () => {
    const [first, second, third] = fleet.nodes as [Node, Node, Node]
    const told = await receiver.listen()
    await adminCall(first, 'PATCH', '/clients/demo-web', {
      oauth: { post_logout_redirect_uris: [goodbye], backchannel_logout_uri: `${told}/told` },
    })

    const browser = new Browser()
    const query = new URLSearchParams({
      response_type: 'code',
      client_id: 'demo-web',
      redirect_uri: redirectUri,
      scope: 'openid profile',
      code_challenge: createHash('sha256').update(verifier).digest('base64url'),
      code_challenge_method: 'S256',
    })
    const login = await browser.open(`${first.child.url}/oauth2/authorize?${query.toString()}`)
    const elsewhere = { ...login, url: new URL(login.url.pathname, second.child.url) }
    const consent = await browser.submit(elsewhere, maria)
    const back = await browser.submit(consent, { decision: 'allow' })
    const code = back.url.searchParams.get('code') ?? assert.fail(back.text)

    const grant = { grant_type: 'authorization_code', redirect_uri: redirectUri }
    const one = await tokensAt(third, { ...grant, code, code_verifier: verifier })
    const refresh = { grant_type: 'refresh_token', refresh_token: one.refresh_token }
    const two = await tokensAt(second, refresh)
    for (const node of fleet.nodes) assert.equal(await isGoodAt(node, two.access_token), true)

    receiver.statuses.push(503)
    const hint = new URLSearchParams({
      id_token_hint: two.id_token,
      post_logout_redirect_uri: goodbye,
    })
    const left = await browser.open(`${first.child.url}/oidc/logout?${hint.toString()}`)
    assert.equal(left.url.href, goodbye)
    await first.child.kill()
    for (const node of [second, third]) {
      for (const { access_token: token } of [one, two]) {
        assert.equal(await isGoodAt(node, token), false)
      }
    }

    const [, again] = await receiver.count(2)
    const { reply } = await askUntilAnswered(second.child, 'GET', '/.well-known/jwks.json')
    const keys = createLocalJWKSet(reply.json() as JSONWebKeySet)
    const { payload } = await jwtVerify(again?.token ?? '', keys, { audience: 'demo-web' })
    assert.equal(payload['sid'], decodeJwt(two.id_token)['sid'])
    const ids = receiver.received.map(({ token }) => decodeJwt(token).jti)
    assert.equal(new Set(ids).size, ids.length)
  })
})
