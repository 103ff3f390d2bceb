/** What calls of the admin API take: bodies, filters and pages. `admin-api.ts` has the answers. */
import type {
  Attributes,
  ClientPatch as CoreClientPatch,
  NewClient,
  NewSubject,
  SubjectPatch,
} from '../domain/identity.ts'
import type { ClientMetadataPatch } from './client-metadata.ts'
import type { OperatorPatch, Role } from '../domain/operator.ts'
import type {
  DeliveryState,
  RequestedScope,
  RevocationReason,
  RevocationScope,
} from './admin-api.ts'

/** Bodies of calls that add or change. */
export type { Attributes, NewClient, NewSubject, OperatorPatch, Role, SubjectPatch }

/** Body of `PATCH /clients/{id}`. */
export interface ClientPatch extends Omit<CoreClientPatch, 'attributesBefore'> {
  /** Members of its OAuth metadata that change; one that is null is removed, the others stay. */
  readonly oauth?: ClientMetadataPatch
}

/** Body of `POST /revocations`. */
export interface WireRevoke extends Partial<NamedTarget>, Partial<TokenTarget>, RevocationOptions {
  /** True: nothing is stored. */
  readonly dryRun?: boolean
}

/** What a revocation ends. */
export type RevocationTarget = NamedTarget | TokenTarget

/** By a name. `key` is left out with `everyone`, and with it alone. */
export interface NamedTarget {
  readonly scope: RequestedScope
  readonly key?: string
  /** Another issuer, by the name that the configuration has for it or by its `iss`. */
  readonly issuer?: string
  /** With `issuer`, for what ends up to a second: tokens issued within this time are refused too. */
  readonly lockSeconds?: number
}

/** The longest `lockSeconds`: 30 days. */
export const MAX_LOCK_SECONDS: number = 30 * 86_400

/** By the access token itself, of any issuer. */
export interface TokenTarget {
  readonly token: string
}

export interface RevocationOptions {
  /** Default `revoked_by_operator`. */
  readonly reason?: RevocationReason
  /** At most 500 characters, kept with the revocation. */
  readonly note?: string
  /** True refuses (404) what the server has never heard of, except tokens. Default false. */
  readonly requireKnown?: boolean
}

/** Body of `POST /operators`: at most one of `password`, `subject` and `email`. */
export interface NewOperator {
  readonly name: string
  readonly role: Role
  /** At least 12 characters. */
  readonly password?: string
  /** `sub` at the identity provider of operators: they sign in there and nowhere else. */
  readonly subject?: string
  /** The same by the e-mail address that it has verified, in any case of letters. */
  readonly email?: string
}

/** Body of `POST /operators/invitations`. */
export interface NewInvitation {
  readonly role: Role
}

/** Body of `POST /guards`. */
export interface NewGuard {
  readonly name: string
}

/** Body of `POST /audit/cut`. */
export interface CutRequest {
  /** RFC 3339, a day ago at least. */
  readonly before: string
  /** True: nothing is cut. */
  readonly dryRun?: boolean
}

/** Which page of a list. */
export interface PageQuery {
  /** 1 to 1000, default 50. */
  readonly limit?: number
  readonly cursor?: string
}

/** By what lists are filtered: every filter that is given must hold. */
export interface RevocationFilter {
  readonly scope?: RevocationScope
  readonly key?: string
  readonly reason?: RevocationReason
}

export interface SessionFilter {
  readonly subject?: string
  /** That is in it, or was. */
  readonly client?: string
  readonly device?: string
  readonly dialect?: string
  /** From where it was opened or joined. */
  readonly address?: string
  /** Opened or joined then or later, RFC 3339. */
  readonly openedFrom?: string
  /** Opened or joined then or earlier, RFC 3339. */
  readonly openedUntil?: string
  /** True: only those that have not ended, with `client` or `dialect` for that client. */
  readonly live?: boolean
}

export interface ForeignSessionFilter {
  /** The operator's name for it, or its `iss`. */
  readonly issuer?: string
  readonly subject?: string
  readonly session?: string
  readonly client?: string
}

export interface DeliveryFilter {
  readonly state?: DeliveryState
  /** `<kind>:<name>`. */
  readonly receiver?: string
  /** Id of the revocation that it tells of. */
  readonly revocation?: string
}

export interface SubjectFilter {
  /** Part of a name, a username, an email address, a phone number or an id. */
  readonly search?: string
  readonly username?: string
  readonly email?: string
  readonly phone?: string
}

export interface ClientFilter {
  readonly dialect?: string
}
