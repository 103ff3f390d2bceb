import type { Receipt } from './receipt.ts'

/**
 * Everything that can be refused, once, for all dialects. Each dialect turns these into its own
 * status and body in one exhaustive switch. `reason` is for the operator's log and is never sent.
 * None of these carries a token, a secret, a password or a whole header.
 */
export type Failure =
  | { readonly kind: 'malformed_request'; readonly reason: string }
  | { readonly kind: 'missing_parameter'; readonly parameter: string }
  | { readonly kind: 'invalid_parameter'; readonly parameter: string; readonly reason: string }
  | { readonly kind: 'unsupported_media_type' }
  | { readonly kind: 'payload_too_large' }
  /** Headers, or the path before them, beyond what is read. */
  | { readonly kind: 'headers_too_large' }
  /** The request did not arrive whole in time. */
  | { readonly kind: 'request_timeout' }
  /** No Authorization header, or no other place where the dialect looks for credentials. */
  | { readonly kind: 'credentials_missing' }
  /** A header that is there and cannot be read: wrong scheme, bad base64, sent twice. */
  | { readonly kind: 'credentials_malformed'; readonly reason: string }
  /** Wrong password, secret or key pair. Never says which part was wrong. */
  | { readonly kind: 'credentials_invalid' }
  | { readonly kind: 'token_invalid'; readonly reason: string }
  | { readonly kind: 'token_expired' }
  /** With the receipt of what ended it where the refusal answers a logout. */
  | { readonly kind: 'token_revoked'; readonly receipt?: Receipt }
  | { readonly kind: 'token_not_fresh' }
  /** Bound to a key that the caller did not prove to have; how that is said, in words for it. */
  | { readonly kind: 'token_unproven'; readonly challenge: string }
  | { readonly kind: 'refresh_token_reused' }
  | { readonly kind: 'client_key_missing' }
  | { readonly kind: 'client_key_invalid' }
  | { readonly kind: 'account_disabled' }
  | { readonly kind: 'address_not_allowed' }
  | { readonly kind: 'rate_limited'; readonly retryAfterSeconds: number }
  | { readonly kind: 'otp_invalid' }
  | { readonly kind: 'otp_expired' }
  | { readonly kind: 'forbidden'; readonly reason: string }
  | { readonly kind: 'not_found' }
  | { readonly kind: 'method_not_allowed'; readonly allow: readonly string[] }
  | { readonly kind: 'conflict'; readonly reason: string }
  /** This node cannot prove that it is current, so it neither accepts nor guesses. */
  | { readonly kind: 'stale' }
  /** This node takes no new requests, because it is being stopped. */
  | { readonly kind: 'stopping' }
  /** Nothing was stored; the caller may try again. */
  | { readonly kind: 'store_unavailable'; readonly reason: string }
  | { readonly kind: 'internal'; readonly reason: string }

export type FailureKind = Failure['kind']

/** A failure on its way to the dialect that renders it. */
export class Refusal extends Error {
  override readonly name = 'Refusal'
  readonly failure: Failure

  constructor(failure: Failure) {
    super(failure.kind)
    this.failure = failure
  }
}

/** Throws the failure; an expression, so that it can stand behind `??`. */
export function refuse(failure: Failure): never {
  throw new Refusal(failure)
}
