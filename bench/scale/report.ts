/** The figures of one world, or of a series, as tables. */
import { count, type Outcome } from '../report.ts'
import type { Confirmations, Figures, Latency } from './simulate.ts'

const frames = ['entries', 'ack', 'ping', 'pong']

type Table = Omit<Outcome, 'figures'>

export function outcomes(all: readonly Figures[]): readonly Outcome[] {
  const tables = [confirmed(all), traffic(all), work(all), memory(all)]
  return tables.map((table) => ({ ...table, figures: all }))
}

function sizeOf({ parameters: { nodes, guards } }: Figures): string {
  return `${nodes} nodes, ${count(guards)} guards`
}

function confirmed(all: readonly Figures[]): Table {
  const row = (name: string, of: Confirmations): readonly string[] => [
    name,
    String(of.logouts),
    latency(of.all),
    latency(of.answer),
    latency(of.ownGuards),
    latency(of.news),
    latency(of.otherGuards),
    latency(of.word),
  ]
  const { regions, rttMs, localRttMs, rate } = all[0]!.parameters
  const pairs = rttMs.slice(0, (regions * (regions - 1)) / 2)
  return {
    title: 'From the commit to the confirmation, milliseconds of simulated time: p50 / p99 / max',
    header: [
      'world',
      'logouts',
      'confirmed',
      'commit known',
      'its own guards',
      'news at the last node',
      "other nodes' guards",
      'word back',
    ],
    rows: all.flatMap((figures) => [
      row(sizeOf(figures), figures.calm),
      ...(figures.amidFaults ? [row('… amid faults', figures.amidFaults)] : []),
    ]),
    notes: [
      `${rate} logouts a second; ${regions} regions, ${pairs.join(', ')} ms there and back between them, ` +
        `${localRttMs} ms within one; the database is in the first`,
      ...all.flatMap(({ faults, checks, parameters: { seed } }) => {
        if (!faults) return []
        const { kills, frozen, slow, regionsCut } = faults
        return [
          `seed ${seed}: ${kills} nodes killed, ${frozen} guards frozen, ${slow} slowed down, ${regionsCut} region cut off; ` +
            `${count(checks.refused)} checks refused, ${count(checks.stale)} stale, ${count(checks.accepted)} accepted, none wrongly`,
        ]
      }),
    ],
  }
}

function traffic(all: readonly Figures[]): Table {
  const kinds = [...new Set(all.flatMap(({ messages }) => Object.keys(messages)))]
  const isFrame = (kind: string): boolean => frames.includes(kind)
  const per = (figures: Figures, kind: string): string => {
    const { nodes, guards } = figures.parameters
    const { messages, bytes } = figures.messages[kind] ?? { messages: 0, bytes: 0 }
    const whole = (isFrame(kind) ? guards : nodes) * figures.calmSeconds
    return messages === 0 ? '–' : `${rate(messages / whole)} of ${count(bytes / messages)} B`
  }
  const moving = kinds.filter((kind) => all.some((one) => (one.messages[kind]?.messages ?? 0) > 0))
  return {
    title: 'Messages a second and their size, while all is well: of a guard, of a node',
    header: ['', ...all.map(sizeOf)],
    rows: [
      ...moving.map((kind) => [
        isFrame(kind) ? `a guard: ${kind}` : `a node and the database: ${kind}`,
        ...all.map((figures) => per(figures, kind)),
      ]),
      [
        'a guard, bytes a second',
        ...all.map((one) => bytesOf(one, isFrame, one.parameters.guards)),
      ],
      [
        'a node and its guards, bytes a second',
        ...all.map((one) => bytesOf(one, isFrame, one.parameters.nodes)),
      ],
      [
        'a node and the database, bytes a second',
        ...all.map((one) => bytesOf(one, (kind) => !isFrame(kind), one.parameters.nodes)),
      ],
      [
        'the database, bytes a second',
        ...all.map((one) => bytesOf(one, (kind) => !isFrame(kind), 1)),
      ],
    ],
    notes: ['statements count once, with their answers; rows of a log count 450 bytes'],
  }
}

function bytesOf(figures: Figures, wanted: (kind: string) => boolean, whole: number): string {
  let sum = 0
  for (const [kind, { bytes }] of Object.entries(figures.messages)) if (wanted(kind)) sum += bytes
  return count(sum / whole / figures.calmSeconds)
}

function work(all: readonly Figures[]): Table {
  const names = [...new Set(all.flatMap(({ microseconds }) => Object.keys(microseconds)))]
  const each = ({ microseconds, parameters: { nodes, guards } }: Figures): string => {
    const {
      [publication]: whole = 0,
      'node ack': ack = 0,
      'guard entries': apply = 0,
    } = microseconds
    const share = whole / (guards / nodes)
    return `${(share + ack).toFixed(1)} + ${apply.toFixed(1)}`
  }
  return {
    title: 'Real microseconds of the code that is simulated, medians',
    header: ['', ...all.map(sizeOf)],
    rows: [
      ['a batch and guard: node + guard', ...all.map(each)],
      ...names.map((name) => [
        name === publication
          ? 'node: a batch applied and sent to all its guards'
          : name.replace(' ', ': '),
        ...all.map(({ microseconds: { [name]: value } }) => value?.toFixed(1) ?? '–'),
      ]),
      ['events', ...all.map(({ events }) => count(events))],
      [
        'seconds of processor time / of real time',
        ...all.map(({ cpuSeconds, realSeconds }) => `${count(cpuSeconds)} / ${count(realSeconds)}`),
      ],
    ],
    notes: [
      'a node takes over a batch, and its guards take it and acknowledge; sockets are left out',
    ],
  }
}

const publication = 'node publication'

function memory(all: readonly Figures[]): Table {
  return {
    title: 'Memory, kB, with 8 B a pointer',
    header: ['', ...all.map(sizeOf)],
    rows: [
      ['a node without guards', ...all.map(({ bytesPerNode }) => count(bytesPerNode / 1000))],
      [
        'a guard, with what its node holds for it',
        ...all.map(({ bytesPerGuard }) => (bytesPerGuard / 1000).toFixed(1)),
      ],
      [
        'the whole process, resident',
        ...all.map(({ residentBytes }) => count(residentBytes / 1000)),
      ],
    ],
    notes: ['heap and buffers that live when all guards hold their first lease, replicas empty'],
  }
}

function latency({ p50, p99, max }: Latency): string {
  return [p50, p99, max]
    .map((ms) => (Number.isNaN(ms) ? '–' : ms.toFixed(ms < 10 ? 1 : 0)))
    .join(' / ')
}

function rate(perSecond: number): string {
  return perSecond < 10 ? perSecond.toFixed(1) : count(perSecond)
}
