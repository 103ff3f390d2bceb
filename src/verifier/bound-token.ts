/**
 * Tokens that are bound to a key (`cnf`, RFC 7800). Every verdict on a token passes through
 * {@link withoutProof} once, so that no caller can accept a bound token without having asked for the
 * proof; {@link withProof} is the only way back.
 */
import type { ProofProblem } from '../protocol/dpop.ts'
import type { TokenClaims } from './claims.ts'
import { rejected, type Accepted, type Rejected, type Verdict } from './verdict.ts'

const THUMBPRINT = /^[\w-]{43}$/

/**
 * What a token is that is shown alone, as `Bearer`: a bound one is `unproven`, and one whose
 * binding is not understood (to a certificate, RFC 8705, say) is `invalid`, since nothing here
 * could check it.
 */
export function withoutProof<Claims extends TokenClaims>(
  accepted: Accepted<Claims>,
): Verdict<Claims> {
  const { cnf } = accepted.claims
  if (cnf === undefined || cnf === null) return accepted
  const thumbprint = thumbprintOf(cnf)
  if (thumbprint === undefined) return rejected.invalid.verdict
  const bound = Object.freeze({ thumbprint, verdict: accepted })
  return Object.freeze({ ok: false, reason: 'unproven', proof: 'missing', bound })
}

/**
 * What the same token is that is shown with a proof of a key. One that is bound to no key is
 * `invalid`: it was not issued to be shown so (RFC 9449, section 7.1).
 *
 * @param thumbprint Of the key that the caller has proved to have.
 */
export function withProof<Claims extends TokenClaims>(
  verdict: Verdict<Claims>,
  thumbprint: string,
): Verdict<Claims> {
  if (verdict.ok) return rejected.invalid.verdict
  const { bound } = verdict
  if (bound === undefined) return verdict
  return bound.thumbprint === thumbprint ? bound.verdict : unproven('holder')
}

/** Not proved, because of this. */
export function unproven(proof: ProofProblem): Rejected<never> {
  return Object.freeze({ ok: false, reason: 'unproven', proof })
}

/** Undefined for a confirmation that says more or other things than a thumbprint. */
function thumbprintOf(cnf: unknown): string | undefined {
  if (typeof cnf !== 'object' || cnf === null) return undefined
  const { jkt, ...others } = cnf as { readonly jkt?: unknown }
  const isOne = typeof jkt === 'string' && THUMBPRINT.test(jkt) && Object.keys(others).length === 0
  return isOne ? jkt : undefined
}
