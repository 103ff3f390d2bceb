import { decodeJwt, decodeProtectedHeader } from 'jose'
import type { AccessClaims } from '../verifier/claims.ts'
import { hasAccessClaims } from '../verifier/own-token.ts'
import { withoutProof } from '../verifier/bound-token.ts'
import type { Rejection, Verdict } from '../verifier/verdict.ts'
import type { GuardClock } from './clock.ts'

export interface AskOptions {
  readonly server: string
  readonly fetch: typeof globalThis.fetch
  readonly timeoutMs: number
  readonly clock: GuardClock
}

/** The proof that came with a token, where one did. */
export interface ShownProof {
  readonly proof?: string | undefined
  readonly method?: string
  readonly url?: string | undefined
}

/**
 * Asks the server about one token, where the guard may not decide itself. The decision is the
 * server's, at the moment when it answers; an answer that takes too long does not count.
 */
export async function askServer(
  options: AskOptions,
  token: string,
  audience: string | undefined,
  shown: ShownProof = {},
): Promise<Verdict> {
  // Called as a function, because some runtimes refuse it as a method of anything else.
  const { fetch } = options
  const startedMs = options.clock.monotonicMs()
  const query = audience === undefined ? '' : `?audience=${encodeURIComponent(audience)}`
  try {
    const answer = await fetch(`${options.server}/outright/v1/check${query}`, {
      headers: headersOf(token, shown),
      // Treated like an inconclusive answer; workers know no 'error'.
      redirect: 'manual',
      signal: AbortSignal.timeout(options.timeoutMs),
    })
    // A process that was stopped meanwhile reads an answer of long ago.
    if (options.clock.monotonicMs() - startedMs > options.timeoutMs) return stale
    if (answer.status === 200) {
      const claims = { ...decodeJwt(token), ...keyOf(token) }
      // What could end another issuer's token is unknown here.
      if (!hasAccessClaims(claims)) return stale
      // Anything may answer 200 to anything: a wrong URL, a page that signs into a network. The
      // server says whose session it found, which nothing else does.
      if (answer.headers.get('outright-session') !== claims.sid) return stale
      return withoutProof({ ok: true, claims: Object.freeze(claims) })
    }
    if (answer.status !== 401) return stale
    return { ok: false, reason: reasonOf(answer.headers.get('www-authenticate') ?? '') }
  } catch {
    return stale
  }
}

/** The server judges the proof as well, and learns as from a proxy what it is for. */
function headersOf(token: string, { proof, method, url }: ShownProof): Record<string, string> {
  if (proof === undefined || method === undefined || url === undefined) {
    return { authorization: `Bearer ${token}` }
  }
  return {
    authorization: `DPoP ${token}`,
    dpop: proof,
    'x-original-method': method,
    'x-original-url': url,
  }
}

function keyOf(token: string): Pick<AccessClaims, 'kid'> {
  const { kid } = decodeProtectedHeader(token)
  return kid === undefined ? {} : { kid }
}

const stale: Verdict = Object.freeze({ ok: false, reason: 'stale' })

function reasonOf(challenge: string): Rejection {
  if (challenge.includes('expired')) return 'expired'
  if (challenge.includes('bound to a key')) return 'unproven'
  if (challenge.includes('revoked')) return 'revoked'
  if (challenge.includes('invalid_token') && challenge.includes('not valid')) return 'invalid'
  return 'stale'
}
