/**
 * Tokens in the shape that each product documents, signed by a test issuer: taken by a guard and by
 * the node, and ended by everything that they name.
 */
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { after, before, suite, test } from 'node:test'
import { rulesOf } from '../../src/domain/issuer.ts'
import type { TokenRules } from '../../src/domain/token-rules.ts'
import { createGuard, type Guard } from '../../src/guard/index.ts'
import type { GivenIssuer } from '../../src/server/issuer-settings.ts'
import { products, type ProductTokens } from '../../src/testing/product-tokens.ts'
import { startTestServer, type TestServer } from '../harness.ts'
import { startIssuer, type TestIssuer } from './test-issuer.ts'
import { endAt, nextSecond, wordOf } from './world.ts'

type Claims = Readonly<Record<string, unknown>>

/** Of several products one issuer may be the same: then it is one entry, for all their APIs. */
function settingsOf(idp: TestIssuer): readonly GivenIssuer[] {
  const byIssuer = new Map<string, GivenIssuer>()
  for (const { profile, issuer, audience } of Object.values(products)) {
    const name = `issuer-${String(byIssuer.size)}`
    const before = byIssuer.get(issuer) ?? { name, audience: [] }
    byIssuer.set(issuer, {
      name: before.name,
      issuer,
      profile,
      audience: [...new Set([...before.audience, audience])],
      jwksUri: `${idp.url}/jwks`,
      clockSkewMs: 0,
    })
  }
  return [...byIssuer.values()]
}

/** The claims with another name in place of the one that says what is ended. */
function renamed(claims: Claims, rules: TokenRules, what: Name, to: string): Claims {
  const claim = rules[what].find((one) => claims[one] !== undefined)
  assert.ok(claim !== undefined, `it names no ${what}`)
  return { ...claims, [claim]: to }
}

/** The table of the guide: by sample, what a refresh gets after the end of a session and a person. */
async function refreshTable(): Promise<ReadonlyMap<string, readonly string[]>> {
  const guide = await readFile(new URL('../../docs/identity-providers.md', import.meta.url), 'utf8')
  const [, table = ''] = /<!-- refresh -->([^]*?)<!-- \/refresh -->/.exec(guide) ?? []
  const words: Readonly<Record<string, string>> = { refused: 'revoked', accepted: 'ok' }
  const rows = table.split('\n').filter((line) => line.startsWith('| `'))
  return new Map(
    rows.map((row) => {
      const [name = '', session = '', person = ''] = row
        .split('|')
        .slice(1)
        .map((cell) => cell.trim())
      return [name.replaceAll('`', ''), [session, person].map((cell) => words[cell] ?? cell)]
    }),
  )
}

type Name = 'id' | 'session' | 'subject' | 'client'

