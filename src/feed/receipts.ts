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
  readonly #awaited = new Map<string, ((record: BatchRecord) => void)[]>()

  /** @param limit Revocations remembered after they were confirmed. */
  constructor(limit: number) {
    this.#limit = limit
  }

  add(entries: readonly Revocation[], record: BatchRecord): void {
    for (const { id } of entries) {
      this.#records.set(id, record)
      for (const wake of this.#awaited.get(id) ?? []) wake(record)
      this.#awaited.delete(id)
    }
    for (const [id, oldest] of this.#records) {
      if (this.#records.size <= this.#limit || oldest.confirmedMs === undefined) break
      this.#records.delete(id)
    }
  }

  find(revocationId: string): BatchRecord | undefined {
    return this.#records.get(revocationId)
  }

  /** Resolves when the revocation is published. */
  whenAdded(revocationId: string): Promise<BatchRecord> {
    return new Promise((resolve) => {
      const waiters = this.#awaited.get(revocationId) ?? []
      waiters.push(resolve)
      this.#awaited.set(revocationId, waiters)
    })
  }
}

/** The receipt of a batch as it is now. Without a record: confirmed, too long ago to say more. */
export function describeReceipt(
  revocationId: string,
  record: BatchRecord | undefined,
  nowMs: number,
): Receipt {
  if (!record) {
    return { revocationId, confirmed: true, acknowledged: 1, verifiers: 1, lapsed: 0, elapsedMs: 0 }
  }
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
