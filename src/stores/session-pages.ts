/** Rows of sessions as lists show them: what both stores make of what their queries find. */
import {
  PARTICIPANTS_SHOWN,
  type Participation,
  type SessionState,
  type SessionStatus,
} from '../domain/session.ts'
import type { Page } from '../ports/store.ts'
import { toPage, writeCursor } from './pages.ts'
import { toSession, type SessionRow } from './rows.ts'

/** A participant of a session. */
export interface ParticipantRow extends SessionRow {
  /** SQLite has 0 and 1. */
  readonly revoked: boolean | number
}

/** A participant of a session that a list has found. */
export interface ListedRow extends ParticipantRow {
  /** The number of the row by which the session was found, and is ordered. */
  readonly found: number
}

/**
 * The participants of the sessions that a query finds, as {@link toSessionPage} takes them.
 *
 * @param found A query of `sid` and `found`.
 * @param columns Of a row `s` of `sessions`.
 * @param revoked True for such a row that has ended.
 */
export function participantsOf(found: string, columns: string, revoked: string): string {
  return `WITH f AS MATERIALIZED (${found}),
    p AS MATERIALIZED (
      SELECT f.found, ${columns}, ${revoked} AS revoked FROM f JOIN sessions s ON s.sid = f.sid),
    n AS (
      SELECT g.*, row_number() OVER (PARTITION BY g.sid ORDER BY g.revoked, g.participant_id) AS nth
      FROM p AS g)
    SELECT g.* FROM n AS g WHERE g.nth <= ${String(PARTICIPANTS_SHOWN)}
    ORDER BY g.found DESC, g.nth`
}

/** @param rows Of one session more than the page has room for, where there is one. */
export function toSessionPage(
  rows: readonly ListedRow[],
  limit: number,
  nowMs: number,
): Page<SessionStatus> {
  const sessions = [...Map.groupBy(rows, (row) => row.found).values()]
  return toPage(
    sessions,
    limit,
    (participants) => toStatus(participants, nowMs),
    ([row]) => writeCursor('sessions', row?.found ?? 0),
  )
}

/**
 * The participants of one session, as {@link toStatus} takes them.
 *
 * @param columns Of a row `s` of `sessions`.
 * @param revoked True for such a row that has ended.
 * @param sid Where the statement has the id.
 */
export function participantsOfOne(columns: string, revoked: string, sid: string): string {
  return `SELECT ${columns}, ${revoked} AS revoked FROM sessions s WHERE s.sid = ${sid}
    ORDER BY revoked, s.participant_id LIMIT ${String(PARTICIPANTS_SHOWN)}`
}

/** @param rows Of one session, at least one, those that have not ended first. */
export function toStatus(rows: readonly ParticipantRow[], nowMs: number): SessionStatus {
  const participants = rows.map((row) => toParticipation(row, nowMs))
  const first = participants.reduce(earlier)
  // Those that have not ended come first.
  const { state } = participants[0] ?? first
  return { session: first.session, state, participants }
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
