/** Opening a session and using up its refresh tokens: what races with a revocation. */
import type { DatabaseSync } from 'node:sqlite'
import { firstAccess } from '../../domain/access-horizon.ts'
import { refuse } from '../../domain/failure.ts'
import { generationsFrom, type Generations } from '../../domain/generation.ts'
import type { AccountStatus } from '../../domain/identity.ts'
import { keyOf, scopeRow, sessionCounters } from '../../domain/scope.ts'
import { namesOfSession, type Session, type SessionNames } from '../../domain/session.ts'
import type {
  ExtendAccessCommand,
  JoinSessionCommand,
  OpenSessionCommand,
  RedeemCommand,
  RedeemOutcome,
  RefreshTokenRecord,
} from '../../ports/store.ts'
import type { Commands } from '../commands.ts'
import { counterKey, generationColumn, namedEndings } from '../ends.ts'
import type { HorizonKeeper } from './horizon.ts'
import { rowFinder, shaped, toSession, type SessionRow } from './rows.ts'

type GenerationsOf = (of: SessionNames) => Generations

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
 * True for a row of `sessions` that a revocation has ended, by name or by a counter. Device
 * sessions alone look at the counter of their device.
 *
 * @param row What the query calls it.
 */
export function isRevoked(row: string): string {
  const named = namedEndings(row).map((end) => `EXISTS (SELECT 1 FROM log f WHERE ${end})`)
  const counters = sessionCounters.map(
    (scope) => `OR ${row}.${generationColumn(scope)} < coalesce((SELECT generation FROM generations
    WHERE scope = '${scope}' AND key = ${counterKey(scope, row)}), 0)`,
  )
  return `(
  ${named.join(' OR ')}
  ${counters.join('\n  ')}
)`
}

export function sessionWriter(
  database: DatabaseSync,
  horizon: HorizonKeeper,
): Pick<Commands, 'openSession' | 'redeem' | 'joinSession' | 'rotate' | 'extendAccess'> {
  const addToken = refreshTokenInsert(database)
  const addSession = sessionInsert(database)
  const checkAccounts = accountChecker(database)
  const parts = { addSession, addToken, checkAccounts, horizon }
  const open = sessionOpener(database, parts)
  const join = sessionJoiner(database, parts)
  return {
    openSession: open,
    redeem: redeemer(database, open, join),
    joinSession: join,
    rotate: rotator(database, addToken, horizon),
    extendAccess: accessExtender(database, horizon),
  }
}

function redeemer(
  database: DatabaseSync,
  open: (command: OpenSessionCommand) => Session,
  join: (command: JoinSessionCommand) => Session | undefined,
): (command: RedeemCommand) => RedeemOutcome {
  const find = database.prepare('SELECT attempts FROM tickets WHERE kind = ? AND key = ?')
  const use = database.prepare(
    'UPDATE tickets SET value = ?, attempts = 1 WHERE kind = ? AND key = ?',
  )
  return (command) => {
    const { kind, key, value } = command.ticket
    const found = shaped<{ attempts: number } | undefined>(find.get(kind, key))
    if (found?.attempts !== 0) return { kind: 'used' }
    // First, because it can still be refused.
    const session = 'join' in command ? join(command.join) : open(command.session)
    if (session === undefined) return { kind: 'ended' }
    use.run(value, kind, key)
    return { kind: 'redeemed', session }
  }
}

function accessExtender(
  database: DatabaseSync,
  horizon: HorizonKeeper,
): (command: ExtendAccessCommand) => boolean {
  const find = database.prepare(
    `SELECT access_lifetime_ms, ${isRevoked('s')} AS revoked FROM sessions s
     WHERE s.sid = ? AND s.participant_id = ?`,
  )
  return ({ sid, participantId, expiresAtMs }) => {
    const row = find.get(sid, participantId)
    const found = shaped<{ access_lifetime_ms: number; revoked: number } | undefined>(row)
    if (found === undefined || found.revoked === 1) return false
    horizon.extend({ lifetimeMs: found.access_lifetime_ms, expiresAtMs })
    return true
  }
}

type AddToken = (of: Pick<Session, 'sid' | 'participantId'>, token: RefreshTokenRecord) => void

function refreshTokenInsert(database: DatabaseSync): AddToken {
  const insert = database.prepare(
    `INSERT INTO refresh_tokens (id, sid, participant_id, secret_hash, expires_at_ms)
     VALUES (?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING`,
  )
  return ({ sid, participantId }, { id, secretHash, expiresAtMs }) => {
    const { changes } = insert.run(id, sid, participantId, secretHash, expiresAtMs)
    if (changes === 0) refuse({ kind: 'conflict', reason: 'the refresh token id is taken' })
  }
}

/** Stores a client's part of a session, with the generations as they are now. */
type AddSession = (session: Omit<Session, 'generations'>) => Session

function sessionInsert(database: DatabaseSync): AddSession {
  const generationsOf = generationsReader(database)
  const insert = database.prepare(
    `INSERT INTO sessions (sid, participant_id, subject_id, client_id, device_key, dialect,
       created_at_ms, expires_at_ms, access_lifetime_ms, attributes, ${sessionCounters.map(generationColumn).join(', ')})
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?${', ?'.repeat(sessionCounters.length)})`,
  )
  return (session) => {
    const generations = generationsOf(session)
    insert.run(
      session.sid,
      session.participantId,
      session.subjectId,
      session.clientId,
      session.deviceKey ?? null,
      session.dialect,
      session.createdAtMs,
      session.expiresAtMs,
      session.accessLifetimeMs,
      JSON.stringify(session.attributes),
      ...sessionCounters.map((scope) => generations[scope]),
    )
    return { ...session, generations }
  }
}

