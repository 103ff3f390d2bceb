import type { CoreDependencies } from './dependencies.ts'

/** `typ` of an answer about a token: no verifier takes it for a token (RFC 9701, section 5). */
const INTROSPECTION_TYPE = 'token-introspection+jwt'

/**
 * An answer about a token as a JWT (RFC 9701, section 5), for one resource server. It has neither
 * `sub` nor `exp`, so that nothing takes it for another kind of JWT.
 */
export async function signIntrospection(
  { keys, clock, issuer }: Pick<CoreDependencies, 'keys' | 'clock' | 'issuer'>,
  resourceServer: string,
  answer: object,
): Promise<string> {
  const { token } = await keys.signAs(INTROSPECTION_TYPE, {
    iss: issuer,
    aud: resourceServer,
    iat: Math.floor(clock.nowMs() / 1000),
    token_introspection: answer,
  })
  return token
}
