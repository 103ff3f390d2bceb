/**
 * What the adapters share: from an `Authorization` header to a decision in the words of HTTP. Each
 * adapter adds only how its framework reads a request, sends an answer and ends an open
 * connection.
 */
import type { TokenClaims } from '../../verifier/claims.ts'
import type { Rejected, Rejection, Verdict } from '../../verifier/verdict.ts'
import {
  challenge as challengeOfScheme,
  dpopToken,
  unprovenChallenge,
  type ChallengeWords,
} from '../../protocol/dpop.ts'
import { aPolicy, aFunction, check, someText, type Rule, type Rules } from '../check-options.ts'
import type { Guard, OnStale, ProofOfKey } from '../options.ts'

/** What a protected route may decide for itself. */
export interface ProtectOptions {
  /** In place of the guard's audience. */
  readonly audience?: string
  /** In place of the guard's `onStale`. */
  readonly onStale?: OnStale
  /**
   * Names that the token's `scope` claim must all contain; spaces part them as there. Default:
   * none.
   */
  readonly scope?: string | readonly string[]
  /** Named in challenges. Default `api`. Quotes and backslashes are left out. */
  readonly realm?: string
  /**
   * How long a request whose token is revoked while it is handled may take to answer, in
   * milliseconds. Then it is cut off. What is already streaming is cut off at once. Default 5000.
   */
  readonly graceMs?: number
}

/** What an adapter knows beside what all of them know. */
export interface AdapterOptions extends ProtectOptions {
  readonly tokenOf?: unknown
  readonly closeCode?: number
  readonly isStream?: unknown
}

const scopes: Rule = {
  allowed: 'names in a string or a list of strings',
  allows: (value) => [value].flat().every((name) => typeof name === 'string'),
}
const grace: Rule = {
  allowed: 'a number of milliseconds from 0',
  allows: (value) => typeof value === 'number' && Number.isFinite(value) && value >= 0,
}

/** What may stand in a close frame (RFC 6455, section 7.4). */
const closeCode: Rule = {
  allowed: 'a code from 1000 to 4999 that may be sent',
  allows: (value) =>
    isWithin(value, 1000, 4999) && ![1004, 1005, 1006, 1015].includes(Number(value)),
}

/** What the interface of browsers may send. */
export const closeCodeOfStandards: Rule = {
  allowed: '1000 or a code from 3000 to 4999',
  allows: (value) => value === 1000 || isWithin(value, 3000, 4999),
}

function isWithin(value: unknown, from: number, to: number): boolean {
  return Number.isInteger(value) && Number(value) >= from && Number(value) <= to
}

const protectRules: Rules<Omit<AdapterOptions, 'isStream'>> = {
  audience: someText,
  onStale: aPolicy,
  scope: scopes,
  realm: { allowed: 'a string', allows: (value) => typeof value === 'string' },
  graceMs: grace,
  tokenOf: aFunction,
  closeCode,
}
const streamRules: Rules<AdapterOptions> = { ...protectRules, isStream: aFunction }

/**
 * Refuses options that cannot work, and unknown ones: a misspelt option would protect less than was
 * meant.
 *
 * @throws {TypeError} That names the option, what was given, and what is allowed.
 */
export function checkProtectOptions(options: AdapterOptions, hasStreams = false): void {
  check('protect', options, hasStreams ? streamRules : protectRules)
}

/** A refusal, ready to be sent. */
export interface Challenge {
  readonly status: 401 | 403 | 503
  readonly headers: Readonly<Record<string, string>>
  /** A problem document (RFC 9457). */
  readonly body: string
}

export type Decision =
  | { readonly ok: true; readonly claims: TokenClaims }
  | { readonly ok: false; readonly challenge: Challenge }

export const defaultGraceMs = 5000

/** Under which the claims of an accepted request are kept. No other code can use the name. */
const claimsKey = Symbol('outright.claims')

interface WithClaims {
  [claimsKey]?: TokenClaims
}

/** Notes the claims of a request that was let in. (A `WeakMap` would be dearer than the check.) */
export function rememberClaims(request: object, claims: TokenClaims): void {
  const target: WithClaims = request
  target[claimsKey] = claims
}

/**
 * The claims of a request that a guard let in.
 *
 * @throws {Error} If none did: the route is not protected.
 */
export function claimsOf(request: object): TokenClaims {
  const claims = (request as WithClaims)[claimsKey]
  if (claims) return claims
  throw new Error('Cannot read claims: no guard has let this request in')
}

/**
 * The token of an `Authorization: Bearer …` header (RFC 6750, section 2.1); undefined for any
 * other.
 */
export function bearerToken(authorization: string | null | undefined): string | undefined {
  if (!authorization) return undefined
  // As nearly every client sends it. Whether the characters are those of a token, the guard sees.
  if (authorization.startsWith('Bearer ') && !authorization.includes(' ', 7)) {
    return authorization.slice(7)
  }
  return /^Bearer +([\w.~+/-]+=*) *$/i.exec(authorization)?.[1]
}

/** A token that a request shows with a proof of its key (RFC 9449, section 7.1). */
export interface ProvenToken {
  readonly token: string
  readonly proof: ProofOfKey
}

/** Where a kind of request has its token. */
export interface Reading<Request> {
  /** The token that is shown alone; undefined where there is none. */
  readonly tokenOf: (request: Request) => string | undefined
  /** Asked where there is none: most requests have one. */
  readonly provenOf: (request: Request) => ProvenToken | undefined
}