/** Refuses where the subject or the client is listed and disabled. */
type CheckAccounts = (of: Pick<Session, 'subjectId' | 'clientId'>) => void

function accountChecker(database: DatabaseSync): CheckAccounts {
  const findSubject = database.prepare('SELECT standing FROM subjects WHERE id = ?')
  const findClient = database.prepare('SELECT standing FROM clients WHERE id = ?')
  return ({ subjectId, clientId }) => {
    const rows = [findSubject.get(subjectId), findClient.get(clientId)]
    const accounts = shaped<({ standing: AccountStatus } | undefined)[]>(rows)
    if (accounts.some((row) => row?.standing === 'disabled')) refuse({ kind: 'account_disabled' })
  }
}

interface Parts {
  readonly addSession: AddSession
  readonly addToken: AddToken
  readonly checkAccounts: CheckAccounts
  readonly horizon: HorizonKeeper
}

function sessionOpener(
  database: DatabaseSync,
  { addSession, addToken, checkAccounts, horizon }: Parts,
): (command: OpenSessionCommand) => Session {
  const findSid = database.prepare('SELECT 1 FROM sessions WHERE sid = ?')
  const findEnd = database.prepare(
    `SELECT 1 FROM log WHERE key = ? AND scope = 'session' AND issuer = ''`,
  )
  return (command) => {
    const { refreshToken, ...rest } = command
    const session = { ...rest, participantId: '' }
    checkAccounts(session)
    const { sid } = session
    if (findSid.get(sid)) return refuse({ kind: 'conflict', reason: 'the session id is taken' })
    if (findEnd.get(sid)) return refuse({ kind: 'token_revoked' })
    // Before the session, because it can still be refused.
    if (refreshToken) addToken(session, refreshToken)
    horizon.extend(firstAccess(session))
    return addSession(session)
  }
}

function sessionJoiner(
  database: DatabaseSync,
  { addSession, addToken, checkAccounts, horizon }: Parts,
): (command: JoinSessionCommand) => Session | undefined {
  const findLiving = database.prepare(
    `SELECT 1 FROM sessions s WHERE s.sid = ? AND s.subject_id = ? AND s.device_key IS ?
       AND s.expires_at_ms = ? AND s.access_lifetime_ms = ? AND NOT ${isRevoked('s')} LIMIT 1`,
  )
  const findSame = database.prepare(
    `SELECT s.* FROM sessions s WHERE s.sid = ? AND s.client_id = ? AND s.dialect = ?
       AND s.attributes = ? AND NOT ${isRevoked('s')} ORDER BY s.participant_id LIMIT 1`,
  )
  const findId = database.prepare('SELECT 1 FROM sessions WHERE sid = ? AND participant_id = ?')
  return ({ participantId, session, joinedAtMs, refreshToken, ...own }) => {
    const { sid, subjectId, deviceKey, expiresAtMs, accessLifetimeMs } = session
    const shared = { sid, subjectId, deviceKey, expiresAtMs, accessLifetimeMs }
    const facts = [sid, subjectId, deviceKey ?? null, expiresAtMs, accessLifetimeMs]
    if (joinedAtMs > expiresAtMs || !findLiving.get(...facts)) return undefined
    const joined = { ...shared, ...own, participantId, createdAtMs: joinedAtMs }
    checkAccounts(joined)
    const attributes = JSON.stringify(own.attributes)
    const found = findSame.get(sid, own.clientId, own.dialect, attributes)
    const same = shaped<SessionRow | undefined>(found)
    if (!same && findId.get(sid, participantId)) {
      return refuse({ kind: 'conflict', reason: 'the id of the participant is taken' })
    }
    const part = same && toSession(same)
    if (refreshToken) addToken(part ?? joined, refreshToken)
    horizon.extend(firstAccess(joined))
    return part ?? addSession(joined)
  }
}

interface PresentedRow {
  readonly sid: string
  readonly participant_id: string
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
): Commands['rotate'] {
  const find = rowFinder<PresentedRow>(
    database,
    `SELECT t.sid, t.participant_id, t.expires_at_ms, t.used_at_ms, t.grace_until_ms,
       t.sealed_answer, s.expires_at_ms AS session_expires_at_ms, s.access_lifetime_ms,
       ${isRevoked('s')} AS revoked
     FROM refresh_tokens t JOIN sessions s ON s.sid = t.sid AND s.participant_id = t.participant_id
     WHERE t.id = ? AND t.secret_hash = ?`,
  )
  // The driver binds bytes of length 0 as NULL, which here means that nothing is handed out again.
  const use = database.prepare(
    `UPDATE refresh_tokens SET used_at_ms = ?1, grace_until_ms = ?1 + ?2,
       sealed_answer = CASE WHEN ?2 > 0 THEN coalesce(?3, zeroblob(0)) END
     WHERE id = ?4`,
  )
  return ({ id, secretHash, nowMs, graceMs, successor, sealedAnswer, access }) => {
    const found = find(id, secretHash)
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
    const { sid, participant_id: participantId } = found
    if (successor) addToken({ sid, participantId }, successor)
    use.run(nowMs, graceMs, sealedAnswer, id)
    return { kind: 'rotated' }
  }
}
