import assert from 'node:assert/strict'
import { KeyObject, type webcrypto } from 'node:crypto'
import { before, suite, test } from 'node:test'
import fc from 'fast-check'
import { makeDirectKey, nodeCrypto, type DirectKey } from './direct-key.ts'

type Bytes = Uint8Array<ArrayBuffer>
type Algorithm = webcrypto.EcKeyGenParams | webcrypto.RsaHashedKeyGenParams

/** A pair of keys, and the public one by each way to verify. */
interface Way {
  readonly sign: (signed: Bytes) => Promise<Bytes>
  readonly byNode: DirectKey
  readonly byWebCrypto: DirectKey
}

const rsa = { modulusLength: 2048, publicExponent: Uint8Array.of(1, 0, 1), hash: 'SHA-256' }
const ways = new Map<DirectKey['alg'], Way>()

async function makeWay(algorithm: Algorithm): Promise<Way> {
  const { privateKey, publicKey } = await crypto.subtle.generateKey(algorithm, false, [
    'sign',
    'verify',
  ])
  const method = { name: algorithm.name, hash: 'SHA-256' }
  return {
    sign: async (signed) => new Uint8Array(await crypto.subtle.sign(method, privateKey, signed)),
    byNode: makeDirectKey(publicKey, nodeCrypto())!,
    byWebCrypto: makeDirectKey(publicKey, undefined)!,
  }
}

before(async () => {
  ways.set('ES256', await makeWay({ name: 'ECDSA', namedCurve: 'P-256' }))
  ways.set('RS256', await makeWay({ name: 'RSASSA-PKCS1-v1_5', ...rsa }))
})

/** The order of P-256 (FIPS 186-5): the first number that is none of a signature, but for 0. */
const order = 'ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551'
const numbers = ['0', '1', '80', order, 'f'.repeat(64)].map((number) => number.padStart(64, '0'))
/** Signatures by two of those. */
const edges = numbers.flatMap((r) => numbers.map((s) => Uint8Array.from(Buffer.from(r + s, 'hex'))))

suite('Node and Web Crypto accept the same signatures', () => {
  for (const alg of ['ES256', 'RS256'] as const) {
    test(alg, async () => {
      const { sign, byNode, byWebCrypto } = ways.get(alg)!
      assert.deepEqual([byNode.alg, byWebCrypto.alg], [alg, alg])
      const seen = { good: 0, bad: 0 }
      const change = fc.record({ at: fc.nat(300), by: fc.integer({ min: 1, max: 255 }) })
      const spoil = fc.oneof(
        fc.constant((signature: Bytes) => signature),
        change.map(({ at, by }) => (signature: Bytes) => {
          return signature.map((byte, index) =>
            index === at % signature.length ? byte ^ by : byte,
          )
        }),
        fc.constantFrom(
          (signature: Bytes) => signature.slice(1),
          (signature: Bytes) => Uint8Array.of(0, ...signature),
          (signature: Bytes) => Uint8Array.of(...signature, 0),
        ),
        fc.constantFrom(...edges).map((edge) => () => edge),
      )
      await fc.assert(
        fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), spoil, async (text, spoiled) => {
          const signed = Uint8Array.from(text)
          const signature = spoiled(await sign(signed))
          const expected = await byWebCrypto.verify(signature, signed)
          assert.equal(await byNode.verify(signature, signed), expected)
          seen[expected ? 'good' : 'bad']++
        }),
        { numRuns: 500 },
      )
      assert.ok(seen.good > 20 && seen.bad > 20, JSON.stringify(seen))
    })
  }

  test('ES256, where a number begins with zeros', async () => {
    const { sign, byNode } = ways.get('ES256')!
    const seen = { first: 0, second: 0 }
    for (let index = 0; seen.first === 0 || seen.second === 0; index++) {
      const signed = Uint8Array.of(index, index >> 8)
      const signature = await sign(signed)
      if (signature[0] !== 0 && signature[32] !== 0) continue
      assert.ok(await byNode.verify(signature, signed))
      seen[signature[0] === 0 ? 'first' : 'second']++
    }
  })
})

suite('a key is left to `jose`', () => {
  const es256 = { name: 'ECDSA', namedCurve: 'P-256' }
  const others: readonly [string, Algorithm][] = [
    ['of another curve', { name: 'ECDSA', namedCurve: 'P-384' }],
    ['with another hash', { name: 'RSASSA-PKCS1-v1_5', ...rsa, hash: 'SHA-512' }],
    ['with another padding', { name: 'RSA-PSS', ...rsa }],
    ['that is short', { name: 'RSASSA-PKCS1-v1_5', ...rsa, modulusLength: 1024 }],
  ]
  for (const [name, algorithm] of others) {
    test(name, async () => {
      const { publicKey } = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
      assert.equal(makeDirectKey(publicKey, nodeCrypto()), undefined)
    })
  }

  test('that is private, may not verify, or is of another form', async () => {
    const { privateKey, publicKey } = await crypto.subtle.generateKey(es256, true, [
      'sign',
      'verify',
    ])
    const jwk = await crypto.subtle.exportKey('jwk', publicKey)
    const idle = await crypto.subtle.importKey('jwk', { ...jwk, key_ops: [] }, es256, true, [])
    for (const key of [privateKey, idle, jwk, KeyObject.from(publicKey)]) {
      assert.equal(makeDirectKey(key, nodeCrypto()), undefined)
    }
  })
})

test('a key that Node does not know goes to Web Crypto', async () => {
  const { sign } = ways.get('ES256')!
  const strange = {
    type: 'public',
    usages: ['verify'],
    algorithm: { name: 'ECDSA', namedCurve: 'P-256' },
    [Symbol.toStringTag]: 'CryptoKey',
  }
  const direct = makeDirectKey(strange, nodeCrypto())
  assert.ok(direct)
  const signed = new Uint8Array(1)
  // The runtime's own does not know it either; an implementation that made it would.
  await assert.rejects(direct.verify(await sign(signed), signed), /CryptoKey/)
})

test('other runtimes have no Node, whatever they call themselves', () => {
  const { navigator } = globalThis
  assert.ok(nodeCrypto())
  try {
    for (const userAgent of ['Bun/1.3', 'Deno/2.5', 'Cloudflare-Workers', 'Mozilla/5.0']) {
      Object.defineProperty(globalThis, 'navigator', { value: { userAgent }, configurable: true })
      assert.equal(nodeCrypto(), undefined, userAgent)
    }
  } finally {
    Object.defineProperty(globalThis, 'navigator', { value: navigator, configurable: true })
  }
})
