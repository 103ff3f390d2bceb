/** What a simulated world is like. */
import { parseArgs } from 'node:util'

export interface Parameters {
  readonly nodes: number
  readonly guards: number
  /** Logouts a second, in the whole world. */
  readonly rate: number
  /** Seconds of simulated time in which nothing goes wrong, and then as many in which much does. */
  readonly seconds: number
  readonly regions: number
  /** Round trips between regions, in milliseconds: 1–2, 1–3, 2–3, 1–4, … */
  readonly rttMs: readonly number[]
  readonly localRttMs: number
  readonly faults: boolean
  readonly seed: number
}

const defaults: Parameters = {
  nodes: 100,
  guards: 100_000,
  rate: 3,
  seconds: 2,
  regions: 3,
  rttMs: [12, 70, 80],
  localRttMs: 0.5,
  faults: true,
  seed: 1,
}

/** A world that takes some seconds. */
const small = { nodes: 6, guards: 300, rate: 10, seconds: 3 }

export const usage: string = `npm run bench -- scale [options]

Nodes with their guards in simulated time, on one simulated database: the feed, the guard, the
leases of nodes and the confirmation are the real ones, and every frame is encoded and decoded.
Without --nodes or --guards it runs a series: 10 nodes with 1,000 guards, 30 with 10,000, and
100 with 100,000.

  --nodes <n>        default ${defaults.nodes}
  --guards <n>       default ${defaults.guards.toLocaleString('en')}
  --rate <n>         logouts a second, default ${defaults.rate}
  --seconds <n>      simulated seconds without faults, and then as many with them, default ${defaults.seconds};
                     the smaller ones of the series take longer
  --regions <n>      default ${defaults.regions}; the database is in the first
  --rtt <ms,…>       round trips between regions 1–2, 1–3, 2–3, 1–4 …, default ${defaults.rttMs.join()}
  --local-rtt <ms>   the same within a region, default ${defaults.localRttMs}
  --no-faults        nothing goes wrong, for twice as long
  --seed <n>         what happens when, and what goes wrong, default ${defaults.seed}
  --small            ${small.nodes} nodes, ${small.guards} guards, ${small.rate} logouts a second: takes some seconds
  --json             figures instead of tables
`

/** The options that make this world again. */
export function optionsOf(world: Parameters): readonly string[] {
  const { nodes, guards, rate, seconds, regions, rttMs, localRttMs, faults, seed } = world
  const named = {
    '--nodes': nodes,
    '--guards': guards,
    '--rate': rate,
    '--seconds': seconds,
    '--regions': regions,
    '--rtt': rttMs.join(),
    '--local-rtt': localRttMs,
    '--seed': seed,
  }
  return [
    ...Object.entries(named).flatMap(([name, value]) => [name, String(value)]),
    ...(faults ? [] : ['--no-faults']),
  ]
}

export interface Command {
  /** Undefined: only the usage is wanted. */
  readonly worlds: readonly Parameters[] | undefined
  readonly json: boolean
}

/** @throws {TypeError} If an option is not known or not a number. */
export function parseCommand(args: readonly string[]): Command {
  const text = { type: 'string' } as const
  const flag = { type: 'boolean', default: false } as const
  const { values } = parseArgs({
    args: [...args],
    options: {
      nodes: text,
      guards: text,
      rate: text,
      seconds: text,
      regions: text,
      rtt: text,
      'local-rtt': text,
      'no-faults': flag,
      seed: text,
      small: flag,
      json: flag,
      help: flag,
    },
  })
  if (values.help) return { worlds: undefined, json: false }
  const base = values.small ? { ...defaults, ...small } : defaults
  const regions = count('regions', values.regions, base.regions)
  const rttMs = values.rtt?.split(',').map((ms) => count('rtt', ms, 0)) ?? base.rttMs
  if (rttMs.length < (regions * (regions - 1)) / 2) {
    throw new TypeError(`Cannot use --rtt: ${regions} regions have more pairs than it names`)
  }
  const given: Parameters = {
    nodes: count('nodes', values.nodes, base.nodes),
    guards: count('guards', values.guards, base.guards),
    rate: count('rate', values.rate, base.rate),
    seconds: count('seconds', values.seconds, base.seconds),
    regions,
    rttMs,
    localRttMs: count('local-rtt', values['local-rtt'], base.localRttMs),
    faults: !values['no-faults'],
    seed: count('seed', values.seed, base.seed),
  }
  const single = values.small || values.nodes !== undefined || values.guards !== undefined
  // The smaller ones for longer, as they can afford it.
  const sizes = [
    { nodes: 10, guards: 1_000, seconds: 5 * given.seconds },
    { nodes: 30, guards: 10_000, seconds: 2 * given.seconds },
    { nodes: 100, guards: 100_000, seconds: given.seconds },
  ]
  const worlds = single ? [given] : sizes.map((size) => ({ ...given, ...size }))
  return { worlds, json: values.json }
}

function count(name: string, text: string | undefined, otherwise: number): number {
  if (text === undefined) return otherwise
  const value = Number(text)
  if (text !== '' && value >= 0 && Number.isFinite(value)) return value
  throw new TypeError(`Cannot use --${name}: "${text}" is not a number`)
}
