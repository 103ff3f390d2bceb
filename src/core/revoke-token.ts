import type { CoreDependencies } from './dependencies.ts'
import type { RecognizedAny } from './recognize-any.ts'
import { revokeForeign } from './revoke-foreign.ts'
import { revoke, type Revoked, type RevokeRequest } from './revoke.ts'

/**
 * Ends one access token of any issuer, by what it names itself.
 *
 * @throws {Refusal} `store_unavailable` where it could not be stored: then nothing has ended.
 */
export function revokeToken(
  dependencies: CoreDependencies,
  { issuer, key, expiresAtSeconds }: RecognizedAny,
  request: Pick<RevokeRequest, 'reason' | 'actor' | 'note' | 'wait'>,
): Promise<Revoked> {
  const named = { ...request, scope: 'token', key } as const
  if (issuer === undefined) return revoke(dependencies, named)
  return revokeForeign(dependencies, { ...named, issuer, expiresAtSeconds })
}
