/** Samples as rows of a table. */
import { spread, type Spread } from '../measure.ts'
import { aimText, spreadText } from '../report.ts'
import type { Sample } from './contenders.ts'

export const rateHeader: readonly string[] = [
  'server',
  'per second',
  'ratio of ours to it',
  'aim',
  'server CPU, µs each',
  'p50 / p99 ms',
]

type Samples = ReadonlyMap<string, readonly Sample[]>

/** Ratios of two contenders, round by round. */
export function ratios(samples: Samples, of: string, to: string): Spread {
  const others = samples.get(to) ?? []
  return spread(
    (samples.get(of) ?? []).map((sample, round) => {
      return sample.perSecond / (others[round]?.perSecond ?? Number.NaN)
    }),
  )
}

/** @param aims Smallest ratios of ours to a contender, by its name. */
export function rateRows(
  samples: Samples,
  ours: string,
  aims: Readonly<Record<string, number>>,
): string[][] {
  return [...samples].map(([name, taken]) => {
    const ratio = ratios(samples, ours, name)
    const aim = aims[name]
    return [
      name,
      spreadText(spread(taken.map(({ perSecond }) => perSecond))),
      name === ours ? '' : spreadText(ratio, 2),
      aim === undefined ? '' : aimText(ratio.median >= aim, `≥ ${String(aim)}`),
      spread(taken.map(({ cpuSeconds, requests }) => (cpuSeconds / requests) * 1e6)).median.toFixed(
        0,
      ),
      `${medianOf(taken, 'p50Ms')} / ${medianOf(taken, 'p99Ms')}`,
    ]
  })
}

export function medianOf(taken: readonly Sample[], figure: keyof Sample): string {
  return spread(taken.map((sample) => Number(sample[figure]))).median.toFixed(2)
}
