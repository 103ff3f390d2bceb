import { unknownReceipt, type Receipt } from '../domain/receipt.ts'
import type { Revocation } from '../domain/revocation.ts'
import type { CoreDependencies } from './dependencies.ts'
import { findEnding, type Names } from './find-ending.ts'

export interface AwaitEndedRequest {
  /** What it names, so that the entry is found that ended it. */
  readonly names?: Names
  /** That entry, where the caller knows it; taken where none is found. */
  readonly by?: Revocation
  /** False: answer with what is known now (`Prefer: respond-async`). */
  readonly wait: boolean
}

/**
 * Waits until everything that has ended so far is confirmed everywhere: the one way to answer a
 * logout with "done" or "already ended" without a new entry. The call that ended it may not have
 * been answered yet, or never will be, because its node has died.
 *
 * It waits for every entry in the log, of every stream and every run. So it includes what the
 * caller has seen, even if several entries ended the same thing.
 *
 * @returns The receipt of the entry that ended it; undefined where none is found, because it is no
 *   longer kept or because nothing had ended. It has waited in any case.
 * @throws {Refusal} `store_unavailable`: it is then unknown whether it is confirmed.
 */
export async function awaitEnded(
  dependencies: CoreDependencies,
  { names, by, wait }: AwaitEndedRequest,
): Promise<Receipt | undefined> {
  const { store, confirmation } = dependencies
  const ending = (names && (await findEnding(store, names))) ?? by
  if (!wait) return ending && (confirmation.receipt(ending) ?? unknownReceipt(ending.id))
  // Read now, after the caller has seen that it has ended: the entry is not behind this.
  const confirmed = await confirmation.confirmedUpTo(await store.head())
  if (ending === undefined) return undefined
  const known = confirmation.receipt(ending)
  if (known?.confirmed === true) return known
  return { revocationId: ending.id, confirmed: true, ...confirmed }
}
