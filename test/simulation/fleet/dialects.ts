const hourMs = 3_600_000
const dayMs = 24 * hourMs

/** What a fleet's tokens come from. */
export interface FleetDialect {
  readonly name: string
  /** Whether the configuration of the installation says how long its tokens live. */
  readonly isListed: boolean
  readonly accessLifetimeMs: number
  readonly refreshLifetimeMs: number
}

const short: FleetDialect = {
  name: 'octopus',
  isListed: true,
  accessLifetimeMs: hourMs,
  refreshLifetimeMs: 7 * dayMs,
}

const long: FleetDialect = {
  name: 'matar',
  isListed: true,
  accessLifetimeMs: 10 * dayMs,
  refreshLifetimeMs: 60 * dayMs,
}

/** One of the operator's own. */
const custom: FleetDialect = {
  name: 'custom',
  isListed: false,
  accessLifetimeMs: 30 * dayMs,
  refreshLifetimeMs: 60 * dayMs,
}

export const dialects: readonly [FleetDialect, ...FleetDialect[]] = [short, long, custom]

/**
 * What people log in by. While servers run, an operator gives the short tokens a longer life, and
 * takes a dialect of their own into use.
 *
 * @param raised Whether that has happened.
 */
export function dialectsInUse(raised: boolean): readonly FleetDialect[] {
  return raised ? [{ ...short, accessLifetimeMs: 20 * dayMs }, long, custom] : [short, long]
}
