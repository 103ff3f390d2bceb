/**
 * Every receiver that must be told of an end is told, whichever path ended it: over all scopes and
 * callers.
 */
import assert from 'node:assert/strict'
import { after, before, beforeEach, suite, test } from 'node:test'
import { openAuthentication } from '../../src/http/dialects/adobe-pass/authentication.ts'
import { deviceKeyOf } from '../../src/http/dialects/adobe-pass/parse.ts'
import { createPass } from '../../src/http/dialects/adobe-pass/pass.ts'
import { until } from '../stores/until.ts'
import { startTestServer, type TestServer } from '../harness.ts'
import { logOut } from '../dialects/adobe-pass-kit.ts'
import { MVPD, openProvider, SECRET, type Provider } from './provider.ts'

const admin = { authorization: 'Bearer outright-demo-admin' }

let provider: Provider
let server: TestServer
let devices = 0

before(async () => {
  provider = await openProvider()
  const mvpds = [
    {
      id: MVPD,
      displayName: 'Cable',
      logout: { kind: 'message', url: provider.url } as const,
      secret: SECRET,
    },
    { id: 'Silent', displayName: 'Silent', secret: SECRET },
  ]
  server = await startTestServer({ config: { dialects: { adobePass: { options: { mvpds } } } } })
})

after(async () => {
  await server.close()
  await provider.close()
})

beforeEach(() => {
  heard = provider.told.length
})

let heard = 0

/** What the provider was told in this test: the viewers, in the order of their names. */
async function toldOf(count: number): Promise<readonly string[]> {
  const told = (await provider.hears(heard + count)).slice(heard)
  for (const { id, header } of told) assert.equal(id, header)
  assert.equal(new Set(told.map(({ id }) => id)).size, told.length, 'each message once')
  return told.map(({ userId }) => userId).toSorted()
}

/** Waits until all that has ended so far is told: what is planned last is told, and nothing is owed. */
async function allTold(): Promise<void> {
  const { store } = server.dependencies
  const { sid } = await watch('the last')
  await revoke('session', sid)
  await until(() => provider.told.some(({ userId }) => userId === 'the last'))
  await until(async () => (await store.countDeliveries()).owed === 0)
}

/** Opens the AuthN token of a viewer, as a login at the provider does. */
async function watch(
  userId: string,
  deviceId = `tv-${String(++devices)}`,
  { requestor = 'REF30', mvpd = MVPD, lifetimeMs = 3_600_000 } = {},
) {
  const { core, node } = server
  const { clock, random, log } = server.dependencies
  const context = {
    core,
    node,
    clock,
    issuer: 'http://127.0.0.1:8080',
    prefix: '',
    rateLimitFactor: 1,
    demo: true,
    random,
    log,
  }
  const pass = createPass(context, { mediaLifetimeMs: 60_000 } as never)
  const caller = { clientAddress: '192.0.2.1', header: () => undefined }
  return openAuthentication(pass, caller, {
    requestor,
    deviceKey: deviceId,
    mvpd,
    userId,
    deviceType: 'tv',
    metadata: {},
    lifetimeMs,
  })
}

function revoke(scope: string, key?: string) {
  const body = key === undefined ? { scope } : { scope, key }
  return server.call('POST', '/outright/v1/revocations', { headers: admin, body })
}