/** A place that an application has named: what stands there is shown alone. */
export function readingBy<Request>(
  tokenOf: (request: Request) => string | undefined,
): Reading<Request> {
  return { tokenOf, provenOf: () => undefined }
}

const provenKey = Symbol('outright.proven')

interface WithProven {
  [provenKey]?: ProvenToken
}

/**
 * The token and proof of a request, the same object each time: a middleware within another judges
 * one use of the proof, and no second one.
 */
export function provenToken(
  request: object,
  authorization: string | null | undefined,
  proof: () => ProofOfKey,
): ProvenToken | undefined {
  const target: WithProven = request
  const known = target[provenKey]
  if (known !== undefined) return known
  const token = dpopToken(authorization)
  if (token === undefined) return undefined
  return (target[provenKey] = { token, proof: Object.freeze(proof()) })
}

/** Decides about a request: before this returns, where the guard knows its token already. */
export function decide<Request>(
  guard: Guard,
  request: Request,
  { tokenOf, provenOf }: Reading<Request>,
  options: ProtectOptions,
): Decision | Promise<Decision> {
  const token = tokenOf(request)
  const proven = token === undefined ? provenOf(request) : undefined
  if (proven !== undefined) {
    const { token: bound, proof } = proven
    return guard
      .checkWithProof(bound, proof, options)
      .then((verdict) => decisionOf(verdict, options, 'DPoP'))
  }
  const known = guard.checkNow(token, options)
  if (known) return decisionOf(known, options)
  return guard.check(token, options).then((verdict) => decisionOf(verdict, options))
}

type Scheme = 'Bearer' | 'DPoP'

/** What a verdict means for a request, in the words of HTTP. */
export function decisionOf(
  verdict: Verdict,
  options: ProtectOptions,
  scheme: Scheme = 'Bearer',
): Decision {
  if (!verdict.ok) return { ok: false, challenge: challengeOf(verdict, options, scheme) }
  if (options.scope === undefined) return verdict
  const needed = [options.scope]
    .flat()
    .flatMap((names) => names.split(' '))
    .filter(Boolean)
  const { scope } = verdict.claims
  const granted = typeof scope === 'string' ? scope.split(' ') : []
  if (needed.every((name) => granted.includes(name))) return verdict
  return { ok: false, challenge: insufficientScope(needed, options, scheme) }
}

/**
 * The challenge of a verdict. `Retry-After` with a 401 says when a new login will be accepted: the
 * person was logged out up to a second, and came back within it.
 */
function challengeOf(rejected: Rejected, options: ProtectOptions, scheme: Scheme): Challenge {
  const { reason, retryAfterSeconds, proof = 'missing' } = rejected
  const challenge =
    reason === 'unproven'
      ? refusal(reason, options, 'DPoP', unprovenChallenge(proof))
      : challengeFor(reason, options, scheme)
  if (retryAfterSeconds === undefined) return challenge
  const headers = { ...challenge.headers, 'retry-after': String(retryAfterSeconds) }
  return { ...challenge, headers }
}

/**
 * Challenges as RFC 6750, section 3, and RFC 9449, section 7.1, have them; 503 where the guard
 * cannot decide (RFC 9110, 15.6.4).
 */
export function challengeFor(
  reason: Exclude<Rejection, 'unproven'>,
  options: ProtectOptions,
  scheme: Scheme = 'Bearer',
): Challenge {
  switch (reason) {
    case 'missing': {
      const headers = { 'www-authenticate': challengeText('Bearer', options, {}) }
      return problem(401, 'A token is needed', reason, headers)
    }
    case 'invalid':
    case 'expired':
    case 'revoked': {
      const text = { invalid: 'is not valid', expired: 'has expired', revoked: 'has been revoked' }
      const description = `The token ${text[reason]}`
      return refusal(reason, options, scheme, { error: 'invalid_token', description })
    }
    case 'stale':
      return problem(503, 'Tokens cannot be checked at the moment', reason, { 'retry-after': '1' })
  }
}

function refusal(
  reason: Rejection,
  options: ProtectOptions,
  scheme: Scheme,
  challenge: ChallengeWords,
): Challenge {
  return problem(401, challenge.description ?? '', reason, {
    'www-authenticate': challengeText(scheme, options, challenge),
  })
}

function insufficientScope(
  needed: readonly string[],
  options: ProtectOptions,
  scheme: Scheme,
): Challenge {
  const names = quotable(needed.join(' '))
  return problem(403, 'The token lacks a scope', 'insufficient_scope', {
    'www-authenticate': challengeText(scheme, options, {
      error: 'insufficient_scope',
      scope: names,
    }),
  })
}

function challengeText(scheme: Scheme, options: ProtectOptions, words: ChallengeWords): string {
  const realm = quotable(options.realm ?? 'api')
  return challengeOfScheme(scheme, { realm, ...words })
}

function problem(
  status: Challenge['status'],
  title: string,
  reason: string,
  headers: Readonly<Record<string, string>>,
): Challenge {
  return {
    status,
    headers: {
      ...headers,
      'content-type': 'application/problem+json',
      'cache-control': 'no-store',
    },
    body: JSON.stringify({ type: 'about:blank', title, status, reason }),
  }
}

/** What may stand between quotes in a header without being escaped. */
function quotable(text: string): string {
  return text.replaceAll(/[^\x20\x21\x23-\x5b\x5d-\x7e]/g, '')
}
