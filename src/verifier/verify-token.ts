import type { JWTVerifyGetKey } from 'jose'
import type { RevocationView } from './alive.ts'
import type { TokenClaims } from './claims.ts'
import { readForeignToken } from './foreign-token.ts'
import { payloadOf, verifySignature, wrongTime, type SignedToken } from './jwt.ts'
import { KeySearch } from './key-search.ts'
import {
  foreignAlgorithms,
  otherIssuerOf,
  type OtherIssuer,
  type OtherIssuers,
} from './other-issuers.ts'
import { readOwnToken } from './own-token.ts'
import { verifiedForeignToken, verifiedToken, type VerifiedToken } from './verified-token.ts'

/** What tokens are held against. */
export interface TokenTerms {
  readonly replica: RevocationView
  /** Finds the public key by the JWT's header. */
  readonly keys: JWTVerifyGetKey
  /** Expected `iss`. A function, as a guard learns it after it was made. */
  readonly issuer: () => string
  /** Wall clock, milliseconds since 1970. */
  readonly nowMs: () => number
  /** A time that is over whatever the wall clock says, in milliseconds since 1970. Default: none. */
  readonly overMs?: () => number
  /**
   * Whether the replica may be trusted at this moment: the lease. Asked together with the replica,
   * after everything that takes time.
   *
   * @param nowMs What the wall clock has just said: to read it is a large part of a check.
   */
  readonly isCurrent: (nowMs: number) => boolean
}

export const signatureAlgorithms = ['ES256', 'EdDSA', 'RS256'] as const

/**
 * Verifies a token that was not seen before: whose it is, its signature, its type, its time and
 * what it must say. Whether it has ended is judged afterwards.
 *
 * @param others Issuers whose tokens are accepted as well.
 * @param isToEnd Whether it is for a call that ends the token: then one that is not valid yet is
 *   good, and one signed with a key that its issuer has dropped.
 * @returns Why it is refused, where it is.
 */
export async function verifyToken(
  token: string,
  terms: TokenTerms,
  others: OtherIssuers | undefined,
  isToEnd: boolean,
): Promise<VerifiedToken | 'invalid' | 'expired' | 'stale'> {
  const { nowMs, overMs = () => 0, isCurrent } = terms
  const payload = payloadOf(token)
  if (payload === undefined) return 'invalid'
  const own = terms.issuer()
  // By its own word: the signature is judged with the keys of that issuer.
  const isOther = others !== undefined && payload.iss !== own
  const other = isOther ? await otherIssuerOf(payload.iss, others) : undefined
  if (typeof other === 'string') return other
  const search = new KeySearch(other?.keys ?? terms.keys)
  const algorithms = other ? foreignAlgorithms : signatureAlgorithms
  const dropped = isToEnd ? other?.droppedKeys : undefined
  const header =
    (await headerIfSigned(token, search.find, algorithms)) ??
    (dropped && (await headerIfSigned(token, dropped, algorithms)))
  if (header === undefined) {
    const { ended } = search
    return ended === 'failed' || (ended === 'none' && !isCurrent(nowMs())) ? 'stale' : 'invalid'
  }
  const timeMs = Math.max(nowMs(), overMs(), isToEnd ? notBeforeMs(payload) : 0)
  const signed = { token, header, payload }
  if (other !== undefined) {
    const latestSeconds = isToEnd ? Infinity : nowMs() / 1000
    return readForeign(signed, other, timeMs, latestSeconds, terms.replica)
  }
  const claims = readOwnToken(signed, own, timeMs)
  return typeof claims === 'string' ? claims : verifiedToken(token, claims, terms.replica)
}

/** Undefined where the signature is not good, or no key is found. */
async function headerIfSigned(
  token: string,
  find: JWTVerifyGetKey,
  algorithms: readonly string[],
): Promise<SignedToken['header'] | undefined> {
  try {
    return await verifySignature(token, find, algorithms)
  } catch {
    return undefined
  }
}

function readForeign(
  signed: SignedToken,
  { terms }: OtherIssuer,
  timeMs: number,
  latestSeconds: number,
  replica: RevocationView,
): VerifiedToken | 'invalid' | 'expired' {
  const { token, header, payload } = signed
  const { iss } = payload
  if (iss !== terms.issuer && !terms.aliases.some((alias) => alias === iss)) return 'invalid'
  const wrong = wrongTime(payload, timeMs)
  if (wrong !== undefined) return wrong
  const { kid } = header
  const read = readForeignToken(signed, terms, latestSeconds)
  if (typeof read === 'string' || typeof kid !== 'string') return 'invalid'
  const claims = { ...payload, aud: read.audience, kid } as unknown as TokenClaims
  return verifiedForeignToken(token, claims, read, replica)
}

/** From when a token is good, by its own word. */
function notBeforeMs({ nbf }: SignedToken['payload']): number {
  return Number.isSafeInteger(nbf) ? (nbf as number) * 1000 : 0
}
