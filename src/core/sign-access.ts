import { refuse, type Failure } from '../domain/failure.ts'
import { toWire } from '../domain/generation.ts'
import type { Json, Session } from '../domain/session.ts'
import { MAX_TOKEN_CHARS, type AccessClaims } from '../verifier/claims.ts'
import type { CoreDependencies } from './dependencies.ts'
import { mintId } from './mint-id.ts'

export type ExtraClaims = Readonly<Record<string, Json>>

export interface AccessToken {
  readonly token: string
  readonly jti: string
  readonly issuedAtMs: number
  readonly expiresAtMs: number
}

export interface AccessRequest {
  readonly session: Session
  /** The dialect's own audience; the installation's audiences are added. */
  readonly audience: string
  /** Shortened where the session ends earlier. */
  readonly lifetimeMs: number
  /** From when it is good; now where it is not given. */
  readonly issuedAtMs?: number
  /** Claims of the dialect. They cannot replace the ones that decide whether a token is alive. */
  readonly claims?: ExtraClaims
}

/**
 * Signs an access token for a session: a JWT with the type `at+jwt` (RFC 9068, section 2.1) that
 * carries the session's generations.
 *
 * Only for verbs of the core: a token may be handed out only after a transaction of the store has
 * recorded its lifetime and found its session alive (`domain/access-horizon.ts`).
 *
 * @throws {Refusal} `store_unavailable` where the clock is wrong; `internal` where the claims make
 *   it longer than verifiers accept.
 */
export async function signAccess(
  dependencies: CoreDependencies,
  request: AccessRequest,
): Promise<AccessToken> {
  const { clock, random, keys, verifier, issuer, audiences } = dependencies
  const reason = dependencies.clockRefusal()
  if (reason !== undefined) return refuse({ kind: 'store_unavailable', reason })
  const { session } = request
  const nowMs = request.issuedAtMs ?? clock.nowMs()
  const issuedAt = Math.floor(nowMs / 1000)
  const lifetimeMs = Math.min(request.lifetimeMs, session.accessLifetimeMs)
  const expiresAt = Math.floor(Math.min(nowMs + lifetimeMs, session.expiresAtMs) / 1000)
  const jti = mintId(random, nowMs)
  const claims: AccessClaims = {
    ...request.claims,
    iss: issuer,
    aud: [request.audience, ...audiences],
    sub: session.subjectId,
    client_id: session.clientId,
    ...(session.deviceKey === undefined ? {} : { device_id: session.deviceKey }),
    jti,
    sid: session.sid,
    gen: toWire(session.generations),
    iat: issuedAt,
    nbf: issuedAt,
    exp: expiresAt,
  }
  const { token, kid } = await keys.sign(claims)
  if (token.length > MAX_TOKEN_CHARS) return refuse(tooLarge(token.length))
  verifier.remember(token, { ...claims, kid })
  return { token, jti, issuedAtMs: issuedAt * 1000, expiresAtMs: expiresAt * 1000 }
}

function tooLarge(characters: number): Failure {
  const size = `${String(characters)} characters, and verifiers accept at most ${String(MAX_TOKEN_CHARS)}`
  return { kind: 'internal', reason: `Cannot issue an access token: it would have ${size}` }
}
