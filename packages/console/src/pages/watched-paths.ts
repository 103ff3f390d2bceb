/** The reports of canaries, summed up path by path. */
import type { WireCanaryPath, WireCanaryReport } from 'outright/client'

/** One path in one round. */
export interface Round {
  /** When the report arrived, by the server's clock: a canary's may be wrong. */
  readonly at: string
  readonly found: WireCanaryPath
}

export interface WatchedPath {
  readonly canary: string
  readonly name: string
  readonly last: Round
  /** Oldest first, `last` included. */
  readonly rounds: readonly Round[]
}

/** What needs attention first, then by name. `reports` are newest first. */
export function watchedPaths(reports: readonly WireCanaryReport[]): readonly WatchedPath[] {
  const found = new Map<string, WatchedPath>()
  for (const { canary, receivedAt: at, paths } of reports) {
    for (const path of paths) {
      const key = `${canary} ${path.name}`
      const round = { at, found: path }
      const known = found.get(key)
      found.set(key, {
        canary,
        name: path.name,
        last: known?.last ?? round,
        rounds: [round, ...(known?.rounds ?? [])],
      })
    }
  }
  const rank = ({ last }: WatchedPath): number => order.indexOf(last.found.verdict)
  return [...found.values()].toSorted(
    (a, b) => rank(a) - rank(b) || a.canary.localeCompare(b.canary) || a.name.localeCompare(b.name),
  )
}

const order: readonly WireCanaryPath['verdict'][] = [
  'never_refused',
  'late',
  'not_measured',
  'refused',
]
