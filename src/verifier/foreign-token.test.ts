import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { aliasesOf, rulesOf } from '../domain/issuer.ts'
import { profileNames } from '../domain/profile.ts'
import type { IssuerTerms } from '../domain/token-rules.ts'
import { products, type ProductTokens } from '../testing/product-tokens.ts'
import { hashOf, readForeignToken, type ForeignToken } from './foreign-token.ts'

const nowSeconds = 1_800_000_000
const times = { iat: nowSeconds, exp: nowSeconds + 300 }
const token = 'aGVhZGVy.cGF5bG9hZA.c2lnbmF0dXJl'

function termsOf(product: (typeof products)[string], changes: Partial<IssuerTerms> = {}) {
  const { profile, issuer, audience } = product
  return {
    name: 'test',
    issuer,
    aliases: aliasesOf(profile, issuer),
    rules: rulesOf(profile, {}),
    audience: [audience],
    maxTokenLifeSeconds: 3600,
    clockSkewSeconds: 2,
    ...changes,
  }
}

function read(
  product: (typeof products)[string],
  claims: object,
  { type = product.type, terms = {} }: { type?: string | undefined; terms?: object } = {},
): ForeignToken | string {
  const header = type === undefined ? {} : { typ: type }
  const payload = { iss: product.iss ?? product.issuer, ...times, ...claims }
  return readForeignToken({ token, header, payload }, termsOf(product, terms), nowSeconds)
}

function without(claims: ProductTokens['access'], ...names: readonly string[]): object {
  return Object.fromEntries(Object.entries(claims).filter(([name]) => !names.includes(name)))
}

suite('access tokens in the shape that each product documents', () => {
  for (const [name, product] of Object.entries(products)) {
    test(`${name}: it names what ends it`, () => {
      const found = read(product, product.access)
      assert.ok(typeof found !== 'string')
      const expected = { jti: hashOf(token), sid: undefined, client_id: undefined }
      assert.deepEqual(found.names.names, { ...expected, ...product.names })
      assert.equal(found.names.issuer, product.issuer)
      assert.ok(found.audience.includes(product.audience))
    })

    test(`${name}: it is refused without a subject, without its times, and for another API`, () => {
      const { subject } = rulesOf(product.profile, {})
      assert.equal(typeof read(product, without(product.access, ...subject)), 'string')
      assert.equal(typeof read(product, { ...product.access, iat: undefined }), 'string')
      assert.equal(typeof read(product, { ...product.access, exp: undefined }), 'string')
      const other = { terms: { audience: ['another'] } }
      assert.equal(read(product, product.access, other), 'it is for other APIs')
    })

    test(`${name}: it is refused as another type, and bound to a key`, () => {
      for (const type of ['logout+jwt', 'secevent+jwt', 'dpop+jwt', 'application/logout+jwt']) {
        assert.equal(read(product, product.access, { type }), 'it is of another type')
      }
      const bound = { ...product.access, cnf: { jkt: 'x' } }
      assert.equal(read(product, bound), 'it is not an access token')
    })

    for (const [what, claims] of Object.entries(product.others)) {
      test(`${name}: ${what} is not an access token`, () => {
        assert.equal(read(product, claims), 'it is not an access token')
      })
    }

    for (const claim of ['at_hash', 'c_hash']) {
      test(`${name}: with ${claim} it is an ID token`, () => {
        assert.equal(
          read(product, { ...product.access, [claim]: 'x' }),
          'it is not an access token',
        )
      })
    }
  }

  test('there are tokens of every profile', () => {
    const tried = new Set(Object.values(products).map(({ profile }) => profile))
    assert.deepEqual([...tried].toSorted(), [...profileNames].toSorted())
  })
})

suite('times', () => {
  const product = products['keycloak']!

  test('a token that lives longer than the issuer’s may is refused', () => {
    const long = { ...product.access, exp: nowSeconds + 3601 }
    assert.equal(read(product, long), 'it lives longer than the tokens of this issuer may')
    assert.equal(typeof read(product, { ...product.access, exp: nowSeconds + 3600 }), 'object')
  })

  test('a token from further in the future than clocks may differ is refused', () => {
    const early = { ...product.access, iat: nowSeconds + 3 }
    assert.equal(read(product, early), 'it was issued in the future')
    assert.equal(typeof read(product, { ...product.access, iat: nowSeconds + 2 }), 'object')
  })

  test('it is as old as its login, where it names that', () => {
    const found = read(product, { ...product.access, auth_time: nowSeconds - 5000 })
    assert.ok(typeof found !== 'string')
    assert.equal(found.names.sinceSeconds, nowSeconds - 5000)
  })

  test('a fraction of a second does not make it younger than its second', () => {
    const access = { ...product.access, iat: nowSeconds + 0.9, auth_time: undefined }
    const found = read(product, access)
    assert.ok(typeof found !== 'string')
    assert.equal(found.names.sinceSeconds, nowSeconds)
  })
})

test('the hash of a token does not change with how its signature is written', () => {
  assert.equal(hashOf('a.b.c'), hashOf('a.b.d'))
  assert.notEqual(hashOf('a.b.c'), hashOf('a.bb.c'))
})
