import type { TokenClaims } from '../../../verifier/claims.ts'
import type { Accepted } from '../../../verifier/verdict.ts'
import { answer, anyText, count, flag, listOf, optional, type Schema } from '../../schema.ts'
import type { ResourceServer } from './options.ts'

/** What is said of a token (RFC 7662, section 2.2). */
export interface Introspection {
  readonly active: boolean
  readonly token_type?: string
  readonly iss?: string
  readonly sub?: string
  readonly aud?: readonly string[]
  readonly client_id?: string
  readonly scope?: string
  readonly exp?: number
  readonly iat?: number
  readonly nbf?: number
  readonly jti?: string
  readonly sid?: string
  readonly username?: string
  readonly auth_time?: number
  readonly acr?: string
  readonly amr?: readonly string[]
  /** RFC 9449, section 6.2: the key of which the presenter of the token must prove possession. */
  readonly cnf?: { readonly jkt: string }
}

const name = optional(anyText())
const seconds = optional(count())
const names = optional(listOf(anyText()))

export const introspectionBody: Schema<Introspection> = answer<Introspection>({
  active: flag({}),
  token_type: name,
  iss: name,
  sub: name,
  aud: names,
  client_id: name,
  scope: name,
  exp: seconds,
  iat: seconds,
  nbf: seconds,
  jti: name,
  sid: name,
  username: name,
  auth_time: seconds,
  acr: name,
  amr: names,
  cnf: optional(answer<NonNullable<Introspection['cnf']>>({ jkt: anyText() })),
})

/** Of whatever is not good, and of tokens for others: no reason, which would tell a thief. */
export const inactive: Introspection = { active: false }

/**
 * What a resource server is told of a token that is good at this moment, as the token's issuer
 * wrote it. Other claims are left out.
 *
 * @param thumbprint Of the key that it is bound to.
 * @returns {@link inactive} where the token is not for it.
 */
export function describe(
  { claims, foreign }: Accepted,
  server: ResourceServer,
  thumbprint?: string,
): Introspection {
  const audience = claims.aud.filter((one) => server.audiences.includes(one))
  if (audience.length === 0) return inactive
  const scope = scopesOf(claims).filter((one) => server.scopes?.includes(one) ?? true)
  const { sid, client_id: client } = foreign?.names ?? claims
  return {
    active: true,
    ...(thumbprint === undefined
      ? { token_type: 'Bearer' }
      : { token_type: 'DPoP', cnf: { jkt: thumbprint } }),
    aud: audience,
    exp: claims.exp,
    ...(scope.length === 0 ? {} : { scope: scope.join(' ') }),
    ...(sid === undefined ? {} : { sid }),
    ...(client === undefined ? {} : { client_id: client }),
    ...claimsThat(isText, claims, ['iss', 'sub', 'jti', 'username', 'acr']),
    ...claimsThat(Number.isSafeInteger, claims, ['iat', 'nbf', 'auth_time']),
    ...claimsThat(isTexts, claims, ['amr']),
  }
}

/** Those of some claims that are there and of their type: an issuer may write anything. */
function claimsThat(
  isGood: (value: unknown) => boolean,
  claims: TokenClaims,
  wanted: readonly (keyof Introspection)[],
): Readonly<Record<string, unknown>> {
  const found = wanted.map((one) => [one, claims[one]] as const)
  return Object.fromEntries(found.filter(([, value]) => isGood(value)))
}

function isText(value: unknown): boolean {
  return typeof value === 'string'
}

function isTexts(value: unknown): boolean {
  return Array.isArray(value) && value.every(isText)
}

/** `scp` is what Entra ID (text) and Okta (a list) call them. */
function scopesOf({ scope, scp }: TokenClaims): readonly string[] {
  return [scope ?? scp ?? []]
    .flat()
    .flatMap((text) => (typeof text === 'string' ? text.split(' ') : []))
    .filter((name) => name !== '')
}
