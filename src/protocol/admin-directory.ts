/**
 * People, clients, guards and operators of the admin API as they are on the wire: see
 * `admin-api.ts`.
 */
import type { AccountStatus } from '../domain/identity.ts'
import type { Role } from '../domain/operator.ts'
import type { WireRevoked } from './admin-revocations.ts'

export interface WireSubject {
  readonly id: string
  readonly name: string
  readonly username: string | null
  readonly email: string | null
  readonly phone: string | null
  readonly hasPassword: boolean
  readonly status: AccountStatus
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
  readonly status: AccountStatus
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
