/** What `POST /revocations` takes about the tokens of other issuers. */
import { cutoffAt, namesSessions, type Issuer } from '../../../domain/issuer.ts'
import { hasOneKey, kindOf } from '../../../domain/scope.ts'
import { MAX_TOKEN_CHARS } from '../../../verifier/claims.ts'
import type { WireDryRun } from '../../../protocol/admin-api.ts'
import type { Fields, TextRule } from './fields.ts'
import type { Target } from './known.ts'
import { Problem } from './problem.ts'
import type { DialectContext } from '../../context.ts'
import { time } from './wire.ts'

/** Of another issuer: which, and for how long nobody of that name may come back. */
export interface Foreign {
  readonly issuer: Issuer
  readonly cutoffSeconds: number | undefined
  readonly expiresAtSeconds?: number
}

const issuerRule: TextRule = { longest: 1024 }
const tokenRule: TextRule = { longest: MAX_TOKEN_CHARS }
const MAX_LOCK_SECONDS = 30 * 86_400

/** Reads `issuer` and `lockSeconds`, which stand beside `scope` and `key`. */
export function readForeign(
  { core, clock }: DialectContext,
  fields: Fields,
  target: Target,
): Foreign | undefined {
  const named = fields.text('issuer', issuerRule)
  const lockSeconds = fields.count('lockSeconds', MAX_LOCK_SECONDS)
  if (named === undefined) {
    if (lockSeconds !== undefined) fields.complain('lockSeconds', 'goes with issuer alone')
    return undefined
  }
  const issuer = core.findIssuer(named)
  if (issuer === undefined) {
    fields.complain('issuer', 'is no issuer that is configured here')
    return undefined
  }
  const kind = kindOf(target.scope, issuer.issuer)
  if (kind === undefined) {
    fields.complain('scope', `tokens of another issuer cannot be ended by ${target.scope}`)
  }
  if (target.scope === 'session' && !namesSessions(issuer)) {
    fields.complain('scope', 'the tokens of this issuer do not name their session')
  }
  if (lockSeconds !== undefined && kind !== 'cutoff') {
    fields.complain('lockSeconds', 'goes with a subject, client, grant or everyone')
  }
  const untilSeconds = cutoffAt(issuer, clock.nowMs()) + (lockSeconds ?? 0)
  return { issuer, cutoffSeconds: kind === 'cutoff' ? untilSeconds : undefined }
}

/** What is wrong with a key that another issuer has given; undefined where nothing is. */
export function wrongForeignKey({ scope, key }: Target): string | undefined {
  if (hasOneKey(scope)) return undefined
  if (key === '') return 'is missing'
  if (scope === 'client' && /\s/.test(key)) return 'holds white space, which no client id does'
  return scope !== 'grant' || /^\S+ [^]+$/.test(key)
    ? undefined
    : 'is "<client> <subject>" with scope grant'
}

/**
 * Reads `token`, an access token itself, in place of `scope` and `key`.
 *
 * @throws {Problem} Where it is no token that is accepted here.
 */
export async function readToken(
  { core }: DialectContext,
  token: string,
): Promise<{ readonly target: Target; readonly foreign: Foreign | undefined }> {
  const recognized = await core.recognizeAny(token)
  if (typeof recognized === 'string') {
    throw new Problem('validation-failed', 'token: it is no access token that is accepted here', [
      { pointer: '#/token', detail: 'is no access token that is accepted here' },
    ])
  }
  const { issuer, key, expiresAtSeconds } = recognized
  const foreign = issuer && { issuer, cutoffSeconds: undefined, expiresAtSeconds }
  return { target: { scope: 'token', key }, foreign }
}

export function readTokenText(fields: Fields): string | undefined {
  return fields.text('token', tokenRule)
}

/** What would end of another issuer. Its sessions are not known here. */
export function foreignDryRun(
  { issuer, cutoffSeconds, expiresAtSeconds }: Foreign,
  target: Target,
  nowMs: number,
): WireDryRun {
  const untilSeconds = expiresAtSeconds ?? nowMs / 1000 + issuer.maxTokenLifeSeconds
  return {
    dryRun: true,
    ...target,
    issuer: issuer.issuer,
    cutoff: cutoffSeconds === undefined ? null : time(cutoffSeconds * 1000),
    known: true,
    sessions: 0,
    tokensValidUntil: time(untilSeconds * 1000),
    sample: [],
  }
}
