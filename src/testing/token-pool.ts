/**
 * A pool of real, signed tokens that every simulated world shares: signing them anew would take
 * most of the time.
 */
import { exportJWK, generateKeyPair, importJWK, jwtVerify, SignJWT, type CryptoKey } from 'jose'
import type { Revocation } from '../domain/revocation.ts'
import { participantKey } from '../domain/scope.ts'
import { simulatedEpochMs } from './simulated-process.ts'
import type { AccessClaims } from '../verifier/claims.ts'

export const issuer = 'https://auth.example'

export interface PoolToken {
  readonly jwt: string
  readonly claims: AccessClaims
}

export interface TokenPool {
  readonly key: CryptoKey
  readonly tokens: readonly PoolToken[]
}

const subjects = ['ada', 'bob', 'eve', 'kim', 'lou', 'max']

/** Tokens of six subjects, whose generations differ. */
export async function makeTokenPool(tokensPerSubject = 10): Promise<TokenPool> {
  const { publicKey, privateKey } = await generateKeyPair('ES256', { extractable: true })
  const key = (await importJWK(await exportJWK(publicKey), 'ES256')) as CryptoKey
  rememberSignatures()
  const second = Math.floor(simulatedEpochMs / 1000)
  const tokens: PoolToken[] = []
  for (const [subjectIndex, sub] of subjects.entries()) {
    for (let index = 0; index < tokensPerSubject; index++) {
      const claims: AccessClaims = {
        iss: issuer,
        aud: ['api'],
        sub,
        client_id: 'shop',
        jti: uuid(1, subjectIndex * 10_000 + index),
        sid: uuid(2, subjectIndex * 10_000 + index),
        gen: { e: index % 2, s: index % 3 },
        iat: second - 3600,
        nbf: second - 3600,
        exp: second + 1_000_000,
      }
      const jwt = await new SignJWT({ ...claims, aud: ['api'] })
        .setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', kid: 'pool' })
        .sign(privateKey)
      // Once, outside of all simulated time.
      await jwtVerify(jwt, key, { currentDate: new Date(simulatedEpochMs) })
      tokens.push({ jwt, claims })
    }
  }
  return { key, tokens }
}

/**
 * Verifies every signature once and remembers the outcome: the same bytes under the same key are as
 * good the next time, and waiting for another thread takes longer than all the rest of a world.
 */
function rememberSignatures(): void {
  const { subtle } = globalThis.crypto
  const verify = subtle.verify.bind(subtle)
  const outcomes = new Map<string, Promise<boolean>>()
  subtle.verify = (algorithm, key, signature, data) => {
    const id = Buffer.from(signature as Uint8Array).toString('base64')
    const known = outcomes.get(id)
    if (known) return known
    const outcome = verify(algorithm, key, signature, data)
    outcomes.set(id, outcome)
    return outcome
  }
}

/** Whether a revocation ends a token: the definition, apart from the code that is tried. */
export function ends(
  entry: Pick<Revocation, 'scope' | 'key' | 'generation'>,
  claims: AccessClaims,
): boolean {
  switch (entry.scope) {
    case 'token':
      return claims.jti === entry.key
    case 'session':
      return claims.sid === entry.key
    case 'subject':
      return claims.sub === entry.key && (claims.gen['s'] ?? 0) < entry.generation
    case 'device':
      return claims.device_id === entry.key && (claims.gen['d'] ?? 0) < entry.generation
    case 'participant':
      return (
        participantKey(claims.client_id, claims.sid) === entry.key &&
        (claims.gen['p'] ?? 0) < entry.generation
      )
    case 'everyone':
      return (claims.gen['e'] ?? 0) < entry.generation
    default:
      return false
  }
}

function uuid(kind: number, index: number): string {
  const tail = (Math.imul(index + 1, 0x9e37_79b1) >>> 0).toString(16).padStart(8, '0')
  return `01990000-000${kind}-7000-8${kind}00-0000${tail}`
}
