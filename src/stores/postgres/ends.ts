/**
 * What the next entries of the log ended that are not planned yet: see `ports/delivery.ts`.
 *
 * A login stores the counters that its statement read, and may commit long after an entry that
 * raised one of them, and a join may after one that ended its session: it is dead on arrival, and
 * is delivered like any other end. So between the entries and their sessions `readEnds` waits for
 * the transactions that are under way. A login among them is then seen; one that began later locked
 * its stream's row after the entry was there, and its next statement reads the raised counter, or
 * that the session has ended (`batch.ts` has the order). Where transactions are serializable, the
 * database itself refuses a login that read an older counter than was there when its absence was
 * noticed.
 */
import type { Revocation } from '../../domain/revocation.ts'
import { hasOneKey } from '../../domain/scope.ts'
import type { Ends, EndsRequest } from '../../ports/delivery.ts'
import { endedColumns, endings } from '../ends.ts'
import { EndsStep, type RaisedPage } from '../ends-step.ts'
import { checkLimit } from '../pages.ts'
import type { Link } from './link.ts'
import type { Statement } from './connection.ts'
import { allOf, toRevocation, toSession, type LogRow, type SessionRow } from './rows.ts'
import { awaitWriters } from './streams.ts'

const sessionColumns = allOf('sessions', 's')
// Not its number, which is what sessions have, too.
const logColumns = allOf('log', 'l').replace('l.number, ', '')

/**
 * True for a session `s` that an entry other than this one has ended which is planned already, or
 * which comes before it in its stream. Between streams it is the plan that says who was first.
 */
function endedBefore(stream: string, sequence: string): string {
  const exists = endings.map(
    (ending) => `EXISTS (
      SELECT 1 FROM log f LEFT JOIN delivery_cursors c ON c.stream = f.stream
      WHERE ${ending} AND NOT (f.stream = ${stream} AND f.sequence = ${sequence})
        AND (f.stream = ${stream} AND f.sequence < ${sequence} OR f.sequence <= c.sequence
          OR f.sequence = c.sequence + 1 AND s.number <= c.session_number))`,
  )
  return `(${exists.join(' OR ')})`
}

/**
 * True for a session `s` of one of these dialects. The empty text keeps the database from an index,
 * which holds nearly all sessions: without statistics of a young table it reads all of it for each
 * entry.
 */
function concerned(dialects: string): string {
  return `s.dialect || '' = ANY(${dialects}::text[])`
}

const plan: Statement = {
  name: 'delivery_version',
  text: 'SELECT version FROM delivery_plan WHERE number = 1',
}

const places: Statement = {
  name: 'delivery_places',
  text: `SELECT s.name AS stream, s.head, coalesce(c.sequence, 0) AS sequence,
      coalesce(c.session_number, 0) AS session_number
    FROM streams s LEFT JOIN delivery_cursors c ON c.stream = s.name
    WHERE s.head > coalesce(c.sequence, 0) AND ($1::text IS NULL OR s.name = $1)
      AND NOT s.name = ANY($2::text[])
    ORDER BY s.name LIMIT 1`,
}

interface PlaceRow {
  readonly stream: string
  readonly head: number
  readonly sequence: number
  readonly session_number: number
}

const raises: Statement = {
  name: 'delivery_raises',
  text: `SELECT ${allOf('log', 'l')} FROM log l
    WHERE l.stream = $1 AND l.sequence > $2 AND l.sequence <= $3 AND l.generation > 0
    ORDER BY l.sequence`,
}

const foreign: Statement = {
  name: 'delivery_foreign',
  text: `SELECT ${allOf('log', 'l')} FROM log l
    WHERE l.stream = $1 AND l.sequence > $2 AND l.sequence <= $3 AND l.issuer = ANY($4::text[])
    ORDER BY l.sequence`,
}

