/** How requests to this server show access tokens, where those may be bound to a key. */
import type { ShownToken } from '../core/proofs.ts'
import { refuse } from '../domain/failure.ts'
import { challenge, dpopToken, type ChallengeWords } from '../protocol/dpop.ts'
import { MAX_TOKEN_CHARS } from '../verifier/claims.ts'
import { readAuthorization } from './authorization.ts'
import type { SurfaceRequest } from './surface.ts'

/**
 * The token of a request to this server: as `Bearer`, or as `DPoP` with a proof, which must be for
 * the public URL.
 *
 * @throws {Refusal} `credentials_malformed`, as `readAuthorization`; for `Basic` as well.
 */
export function shownToken(request: SurfaceRequest): ShownToken {
  const token = boundToken(request)
  if (token !== undefined) {
    const { method, publicUrl, path } = request
    return { token, proven: { proof: request.header('dpop'), method, url: publicUrl + path } }
  }
  const authorization = readAuthorization(request)
  if (authorization?.scheme === 'basic') {
    return refuse({ kind: 'credentials_malformed', reason: 'it is neither Bearer nor DPoP' })
  }
  return { token: authorization?.token }
}

/** The token of `Authorization: DPoP`; undefined for any other header, and where it is sent twice. */
export function boundToken(request: SurfaceRequest): string | undefined {
  const token = dpopToken(request.header('authorization'))
  if (token === undefined || token.length > MAX_TOKEN_CHARS) return undefined
  return request.headerCount('authorization') > 1 ? undefined : token
}

/** A challenge in the scheme in which the request has shown its token. */
export function challengeTo(request: SurfaceRequest, words: ChallengeWords = {}): string {
  return challenge(boundToken(request) === undefined ? 'Bearer' : 'DPoP', words)
}
