import { refuse } from '../domain/failure.ts'
import type { AccessClaims } from '../verifier/claims.ts'
import type { CoreDependencies } from './dependencies.ts'

/**
 * Verifies an access token for a dialect.
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
  if (verdict.ok) return verdict.claims
  switch (verdict.reason) {
    case 'missing':
      return refuse({ kind: 'credentials_missing' })
    case 'invalid':
      return refuse({ kind: 'token_invalid', reason: 'not a valid access token of this API' })
    case 'expired':
      return refuse({ kind: 'token_expired' })
    case 'revoked':
      return refuse({ kind: 'token_revoked' })
    case 'stale':
      return refuse({ kind: 'stale' })
  }
}
