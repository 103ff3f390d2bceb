/** A thread in which fleets run. */
import { isMainThread } from 'node:worker_threads'
import { runWorlds, SimulationThread } from '../thread.ts'
import { simulateFleet, type FleetOutcome } from './simulate.ts'
import { brokenFleets } from './variants.ts'

export class FleetThread extends SimulationThread<FleetOutcome> {
  constructor() {
    super(new URL(import.meta.url))
  }
}

// Thousands of refusals are made, and their stack traces are not read.
if (!isMainThread) Error.stackTraceLimit = 0

runWorlds((seed, broken) =>
  simulateFleet(seed, broken === undefined ? {} : brokenFleets[broken]?.variant),
)
