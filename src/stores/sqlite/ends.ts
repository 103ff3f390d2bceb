/**
 * What the next entries of the log ended that are not planned yet: see `ports/delivery.ts`.
 *
 * One thread writes, so a login reads its counters and is stored in one transaction, before an
 * entry that raises one of them or after it. Where the entry can be read, so can each session that
 * it ended.
 */
import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite'
import type { Revocation } from '../../domain/revocation.ts'
import { hasOneKey } from '../../domain/scope.ts'
import type { DeliveryCursor, Ends, EndsRequest } from '../../ports/delivery.ts'
import type { LongQueries } from '../commands.ts'
import { endedColumns, endings } from '../ends.ts'
import { EndsStep, type RaisedPage } from '../ends-step.ts'
import { checkLimit } from '../pages.ts'
import { logPointReader } from './log-lists.ts'
import { logView, type LogView } from './log-view.ts'
import { logColumns, shaped, toSession, type LogRow, type SessionRow } from './rows.ts'
import type { Stream } from './streams.ts'

interface Place extends DeliveryCursor {
  readonly entries: Stream
  /** Number of the stream's last entry. */
  readonly head: number
}

/** True for a session `s` that an entry before this position had ended: positions are the order. */
function endedBefore(position: string): string {
  const exists = endings.map(
    (ending) => `EXISTS (SELECT 1 FROM log f WHERE ${ending} AND f.position < ${position})`,
  )
  return `(${exists.join(' OR ')})`
}

const concerned = 's.dialect IN (SELECT value FROM json_each(:dialects))'

export function endsReader(database: DatabaseSync): Pick<LongQueries, 'readEnds'> {
  const view = logView(database)
  const version = database.prepare('SELECT version FROM delivery_plan')
  const places = placeReader(database, view)
  const reader = new EndsReader(database, view)
  return {
    readEnds(request) {
      checkLimit(request.limit, 10_000)
      // Before everything else: what is planned meanwhile makes this version an old one.
      const read = shaped<{ version: number }>(version.get())
      const place = places(request)
      return place && { ...read, ...reader.read(place, request) }
    },
  }
}

/** Finds the first stream that has entries behind its cursor: streams follow each other here. */
function placeReader(
  database: DatabaseSync,
  view: LogView,
): (request: EndsRequest) => Place | undefined {
  const { head } = logPointReader(database)
  const cursors = database.prepare(
    'SELECT stream, sequence, session_number AS sessionNumber FROM delivery_cursors',
  )
  return ({ stream, except = [] }) => {
    const rows = shaped<DeliveryCursor[]>(cursors.all())
    const heads = head()
    for (const entries of view.streams) {
      const { name } = entries
      if ((stream ?? name) !== name || except.includes(name)) continue
      const cursor = rows.find((row) => row.stream === name)
      const place = { entries, head: heads.get(name) ?? 0 }
      const { sequence, sessionNumber } = cursor ?? { sequence: 0, sessionNumber: 0 }
      if (sequence < place.head) return { stream: name, sequence, sessionNumber, ...place }
    }
    return undefined
  }
}

class EndsReader {
  readonly #database: DatabaseSync
  readonly #view: LogView
  readonly #raises: StatementSync
  readonly #byName: StatementSync
  readonly #foreign: StatementSync
  readonly #statements = new Map<string, StatementSync>()

