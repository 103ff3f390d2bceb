/** Does a check get dearer with what was revoked, or a logout with who is logged in? */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { QuietGuard, spread } from '../measure.ts'
import {
  aimText,
  count,
  spreadText,
  type Outcome,
  type Question,
  type Settings,
} from '../report.ts'
import { Child, cores, ownPids, stopAll } from '../http/child.ts'
import { compare, once, startOutright } from '../http/contenders.ts'
import type { NewsInput } from './checker.ts'
import { plotSvg } from './plot.ts'

const REVOCATIONS = [1000, 10_000, 100_000, 1_000_000, 10_000_000] as const
const SESSIONS = [10, 100, 1000, 10_000, 100_000, 1_000_000] as const
const TOKENS = 1000
const NEWS: NewsInput = { distinct: TOKENS, rounds: 200 }
const LOGOUTS = 1500
/** The last may take this much longer than the first: caches of the processor, a deeper tree. */
const GROWTH_AIM = 3
const plots = new URL('../plots/', import.meta.url)

type Growth = ReadonlyMap<number, readonly number[]>

export const guardGrowth: Question = {
  name: 'guard-growth',
  asks: 'A check against 1,000 … 10,000,000 revocations, a logout among 10 … 1,000,000 sessions',
  run,
}

async function run(settings: Settings): Promise<Outcome> {
  const checks = await growthOfChecks(settings)
  const logouts = await growthOfLogouts(settings)
  await mkdir(plots, { recursive: true })
  await writeFile(
    new URL('check-growth.svg', plots),
    plotSvg({
      title: 'A check that looks everything up',
      unit: 'µs',
      over: 'revocations',
      points: medians(checks.samples),
    }),
  )
  await writeFile(
    new URL('logout-growth.svg', plots),
    plotSvg({
      title: 'A durable logout over HTTP, one caller, p50',
      unit: 'ms',
      over: 'live sessions of one client',
      points: medians(logouts.samples),
    }),
  )
  return {
    title: 'Growth',
    header: ['what', 'cost', 'to the first', 'aim'],
    rows: [
      ...rows('check, µs, revocations', checks.samples),
      ...rows('logout, ms p50, sessions', logouts.samples),
    ],
    notes: [`checks: ${checks.note}`, `logouts: ${logouts.note}`],
    figures: {
      checks: Object.fromEntries(checks.samples),
      logouts: Object.fromEntries(logouts.samples),
    },
  }
}

interface Measured {
  readonly samples: Growth
  readonly note: string
}

/** Microseconds of a check that comes first after news, so that nothing of it is remembered. */
async function growthOfChecks({ rounds, retries }: Settings): Promise<Measured> {
  const quiet = new QuietGuard(ownPids, retries)
  const samples = new Map<number, number[]>(REVOCATIONS.map((size) => [size, []]))
  try {
    const children = new Map<number, Child>()
    for (const size of REVOCATIONS) {
      const child = new Child(new URL('./checker.ts', import.meta.url), cores.server)
      await child.ask('load', size)
      await child.ask('prepare', TOKENS)
      await child.ask('news', NEWS)
      children.set(size, child)
    }
    for (let round = 0; round < rounds; round++) {
      for (const [size, child] of children) {
        const ask = (): Promise<number> => child.ask('news', NEWS)
        const nanoseconds = await quiet.sample(() => quiet.watch(ask))
        samples.get(size)?.push(nanoseconds / 1000)
      }
    }
    return { samples, note: quiet.note }
  } finally {
    await stopAll()
  }
}

async function growthOfLogouts(settings: Settings): Promise<Measured> {
  const folder = await mkdtemp(join(tmpdir(), 'outright-growth-'))
  try {
    const contenders = []
    for (const sessions of SESSIONS) {
      const dataDir = join(folder, String(sessions))
      const server = await startOutright({ durability: 'full', dataDir, sessions })
      const contender = once(String(sessions), server, { kind: 'logout', count: LOGOUTS })
      contenders.push({ ...contender, connections: 1 })
    }
    const { samples, note } = await compare(contenders, settings)
    const p50 = [...samples].map(
      ([name, taken]) => [Number(name), taken.map(({ p50Ms }) => p50Ms)] as const,
    )
    return { samples: new Map(p50), note }
  } finally {
    await stopAll()
    await rm(folder, { recursive: true, force: true })
  }
}

function medians(samples: Growth): [number, number][] {
  return [...samples].map(([size, values]) => [size, spread(values).median])
}

function rows(what: string, samples: Growth): string[][] {
  const [first] = medians(samples)
  return [...samples].map(([size, values], index) => {
    const cost = spread(values)
    const growth = cost.median / (first?.[1] ?? Number.NaN)
    const last = index === samples.size - 1
    return [
      `${what}: ${count(size)}`,
      spreadText(cost, 2),
      growth.toFixed(2),
      last ? aimText(growth <= GROWTH_AIM, `≤ ${String(GROWTH_AIM)}`) : '',
    ]
  })
}
