/** What a proof has to be, by the kinds of what it may be instead. */
import assert from 'node:assert/strict'
import { generateKeyPairSync, hash, sign, type KeyObject } from 'node:crypto'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { base64url, SignJWT } from 'jose'
import { dpopAlgorithms } from '../protocol/dpop.ts'
import { dpopClient, type WantedProof } from '../testing/dpop-client.ts'
import { PROOF_SECONDS, ProofReader, type ProofTerms } from './dpop-proof.ts'

const nowMs = 1_800_000_000_000
const now = nowMs / 1000
const url = 'https://api.example/orders'
const token = 'a.b.c'
const client = await dpopClient('ES256', () => nowMs)
const reader = new ProofReader()

const terms: ProofTerms = { method: 'GET', url, token, nowMs }

async function read(jwt: string, changes: Partial<ProofTerms> = {}): Promise<string> {
  const found = await reader.read(jwt, { ...terms, ...changes })
  return typeof found === 'string' ? found : 'good'
}

function proof(changes: Partial<WantedProof> = {}): Promise<string> {
  return client.proof({ url, token, ...changes })
}

suite('a proof', () => {
  for (const alg of dpopAlgorithms) {
    test(`signed with ${alg} names its key, its id and its time`, async () => {
      const other = await dpopClient(alg, () => nowMs)
      const jwt = await other.proof({ url, token, claims: { jti: 'one', nonce: 'n' } })
      assert.deepEqual(await reader.read(jwt, terms), {
        thumbprint: other.thumbprint,
        id: 'one',
        madeAtSeconds: now,
        nonce: 'n',
      })
    })
  }

  const wrong: Readonly<Record<string, readonly [expected: string, Partial<WantedProof>]>> = {
    'of another type': ['type', { header: { typ: 'JWT' } }],
    'of an access token': ['type', { header: { typ: 'at+jwt' } }],
    'of a type that is not text': ['type', { header: { typ: 7 } }],
    'for another method': ['method', { method: 'POST' }],
    'for a method in small letters': ['method', { method: 'get' }],
    'for another path': ['url', { url: 'https://api.example/order' }],
    'for another host': ['url', { url: 'https://evil.example/orders' }],
    'for another scheme': ['url', { url: 'http://api.example/orders' }],
    'for another port': ['url', { url: 'https://api.example:8443/orders' }],
    'for no URL': ['url', { url: '/orders' }],
    'for a URL with a name and a password': ['url', { url: 'https://a:b@api.example/orders' }],
    'for another token': ['token', { token: 'a.b.d' }],
    'without the hash of its token': ['token', { claims: { ath: undefined } }],
    'without jti': ['incomplete', { claims: { jti: undefined } }],
    'with an empty jti': ['incomplete', { claims: { jti: '' } }],
    'with a jti as long as a book': ['incomplete', { claims: { jti: 'x'.repeat(257) } }],
    'without htm': ['incomplete', { claims: { htm: undefined } }],
    'without htu': ['incomplete', { claims: { htu: undefined } }],
    'with htu as a list': ['incomplete', { claims: { htu: [url] } }],
    'without iat': ['incomplete', { claims: { iat: undefined } }],
    'with a nonce that is not text': ['incomplete', { claims: { nonce: 5 } }],
    'too old': ['time', { claims: { iat: now - PROOF_SECONDS - 1 } }],
    'too new': ['time', { claims: { iat: now + PROOF_SECONDS + 1 } }],
    'without a key': ['key', { header: { jwk: undefined } }],
    'with its private key': ['key', { header: { jwk: client.privateJwk } }],
    'with a shared secret': ['key', { header: { jwk: { kty: 'oct', k: 'AAAA' } } }],
    'with a key of another curve': [
      'key',
      { header: { jwk: { ...client.publicJwk, crv: 'P-384' } } },
    ],
    'with a point that is on no curve': [
      'key',
      { header: { jwk: { ...client.publicJwk, x: 'AAAA' } } },
    ],
    'longer than any proof': ['malformed', { claims: { more: 'x'.repeat(4096) } }],
  }
  for (const [name, [expected, changes]] of Object.entries(wrong)) {
    test(`${name} is refused`, async () => {
      assert.equal(await read(await proof(changes)), expected)
    })
  }

  test('of another signer is refused, with each of its parts', async () => {
    const other = await dpopClient('ES256', () => nowMs)
    assert.equal(await read(await proof({ header: { jwk: other.publicJwk } })), 'signature')
    const [mine, theirs] = [await proof(), await other.proof({ url, token })]
    const parts = [mine.split('.'), theirs.split('.')]
    for (const choice of [0b001, 0b010, 0b011, 0b100, 0b101, 0b110]) {
      const mixed = [0, 1, 2].map((at) => parts[(choice >> at) & 1]?.[at]).join('.')
      assert.equal(await read(mixed), 'signature')
    }
  })

  test('without a signature, or with one of a shared secret, is refused', async () => {
    const payload = { jti: 'x', htm: 'GET', htu: url, iat: now }
    const encode = (part: object): string => base64url.encode(JSON.stringify(part))
    const header = { alg: 'none', typ: 'dpop+jwt', jwk: client.publicJwk }
    assert.equal(await read(`${encode(header)}.${encode(payload)}.`), 'algorithm')
    const secret = new TextEncoder().encode(JSON.stringify(client.publicJwk).padEnd(64))
    const hmac = await new SignJWT(payload)
      .setProtectedHeader({ ...header, alg: 'HS256' })
      .sign(secret)
    assert.equal(await read(hmac), 'algorithm')
  })

  test('with a header that must be understood and is not is refused', async () => {
    const [header = '', ...rest] = (await proof()).split('.')
    const known = JSON.parse(new TextDecoder().decode(base64url.decode(header))) as object
    const critical = base64url.encode(JSON.stringify({ ...known, crit: ['new'], new: 1 }))
    assert.equal(await read([critical, ...rest].join('.')), 'malformed')
  })

  test('with a key of RSA that is too short, or so large that it takes long, is refused', async () => {
    for (const [modulusLength, changes] of [
      [1024, {}],
      [2048, { e: base64url.encode(new Uint8Array(64).fill(0xff)) }],
    ] as const) {
      const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength })
      const jwt = rsaProof(privateKey, { ...publicKey.export({ format: 'jwk' }), ...changes })
      assert.equal(await read(jwt), 'key')
    }
    const jwk = { kty: 'RSA', e: 'AQAB', n: 'A'.repeat(1366) }
    assert.equal(await read(await proof({ header: { alg: 'ES256', jwk } })), 'key')
  })

  test('is for the URL that was called, whatever its query and however it is written', async () => {
    for (const htu of [
      'https://api.example/orders?page=2#top',
      'HTTPS://API.example:443/orders',
      'https://api.example/./%6Frders',
      'https://api.example/other/../orders',
    ]) {
      assert.equal(await read(await proof({ url: htu })), 'good', htu)
      assert.equal(await read(await proof(), { url: htu }), 'good', htu)
    }
    assert.equal(await read(await proof({ url: 'https://api.example/orders%2f' })), 'url')
  })
})

