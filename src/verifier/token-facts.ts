import type { AccessClaims } from './claims.ts'
import { fingerprint, fingerprintSync, hashesAtOnce, type Fingerprint } from './fingerprint.ts'

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

/**
 * Computes the facts of a token whose claims were verified.
 *
 * @returns The facts, where the runtime can hash without a promise (Node); else a promise of them.
 */
export function tokenFacts(claims: AccessClaims): TokenFacts | Promise<TokenFacts> {
  if (hashesAtOnce) return factsOf(namesAtOnce(claims), claims.gen)
  return namesOf(claims).then((names) => factsOf(names, claims.gen))
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

function namesAtOnce({ jti, sid, sub, client_id, device_id, kid }: AccessClaims): TokenNames {
  return {
    jti: fingerprintSync('token', jti),
    sid: fingerprintSync('session', sid),
    subject: fingerprintSync('subject', sub),
    client: rememberedFingerprint('client', client_id),
    grant: fingerprintSync('grant', `${client_id} ${sub}`),
    device: device_id === undefined ? undefined : fingerprintSync('device', device_id),
    signingKey: kid === undefined ? undefined : rememberedFingerprint('signing_key', kid),
  }
}

async function namesOf(claims: AccessClaims): Promise<TokenNames> {
  const { sub, client_id: clientId, device_id: deviceKey, kid } = claims
  const [jti, sid, subject, client, grant, device, signingKey] = await Promise.all([
    fingerprint('token', claims.jti),
    fingerprint('session', claims.sid),
    fingerprint('subject', sub),
    fingerprint('client', clientId),
    fingerprint('grant', `${clientId} ${sub}`),
    deviceKey === undefined ? undefined : fingerprint('device', deviceKey),
    kid === undefined ? undefined : fingerprint('signing_key', kid),
  ])
  return { jti, sid, subject, client, grant, device, signingKey }
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
  const made = fingerprintSync(scope, key)
  names.set(key, made)
  return made
}
