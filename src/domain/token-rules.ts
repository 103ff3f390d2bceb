/**
 * How the access tokens of an issuer are read, as data: it travels to verifiers, so that a guard
 * reads the tokens of a product that it has never heard of. Lists of claims are in order; the first
 * one that is there counts.
 */
export interface TokenRules {
  /** Claims that name whose token it is. A token with none of them is refused. */
  readonly subject: readonly string[]
  /** Claims that name the login from which it came, as the issuer's logout tokens do in `sid`. */
  readonly session: readonly string[]
  /** Claims that name the application that it was issued to. */
  readonly client: readonly string[]
  /** Claims that name the token itself. Without one, its hash does. */
  readonly id: readonly string[]
  /** Claims that say for which APIs it is; all of them count. */
  readonly audience: readonly string[]
  /**
   * Claims that say when the person logged in, in Unix seconds; `claim[].member` is a member of the
   * objects in a list. The earliest counts.
   */
  readonly loggedInAt: readonly string[]
  /** What the header's `typ` may be, in lower case, without `application/`; empty: there is none. */
  readonly types: readonly string[]
  /** What tells an access token from the other tokens of the issuer. All of it must hold. */
  readonly needs: readonly Need[]
  /** Claims that only other tokens of the issuer have, ID tokens above all. */
  readonly never: readonly string[]
}

export interface Need {
  /** One of these claims is there. */
  readonly claims: readonly string[]
  /** And it is one of these. */
  readonly values?: readonly string[]
}

/** What verifiers must know of an issuer besides its keys. */
export interface IssuerTerms {
  /** The operator's name for it. */
  readonly name: string
  /** `iss`, as entries of the log name it. */
  readonly issuer: string
  /** Other `iss` under which the same issuer signs tokens about the same people and sessions. */
  readonly aliases: readonly string[]
  readonly rules: TokenRules
  /** The APIs of this installation: a token must be for one of them. */
  readonly audience: readonly string[]
  /** Tokens that live longer are refused: what ended them is not remembered for longer. */
  readonly maxTokenLifeSeconds: number
  /** How far its clock may be off: tokens from further in the future are refused. */
  readonly clockSkewSeconds: number
}
