import assert from 'node:assert/strict'
import { KeyObject } from 'node:crypto'
import { before, suite, test } from 'node:test'
import fc from 'fast-check'
import {
  base64url,
  compactVerify,
  errors,
  exportJWK,
  generateKeyPair,
  jwtVerify,
  SignJWT,
  type CryptoKey,
  type JWK,
} from 'jose'
import { payloadOf, verifySignature } from './jwt.ts'
import { readOwnToken } from './own-token.ts'

/** `jose` is the reference: what it accepts is accepted, and nothing else. */

const algorithms = ['ES256', 'EdDSA', 'RS256']
const nowSeconds = 1_800_000_000
const issuer = 'https://auth.example'

const signers = new Map<string, CryptoKey>()
/** Every form that a finder of keys may return, and keys that are not for the algorithm. */
const keys = new Map<string, CryptoKey | KeyObject | JWK>()

async function add(name: string, alg: string, options?: { modulusLength: number }): Promise<void> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { ...options, extractable: true })
  if (options === undefined) signers.set(alg, privateKey)
  keys.set(name, publicKey)
  keys.set(`${name}, private`, privateKey)
  keys.set(`${name} as an object`, KeyObject.from(publicKey))
  keys.set(`${name} as a JWK`, await exportJWK(publicKey))
}

/** RSA of 1,024 bits, which may not sign. */
async function addShort(): Promise<void> {
  const algorithm = {
    name: 'RSASSA-PKCS1-v1_5',
    hash: 'SHA-256',
    modulusLength: 1024,
    publicExponent: Uint8Array.of(1, 0, 1),
  }
  const { privateKey, publicKey } = await crypto.subtle.generateKey(algorithm, true, [
    'sign',
    'verify',
  ])
  signers.set('short', privateKey)
  keys.set('short', publicKey)
}

before(async () => {
  for (const alg of ['ES256', 'ES384', 'EdDSA', 'RS256', 'RS512', 'PS256']) await add(alg, alg)
  await addShort()
})

function encode(value: unknown): string {
  return base64url.encode(JSON.stringify(value))
}

interface Header {
  readonly alg?: unknown
  readonly [name: string]: unknown
}

/**
 * Signed by Web Crypto itself, since `jose` would not sign all of this: by whichever key, with the
 * hash that the header names.
 */
async function sign(by: string, header: Header, payload: object): Promise<string> {
  const signed = `${encode(header)}.${encode(payload)}`
  const key = signers.get(by)!
  const hash = header.alg === 'ES384' ? 'SHA-384' : 'SHA-256'
  const method = { name: key.algorithm.name, hash, saltLength: 32 }
  const bytes = await crypto.subtle.sign(method, key, new TextEncoder().encode(signed))
  return `${signed}.${base64url.encode(new Uint8Array(bytes))}`
}

async function isAccepted(verified: Promise<unknown>): Promise<boolean> {
  return verified.then(
    () => true,
    () => false,
  )
}

suite('verifySignature()', () => {
  const named = ['ES256', 'ES384', 'EdDSA', 'RS256', 'RS512', 'PS256']
  const by = fc.constantFrom(...named, 'short')
  const otherAlg = fc.constantFrom<unknown>('HS256', 'none', 'constructor', ['ES256'], undefined)
  const alg = fc.oneof(fc.constantFrom<unknown>(...named), otherAlg)
  const extension = fc.oneof(
    fc.constant({}),
    fc.record({
      crit: fc.constantFrom<unknown>([], ['exp'], 'b64', ['b64']),
      b64: fc.constantFrom(undefined, true),
    }),
  )
  const spoil = fc.record({
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    remove: fc.nat(2),
    insert: fc.constantFrom('', ...Array.from('AB.= \n+/-é\u{1F511}\0')),
  })
  const spoils = fc.oneof(fc.constant([]), fc.array(spoil, { maxLength: 2 }))

  test('accepts and refuses what `jose` does, but for other spellings of a signature', async () => {
    const accepted = new Set<string>()
    const key = fc.constantFrom(...keys.keys())
    const right = by.map((name) => ({ by: name, alg: name as unknown, key: name }))
    const mixed = fc.tuple(by, alg).map(([name, other]) => ({ by: name, alg: other, key: name }))
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(right, mixed, fc.record({ by, alg, key })),
        extension,
        spoils,
        async (which, more, changes) => {
          const found = keys.get(which.key)!
          const header = { alg: which.alg, kid: which.key, ...more }
          let token = await sign(which.by, header, { sub: 'maria' })
          for (const { at, remove, insert } of changes) {
            const place = Math.floor(at * token.length)
            token = token.slice(0, place) + insert + token.slice(place + remove)
          }
          // The first time a header is read, and then as it is remembered.
          for (const time of ['first', 'second']) {
            const isBySpelling = /^[^.]*\.[^.]*\.[\w-]*$/.test(token)
            const isByJose = await isAccepted(compactVerify(token, found, { algorithms }))
            const expected = isByJose && isBySpelling
            const got = await isAccepted(verifySignature(token, () => found, algorithms))
            assert.equal(got, expected, `${JSON.stringify(which)} ${time} ${token}`)
            if (got) accepted.add(which.key.replace(/ as .*/, ''))
          }
        },
      ),
      { numRuns: 1500 },
    )
    assert.deepEqual([...accepted].toSorted(), algorithms.toSorted())
  })

  test('takes a signature without white space and padding, where `jose` takes more (RFC 7515, section 2)', async () => {
    const key = keys.get('ES256')!
    const token = await sign('ES256', { alg: 'ES256' }, { sub: 'maria' })
    assert.ok(await isAccepted(verifySignature(token, () => key, algorithms)))
    for (const other of [`${token}==`, `${token.slice(0, -5)} ${token.slice(-5)}`, `${token}\n`]) {
      assert.ok(await isAccepted(compactVerify(other, key)))
      assert.ok(!(await isAccepted(verifySignature(other, () => key, algorithms))), other)
    }
  })

  for (const [name, alg] of [
    ['ES384', 'ES256'],
    ['RS512', 'RS256'],
    ['PS256', 'RS256'],
    ['short', 'RS256'],
  ] as const) {
    test(`refuses a key of ${name} for ${alg}, by which its signature would be good`, async () => {
      const token = await sign(name, { alg }, {})
      const found = keys.get(name)!
      await assert.rejects(compactVerify(token, found, { algorithms }))
      await assert.rejects(verifySignature(token, () => found, algorithms))
    })
  }

  test('refuses a payload that is not encoded, with which `jose` verifies other bytes', async () => {
    const token = await sign('ES256', { alg: 'ES256', crit: ['b64'], b64: false }, {})
    const found = keys.get('ES256')!
    assert.ok(await isAccepted(compactVerify(token, found, { algorithms })))
    await assert.rejects(jwtVerify(token, found, { algorithms }))
    await assert.rejects(verifySignature(token, () => found, algorithms))
  })

  test('asks for no key where the algorithm is not one of those', async () => {
    const token = await sign('ES256', { alg: 'none' }, {})
    let asked = 0
    const find = (): CryptoKey => {
      asked++
      return keys.get('ES256') as CryptoKey
    }
    await assert.rejects(verifySignature(token, find, algorithms))
    assert.equal(asked, 0)
  })

  test('gives the finder of keys what `jose` gives it', async () => {
    const token = await sign('ES256', { alg: 'ES256', kid: 'k' }, {})
    const found = keys.get('ES256') as CryptoKey
    const given: unknown[] = []
    const find = (...all: readonly unknown[]): CryptoKey => {
      given.push(all)
      return found
    }
    await compactVerify(token, find, { algorithms })
    await verifySignature(token, find, algorithms)
    assert.deepEqual(given[1], given[0])
  })
})

