import type { Core } from '../../../src/core/core.ts'

const hourMs = 3_600_000
const dayMs = 24 * hourMs

/** What a fleet's tokens come from. */
export interface FleetDialect {
  readonly name: string
  readonly accessLifetimeMs: (core: Core) => number
  readonly refreshLifetimeMs: number
}

export const dialects: readonly [FleetDialect, ...FleetDialect[]] = [
  { name: 'octopus', accessLifetimeMs: () => hourMs, refreshLifetimeMs: 7 * dayMs },
  { name: 'matar', accessLifetimeMs: () => 10 * dayMs, refreshLifetimeMs: 60 * dayMs },
  // One of the operator's own, of which the configuration says nothing.
  { name: 'custom', accessLifetimeMs: () => 30 * dayMs, refreshLifetimeMs: 60 * dayMs },
]
