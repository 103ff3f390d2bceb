/**
 * For how long the access tokens of recent sessions live at the most. It is fixed when a session is
 * opened and never changes, so a logout at the node that opened it needs no look-up.
 */
export class SessionLifetimes {
  readonly #capacity: number
  #young = new Map<string, number>()
  #old = new Map<string, number>()

  /** @param capacity Most sessions remembered; the oldest half is dropped at once. */
  constructor(capacity: number) {
    this.#capacity = capacity
  }

  remember(sid: string, accessLifetimeMs: number): void {
    if (this.#young.size >= this.#capacity / 2) {
      this.#old = this.#young
      this.#young = new Map()
    }
    this.#young.set(sid, accessLifetimeMs)
  }

  /** In milliseconds; undefined where it is not remembered. */
  get(sid: string): number | undefined {
    return this.#young.get(sid) ?? this.#old.get(sid)
  }
}
