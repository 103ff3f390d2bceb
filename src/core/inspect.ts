import { refuse, type Failure } from '../domain/failure.ts'
import type { AccessClaims } from '../verifier/claims.ts'
import { challenge, unprovenChallenge } from '../protocol/dpop.ts'
import type { Rejected } from '../verifier/verdict.ts'
import type { CoreDependencies } from './dependencies.ts'

/**
 * Verifies an access token for a dialect. A logout does so by `inspectForLogout`.
 *
 * @param token What stood behind `Bearer`; undefined where there was no credential at all.
 * @param audience The dialect's audience: a token of another dialect is invalid here.
 * @returns Its claims.
 * @throws {Refusal} `credentials_missing`, `token_invalid`, `token_expired`, `token_revoked`,
 *   `stale`.
 */
export async function inspect(
  dependencies: CoreDependencies,
  token: string | undefined,
  audience: string,
): Promise<AccessClaims> {
  const verdict = await dependencies.verifier.verify(token, audience)
  return verdict.ok ? verdict.claims : refuse(refusalOf(verdict))
}

/** The failure that a verdict is. */
export function refusalOf({
  reason,
  proof = 'missing',
}: Pick<Rejected, 'reason' | 'proof'>): Failure {
  switch (reason) {
    case 'missing':
      return { kind: 'credentials_missing' }
    case 'invalid':
      return { kind: 'token_invalid', reason: 'not a valid access token of this API' }
    case 'expired':
      return { kind: 'token_expired' }
    case 'revoked':
      return { kind: 'token_revoked' }
    case 'stale':
      return { kind: 'stale' }
    case 'unproven':
      return { kind: 'token_unproven', challenge: challenge('DPoP', unprovenChallenge(proof)) }
  }
}