suite('readOwnToken()', () => {
  const time = fc.oneof(
    fc.integer({ min: -62, max: 62 }).map((seconds) => nowSeconds + seconds),
    fc.constantFrom<unknown>(undefined, null, '1', true, 0, -1, 1e300, nowSeconds + 60.5),
  )
  const rest = { aud: ['api'], sub: 'maria', client_id: 'app', jti: 'j', sid: 's', gen: {} }

  test('judges type, issuer and time as `jose` does', async () => {
    const seen = new Set<string>()
    await fc.assert(
      fc.asyncProperty(
        fc.record({ iat: time, nbf: time, exp: time }),
        fc.constantFrom<unknown>(issuer, issuer, issuer, `${issuer}/`, undefined, [issuer]),
        fc.constantFrom<unknown>('at+jwt', 'application/AT+jwt', 'JWT', 'x/at+jwt', undefined, 1),
        async (times, iss, typ) => {
          const header = { alg: 'ES256', kid: 'k', typ }
          const token = await sign('ES256', header, { ...rest, ...times, iss })
          const options = { issuer, typ: 'at+jwt', algorithms, clockTolerance: 60 }
          const currentDate = new Date(nowSeconds * 1000 + 999)
          const expected = await jwtVerify(token, keys.get('ES256')!, { ...options, currentDate })
            .then(({ payload }) => (typeof payload.exp === 'number' ? 'good' : 'invalid'))
            .catch((error: unknown) => (error instanceof errors.JWTExpired ? 'expired' : 'invalid'))
          const signed = { token, header, payload: payloadOf(token)! }
          const got = readOwnToken(signed, issuer, currentDate.getTime())
          assert.equal(typeof got === 'string' ? got : 'good', expected)
          seen.add(expected)
        },
      ),
      { numRuns: 1000 },
    )
    assert.deepEqual([...seen].toSorted(), ['expired', 'good', 'invalid'])
  })

  test('accepts nothing at a time that is none', async () => {
    const payload = { ...rest, iss: issuer, iat: 1, exp: nowSeconds }
    const signed = { token: '', header: { typ: 'at+jwt', kid: 'k' }, payload }
    assert.equal(readOwnToken(signed, issuer, Number.NaN), 'expired')
    assert.equal(typeof readOwnToken(signed, issuer, 0), 'object')
    assert.equal(readOwnToken({ ...signed, header: { typ: 'at+jwt' } }, issuer, 0), 'invalid')
  })
})

test('payloadOf() reads what `SignJWT` writes, and nothing else', async () => {
  const token = await new SignJWT({ sub: 'maria' })
    .setProtectedHeader({ alg: 'ES256' })
    .sign(signers.get('ES256')!)
  assert.deepEqual(payloadOf(token), { sub: 'maria' })
  for (const bad of [
    '',
    'a',
    'a.b',
    '..',
    `${token}.`,
    `${token}.a.b`,
    'e30.W10.e30',
    'e30..e30',
  ]) {
    assert.equal(payloadOf(bad), undefined, bad)
  }
})
