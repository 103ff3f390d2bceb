/** Opening a session and using up its refresh tokens: what races with a revocation. */
import type { DatabaseSync } from 'node:sqlite'
import { firstAccess } from '../../domain/access-horizon.ts'
import { refuse } from '../../domain/failure.ts'
import { generationsFrom, type Generations } from '../../domain/generation.ts'
import type { AccountStatus } from '../../domain/identity.ts'
import { keyOf, scopeRow, sessionCounters } from '../../domain/scope.ts'
import { namesOfSession, type Session } from '../../domain/session.ts'
import type {
  ExtendAccessCommand,
  OpenSessionCommand,
  RefreshTokenRecord,
  RotateCommand,
} from '../../ports/store.ts'
import type { Commands, Handlers } from '../commands.ts'
import { counterKey, generationColumn } from '../ends.ts'
import type { HorizonKeeper } from './horizon.ts'
import { shaped } from './rows.ts'

type GenerationsOf = (of: {
  readonly subjectId: string
  readonly clientId: string
  readonly deviceKey: string | undefined
}) => Generations

/** The counters as they are now. A counter that was never raised has no row and is 0. */
export function generationsReader(database: DatabaseSync): GenerationsOf {
  const find = database.prepare('SELECT generation FROM generations WHERE scope = ? AND key = ?')
  function read(scope: string, key: string): number {
    return shaped<{ generation: number } | undefined>(find.get(scope, key))?.generation ?? 0
  }
  return (session) => {
    const names = namesOfSession(session)
    return generationsFrom((scope) => {
      const key = keyOf(scopeRow(scope), names)
      return key === undefined ? 0 : read(scope, key)
    })
  }
}

/**
 * True for a row `s` of `sessions` that a revocation has ended, by name or by a counter. Device
 * sessions alone look at the counter of their device.
 */
export const sessionIsRevoked: string = `(
  EXISTS (SELECT 1 FROM log WHERE log.key = s.sid AND log.scope = 'session' AND log.issuer = '')
  ${sessionCounters
    .map(
      (scope) => `OR s.${generationColumn(scope)} < coalesce((SELECT generation FROM generations
    WHERE scope = '${scope}' AND key = ${counterKey(scope, 's')}), 0)`,
    )
    .join('\n  ')}
)`

export function sessionWriter(
  database: DatabaseSync,
  horizon: HorizonKeeper,
): Handlers<Pick<Commands, 'openSession' | 'rotate' | 'extendAccess'>> {
  const addToken = refreshTokenInsert(database)
  return {
    openSession: sessionOpener(database, addToken, horizon),
    rotate: rotator(database, addToken, horizon),
    extendAccess: accessExtender(database, horizon),
  }
}

function accessExtender(
  database: DatabaseSync,
  horizon: HorizonKeeper,
): (command: ExtendAccessCommand) => boolean {
  const find = database.prepare(
    `SELECT access_lifetime_ms, ${sessionIsRevoked} AS revoked FROM sessions s WHERE s.sid = ?`,
  )
  return ({ sid, expiresAtMs }) => {
    const row = find.get(sid)
    const found = shaped<{ access_lifetime_ms: number; revoked: number } | undefined>(row)
    if (found === undefined || found.revoked === 1) return false
    horizon.extend({ lifetimeMs: found.access_lifetime_ms, expiresAtMs })
    return true
  }
}

type AddToken = (sid: string, token: RefreshTokenRecord) => void

function refreshTokenInsert(database: DatabaseSync): AddToken {
  const find = database.prepare('SELECT 1 FROM refresh_tokens WHERE id = ?')
  const insert = database.prepare(
    'INSERT INTO refresh_tokens (id, sid, secret_hash, expires_at_ms) VALUES (?, ?, ?, ?)',
  )
  return (sid, { id, secretHash, expiresAtMs }) => {
    if (find.get(id)) return refuse({ kind: 'conflict', reason: 'the refresh token id is taken' })
    insert.run(id, sid, secretHash, expiresAtMs)
  }
}

