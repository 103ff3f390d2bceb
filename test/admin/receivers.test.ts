/** Who is told, over real HTTP: one that takes messages, one that answers 500, some taken out. */
import assert from 'node:assert/strict'
import { after, suite, test } from 'node:test'
import { crm } from '../../examples/crm-receiver.ts'
import type { WireDelivery, WireReceiver } from '../../src/protocol/admin-api.ts'
import { defineReceiver } from '../../src/receivers/module.ts'
import { group } from '../../src/settings/schema.ts'
import { LogoutReceiver } from '../oauth/relying-party-receiver.ts'
import { Browser, sidOf, useOAuth } from '../oauth/relying-parties.ts'
import { until } from '../stores/until.ts'
import { ADMIN_TOKEN, assertProblem, claims } from './api.ts'
import { oweDelivery } from './deliveries.ts'

const [shop, news] = [new LogoutReceiver(), new LogoutReceiver()]
const [shopUrl, newsUrl] = [await shop.listen(), await news.listen()]
after(() => {
  shop.close()
  news.close()
})

/** One that does not say whom it tells. */
const quiet = defineReceiver({
  kind: 'quiet',
  options: group<object>({}),
  create: () => ({
    dialects: ['directlink'],
    owes: ({ session: { sid } }) => ({ name: 'one', subject: sid, about: sid, facts: {} }),
    send: () => Promise.resolve({ kind: 'delivered' as const }),
  }),
})

const secret = 'a-secret-of-thirty-two-characters'
const cable = `http://us:${secret}@cable.example:8443/${secret}?key=${secret}`
const world = useOAuth(
  {
    allowedPrivateAddresses: ['127.0.0.1'],
    receivers: [
      { receiver: crm, options: { url: `${newsUrl}/crm`, key: secret, dialects: ['directlink'] } },
      { receiver: quiet },
    ],
    issuers: [
      {
        name: 'staff',
        issuer: 'https://id.example/realms/staff',
        profile: 'keycloak',
        audience: ['orders'],
        tell: { kind: 'keycloak', clientId: 'us', clientSecret: secret },
      },
    ],
    dialects: {
      adobePass: {
        options: {
          mvpds: [
            {
              id: 'Cable',
              displayName: 'Cable TV',
              logout: { kind: 'message', url: cable },
              secret,
            },
            { id: 'Silent', displayName: 'Silent', secret },
          ],
        },
      },
    },
  },
  {
    shop: { backchannel_logout_uri: `${shopUrl}/logout?tenant=${secret}` },
    news: { backchannel_logout_uri: `${newsUrl}/logout`, skip_consent: true },
  },
)

const headers = { authorization: `Bearer ${ADMIN_TOKEN}` }
const call = (method: string, path: string, body?: object) =>
  world.server.call(method, `/outright/v1${path}`, { headers, ...(body && { body }) })

async function listed(): Promise<readonly WireReceiver[]> {
  const { items, next } = (await call('GET', '/receivers')).json()
  assert.equal(next, null)
  return items as WireReceiver[]
}

/** What is said of one once it is so. */
async function once(name: string, holds: (one: WireReceiver) => boolean): Promise<WireReceiver> {
  let found: WireReceiver | undefined
  await until(async () => {
    found = (await listed()).find((one) => one.name === name)
    return found !== undefined && holds(found)
  })
  return found ?? assert.fail(name)
}

async function deliveryTo(receiver: string): Promise<WireDelivery> {
  const { items } = (await call('GET', `/deliveries?receiver=${receiver}`)).json()
  return items[0] as WireDelivery
}

/** Logs in at both, as one session, and ends it. */
async function logInAndOut(): Promise<void> {
  const browser = new Browser()
  const tokens = await world.tokens(browser, await world.as('shop'))
  await world.tokens(browser, await world.as('news'))
  const ended = await call('POST', '/revocations', { scope: 'session', key: sidOf(tokens) })
  assert.equal(ended.status, 201, ended.text)
}

const untold = {
  owed: 0,
  dead: 0,
  oldestOwedAt: null,
  lastDeliveredAt: null,
  lastFailure: null,
}

