/** One login with OpenID Connect across three nodes, of which one dies with what it owes. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { after, before, suite, test } from 'node:test'
import { createLocalJWKSet, decodeJwt, jwtVerify, type JSONWebKeySet } from 'jose'
import { startCluster, type TestCluster } from '../../src/testing/postgres.ts'
import { LogoutReceiver } from '../oauth/relying-party-receiver.ts'
import { Browser, maria } from '../oauth/relying-parties.ts'
import { admin } from './node-settings.ts'
import { askUntilAnswered, Fleet, type Node } from './processes.ts'

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
  fleet = await Fleet.start({ database, nodes: 3, guardsPerNode: 0, leaseMs: 2_000 })
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

suite('OpenID Connect on three nodes', () => {
  test('login, code, refresh and logout each at another; the relying party is told when one has died', async () => {
    const [first, second, third] = fleet.nodes as [Node, Node, Node]
    const told = await receiver.listen()
    await askUntilAnswered(first.child, 'PATCH', '/outright/v1/clients/demo-web', {
      headers: admin,
      body: {
        attributes: {
          oauth: { post_logout_redirect_uris: [goodbye], backchannel_logout_uri: `${told}/told` },
        },
      },
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
