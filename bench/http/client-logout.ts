/** Ending everything of one client: must cost the same however many sessions are live. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { DatabaseSync } from 'node:sqlite'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { spread } from '../measure.ts'
import {
  aimText,
  count,
  spreadText,
  type Outcome,
  type Question,
  type Settings,
} from '../report.ts'
import { stopAll } from './child.ts'
import { again, compare, startOutright, type Contender, type Sample } from './contenders.ts'
import { ADMIN_TOKEN, FILLED_CLIENT } from './fill.ts'
import { medianOf } from './rows.ts'

const SIZES = [10, 10_000, 1_000_000] as const
/** The largest may take this much longer than the smallest: noise, and a deeper tree. */
const GROWTH_AIM = 1.25

export const clientLogout: Question = {
  name: 'client-logout',
  asks: `Logout of a whole client: as fast and as few rows with 1,000,000 sessions as with 10`,
  run,
}

async function run(settings: Settings): Promise<Outcome> {
  const folder = await mkdtemp(join(tmpdir(), 'outright-client-'))
  try {
    const requests = join(folder, 'requests.json')
    await writeFile(requests, JSON.stringify([logoutRequest()]))
    const contenders: Contender[] = []
    for (const sessions of SIZES) {
      const dataDir = join(folder, String(sessions))
      const server = await startOutright({ durability: 'full', dataDir, sessions })
      const contender = again(count(sessions), server, () => Promise.resolve(requests))
      contenders.push({ ...contender, connections: 1 })
    }
    const written = new Map<string, string>()
    for (const [index, { name, port }] of contenders.entries()) {
      written.set(name, await rowsWritten(join(folder, String(SIZES[index])), port))
    }
    const { samples, note } = await compare(contenders, settings)
    return {
      title: 'Logout of a whole client (`POST /outright/v1/revocations`), one caller',
      header: [
        'live sessions of the client',
        'p50 ms',
        'p99 ms',
        'p50 to the first row',
        'aim',
        'rows written',
      ],
      rows: growthRows(samples, written),
      notes: [note],
      figures: { samples: Object.fromEntries(samples), written: Object.fromEntries(written) },
    }
  } finally {
    await stopAll()
    await rm(folder, { recursive: true, force: true })
  }
}

function growthRows(
  samples: ReadonlyMap<string, readonly Sample[]>,
  written: ReadonlyMap<string, string>,
): string[][] {
  const first = samples.get(count(SIZES[0])) ?? []
  return [...samples].map(([name, taken]) => {
    const growth = spread(
      taken.map(({ p50Ms }, round) => p50Ms / (first[round]?.p50Ms ?? Number.NaN)),
    )
    return [
      name,
      spreadText(spread(taken.map(({ p50Ms }) => p50Ms)), 3),
      medianOf(taken, 'p99Ms'),
      spreadText(growth, 2),
      taken === first ? '' : aimText(growth.median <= GROWTH_AIM, `≤ ${String(GROWTH_AIM)}`),
      written.get(name) ?? '',
    ]
  })
}

function logoutRequest(): string {
  const body = JSON.stringify({ scope: 'client', key: FILLED_CLIENT })
  return (
    `POST /outright/v1/revocations HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer ${ADMIN_TOKEN}\r\n` +
    `Content-Type: application/json\r\nContent-Length: ${String(body.length)}\r\n\r\n${body}`
  )
}

/**
 * Compares the whole database before and after one logout: which tables have rows that were not
 * there.
 */
async function rowsWritten(dataDir: string, port: number): Promise<string> {
  const path = join(dataDir, 'outright.db')
  const before = join(dataDir, 'before.db')
  copy(path, before)
  const response = await fetch(`http://127.0.0.1:${String(port)}/outright/v1/revocations`, {
    method: 'POST',
    headers: { authorization: `Bearer ${ADMIN_TOKEN}`, 'content-type': 'application/json' },
    body: JSON.stringify({ scope: 'client', key: FILLED_CLIENT }),
  })
  if (!response.ok) throw new Error(`a logout was answered ${String(response.status)}`)
  const database = new DatabaseSync(path, { readOnly: true })
  try {
    database.prepare('ATTACH ? AS before').run(before)
    const tables = database
      .prepare(`SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name`)
      .all()
      .map((row) => String(row['name']))
    const changed = tables
      .map((table) => ({ table, rows: newRows(database, table) }))
      .filter(({ rows }) => rows > 0)
    return changed.map(({ table, rows }) => `${String(rows)} ${table}`).join(', ')
  } finally {
    database.close()
    await rm(before)
  }
}

function copy(from: string, to: string): void {
  const database = new DatabaseSync(from, { readOnly: true })
  try {
    database.prepare('VACUUM INTO ?').run(to)
  } finally {
    database.close()
  }
}

function newRows(database: DatabaseSync, table: string): number {
  const row = database
    .prepare(
      `SELECT count(*) AS rows FROM
         (SELECT * FROM main."${table}" EXCEPT SELECT * FROM before."${table}")`,
    )
    .get()
  return Number(row?.['rows'])
}
