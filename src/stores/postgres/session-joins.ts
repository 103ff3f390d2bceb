/** Clients that join a session. Why no lock is needed: see `sessions.ts`. */
import type { Failure } from '../../domain/failure.ts'
import type { Session } from '../../domain/session.ts'
import type { JoinSessionCommand } from '../../ports/store.ts'
import { toGenerations, type GenerationColumns } from '../rows.ts'
import type { Connection, Statement } from './connection.ts'
import {
  exists,
  generationColumns,
  generationsOf,
  isDisabled,
  isRevoked,
  tokenIsTaken,
  usesNothing,
  type Uses,
} from './sessions.ts'

/** True for a row `s` of the session that `g` names, with the facts that all of its clients share. */
const sameSession = `s.sid = g.sid AND s.subject_id = g.subject_id
  AND s.device_key IS NOT DISTINCT FROM g.device_key AND s.expires_at_ms = g.expires_at_ms
  AND s.access_lifetime_ms = g.access_lifetime_ms`

/**
 * A client that is in the session already, and has not ended, is found beside what was asked for:
 * its generations are those of now, or it would have ended.
 */
export function joinStatement(name: string, uses: Uses): Statement {
  return {
    name,
    text: `WITH judged AS MATERIALIZED (
      SELECT g.*, ${generationsOf('g')}, m.participant_id AS same_id, m.created_at_ms AS since_ms, CASE
        ${uses.not}
        WHEN g.joined_at_ms > g.expires_at_ms
          OR NOT ${exists(`sessions s WHERE ${sameSession} AND NOT ${isRevoked('s')}`)} THEN 'ended'
        WHEN ${isDisabled} THEN 'disabled'
        WHEN ${tokenIsTaken} THEN 'token taken'
        WHEN m.participant_id IS NULL AND ${exists(
          'sessions x WHERE x.sid = g.sid AND x.participant_id = g.participant_id',
        )} THEN 'participant taken'
        ELSE 'joined' END AS outcome
      FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[],
        $7::bigint[], $8::bigint[], $9::bigint[], $10::text[], $11::text[], $12::text[],
        $13::bigint[]${uses.given}) WITH ORDINALITY AS g(sid, participant_id, subject_id, client_id, device_key,
        dialect, joined_at_ms, expires_at_ms, access_lifetime_ms, attributes, token_id, token_hash,
        token_expires_at_ms${uses.columns}, n)
      LEFT JOIN LATERAL (
        SELECT s.participant_id, s.created_at_ms FROM sessions s
        WHERE s.sid = g.sid AND s.client_id = g.client_id AND s.dialect = g.dialect
          AND s.attributes = g.attributes AND NOT ${isRevoked('s')}
        ORDER BY s.participant_id LIMIT 1) AS m ON true
    ), joined AS (
      INSERT INTO sessions (sid, participant_id, subject_id, client_id, device_key, dialect,
        created_at_ms, expires_at_ms, access_lifetime_ms, attributes, ${generationColumns})
      SELECT sid, participant_id, subject_id, client_id, device_key, dialect, joined_at_ms,
        expires_at_ms, access_lifetime_ms, attributes, ${generationColumns}
      FROM judged WHERE outcome = 'joined' AND same_id IS NULL ORDER BY n
    ), added AS (
      INSERT INTO refresh_tokens (id, sid, participant_id, secret_hash, expires_at_ms)
      SELECT token_id, sid, coalesce(same_id, participant_id), token_hash, token_expires_at_ms
      FROM judged WHERE outcome = 'joined' AND token_id IS NOT NULL ORDER BY n
    )${uses.also}
    SELECT outcome, same_id, since_ms, ${generationColumns} FROM judged ORDER BY n`,
  }
}

const join = joinStatement('sessions_join', usesNothing)

export interface JoinRow extends GenerationColumns {
  readonly outcome: 'joined' | 'ended' | 'disabled' | 'token taken' | 'participant taken'
  readonly same_id: string | null
  readonly since_ms: number | null
}

export type JoinAnswer = { readonly value: Session | undefined } | { readonly failure: Failure }

export async function runJoin(
  connection: Connection,
  commands: readonly JoinSessionCommand[],
): Promise<readonly JoinAnswer[]> {
  const rows = await connection.run<JoinRow>(join, joinParameters(commands))
  return rows.map((row, index) => toJoinAnswer(row, commands[index]!))
}

export function joinParameters(commands: readonly JoinSessionCommand[]): unknown[] {
  return [
    commands.map(({ session }) => session.sid),
    commands.map(({ participantId }) => participantId),
    commands.map(({ session }) => session.subjectId),
    commands.map(({ clientId }) => clientId),
    commands.map(({ session }) => session.deviceKey ?? null),
    commands.map(({ dialect }) => dialect),
    commands.map(({ joinedAtMs }) => joinedAtMs),
    commands.map(({ session }) => session.expiresAtMs),
    commands.map(({ session }) => session.accessLifetimeMs),
    commands.map(({ attributes }) => JSON.stringify(attributes)),
    commands.map(({ refreshToken }) => refreshToken?.id ?? null),
    commands.map(({ refreshToken }) => refreshToken?.secretHash ?? null),
    commands.map(({ refreshToken }) => refreshToken?.expiresAtMs ?? null),
  ]
}

export function toJoinAnswer(row: JoinRow, command: JoinSessionCommand): JoinAnswer {
  switch (row.outcome) {
    case 'ended':
      return { value: undefined }
    case 'disabled':
      return { failure: { kind: 'account_disabled' } }
    case 'token taken':
      return { failure: { kind: 'conflict', reason: 'the refresh token id is taken' } }
    case 'participant taken':
      return { failure: { kind: 'conflict', reason: 'the id of the participant is taken' } }
    case 'joined': {
      const { sid, subjectId, deviceKey, expiresAtMs, accessLifetimeMs } = command.session
      return {
        value: {
          sid,
          participantId: row.same_id ?? command.participantId,
          subjectId,
          clientId: command.clientId,
          deviceKey,
          dialect: command.dialect,
          createdAtMs: row.since_ms ?? command.joinedAtMs,
          expiresAtMs,
          accessLifetimeMs,
          generations: toGenerations(row),
          attributes: command.attributes,
        },
      }
    }
  }
}
