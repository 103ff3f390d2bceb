import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { errors, generateKeyPair, SignJWT, type CryptoKey, type JWTVerifyGetKey } from 'jose'
import type { Scope } from '../domain/scope.ts'
import { withProof } from './bound-token.ts'
import { fingerprint } from './fingerprint.ts'
import { Replica } from './replica.ts'
import { createTokenVerifier, type TokenVerifier } from './token-verifier.ts'

const issuer = 'https://auth.example'
const noSuchKey = new errors.JWKSNoMatchingKey()
const jti = '01900000-0000-7000-8000-00000000000a'
const sid = '01900000-0000-7000-9000-00000000000b'
const startMs = 1_800_000_000_000
const startSeconds = startMs / 1000

interface World {
  readonly verifier: TokenVerifier
  readonly replica: Replica
  readonly privateKey: CryptoKey
  nowMs: number
  current: boolean
  keyLookups: number
  /** What looking for a key fails with. */
  keyFailure: Error | undefined
}

async function makeWorld(): Promise<World> {
  const { privateKey, publicKey } = await generateKeyPair('ES256')
  const replica = new Replica(1)
  const find: JWTVerifyGetKey = () => {
    world.keyLookups++
    if (world.keyFailure) throw world.keyFailure
    return publicKey
  }
  const world: World = {
    verifier: createTokenVerifier({
      replica,
      keys: find,
      issuer: () => issuer,
      nowMs: () => world.nowMs,
      isCurrent: () => world.current,
      capacity: 100,
    }),
    replica,
    privateKey,
    nowMs: startMs,
    current: true,
    keyLookups: 0,
    keyFailure: undefined,
  }
  return world
}

const claims = {
  iss: issuer,
  aud: ['api', 'demo-api'],
  sub: 'maria',
  client_id: 'app',
  device_id: 'app/tv',
  jti,
  sid,
  gen: { e: 1, s: 2, c: 3, g: 4, d: 5 },
  iat: startSeconds,
  nbf: startSeconds,
  exp: startSeconds + 600,
}

function sign(world: World, changes: object = {}, header: object = {}): Promise<string> {
  return new SignJWT({ ...claims, ...changes })
    .setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', kid: 'k', ...header })
    .sign(world.privateKey)
}

async function reasonOf(
  world: World,
  token: string | undefined,
  audience?: string,
): Promise<string> {
  const verdict = await world.verifier.verify(token, audience)
  return verdict.ok ? 'ok' : verdict.reason
}

describe('what is accepted', () => {
  test('a good token, and its claims come back', async () => {
    const world = await makeWorld()
    const verdict = await world.verifier.verify(await sign(world), 'demo-api')
    assert.ok(verdict.ok)
    assert.equal(verdict.claims.sub, 'maria')
  })

  test('a repeated token costs no second signature check, and an equal string is the same token', async () => {
    const world = await makeWorld()
    const token = await sign(world)
    assert.equal(await reasonOf(world, token), 'ok')
    assert.equal(await reasonOf(world, Buffer.from(token).toString()), 'ok')
    assert.equal(world.keyLookups, 1)
  })

  test('a token that was remembered at its signing costs none', async () => {
    const world = await makeWorld()
    const token = await sign(world)
    world.verifier.remember(token, { ...claims, kid: 'k' })
    assert.equal(await reasonOf(world, token), 'ok')
    assert.equal(world.keyLookups, 0)
  })

  test('a token from a clock a minute ahead', async () => {
    const world = await makeWorld()
    assert.equal(await reasonOf(world, await sign(world, { nbf: startSeconds + 59 })), 'ok')
  })
})

