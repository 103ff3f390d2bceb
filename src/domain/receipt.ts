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
  /**
   * From the commit to confirmation, or to now where it is not confirmed yet. Of what was committed
   * before this run, or at another node: from the question.
   */
  readonly elapsedMs: number
}

/** The receipt of a revocation of which only the id is known. */
export function unknownReceipt(revocationId: string): Receipt {
  return { revocationId, confirmed: false, acknowledged: 0, verifiers: 0, lapsed: 0, elapsedMs: 0 }
}
