/**
 * Opening sessions, joining them and using up their refresh tokens: what races with a revocation.
 *
 * Why READ COMMITTED is enough. A session carries the generations that its opening statement read,
 * and one that is joined those that the joining statement read for the client. Say that a
 * revocation commits at any moment relative to that statement, on this node or another:
 *
 * - before it: the statement reads the new counter, and the session is younger than the revocation;
 * - after its snapshot, even while its transaction is still open: the session is stored with the old
 *   counter, which every verifier and every later `rotate` finds too low. It is dead on arrival.
 *
 * A rotation hands out tokens with the `sid` and the generations of its session, unchanged. One
 * that did not see a revocation which commits at the same time therefore hands out dead tokens, and
 * its successor finds the revocation when it is presented: the log's rows are never taken back. No
 * order of the two is wrong, so no lock between them is needed, and a logout locks no session.
 *
 * Two rotations of one token do need an order. The first statement locks the tokens' rows; the
 * second has a snapshot that was taken behind the lock and sees who was first.
 */
import type { Failure } from '../../domain/failure.ts'
import { sessionCounters } from '../../domain/scope.ts'
import type { Session } from '../../domain/session.ts'
import type {
  ExtendAccessCommand,
  OpenSessionCommand,
  RefreshTokenRecord,
  RotateCommand,
  RotateOutcome,
} from '../../ports/store.ts'
import { counterKey, generationColumn, namedEndings } from '../ends.ts'
import { toGenerations, type GenerationColumns } from '../rows.ts'
import type { Connection, Statement } from './connection.ts'

function counter(scope: string, key: string): string {
  return `coalesce((SELECT c.generation FROM generations c
    WHERE c.scope = '${scope}' AND c.key = ${key}), 0)`
}

/** The counters for a row that has these columns, as columns of a query. */
export function generationsOf(row: string): string {
  return sessionCounters
    .map((scope) => `${counter(scope, counterKey(scope, row))} AS ${generationColumn(scope)}`)
    .join(',\n    ')
}

/** True for a row with a session's columns that an entry has ended by its name. */
function isNamed(row: string): string {
  return namedEndings(row)
    .map((end) => exists(`log f WHERE ${end}`))
    .join(' OR ')
}

/**
 * Whether there is such a row, looked up once for each row outside. For an EXISTS that cannot
 * become a join the planner may instead read the whole table into a hash, and keep doing so while
 * it grows.
 */
export function exists(rows: string): string {
  return `(SELECT 1 FROM ${rows} LIMIT 1) IS NOT NULL`
}

/**
 * True for a row of `sessions` that a revocation has ended, by name or by a counter. Device
 * sessions alone look at the counter of their device.
 *
 * @param row What the query calls it.
 */
export function isRevoked(row: string): string {
  const counters = sessionCounters.map(
    (scope) => `OR ${row}.${generationColumn(scope)} < ${counter(scope, counterKey(scope, row))}`,
  )
  return `(
  ${isNamed(row)}
  ${counters.join('\n  ')}
)`
}

export const generationColumns: string = sessionCounters.map(generationColumn).join(', ')

/** True for a client or subject `g` that is listed and disabled. */
export const isDisabled: string = `(${exists(`subjects x WHERE x.id = g.subject_id AND x.standing = 'disabled'`)}
  OR ${exists(`clients x WHERE x.id = g.client_id AND x.standing = 'disabled'`)})`

export const tokenIsTaken: string = exists('refresh_tokens x WHERE x.id = g.token_id')

/** What comes with a session that is opened or joined for something that it uses up. */
export interface Uses {
  /** What else is given of each, as parameters. */
  readonly given: string
  /** The same as columns of `g`. */
  readonly columns: string
  /** When there is no session. */
  readonly not: string
  /** What is done where there is. */
  readonly also: string
}

export const usesNothing: Uses = { given: '', columns: '', not: '', also: '' }

