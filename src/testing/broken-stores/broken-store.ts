/** What a broken store is. The others in this folder are collected by `../broken-stores.ts`. */
import type { Store } from '../../ports/store.ts'

/** A store that breaks one promise of `ports/store.ts`, the way a plausible mistake would. */
export interface BrokenStore {
  /** The mistake, in a few words. */
  readonly name: string
  /** The beginning of the name of the check that must find it. */
  readonly caughtBy: string
  /**
   * The methods that make the mistake, over those of a store that keeps its promises. What they
   * remember is gone when the store is opened again, like anything that is kept in memory.
   */
  overrides(store: Store): Partial<Store>
}

/** The end of this turn of the event loop: long enough to lose a race. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve)
  })
}
