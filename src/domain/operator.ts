/** People who run an installation, and what each may do. */

/** From the one that may least. Each may do what those before it may. */
export const roles = ['viewer', 'operator', 'admin'] as const

export type Role = (typeof roles)[number]

/** Whether an operator with one role may do what requires another. */
export function mayActAs(held: Role, needed: Role): boolean {
  return roles.indexOf(held) >= roles.indexOf(needed)
}

export interface Operator {
  /** UUIDv7: another one for a name that was removed and added again. */
  readonly id: string
  /** What they sign in with: see {@link wrongOperatorName}. */
  readonly name: string
  readonly role: Role
  /** argon2id, PHC string; undefined where this operator has no password. */
  readonly passwordHash: string | undefined
  /** Who signs in at an identity provider, and there alone: with no password and no passkey. */
  readonly identity: OperatorIdentity | undefined
  readonly createdAtMs: number
}

/** A person as an identity provider names them. */
export interface OperatorIdentity {
  /** Its `iss`: another one may give the same name to another person. */
  readonly issuer: string
  /** An `email` counts only where the provider has verified it; it is kept in lower case. */
  readonly claim: 'sub' | 'email'
  readonly value: string
}

/** An operator to add: with a password, an identity, or neither. */
export interface NewOperator {
  readonly name: string
  readonly role: Role
  /** At least {@link MIN_OPERATOR_PASSWORD_LENGTH} characters. */
  readonly password?: string
  readonly identity?: OperatorIdentity
}

/** An operator who signs in with a password that is public. */
export type DemoOperator = Required<Omit<NewOperator, 'identity'>>

/** What is to change of an operator; what is left out stays. */
export interface OperatorPatch {
  readonly role?: Role
  /** Ends the sessions of the operator. */
  readonly password?: string
}

const NAME = /^[a-z0-9](?:[a-z0-9._@+-]{0,62}[a-z0-9])?$/

/** The log's name for the bearer of the admin token, which no operator may have. */
export const TOKEN_BEARER = 'admin-token'

/** What is wrong with the name of an operator; undefined where it is good. */
export function wrongOperatorName(name: string): string | undefined {
  if (name === TOKEN_BEARER) return `${TOKEN_BEARER} is what the log calls the admin token`
  // Lower case: two names never differ in their spelling alone.
  return NAME.test(name)
    ? undefined
    : 'must be 1 to 64 lower-case letters, digits and . _ @ + -, the first and the last a letter or a digit'
}

/** A password is all that protects everyone's sessions. */
export const MIN_OPERATOR_PASSWORD_LENGTH = 12

/**
 * How the log names an operator who ends something, and the `sub` of an operator's own session. The
 * colon keeps it apart from the ids of people.
 */
export function operatorSubject(name: string): string {
  return OPERATOR_PREFIX + name
}

/** The name of the operator whose `sub` this is; undefined for people and clients. */
export function operatorOfSubject(subjectId: string): string | undefined {
  return subjectId.startsWith(OPERATOR_PREFIX) ? subjectId.slice(OPERATOR_PREFIX.length) : undefined
}

const OPERATOR_PREFIX = 'operator:'
