import type { Generations } from './generation.ts'
import type { KeyClaim } from './scope.ts'

/** A value that survives JSON unchanged. */
export type Json =
  string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json }

/** One login. Everything issued after it carries its `sid`. */
export interface Session {
  /** UUIDv7. */
  readonly sid: string
  readonly subjectId: string
  readonly clientId: string
  /** Key of the device scope, where the session is bound to a device. */
  readonly deviceKey: string | undefined
  /** Name of the dialect that opened it. */
  readonly dialect: string
  readonly createdAtMs: number
  /** The last moment at which anything of this session may be accepted or refreshed. */
  readonly expiresAtMs: number
  /** The longest life of an access token issued in this session. */
  readonly accessLifetimeMs: number
  /** Read once, at creation. */
  readonly generations: Generations
  /** What a dialect or a person wants to know of it: user agent, address, provider. No secrets. */
  readonly attributes: { readonly [name: string]: Json }
}

/** A session and whether it still stands, as lists show it. */
export interface SessionStatus {
  readonly session: Session
  readonly state: 'live' | 'revoked' | 'expired'
}

/** What can be ended about a session, ready for `keyOf`. */
export function namesOfSession(
  session: Pick<Session, 'subjectId' | 'clientId' | 'deviceKey'> & { readonly sid?: string },
): { readonly [C in KeyClaim]?: string | undefined } {
  return {
    sid: session.sid,
    sub: session.subjectId,
    client_id: session.clientId,
    device_id: session.deviceKey,
  }
}
