/**
 * Invariants 1, 2, 5 and 7 under concurrency: whatever races a logout, afterwards nothing in its
 * reach is alive and nothing else is harmed. Every run has a seed, which a failure names.
 */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { IssuedTokens } from '../../src/core/issued-tokens.ts'
import { generationIn } from '../../src/domain/generation.ts'
import type { Scope } from '../../src/domain/scope.ts'
import { startTestServer, type TestServer } from '../harness.ts'
import { audience, join, keyOf, login, logout, refresh, refusalOf, whyRefused } from './world.ts'

const RUNS = Number(process.env['OUTRIGHT_RACE_RUNS'] ?? 500)

let server: TestServer
before(async () => {
  server = await startTestServer()
})
after(() => server.close())

/** A small generator (mulberry32) whose runs repeat from their seed. */
function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

/** Starts everything at once, in an order and with gaps that the seed chooses. */
async function race<T>(random: () => number, starts: readonly (() => Promise<T>)[]): Promise<T[]> {
  const order = starts.map((start) => ({ start, at: random() })).sort((a, b) => a.at - b.at)
  return Promise.all(
    order.map(async ({ start }) => {
      for (let gap = Math.floor(random() * 4); gap > 0; gap--) await gapOf(random)
      return start()
    }),
  )
}

function gapOf(random: () => number): Promise<void> {
  return random() < 0.5 ? Promise.resolve() : new Promise((resolve) => setImmediate(resolve))
}

async function assertDead(seed: number, tokens: readonly IssuedTokens[]): Promise<void> {
  for (const { access, refresh: refreshToken } of tokens) {
    assert.equal(await whyRefused(server, access.token), 'token_revoked', `seed ${seed}`)
    if (refreshToken !== undefined) {
      const refusal = await refusalOf(refresh(server, refreshToken.token))
      assert.ok(refusal !== undefined, `seed ${seed}: a refresh token outlived the logout`)
    }
  }
}

async function assertAlive(seed: number, tokens: IssuedTokens): Promise<void> {
  assert.equal(await whyRefused(server, tokens.access.token), undefined, `seed ${seed}`)
  const refreshToken = tokens.refresh?.token ?? ''
  assert.equal(await refusalOf(refresh(server, refreshToken)), undefined, `seed ${seed}`)
}

const racedScopes: readonly Scope[] = ['session', 'subject', 'client', 'grant', 'device']

describe('a logout that races a refresh', () => {
  for (const scope of racedScopes) {
    test(`${scope}: what the refresh won is dead, others live`, async () => {
      for (let seed = 0; seed < RUNS; seed++) {
        const random = seeded(seed)
        const names = namesOf(scope, seed, 'a')
        const mine = await login(server, names)
        const other = await login(server, namesOf(scope, seed, 'b'))
        const won: IssuedTokens[] = [mine]
        await race(random, [
          () => logout(server, scope, keyOf(scope, mine) ?? ''),
          async () => {
            try {
              won.push(await refresh(server, mine.refresh?.token ?? ''))
            } catch (error) {
              assert.equal(await refusalOf(Promise.reject(error as Error)), 'token_revoked')
            }
          },
        ])
        await assertDead(seed, won)
        if (seed % 20 === 0) await assertAlive(seed, other)
      }
    })
  }
})

describe('a logout that races a login', () => {
  for (const scope of ['subject', 'client', 'device', 'everyone'] as const) {
    test(`${scope}: the login is after it, and lives, or is dead on arrival`, async () => {
      for (let seed = 0; seed < RUNS / 2; seed++) {
        const random = seeded(seed)
        const names = namesOf(scope, seed, 'login')
        const first = await login(server, names)
        const [, second] = (await raceInOrder(random, [
          () => logout(server, scope, keyOf(scope, first) ?? ''),
          () => login(server, names),
        ])) as [unknown, IssuedTokens]
        await assertDead(seed, [first])
        const refusal = await whyRefused(server, second.access.token)
        const isOld = second.session.generations[scope] === first.session.generations[scope]
        assert.equal(refusal, isOld ? 'token_revoked' : undefined, `seed ${seed}`)
      }
    })
  }
})

const joinRaces: readonly Scope[] = [
  'session',
  'subject',
  'device',
  'client',
  'grant',
  'participant',
]

describe('a logout that races a join', () => {
  for (const scope of joinRaces) {
    test(`${scope}: the join is after it, or dead on arrival, and others are unharmed`, async () => {
      const endsAll = ['session', 'subject', 'device'].includes(scope)
      for (let seed = 0; seed < RUNS / 2; seed++) {
        const random = seeded(seed)
        const first = await login(server, namesOf(scope, seed, 'join'))
        const { sid } = first.session
        const app = `app-${scope}-${seed}`
        const before = await join(server, sid, app)
        const key = keyOf(scope, before) ?? ''
        const joined: IssuedTokens[] = []
        await race(random, [
          () => logout(server, scope, key),
          async () => {
            const attempt = join(server, sid, app)
            const refusal = await refusalOf(attempt)
            if (refusal === undefined) joined.push(await attempt)
            else assert.equal(refusal, endsAll ? 'token_revoked' : undefined, `seed ${seed}`)
          },
        ])
        await assertDead(seed, [before])
        const isOld = ({ session }: IssuedTokens) =>
          endsAll || session.participantId === before.session.participantId
        await assertDead(seed, joined.filter(isOld))
        for (const late of joined.filter((one) => !isOld(one))) await assertAlive(seed, late)
        if (endsAll) await assertDead(seed, [first])
        else if (seed % 20 === 0) await assertAlive(seed, first)
        if (endsAll) assert.equal(await refusalOf(join(server, sid, app)), 'token_revoked')
      }
    })
  }
})

