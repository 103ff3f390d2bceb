/**
 * Sessions, here and at other issuers, of the admin API as they are on the wire: see
 * `admin-api.ts`.
 */
import type { Profile } from '../domain/profile.ts'
import type { SessionState } from '../domain/session.ts'

export { ownClients } from '../domain/identity.ts'

/** How many sessions a search finds. */
export interface WireSessionCount {
  readonly count: number
  /** False where there are more: counting stops at 10,000. */
  readonly exact: boolean
}

export interface WireSession {
  readonly sid: string
  readonly subject: string
  /** What the person is called; null where they are not listed here. */
  readonly subjectName: string | null
  /** That opened it. */
  readonly client: string
  readonly clientName: string | null
  readonly device: string | null
  readonly dialect: string
  readonly state: SessionState
  readonly createdAt: string
  readonly expiresAt: string
  /** When it was opened, a client came in or a token was refreshed: the last of these. */
  readonly lastSeenAt: string
  /** The longest life of an access token that is issued in it. */
  readonly accessLifetimeMs: number
  readonly attributes: Readonly<Record<string, unknown>>
  /** Its clients: those that are in it, then those that were; at most 100. */
  readonly participants: readonly WireParticipant[]
}

/** A value of `dialect`, of sessions or of clients, and what people call it. */
export interface WireDialect {
  readonly name: string
  readonly title: string
  /** Whether clients have it; the others are of sessions alone. */
  readonly ofClients: boolean
}

/** A login at another issuer, as tokens have told of it. */
export interface WireForeignSession {
  /** `iss`. */
  readonly issuer: string
  readonly subject: string
  /** Null where the tokens of this issuer do not name their session. */
  readonly session: string | null
  /** Null where they do not name the client. */
  readonly client: string | null
  readonly state: SessionState
  readonly firstSeenAt: string
  readonly lastSeenAt: string
  /** When it must be over, unless a token of it is seen again. */
  readonly expiresAt: string
}

/** Another issuer whose tokens are accepted here, as the node that answers knows it. */
export interface WireIdentityProvider {
  readonly name: string
  /** `iss`. */
  readonly issuer: string
  readonly profile: Profile
  readonly keySet: WireKeySet
  /** Live logins of which a token was accepted; null where logins are not listed. */
  readonly sessions: WireSessionCount | null
}

export interface WireKeySet {
  /** `unasked`: no token has needed it yet. `failed`: the last attempt; older keys still verify. */
  readonly state: 'unasked' | 'fetched' | 'failed'
  /** How many keys verify tokens now. */
  readonly keys: number
  readonly fetchedAt: string | null
  /** Why the last attempt failed. */
  readonly error: string | null
}

/** A client in a session. */
export interface WireParticipant {
  readonly client: string
  readonly clientName: string | null
  readonly dialect: string
  readonly state: SessionState
  readonly joinedAt: string
  readonly attributes: Readonly<Record<string, unknown>>
}