/** Opens the sessions of a batch. */
export function openStatement(name: string, uses: Uses): Statement {
  return {
    name,
    text: `WITH judged AS MATERIALIZED (
      SELECT g.*, ${generationsOf('g')}, CASE
        ${uses.not}
        WHEN ${isDisabled} THEN 'disabled'
        WHEN ${exists('sessions x WHERE x.sid = g.sid')} THEN 'sid taken'
        WHEN ${isNamed('g')} THEN 'ended'
        WHEN ${tokenIsTaken} THEN 'token taken'
        ELSE 'opened' END AS outcome
      FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::bigint[],
        $7::bigint[], $8::bigint[], $9::text[], $10::text[], $11::text[], $12::bigint[]${uses.given})
        WITH ORDINALITY AS g(sid, subject_id, client_id, device_key, dialect, created_at_ms,
        expires_at_ms, access_lifetime_ms, attributes, token_id, token_hash, token_expires_at_ms${uses.columns}, n)
    ), opened AS (
      INSERT INTO sessions (sid, subject_id, client_id, device_key, dialect, created_at_ms,
        expires_at_ms, access_lifetime_ms, attributes, ${generationColumns})
      SELECT sid, subject_id, client_id, device_key, dialect, created_at_ms, expires_at_ms,
        access_lifetime_ms, attributes, ${generationColumns}
      FROM judged WHERE outcome = 'opened' ORDER BY n
    ), added AS (
      INSERT INTO refresh_tokens (id, sid, secret_hash, expires_at_ms)
      SELECT token_id, sid, token_hash, token_expires_at_ms
      FROM judged WHERE outcome = 'opened' AND token_id IS NOT NULL ORDER BY n
    )${uses.also}
    SELECT outcome, ${generationColumns} FROM judged ORDER BY n`,
  }
}

const open = openStatement('sessions_open', usesNothing)

export interface OpenRow extends GenerationColumns {
  readonly outcome: 'opened' | 'disabled' | 'sid taken' | 'ended' | 'token taken'
}

export type OpenAnswer = { readonly value: Session } | { readonly failure: Failure }

export async function runOpen(
  connection: Connection,
  commands: readonly OpenSessionCommand[],
): Promise<readonly OpenAnswer[]> {
  const rows = await connection.run<OpenRow>(open, openParameters(commands))
  return rows.map((row, index) => toOpenAnswer(row, commands[index]!))
}

export function openParameters(commands: readonly OpenSessionCommand[]): unknown[] {
  return [
    commands.map(({ sid }) => sid),
    commands.map(({ subjectId }) => subjectId),
    commands.map(({ clientId }) => clientId),
    commands.map(({ deviceKey }) => deviceKey ?? null),
    commands.map(({ dialect }) => dialect),
    commands.map(({ createdAtMs }) => createdAtMs),
    commands.map(({ expiresAtMs }) => expiresAtMs),
    commands.map(({ accessLifetimeMs }) => accessLifetimeMs),
    commands.map(({ attributes }) => JSON.stringify(attributes)),
    commands.map(({ refreshToken }) => refreshToken?.id ?? null),
    commands.map(({ refreshToken }) => refreshToken?.secretHash ?? null),
    commands.map(({ refreshToken }) => refreshToken?.expiresAtMs ?? null),
  ]
}

export function toOpenAnswer(row: OpenRow, command: OpenSessionCommand): OpenAnswer {
  switch (row.outcome) {
    case 'disabled':
      return { failure: { kind: 'account_disabled' } }
    case 'sid taken':
      return { failure: { kind: 'conflict', reason: 'the session id is taken' } }
    case 'ended':
      return { failure: { kind: 'token_revoked' } }
    case 'token taken':
      return { failure: { kind: 'conflict', reason: 'the refresh token id is taken' } }
    case 'opened': {
      const { refreshToken: _, ...session } = command
      return { value: { ...session, participantId: '', generations: toGenerations(row) } }
    }
  }
}

const stillOpen: Statement = {
  name: 'sessions_still_open',
  text: `SELECT 1 FROM sessions s
    WHERE s.sid = $1 AND s.participant_id = $2 AND s.access_lifetime_ms = $3
      AND NOT ${isRevoked('s')}`,
}

/** Whether a participant may have one more access token. The horizon moves in the same transaction. */
export async function mayExtend(
  connection: Connection,
  { sid, participantId, lifetimeMs }: ExtendAccessCommand,
): Promise<boolean> {
  const rows = await connection.run(stillOpen, [sid, participantId, lifetimeMs])
  return rows.length > 0
}

const lockTokens: Statement = {
  name: 'refresh_tokens_lock',
  text: 'SELECT 1 FROM refresh_tokens t WHERE t.id = ANY($1::text[]) ORDER BY t.id FOR UPDATE',
}

/**
 * The order of the questions matters: a revoked session is named as such even where the token has
 * expired or was used, so that reuse after a logout is not taken for theft a second time.
 */
