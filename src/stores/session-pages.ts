/** Rows of sessions as lists show them: what both stores make of what their queries find. */
import {
  PARTICIPANTS_SHOWN,
  type Participation,
  type SessionState,
  type SessionStatus,
} from '../domain/session.ts'
import type { CountBounds, Page, SessionCount } from '../ports/store.ts'
import { toPage, writeCursor } from './pages.ts'
import { toSession, type SessionRow } from './rows.ts'

/** A participant of a session. */
export interface ParticipantRow extends SessionRow {
  /** SQLite has 0 and 1. */
  readonly revoked: boolean | number
  /** Of its refresh tokens the one that is good for longest: its id, and when it was used. */
  readonly newest_token: string | null
  readonly newest_used_at_ms: number | null
}

/** A participant of a session that a list has found. */
export interface ListedRow extends ParticipantRow {
  /** The number of the row by which the session was found, and is ordered. */
  readonly found: number
}

/** The columns of {@link ParticipantRow} that are not of a row `s` itself. */
function addedColumns(revoked: string): string {
  const newest = (column: string): string =>
    `(SELECT t.${column} FROM refresh_tokens t WHERE t.sid = s.sid
      AND t.participant_id = s.participant_id ORDER BY t.expires_at_ms DESC LIMIT 1)`
  return `${revoked} AS revoked, ${newest('id')} AS newest_token,
    ${newest('used_at_ms')} AS newest_used_at_ms`
}

/**
 * A refresh stores when the token was used, and mints its successor with the time in its id; so the
 * time of the last use adds no cost to a refresh. The one that was used is swept earlier.
 */
function lastSeenMs({ created_at_ms, newest_token, newest_used_at_ms }: ParticipantRow): number {
  return Math.max(
    created_at_ms,
    newest_used_at_ms ?? 0,
    newest_token ? mintedAtMs(newest_token) : 0,
  )
}

/** The time in a UUIDv7 (RFC 9562, section 5.7), in base64url. Any other id has none: 0. */
function mintedAtMs(id: string): number {
  const bytes = Buffer.from(id, 'base64url')
  return bytes.length === 16 ? bytes.readUIntBE(0, 6) : 0
}

/** The bounds of a count that has none. */
export const countAll: Required<CountBounds> = {
  atMost: Number.MAX_SAFE_INTEGER - 1,
  lookAt: Number.MAX_SAFE_INTEGER,
}

/** @param floor Of a search that did not look at everything: see {@link toSessionPage}. */
export function toSessionCount(
  counted: number,
  atMost: number,
  floor: number | undefined,
): SessionCount {
  return {
    count: Math.min(counted, atMost),
    isExact: counted <= atMost && floor === undefined,
  }
}

/**
 * The participants of the sessions that a query finds, as {@link toSessionPage} takes them. The join
 * is an outer one so that SQLite begins with what was found, of which it does not know how little
 * it is.
 *
 * @param found A query of `sid` and `found`.
 * @param columns Of a row `s` of `sessions`.
 * @param revoked True for such a row that has ended.
 */
export function participantsOf(found: string, columns: string, revoked: string): string {
  return `WITH f AS MATERIALIZED (${found}),
    p AS MATERIALIZED (
      SELECT f.found, ${columns}, ${addedColumns(revoked)} FROM f LEFT JOIN sessions s ON s.sid = f.sid),
    n AS (
      SELECT g.*, row_number() OVER (PARTITION BY g.sid ORDER BY g.revoked, g.participant_id) AS nth
      FROM p AS g)
    SELECT g.* FROM n AS g WHERE g.nth <= ${String(PARTICIPANTS_SHOWN)}
    ORDER BY g.found DESC, g.nth`
}

export interface SessionPageContext {
  readonly limit: number
  readonly nowMs: number
  /** The number of the first row that was not looked at; undefined where all were. */
  readonly floor: number | undefined
}

/** @param rows Of one session more than the page has room for, where there is one. */
export function toSessionPage(
  rows: readonly ListedRow[],
  { limit, nowMs, floor }: SessionPageContext,
): Page<SessionStatus> {
  const sessions = [...Map.groupBy(rows, (row) => row.found).values()]
  const page = toPage(
    sessions,
    limit,
    (participants) => toStatus(participants, nowMs),
    ([row]) => writeCursor('sessions', row?.found ?? 0),
  )
  const behind = floor === undefined ? undefined : writeCursor('sessions', floor + 1)
  return { ...page, next: page.next ?? behind }
}

/**
 * The participants of one session, as {@link toStatus} takes them.
 *
 * @param columns Of a row `s` of `sessions`.
 * @param revoked True for such a row that has ended.
 * @param sid Where the statement has the id.
 */
export function participantsOfOne(columns: string, revoked: string, sid: string): string {
  return `SELECT ${columns}, ${addedColumns(revoked)} FROM sessions s WHERE s.sid = ${sid}
    ORDER BY revoked, s.participant_id LIMIT ${String(PARTICIPANTS_SHOWN)}`
}

/** @param rows Of one session, at least one, those that have not ended first. */
export function toStatus(rows: readonly ParticipantRow[], nowMs: number): SessionStatus {
  const participants = rows.map((row) => toParticipation(row, nowMs))
  const first = participants.reduce(earlier)
  // Those that have not ended come first.
  const { state } = participants[0] ?? first
  const lastSeenAtMs = Math.max(...rows.map(lastSeenMs))
  return { session: first.session, state, lastSeenAtMs, participants }
}

function toParticipation(row: ParticipantRow, nowMs: number): Participation {
  return { session: toSession(row), state: stateOf(row, nowMs) }
}

function stateOf(row: ParticipantRow, nowMs: number): SessionState {
  if (row.revoked === true || row.revoked === 1) return 'revoked'
  return nowMs > row.expires_at_ms ? 'expired' : 'live'
}

function earlier(one: Participation, other: Participation): Participation {
  return one.session.participantId < other.session.participantId ? one : other
}
