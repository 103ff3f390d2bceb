import type { Verdict } from '../verifier/verdict.ts'
import type { CoreDependencies } from './dependencies.ts'

/**
 * Decides about an access token of whichever issuer is accepted here. For dialects there is
 * `inspect`: their tokens are of this server alone.
 *
 * @param token The JWT; undefined where there was no credential at all.
 * @param audience Where given, the token must be for it.
 * @returns At once for a token that was verified before, and where there was none. One that is
 *   bound to a key is `unproven`.
 */
export function check(
  { anyVerifier }: Pick<CoreDependencies, 'anyVerifier'>,
  token: string | undefined,
  audience?: string,
): Verdict | Promise<Verdict> {
  return anyVerifier.verifyKnown(token, audience)?.verdict ?? anyVerifier.verify(token, audience)
}