const rotate: Statement = {
  name: 'refresh_tokens_rotate',
  text: `WITH judged AS MATERIALIZED (
      SELECT g.*, t.sid, t.participant_id, s.subject_id, s.client_id, s.device_key, t.sealed_answer AS answer, CASE
        WHEN t.id IS NULL OR s.sid IS NULL THEN 'unknown'
        WHEN ${isRevoked('s')} THEN 'revoked'
        WHEN g.now_ms > least(t.expires_at_ms, s.expires_at_ms) THEN 'expired'
        WHEN t.used_at_ms IS NULL THEN 'rotated'
        WHEN g.now_ms < least(t.grace_until_ms, t.used_at_ms + g.grace_ms)
          AND t.sealed_answer IS NOT NULL THEN 'replayed'
        ELSE 'reused' END AS kind
      FROM unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[], $5::bytea[])
        WITH ORDINALITY AS g(id, secret_hash, now_ms, grace_ms, sealed, n)
      LEFT JOIN refresh_tokens t ON t.id = g.id AND t.secret_hash = g.secret_hash
      LEFT JOIN sessions s ON s.sid = t.sid AND s.participant_id = t.participant_id
    ), used AS (
      UPDATE refresh_tokens t
      SET used_at_ms = j.now_ms, grace_until_ms = j.now_ms + j.grace_ms,
        sealed_answer = CASE WHEN j.grace_ms > 0 THEN j.sealed END
      FROM judged j WHERE j.kind = 'rotated' AND t.id = j.id
    )
    SELECT kind, CASE WHEN kind = 'replayed' THEN answer END AS sealed_answer, sid, participant_id,
      subject_id, client_id, device_key
    FROM judged ORDER BY n`,
}

interface RotateRow {
  readonly kind: RotateOutcome['kind']
  readonly sealed_answer: Buffer | null
  readonly sid: string | null
  readonly participant_id: string | null
  readonly subject_id: string | null
  readonly client_id: string | null
  readonly device_key: string | null
}

/** An outcome, and what of its session a revocation in the same batch could have ended. */
export interface Rotated {
  readonly outcome: RotateOutcome
  readonly session: Pick<Session, 'sid' | 'subjectId' | 'clientId' | 'deviceKey'> | undefined
  /** The token that is still to be added; undefined where none was used up or none follows. */
  readonly successor: Successor | undefined
}

type Successor = RefreshTokenRecord & Pick<Session, 'sid' | 'participantId'>

export async function runRotate(
  connection: Connection,
  commands: readonly RotateCommand[],
): Promise<readonly Rotated[]> {
  const [, rows] = await Promise.all([
    connection.run(lockTokens, [commands.map(({ id }) => id)]),
    connection.run<RotateRow>(rotate, [
      commands.map(({ id }) => id),
      commands.map(({ secretHash }) => secretHash),
      commands.map(({ nowMs }) => nowMs),
      commands.map(({ graceMs }) => graceMs),
      commands.map(({ sealedAnswer }) => Buffer.from(sealedAnswer)),
    ]),
  ])
  return rows.map((row, index) => ({
    outcome: toOutcome(row),
    session: sessionOf(row),
    successor: successorOf(row, commands[index]!),
  }))
}

const addSuccessors: Statement = {
  name: 'refresh_tokens_add',
  text: `INSERT INTO refresh_tokens (id, sid, participant_id, secret_hash, expires_at_ms)
    SELECT id, sid, participant_id, secret_hash, expires_at_ms
    FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bigint[]) WITH ORDINALITY
      AS g(id, sid, participant_id, secret_hash, expires_at_ms, n)
    ORDER BY n`,
}

/**
 * Adds what follows the tokens that were used. A statement of its own, because one that changes a
 * table twice is refused by some databases; it goes together with the COMMIT.
 */
export function runAddSuccessors(
  connection: Connection,
  successors: readonly Successor[],
): Promise<unknown> {
  return connection.run(addSuccessors, [
    successors.map(({ id }) => id),
    successors.map(({ sid }) => sid),
    successors.map(({ participantId }) => participantId),
    successors.map(({ secretHash }) => secretHash),
    successors.map(({ expiresAtMs }) => expiresAtMs),
  ])
}

function toOutcome({ kind, sealed_answer: sealed }: RotateRow): RotateOutcome {
  return kind === 'replayed'
    ? { kind, sealedAnswer: new Uint8Array(sealed ?? Buffer.alloc(0)) }
    : { kind }
}

function successorOf(
  { kind, sid, participant_id: participantId }: RotateRow,
  { successor }: RotateCommand,
): Successor | undefined {
  if (kind !== 'rotated' || sid === null || participantId === null) return undefined
  return successor && { ...successor, sid, participantId }
}

function sessionOf(row: RotateRow): Rotated['session'] {
  if (row.sid === null || row.subject_id === null || row.client_id === null) return undefined
  return {
    sid: row.sid,
    subjectId: row.subject_id,
    clientId: row.client_id,
    deviceKey: row.device_key ?? undefined,
  }
}
