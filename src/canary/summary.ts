import type { CanaryKind, CanaryVerdict, NewCanaryReport } from '../protocol/canary.ts'

/** What several rounds say of one path. */
export interface PathSummary {
  readonly name: string
  readonly kind: CanaryKind
  /** The worst of all rounds. */
  readonly verdict: CanaryVerdict
  readonly rounds: number
  /** Rounds in which it was measured, from which the times come. */
  readonly measured: number
  readonly afterRequestMs: Spread | null
  readonly afterAnswerMs: Spread | null
  /** The widest: how exact the times are at least. Null where it never refused. */
  readonly gapMs: number | null
  /** Of the worst round. */
  readonly detail: string
}

export interface Spread {
  readonly p50: number
  readonly p99: number
  readonly max: number
}

/** From bad to good: what is not measured is not fine, but nothing is known to be wrong. */
const worstFirst: readonly CanaryVerdict[] = ['never_refused', 'late', 'not_measured', 'refused']

/** Sums up rounds of the same paths, in their order. */
export function summarize(reports: readonly NewCanaryReport[]): readonly PathSummary[] {
  const byName = Map.groupBy(
    reports.flatMap(({ paths }) => paths),
    ({ name }) => name,
  )
  return [...byName].map(([name, all]) => {
    const [worst] = all.toSorted(
      (one, other) => worstFirst.indexOf(one.verdict) - worstFirst.indexOf(other.verdict),
    )
    if (worst === undefined) throw new Error('Cannot sum up a path: there are no rounds')
    const gaps = all.flatMap(({ gapMs }) => gapMs ?? [])
    return {
      name,
      kind: worst.kind,
      verdict: worst.verdict,
      rounds: all.length,
      measured: all.filter(({ verdict }) => verdict !== 'not_measured').length,
      afterRequestMs: spread(all.flatMap(({ afterRequestMs }) => afterRequestMs ?? [])),
      afterAnswerMs: spread(all.flatMap(({ afterAnswerMs }) => afterAnswerMs ?? [])),
      gapMs: gaps.length === 0 ? null : Math.max(...gaps),
      detail: worst.detail,
    }
  })
}

/** By nearest rank: each is a time that was measured. */
export function spread(values: readonly number[]): Spread | null {
  const sorted = values.toSorted((one, other) => one - other)
  const at = (share: number): number =>
    sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0
  return sorted.length === 0 ? null : { p50: at(0.5), p99: at(0.99), max: at(1) }
}
