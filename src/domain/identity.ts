import type { Json } from './session.ts'

export const accountStatuses = ['active', 'disabled'] as const

export type AccountStatus = (typeof accountStatuses)[number]

export type Attributes = { readonly [name: string]: Json }

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
  readonly attributes: Attributes
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
  /** `parent` names the client that it belongs to: see {@link parentOf}. */
  readonly attributes: Attributes
}

/** What stands for a client in sessions of this server's own. No registered client has a colon. */
export const ownClients = { signOn: 'outright:sign-on', console: 'outright:console' } as const

/** The id of the client that it belongs to, undefined for one that belongs to none. */
export function parentOf({ attributes }: Pick<Client, 'attributes'>): string | undefined {
  const { parent } = attributes
  return typeof parent === 'string' ? parent : undefined
}

/** A subject to add. Without an id it gets one; without a password it has none. */
export interface NewSubject {
  readonly id?: string
  readonly name?: string
  readonly username?: string
  readonly email?: string
  readonly phone?: string
  readonly password?: string
  readonly generatePassword?: boolean
  readonly attributes?: Attributes
}

/** What is to change of a subject; what is left out stays. */
export interface SubjectPatch {
  readonly name?: string
  readonly password?: string
  readonly generatePassword?: boolean
  /** Keeps the sessions where the password changes; otherwise they end. */
  readonly keepSessions?: boolean
  /** `disabled` ends every session and refuses new ones. */
  readonly status?: AccountStatus
  readonly attributes?: Attributes
}

/** A client to add. Without an id it gets one; without a secret it is public. */
export interface NewClient {
  readonly dialect: string
  readonly key: string
  readonly id?: string
  readonly name?: string
  readonly secret?: string
  readonly generateSecret?: boolean
  readonly allowlist?: readonly string[]
  readonly redirectUris?: readonly string[]
  readonly attributes?: Attributes
}

/** What is to change of a client; what is left out stays. */
export interface ClientPatch {
  readonly name?: string
  readonly allowlist?: readonly string[]
  readonly redirectUris?: readonly string[]
  /** `disabled` ends every session and refuses new ones. */
  readonly status?: AccountStatus
  readonly rotateSecret?: boolean
  readonly endSessions?: boolean
  readonly attributes?: Attributes
  /** Nothing changes unless the attributes are these. */
  readonly attributesBefore?: Attributes
}

/** The `sub` of a client that acts for itself; the colon keeps it apart from people's ids. */
export function clientSubject(clientId: string): string {
  return CLIENT_PREFIX + clientId
}

/** The client that acts for itself under this `sub`; undefined for people. */
export function clientOfSubject(subjectId: string): string | undefined {
  return subjectId.startsWith(CLIENT_PREFIX) ? subjectId.slice(CLIENT_PREFIX.length) : undefined
}

const CLIENT_PREFIX = 'client:'
