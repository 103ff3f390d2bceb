/** Writing revocations: the statements behind `numbering.ts`. */
import { raisesCounter, type Revocation, type RevocationCommand } from '../../domain/revocation.ts'
import type { Connection, Statement } from './connection.ts'
import { counterName, type Known, type Raised } from './numbering.ts'
import { allOf, toRevocation, type LogRow } from './rows.ts'
import type { RecentMap } from '../../domain/recent-map.ts'
import { exists } from './sessions.ts'
import type { Tail } from './streams.ts'

/** The channel on which nodes notify each other. */
export const CHANNEL = 'outright'

const columns = `sequence, id, scope, key, generation, reason, actor, note, at_ms, forget_after_ms,
  previous_hash, hash, version, issuer, cutoff_seconds`

/** A table of entries from arrays, one array a column, beginning at this parameter. */
function given(first: number): string {
  const types =
    'bigint text text text bigint text text text bigint bigint text text bigint text bigint'.split(
      ' ',
    )
  const arrays = types.map((type, index) => `$${String(first + index)}::${type}[]`)
  return `unnest(${arrays.join(', ')}) AS g(${columns})`
}

function valuesOf(entries: readonly Revocation[]): unknown[][] {
  return [
    entries.map((entry) => entry.sequence),
    entries.map((entry) => entry.id),
    entries.map((entry) => entry.scope),
    entries.map((entry) => entry.key),
    entries.map((entry) => entry.generation),
    entries.map((entry) => entry.reason),
    entries.map((entry) => entry.actor),
    entries.map((entry) => entry.note),
    entries.map((entry) => entry.atMs),
    entries.map((entry) => entry.forgetAfterMs),
    entries.map((entry) => entry.previousHash),
    entries.map((entry) => entry.hash),
    entries.map((entry) => entry.version),
    entries.map((entry) => entry.issuer),
    entries.map((entry) => entry.cutoffSeconds),
  ]
}

/** An entry `l` that has ended before what `g` ends by its name, if their keys are the same. */
const byName = `l.issuer = g.issuer AND l.generation = 0 AND l.cutoff_seconds >= g.cutoff_seconds`

/**
 * A whole transaction in one statement, for batches that end tokens and sessions only: their
 * answers are known before they are sent, so nothing has to be waited for in between. It writes
 * nothing where the stream has another writer, where one of the ids or keys is in the log already,
 * or where another node has moved the access horizon: then the answers are not what was thought.
 */
function appendAlone(notifier: boolean): Statement {
  return {
    name: notifier ? 'log_append_alone_notify' : 'log_append_alone',
    text: `WITH g AS MATERIALIZED (SELECT * FROM ${given(7)}),
      other AS MATERIALIZED (
        SELECT 1 FROM g WHERE ${exists('log l WHERE l.id = g.id')}
          OR ${exists(`log l WHERE l.key = g.key AND l.scope = g.scope AND ${byName}`)}
          OR NOT EXISTS (SELECT 1 FROM access_horizon h WHERE h.number = 1 AND h.version = $6)
        LIMIT 1),
      fence AS (
        UPDATE streams SET batch = batch + 1, head = $4, hash = $5
        WHERE name = $1 AND epoch = $2 AND batch = $3 AND NOT EXISTS (SELECT 1 FROM other)
        RETURNING 1),
      added AS (
        INSERT INTO log (stream, ${columns})
        SELECT $1::text, ${columns} FROM g WHERE EXISTS (SELECT 1 FROM fence) ORDER BY sequence)
      SELECT EXISTS (SELECT 1 FROM other) AS other, EXISTS (SELECT 1 FROM fence) AS written
        ${notifier ? `, (SELECT pg_notify('${CHANNEL}', 'log ' || $1::text) FROM fence)` : ''}`,
  }
}

const alone = { notifying: appendAlone(true), silent: appendAlone(false) }

export async function runAppendAlone(
  connection: Connection,
  stream: string,
  tail: Tail,
  next: {
    readonly head: number
    readonly hash: string
    readonly entries: readonly Revocation[]
    /** Version of the access horizon from which the entries were made. */
    readonly version: number
  },
  notifier: boolean,
): Promise<{ readonly other: boolean; readonly written: boolean }> {
  const { head, hash, version, entries } = next
  const [row] = await connection.run<{ other: boolean; written: boolean }>(
    notifier ? alone.notifying : alone.silent,
    [stream, tail.epoch, tail.batch, head, hash, version, ...valuesOf(entries)],
  )
  return row ?? { other: false, written: false }
}

const append: Statement = {
  name: 'log_append',
  text: `INSERT INTO log (stream, ${columns}) SELECT $1::text, ${columns} FROM ${given(2)}
    ORDER BY sequence`,
}

export function runAppend(
  connection: Connection,
  stream: string,
  entries: readonly Revocation[],
): Promise<unknown> {
  return connection.run(append, [stream, ...valuesOf(entries)])
}

const notify: Statement = { name: 'notify', text: `SELECT pg_notify('${CHANNEL}', $1)` }

/** Notifies other nodes once this transaction has committed. */
export function runNotify(connection: Connection, payload: string): Promise<unknown> {
  return connection.run(notify, [payload])
}

/**
 * Counters are made and locked in the order of their names, by bytes: two nodes never wait in a
 * circle. They come in that order, because not every database can be asked for it.
 */