describe('what is not accepted', () => {
  const bad: readonly [string, object, object][] = [
    ['another issuer', { iss: 'https://evil.example' }, {}],
    ['another type', {}, { typ: 'JWT' }],
    ['names no key', {}, { kid: undefined }],
    ['no generations', { gen: undefined }, {}],
    ['generations that are not numbers', { gen: { s: '5' } }, {}],
    ['negative generations', { gen: { s: -5 } }, {}],
    ['broken generations', { gen: { s: 0.5 } }, {}],
    ['generations by their places', { gen: [1, 2, 3, 4, 5] }, {}],
    ['generations that are a text', { gen: '{}' }, {}],
    ['no session', { sid: undefined }, {}],
    ['not yet valid', { nbf: startSeconds + 3600 }, {}],
  ]
  for (const [name, changes, header] of bad) {
    test(`${name} is invalid`, async () => {
      const world = await makeWorld()
      assert.equal(await reasonOf(world, await sign(world, changes, header)), 'invalid')
    })
  }

  test('a key that is not there is invalid, or it is not known: not current, or the keys cannot be had', async () => {
    const world = await makeWorld()
    const token = await sign(world)
    world.keyFailure = noSuchKey
    assert.equal(await reasonOf(world, token), 'invalid')
    world.current = false
    assert.equal(await reasonOf(world, token), 'stale')
    world.keyFailure = new Error('Cannot read the keys: the database is away')
    assert.equal(await reasonOf(world, token), 'stale')
    world.current = true
    assert.equal(await reasonOf(world, token), 'stale')
    world.keyFailure = undefined
    assert.equal(await reasonOf(world, token), 'ok')
  })

  test('no token, an empty one, rubbish, a huge one, and alg none', async () => {
    const world = await makeWorld()
    const [, payload] = (await sign(world)).split('.')
    const none = Buffer.from('{"alg":"none","typ":"at+jwt"}').toString('base64url')
    assert.equal(await reasonOf(world, undefined), 'missing')
    assert.equal(await reasonOf(world, ''), 'missing')
    assert.equal(await reasonOf(world, 'x.y.z'), 'invalid')
    assert.equal(await reasonOf(world, 'a'.repeat(1_000_000)), 'invalid')
    assert.equal(await reasonOf(world, `${none}.${String(payload)}.`), 'invalid')
  })

  test("another signer's token is invalid, and so is one with a good token's last 22 characters", async () => {
    const world = await makeWorld()
    const other = await makeWorld()
    const good = await sign(world)
    assert.equal(await reasonOf(world, good), 'ok')
    assert.equal(await reasonOf(world, await sign(other)), 'invalid')
    assert.equal(await reasonOf(world, `x${good}`), 'invalid')
    assert.equal(await reasonOf(world, good), 'ok')
  })

  test('a token for another audience is invalid also when it is remembered', async () => {
    const world = await makeWorld()
    const token = await sign(world)
    assert.equal(await reasonOf(world, token, 'api'), 'ok')
    assert.equal(await reasonOf(world, token, 'other'), 'invalid')
  })

  test('an expired token is expired to the millisecond, remembered or not', async () => {
    const world = await makeWorld()
    const token = await sign(world)
    world.nowMs = startMs + 599_999
    assert.equal(await reasonOf(world, token), 'ok')
    world.nowMs = startMs + 600_000
    assert.equal(await reasonOf(world, token), 'expired')
    const fresh = await sign(world, { jti: '01900000-0000-7000-8000-0000000000ff' })
    assert.equal(await reasonOf(world, fresh), 'expired')
  })
})

describe('what has ended', () => {
  const forgetAfter = startSeconds + 3600
  const narrow: readonly [Scope, string][] = [
    ['token', jti],
    ['session', sid],
  ]
  for (const [scope, key] of narrow) {
    test(`${scope}: a remembered token dies with the entry`, async () => {
      const world = await makeWorld()
      const token = await sign(world)
      assert.equal(await reasonOf(world, token), 'ok')
      const { high, low } = fingerprint(scope, key)
      world.replica.revoke(high, low, forgetAfter)
      assert.equal(await reasonOf(world, token), 'revoked')
    })
  }
  const wide: readonly [Scope, string, number][] = [
    ['subject', 'maria', 2],
    ['client', 'app', 3],
    ['grant', 'app maria', 4],
    ['device', 'app/tv', 5],
  ]
  for (const [scope, key, own] of wide) {
    test(`${scope}: a lower generation is dead, an equal one alive`, async () => {
      const world = await makeWorld()
      const token = await sign(world)
      const { high, low } = fingerprint(scope, key)
      world.replica.raise(high, low, own, forgetAfter)
      assert.equal(await reasonOf(world, token), 'ok')
      world.replica.raise(high, low, own + 1, forgetAfter)
      assert.equal(await reasonOf(world, token), 'revoked')
    })
  }

  test('a token that carries one generation more than this verifier knows is judged by the others', async () => {
    const world = await makeWorld()
    const token = await sign(world, { gen: { ...claims.gen, tenant: 1 } })
    assert.equal(await reasonOf(world, token), 'ok')
    const { high, low } = fingerprint('subject', 'maria')
    world.replica.raise(high, low, 3, forgetAfter)
    assert.equal(await reasonOf(world, token), 'revoked')
  })

  test('a generation that a token does not carry is 0: the first raise ends it', async () => {
    for (const [scope, key] of wide) {
      const world = await makeWorld()
      const token = await sign(world, { gen: {} })
      assert.equal(await reasonOf(world, token), 'ok')
      const { high, low } = fingerprint(scope, key)
      world.replica.raise(high, low, 1, forgetAfter)
      assert.equal(await reasonOf(world, token), 'revoked', scope)
    }
    const world = await makeWorld()
    const token = await sign(world, { gen: {} })
    world.replica.raiseEveryone(1)
    assert.equal(await reasonOf(world, token), 'revoked')
  })

  test('everyone', async () => {
    const world = await makeWorld()
    const token = await sign(world)
    world.replica.raiseEveryone(1)
    assert.equal(await reasonOf(world, token), 'ok')
    world.replica.raiseEveryone(2)
    assert.equal(await reasonOf(world, token), 'revoked')
  })

  test('a signing key: whatever it signed, remembered or not, is dead', async () => {
    const world = await makeWorld()
    const [token, signed, later] = await Promise.all(
      [0, 9, 9].map((generation) =>
        sign(world, {
          gen: Object.fromEntries(
            ['e', 's', 'c', 'g', 'd'].map((name) => [name, generation * 1e8]),
          ),
          exp: 4_000_000_000,
        }),
      ),
    )
    world.verifier.remember(signed!, { ...claims, kid: 'k' })
    const other = await sign(world, {}, { kid: 'other' })
    for (const good of [signed, other]) assert.equal(await reasonOf(world, good), 'ok')
    const { high, low } = fingerprint('signing_key', 'k')
    world.replica.raise(high, low, 1, 0xffff_ffff)
    for (const dead of [token, signed, later]) assert.equal(await reasonOf(world, dead), 'revoked')
    assert.equal(await reasonOf(world, other), 'ok')
    // Nor does it help to say that another one signed it.
    const renamed = await world.verifier.verify(await sign(world, { kid: 'other' }))
    assert.deepEqual(renamed, { ok: false, reason: 'revoked' })
  })

  test('names of one scope mean nothing in another', async () => {
    const world = await makeWorld()
    const token = await sign(world)
    for (const scope of ['subject', 'client', 'device', 'grant'] as const) {
      const { high, low } = fingerprint(scope, scope === 'subject' ? 'app' : 'maria')
      world.replica.raise(high, low, 99, forgetAfter)
    }
    assert.equal(await reasonOf(world, token), 'ok')
  })

  test('without the right to trust the replica nothing is accepted, and the dead stay dead', async () => {
    const world = await makeWorld()
    const token = await sign(world)
    assert.equal(await reasonOf(world, token), 'ok')
    world.current = false
    assert.equal(await reasonOf(world, token), 'stale')
    const { high, low } = fingerprint('session', sid)
    world.replica.revoke(high, low, forgetAfter)
    assert.equal(await reasonOf(world, token), 'revoked')
  })
})

