import type { Generations } from './generation.ts'
import type { KeyClaim } from './scope.ts'

/** A value that survives JSON unchanged. */
export type Json =
  string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json }

/**
 * One login, as one client takes part in it. Everything issued after it carries its `sid`.
 *
 * The client that opened it is its first participant; others join it. All have the same `sid`,
 * subject, device, end and longest life of access tokens; the rest is each one's own.
 */
export interface Session {
  /** UUIDv7. */
  readonly sid: string
  /** Empty for the client that opened it; a UUIDv7 for each that joined. */
  readonly participantId: string
  readonly subjectId: string
  readonly clientId: string
  /** Key of the device scope, where the session is bound to a device. */
  readonly deviceKey: string | undefined
  /** Name of the dialect that it came in by. */
  readonly dialect: string
  /** When this client came in. */
  readonly createdAtMs: number
  /** The last moment at which anything of this session may be accepted or refreshed. */
  readonly expiresAtMs: number
  /** The longest life of an access token issued in this session, to any of its clients. */
  readonly accessLifetimeMs: number
  /** Read once, when this client came in. */
  readonly generations: Generations
  /** What a dialect or a person wants to know of it: user agent, address, provider. No secrets. */
  readonly attributes: { readonly [name: string]: Json }
}

export const sessionStates = ['live', 'revoked', 'expired'] as const

export type SessionState = (typeof sessionStates)[number]

/** A session and whether it has ended, as lists show it. */
export interface SessionStatus {
  /** As its first participant has it. */
  readonly session: Session
  /** It has ended by a revocation once all of its participants have. */
  readonly state: SessionState
  /**
   * When it was opened, a client came in or a token was refreshed: the last of these. Tokens are
   * verified elsewhere, so their use is not seen.
   */
  readonly lastSeenAtMs: number
  /** Who is in it: those that have not ended, then those that have, each in order of arrival. */
  readonly participants: readonly Participation[]
}

/** One client's part in a session. */
export interface Participation {
  readonly session: Session
  readonly state: SessionState
}

/**
 * Whether the login that began a session has not ended. The session may outlive it, by clients that
 * came in later.
 */
export function isLoginLive(status: SessionStatus | undefined): boolean {
  const first = status?.participants.find(({ session }) => session.participantId === '')
  return first?.state === 'live'
}

/** Participants of a session that are shown with it. */
export const PARTICIPANTS_SHOWN = 100

/** What a session can be ended by. */
export interface SessionNames extends Pick<Session, 'subjectId' | 'clientId' | 'deviceKey'> {
  readonly sid?: string
}

/** What can be ended about a session, ready for `keyOf`. */
export function namesOfSession(session: SessionNames): {
  readonly [C in KeyClaim]?: string | undefined
} {
  return {
    sid: session.sid,
    sub: session.subjectId,
    client_id: session.clientId,
    device_id: session.deviceKey,
  }
}