const named: Statement = {
  name: 'delivery_named',
  text: `SELECT ${logColumns}, ${sessionColumns} FROM log l JOIN sessions s ON s.sid = l.key
    WHERE l.stream = $1 AND l.sequence > $2 AND l.sequence <= $3 AND l.scope = 'session' AND l.issuer = ''
      AND (l.sequence > $2 + 1 OR s.number > $5)
      AND ${concerned('$4')}
      AND NOT ${endedBefore('l.stream', 'l.sequence')}
    ORDER BY l.sequence, s.number LIMIT $6`,
}

export async function readEnds(link: Link, request: EndsRequest): Promise<Ends | undefined> {
  const { stream: only = null, except = [], dialects, issuers, limit } = request
  checkLimit(limit, 10_000)
  // Before everything else: what is planned meanwhile makes this version an old one.
  const [read] = await link.run<{ version: number }>(plan)
  const [place] = await link.run<PlaceRow>(places, [only, except])
  if (read === undefined || place === undefined) return undefined
  const { stream, sequence, head } = place
  const step = new EndsStep({ stream, sequence, sessionNumber: place.session_number }, head, limit)
  const rows = await link.run<LogRow>(raises, [stream, sequence, step.last])
  if (dialects.length > 0) await link.use(awaitWriters)
  for (const entry of rows.map(toRevocation)) {
    const page = await sessionsOf(link, entry, step.pageOf(entry), dialects)
    if (step.add(entry, page)) break
  }
  const range = [stream, sequence, step.last, dialects, place.session_number, limit]
  const found = (await link.run<LogRow & SessionRow>(named, range)).map((row) => ({
    entry: toRevocation(row),
    session: toSession(row),
    number: row.number,
  }))
  const done = step.with(found)
  const others =
    issuers.length === 0
      ? []
      : await link.run<LogRow>(foreign, [stream, sequence, done.reached.sequence, issuers])
  return { version: read.version, ...done, foreign: others.map(toRevocation) }
}

/** One page of the sessions whose counter an entry raised. */
async function sessionsOf(
  link: Link,
  entry: Revocation,
  { after, limit }: ReturnType<EndsStep['pageOf']>,
  dialects: readonly string[],
): Promise<RaisedPage> {
  const columns = endedColumns(entry)
  if (columns === undefined) return { sessions: [], looked: 0, next: undefined }
  // The end of everyone looks at every session, so the limit is on rows looked at, not on finds.
  const all = hasOneKey(entry.scope)
  const is = all ? '<=' : '='
  const same = Object.keys(columns).map((name, index) => `s.${name} ${is} $${String(index + 3)}`)
  const values = Object.values(columns)
  const counted = ['s.number > $1', ...(all ? [] : same)]
  const [bounds] = await link.run<{ last: number | null; count: number }>(
    {
      name: `delivery_bounds_${entry.scope}`,
      text: `SELECT max(g.number) AS last, count(*) AS count FROM (
          SELECT s.number FROM sessions s WHERE ${counted.join(' AND ')}
          ORDER BY s.number LIMIT $2) AS g`,
    },
    [after, limit, ...(all ? [] : values)],
  )
  const { last, count } = bounds ?? { last: null, count: 0 }
  if (last === null) return { sessions: [], looked: 0, next: undefined }
  const place = (index: number): string => `$${String(values.length + index)}`
  const rows = await link.run<SessionRow>(
    {
      name: `delivery_sessions_${entry.scope}`,
      text: `SELECT ${sessionColumns} FROM sessions s
        WHERE s.number > $1 AND s.number <= $2 AND ${same.join(' AND ')}
          AND ${concerned(place(3))}
          AND NOT ${endedBefore(`${place(4)}::text`, `${place(5)}::bigint`)}
        ORDER BY s.number`,
    },
    [after, last, ...values, dialects, entry.stream, entry.sequence],
  )
  return { sessions: rows.map(toSession), looked: count, next: count < limit ? undefined : last }
}