describe('tokens that are bound to a key', () => {
  const thumbprint = 'A'.repeat(43)
  const bound = { cnf: { jkt: thumbprint } }

  for (const remembered of [false, true]) {
    test(`shown alone they are unproven, ${remembered ? 'remembered from signing' : 'new'} or known`, async () => {
      const world = await makeWorld()
      const token = await sign(world, bound)
      if (remembered) world.verifier.remember(token, { ...claims, ...bound, kid: 'k' })
      for (let times = 0; times < 2; times++) {
        assert.equal(await reasonOf(world, token, 'api'), 'unproven')
        const early = await world.verifier.verifyToEnd(token)
        assert.deepEqual([early.ok, !early.ok && early.reason], [false, 'unproven'])
      }
      assert.equal(world.verifier.verifyKnown(token)?.verdict.ok, false)
    })
  }

  test('with the proof of that key they are good; a bearer token with a proof is not', async () => {
    const world = await makeWorld()
    const verdict = await world.verifier.verify(await sign(world, bound))
    const proven = withProof(verdict, thumbprint)
    assert.deepEqual(proven.ok && proven.claims['cnf'], bound.cnf)
    const stolen = withProof(verdict, 'B'.repeat(43))
    assert.deepEqual([stolen.ok, !stolen.ok && stolen.reason], [false, 'unproven'])
    const bearer = withProof(await world.verifier.verify(await sign(world)), thumbprint)
    assert.deepEqual([bearer.ok, !bearer.ok && bearer.reason], [false, 'invalid'])
  })

  test('what ended, expired, is for others or cannot be judged is so with a proof, too', async () => {
    const world = await makeWorld()
    const token = await sign(world, bound)
    const proven = async (audience?: string): Promise<string> => {
      const verdict = withProof(await world.verifier.verify(token, audience), thumbprint)
      return verdict.ok ? 'ok' : verdict.reason
    }
    assert.equal(await proven(), 'ok')
    assert.equal(await proven('others'), 'invalid')
    world.current = false
    assert.equal(await proven(), 'stale')
    world.current = true
    world.nowMs = startMs + 600_000
    assert.equal(await proven(), 'expired')
    world.nowMs = startMs
    const { high, low } = fingerprint('session', sid)
    world.replica.revoke(high, low, 0xffff_ffff)
    assert.equal(await proven(), 'revoked')
  })

  test('a binding that is not understood is refused, whatever comes with it', async () => {
    const world = await makeWorld()
    for (const cnf of [
      { 'x5t#S256': thumbprint },
      { jkt: thumbprint, 'x5t#S256': thumbprint },
      { jkt: 'short' },
      { jkt: [thumbprint] },
      {},
      [],
      thumbprint,
      true,
      0,
    ]) {
      const verdict = await world.verifier.verify(await sign(world, { cnf }))
      assert.deepEqual(verdict, { ok: false, reason: 'invalid' }, JSON.stringify(cnf))
      assert.equal(withProof(verdict, thumbprint).ok, false)
    }
    assert.equal(await reasonOf(world, await sign(world, { cnf: null })), 'ok')
  })
})
