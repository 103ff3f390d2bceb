/**
 * Weeks go by, and the wall clock is wrong, jumps and is set right: nothing that was logged out is
 * accepted again, and nothing that lives is deleted.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { IssuedTokens } from '../../src/core/issued-tokens.ts'
import { scopes, type Scope } from '../../src/domain/scope.ts'
import { ClockWorld } from './clock-world.ts'
import { keyOf, refusalOf } from './world.ts'

const RUNS = Number(process.env['OUTRIGHT_CLOCK_RUNS'] ?? 6)
const audience = 'clocks'
const hour = 3_600_000
const day = 24 * hour
/** Removing the only key there is would end the rest of a history. */
const ending = scopes.filter((scope) => scope !== 'signing_key')

function login(world: ClockWorld, accessLifetimeMs: number, name = 'maria'): Promise<IssuedTokens> {
  return world.core.openSession({
    subjectId: name,
    clientId: 'app',
    deviceKey: `phone of ${name}`,
    dialect: 'test',
    audience,
    accessLifetimeMs,
    refreshLifetimeMs: 365 * day,
  })
}

function refresh(
  world: ClockWorld,
  token: string,
  accessLifetimeMs: number,
): Promise<IssuedTokens> {
  return world.core.refresh({
    refreshToken: token,
    dialect: 'test',
    audience,
    accessLifetimeMs,
    refreshLifetimeMs: 365 * day,
    graceMs: 0,
    onReplay: 'refuse',
  })
}

function logout(world: ClockWorld, scope: Scope, key: string): Promise<unknown> {
  return world.core.revoke({ scope, key, reason: 'logout', actor: 'test', wait: true })
}

const whyRefused = (world: ClockWorld, { access }: IssuedTokens) =>
  refusalOf(world.core.inspect(access.token, audience))

async function withWorld(use: (world: ClockWorld) => Promise<void>): Promise<void> {
  const world = new ClockWorld()
  await world.start()
  try {
    await use(world)
  } finally {
    await world.close()
  }
}

test('a token of 30 days stays logged out 11 days later and after a restart, in every scope', () =>
  withWorld(async (world) => {
    const ended: IssuedTokens[] = []
    for (const scope of ending) {
      const issued = await login(world, 30 * day, `logged out by ${scope}`)
      await logout(world, scope, keyOf(scope, issued) ?? '')
      ended.push(issued)
    }
    for (let turn = 0; turn < 2; turn++) {
      await world.pass(11 * day, day)
      for (const issued of ended) assert.ok(await whyRefused(world, issued))
      await world.restart(hour)
      for (const issued of ended) assert.ok(await whyRefused(world, issued), 'after a restart')
    }
  }))

test('a clock that runs two hours ahead for a moment, and is set right, brings nothing back', () =>
  withWorld(async (world) => {
    const [ended, alive] = [await login(world, hour), await login(world, hour, 'ben')]
    await logout(world, 'session', ended.session.sid)
    world.clock.offsetMs = 2 * hour
    await world.pass(10_000, 500)
    world.clock.offsetMs = 0
    await world.pass(2000, 500)
    assert.equal(await whyRefused(world, ended), 'token_revoked')
    assert.equal(await whyRefused(world, alive), undefined)
  }))

test('nor does a machine that starts two hours ahead and is stepped back', () =>
  withWorld(async (world) => {
    const [ended, alive] = [await login(world, hour), await login(world, hour, 'ben')]
    await logout(world, 'session', ended.session.sid)
    world.clock.offsetMs = 2 * hour
    await world.restart(1000)
    await world.pass(10_000, 500)
    world.clock.offsetMs = 0
    await world.pass(2000, 500)
    assert.equal(await whyRefused(world, ended), 'token_revoked')
    assert.equal(await whyRefused(world, alive), undefined)
  }))

test('a clock 400 days ahead for two days deletes no session, refresh token, ticket or key', () =>
  withWorld(async (world) => {
    const issued = await login(world, 30 * day)
    const before = (await world.store.listKeys()).map(({ kid }) => kid)
    await world.dependencies.keys.rotate()
    const expiresAtMs = world.clock.trueMs + 10 * day
    await world.store.putTicket({ kind: 'regcode', key: 'k', value: '{}', expiresAtMs })
    world.clock.offsetMs = 400 * day
    await world.pass(day, 600_000)
    await world.restart()
    await world.pass(day, 600_000)
    world.clock.offsetMs = 0
    await world.pass(60_000, 1000)
    assert.ok(await world.store.findSession(issued.session.sid))
    assert.ok(await world.store.findTicket('regcode', 'k'))
    assert.ok((await world.store.listKeys()).some(({ kid }) => kid === before[0]))
    await refresh(world, issued.refresh?.token ?? '', 30 * day)
  }))

