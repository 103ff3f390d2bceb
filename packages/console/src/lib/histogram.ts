import type { WireBucket } from 'outright/client'

interface Bar {
  /** Undefined: longer than every bound. */
  readonly upToMs: number | undefined
  readonly count: number
}

/** What lies in each bucket by itself; they come as how many took at most so long. */
export function bucketsOf(buckets: readonly WireBucket[]): readonly Bar[] {
  return buckets.map(({ upToSeconds, count }, index) => ({
    upToMs: upToSeconds === null ? undefined : upToSeconds * 1000,
    count: count - (buckets[index - 1]?.count ?? 0),
  }))
}

/**
 * Below which time so many of them were, even within a bucket: as Prometheus estimates it.
 *
 * @returns Undefined where that is longer than every bound.
 */
export function quantileMs(buckets: readonly WireBucket[], quantile: number): number | undefined {
  const total = buckets.at(-1)?.count ?? 0
  const rank = quantile * total
  const index = buckets.findIndex(({ count }) => count >= rank)
  const found = buckets[index]
  if (found === undefined || found.upToSeconds === null) return undefined
  const before = buckets[index - 1] ?? { upToSeconds: 0, count: 0 }
  const within = found.count - before.count
  const share = within === 0 ? 1 : (rank - before.count) / within
  const from = before.upToSeconds ?? 0
  return (from + (found.upToSeconds - from) * share) * 1000
}
