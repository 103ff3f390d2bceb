import type { RevocationView } from './alive.ts'
import { FACT_NUMBERS, NARROW, type TokenFacts } from './token-facts.ts'

/**
 * Up to which second everything is dead that a token like this one could say: a new one that is
 * issued later is good.
 *
 * @returns 0 where waiting does not help: what ended is a thing that ends for good, or nothing that
 *   ends up to a second.
 */
export function deadUntilSeconds(
  replica: Pick<RevocationView, 'isRevoked' | 'cutoff'>,
  { named }: TokenFacts,
): number {
  let until = 0
  for (let at = 0; at < named.length; at += FACT_NUMBERS) {
    const high = named[at]!
    const low = named[at + 1]!
    const generation = named[at + 2]!
    if (generation === NARROW && replica.isRevoked(high, low)) return 0
    if (generation < NARROW) until = Math.max(until, replica.cutoff(high, low))
  }
  return until
}