suite('tokens of each product at a guard', () => {
  let idp: TestIssuer
  let server: TestServer
  let guard: Guard

  before(async () => {
    idp = await startIssuer()
    server = await startTestServer({
      publicUrlIsOwn: true,
      oneNode: true,
      config: { issuers: settingsOf(idp) },
    })
    guard = createGuard({ server: server.url, credential: 'outright-demo-guard' })
    await guard.ready()
  })
  after(async () => {
    guard.close()
    await server.close()
    await idp.close()
  })

  const iat = Math.floor(Date.now() / 1000) - 5
  const sign = ({ issuer, iss = issuer, type }: ProductTokens, claims: Claims): Promise<string> =>
    idp.sign({ iss, iat, ...claims }, type === undefined ? {} : { typ: type })

  const word = (token: string): Promise<string> => wordOf(server, guard, token)
  const end = (body: object): Promise<void> => endAt(server, body)

  for (const [name, product] of Object.entries(products)) {
    const rules = rulesOf(product.profile, {})
    const { issuer, access, names } = product

    test(`${name}: taken as they are, and no other token of it`, async () => {
      assert.equal(await word(await sign(product, access)), 'ok')
      for (const [what, claims] of Object.entries(product.others)) {
        assert.equal(await word(await sign(product, claims)), 'invalid', what)
      }
    })

    for (const [what, scope, its] of [
      ['id', 'token', names.jti],
      ['session', 'session', names.sid],
      ['subject', 'subject', names.sub],
      // Where the client stands for the audience, no other can be made up.
      ['client', 'client', rules.audience.length > 1 ? undefined : names.client_id],
    ] as const) {
      if (its === undefined) continue
      test(`${name}: ended by its ${scope}`, async () => {
        const key = `${name.replaceAll(' ', '-')}-${scope}`
        const token = await sign(product, renamed(access, rules, what, key))
        const other = await sign(product, renamed(access, rules, what, `${key}-other`))
        assert.equal(await word(token), 'ok')
        await end({ issuer, scope, key })
        assert.equal(await word(token), 'revoked')
        assert.equal(await word(other), 'ok')
      })
    }

    test(`${name}: ended by itself`, async () => {
      const token = await sign(product, renamed(access, rules, 'subject', `${name} itself`))
      assert.equal(await word(token), 'ok')
      await end({ token })
      assert.equal(await word(token), 'revoked')
    })
  }

  test('a refresh right after a logout gets what the guide says', async () => {
    const guide = await refreshTable()
    const found = new Map<string, readonly string[]>()
    const nowSeconds = Math.floor(Date.now() / 1000)
    const cases = Object.entries(products).map(([name, product]) => {
      const rules = rulesOf(product.profile, {})
      const key = `refreshing at ${name}`.replaceAll(' ', '-')
      // A token that a refresh makes has another name than the one before.
      const hasId = rules.id.some((claim) => product.access[claim] !== undefined)
      const own = hasId ? renamed(product.access, rules, 'id', key) : product.access
      // Where the sample says when the login was, it was just now.
      const at = (value: unknown): unknown => (typeof value === 'number' ? nowSeconds : value)
      const access = {
        ...renamed(own, rules, 'subject', key),
        auth_time: at(product.access['auth_time']),
        amr: Array.isArray(product.access['amr'])
          ? product.access['amr'].map((one: unknown) =>
              typeof one === 'object' ? { ...one, timestamp: nowSeconds } : one,
            )
          : undefined,
      }
      return { name, product, rules, key, access }
    })
    for (const { product, key } of cases) {
      await end({ issuer: product.issuer, scope: 'subject', key })
    }
    // The provider may refresh in any second; the first that a cut-off leaves alone is the next.
    const later = { iat: await nextSecond() }
    for (const { name, product, rules, key, access } of cases) {
      const person = await word(await sign(product, { ...access, ...later }))
      let session = 'not named'
      if (product.names.sid !== undefined) {
        const sid = `${key}-session`
        const other = renamed(renamed(access, rules, 'subject', `${key}-2`), rules, 'session', sid)
        await end({ issuer: product.issuer, scope: 'session', key: sid })
        session = await word(await sign(product, { ...other, ...later }))
      }
      found.set(name, [session, person])
    }
    assert.deepEqual(found, guide)
  })

  test('a token of version 1.0 of Entra ID ends with the person of version 2.0', async () => {
    const oid = 'one person'
    const tokens = [products['entra 1.0']!, products['entra 2.0']!].map((product) =>
      sign(product, { ...product.access, oid }),
    )
    const { issuer } = products['entra 2.0']!
    await end({ issuer, scope: 'subject', key: oid })
    for (const token of tokens) assert.equal(await word(await token), 'revoked')
  })

  test('a new login within the second of a logout hears when it is good', async () => {
    const product = products['keycloak']!
    const { issuer } = product
    const startedMs = performance.now()
    await end({ issuer, scope: 'subject', key: 'soon', lockSeconds: 30 })
    const verdict = await guard.check(
      await sign(product, { ...product.access, sub: 'soon', jti: 'soon' }),
    )
    assert.ok(!verdict.ok)
    assert.equal(verdict.reason, 'revoked')
    const tookSeconds = (performance.now() - startedMs) / 1000
    const { retryAfterSeconds = 0 } = verdict
    assert.ok(retryAfterSeconds >= Math.floor(30 - tookSeconds) && retryAfterSeconds <= 31)
    // Where a session has ended for good, waiting does not help.
    await end({ issuer, scope: 'session', key: 'over' })
    const over = { ...product.access, sub: 'soon', jti: 'soon', sid: 'over' }
    assert.deepEqual(await guard.check(await sign(product, over)), { ok: false, reason: 'revoked' })
  })
})
