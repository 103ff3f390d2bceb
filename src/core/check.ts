import type { Verdict } from '../verifier/verdict.ts'
import type { CoreDependencies } from './dependencies.ts'

/**
 * Judges an access token of any accepted issuer. Dialects use `inspect`: they accept only tokens of
 * this server.
 *
 * @param token The JWT; undefined if the request had no credential.
 * @param audience Where given, the token must be for it.
 * @returns Synchronously for a token that was verified before, and for no token. A token that is
 *   bound to a key is `unproven`.
 */
export function check(
  { anyVerifier }: Pick<CoreDependencies, 'anyVerifier'>,
  token: string | undefined,
  audience?: string,
): Verdict | Promise<Verdict> {
  return anyVerifier.verifyKnown(token, audience)?.verdict ?? anyVerifier.verify(token, audience)
}
