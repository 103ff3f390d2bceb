import { scopeTable, sessionCounters, type SessionCounter } from './scope.ts'

/**
 * The counters that a session read when it was created and keeps for its whole life. A wide
 * revocation raises a counter; whatever carries a lower number is dead. A counter that was never
 * raised is 0.
 */
export type Generations = { readonly [S in SessionCounter]: number }

/** Generations as a token carries them, by the short names of the table. What is not there is 0. */
export type WireGenerations = Readonly<Record<string, number>>

/** Makes generations counter by counter. */
export function generationsFrom(read: (scope: SessionCounter) => number): Generations {
  const made: { -readonly [S in SessionCounter]?: number } = {}
  for (const scope of sessionCounters) made[scope] = read(scope)
  return made as Generations
}

/** Whether a counter was raised since these were read. */
export function isOvertaken(then: Generations, now: Generations): boolean {
  return sessionCounters.some((scope) => now[scope] > then[scope])
}

/** As a token carries them: the least that says the same. */
export function toWire(generations: Generations): WireGenerations {
  const raised = sessionCounters.filter((scope) => generations[scope] > 0)
  return Object.fromEntries(
    raised.map((scope) => [scopeTable[scope].generation, generations[scope]]),
  )
}

/** The generation that a token carries of one scope. */
export function generationIn(gen: WireGenerations, scope: SessionCounter): number {
  const name = scopeTable[scope].generation
  return Object.hasOwn(gen, name) ? (gen[name] ?? 0) : 0
}
