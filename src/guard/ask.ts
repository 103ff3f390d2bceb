import { decodeJwt } from 'jose'
import type { AccessClaims } from '../verifier/claims.ts'
import type { Rejection, Verdict } from '../verifier/token-verifier.ts'

export interface AskOptions {
  readonly server: string
  readonly fetch: typeof globalThis.fetch
  readonly timeoutMs: number
}

/**
 * Asks the server about one token, where the guard may not decide itself. The decision is the
 * server's, at the moment when it answers; an answer that takes too long is no answer.
 */
export async function askServer(
  options: AskOptions,
  token: string,
  audience: string | undefined,
): Promise<Verdict> {
  const query = audience === undefined ? '' : `?audience=${encodeURIComponent(audience)}`
  try {
    const answer = await options.fetch(`${options.server}/outright/v1/check${query}`, {
      headers: { authorization: `Bearer ${token}` },
      redirect: 'error',
      signal: AbortSignal.timeout(options.timeoutMs),
    })
    if (answer.status === 200) {
      const claims: AccessClaims = decodeJwt(token)
      return { ok: true, claims: Object.freeze(claims) }
    }
    if (answer.status !== 401) return { ok: false, reason: 'stale' }
    return { ok: false, reason: reasonOf(answer.headers.get('www-authenticate') ?? '') }
  } catch {
    return { ok: false, reason: 'stale' }
  }
}

function reasonOf(challenge: string): Rejection {
  if (challenge.includes('expired')) return 'expired'
  if (challenge.includes('revoked')) return 'revoked'
  if (challenge.includes('invalid_token') && challenge.includes('not valid')) return 'invalid'
  return 'stale'
}