test('reuse of a refresh token of one client ends the session for all of them', async () => {
  const first = await login(server, namesOf('session', 1, 'reuse'))
  const app = await join(server, first.session.sid, 'app-reuse')
  const next = await refresh(server, app.refresh?.token ?? '')
  assert.equal(next.session.clientId, 'app-reuse')
  const again = await refusalOf(refresh(server, app.refresh?.token ?? ''))
  assert.equal(again, 'refresh_token_reused')
  await assertDead(1, [first, next])
})

/** Like `race`, with the results in the order of the starts. */
async function raceInOrder<T>(
  random: () => number,
  starts: readonly (() => Promise<T>)[],
): Promise<T[]> {
  const results: T[] = []
  await race(
    random,
    starts.map((start, index) => async () => {
      results[index] = await start()
    }),
  )
  return results
}

test('a hundred logouts of one token at once: one revocation, a hundred successes', async () => {
  for (let seed = 0; seed < 20; seed++) {
    const mine = await login(server, namesOf('session', seed, 'hundred'))
    const claims = await server.core.inspect(mine.access.token, audience)
    const revoked = await Promise.all(
      Array.from({ length: 100 }, () =>
        server.core.revoke({
          scope: 'session',
          key: claims.sid,
          reason: 'logout',
          actor: 'test',
          wait: true,
        }),
      ),
    )
    assert.equal(new Set(revoked.map(({ revocation }) => revocation.id)).size, 1)
    assert.equal(revoked.filter(({ added }) => added).length, 1)
    assert.ok(revoked.every(({ receipt }) => receipt.confirmed))
    await assertDead(seed, [mine])
  }
})

test('a hundred logouts of one client at once raise its generation once', async () => {
  const mine = await login(server, namesOf('client', 1, 'hundred'))
  const { gen, client_id: clientId } = await server.core.inspect(mine.access.token, audience)
  const revoked = await Promise.all(
    Array.from({ length: 100 }, () =>
      server.core.revoke({
        scope: 'client',
        key: clientId,
        reason: 'logout',
        actor: 'test',
        ifGeneration: generationIn(gen, 'client'),
        wait: true,
      }),
    ),
  )
  assert.equal(revoked.filter(({ added }) => added).length, 1)
  const next = await login(server, namesOf('client', 1, 'hundred'))
  assert.equal(next.session.generations.client, generationIn(gen, 'client') + 1)
  assert.equal(await whyRefused(server, next.access.token), undefined)
})

test('logout of everyone racing logins and refreshes of all people', async () => {
  for (let seed = 0; seed < RUNS / 10; seed++) {
    const random = seeded(seed)
    const before = await Promise.all(
      [1, 2, 3, 4, 5].map((number) => login(server, namesOf('subject', seed, `all${number}`))),
    )
    const during: IssuedTokens[] = []
    await race(random, [
      () => logout(server, 'everyone', '*'),
      ...before.map(({ refresh: token }) => async () => {
        during.push(...(await settled(refresh(server, token?.token ?? ''))))
      }),
      ...[6, 7, 8].map((number) => async () => {
        during.push(await login(server, namesOf('subject', seed, `all${number}`)))
      }),
    ])
    const generations = await server.store.generations(namesOf('subject', seed, 'all1'))
    const old = during.filter((one) => one.session.generations.everyone < generations.everyone)
    await assertDead(seed, [...before, ...old])
    for (const one of during.filter((issued) => !old.includes(issued))) await assertAlive(seed, one)
  }
})

async function settled(attempt: Promise<IssuedTokens>): Promise<IssuedTokens[]> {
  const [result] = await Promise.allSettled([attempt])
  return result.status === 'fulfilled' ? [result.value] : []
}

/** Names that share nothing with other runs, and with a neighbour only what is outside the scope. */
function namesOf(
  scope: Scope,
  seed: number,
  who: string,
): { subjectId: string; clientId: string; deviceKey: string } {
  return {
    subjectId: `subject-${scope}-${seed}-${who}`,
    clientId: `client-${scope}-${seed}-${who}`,
    deviceKey: `device/${scope}-${seed}-${who}`,
  }
}

test('a shorter lifetime in the configuration does not make a logout forgotten too early', async () => {
  const issued = await login(server, namesOf('session', 1, 'shorter'))
  const { revocation } = await server.core.revoke({
    scope: 'session',
    key: issued.session.sid,
    reason: 'logout',
    actor: 'test',
    wait: true,
  })
  assert.ok(revocation.forgetAfterMs > issued.access.expiresAtMs)
})

test('a login that checked the old password opens nothing once the password was changed', async () => {
  const { core, store } = server
  const lookup = { by: 'username', value: 'maria' } as const
  const maria = await core.authenticateSubject(lookup, 'maria-demo')
  const names = { subjectId: maria.id, clientId: 'directlink', dialect: 'test', audience }
  const lifetime = { accessLifetimeMs: 600_000 }
  const early = await core.openSession({ ...names, ...lifetime, provedBy: maria })
  await store.updateSubject(maria.id, { passwordHash: 'changed' })
  await logout(server, 'subject', maria.id)
  assert.equal(await whyRefused(server, early.access.token), 'token_revoked')
  const late = core.openSession({ ...names, ...lifetime, provedBy: maria })
  assert.equal(await refusalOf(late), 'credentials_invalid')
  const filter = { subjectId: maria.id, liveAtMs: server.dependencies.clock.nowMs() }
  assert.equal((await store.countSessions(filter)).count, 0)
})
