/** What an operator waits for: the first page of a search, and its count, among a million sessions. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { aimText, count, type Outcome, type Question, type Settings } from '../report.ts'
import { stopAll } from './child.ts'
import { again, compare, startOutright, type Contender, type Sample } from './contenders.ts'
import { ADMIN_TOKEN, FILLED_ADDRESS, FILLED_CLIENT, FILLED_SUBJECT } from './fill.ts'
import { medianOf } from './rows.ts'

const SESSIONS = 1_000_000
const AIM_MS = 300

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

export const sessionSearch: Question = {
  name: 'session-search',
  asks: 'The first page of a search among 1,000,000 sessions, and its count, as the console asks',
  run,
}

async function run(settings: Settings): Promise<Outcome> {
  const folder = await mkdtemp(join(tmpdir(), 'outright-search-'))
  try {
    const server = await startOutright({
      durability: 'full',
      dataDir: join(folder, 'data'),
      sessions: SESSIONS,
    })
    const searched = Object.entries(searches).map(([name, query]) => ({ name, query, ...server }))
    const ended = await startOutright({
      durability: 'full',
      dataDir: join(folder, 'ended'),
      sessions: SESSIONS,
    })
    await endEverything(ended.port)
    searched.push({ name: 'of anyone, where all have ended', query: 'live=true', ...ended })
    const contenders: Contender[] = []
    for (const { name, query, ...of } of searched) {
      for (const [what, path] of [
        ['page', `/sessions?limit=50&${query}`],
        ['count', `/sessions/count?${query}`],
      ] as const) {
        const requests = join(folder, `${String(contenders.length)}.json`)
        await writeFile(requests, JSON.stringify([requestFor(path)]))
        const contender = again(`${name}: ${what}`, of, () => Promise.resolve(requests))
        contenders.push({ ...contender, connections: 1 })
      }
    }
    const { samples, note } = await compare(contenders, settings)
    return {
      title: `Searches among ${count(SESSIONS)} sessions on SQLite, one caller`,
      header: ['sessions', 'p50 ms', 'p99 ms', 'aim'],
      rows: [...samples].map(([name, taken]) => rowOf(name, taken)),
      notes: [note],
      figures: { samples: Object.fromEntries(samples) },
    }
  } finally {
    await stopAll()
    await rm(folder, { recursive: true, force: true })
  }
}

function rowOf(name: string, taken: readonly Sample[]): string[] {
  const p99Ms = Math.max(...taken.map((sample) => sample.p99Ms))
  return [
    name,
    medianOf(taken, 'p50Ms'),
    medianOf(taken, 'p99Ms'),
    aimText(p99Ms <= AIM_MS, `≤ ${String(AIM_MS)} ms`),
  ]
}

function requestFor(path: string): string {
  return `GET /outright/v1${path} HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer ${ADMIN_TOKEN}\r\n\r\n`
}

async function endEverything(port: number): Promise<void> {
  const response = await fetch(`http://127.0.0.1:${String(port)}/outright/v1/revocations`, {
    method: 'POST',
    headers: { authorization: `Bearer ${ADMIN_TOKEN}`, 'content-type': 'application/json' },
    body: JSON.stringify({ scope: 'client', key: FILLED_CLIENT }),
  })
  if (!response.ok) throw new Error(`a logout was answered ${String(response.status)}`)
}
