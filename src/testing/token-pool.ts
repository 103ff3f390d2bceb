/**
 * A pool of real, signed tokens that every simulated world shares: signing them anew would take
 * most of the time.
 */
import {
  exportJWK,
  generateKeyPair,
  importJWK,
  jwtVerify,
  SignJWT,
  type CryptoKey,
  type JWK,
} from 'jose'
import type { Revocation } from '../domain/revocation.ts'
import { rulesOf } from '../domain/issuer.ts'
import { participantKey } from '../domain/scope.ts'
import type { WireIssuer, WireIssuers } from '../protocol/issuers.ts'
import { simulatedEpochMs } from './simulated-process.ts'
import type { AccessClaims } from '../verifier/claims.ts'
import { verifyAtOnce } from './verify-at-once.ts'

export const issuer = 'https://auth.example'

export interface PoolToken {
  readonly jwt: string
  readonly claims: AccessClaims
}

export interface TokenPool {
  readonly key: CryptoKey
  readonly tokens: readonly PoolToken[]
  /** Tokens of another issuer, about people, sessions and tokens of the same names. */
  readonly foreign: readonly PoolToken[]
  /** What the server tells guards of that issuer. */
  readonly issuers: WireIssuers
}

export const otherIssuer = 'https://idp.example'

const subjects = ['ada', 'bob', 'eve', 'kim', 'lou', 'max']

/** Tokens of six subjects, whose generations differ. */
export async function makeTokenPool(tokensPerSubject = 10): Promise<TokenPool> {
  const { publicKey, privateKey } = await generateKeyPair('ES256', { extractable: true })
  const key = (await importJWK(await exportJWK(publicKey), 'ES256')) as CryptoKey
  verifyAtOnce()
  const second = Math.floor(simulatedEpochMs / 1000)
  const tokens: PoolToken[] = []
  const foreign: PoolToken[] = []
  const sign = async (claims: AccessClaims): Promise<PoolToken> => {
    const jwt = await new SignJWT({ ...claims, aud: [...claims.aud] })
      .setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', kid: 'pool' })
      .sign(privateKey)
    // Once, outside of all simulated time.
    await jwtVerify(jwt, key, { currentDate: new Date(simulatedEpochMs) })
    return { jwt, claims }
  }
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
      tokens.push(await sign(claims))
      if (subjectIndex > 1) continue
      // Issued one after another; every second one is a refresh of a login of an hour before.
      const iat = second - 50_000 + 100 * index
      const login = index % 2 === 0 ? {} : { auth_time: iat - 3600 }
      foreign.push(await sign({ ...claims, iss: otherIssuer, gen: {}, iat, ...login }))
    }
  }
  const jwk = { ...(await exportJWK(publicKey)), kid: 'pool', alg: 'ES256' }
  return { key, tokens, foreign, issuers: issuersWith(jwk) }
}

function issuersWith(jwk: JWK): WireIssuers {
  const terms: WireIssuer = {
    name: 'idp',
    issuer: otherIssuer,
    aliases: [],
    rules: rulesOf('generic', { session: ['sid'] }),
    audience: ['api'],
    maxTokenLifeSeconds: 10_000_000,
    clockSkewSeconds: 2,
    keys: { keys: [jwk] },
  }
  return { issuers: [terms] }
}

/** Whether a revocation ends a token: the definition, apart from the code that is tried. */
export function ends(
  entry: Pick<Revocation, 'scope' | 'key' | 'generation' | 'issuer' | 'cutoffSeconds'>,
  claims: AccessClaims,
): boolean {
  if (entry.issuer !== (claims.iss === otherIssuer ? otherIssuer : '')) return false
  if (entry.issuer !== '') return endsForeign(entry, claims)
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

/** The same about a token of another issuer, which is as old as the login that it comes from. */
function endsForeign(
  { scope, key, cutoffSeconds }: Parameters<typeof ends>[0],
  { jti, sid, sub, iat, auth_time: login = iat }: AccessClaims,
): boolean {
  const isOld = Math.min(iat, Number(login)) <= cutoffSeconds
  switch (scope) {
    case 'token':
      return jti === key
    case 'session':
      return sid === key
    case 'subject':
      return sub === key && isOld
    case 'everyone':
      return isOld
    default:
      return false
  }
}

function uuid(kind: number, index: number): string {
  const tail = (Math.imul(index + 1, 0x9e37_79b1) >>> 0).toString(16).padStart(8, '0')
  return `01990000-000${kind}-7000-8${kind}00-0000${tail}`
}
