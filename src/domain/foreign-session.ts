/**
 * A login at another issuer, as seen in its tokens. Logins need not be registered: one that is not
 * listed can be ended all the same.
 */
export interface ForeignSession {
  /** `iss`. */
  readonly issuer: string
  readonly subject: string
  /** Empty where the tokens of this issuer do not name their session. */
  readonly session: string
  /** Empty where they do not name the application that they were issued to. */
  readonly client: string
  /** When the newest of its tokens was issued, or its login where that is told; Unix seconds. */
  readonly sinceSeconds: number
  readonly firstSeenAtMs: number
  readonly lastSeenAtMs: number
  /** When the login must be over, unless a token of it is seen again. */
  readonly expiresAtMs: number
}

/** The longest of its names that is kept, in UTF-16 units: with a longer one it is not listed. */
export const MAX_FOREIGN_NAME = 512

/** That a token of such a login was accepted. Nothing of the token but names. */
export type Sighting = Pick<
  ForeignSession,
  'issuer' | 'subject' | 'session' | 'client' | 'sinceSeconds'
>