const ensureCounters: Statement = {
  name: 'counters_ensure',
  text: `INSERT INTO generations (scope, key, generation, forget_after_ms)
    SELECT scope, key, 0, ${String(Number.MIN_SAFE_INTEGER)}
    FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS g(scope, key, n)
    ORDER BY n
    ON CONFLICT (scope, key) DO NOTHING`,
}

const lockCounters: Statement = {
  name: 'counters_lock',
  text: `SELECT c.scope, c.key, c.generation, c.forget_after_ms FROM generations c
    WHERE (c.scope, c.key) IN (SELECT * FROM unnest($1::text[], $2::text[]))
    ORDER BY c.scope, c.key FOR UPDATE`,
}

const all = allOf('log', 'l')

const known: Statement = {
  name: 'log_known',
  text: `SELECT ${all} FROM log l WHERE l.id = ANY($1::text[])
    UNION
    SELECT ${all} FROM unnest($2::text[], $3::text[], $6::text[], $7::bigint[])
        AS g(scope, key, issuer, cutoff_seconds)
      JOIN log l ON l.key = g.key AND l.scope = g.scope AND ${byName}
    UNION
    SELECT ${all} FROM unnest($4::text[], $5::text[]) AS g(scope, key)
      JOIN generations c ON c.scope = g.scope AND c.key = g.key
      JOIN log l ON l.key = c.key AND l.scope = c.scope AND l.generation = c.generation`,
}

/**
 * Locks the counters that the commands may raise, then looks up what the log has of their ids and
 * keys. What is locked stays as it was read until the transaction ends.
 */
export async function readKnown(
  connection: Connection,
  lifetimes: RecentMap<string, number>,
  commands: readonly RevocationCommand[],
): Promise<Known> {
  const wide = [
    ...new Map(
      commands
        .filter((command) => raisesCounter(command))
        .map(({ scope, key }) => [counterName(scope, key), [scope, key] as const]),
    ).values(),
  ].toSorted(
    ([scope, key], [otherScope, otherKey]) => byBytes(scope, otherScope) || byBytes(key, otherKey),
  )
  const pairs = [wide.map(([scope]) => scope), wide.map(([, key]) => key)]
  const named = commands.filter((command) => !raisesCounter(command))
  const locking =
    wide.length === 0
      ? [Promise.resolve<readonly never[]>([])]
      : [
          connection.run<never>(ensureCounters, pairs),
          connection.run<CounterRow>(lockCounters, pairs),
        ]
  const [lifetimesMs, rows, ...locked] = await Promise.all([
    readLifetimes(connection, lifetimes, commands),
    connection.run<LogRow>(known, [
      commands.map(({ id }) => id),
      named.map(({ scope }) => scope),
      named.map(({ key }) => key),
      ...pairs,
      named.map(({ issuer = '' }) => issuer),
      named.map(({ cutoffSeconds = 0 }) => cutoffSeconds),
    ]),
    ...locking,
  ])
  const counters = locked.at(-1) ?? []
  return {
    lifetimesMs,
    entries: rows.map(toRevocation),
    counters: new Map(
      counters.map(({ scope, key, generation, forget_after_ms: forgetAfterMs }) => [
        counterName(scope, key),
        { generation, forgetAfterMs },
      ]),
    ),
  }
}

const findLifetimes: Statement = {
  name: 'sessions_lifetimes',
  text: 'SELECT sid, access_lifetime_ms FROM sessions WHERE sid = ANY($1::text[])',
}

/** Of the sessions that are ended by their names. Asks nothing where this node has opened them all. */
export async function readLifetimes(
  connection: Connection,
  lifetimes: RecentMap<string, number>,
  commands: readonly RevocationCommand[],
): Promise<ReadonlyMap<string, number>> {
  const found = new Map<string, number>()
  const missing: string[] = []
  for (const { scope, key, issuer = '' } of commands) {
    const isOurs = scope === 'session' && issuer === ''
    const lifetimeMs = isOurs ? lifetimes.get(key) : undefined
    if (lifetimeMs !== undefined) found.set(key, lifetimeMs)
    else if (isOurs) missing.push(key)
  }
  if (missing.length === 0) return found
  interface LifetimeRow {
    readonly sid: string
    readonly access_lifetime_ms: number
  }
  const rows = await connection.run<LifetimeRow>(findLifetimes, [missing])
  for (const { sid, access_lifetime_ms: lifetimeMs } of rows) found.set(sid, lifetimeMs)
  return found
}

function byBytes(one: string, other: string): number {
  return Buffer.compare(Buffer.from(one), Buffer.from(other))
}

interface CounterRow {
  readonly scope: string
  readonly key: string
  readonly generation: number
  readonly forget_after_ms: number
}

const raise: Statement = {
  name: 'counters_raise',
  text: `UPDATE generations c
    SET generation = g.generation, forget_after_ms = g.forget_after_ms
    FROM unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[])
      AS g(scope, key, generation, forget_after_ms)
    WHERE c.scope = g.scope AND c.key = g.key`,
}

export function runRaise(connection: Connection, raised: readonly Raised[]): Promise<unknown> {
  return connection.run(raise, [
    raised.map(({ scope }) => scope),
    raised.map(({ key }) => key),
    raised.map(({ generation }) => generation),
    raised.map(({ forgetAfterMs }) => forgetAfterMs),
  ])
}
