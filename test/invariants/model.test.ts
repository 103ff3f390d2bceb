/**
 * Random histories of login, join, refresh, use and logout of every scope against the core and
 * against a model that is a page long: both must agree on every answer. A failing history is shrunk
 * and printed.
 */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import fc from 'fast-check'
import type { IssuedTokens } from '../../src/core/issued-tokens.ts'
import type { FailureKind } from '../../src/domain/failure.ts'
import { scopes, type Scope } from '../../src/domain/scope.ts'
import { startTestServer, type TestServer } from '../harness.ts'
import { join, keyOf, login, logout, refresh, refusalOf, whyRefused } from './world.ts'

const RUNS = Number(process.env['OUTRIGHT_MODEL_RUNS'] ?? 300)

type Step =
  | {
      readonly do: 'login'
      readonly subject: number
      readonly client: number
      readonly device: number
    }
  | { readonly do: 'join'; readonly which: number; readonly client: number }
  | { readonly do: 'refresh'; readonly which: number }
  | { readonly do: 'use'; readonly which: number }
  | { readonly do: 'logout'; readonly which: number; readonly scope: Scope }

/** Removing the only key there is would end the rest of a history. */
const ending = scopes.filter((scope) => scope !== 'signing_key')

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('login' as const),
      subject: fc.nat(2),
      client: fc.nat(2),
      device: fc.nat(2),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('join' as const), which: fc.nat(), client: fc.nat(2) }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('refresh' as const), which: fc.nat() }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('use' as const), which: fc.nat() }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('logout' as const),
      which: fc.nat(),
      // Everyone is rare: it makes the rest of a history dull.
      scope: fc.constantFrom(...ending, ...ending.filter((scope) => scope !== 'everyone')),
    }),
  },
)

/** What the model knows of one issued pair. */
interface Modelled {
  readonly issued: IssuedTokens
  accessDead: boolean
  /** For its client. */
  sessionDead: boolean
  refreshUsed: boolean
}

let server: TestServer
before(async () => {
  server = await startTestServer()
})
after(() => server.close())

test('the model and the core agree on random histories', async () => {
  let history = 0
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 30 }), async (steps) => {
      history++
      const known: Modelled[] = []
      for (const one of steps) await take(one, known, `h${String(history)}`)
      for (const pair of known) await checkUse(pair)
    }),
    { numRuns: RUNS },
  )
})

async function take(one: Step, known: Modelled[], prefix: string): Promise<void> {
  if (one.do === 'login') {
    const issued = await login(server, {
      subjectId: `${prefix}-s${String(one.subject)}`,
      clientId: `${prefix}-c${String(one.client)}`,
      deviceKey: one.device === 0 ? undefined : `${prefix}/d${String(one.device)}`,
    })
    known.push({ issued, accessDead: false, sessionDead: false, refreshUsed: false })
    return
  }
  const pair = known[one.which % Math.max(1, known.length)]
  if (pair === undefined) return
  switch (one.do) {
    case 'use':
      return checkUse(pair)
    case 'join':
      return checkJoin(pair, `${prefix}-c${String(one.client)}`, known)
    case 'refresh':
      return checkRefresh(pair, known)
    case 'logout':
      return checkLogout(pair, one.scope, known)
  }
}

async function checkUse(pair: Modelled): Promise<void> {
  const expected: FailureKind | undefined =
    pair.accessDead || pair.sessionDead ? 'token_revoked' : undefined
  assert.equal(await whyRefused(server, pair.issued.access.token), expected)
}

/** A session can be joined for as long as it goes on for one of its clients. */
async function checkJoin(pair: Modelled, clientId: string, known: Modelled[]): Promise<void> {
  const { sid, subjectId, deviceKey } = pair.issued.session
  const isLive = known.some(({ issued, sessionDead }) => issued.session.sid === sid && !sessionDead)
  const attempt = join(server, sid, clientId)
  assert.equal(await refusalOf(attempt), isLive ? undefined : 'token_revoked')
  if (!isLive) return
  const issued = await attempt
  const { session } = issued
  assert.deepEqual([session.clientId, session.subjectId], [clientId, subjectId])
  assert.equal(session.deviceKey, deviceKey)
  known.push({ issued, accessDead: false, sessionDead: false, refreshUsed: false })
}

/** A dead session refuses as revoked; a token used twice within no grace at all is theft. */
async function checkRefresh(pair: Modelled, known: Modelled[]): Promise<void> {
  const attempt = refresh(server, pair.issued.refresh?.token ?? '')
  const refusal = await refusalOf(attempt)
  if (pair.sessionDead) {
    assert.equal(refusal, 'token_revoked')
    return
  }
  if (pair.refreshUsed) {
    assert.equal(refusal, 'refresh_token_reused')
    for (const other of known) {
      if (other.issued.session.sid === pair.issued.session.sid) other.sessionDead = true
    }
    return
  }
  assert.equal(refusal, undefined)
  pair.refreshUsed = true
  known.push({
    issued: await attempt,
    accessDead: false,
    sessionDead: false,
    refreshUsed: false,
  })
}

async function checkLogout(pair: Modelled, scope: Scope, known: Modelled[]): Promise<void> {
  const key = keyOf(scope, pair.issued)
  if (key === undefined) return
  await logout(server, scope, key)
  for (const other of known) {
    if (keyOf(scope, other.issued) !== key) continue
    if (scope === 'token') other.accessDead = true
    else other.sessionDead = true
  }
}
