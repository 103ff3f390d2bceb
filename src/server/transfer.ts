/** Moving a whole database from one store to another, through a file. */
import { countedLeaseMs } from '../feed/lease-rules.ts'
import { feedSettings } from '../feed/settings.ts'
import type { Clock } from '../ports/clock.ts'
import { openPostgresSource, openPostgresTarget } from '../stores/postgres/transfer.ts'
import { openSqliteSource, openSqliteTarget } from '../stores/sqlite/transfer.ts'
import { valueOf, type Counts, type Row } from '../stores/transfer/tables.ts'
import type { TransferSource, TransferTarget } from '../stores/transfer/transfer.ts'
import { placeOf, type DatabaseChoice, type DatabasePlace } from './migrate.ts'
import { SETTING_KIND } from './settings.ts'
import { systemClock } from './system.ts'
import { readTransfer, writeTransfer } from './transfer-file.ts'
import { GRANTED_LEASE } from './verification.ts'

export interface TransferOptions extends DatabaseChoice {
  readonly file: string
  /** Called with how many of all rows are done. */
  readonly onProgress: (done: number, of: number) => void
  /** Default: the system's. */
  readonly clock?: Clock
}

export interface TransferOutcome {
  /** Rows of each table. */
  readonly rows: Counts
  readonly total: number
}

/**
 * Writes everything that a database holds into a file. No server may be using the database.
 *
 * @throws {Error} Where it cannot be read, a server uses it, or the file cannot be written.
 */
export async function exportDatabase(options: TransferOptions): Promise<TransferOutcome> {
  const { file, onProgress, clock = systemClock } = options
  const place = await placeOf(options)
  const source = await said('export', place, () => openSource(place, clock.nowMs()))
  const outcome = outcomeOf(source.counts)
  try {
    await said('export', place, () =>
      writeTransfer(file, source, (done) => {
        onProgress(done, outcome.total)
      }),
    )
  } finally {
    await source.close()
  }
  return outcome
}

/**
 * Fills an empty database from a file: all of it, or nothing. What is written is read back and its
 * chain verified before it counts.
 *
 * @throws {Error} Where the database is not empty, or the file is not whole.
 */
export async function importDatabase(options: TransferOptions): Promise<TransferOutcome> {
  const { file, onProgress, clock = systemClock } = options
  const place = await placeOf(options)
  const target = await said('import', place, () => openTarget(place))
  try {
    return await said('import', place, () => fill(target, file, onProgress, clock))
  } catch (error) {
    await target.abort()
    throw error
  }
}

async function fill(
  target: TransferTarget,
  file: string,
  onProgress: TransferOptions['onProgress'],
  clock: Clock,
): Promise<TransferOutcome> {
  const startedMs = clock.monotonicMs()
  let outcome: TransferOutcome | undefined
  let leaseMs = 0
  let done = 0
  for await (const part of readTransfer(file)) {
    if (part.kind === 'header') outcome = outcomeOf(part.counts)
    if (part.kind !== 'rows') continue
    await target.write(part.table, part.rows)
    if (part.table === 'tickets') leaseMs = Math.max(leaseMs, ...part.rows.map(grantedLease))
    done += part.rows.length
    onProgress(done, outcome?.total ?? done)
  }
  if (outcome === undefined) throw new Error('the file is empty')
  await leasesEnd(leaseMs, startedMs, clock)
  await target.finish()
  return outcome
}

/**
 * The longest lease that a node of the other database has granted, as it remembers it: see
 * `verification.ts`. 0 for every other ticket.
 */
function grantedLease(row: Row): number {
  const isLease =
    valueOf('tickets', row, 'kind') === SETTING_KIND &&
    String(valueOf('tickets', row, 'key')).startsWith(GRANTED_LEASE)
  return isLease ? Number(valueOf('tickets', row, 'value')) : 0
}

/**
 * Waits until no guard can hold a lease of the server that was stopped before the export. A new
 * node does not know those guards, so a logout there would not wait for them.
 */
async function leasesEnd(leaseMs: number, startedMs: number, clock: Clock): Promise<void> {
  const endMs = startedMs + countedLeaseMs(leaseMs, feedSettings({}))
  const leftMs = endMs - clock.monotonicMs()
  if (leaseMs > 0 && leftMs > 0) await new Promise<void>((resolve) => clock.after(leftMs, resolve))
}

function outcomeOf(rows: Counts): TransferOutcome {
  return { rows, total: Object.values(rows).reduce((sum, count) => sum + count, 0) }
}

function openSource(place: DatabasePlace, nowMs: number): Promise<TransferSource> {
  return place.kind === 'sqlite'
    ? Promise.resolve(openSqliteSource(place.path, nowMs))
    : openPostgresSource(place.url, nowMs)
}

async function openTarget(place: DatabasePlace): Promise<TransferTarget> {
  return place.kind === 'postgres' ? openPostgresTarget(place.url) : openSqliteTarget(place.path)
}

/** Says which database it was; a URL may hold a password and is not shown. */
async function said<T>(verb: string, place: DatabasePlace, work: () => Promise<T> | T): Promise<T> {
  try {
    return await work()
  } catch (error) {
    const reason = error instanceof Error ? error.message : 'unknown'
    const what = place.kind === 'sqlite' ? place.path : 'the PostgreSQL database'
    const preposition = verb === 'import' ? 'into ' : ''
    throw new Error(`Cannot ${verb} ${preposition}${what}: ${reason}`, { cause: error })
  }
}
