import type { Receipt } from '../domain/receipt.ts'
import type { Revocation } from '../domain/revocation.ts'

/** Knows every verifier and waits until none of them can accept what was revoked. */
export interface Confirmation {
  /**
   * Resolves when every verifier that may hold a lease has acknowledged the entry or can no longer
   * hold one. Always resolves, within one lease and a margin, whatever the verifiers do.
   */
  confirmed(revocation: Revocation): Promise<Receipt>
  /** What is known now, without waiting; undefined once it is no longer remembered. */
  receipt(revocation: Revocation): Receipt | undefined
}
