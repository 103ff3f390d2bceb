/** What PostgreSQL's errors mean to the operator, and what to do. */
import pg from 'pg'
import { systemReason } from '../../domain/system-error.ts'

const POOLER =
  'a pooler in between hands one connection to several clients: connect to the server itself, or ' +
  'use session mode'

/** By SQLSTATE (postgresql.org/docs/current/errcodes-appendix.html). */
const REASONS: Readonly<Record<string, string>> = {
  '08P01': 'it was sent what it does not understand: see whether a pooler or proxy is in between',
  '25006': 'it only reads: it is a standby, or default_transaction_read_only is on',
  '25P02': 'the transaction had failed before',
  '25P03': 'it ended a transaction that was idle for too long: see what slows this process down',
  '25P04': 'it ended a transaction that took too long: raise transaction_timeout',
  '26000': POOLER,
  '28000': 'it does not let this role in: see its pg_hba.conf',
  '28P01': 'it refuses the password of this role',
  '3D000': 'it has no database of this name',
  '3F000': 'it has no schema of this name: see search_path',
  '40001': 'transactions met, again and again: use READ COMMITTED, and see what else writes there',
  '40P01': 'transactions waited for each other, again and again: see what else writes there',
  '42501': 'this role may not do that: give it the rights that outright doctor names',
  '42P01': 'a table is not there: run outright migrate, and see search_path',
  '42P05': POOLER,
  '53000': 'it has not enough resources: see its log',
  '53100': 'its disk is full: make room there',
  '53200': 'it is out of memory',
  '53300': 'it has no connection left: raise max_connections',
  '53400': 'one of its limits is reached: see its log',
  '55P03': 'another transaction holds a lock for too long: see pg_locks for what it is',
  '57014':
    'it cancelled a statement: statement_timeout is too short, or an administrator cancelled it',
  '57P01': 'it was shut down, or an administrator ended the connection',
  '57P02': 'one of its processes crashed, and it starts anew: see its log',
  '57P03': 'it is starting or stopping',
  '57P04': 'the database was dropped',
  '57P05': 'it ended a connection that was idle: set idle_session_timeout to 0',
  '58000': 'its system reports an error: see its log',
  '58030': 'its disk reports an error: see its log and its system’s',
  '58P01': 'a file of it is missing: see its log, and restore a backup',
  XX000: 'it met an error of its own: see its log',
  XX001: 'its data is damaged: see its log, and restore a backup',
  XX002: 'an index of it is damaged: see its log, and REINDEX',
}

/** By the first two characters, for all others. */
const CLASSES: Readonly<Record<string, string>> = {
  '08': 'the connection to it failed',
  '0A': 'it does not have a feature that is needed: see outright doctor',
  '22': 'it does not take a value',
  '23': 'a row does not fit those that are there',
  '25': 'the transaction is not in the right state: see whether a pooler is in between',
  '28': 'it does not let this role in: see its pg_hba.conf',
  '40': 'it rolled the transaction back',
  '42': 'it does not know or allow a statement: see whether the schema is up to date, and the rights',
  '53': 'it has not enough resources: see its log',
  '54': 'a value is beyond one of its limits',
  '55': 'something is not in the state that is needed: see its log',
  '57': 'it was interrupted by an administrator or a crash: see its log',
  '58': 'its system reports an error: see its log',
  F0: 'its configuration is wrong: see its log',
  XX: 'it met an error of its own: see its log',
}

/** What `pg` says without a code. */
const MESSAGES: readonly (readonly [RegExp, string])[] = [
  [/timeout/i, 'PostgreSQL did not answer in time'],
  [/^SASL.*password/, 'PostgreSQL asks for a password, and the URL has none'],
  [/does not support SSL/, 'PostgreSQL has no TLS, and the URL demands it'],
]

/** Codes of TLS, as Node names them. */
const TLS = /CERT|SELF_SIGNED|UNABLE_TO|ERR_TLS|ERR_SSL|HOSTNAME/

/** What failed, in words for the operator, without any stored value. */
export function reasonOf(error: unknown): string {
  const code = codeOf(error)
  if (code !== undefined) return `PostgreSQL: ${wordsOf(code, error)}`
  const message = error instanceof Error ? error.message : ''
  const known = MESSAGES.find(([pattern]) => pattern.test(message))
  return known?.[1] ?? 'the connection to PostgreSQL was lost'
}

function wordsOf(code: string, error: unknown): string {
  const system = error instanceof AggregateError ? systemReason(error.errors[0]) : undefined
  const known = system ?? systemReason(error)
  if (known !== undefined) return known
  const words = TLS.test(code)
    ? 'its certificate is not trusted: see sslmode and sslrootcert in the URL'
    : (REASONS[code] ?? CLASSES[code.slice(0, 2)] ?? 'it reports an error: see its log')
  return `${words} (${code})`
}

/** The code of an error; of several, as where a host has several addresses, the first one's. */
function codeOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined
  if ('code' in error && typeof error.code === 'string') return error.code
  return error instanceof AggregateError ? codeOf(error.errors[0]) : undefined
}

/** The SQLSTATE of an error that the server sent; undefined for every other error. */
export function sqlState(error: unknown): string | undefined {
  return error instanceof pg.DatabaseError ? (error.code ?? undefined) : undefined
}

/** Whether the way to the database failed, and not what was asked of it. */
export function isUnreachable(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  return codeOf(error) !== undefined || MESSAGES.some(([pattern]) => pattern.test(error.message))
}
