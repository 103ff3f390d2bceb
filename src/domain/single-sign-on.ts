/** Operators who sign in at an identity provider: what it says of them, and what that makes them. */
import { roles, type Role } from './operator.ts'

/** What an identity provider says of a person who has signed in there. */
export interface OperatorLogin {
  readonly issuer: string
  /** Its `sub`. */
  readonly subject: string
  /** In lower case; undefined where the provider has verified none. */
  readonly email: string | undefined
  /** Its `sid`, which its logout tokens name; undefined where it has none. */
  readonly session: string | undefined
  readonly issuedAtSeconds: number
  /** The values of the claim that roles are read from. */
  readonly groups: readonly string[]
}

/** Which values of a claim give which role. */
export type RoleMapping = Readonly<Record<Role, readonly string[]>>

/** The role that values of a claim give; of several the one that may least, `none` where none does. */
export function mappedRole(mapping: RoleMapping, values: readonly string[]): Role | 'none' {
  return roles.find((role) => mapping[role].some((value) => values.includes(value))) ?? 'none'
}

/** What a sign-in at the identity provider is recognised by; never shown. */
export interface SignOnSecrets {
  readonly state: string
  readonly nonce: string
  /** Of PKCE. */
  readonly verifier: string
}

export interface SignOnBegun {
  readonly kind: 'begun'
  readonly url: string
  readonly kept: SignOnSecrets
}

export interface SignOnDone {
  readonly kind: 'done'
  readonly login: OperatorLogin
}

/**
 * `unreachable`: the provider does not answer. `refused`: it, or the person, said no. `invalid`:
 * what came is not good.
 */
export interface SignOnFailure {
  readonly kind: 'unreachable' | 'refused' | 'invalid'
  /** For the log: no code, token or secret. */
  readonly reason: string
}
