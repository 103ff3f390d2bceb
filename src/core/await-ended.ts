import { unknownReceipt, type Receipt } from '../domain/receipt.ts'
import type { Revocation } from '../domain/revocation.ts'
import type { CoreDependencies } from './dependencies.ts'
import { findEnding, type Names } from './find-ending.ts'

export interface AwaitEndedRequest {
  /** The entry that ended it where the caller knows it; else what it names, so that it is found. */
  readonly ended: { readonly by: Revocation } | { readonly names: Names }
  /** False: answer with what is known now (`Prefer: respond-async`). */
  readonly wait: boolean
}

/**
 * Waits until what had ended before is over everywhere: the one way to answer a logout with "done"
 * or "already ended" that adds nothing itself. The call that ended it may not have been answered
 * yet, or never will be, because its node has died.
 *
 * Not one entry is waited for but all that are in the log, of every stream and every run: whatever
 * the caller has seen is among them, also where several entries ended the same thing.
 *
 * @returns The receipt of the entry that ended it; undefined where none is found, because it is no
 *   longer kept or because nothing had ended. It was waited for in any case.
 * @throws {Refusal} `store_unavailable`: nobody can say then whether it is over.
 */
export async function awaitEnded(
  dependencies: CoreDependencies,
  { ended, wait }: AwaitEndedRequest,
): Promise<Receipt | undefined> {
  const { store, confirmation } = dependencies
  const by = 'by' in ended ? ended.by : await findEnding(store, ended.names)
  if (!wait) return by && (confirmation.receipt(by) ?? unknownReceipt(by.id))
  // Read now, after the caller has seen that it has ended: the entry is not behind this.
  const confirmed = await confirmation.confirmedUpTo(await store.head())
  if (by === undefined) return undefined
  const known = confirmation.receipt(by)
  return known?.confirmed === true ? known : { revocationId: by.id, confirmed: true, ...confirmed }
}
