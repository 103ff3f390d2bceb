import type { GuardClock } from './clock.ts'
import type { ReadyOptions } from './options.ts'

interface Waiter {
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

/** Callers that wait for a lease. */
export class Waiting {
  readonly #clock: GuardClock
  readonly #waiters = new Set<Waiter>()

  constructor(clock: GuardClock) {
    this.#clock = clock
  }

  /** @param trouble Why there is no lease so far, as far as that is known. */
  async wait(
    { timeoutMs, signal }: ReadyOptions,
    trouble: () => string | undefined,
  ): Promise<void> {
    signal?.throwIfAborted()
    const { promise, resolve, reject } = withResolvers()
    const waiter: Waiter = { resolve, reject }
    const aborted = (): void => {
      reject(signal?.reason)
    }
    const cancelTimeout =
      timeoutMs === undefined
        ? undefined
        : this.#clock.after(timeoutMs, () => {
            const why = trouble() ?? 'the server has not answered yet'
            reject(new Error(`Cannot get ready within ${timeoutMs} ms: ${why}`))
          })
    signal?.addEventListener('abort', aborted)
    this.#waiters.add(waiter)
    try {
      await promise
    } finally {
      this.#waiters.delete(waiter)
      signal?.removeEventListener('abort', aborted)
      cancelTimeout?.()
    }
  }

  succeed(): void {
    for (const { resolve } of this.#waiters) resolve()
  }

  fail(why: string): void {
    const error = new Error(`Cannot get ready: ${why}`)
    for (const { reject } of this.#waiters) reject(error)
  }
}

/** `Promise.withResolvers`, which Node 20 lacks. */
function withResolvers(): Waiter & { readonly promise: Promise<void> } {
  let waiter!: Waiter
  const promise = new Promise<void>((resolve, reject) => (waiter = { resolve, reject }))
  return { promise, ...waiter }
}
