import type { FleetVariant } from './simulate.ts'

export interface BrokenFleet {
  readonly variant: FleetVariant
  /** What must be seen of it. */
  readonly symptom: RegExp
  /** Where the search begins, for what few fleets show. Default: 1. */
  readonly firstSeed?: number
}

/** Nothing goes wrong but what goes wrong everywhere. */
export const calm = {
  retries: false,
  wrongClocks: false,
  weeks: false,
  restores: false,
  outage: false,
}

/** People try again. */
export const retries: typeof calm = { ...calm, retries: true }
