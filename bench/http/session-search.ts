/** What an operator waits for: the first page of a search, and its count, among a million sessions. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { percentile } from '../measure.ts'
import { aimText, count, type Outcome, type Question, type Settings } from '../report.ts'
import { stopAll } from './child.ts'
import { again, compare, startOutright, type Contender, type Sample } from './contenders.ts'
import { ADMIN_TOKEN, FILLED_ADDRESS, FILLED_CLIENT, FILLED_SUBJECT } from './fill.ts'
import { medianOf } from './rows.ts'

const SESSIONS = 1_000_000
/** Ended one by one before, of which every search has to know. */
const LIVE_REVOCATIONS = 10_000
const AIM_MS = 300
const OVERVIEW_AIM_MS = 50
const LOGOUTS_PER_SECOND = 100
const AT_ONCE = 64

const minutesFromNow = (minutes: number): string =>
  encodeURIComponent(new Date(Date.now() + minutes * 60_000).toISOString())

/** Each with the query of the page; its count is asked for with the same one. */
const searches = {
  'of anyone': 'live=true',
  'of one person': `subject=${FILLED_SUBJECT}&live=true`,
  'of a client that has them all': `client=${FILLED_CLIENT}&live=true`,
  'from one address': `address=${FILLED_ADDRESS}&live=true`,
  'opened in the last hour': `openedFrom=${minutesFromNow(-60)}`,
  'of an API, opened before now': `dialect=octopus&openedUntil=${minutesFromNow(1)}`,
  'of a person who is not there': 'subject=not-there&live=true',
} as const

/** What the overview of the console asks, again and again. */
const overview = {
  'overview: statistics': '/statistics',
  'overview: verifiers': '/verifiers',
  'overview: revocations': '/revocations?limit=50',
} as const

export const sessionSearch: Question = {
  name: 'session-search',
  asks: 'The first page of a search among 1,000,000 sessions, its count, and the overview, as the console asks',
  run,
}

async function run(settings: Settings): Promise<Outcome> {
  const folder = await mkdtemp(join(tmpdir(), 'outright-search-'))
  try {
    const data = join(folder, 'data')
    const server = await startOutright({ durability: 'full', dataDir: data, sessions: SESSIONS })
    const sids = readSids(join(data, 'outright.db'))
    await endSessions(server.port, sids.splice(0, LIVE_REVOCATIONS))

    const asked = async (of: Readonly<Record<string, string>>): Promise<Contender[]> =>
      Promise.all(
        Object.entries(of).map(async ([name, path], index) => {
          const requests = join(folder, `${String(index)}-${name.replaceAll(/\W/g, '')}.json`)
          await writeFile(requests, JSON.stringify([requestFor(path)]))
          return { ...again(name, server, () => Promise.resolve(requests)), connections: 1 }
        }),
      )
    const searched = await compare(await asked(pathsOf(searches)), settings)
    const logouts = new Logouts(server.port, sids)
    const watched = await compare(await asked(overview), settings)
    const latencies = await logouts.stop()
    await end(server.port, { scope: 'client', key: FILLED_CLIENT })
    const ended = await compare(
      await asked(pathsOf({ 'of anyone, where all have ended': 'live=true' })),
      settings,
    )

    const samples = new Map([...searched.samples, ...watched.samples, ...ended.samples])
    const aimOf = (name: string): number => (watched.samples.has(name) ? OVERVIEW_AIM_MS : AIM_MS)
    return {
      title: `Searches among ${count(SESSIONS)} sessions on SQLite, one caller`,
      header: ['sessions', 'p50 ms', 'p99 ms', 'aim'],
      rows: [
        ...[...samples].map(([name, taken]) => rowOf(name, taken, aimOf(name))),
        [
          `${String(LOGOUTS_PER_SECOND)} logouts a second meanwhile`,
          percentile(latencies, 50).toFixed(2),
          percentile(latencies, 99).toFixed(2),
          '',
        ],
      ],
      notes: [searched.note, watched.note, ended.note],
      figures: { samples: Object.fromEntries(samples), logouts: [...latencies] },
    }
  } finally {
    await stopAll()
    await rm(folder, { recursive: true, force: true })
  }
}

function pathsOf(queries: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(queries).flatMap(([name, query]) => [
      [`${name}: page`, `/sessions?limit=50&${query}`],
      [`${name}: count`, `/sessions/count?${query}`],
    ]),
  )
}

/** Ids of sessions that lie far apart. */
function readSids(path: string): string[] {
  const database = new DatabaseSync(path, { readOnly: true })
  try {
    const rows = database.prepare('SELECT sid FROM sessions WHERE number % 50 = 0').all()
    return rows.map(({ sid }) => String(sid))
  } finally {
    database.close()
  }
}

async function endSessions(port: number, sids: readonly string[]): Promise<void> {
  for (let from = 0; from < sids.length; from += AT_ONCE) {
    const some = sids.slice(from, from + AT_ONCE)
    await Promise.all(some.map((key) => end(port, { scope: 'session', key })))
  }
}

/** Ends sessions at a steady rate until it is stopped, and notes how long each took. */
class Logouts {
  readonly #timer: NodeJS.Timeout
  readonly #running: Promise<number>[] = []

  constructor(port: number, sids: string[]) {
    this.#timer = setInterval(() => {
      const key = sids.pop()
      if (key !== undefined) this.#running.push(timed(() => end(port, { scope: 'session', key })))
    }, 1000 / LOGOUTS_PER_SECOND)
  }

  async stop(): Promise<Float32Array> {
    clearInterval(this.#timer)
    return Float32Array.from(await Promise.all(this.#running))
  }
}

async function timed(run: () => Promise<void>): Promise<number> {
  const startedMs = performance.now()
  await run()
  return performance.now() - startedMs
}

function rowOf(name: string, taken: readonly Sample[], aimMs: number): string[] {
  const p99Ms = Math.max(...taken.map((sample) => sample.p99Ms))
  return [
    name,
    medianOf(taken, 'p50Ms'),
    medianOf(taken, 'p99Ms'),
    aimText(p99Ms <= aimMs, `≤ ${String(aimMs)} ms`),
  ]
}

function requestFor(path: string): string {
  return `GET /outright/v1${path} HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer ${ADMIN_TOKEN}\r\n\r\n`
}

async function end(port: number, what: object): Promise<void> {
  const response = await fetch(`http://127.0.0.1:${String(port)}/outright/v1/revocations`, {
    method: 'POST',
    headers: { authorization: `Bearer ${ADMIN_TOKEN}`, 'content-type': 'application/json' },
    body: JSON.stringify(what),
  })
  await response.arrayBuffer()
  if (!response.ok) throw new Error(`a logout was answered ${String(response.status)}`)
}
