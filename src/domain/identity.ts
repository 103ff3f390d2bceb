import type { Json } from './session.ts'

export type AccountStatus = 'active' | 'disabled'

/** Who is logged in: a person. Clients and devices acting for themselves are not listed here. */
export interface Subject {
  /** What tokens carry as `sub`. No white space, no colon, at most 128 characters. */
  readonly id: string
  readonly name: string
  /** Each is unique among subjects where it is given. */
  readonly username: string | undefined
  readonly email: string | undefined
  readonly phone: string | undefined
  /** argon2id, PHC string; undefined where this subject has no password. */
  readonly passwordHash: string | undefined
  readonly status: AccountStatus
  readonly createdAtMs: number
  readonly attributes: { readonly [name: string]: Json }
}

/** The application that calls. */
export interface Client {
  /** What tokens carry as `client_id`. No white space, no colon, at most 128 characters. */
  readonly id: string
  readonly name: string
  /** The dialect that it speaks, or `oauth`. */
  readonly dialect: string
  /** The public key or name that it presents, unique within its dialect. */
  readonly key: string
  /** argon2id, PHC string; undefined for public clients. */
  readonly secretHash: string | undefined
  /** CIDR ranges from which it may call; empty: from anywhere. */
  readonly allowlist: readonly string[]
  readonly redirectUris: readonly string[]
  readonly status: AccountStatus
  readonly createdAtMs: number
  readonly attributes: { readonly [name: string]: Json }
}

/** The `sub` of a client that acts for itself; the colon keeps it apart from people's ids. */
export function clientSubject(clientId: string): string {
  return `client:${clientId}`
}
