import type { IssuerTerms, Need, TokenRules } from '../domain/token-rules.ts'
import type { SignedToken } from './jwt.ts'
import type { ForeignNames } from './token-facts.ts'
import { sha256Hex } from './sha256.ts'

export interface ForeignToken {
  readonly names: ForeignNames
  /** For which APIs it is. */
  readonly audience: readonly string[]
  readonly expiresAtSeconds: number
}

/**
 * Reads an access token of another issuer.
 *
 * @param terms Of the issuer that has signed it.
 * @param nowSeconds Unix time; `Infinity` where one is read as well that was issued in the future.
 * @returns Why it is not accepted here, in words; undefined where it is.
 */
export function readForeignToken(
  { token, header, payload }: SignedToken,
  terms: IssuerTerms,
  nowSeconds: number,
): ForeignToken | string {
  const { rules } = terms
  const wrong = wrongKind(header, payload, rules) ?? wrongTimes(payload, terms, nowSeconds)
  if (wrong !== undefined) return wrong
  const audience = rules.audience.flatMap((claim) => texts(payload[claim]))
  if (!audience.some((name) => terms.audience.includes(name))) return 'it is for other APIs'
  const sub = firstText(payload, rules.subject)
  if (sub === undefined) return 'it names no subject'
  const client = firstText(payload, rules.client)
  // The key of a grant is both, with a space between.
  if (client !== undefined && /\s/.test(client)) return 'its client holds white space'
  return {
    names: {
      issuer: terms.issuer,
      names: {
        jti: firstText(payload, rules.id) ?? hashOf(token),
        sid: firstText(payload, rules.session),
        sub,
        client_id: client,
      },
      sinceSeconds: sinceSeconds(payload, rules),
    },
    audience,
    expiresAtSeconds: payload['exp'] as number,
  }
}

/**
 * The name of a token that has none: the hash of what its signature covers. Not of the whole token:
 * its last characters can be written in several ways, and some signatures as well.
 */
export function hashOf(token: string): string {
  return `sha256:${sha256Hex(token.slice(0, token.lastIndexOf('.')))}`
}

function wrongKind(
  header: SignedToken['header'],
  payload: SignedToken['payload'],
  { types, needs, never }: TokenRules,
): string | undefined {
  const { typ = '' } = header
  if (typeof typ !== 'string' || !types.includes(typ.toLowerCase().replace(/^application\//, ''))) {
    return 'it is of another type'
  }
  if (never.some((claim) => isThere(payload[claim]))) return 'it is not an access token'
  return needs.every((need) => has(payload, need)) ? undefined : 'it is not an access token'
}

function has(payload: SignedToken['payload'], { claims, values }: Need): boolean {
  return claims.some((claim) => {
    const value = payload[claim]
    return isThere(value) && (values === undefined || values.includes(value as string))
  })
}

function wrongTimes(
  { exp, iat }: SignedToken['payload'],
  { maxTokenLifeSeconds, clockSkewSeconds }: IssuerTerms,
  nowSeconds: number,
): string | undefined {
  if (!isSecond(exp) || !isSecond(iat)) return 'it does not say when it was issued and expires'
  if (exp - iat > maxTokenLifeSeconds) return 'it lives longer than the tokens of this issuer may'
  return iat > nowSeconds + clockSkewSeconds ? 'it was issued in the future' : undefined
}

/** The earliest second that it names: a refresh is younger than the login that it continues. */
function sinceSeconds(payload: SignedToken['payload'], { loggedInAt }: TokenRules): number {
  const times = [payload['iat'], ...loggedInAt.flatMap((claim) => valuesAt(payload, claim))]
  return Math.floor(Math.min(...times.filter(isSecond)))
}

/** The value of a claim; of `claim[].member`, that member of each object in a list. */
function valuesAt(payload: SignedToken['payload'], path: string): readonly unknown[] {
  const [claim = '', member] = path.split('[].')
  const value = payload[claim]
  if (member === undefined) return [value]
  return Array.isArray(value)
    ? value.map((one: unknown) => (one as Readonly<Record<string, unknown>> | null)?.[member])
    : []
}

function firstText(payload: SignedToken['payload'], claims: readonly string[]): string | undefined {
  for (const claim of claims) {
    const value = payload[claim]
    if (typeof value === 'string' && value !== '') return value
  }
  return undefined
}

function texts(value: unknown): readonly string[] {
  return [value].flat().filter((one): one is string => typeof one === 'string' && one !== '')
}

function isThere(value: unknown): boolean {
  return value !== undefined && value !== null && value !== ''
}

function isSecond(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value > 0
}