/** By Node alone: `jose` signs with no key that is too short. */
function rsaProof(key: KeyObject, jwk: object): string {
  const encode = (part: object): string => base64url.encode(JSON.stringify(part))
  const header = encode({ alg: 'RS256', typ: 'dpop+jwt', jwk })
  const ath = hash('sha256', token, 'base64url')
  const input = `${header}.${encode({ jti: 'x', htm: 'GET', htu: url, iat: now, ath })}`
  return `${input}.${sign('sha256', Buffer.from(input), key).toString('base64url')}`
}

suite('whatever stands in the header DPoP', () => {
  test('text: refused, never an exception', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ maxLength: 300 }), async (text) => {
        assert.notEqual(await read(text), 'good')
      }),
      { numRuns: 300 },
    )
  })

  test('a JWT of any JSON, and a good one with one character changed: refused', async () => {
    const good = await proof()
    const parts = fc.tuple(fc.jsonValue(), fc.jsonValue(), fc.base64String())
    const encoded = parts.map(([header, payload, signature]) =>
      [header, payload]
        .map((part) => base64url.encode(JSON.stringify(part)))
        .concat(signature)
        .join('.'),
    )
    // The last character of a signature has bits that stand for nothing.
    const changed = fc
      .tuple(fc.nat(good.length - 2), fc.constantFrom('A', 'a', '0', '-', '_', '.', '=', ','))
      .map(([at, character]) => good.slice(0, at) + character + good.slice(at + 1))
    await fc.assert(
      fc.asyncProperty(fc.oneof(encoded, changed), async (jwt) => {
        if (jwt !== good) assert.notEqual(await read(jwt), 'good', jwt)
      }),
      { numRuns: 500 },
    )
  })

  test('any header and claims of a client that signs well: good only with all that is needed', async () => {
    const claim = fc.constantFrom('jti', 'htm', 'htu', 'iat', 'ath')
    await fc.assert(
      fc.asyncProperty(claim, fc.jsonValue(), async (name, value) => {
        const jwt = await proof({ claims: { [name]: value } })
        const isGood = (await read(jwt)) === 'good'
        const mayBe =
          (name === 'jti' && typeof value === 'string' && value !== '') ||
          (name === 'iat' && typeof value === 'number')
        assert.ok(!isGood || mayBe, `${name}: ${JSON.stringify(value)}`)
      }),
      { numRuns: 200 },
    )
  })

  test('two headers are one text with a comma, and no proof', async () => {
    assert.equal(await read(`${await proof()}, ${await proof()}`), 'malformed')
  })
})
