import type { Receipt } from '../domain/receipt.ts'
import type { Revocation } from '../domain/revocation.ts'
import type { BatchRecord, VerifierOutcome } from './ledger.ts'

/** A receipt with what each verifier had to say: the first hundred of them. */
export interface DetailedReceipt extends Receipt {
  readonly outcomes: readonly VerifierOutcome[]
}

/** Which batch a revocation was published in: of the latest, and of every one that is unconfirmed. */
export class ReceiptBook {
  readonly #limit: number
  readonly #records = new Map<string, BatchRecord>()

  /** @param limit Revocations remembered after they were confirmed. */
  constructor(limit: number) {
    this.#limit = limit
  }

  add(entries: readonly Revocation[], record: BatchRecord): void {
    for (const { id } of entries) this.#records.set(id, record)
    for (const [id, oldest] of this.#records) {
      if (this.#records.size <= this.#limit || oldest.confirmedMs === undefined) break
      this.#records.delete(id)
    }
  }

  find(revocationId: string): BatchRecord | undefined {
    return this.#records.get(revocationId)
  }
}

/** The receipt of a batch as it is now. */
export function describeReceipt(revocationId: string, record: BatchRecord, nowMs: number): Receipt {
  const { acknowledged, verifiers, lapsed, confirmedMs, publishedMs } = record
  return {
    revocationId,
    confirmed: confirmedMs !== undefined,
    acknowledged,
    verifiers,
    lapsed,
    elapsedMs: (confirmedMs ?? nowMs) - publishedMs,
  }
}
