/** An identity provider is told of what ended here: by a delivery, after the answer. */
import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { ConfigError, loadConfig, type ConfigFile } from '../../src/server/config.ts'
import type { ProviderSettings } from '../../src/receivers/providers/index.ts'
import { startTestServer, type Reply, type TestServer } from '../harness.ts'
import { productCases } from './providers/products.ts'
import { callsOf, startProvider, type ProviderServer } from './providers/server.ts'

const product = productCases.keycloak
const headers = { authorization: 'Bearer outright-demo-admin' }

suite('the provider is told', () => {
  let provider: ProviderServer
  let server: TestServer
  let hold: Promise<void> | undefined
  before(async () => {
    provider = await startProvider(async (heard) => {
      await hold
      return product.answer(heard, provider.url)
    })
    const issuer = product.issuer(provider.url)
    const tell = product.settings(provider.url)
    const audience = ['orders']
    server = await startTestServer({
      oneNode: true,
      config: { issuers: [{ name: 'keycloak', issuer, profile: 'keycloak', audience, tell }] },
    })
  })
  after(async () => {
    await server.close()
    await provider.close()
  })

  const call = (method: string, path: string, body?: object): Promise<Reply> =>
    server.call(method, `/outright/v1${path}`, { headers, ...(body === undefined ? {} : { body }) })
  const end = (key: string): Promise<Reply> =>
    call('POST', '/revocations', { issuer: 'keycloak', scope: 'subject', key })

  /** The state of what the provider is owed because of an entry, once it is that. */
  async function toldOnce(id: string, state: string): Promise<unknown> {
    for (;;) {
      const { told } = (await call('GET', `/revocations/${id}`)).json()
      if (told[0].state === state) return told
      await sleep(20)
    }
  }

  test('the answer names it as owed and does not wait; the entry says when it was told', async () => {
    let release: () => void = () => undefined
    hold = new Promise((resolve) => (release = resolve))
    const reply = await end('maria')
    assert.equal(reply.status, 201, reply.text)
    const { revocation, told } = reply.json()
    const [{ delivery, ...rest }] = told
    assert.deepEqual(rest, { receiver: 'provider:keycloak', state: 'owed' })
    release()
    await toldOnce(revocation.id, 'delivered')
    assert.deepEqual(callsOf(provider).slice(-1), ['POST /admin/realms/shop/users/maria/logout'])
    const { items } = (await call('GET', '/deliveries?receiver=provider:keycloak')).json()
    assert.equal(items[0].id, delivery)
    assert.equal(items[0].revocation, revocation.id)
    assert.equal(items[0].state, 'delivered')
  })

  test('of what it does not take there is a dead letter with the reason, to be tried again', async () => {
    provider.instead.push({ status: 400, body: { error: 'bad id' } })
    const { revocation, told } = (await end('ann')).json()
    await toldOnce(revocation.id, 'dead')
    const { items } = (await call('GET', '/deliveries?state=dead')).json()
    assert.equal(items[0].lastError, 'it answered 400')
    await call('POST', `/deliveries/${told[0].delivery}/retry`)
    await toldOnce(revocation.id, 'delivered')
  })

  test('of what it has no call for, and of our own ends, nothing is owed', async () => {
    for (const body of [
      { issuer: 'keycloak', scope: 'client', key: 'web' },
      { scope: 'subject', key: 'maria' },
    ]) {
      assert.deepEqual((await call('POST', '/revocations', body)).json().told, [])
    }
  })
})

suite('credentials of a provider in the configuration', () => {
  const entry = { name: 'idp', issuer: 'https://idp.example/realms/shop', audience: ['orders'] }
  const tell = { kind: 'keycloak', clientId: 'outright', clientSecret: 's3cret-of-ours' }
  const reads = (profile: 'keycloak' | 'okta' | 'generic', given: object) => {
    const issuers = [{ ...entry, profile, tell: given as ProviderSettings }]
    return loadConfig({}, { demo: true, issuers } satisfies ConfigFile)
  }

  test('they are taken whole, for the product of the profile', async () => {
    for (const profile of ['keycloak', 'generic'] as const) {
      assert.deepEqual((await reads(profile, tell)).issuers[0]?.tell, tell)
    }
    await assert.rejects(reads('okta', tell), /tell\.kind is "keycloak"; allowed: the profile/)
  })

  test('one that an example shows is refused, and told once', async () => {
    const issuers = [
      { ...entry, tell: { ...tell, clientSecret: 'REPLACE-ME' } as ProviderSettings },
    ]
    await assert.rejects(
      loadConfig({}, { issuers } satisfies ConfigFile),
      /^ConfigError: Cannot use a setting: issuers\[0\]\.tell\.clientSecret is a credential of the demo/,
    )
  })

  test('what is incomplete, empty, unknown or no key is refused, and nothing secret is shown', async () => {
    for (const [given, reason] of [
      [{ ...tell, clientId: undefined }, /tell\.clientId/],
      [{ kind: 'keycloak', clientSecret: 's3cret-of-ours' }, /tell\.clientId is missing/],
      [{ ...tell, clientSecret: '' }, /tell\.clientSecret is empty/],
      [{ ...tell, clientKey: 'x' }, /tell\.clientKey is not a setting/],
      [{ clientId: 'outright' }, /tell\.kind is missing/],
      [{ ...tell, kind: 'supabase' }, /tell\.kind is "supabase"/],
      [{ kind: 'firebase', clientEmail: 'a@b', privateKey: 's3cret-of-ours' }, /privateKey/],
      [{ kind: 'authentik', apiToken: 'x', subjectMode: 'hashed_user_id' }, /subjectMode/],
    ] as const) {
      await assert.rejects(reads('generic', given), (error) => {
        assert.ok(error instanceof ConfigError)
        assert.match(error.message, reason)
        assert.doesNotMatch(error.message, /s3cret/)
        return true
      })
    }
  })
})
