/** Numbers of the feed, with their defaults. All are bounds (invariant 9) or terms of the lease. */
export interface FeedHubSettings {
  /** How long a guard may trust its replica after a ping, in milliseconds. 200 to 60,000. */
  readonly leaseMs: number
  /** How often guards ping, in milliseconds. At most half the lease. */
  readonly renewMs: number
  /**
   * How far the rate of any clock may be off, as a fraction: 0.02 is 2 %, hundreds of times what
   * quartz does.
   */
  readonly clockRateMargin: number
  /** Added to every counted lease, for the granularity of clocks, in milliseconds. */
  readonly fixedMarginMs: number
  /** A guard whose oldest unacknowledged batch is older gets no lease, in milliseconds. */
  readonly lagLimitMs: number
  /** A connection from which nothing came for this long is closed, in milliseconds. */
  readonly silenceMs: number
  /** Entries that are kept for guards to catch up with; one that needs older ones gets a snapshot. */
  readonly recentEntries: number
  /** A connection with more unsent bytes than this is closed. */
  readonly bufferedBytes: number
  /** Connections at once. */
  readonly connections: number
  /** Receipts that are remembered after they were confirmed. */
  readonly receipts: number
}

const defaults: FeedHubSettings = {
  leaseMs: 2000,
  renewMs: 500,
  clockRateMargin: 0.02,
  fixedMarginMs: 10,
  lagLimitMs: 2000,
  silenceMs: 10_000,
  recentEntries: 262_144,
  bufferedBytes: 8_388_608,
  connections: 10_000,
  receipts: 10_000,
}

/** No setting grants a longer one, so no guard can hold one. */
export const MAX_LEASE_MS = 60_000

/**
 * Fills in what is not given, and refuses what cannot work.
 *
 * @param given Settings, maybe among other options, which are left aside.
 * @throws {RangeError} If a number is out of its range.
 */
export function feedSettings(given: Partial<FeedHubSettings>): FeedHubSettings {
  const names = Object.keys(defaults) as (keyof FeedHubSettings)[]
  const chosen = names.map((name) => [name, given[name] ?? defaults[name]] as const)
  const settings = Object.fromEntries(chosen) as unknown as FeedHubSettings
  const { leaseMs, renewMs, clockRateMargin } = settings
  require(leaseMs >= 200 && leaseMs <= MAX_LEASE_MS, 'leaseMs', leaseMs)
  require(renewMs >= 20 && renewMs <= leaseMs / 2, 'renewMs', renewMs)
  require(clockRateMargin >= 0 && clockRateMargin < 0.5, 'clockRateMargin', clockRateMargin)
  for (const [name, value] of Object.entries(settings)) {
    require(Number.isFinite(value) && value >= 0, name, value)
  }
  return Object.freeze(settings)
}

function require(good: boolean, name: string, value: unknown): void {
  if (!good) throw new RangeError(`Cannot set ${name} to "${String(value)}": out of range`)
}
