/**
 * A map with a bound: an entry too many takes the place of the one that was set least recently.
 * Keys come from callers, so a caller who invents keys must not be able to fill the memory.
 */
export class RecentMap<Key, Value> {
  readonly #capacity: number
  /** In the order in which they were set. */
  readonly #entries = new Map<Key, Value>()

  /** @param capacity Most entries kept. */
  constructor(capacity: number) {
    this.#capacity = capacity
  }

  get size(): number {
    return this.#entries.size
  }

  get(key: Key): Value | undefined {
    return this.#entries.get(key)
  }

  /** @returns The key that was dropped for it, where there was one too many. */
  set(key: Key, value: Value): Key | undefined {
    this.#entries.delete(key)
    this.#entries.set(key, value)
    if (this.#entries.size <= this.#capacity) return undefined
    const oldest = this.#entries.keys().next()
    if (oldest.done === true) return undefined
    this.#entries.delete(oldest.value)
    return oldest.value
  }
}