suite('/receivers', () => {
  test('names those of configuration and registry, by name, and of addresses the host alone', async () => {
    const backchannel = 'OpenID Connect Back-Channel Logout'
    const expected = [
      ['backchannel:news', 'The news', backchannel, new URL(newsUrl).host],
      ['backchannel:shop', 'The shop', backchannel, new URL(shopUrl).host],
      ['crm:main', 'CRM', 'JSON over HTTP', new URL(newsUrl).host],
      ['mvpd:Cable', 'Cable TV', 'signed message', 'cable.example:8443'],
      ['provider:staff', 'staff', 'Keycloak', 'id.example'],
    ].map(([name = '', title, standard, host]) => {
      const kind = name.split(':')[0]
      return { name, kind, title, standard, host, configured: true, ...untold }
    })
    assert.deepEqual(await listed(), expected)
    assert.ok(!(await call('GET', '/receivers')).text.includes(secret))
  })

  test('says of one that answers 500 what it is owed and why, and of one that takes messages when', async () => {
    shop.statuses.push(...Array.from({ length: 1_000 }, () => 500))
    await logInAndOut()
    const failing = await once('backchannel:shop', (one) => one.lastFailure !== null)
    const waits = await deliveryTo('backchannel:shop')
    const { lastFailure, ...rest } = failing
    assert.equal(lastFailure?.reason, 'it answered 500')
    assert.ok(Date.parse(lastFailure.at) >= Date.parse(waits.createdAt))
    assert.deepEqual(
      [rest.configured, rest.owed, rest.dead, rest.oldestOwedAt, rest.lastDeliveredAt],
      [true, 1, 0, waits.createdAt, null],
    )
    const taking = await once('backchannel:news', (one) => one.lastDeliveredAt !== null)
    const { settledAt } = await deliveryTo('backchannel:news')
    assert.deepEqual(
      [taking.owed, taking.oldestOwedAt, taking.lastDeliveredAt, taking.lastFailure],
      [0, null, settledAt, null],
    )

    // Given up: the newest attempt is the one that failed for good.
    shop.statuses.fill(400)
    await call('POST', `/deliveries/${waits.id}/retry`)
    const dead = await once('backchannel:shop', (one) => one.dead === 1)
    const { settledAt: givenUpAt } = await deliveryTo('backchannel:shop')
    assert.deepEqual(
      [dead.owed, dead.oldestOwedAt, dead.lastFailure],
      [0, null, { at: givenUpAt, reason: 'it answered 400' }],
    )

    shop.statuses.length = 0
    // It takes messages again: what was given up stays, and the newest attempt has not failed.
    await logInAndOut()
    const mended = await once('backchannel:shop', (one) => one.lastDeliveredAt !== null)
    assert.deepEqual([mended.owed, mended.dead, mended.lastFailure], [0, 1, null])
  })

  test('lists one that was taken out for as long as deliveries to it are stored', async () => {
    await once('backchannel:news', (one) => one.lastDeliveredAt !== null)
    const out = await call('PATCH', '/clients/news', { oauth: { backchannel_logout_uri: null } })
    assert.equal(out.status, 200, out.text)
    const { lastDeliveredAt, ...left } = await once('backchannel:news', (one) => !one.configured)
    assert.equal(typeof lastDeliveredAt, 'string')
    assert.deepEqual([left.title, left.standard, left.host], [null, null, null])
    const createdAtMs = Date.now()
    await oweDelivery(world.server.store, { receiver: 'mvpd:Gone', createdAtMs })
    const gone = await once('mvpd:Gone', () => true)
    assert.deepEqual(
      [gone.configured, gone.owed, gone.oldestOwedAt],
      [false, 1, new Date(createdAtMs).toISOString()],
    )
  })

  test('lists one of one’s own that does not say whom it tells, once it was owed something', async () => {
    assert.ok(!(await listed()).some(({ kind }) => kind === 'quiet'))
    const basic = { authorization: `Basic ${btoa('maria:maria-demo')}` }
    const login = await world.server.call('POST', '/directlink/v1/auth/login', { headers: basic })
    assert.equal(login.status, 200, login.text)
    const { sid } = claims((login.json() as { bearer: string }).bearer)
    const ended = await call('POST', '/revocations', { scope: 'session', key: sid })
    assert.equal(ended.status, 201, ended.text)
    const own = await once('quiet:one', (one) => one.lastDeliveredAt !== null)
    assert.deepEqual([own.configured, own.title, own.host], [true, null, null])
    await once('crm:main', (one) => one.lastDeliveredAt !== null)
  })

  test('comes in pages, each once and in the same order, from all sources', async () => {
    const all = (await listed()).map(({ name }) => name)
    assert.ok(all.length >= 7, all.join())
    for (const limit of [1, 2, all.length - 1, all.length]) {
      const names: string[] = []
      let cursor: string | null = null
      let pages = 0
      do {
        const query: string = cursor === null ? '' : `&cursor=${cursor}`
        const reply = await call('GET', `/receivers?limit=${String(limit)}${query}`)
        assert.equal(reply.status, 200, reply.text)
        const page = reply.json() as { items: WireReceiver[]; next: string | null }
        names.push(...page.items.map(({ name }) => name))
        cursor = page.next
        pages += 1
      } while (cursor !== null)
      assert.deepEqual(names, all)
      assert.equal(pages, Math.ceil(all.length / limit))
    }
  })

  test('refuses the cursor of another list, what it does not know, and a caller without a token', async () => {
    const { next } = (await call('GET', '/clients?limit=1')).json()
    const other = await call('GET', `/receivers?cursor=${String(next)}`)
    assertProblem(other, 400, 'validation-failed')
    assertProblem(await call('GET', '/receivers?limit=0'), 400, 'validation-failed')
    assertProblem(await call('GET', '/receivers?kind=mvpd'), 400, 'validation-failed')
    assertProblem(
      await world.server.call('GET', '/outright/v1/receivers'),
      401,
      'credentials-missing',
    )
  })
})
