import type { AccessClaims } from './claims.ts'
import { fingerprint, type Fingerprint } from './fingerprint.ts'

/**
 * Everything about a token that a revocation can name, ready for look-ups: the two halves of each
 * fingerprint. They stand side by side because tens of thousands of tokens are remembered, and
 * every object more has to be copied by the garbage collector and waited for by a check.
 */
export interface TokenFacts {
  readonly jtiHigh: number
  readonly jtiLow: number
  readonly sidHigh: number
  readonly sidLow: number
  readonly subjectHigh: number
  readonly subjectLow: number
  readonly clientHigh: number
  readonly clientLow: number
  readonly grantHigh: number
  readonly grantLow: number
  /** Whether the session is bound to a device; otherwise the next two mean nothing. */
  readonly hasDevice: boolean
  readonly deviceHigh: number
  readonly deviceLow: number
  /** False where nobody has said which key signed it. */
  readonly hasSigningKey: boolean
  readonly signingKeyHigh: number
  readonly signingKeyLow: number
  readonly generations: AccessClaims['gen']
}

/** What a token names, each with its fingerprint. */
export interface TokenNames {
  readonly jti: Fingerprint
  readonly sid: Fingerprint
  readonly subject: Fingerprint
  readonly client: Fingerprint
  readonly grant: Fingerprint
  readonly device: Fingerprint | undefined
  readonly signingKey: Fingerprint | undefined
}

/** Computes the facts of a token whose claims were verified. */
export function tokenFacts(claims: AccessClaims): TokenFacts {
  const { sub, client_id: clientId, device_id: deviceKey, kid } = claims
  const names: TokenNames = {
    jti: fingerprint('token', claims.jti),
    sid: fingerprint('session', claims.sid),
    subject: fingerprint('subject', sub),
    client: rememberedFingerprint('client', clientId),
    grant: fingerprint('grant', `${clientId} ${sub}`),
    device: deviceKey === undefined ? undefined : fingerprint('device', deviceKey),
    signingKey: kid === undefined ? undefined : rememberedFingerprint('signing_key', kid),
  }
  return factsOf(names, claims.gen)
}

/** The facts of a token that has these names, and was issued at these generations. */
export function factsOf(names: TokenNames, generations: AccessClaims['gen']): TokenFacts {
  const { jti, sid, subject, client, grant, device, signingKey } = names
  return {
    jtiHigh: jti.high,
    jtiLow: jti.low,
    sidHigh: sid.high,
    sidLow: sid.low,
    subjectHigh: subject.high,
    subjectLow: subject.low,
    clientHigh: client.high,
    clientLow: client.low,
    grantHigh: grant.high,
    grantLow: grant.low,
    hasDevice: device !== undefined,
    deviceHigh: device?.high ?? 0,
    deviceLow: device?.low ?? 0,
    hasSigningKey: signingKey !== undefined,
    signingKeyHigh: signingKey?.high ?? 0,
    signingKeyLow: signingKey?.low ?? 0,
    generations,
  }
}

/** The upper half of every fingerprint that a token has. */
export function factHighs(facts: TokenFacts): readonly number[] {
  const { jtiHigh, sidHigh, subjectHigh, clientHigh, grantHigh, deviceHigh, signingKeyHigh } = facts
  const highs = [jtiHigh, sidHigh, subjectHigh, clientHigh, grantHigh]
  if (facts.hasDevice) highs.push(deviceHigh)
  if (facts.hasSigningKey) highs.push(signingKeyHigh)
  return highs
}

/** Names of which there are few, each in very many tokens: those that were met lately. */
const remembered = {
  client: new Map<string, Fingerprint>(),
  signing_key: new Map<string, Fingerprint>(),
}
const namesRemembered = 1000

function rememberedFingerprint(scope: keyof typeof remembered, key: string): Fingerprint {
  const names = remembered[scope]
  const known = names.get(key)
  if (known !== undefined) return known
  if (names.size === namesRemembered) names.clear()
  const made = fingerprint(scope, key)
  names.set(key, made)
  return made
}
