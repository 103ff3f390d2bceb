/** How long until the last of a thousand guards has acknowledged what was committed. */
import { QuietGuard, spread } from '../measure.ts'
import { aimText, spreadText, type Outcome, type Question, type Settings } from '../report.ts'
import { Child, cores, ownPids, stopAll } from '../http/child.ts'
import type { ServerFigures } from '../http/watch.ts'
import { addCredential } from './credential.ts'
import type { StormFigures, StormInput } from './node.ts'
import type { SwarmInput } from './swarm.ts'

const SWARMS = 4
const GUARDS_EACH = 250
const RATES = [100, 1000] as const
const P50_AIM_MS = 25
const P99_AIM_MS = 50

type Sample = StormFigures & { readonly nodeCpu: number; readonly guardsCpu: number }

export const guardFanout: Question = {
  name: 'guard-fanout',
  asks: 'Commit to the last acknowledgement of 1,000 guards: p50 at most 25 ms, p99 50 ms',
  run,
}

async function run({ seconds, rounds, retries }: Settings): Promise<Outcome> {
  const quiet = new QuietGuard(ownPids, retries)
  const samples = new Map<number, Sample[]>(RATES.map((rate) => [rate, []]))
  try {
    const node = new Child(new URL('./node.ts', import.meta.url), cores.server)
    const port = await node.ask<number>('start')
    const credential = await addCredential(port)
    const swarms = Array.from(
      { length: SWARMS },
      () => new Child(new URL('./swarm.ts', import.meta.url), cores.client),
    )
    const input: SwarmInput = { port, credential, guards: GUARDS_EACH }
    for (const swarm of swarms) await swarm.ask('join', input)
    const take = (perSecond: number, length: number): Promise<Sample> =>
      storm(node, swarms, { perSecond, seconds: length })
    await take(RATES[0], 1)
    for (let round = 0; round < rounds; round++) {
      for (const rate of round % 2 === 0 ? RATES : RATES.toReversed()) {
        const sample = await quiet.sample(() => quiet.watch(() => take(rate, seconds)))
        samples.get(rate)?.push(sample)
      }
    }
  } finally {
    await stopAll()
  }
  return {
    title: `${String(SWARMS * GUARDS_EACH)} guards at one node, in ${String(SWARMS)} processes`,
    header: ['logouts a second', 'p50 ms', 'p99 ms', 'aim', 'CPU of node', 'CPU of guards'],
    rows: [...samples.values()].map(row),
    notes: [
      'The node has one core, and all guards share the other. CPU: part of the core that was used.',
      quiet.note,
    ],
    figures: Object.fromEntries(samples),
  }
}

async function storm(node: Child, swarms: readonly Child[], input: StormInput): Promise<Sample> {
  const all = [node, ...swarms]
  await Promise.all(all.map((child) => child.ask('begin')))
  const startedMs = performance.now()
  const figures = await node.ask<StormFigures>('storm', input)
  const spentSeconds = (performance.now() - startedMs) / 1000
  const [own, ...others] = await Promise.all(all.map((child) => child.ask<ServerFigures>('end')))
  const cpu = (some: readonly (ServerFigures | undefined)[]): number =>
    some.reduce((sum, one) => sum + (one?.cpuSeconds ?? 0), 0) / spentSeconds
  return { ...figures, nodeCpu: cpu([own]), guardsCpu: cpu(others) }
}

function row(taken: readonly Sample[]): string[] {
  const of = (figure: keyof Sample): ReturnType<typeof spread> =>
    spread(taken.map((sample) => sample[figure]))
  const [p50, p99] = [of('p50Ms'), of('p99Ms')]
  const met = p50.median <= P50_AIM_MS && p99.median <= P99_AIM_MS
  const lapsed = Math.max(...taken.map((sample) => sample.lapsed))
  return [
    spreadText(of('perSecond')) + (lapsed > 0 ? `, ${String(lapsed)} lapsed` : ''),
    spreadText(p50, 1),
    spreadText(p99, 1),
    aimText(met, `≤ ${String(P50_AIM_MS)} and ${String(P99_AIM_MS)}`),
    of('nodeCpu').median.toFixed(2),
    of('guardsCpu').median.toFixed(2),
  ]
}
