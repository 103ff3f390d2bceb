import { covers, type Position } from '../domain/revocation.ts'
import type { Clock } from '../ports/clock.ts'

interface Waiting {
  readonly position: Position
  readonly resolve: () => void
}

/** Calls that wait for entries that are committed, and not published at this node yet. */
export class Progress {
  readonly #reached: { readonly position: Position }
  readonly #clock: Pick<Clock, 'after'>
  readonly #waiting = new Set<Waiting>()

  constructor(reached: { readonly position: Position }, clock: Pick<Clock, 'after'>) {
    this.#reached = reached
    this.#clock = clock
  }

  /** Resolves when everything up to the position is published, or after so many milliseconds. */
  async reaches(position: Position, atMostMs: number): Promise<void> {
    if (covers(this.#reached.position, position)) return
    await new Promise<void>((resolve) => {
      const waiting: Waiting = {
        position,
        resolve: () => {
          cancel()
          this.#waiting.delete(waiting)
          resolve()
        },
      }
      this.#waiting.add(waiting)
      const cancel = this.#clock.after(atMostMs, waiting.resolve)
    })
  }

  /** Something was published. */
  moved(): void {
    for (const waiting of this.#waiting) {
      if (covers(this.#reached.position, waiting.position)) waiting.resolve()
    }
  }
}
