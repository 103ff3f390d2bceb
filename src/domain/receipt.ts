/** What is known of a revocation's confirmation when an answer is given. */
export interface Receipt {
  readonly revocationId: string
  /** True when every verifier has applied it or can no longer accept anything. */
  readonly confirmed: boolean
  /** Verifiers that said they applied it, this node included. */
  readonly acknowledged: number
  /** Verifiers that might have held a lease when it was stored, this node included. */
  readonly verifiers: number
  /** Verifiers whose lease ran out before they said so. */
  readonly lapsed: number
  /** From the commit to confirmation, or to now where it is not confirmed yet. */
  readonly elapsedMs: number
}