test('what has expired is deleted in the end, three days of running after a long downtime', () =>
  withWorld(async (world) => {
    const { session } = await login(world, hour)
    await world.restart(400 * day)
    await world.pass(2 * day, hour)
    assert.ok(await world.store.findSession(session.sid))
    await world.pass(2 * day, hour)
    assert.equal(await world.store.findSession(session.sid), undefined)
  }))

type Step =
  | { readonly do: 'login'; readonly subject: number; readonly life: number }
  | { readonly do: 'refresh'; readonly which: number }
  | { readonly do: 'logout'; readonly which: number; readonly scope: Scope }
  | { readonly do: 'pass'; readonly ms: number }
  | { readonly do: 'restart'; readonly ms: number }
  | { readonly do: 'clock'; readonly offsetMs: number }

const lives = [60_000, hour, 6 * hour, 10 * day, 30 * day, 90 * day]

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('login' as const),
      subject: fc.nat(2),
      life: fc.constantFrom(...lives),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('refresh' as const), which: fc.nat() }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('logout' as const),
      which: fc.nat(),
      scope: fc.constantFrom(...ending),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('pass' as const),
      ms: fc.constantFrom(1000, hour, day, 11 * day, 40 * day),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('restart' as const),
      ms: fc.constantFrom(0, 1000, day, 100 * day),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('clock' as const),
      offsetMs: fc.constantFrom(0, 0, -2 * hour, 2 * hour, -400 * day, 400 * day, 11 * day),
    }),
  },
)

test('random histories of weeks with wrong clocks: what ended stays ended, in every scope', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 15, maxLength: 40 }), (steps) =>
      withWorld(async (world) => {
        const issued: IssuedTokens[] = []
        const ended = new Set<IssuedTokens>()
        for (const one of steps) {
          await take(world, one, issued, ended)
          for (const dead of ended) {
            assert.ok(await whyRefused(world, dead), `accepted after ${JSON.stringify(one)}`)
          }
        }
      }),
    ),
    { numRuns: RUNS },
  )
})

async function take(
  world: ClockWorld,
  one: Step,
  issued: IssuedTokens[],
  ended: Set<IssuedTokens>,
): Promise<void> {
  switch (one.do) {
    case 'login':
      issued.push(await login(world, one.life, `subject ${String(one.subject)}`))
      return
    case 'refresh': {
      const from = issued[one.which % issued.length]
      if (from?.refresh === undefined) return
      // Used, ended, or over by a clock that is wrong: only what is handed out matters here.
      const attempt = refresh(world, from.refresh.token, from.session.accessLifetimeMs)
      const next = await attempt.catch(() => undefined)
      if (next !== undefined) issued.push(next)
      return
    }
    case 'logout': {
      const which = issued[one.which % issued.length]
      const key = which && keyOf(one.scope, which)
      if (key === undefined) return
      await logout(world, one.scope, key)
      for (const each of issued) if (keyOf(one.scope, each) === key) ended.add(each)
      return
    }
    case 'pass':
      return world.pass(one.ms, Math.max(500, one.ms / 24))
    case 'restart':
      return world.restart(one.ms)
    case 'clock':
      world.clock.offsetMs = one.offsetMs
  }
}

test('a token that a clock signed which was set back is logged out, though it does not yet let its bearer in', () =>
  withWorld(async (world) => {
    world.clock.offsetMs = 2 * hour
    const issued = await login(world, 6 * hour)
    world.clock.offsetMs = 0
    // Another process: this one has signed the token itself.
    await world.restart()
    const { token } = issued.access
    assert.equal(await whyRefused(world, issued), 'token_invalid')
    const claims = await world.core.inspectForLogout({ token, audience, wait: true })
    assert.equal(await whyRefused(world, issued), 'token_invalid', 'it is still early')
    await logout(world, 'session', claims.sid)
    world.clock.offsetMs = 2 * hour
    assert.equal(await whyRefused(world, issued), 'token_revoked')
  }))
