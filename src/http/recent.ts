import type { Clock } from '../ports/clock.ts'

/**
 * What is asked again and again by those who watch, and costs something: asked at most once in a
 * while, and answered meanwhile with what was found then. A failure is not kept.
 *
 * @param everyMs How old an answer may be.
 */
export function recent<T>(
  clock: Pick<Clock, 'monotonicMs'>,
  everyMs: number,
  ask: () => Promise<T>,
): () => Promise<T> {
  let last: { readonly atMs: number; readonly answer: Promise<T> } | undefined
  return () => {
    const nowMs = clock.monotonicMs()
    if (last === undefined || nowMs - last.atMs > everyMs) {
      const asked = { atMs: nowMs, answer: ask() }
      last = asked
      asked.answer.catch(() => {
        if (last === asked) last = undefined
      })
    }
    return last.answer
  }
}
