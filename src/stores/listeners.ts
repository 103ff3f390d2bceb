import type { Revocation } from '../domain/revocation.ts'
import type { Log } from '../ports/log.ts'

type Listener = (entries: readonly Revocation[]) => void

/**
 * Listeners to committed entries. One that throws neither stops the others nor fails the callers.
 */
export class Listeners {
  readonly #log: Log | undefined
  #listeners: readonly Listener[] = []

  constructor(log: Log | undefined) {
    this.#log = log
  }

  add(listener: Listener): () => void {
    // A wrapper, so that the same function can listen twice and stop once.
    const added: Listener = (entries) => {
      listener(entries)
    }
    this.#listeners = [...this.#listeners, added]
    return () => {
      this.#listeners = this.#listeners.filter((other) => other !== added)
    }
  }

  call(entries: readonly Revocation[]): void {
    for (const listener of this.#listeners) {
      try {
        listener(entries)
      } catch (error) {
        this.#log?.error({ error }, 'Cannot tell a listener of committed entries: it threw')
      }
    }
  }
}
