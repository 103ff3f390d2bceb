/** A thread in which feeds run. */
import { makeTokenPool, type TokenPool } from '../../src/testing/token-pool.ts'
import { simulate, type Outcome } from './simulate.ts'
import { runWorlds, SimulationThread } from './thread.ts'
import { brokenVariants, lingeringVariants } from './variants.ts'

export class FeedThread extends SimulationThread<Outcome> {
  constructor() {
    super(new URL(import.meta.url))
  }
}

const variants = { ...brokenVariants, ...lingeringVariants }
let pool: Promise<TokenPool> | undefined

runWorlds(async (seed, broken) => {
  pool ??= makeTokenPool()
  return simulate(seed, await pool, broken === undefined ? {} : variants[broken])
})
