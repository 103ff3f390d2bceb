/** What the proof of a key costs: known bound tokens, each shown with a proof that was never seen. */
import { hash, randomUUID } from 'node:crypto'
import { calculateJwkThumbprint, compactVerify, exportJWK, generateKeyPair, SignJWT } from 'jose'
import type { Guard, ProofOfKey } from '../../src/guard/index.ts'
import type { FreshFigures } from './checker.ts'

export const PUBLIC_URL = 'https://api.example'
const PATH = '/orders'
const AT_ONCE = 100
/** Not timed: until the caches have what checks need. */
const BEFORE = 1000
const PROOFS = 4000

const { privateKey, publicKey } = await generateKeyPair('ES256')
const jwk = await exportJWK(publicKey)

/** The claim of a token that is bound to the key of these proofs. */
export const confirmation: { readonly jkt: string } = { jkt: await calculateJwkThumbprint(jwk) }

/**
 * Checks tokens with a new proof each, and verifies the signatures of as many others and nothing
 * else of them, a hundred at a time in turns.
 */
export async function provenRate(guard: Guard, tokens: readonly string[]): Promise<FreshFigures> {
  const own = await sign(tokens)
  const others = await sign(tokens)
  await guard.ready()
  let checkedMs = 0
  let verifiedMs = 0
  for (let from = 0; from < own.length; from += AT_ONCE) {
    const startedMs = performance.now()
    for (let at = from; at < from + AT_ONCE; at++) {
      const verdict = await guard.checkWithProof(tokens[at % tokens.length], own[at]!)
      if (!verdict.ok) throw new Error(`a proven token was ${verdict.reason}`)
    }
    const betweenMs = performance.now()
    for (let at = from; at < from + AT_ONCE; at++) await compactVerify(others[at]!.jwt!, publicKey)
    if (from < BEFORE) continue
    checkedMs += betweenMs - startedMs
    verifiedMs += performance.now() - betweenMs
  }
  const perSecond = (spentMs: number): number => (PROOFS * 1000) / spentMs
  return { checked: perSecond(checkedMs), verified: perSecond(verifiedMs) }
}

/** A proof for each of the tokens, again and again. */
function sign(tokens: readonly string[]): Promise<readonly ProofOfKey[]> {
  return Promise.all(
    Array.from({ length: BEFORE + PROOFS }, async (_, at) => {
      const ath = hash('sha256', tokens[at % tokens.length]!, 'base64url')
      const claims = { jti: randomUUID(), htm: 'GET', htu: PUBLIC_URL + PATH, ath }
      const jwt = await new SignJWT(claims)
        .setProtectedHeader({ alg: 'ES256', typ: 'dpop+jwt', jwk })
        .setIssuedAt()
        .sign(privateKey)
      return { jwt, method: 'GET', path: PATH }
    }),
  )
}
