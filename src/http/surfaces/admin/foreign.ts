/** What `POST /revocations` takes about the tokens of other issuers. */
import { defined } from '../../../domain/defined.ts'
import { cutoffAt, namesSessions, type Issuer } from '../../../domain/issuer.ts'
import { hasOneKey, kindOf, readKey } from '../../../domain/scope.ts'
import type { WireDryRun } from '../../../protocol/admin-api.ts'
import type { WireRevoke } from '../../../protocol/admin-requests.ts'
import type { AdminContext } from './declare.ts'
import type { Target } from './known.ts'
import { refuseBody } from './problem.ts'
import { time } from './wire.ts'

/** For another issuer: which one, and for how long new logins of that name are refused. */
export interface Foreign {
  readonly issuer: Issuer
  readonly cutoffSeconds: number | undefined
  readonly expiresAtSeconds?: number
}

export const UNKNOWN_ISSUER =
  'must be the name or `iss` of an identity provider in the configuration'

/**
 * Reads `issuer` and `lockSeconds`, which stand beside `scope` and `key`.
 *
 * @throws {Problem} Where they do not go together.
 */
export function readForeign(
  { core, clock }: AdminContext,
  target: Target,
  named: string,
  lockSeconds: number | undefined,
): Foreign {
  const issuer = core.findIssuer(named)
  if (issuer === undefined) return refuseBody({ issuer: UNKNOWN_ISSUER })
  const kind = kindOf(target.scope, issuer.issuer)
  const wrongScope = wrongForeignScope(target, issuer)
  const wrongKey = wrongForeignKey(target)
  const complaints = {
    ...defined({ scope: wrongScope }),
    ...(lockSeconds === undefined || kind === 'cutoff'
      ? {}
      : { lockSeconds: 'goes with a subject, client, grant or everyone' }),
    ...defined({ key: wrongKey }),
  }
  if (Object.keys(complaints).length > 0) return refuseBody(complaints)
  const untilSeconds = cutoffAt(issuer, clock.nowMs()) + (lockSeconds ?? 0)
  return { issuer, cutoffSeconds: kind === 'cutoff' ? untilSeconds : undefined }
}

function wrongForeignScope({ scope }: Target, issuer: Issuer): string | undefined {
  if (kindOf(scope, issuer.issuer) === undefined) {
    return `tokens of another issuer cannot be ended by ${scope}`
  }
  return scope === 'session' && !namesSessions(issuer)
    ? 'the tokens of this issuer do not name their session'
    : undefined
}

/** What is wrong with a key that another issuer has given; undefined where nothing is. */
function wrongForeignKey({ scope, key }: Target): string | undefined {
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
 * @throws {Problem} Where it is not a token that is accepted here, or where other fields name the
 *   target again.
 */
export async function readToken(
  { core }: AdminContext,
  token: string,
  wish: WireRevoke,
): Promise<{ readonly target: Target; readonly foreign: Foreign | undefined }> {
  const others = (['scope', 'key', 'issuer', 'lockSeconds'] as const).filter(
    (name) => wish[name] !== undefined,
  )
  if (others.length > 0) {
    return refuseBody(Object.fromEntries(others.map((name) => [name, 'does not go with token'])))
  }
  const recognized = await core.recognizeAny(token)
  if (typeof recognized === 'string') {
    return refuseBody({ token: 'is not an access token that is accepted here' })
  }
  const { issuer, key, expiresAtSeconds } = recognized
  const foreign = issuer && { issuer, cutoffSeconds: undefined, expiresAtSeconds }
  return { target: { scope: 'token', key }, foreign }
}

/** What would end of another issuer, with the logins there of which a token was seen. */
export async function foreignDryRun(
  { core, clock }: AdminContext,
  { issuer, cutoffSeconds, expiresAtSeconds }: Foreign,
  { scope, key }: Target,
): Promise<WireDryRun> {
  const untilSeconds = expiresAtSeconds ?? clock.nowMs() / 1000 + issuer.maxTokenLifeSeconds
  const { sub: subject, sid: session, client_id: client, jti } = readKey(scope, key)
  const filter = { issuer: issuer.issuer, ...defined({ subject, session, client }) }
  return {
    dryRun: true,
    scope,
    key,
    issuer: issuer.issuer,
    cutoff: cutoffSeconds === undefined ? null : time(cutoffSeconds * 1000),
    known: true,
    // Which login a single token belongs to is not kept.
    sessions: jti === undefined ? (await core.countForeignSessions(filter)).count : 0,
    clients: [],
    receivers: core.revocations.wouldTell({ scope, key, issuer: issuer.issuer }, []),
    tokensValidUntil: time(untilSeconds * 1000),
    sample: [],
  }
}
