import type { Receipt } from '../domain/receipt.ts'
import type { Position, Revocation } from '../domain/revocation.ts'

/** Who confirmed, and how long that took. */
export type Confirmed = Omit<Receipt, 'revocationId' | 'confirmed'>

/** Knows every verifier and waits until none of them can accept what was revoked. */
export interface Confirmation {
  /**
   * Resolves when every verifier that may hold a lease has acknowledged the entry or can no longer
   * hold one. Always resolves, within one lease and a margin, whatever the verifiers do.
   */
  confirmed(revocation: Revocation): Promise<Receipt>
  /**
   * The same for everything in the log up to a position, whichever node and run committed it: for
   * what had ended before the call. Leases that earlier runs granted are waited for.
   *
   * @returns `elapsedMs` counts from the call.
   */
  confirmedUpTo(position: Position): Promise<Confirmed>
  /** What is known now, without waiting; undefined once it is no longer remembered. */
  receipt(revocation: Revocation): Receipt | undefined
}
