/**
 * Every scope of the table, at every place that derives from it: a scope that is added to the table
 * and forgotten somewhere fails here.
 */
import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { Command } from 'commander'
import { decodeJwt, decodeProtectedHeader } from 'jose'
import { addLogout } from '../../src/cli/commands/logout.ts'
import type { IssuedTokens } from '../../src/core/issued-tokens.ts'
import { generationIn, type WireGenerations } from '../../src/domain/generation.ts'
import {
  hasOneKey,
  isSessionCounter,
  isWide,
  keyOf,
  requestedScopes,
  scopeRow,
  scopes,
  type Scope,
} from '../../src/domain/scope.ts'
import { revocationScopes } from '../../src/protocol/admin-api.ts'
import { fillReplica } from '../../src/server/replicate.ts'
import { isAlive } from '../../src/verifier/alive.ts'
import type { AccessClaims } from '../../src/verifier/claims.ts'
import { Replica } from '../../src/verifier/replica.ts'
import { tokenFacts } from '../../src/verifier/token-facts.ts'
import { startTestServer, type TestServer } from '../harness.ts'
import { login, logout, whyRefused } from './world.ts'

let server: TestServer
before(async () => {
  server = await startTestServer()
})
after(() => server.close())

/** A session that no other test's revocation reaches, but by everyone and the signing key. */
function logIn(name: string): Promise<IssuedTokens> {
  return login(server, {
    subjectId: `subject-${name}`,
    clientId: `client-${name}`,
    deviceKey: `device-${name}`,
  })
}

function claimsOf({ access }: IssuedTokens): AccessClaims {
  const { kid } = decodeProtectedHeader(access.token)
  return { ...decodeJwt(access.token), kid } as unknown as AccessClaims
}

function keyIn(scope: Scope, claims: AccessClaims): string {
  return keyOf(scopeRow(scope), claims) ?? assert.fail(`a token names no ${scope}`)
}

/** A verifier that starts now. */
async function freshReplica(): Promise<Replica> {
  const replica = new Replica()
  await fillReplica(replica, server.store, 0)
  return replica
}

for (const scope of scopes) {
  suite(`scope ${scope}`, () => {
    test('ends a token at the node, and at a verifier that starts later, and nothing else', async () => {
      const ended = await logIn(`${scope}-ended`)
      const other = await logIn(`${scope}-other`)
      const claims = claimsOf(ended)
      assert.equal(await whyRefused(server, ended.access.token), undefined)
      await logout(server, scope, keyIn(scope, claims))
      assert.equal(await whyRefused(server, ended.access.token), 'token_revoked')
      const replica = await freshReplica()
      assert.equal(isAlive(replica, tokenFacts(claims)), false)
      const reachesAll = hasOneKey(scope) || scope === 'signing_key'
      const expected = reachesAll ? 'token_revoked' : undefined
      assert.equal(await whyRefused(server, other.access.token), expected)
      assert.equal(isAlive(replica, tokenFacts(claimsOf(other))), !reachesAll)
      if (scope === 'signing_key') await server.dependencies.keys.rotate()
    })

    test('ends the session at the store where the session names it', async () => {
      const { session, refresh: token, ...issued } = await logIn(`${scope}-session`)
      await logout(server, scope, keyIn(scope, claimsOf({ session, refresh: token, ...issued })))
      if (scope === 'signing_key') await server.dependencies.keys.rotate()
      const filter = { subjectId: session.subjectId }
      const page = { limit: 10, cursor: undefined }
      const { items } = await server.store.listSessions(filter, session.createdAtMs, page)
      const isOfSession = scope !== 'token' && scope !== 'signing_key'
      assert.deepEqual(
        items.map(({ state }) => state),
        [isOfSession ? 'revoked' : 'live'],
      )
    })

    test('is counted, or ends once, as its row says', async () => {
      const claims = claimsOf(await logIn(`${scope}-again`))
      const again = () =>
        server.store.revoke({
          id: crypto.randomUUID(),
          scope,
          key: `${keyIn(scope, claims)}${hasOneKey(scope) || scope === 'signing_key' ? '' : '-again'}`,
          reason: 'logout',
          actor: 'test',
          note: '',
          atMs: Date.UTC(2030),
        })
      const first = await again()
      const second = await again()
      assert.equal(second.added, isWide(scope))
      const raised = second.revocation.generation - first.revocation.generation
      assert.equal(raised, isWide(scope) ? 1 : 0)
      if (scope === 'signing_key') await server.dependencies.keys.rotate()
    })

    test('is carried by new tokens where its row names a generation', async () => {
      if (!isSessionCounter(scope)) return
      const { session, access } = await logIn(`${scope}-again`)
      const { gen } = decodeJwt(access.token)
      assert.equal(generationIn(gen as WireGenerations, scope), session.generations[scope])
      assert.ok(session.generations[scope] > 0 || !hasOneKey(scope))
    })

    test('is a word of the admin API, its document, the metrics and the audit list', async () => {
      const authorization = { authorization: 'Bearer outright-demo-admin' }
      assert.ok(revocationScopes.includes(scope))
      const path = `/outright/v1/revocations?scope=${scope}`
      const { items } = (await server.call('GET', path, { headers: authorization })).json()
      assert.ok(items.length > 0)
      assert.ok(items.every((item: { scope: string }) => item.scope === scope))
      const document = (await server.call('GET', '/outright/v1/openapi.json')).json()
      const { Revocation } = document.components.schemas
      assert.ok(JSON.stringify(Revocation).includes(`"${scope}"`))
      const metrics = await server.call('GET', '/metrics', { headers: authorization })
      assert.ok(metrics.text.includes(`outright_revocations_total{scope="${scope}"`))
    })

    test('has an option of its own in `outright logout`', () => {
      const program = new Command()
      addLogout(program, {} as never)
      const options = program.commands[0]!.options.map(({ flags }) => flags)
      const isRequested = requestedScopes.some((one) => one === scope)
      assert.equal(options.includes(scopeRow(scope).option), isRequested)
    })
  })
}
