import { defined } from '../domain/defined.ts'
import { cutoffAt, forgetAfterMs, type Issuer } from '../domain/issuer.ts'
import { kindOf } from '../domain/scope.ts'
import { refuse } from '../domain/failure.ts'
import type { CoreDependencies } from './dependencies.ts'
import { revoke, type Revoked, type RevokeRequest } from './revoke.ts'

export interface RevokeForeignRequest extends Pick<
  RevokeRequest,
  'scope' | 'key' | 'reason' | 'actor' | 'note' | 'wait'
> {
  readonly issuer: Issuer
  /**
   * Of a cut-off: all that was issued in this second or before ends. Default: what the issuer may
   * have issued until now, by a clock that is ahead as far as it may be. A second in the future is
   * a lock: until then new logins are refused.
   */
  readonly cutoffSeconds?: number | undefined
  /** When the token expires that is ended, where that is known. */
  readonly expiresAtSeconds?: number | undefined
}

/**
 * Ends tokens that another issuer has issued, by a name that they carry. Ends in `revoke`, as every
 * logout does.
 *
 * @throws {Refusal} `invalid_parameter` for a scope that the tokens of others do not have,
 *   `store_unavailable` where it could not be stored: then nothing has ended.
 */
export function revokeForeign(
  dependencies: CoreDependencies,
  { issuer, cutoffSeconds, expiresAtSeconds, ...request }: RevokeForeignRequest,
): Promise<Revoked> {
  const { scope } = request
  const kind = kindOf(scope, issuer.issuer)
  if (kind === undefined || kind === 'counter') {
    const reason = `tokens of another issuer cannot be ended by ${scope}`
    return refuse({ kind: 'invalid_parameter', parameter: 'scope', reason })
  }
  const { time } = dependencies
  const cutoff =
    kind === 'cutoff' ? (cutoffSeconds ?? cutoffAt(issuer, time.cutoffMs())) : undefined
  // By the latest time: where the clock is behind, it would be forgotten before the login is over.
  const end = { scope, nowMs: time.latestMs(), cutoffSeconds: cutoff, expiresAtSeconds }
  return revoke(dependencies, {
    ...request,
    issuer: issuer.issuer,
    ...defined({ cutoffSeconds: cutoff }),
    foreignForgetAfterMs: forgetAfterMs(issuer, end),
  })
}
