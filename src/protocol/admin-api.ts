/**
 * The resources of the admin API (`/outright/v1`) as they are on the wire: what the server renders
 * and the typed client reads. Times are RFC 3339 in UTC with milliseconds; durations are numbers of
 * milliseconds whose names end in `Ms`. What is absent is `null`, never left out.
 */

import type { Role } from '../domain/operator.ts'
import type { Profile } from '../domain/profile.ts'
import { deliveryStates, type DeliveryState } from '../domain/delivery.ts'
import { reasons, type Reason } from '../domain/revocation.ts'
import { requestedScopes, scopes, type RequestedScope, type Scope } from '../domain/scope.ts'

/** Path before every route of the admin API. */
export const ADMIN_PREFIX = '/outright/v1'

export const revocationScopes: readonly RevocationScope[] = scopes

export type RevocationScope = Scope

/** What may be named in `POST /revocations`: a signing key is removed at its own address. */
export { requestedScopes, type RequestedScope }

export const revocationReasons: readonly RevocationReason[] = reasons

export type RevocationReason = Reason

/** One page of a list; `next` is the cursor of the page after it, null on the last. */
export interface WirePage<T> {
  readonly items: readonly T[]
  readonly next: string | null
}

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
  /** Of the person, the client or the operator who did it. */
  readonly actorName: string | null
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
  readonly state: WireDelivery['state']
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
  readonly state: 'live' | 'revoked' | 'expired'
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
  readonly state: 'live' | 'revoked' | 'expired'
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
  readonly state: 'live' | 'revoked' | 'expired'
  readonly joinedAt: string
  readonly attributes: Readonly<Record<string, unknown>>
}

export interface WireSubject {
  readonly id: string
  readonly name: string
  readonly username: string | null
  readonly email: string | null
  readonly phone: string | null
  readonly hasPassword: boolean
  readonly status: 'active' | 'disabled'
  readonly createdAt: string
  readonly attributes: Readonly<Record<string, unknown>>
}

export interface WireClient {
  readonly id: string
  readonly name: string
  readonly dialect: string
  readonly key: string
  readonly hasSecret: boolean
  readonly allowlist: readonly string[]
  readonly redirectUris: readonly string[]
  readonly status: 'active' | 'disabled'
  readonly createdAt: string
  readonly attributes: Readonly<Record<string, unknown>>
}

/** A new or changed subject. `password` is there once, and only where the server generated it. */
export interface WireSubjectChanged {
  readonly subject: WireSubject
  readonly password: string | null
  /** What the change ended: null where it ended nothing. */
  readonly revoked: WireRevoked | null
}

/** A new or changed client. `secret` is there once, and only where the server generated it. */
export interface WireClientChanged {
  readonly client: WireClient
  readonly secret: string | null
  readonly revoked: WireRevoked | null
}

/** Who calls. */
export interface WireMe {
  readonly name: string
  readonly role: Role
  /** When the sign-in ends; null for the admin token. */
  readonly expiresAt: string | null
}

/** A person who signs in at the console. */
export interface WireOperator {
  readonly name: string
  readonly role: Role
  /** `sub` at the identity provider where they sign in; null: they do not, or by e-mail address. */
  readonly subject: string | null
  /** Their e-mail address there, in lower case. */
  readonly email: string | null
  readonly createdAt: string
}

export interface WireOperatorChanged {
  readonly operator: WireOperator
  /** What a new password ended. */
  readonly revoked: WireRevoked | null
}

/** The link is shown this once. */
export interface WireOperatorInvited {
  readonly link: string
  readonly expiresAt: string
}

export interface WireGuard {
  readonly name: string
  readonly createdAt: string
}

/** A new guard. The credential is shown this once. */
export interface WireGuardAdded {
  readonly guard: WireGuard
  readonly credential: string
}

/** What decides whether a token is good: a node, or a guard that is connected to one. */
export interface WireVerifier {
  readonly id: string
  readonly kind: 'node' | 'guard'
  readonly name: string
  /** Where it calls from; null for nodes. */
  readonly address: string | null
  /** True while it holds a lease. */
  readonly fresh: boolean
  readonly leaseLeftMs: number | null
  /** Entries that it has not acknowledged yet. */
  readonly behind: number
  /**
   * From the commit of entries to its acknowledgement of them, as last measured; or the age of the
   * oldest that it has not acknowledged, where that is more. Null before anything was measured.
   */
  readonly lagMs: number | null
  readonly connectedAt: string | null
}

export { deliveryStates, type DeliveryState }

/** A message that is owed because of a revocation. */
export interface WireDelivery {
  /** The same however often the message arrives there. */
  readonly id: string
  /** `<kind>:<name>`. */
  readonly receiver: string
  readonly subject: string
  /** Id of the revocation. */
  readonly revocation: string
  /** What the message says. */
  readonly facts: Readonly<Record<string, unknown>>
  /** `claimed`: it is being sent. `dead`: given up until it is retried by hand. */
  readonly state: DeliveryState
  readonly attempts: number
  readonly createdAt: string
  /** Null unless it is `owed`. */
  readonly nextAttemptAt: string | null
  /** When it was delivered or given up. */
  readonly settledAt: string | null
  readonly lastError: string | null
}

export interface WireKey {
  readonly kid: string
  readonly algorithm: string
  readonly state: 'signing' | 'retired' | 'removed'
  readonly createdAt: string
  readonly retiredAt: string | null
  readonly removeAfter: string | null
}

/** The answer to a rotation: the key that signs now. */
export interface WireKeyRotated {
  readonly kid: string
}

/** How this node sees its caller, behind the proxies that it trusts. */
export interface WireCaller {
  readonly address: string
  /** The first peer whose `X-Forwarded-For` or `Forwarded` was not believed. */
  readonly ignoredFrom: string | null
  /** Requests since the start whose header was not believed. */
  readonly ignored: number
  /** Requests of trusted proxies that named no address. */
  readonly unreadable: number
}

/** An error: problem details (RFC 9457). */
export interface WireProblem {
  /** `urn:outright:problem:<slug>`. */
  readonly type: string
  readonly title: string
  readonly status: number
  readonly detail: string
  /** What is wrong with which field of the body (a JSON pointer) or parameter of the query. */
  readonly errors?: readonly WireFieldProblem[]
}

export interface WireFieldProblem {
  readonly pointer?: string
  readonly parameter?: string
  readonly detail: string
}

export const PROBLEM_TYPE_PREFIX = 'urn:outright:problem:'

export * from './admin-audit.ts'
export * from './admin-statistics.ts'
