/**
 * What a check is. The folder owns the checks of the contract by subject, in the order of the port;
 * `../contract.ts` collects them.
 */
import type { Store } from '../../ports/store.ts'

export interface StoreUnderTest {
  /** A store that holds nothing yet. */
  readonly store: Store
  /** Closes the store and opens it again on the same data. */
  reopen(): Promise<Store>
  /** Closes whichever store is open and removes the data. */
  close(): Promise<void>
}

/** One promise of `ports/store.ts`, and how it is tried. */
export interface Check {
  /** What holds, starting with the operation that promises it. */
  readonly name: string
  /** Rejects where it does not hold. Gets a store of its own. */
  run(subject: StoreUnderTest): Promise<void>
}