suite('the provider is told', () => {
  test('when an operator ends a device: each viewer once, with the entry’s id', async () => {
    await watch('ann', 'box')
    await watch('ann', 'box')
    await watch('bob', 'box')
    await watch('eva', 'other box')
    const reply = await revoke('device', 'box')
    assert.deepEqual(await toldOf(2), ['ann', 'bob'])
    const told = provider.told.slice(heard)
    for (const { revocationId, requestor, mvpd } of told) {
      assert.deepEqual([revocationId, requestor, mvpd], [reply.json().revocation.id, 'REF30', MVPD])
    }
    await revoke('device', 'box')
    assert.equal((await toldOf(2)).length, 2, 'what has ended does not end again')
  })

  test('when an operator ends a session by its name', async () => {
    const { sid } = await watch('ann')
    await watch('ann')
    await server.call('DELETE', `/outright/v1/sessions/${sid}`, { headers: admin })
    assert.deepEqual(await toldOf(1), ['ann'])
    assert.equal((await revoke('session', sid)).json().added, false)
    await revoke('subject', `${MVPD}/ann`)
    assert.deepEqual(await toldOf(2), ['ann', 'ann'], 'the other session, and not the first again')
  })

  test('when a subject is ended, on all its devices: once', async () => {
    await watch('carl')
    await watch('carl')
    await watch('dora')
    await revoke('subject', `${MVPD}/carl`)
    assert.deepEqual(await toldOf(1), ['carl'])
  })

  test('when a client is ended or a grant: at that requestor alone', async () => {
    await watch('ann', 'a', { requestor: 'ONE' })
    await watch('bob', 'b', { requestor: 'ONE' })
    await watch('ann', 'c', { requestor: 'TWO' })
    await revoke('grant', `ONE ${MVPD}/ann`)
    assert.deepEqual(await toldOf(1), ['ann'])
    await revoke('client', 'ONE')
    assert.deepEqual(await toldOf(2), ['ann', 'bob'])
    assert.ok(provider.told.slice(heard).every(({ requestor }) => requestor === 'ONE'))
  })

  test('when a client is disabled, and when a subject is', async () => {
    const { store, clock } = server.dependencies
    const common = { name: 'x', status: 'active', createdAtMs: clock.nowMs() } as const
    await store.createClient({
      ...common,
      id: 'THREE',
      dialect: 'adobe-pass',
      key: 'THREE',
      secretHash: undefined,
      allowlist: [],
      redirectUris: [],
      attributes: {},
    })
    await store.createSubject({
      ...common,
      id: `${MVPD}/listed`,
      username: undefined,
      email: undefined,
      phone: undefined,
      passwordHash: undefined,
      attributes: {},
    })
    await watch('ann', 'a', { requestor: 'THREE' })
    await watch('listed')
    const body = { status: 'disabled' }
    await server.call('PATCH', '/outright/v1/clients/THREE', { headers: admin, body })
    assert.deepEqual(await toldOf(1), ['ann'])
    const path = `/outright/v1/subjects/${encodeURIComponent(`${MVPD}/listed`)}`
    await server.call('PATCH', path, { headers: admin, body })
    assert.deepEqual(await toldOf(2), ['ann', 'listed'])
  })

  test('when a subject’s password changes, which ends its sessions', async () => {
    const { store, clock } = server.dependencies
    await store.createSubject({
      id: `${MVPD}/pw`,
      name: 'pw',
      username: undefined,
      email: undefined,
      phone: undefined,
      passwordHash: undefined,
      status: 'active',
      createdAtMs: clock.nowMs(),
      attributes: {},
    })
    await watch('pw')
    const path = `/outright/v1/subjects/${encodeURIComponent(`${MVPD}/pw`)}`
    await server.call('PATCH', path, { headers: admin, body: { generatePassword: true } })
    assert.deepEqual(await toldOf(1), ['pw'])
  })

  test('when the device itself logs out, once for each viewer, with the receipt’s id', async () => {
    await watch('ann', deviceKeyOf('REF30', 'shared'))
    await watch('ann', deviceKeyOf('REF30', 'shared'))
    await watch('bob', deviceKeyOf('REF30', 'shared'))
    const reply = await logOut(server, 'shared')
    assert.deepEqual(await toldOf(2), ['ann', 'bob'])
    for (const { revocationId } of provider.told.slice(heard)) {
      assert.equal(revocationId, reply.headers['outright-revocation'])
    }
    await logOut(server, 'shared')
    await logOut(server, 'nobody')
    assert.equal((await toldOf(2)).length, 2)
  })

  test('when everyone is logged out: of 250 viewers each, the expired as well, not the ended', async () => {
    // Tests before this one have left sessions open.
    await revoke('everyone')
    await allTold()
    heard = provider.told.length
    const viewers = Array.from({ length: 250 }, (_, index) => `viewer-${String(index)}`)
    await Promise.all(viewers.map((viewer) => watch(viewer)))
    await watch('expired', 'e', { lifetimeMs: 1 })
    const { sid } = await watch('ended')
    await watch('silent', 's', { mvpd: 'Silent' })
    await revoke('session', sid)
    assert.deepEqual(await toldOf(1), ['ended'])
    await revoke('everyone')
    // What the clock of one node calls expired may live by all others.
    assert.deepEqual(await toldOf(252), [...viewers, 'ended', 'expired'].toSorted())
  })
})