function sessionOpener(
  database: DatabaseSync,
  addToken: AddToken,
  horizon: HorizonKeeper,
): (command: OpenSessionCommand) => Session {
  const generationsOf = generationsReader(database)
  const findSubject = database.prepare('SELECT standing FROM subjects WHERE id = ?')
  const findClient = database.prepare('SELECT standing FROM clients WHERE id = ?')
  const findSid = database.prepare('SELECT 1 FROM sessions WHERE sid = ?')
  const findEnd = database.prepare(
    `SELECT 1 FROM log WHERE key = ? AND scope = 'session' AND issuer = ''`,
  )
  const insert = database.prepare(
    `INSERT INTO sessions (sid, subject_id, client_id, device_key, dialect, created_at_ms,
       expires_at_ms, access_lifetime_ms, attributes, ${sessionCounters.map(generationColumn).join(', ')})
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?${', ?'.repeat(sessionCounters.length)})`,
  )
  return (command) => {
    const { sid, refreshToken, ...rest } = command
    const accounts = [findSubject.get(command.subjectId), findClient.get(command.clientId)]
    if (shaped<({ standing: AccountStatus } | undefined)[]>(accounts).some(isDisabled)) {
      return refuse({ kind: 'account_disabled' })
    }
    if (findSid.get(sid)) return refuse({ kind: 'conflict', reason: 'the session id is taken' })
    if (findEnd.get(sid)) return refuse({ kind: 'token_revoked' })
    // Before the session, because it can still be refused.
    if (refreshToken) addToken(sid, refreshToken)
    horizon.extend(firstAccess(command))
    const generations = generationsOf(command)
    insert.run(
      sid,
      rest.subjectId,
      rest.clientId,
      rest.deviceKey ?? null,
      rest.dialect,
      rest.createdAtMs,
      rest.expiresAtMs,
      rest.accessLifetimeMs,
      JSON.stringify(rest.attributes),
      ...sessionCounters.map((scope) => generations[scope]),
    )
    return { sid, ...rest, generations }
  }
}

function isDisabled(row: { standing: AccountStatus } | undefined): boolean {
  return row?.standing === 'disabled'
}

interface PresentedRow {
  readonly sid: string
  readonly expires_at_ms: number
  readonly session_expires_at_ms: number
  readonly access_lifetime_ms: number
  readonly used_at_ms: number | null
  readonly grace_until_ms: number | null
  readonly sealed_answer: Uint8Array | null
  readonly revoked: number
}

/**
 * The order of the questions matters: a revoked session is named as such even where the token has
 * expired or was used, so that reuse after a logout is not taken for theft a second time.
 */
function rotator(
  database: DatabaseSync,
  addToken: AddToken,
  horizon: HorizonKeeper,
): (command: RotateCommand) => Commands['rotate']['output'] {
  const find = database.prepare(
    `SELECT t.sid, t.expires_at_ms, t.used_at_ms, t.grace_until_ms, t.sealed_answer,
       s.expires_at_ms AS session_expires_at_ms, s.access_lifetime_ms, ${sessionIsRevoked} AS revoked
     FROM refresh_tokens t JOIN sessions s ON s.sid = t.sid
     WHERE t.id = ? AND t.secret_hash = ?`,
  )
  // The driver binds bytes of length 0 as NULL, which here means that nothing is handed out again.
  const use = database.prepare(
    `UPDATE refresh_tokens SET used_at_ms = ?1, grace_until_ms = ?1 + ?2,
       sealed_answer = CASE WHEN ?2 > 0 THEN coalesce(?3, zeroblob(0)) END
     WHERE id = ?4`,
  )
  return ({ id, secretHash, nowMs, graceMs, successor, sealedAnswer, access }) => {
    const found = shaped<PresentedRow | undefined>(find.get(id, secretHash))
    if (found === undefined) return { kind: 'unknown' }
    if (found.revoked === 1) return { kind: 'revoked' }
    if (nowMs > Math.min(found.expires_at_ms, found.session_expires_at_ms)) {
      return { kind: 'expired' }
    }
    horizon.extend({ ...access, lifetimeMs: found.access_lifetime_ms })
    if (found.used_at_ms !== null) {
      // The grace that was promised at the first use and the one that holds now must both allow it.
      const graceUntilMs = Math.min(found.grace_until_ms ?? 0, found.used_at_ms + graceMs)
      return nowMs < graceUntilMs && found.sealed_answer !== null
        ? { kind: 'replayed', sealedAnswer: found.sealed_answer }
        : { kind: 'reused' }
    }
    if (successor) addToken(found.sid, successor)
    use.run(nowMs, graceMs, sealedAnswer, id)
    return { kind: 'rotated' }
  }
}
