/** Logins at other issuers become known when a token of theirs is accepted, and end from there. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { createClient, type WireDryRun, type WireForeignSession } from '../../src/client/index.ts'
import { readSightingRules, sightingRules } from '../../src/protocol/sightings.ts'
import { Sightings } from '../../src/verifier/sightings.ts'
import type { KeepForeignSessions } from '../../src/ports/foreign-session.ts'
import { loadConfig } from '../../src/server/config.ts'
import { openIssuers } from '../../src/server/issuers.ts'
import { silentLog, systemClock } from '../../src/server/system.ts'
import { useIssuers, type IssuerWorld } from './world.ts'

const LISTED_WITHIN_MS = 120_000

async function listAt(
  world: IssuerWorld,
  filter: { readonly issuer?: string; readonly subject?: string; readonly session?: string } = {},
): Promise<readonly WireForeignSession[]> {
  const client = createClient({ server: world.server.url, token: 'outright-demo-admin' })
  const found: WireForeignSession[] = []
  for await (const one of client.foreignSessions(filter)) found.push(one)
  return found
}

/** Asks until as many are listed; they are stored a second after they were seen. */
async function listed(
  world: IssuerWorld,
  subject: string,
  count: number,
): Promise<readonly WireForeignSession[]> {
  const deadlineMs = performance.now() + LISTED_WITHIN_MS
  for (;;) {
    const found = await listAt(world, { issuer: 'keycloak', subject })
    if (found.length >= count || performance.now() > deadlineMs) return found
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

suite('logins at other issuers', () => {
  const world = useIssuers()

  /** How many live logins a dry run finds. */
  async function tried(target: { readonly scope: string; readonly key: string }): Promise<number> {
    const reply = await world.end({ issuer: 'keycloak', ...target, reason: 'logout', dryRun: true })
    return (reply.json() as WireDryRun).sessions
  }

  test('one that the node accepts is listed, and none of its tokens is stored', async () => {
    const token = await world.token({ sub: 'anna', sid: 'a1', jti: 'of-anna' })
    const headers = { authorization: `Bearer ${token}` }
    assert.equal((await world.server.call('GET', '/outright/v1/check', { headers })).status, 200)
    const [found, ...others] = await listed(world, 'anna', 1)
    assert.ok(found)
    assert.deepEqual(others, [])
    const { firstSeenAt, lastSeenAt, expiresAt, ...names } = found
    assert.deepEqual(names, {
      issuer: world.idp.url,
      subject: 'anna',
      session: 'a1',
      client: 'web',
      state: 'live',
    })
    assert.equal(firstSeenAt, lastSeenAt)
    assert.ok(expiresAt > lastSeenAt)
    assert.ok(!JSON.stringify(await listAt(world)).includes('of-anna'))
  })

  test('its identity provider is listed, with its keys and the logins that are live', async () => {
    const client = createClient({ server: world.server.url, token: 'outright-demo-admin' })
    const token = await world.token({ sub: 'alma', sid: 'al' })
    assert.equal(await world.verdict(token), 'ok')
    await listed(world, 'alma', 1)
    const live = await listAt(world).then((all) => all.filter(({ state }) => state === 'live'))
    const [found, ...others] = await client.identityProviders()
    assert.ok(found)
    assert.deepEqual(others, [])
    const { keySet, ...rest } = found
    const sessions = { count: live.length, exact: true }
    const issuer = world.idp.url
    assert.deepEqual(rest, { name: 'keycloak', issuer, profile: 'keycloak', sessions })
    const { fetchedAt, ...keys } = keySet
    assert.deepEqual(keys, { state: 'fetched', keys: 1, error: null })
    assert.ok(Math.abs(Date.now() - Date.parse(fetchedAt ?? '')) < 600_000)
  })

  test('one that a guard accepts is listed, and one that no verifier accepts is not', async () => {
    const good = await world.token({ sub: 'bert', sid: 'b1' })
    const bad = await world.token({ sub: 'bert', sid: 'b2', aud: 'others' })
    // One that has told of nothing yet does not wait before it does.
    const guard = world.newGuard()
    await guard.ready()
    assert.equal((await guard.check(good)).ok, true)
    assert.equal((await guard.check(bad)).ok, false)
    const found = await listed(world, 'bert', 1)
    assert.deepEqual(
      found.map(({ session }) => session),
      ['b1'],
    )
  })

  test('it ends from there: it is listed as ended, and its tokens are refused', async () => {
    const token = await world.token({ sub: 'cleo', sid: 'c1' })
    const other = await world.token({ sub: 'cleo', sid: 'c2' })
    for (const one of [token, other]) assert.equal(await world.verdict(one), 'ok')
    await listed(world, 'cleo', 2)
    assert.deepEqual(await tried({ scope: 'subject', key: 'cleo' }), 2)
    assert.deepEqual(await tried({ scope: 'session', key: 'c1' }), 1)
    assert.deepEqual(await tried({ scope: 'grant', key: 'web cleo' }), 2)
    assert.deepEqual(await tried({ scope: 'grant', key: 'app cleo' }), 0)
    const [found] = await listAt(world, { issuer: 'keycloak', session: 'c1' })
    const end = { issuer: found?.issuer, scope: 'session', key: found?.session, reason: 'logout' }
    assert.equal((await world.end(end)).status, 201)
    assert.equal(await world.verdict(token), 'revoked')
    assert.equal(await world.verdict(other), 'ok')
    const states = (await listAt(world, { subject: 'cleo' })).map((one) => [one.session, one.state])
    assert.deepEqual(states, [
      ['c1', 'revoked'],
      ['c2', 'live'],
    ])
    assert.deepEqual(await tried({ scope: 'subject', key: 'cleo' }), 1)
  })

  test('what ended up to a second is alive again once a later login was seen', async () => {
    const seconds = Math.floor(Date.now() / 1000)
    const before = { sub: 'dora', sid: 'd1', auth_time: seconds - 100 }
    assert.equal(await world.verdict(await world.token(before)), 'ok')
    await listed(world, 'dora', 1)
    const end = { issuer: 'keycloak', scope: 'subject', key: 'dora', reason: 'logout' }
    assert.equal((await world.end(end)).status, 201)
    assert.deepEqual(
      (await listAt(world, { subject: 'dora' })).map(({ state }) => state),
      ['revoked'],
    )
  })

  test('only a guard may tell of one, and only of an issuer that is configured', async () => {
    const tell = (sightings: unknown, credential = 'outright-demo-guard') =>
      world.server.call('POST', '/outright/v1/sightings', {
        headers: { authorization: `Bearer ${credential}` },
        body: { sightings },
      })
    const one = { issuer: world.idp.url, subject: 'emil', session: '', client: '', sinceSeconds: 1 }
    assert.equal((await tell([one], 'wrong')).status, 401)
    assert.equal((await world.server.call('POST', '/outright/v1/sightings')).status, 401)
    for (const wrong of [
      [{ ...one, subject: 1 }],
      ...[1e17, 1e300].map((sinceSeconds) => [{ ...one, sinceSeconds }]),
      'x',
      [{}],
      Array.from({ length: 257 }, () => one),
    ]) {
      assert.equal((await tell(wrong)).status, 400)
    }
    const strange = { ...one, issuer: 'https://strange.example' }
    const long = { ...one, session: 'x'.repeat(513) }
    assert.equal((await tell([one, strange, long])).status, 204)
    assert.equal((await listed(world, 'emil', 1)).length, 1)
    assert.equal(
      (await listAt(world, {})).some(({ issuer }) => issuer === strange.issuer),
      false,
    )
  })

  test('an issuer that is not configured cannot be asked about', async () => {
    await assert.rejects(listAt(world, { issuer: 'nobody' }), /issuer/)
  })
})

suite('logins at other issuers, where they are switched off', () => {
  const world = useIssuers({}, { foreignSessions: { enabled: false } })

  test('guards are not asked', async () => {
    const reply = await world.server.call('GET', '/outright/v1/issuers', {
      headers: { authorization: 'Bearer outright-demo-guard' },
    })
    assert.equal(readSightingRules(reply.json()), undefined)
    assert.equal(await world.verdict(await world.token({ sub: 'fred' })), 'ok')
  })
})

suite('sightings in a node', () => {
  const issuer = 'https://sso.example'
  const one = { issuer, subject: 's', session: '', client: 'c', sinceSeconds: 5 }
  /** A node's issuers, what was stored, and the timers that run. */
  const openWith = async (enabled: boolean) => {
    const timers: (() => void)[] = []
    const stored: KeepForeignSessions[] = []
    const clock = {
      ...systemClock,
      after: (_: number, callback: () => void) => {
        timers.push(callback)
        return () => undefined
      },
    }
    const store = {
      keepForeignSessions(command: KeepForeignSessions) {
        stored.push(command)
        return Promise.resolve()
      },
    }
    const issuers = [{ name: 'sso', issuer, audience: ['api'] }]
    const config = await loadConfig({}, { issuers, foreignSessions: { enabled, maxKept: 7 } })
    return { timers, stored, issuers: openIssuers(config, store, clock, silentLog) }
  }

  test('are stored together, a second after the first', async () => {
    const { issuers, timers, stored } = await openWith(true)
    issuers.see(one)
    issuers.see({ ...one, subject: 't' })
    issuers.see({ ...one, issuer: 'https://strange.example' })
    assert.equal(timers.length, 1)
    timers[0]?.()
    const [{ sessions, maxKept } = { sessions: [], maxKept: 0 }] = stored
    assert.equal(maxKept, 7)
    assert.deepEqual(
      sessions.map(({ subject }) => subject),
      ['s', 't'],
    )
  })

  test('are nothing where they are switched off', async () => {
    const { issuers, timers } = await openWith(false)
    issuers.see(one)
    assert.deepEqual(timers, [])
  })
})

suite('sightings on their way', () => {
  const one = { issuer: 'i', subject: 's', session: '', client: 'c', sinceSeconds: 5 }

  test('each is there once, with its latest time, and never more than fit', () => {
    const sightings = new Sightings(2)
    sightings.add(one)
    sightings.add({ ...one, sinceSeconds: 9 })
    sightings.add({ ...one, sinceSeconds: 7 })
    sightings.add({ ...one, subject: 't' })
    sightings.add({ ...one, subject: 'too many' })
    sightings.add({ ...one, subject: 'x'.repeat(513) })
    assert.equal(sightings.size, 2)
    assert.deepEqual(sightings.take(1), [{ ...one, sinceSeconds: 9 }])
    assert.deepEqual(sightings.take(9), [{ ...one, subject: 't' }])
    assert.equal(sightings.size, 0)
  })

  test('a document that says nothing that is understood asks for none', () => {
    for (const sightings of [
      undefined,
      null,
      {},
      { everyMs: 0, most: 1 },
      { everyMs: '1', most: 1 },
    ]) {
      assert.equal(readSightingRules({ issuers: [], sightings }), undefined)
    }
    assert.deepEqual(readSightingRules({ sightings: sightingRules }), sightingRules)
  })
})