  constructor(database: DatabaseSync, view: LogView) {
    this.#database = database
    this.#view = view
    this.#raises = database.prepare(
      `SELECT ${logColumns} FROM log WHERE position > ? AND position <= ? AND generation > 0
       ORDER BY position`,
    )
    this.#foreign = database.prepare(
      `SELECT ${logColumns} FROM log WHERE position > :after AND position <= :last
         AND issuer IN (SELECT value FROM json_each(:issuers)) ORDER BY position`,
    )
    const columns = logColumns.replaceAll(/\b(?=\w)/g, 'l.')
    // CROSS JOIN keeps the order: few entries, and one look-up for each.
    this.#byName = database.prepare(
      `SELECT ${columns}, s.* FROM log l CROSS JOIN sessions s ON s.sid = l.key
       WHERE l.position > :after AND l.position <= :last AND l.scope = 'session' AND l.issuer = ''
         AND (l.position > :after + 1 OR s.number > :sessionNumber)
         AND ${concerned} AND NOT ${endedBefore('l.position')}
       ORDER BY l.position, s.number LIMIT :limit`,
    )
  }

  read(place: Place, { dialects, issuers, limit }: EndsRequest): Omit<Ends, 'version'> {
    const positionOf = (number: number): number => place.entries.firstPosition - 1 + number
    const after = positionOf(place.sequence)
    const step = new EndsStep(place, place.head, limit)
    const last = positionOf(step.last)
    for (const entry of shaped<LogRow[]>(this.#raises.all(after, last)).map(this.#view.convert)) {
      const page = this.#sessionsOf(entry, positionOf(entry.sequence), step.pageOf(entry), dialects)
      if (step.add(entry, page)) break
    }
    const found = this.#byName.all({
      after,
      last: positionOf(step.last),
      sessionNumber: place.sessionNumber,
      dialects: JSON.stringify(dialects),
      limit,
    })
    const named = shaped<(LogRow & SessionRow)[]>(found).map((row) => ({
      entry: this.#view.convert(row),
      session: toSession(row),
      number: row.number,
    }))
    const done = step.with(named)
    return { ...done, foreign: this.#endsOf(issuers, after, positionOf(done.reached.sequence)) }
  }

  /** Entries about the tokens of these issuers, between two positions. */
  #endsOf(issuers: readonly string[], after: number, last: number): readonly Revocation[] {
    if (issuers.length === 0) return []
    const found = this.#foreign.all({ after, last, issuers: JSON.stringify(issuers) })
    return shaped<LogRow[]>(found).map(this.#view.convert)
  }

  /** One page of the sessions whose counter an entry raised. */
  #sessionsOf(
    entry: Revocation,
    position: number,
    { after, limit }: ReturnType<EndsStep['pageOf']>,
    dialects: readonly string[],
  ): RaisedPage {
    const columns = endedColumns(entry)
    if (columns === undefined) return { sessions: [], looked: 0, next: undefined }
    // The end of everyone looks at every session, so the limit is on rows looked at, not on finds.
    const all = hasOneKey(entry.scope)
    const is = all ? '<=' : '='
    // A session has few rows. The plus keeps the planner from another index, which might hold all
    // sessions of a client.
    const plus = 'sid' in columns ? '+' : ''
    const same = Object.keys(columns).map(
      (column) => `${column === 'sid' ? '' : plus}s.${column} ${is} :${column}`,
    )
    const behind = `${plus}s.number > :after`
    const counted = [behind, ...(all ? [] : same)]
    const bounds = this.#prepare(
      `SELECT max(number) AS last, count(*) AS count FROM (
         SELECT s.number FROM sessions s WHERE ${counted.join(' AND ')}
         ORDER BY s.number LIMIT :limit)`,
    )
    const { last, count } = shaped<{ last: number | null; count: number }>(
      bounds.get({ ...(all ? {} : columns), after, limit }),
    )
    if (last === null) return { sessions: [], looked: 0, next: undefined }
    const conditions = [behind, `${plus}s.number <= :last`, ...same, concerned]
    const found = this.#prepare(
      `SELECT s.* FROM sessions s WHERE ${conditions.join(' AND ')}
         AND NOT ${endedBefore(':position')} ORDER BY s.number`,
    )
    const values: Record<string, SQLInputValue> = {
      ...columns,
      after,
      last,
      dialects: JSON.stringify(dialects),
      position,
    }
    return {
      sessions: shaped<SessionRow[]>(found.all(values)).map(toSession),
      looked: count,
      next: count < limit ? undefined : last,
    }
  }

  #prepare(sql: string): StatementSync {
    const known = this.#statements.get(sql)
    if (known !== undefined) return known
    const statement = this.#database.prepare(sql)
    this.#statements.set(sql, statement)
    return statement
  }
}
