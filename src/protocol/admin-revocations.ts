/** Revocations of the admin API as they are on the wire: see `admin-api.ts`. */
import { reasons, type Reason } from '../domain/revocation.ts'
import { requestedScopes, scopes, type RequestedScope, type Scope } from '../domain/scope.ts'
import type { DeliveryState } from '../domain/delivery.ts'
import type { WireSession } from './admin-sessions.ts'

export const revocationScopes: readonly RevocationScope[] = scopes

export type RevocationScope = Scope

/** What may be named in `POST /revocations`: a signing key is removed at its own address. */
export { requestedScopes, type RequestedScope }

export const revocationReasons: readonly RevocationReason[] = reasons

export type RevocationReason = Reason

/** The fact that something ended: one entry of the log. */
export interface WireRevocation {
  readonly id: string
  readonly scope: RevocationScope
  /** Whose tokens were ended: `iss` of another issuer; empty for those of this server. */
  readonly issuer: string
  /** `jti`, `sid`, subject id, client id, `client subject`, device key, `kid`, or `*`. */
  readonly key: string
  readonly reason: RevocationReason
  readonly actor: string
  readonly note: string
  readonly at: string
  /** The node that wrote it, and the number in what that node wrote. */
  readonly stream: string
  readonly sequence: number
  /** The counter's new value for wide scopes, 0 for all others. */
  readonly generation: number
  /** Of another issuer: up to when what was issued is dead; null where that is not how it ends. */
  readonly cutoff: string | null
  readonly forgetAfter: string
  readonly hash: string
}

/** An entry of the log with names, where this server knows them now. Its hash leaves them out. */
export interface WireNamedRevocation extends WireRevocation {
  /** Of the person, of the client, or of both, that `key` identifies. */
  readonly keyName: string | null
  /** Whose session `key` identifies; null where it identifies none that is still stored. */
  readonly keySession: WireKeySession | null
  /** Of the person, the client or the operator who did it. */
  readonly actorName: string | null
}

/** A session that ended, or one client's part in it. */
export interface WireKeySession {
  readonly sid: string
  readonly subject: string
  readonly subjectName: string | null
  /** The client that opened it, or of which the part ended. */
  readonly client: string
  readonly clientName: string | null
}

export interface WireReceipt {
  readonly confirmed: boolean
  readonly acknowledged: number
  readonly verifiers: number
  readonly lapsed: number
  /** From the commit to the confirmation, or until now; whole milliseconds. */
  readonly elapsedMs: number
}

/** What one verifier had to say to one revocation. */
export interface WireAcknowledgement {
  readonly verifier: string
  readonly outcome: 'acknowledged' | 'lapsed' | 'waiting'
  /** From the commit to the outcome; whole milliseconds. */
  readonly elapsedMs: number | null
}

/** The answer to a revocation. */
export interface WireRevoked {
  readonly revocation: WireRevocation
  readonly receipt: WireReceipt
  /** False where it had ended before: then `revocation` is the entry that did it. */
  readonly added: boolean
  readonly told: readonly WireTold[]
}

/**
 * Which other system has to be notified of an end of another issuer's tokens. The answer to a
 * revocation never waits for it.
 */
export interface WireTold {
  /** Such as `provider:keycloak`. */
  readonly receiver: string
  /** Id of the delivery. */
  readonly delivery: string
  readonly state: DeliveryState
}

/** One revocation; its receipt is null once it is no longer remembered. */
export interface WireRevocationDetail {
  readonly revocation: WireNamedRevocation
  readonly receipt: WireReceipt | null
  readonly acknowledgements: readonly WireAcknowledgement[] | null
  readonly told: readonly WireTold[]
}

/** What a revocation would end. Nothing was stored. */
export interface WireDryRun {
  readonly dryRun: true
  readonly scope: RevocationScope
  /** Whose tokens would end: `iss` of another issuer; empty for those of this server. */
  readonly issuer: string
  readonly key: string
  /** Of another issuer: up to when what was issued would be dead. */
  readonly cutoff: string | null
  /** False where this server knows nothing by that scope and key. Of others it never knows. */
  readonly known: boolean
  /** Live sessions that would end. Of another issuer: logins that were seen; there may be others. */
  readonly sessions: number
  /** Clients that would lose a part in a session, most sessions first, at most 20. */
  readonly clients: readonly WireClientSessions[]
  /** Receivers that would be notified, as derived from the newest 200 of those sessions. */
  readonly receivers: readonly string[]
  /** Until when, at the latest, their access tokens would be accepted if they were left alone. */
  readonly tokensValidUntil: string | null
  /** The newest of those sessions, at most ten. */
  readonly sample: readonly WireSession[]
}

export interface WireClientSessions {
  readonly client: string
  readonly clientName: string | null
  readonly sessions: number
}
