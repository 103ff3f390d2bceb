/** What a check costs where the guard stands: repeated tokens, new ones, and the snapshot before. */
import { spread, QuietGuard, type Spread } from '../measure.ts'
import { aimText, spreadText, type Outcome, type Question, type Settings } from '../report.ts'
import { benchModule, Child, cores, ownPids, stopAll } from '../http/child.ts'
import { BESIDE } from '../http/contenders.ts'
import type { FreshFigures, RepeatedInput } from './checker.ts'

const REVOCATIONS = 10_000_000
const SNAPSHOT = 1_000_000
const MAX_TOKENS = 100_000
const RATE_AIM = 1_000_000
const FRESH_AIM = 0.9
const SNAPSHOT_AIM_MS = 1000

/**
 * V8 moves together what is in a process that has little to do, as one that waits for its turn; the
 * tokens stand in another order then, and a check waits for memory up to a fifth longer. A guard
 * that checks a million a second is not left to it.
 */
const HEAP_AS_IT_IS = ['--no-memory-reducer']

type RepeatedRow = Omit<RepeatedInput, 'seconds'>

const repeats: readonly (readonly [string, RepeatedRow])[] = [
  ['1,000 tokens', { distinct: 1000, entriesPerSecond: 0 }],
  [
    '1,000 tokens as Keycloak signs them (RS256)',
    { distinct: 1000, entriesPerSecond: 0, foreign: true },
  ],
  ['1,000 tokens, 1,000 revocations a second arrive', { distinct: 1000, entriesPerSecond: 1000 }],
  ['100,000 tokens', { distinct: MAX_TOKENS, entriesPerSecond: 0 }],
  [
    '100,000 tokens, 1,000 revocations a second arrive',
    { distinct: MAX_TOKENS, entriesPerSecond: 1000 },
  ],
]
const FRESH = 'new tokens'
const PROVEN = '1,000 tokens that are bound to a key, a new proof each time (DPoP)'
const PROOF_FLOOR = 'bare verification of the signature of a proof (`jose`)'
const FLOOR = 'bare verification of a signature (`jose`)'
const SNAPSHOT_ROW = 'snapshot'

export const guardCheck: Question = {
  name: 'guard-check',
  asks:
    'Checks a second in a guard, 10,000,000 revocations loaded: 1,000,000 of known tokens; of ' +
    'new ones 0.9 of bare signature verification; a snapshot of 1,000,000 within 1 s',
  run,
}

async function run({ seconds, rounds, retries, beside }: Settings): Promise<Outcome> {
  const quiet = new QuietGuard(ownPids, retries)
  const samples = new Map<string, number[]>()
  const add = (name: string, value: number): void => {
    samples.set(name, [...(samples.get(name) ?? []), value])
  }
  try {
    const start = (checkout?: string): Child =>
      new Child(benchModule('guard/checker.ts', checkout), cores.server, HEAP_AS_IT_IS)
    const starting = start()
    const take = <T>(task: string, input: unknown, from: Child): Promise<T> =>
      quiet.sample(() => quiet.watch(() => from.ask<T>(task, input)))
    // Before the ten million: what a guard does when it starts.
    await starting.ask('load', SNAPSHOT)
    for (let round = 0; round < rounds; round++) {
      add(SNAPSHOT_ROW, await take('load', SNAPSHOT, starting))
    }
    await starting.stop()
    const child = start()
    const other = beside === undefined ? [] : [start(beside)]
    // At once: the memory of one that was filled before the other is in a worse order by then.
    await Promise.all([child, ...other].map((loaded) => loaded.ask('load', REVOCATIONS)))
    await Promise.all([child, ...other].map((loaded) => loaded.ask('prepare', MAX_TOKENS)))
    const rate = async (name: string, input: RepeatedRow, from = child): Promise<void> => {
      add(name, await take('repeated', { ...input, seconds }, from))
    }
    const pair = async (task: string, names: Pair, from = child): Promise<void> => {
      const { checked, verified } = await take<FreshFigures>(task, undefined, from)
      add(names[0], checked)
      add(names[1], verified)
    }
    const turns = [
      ...repeats.flatMap(([name, input]) => [
        () => rate(name, input),
        // Code of before passes the option over, and would check its own tokens.
        ...(input.foreign === true ? [] : other).map(
          (from) => () => rate(besideOf(name), input, from),
        ),
      ]),
      () => pair('fresh', [FRESH, FLOOR]),
      ...other.map((from) => () => pair('fresh', [besideOf(FRESH), besideOf(FLOOR)], from)),
      () => pair('proven', [PROVEN, PROOF_FLOOR]),
    ]
    for (const turn of turns) await turn()
    // The first is to warm up.
    for (const name of samples.keys()) if (name !== SNAPSHOT_ROW) samples.delete(name)
    for (let round = 0; round < rounds; round++) {
      for (const turn of round % 2 === 0 ? turns : turns.toReversed()) await turn()
    }
    return outcome(samples, quiet.note)
  } finally {
    await stopAll()
  }
}

type Pair = readonly [checked: string, verified: string]

function besideOf(name: string): string {
  return `${BESIDE}: ${name}`
}

function outcome(samples: ReadonlyMap<string, readonly number[]>, note: string): Outcome {
  const floor = samples.get(FLOOR) ?? []
  const fresh = samples.get(FRESH) ?? []
  const ratio = spread(fresh.map((rate, round) => rate / (floor[round] ?? Number.NaN)))
  const proofs = samples.get(PROOF_FLOOR) ?? []
  const proven = spread((samples.get(PROVEN) ?? []).map((rate, round) => rate / proofs[round]!))
  const snapshot = spread(samples.get(SNAPSHOT_ROW) ?? [])
  const rows = [...samples]
    .filter(([name]) => name !== SNAPSHOT_ROW)
    .map(([name, rates]) => {
      const rate = spread(rates)
      return [name, spreadText(rate), aimOf(name, rate, ratio)]
    })
  return {
    title: 'Checks in a guard on one core, 10,000,000 revocations loaded',
    header: ['what', 'per second', 'aim'],
    rows,
    notes: [
      `new tokens ÷ bare verification: ${spreadText(ratio, 2)}`,
      `bound tokens with a proof ÷ bare verification of the proof: ${spreadText(proven, 2)}`,
      `snapshot of 1,000,000 entries through the guard’s decoder: ${spreadText(snapshot)} ms ` +
        `(aim ${aimText(snapshot.median <= SNAPSHOT_AIM_MS, '≤ 1,000 ms')})`,
      note,
    ],
    figures: Object.fromEntries(samples),
  }
}

function aimOf(name: string, rate: Spread, ratio: Spread): string {
  if (name.startsWith(BESIDE)) return ''
  if (name === FLOOR || name === PROVEN || name === PROOF_FLOOR) return ''
  if (name === FRESH) return aimText(ratio.median >= FRESH_AIM, '≥ 0.9 of the next row')
  return aimText(rate.median >= RATE_AIM, '≥ 1,000,000')
}
