/** Reading the log: how far it has come, a stream in order, searches, and all that still counts. */
import type { Revocation } from '../../domain/revocation.ts'
import type { EndingPlace, LogFilter, Page, PageRequest } from '../../ports/store.ts'
import { checkLimit, newestPageStart, toPage, writeCursor } from '../pages.ts'
import type { Statement } from './connection.ts'
import type { Link } from './link.ts'
import { allOf, toRevocation, type LogRow } from './rows.ts'
import { streamEnds, type StreamEnd } from './streams.ts'

export function readEnds(link: Link): Promise<readonly StreamEnd[]> {
  return link.run<StreamEnd>(streamEnds)
}

const columns = allOf('log', 'l')

const byId: Statement = {
  name: 'log_find',
  text: `SELECT ${columns} FROM log l WHERE l.id = $1`,
}

export async function findRevocation(link: Link, id: string): Promise<Revocation | undefined> {
  const [row] = await link.run<LogRow>(byId, [id])
  return row && toRevocation(row)
}

/** Each place is one step into `log_by_name`. */
const ending: Statement = {
  name: 'log_ending',
  text: `SELECT ${columns}
    FROM unnest($1::text[], $2::text[], $3::bigint[]) AS g(key, scope, generation)
    CROSS JOIN LATERAL (
      SELECT ${allOf('log', 'f')} FROM log f
      WHERE f.key = g.key AND f.scope = g.scope AND f.issuer = '' AND f.generation >= g.generation
      ORDER BY f.generation LIMIT 1) AS l
    ORDER BY l.number LIMIT 1`,
}

export async function findEnding(
  link: Link,
  places: readonly EndingPlace[],
): Promise<Revocation | undefined> {
  const [row] = await link.run<LogRow>(ending, [
    places.map(({ key }) => key),
    places.map(({ scope }) => scope),
    places.map(({ fromGeneration }) => fromGeneration),
  ])
  return row && toRevocation(row)
}

const range: Statement = {
  name: 'log_range',
  text: `SELECT ${columns} FROM log l WHERE l.stream = $1 AND l.sequence > $2
    ORDER BY l.sequence LIMIT $3`,
}

export async function readStream(
  link: Link,
  stream: string,
  afterSequence: number,
  limit: number,
): Promise<readonly Revocation[]> {
  checkLimit(limit, 10_000)
  const rows = await link.run<LogRow>(range, [stream, afterSequence, limit])
  return rows.map(toRevocation)
}

const list: Statement = {
  name: 'log_list',
  text: `SELECT ${columns} FROM log l WHERE l.number < $1 ORDER BY l.number DESC LIMIT $2`,
}

const search: Statement = {
  name: 'log_search',
  text: `SELECT ${columns} FROM log l WHERE l.number < $1 AND ($3::text IS NULL OR l.scope = $3)
    AND ($4::text IS NULL OR l.reason = $4) AND ($5::text IS NULL OR l.issuer = $5) ORDER BY l.number DESC LIMIT $2`,
}

const searchKey: Statement = {
  name: 'log_search_key',
  text: `SELECT ${columns} FROM log l WHERE l.key = $6 AND l.number < $1
    AND ($3::text IS NULL OR l.scope = $3) AND ($4::text IS NULL OR l.reason = $4)
    AND ($5::text IS NULL OR l.issuer = $5)
    ORDER BY l.number DESC LIMIT $2`,
}

export async function listRevocations(
  link: Link,
  { scope, issuer, key, reason }: LogFilter,
  page: PageRequest,
): Promise<Page<Revocation>> {
  const before = newestPageStart('revocations', page)
  const common = [before, page.limit + 1]
  const filter = [scope ?? null, reason ?? null, issuer ?? null]
  let found: Promise<readonly LogRow[]>
  if (key !== undefined) found = link.run(searchKey, [...common, ...filter, key])
  else if (filter.some((wanted) => wanted !== null)) {
    found = link.run(search, [...common, ...filter])
  } else found = link.run(list, common)
  return toPage(await found, page.limit, toRevocation, (row) =>
    writeCursor('revocations', row.number),
  )
}

/** How many live revocations are read at once. */
const LIVE_CHUNK = 4096

const wide: Statement = {
  name: 'log_live_wide',
  text: `SELECT ${columns} FROM generations c
    JOIN log l ON l.key = c.key AND l.scope = c.scope AND l.generation = c.generation
    WHERE (c.scope, c.key) > ($1::text, $2::text) AND c.forget_after_ms >= $3
    ORDER BY c.scope, c.key LIMIT $4`,
}

const narrow: Statement = {
  name: 'log_live_narrow',
  text: `SELECT ${columns} FROM log l
    WHERE (l.forget_after_ms, l.number) > ($1::bigint, $2::bigint) AND l.generation = 0
    ORDER BY l.forget_after_ms, l.number LIMIT $3`,
}

/** First the counters, in the order of their keys, then the rest by time. */
export async function* liveRevocations(
  link: Link,
  nowMs: number,
): AsyncGenerator<readonly Revocation[]> {
  let after: readonly [string, string] = ['', '']
  for (;;) {
    const rows = await link.run<LogRow>(wide, [...after, nowMs, LIVE_CHUNK])
    const last = rows.at(-1)
    if (last === undefined) break
    yield rows.map(toRevocation)
    // Not until there are none: entries are added while this runs, so that could be never.
    if (rows.length < LIVE_CHUNK) break
    after = [last.scope, last.key]
  }
  let place: readonly [number, number] = [nowMs, -1]
  for (;;) {
    const rows = await link.run<LogRow>(narrow, [...place, LIVE_CHUNK])
    const last = rows.at(-1)
    if (last === undefined) return
    yield rows.map(toRevocation)
    if (rows.length < LIVE_CHUNK) return
    place = [last.forget_after_ms, last.number]
  }
}
