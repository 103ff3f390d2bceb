import { refuse } from '../domain/failure.ts'
import type { AccessClaims } from '../verifier/claims.ts'
import { awaitEnded } from './await-ended.ts'
import type { CoreDependencies } from './dependencies.ts'
import { namesOf } from './find-ending.ts'
import { refusalOf } from './inspect.ts'
import { recognize } from './recognize.ts'

export interface LogoutInspection {
  /** What stood behind `Bearer`; undefined where there was no credential at all. */
  readonly token: string | undefined
  /** The dialect's audience: a token of another dialect is invalid here. */
  readonly audience: string
  /** See `RevokeRequest.wait`. */
  readonly wait: boolean
}

/**
 * Verifies the access token of a logout. A client that reads "revoked" here takes the logout for
 * done. So that is answered only when it is over everywhere, with the receipt of what ended it.
 *
 * @returns The claims of a token that is alive.
 * @throws {Refusal} As `inspect`, and `store_unavailable` where it is unknown whether it is over.
 */
export async function inspectForLogout(
  dependencies: CoreDependencies,
  { token, audience, wait }: LogoutInspection,
): Promise<AccessClaims> {
  const recognized = await recognize(dependencies, token, audience)
  if (typeof recognized === 'string') return refuse(refusalOf({ reason: recognized }))
  const { claims, state } = recognized
  switch (state) {
    case 'alive':
      return claims
    case 'expired':
      return refuse({ kind: 'token_expired' })
    case 'revoked': {
      const receipt = await awaitEnded(dependencies, { names: namesOf(claims), wait })
      return refuse({ kind: 'token_revoked', ...(receipt === undefined ? {} : { receipt }) })
    }
  }
}
