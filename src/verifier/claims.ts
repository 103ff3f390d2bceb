import type { WireGenerations } from '../domain/generation.ts'

/**
 * The most characters that an access token may have: no longer one is issued, and verifiers call
 * longer strings `invalid` unread.
 */
export const MAX_TOKEN_CHARS = 8192

/**
 * The claims of a token that was accepted, as its issuer wrote them; `aud` is always a list. Only
 * what is common to the tokens of all issuers is certain.
 */
export interface TokenClaims {
  readonly iss: string
  readonly aud: readonly string[]
  readonly sub?: string
  readonly client_id?: string
  /** Key of the device scope, where the session is bound to a device. */
  readonly device_id?: string
  readonly jti?: string
  readonly sid?: string
  /** Seconds since 1970. */
  readonly iat: number
  readonly exp: number
  /** The key that signed it: of the token's header, where the verifier puts it. */
  readonly kid?: string
  readonly [name: string]: unknown
}

/** The claims that every access token of Outright carries. Others may stand beside them. */
export interface AccessClaims extends TokenClaims {
  readonly sub: string
  readonly client_id: string
  /** UUIDv7. */
  readonly jti: string
  /** UUIDv7 of the session. */
  readonly sid: string
  /**
   * Generations at the session's creation, by the short names of `domain/scope.ts`. Read through
   * `generationIn` alone: what is not there is 0, and names that a verifier does not know are of
   * scopes that came after it.
   */
  readonly gen: WireGenerations
  readonly nbf: number
}
