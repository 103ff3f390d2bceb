/** Deliveries: planning, claiming and settling them, and looking at them. */
import type { DatabaseSync, SQLInputValue } from 'node:sqlite'
import type { Delivery } from '../../domain/delivery.ts'
import { MAX_DUE_MS, type DeliveryCounts, type DeliveryFilter } from '../../ports/delivery.ts'
import type { Page, PageRequest } from '../../ports/store.ts'
import type { FileCommands, LongQueries, PointQueries } from '../commands.ts'
import { checkLimit, newestPageStart, toPage, writeCursor } from '../pages.ts'
import { shaped, toDelivery, type DeliveryRow } from './rows.ts'

/** Two ranges of one index, one read each: what is put off is not looked at, however much it is. */
const dueRanges = ['d.due_at_ms <= :nowMs', `d.due_at_ms > :nowMs + ${MAX_DUE_MS}`]

type DeliveryCommands = Pick<
  FileCommands,
  'planDeliveries' | 'claimDeliveries' | 'settleDelivery' | 'retryDelivery'
>

export function deliveryWriter(database: DatabaseSync): DeliveryCommands {
  const claimable = dueRanges.map((isDue) =>
    database.prepare(
      `SELECT d.number FROM deliveries d
       WHERE d.receiver = :receiver AND d.settled_at_ms IS NULL AND ${isDue}
         AND NOT EXISTS (
           SELECT 1 FROM deliveries e WHERE e.receiver = d.receiver AND e.subject = d.subject
             AND e.settled_at_ms IS NULL AND e.number < d.number)
       ORDER BY d.due_at_ms, d.number LIMIT :limit`,
    ),
  )
  const claim = database.prepare(
    `UPDATE deliveries SET state = 'claimed', attempts = attempts + 1, claimed_by = ?,
       due_at_ms = ? WHERE number = ? RETURNING *`,
  )
  const settle = database.prepare(
    `UPDATE deliveries SET state = :state, attempts = :attempts, due_at_ms = :atMs,
       claimed_by = NULL, last_error = :lastError, failed_at_ms = :failedAtMs,
       settled_at_ms = CASE WHEN :state = 'owed' THEN NULL ELSE :atMs END
     WHERE id = :id AND state = 'claimed' AND claimed_by = :claimedBy`,
  )
  const retry = database.prepare(
    `UPDATE deliveries SET state = 'owed', attempts = 0, due_at_ms = :nowMs, settled_at_ms = NULL,
       counted_from_ms = NULL
     WHERE id = :id AND state IN ('owed', 'dead')`,
  )
  const find = finder(database)
  return {
    planDeliveries: planner(database),
    claimDeliveries({ receiver, claimedBy, nowMs, leaseMs, limit }) {
      checkLimit(limit, 1000)
      const numbers = claimable.flatMap((some) =>
        shaped<{ number: number }[]>(some.all({ receiver, nowMs, limit })).map((row) => row.number),
      )
      return numbers
        .slice(0, limit)
        .toSorted((one, other) => one - other)
        .map((number) =>
          toDelivery(shaped<DeliveryRow>(claim.get(claimedBy, nowMs + leaseMs, number))),
        )
    },
    settleDelivery: ({ lastError = null, failedAtMs = null, ...command }) =>
      settle.run({ ...command, lastError, failedAtMs }).changes === 1,
    retryDelivery(id, nowMs) {
      retry.run({ id, nowMs })
      return find(id)
    },
  }
}

/** What an earlier process had claimed is free at once: no other process has the file. */
export function freeClaims(database: DatabaseSync): void {
  database.exec(
    `UPDATE deliveries SET state = 'owed', claimed_by = NULL, due_at_ms = created_at_ms
     WHERE state = 'claimed'`,
  )
}

function planner(database: DatabaseSync): FileCommands['planDeliveries'] {
  const advance = database.prepare(
    'UPDATE delivery_plan SET version = version + 1 WHERE version = ?',
  )
  const move = database.prepare(
    'INSERT OR REPLACE INTO delivery_cursors (stream, sequence, session_number) VALUES (?, ?, ?)',
  )
  const add = database.prepare(
    `INSERT INTO deliveries (id, receiver, subject, revocation_id, facts, created_at_ms, state,
       attempts, due_at_ms)
     VALUES (?, ?, ?, ?, ?, ?, 'owed', 0, ?) ON CONFLICT (id) DO NOTHING`,
  )
  return ({ version, reached: { stream, sequence, sessionNumber }, owed }) => {
    if (advance.run(version).changes === 0) return false
    move.run(stream, sequence, sessionNumber)
    for (const { id, receiver, subject, revocationId, facts, createdAtMs } of owed) {
      const text = JSON.stringify(facts)
      add.run(id, receiver, subject, revocationId, text, createdAtMs, createdAtMs)
    }
    return true
  }
}

function finder(database: DatabaseSync): PointQueries['findDelivery'] {
  const byId = database.prepare('SELECT * FROM deliveries WHERE id = ?')
  return (id) => {
    const row = shaped<DeliveryRow | undefined>(byId.get(id))
    return row && toDelivery(row)
  }
}

export function deliveryPointReader(database: DatabaseSync): Pick<PointQueries, 'findDelivery'> {
  return { findDelivery: finder(database) }
}

type LongDeliveryQueries = Pick<LongQueries, 'dueReceivers' | 'listDeliveries' | 'countDeliveries'>

export function deliveryLongReader(database: DatabaseSync): LongDeliveryQueries {
  // Jumps from one receiver to the next in the index, however much each is owed.
  const next = database.prepare(
    `SELECT min(receiver) AS receiver FROM deliveries
     WHERE settled_at_ms IS NULL AND receiver > ?`,
  )
  // The index is named, since another one holds all of a receiver.
  const due = dueRanges.map((isDue) =>
    database.prepare(
      `SELECT 1 FROM deliveries d INDEXED BY deliveries_due
       WHERE d.receiver = :receiver AND d.settled_at_ms IS NULL AND ${isDue} LIMIT 1`,
    ),
  )
  const count = database.prepare(
    `SELECT (SELECT count(*) FROM deliveries WHERE settled_at_ms IS NULL) AS owed,
       (SELECT count(*) FROM deliveries WHERE state = 'dead') AS dead,
       (SELECT min(created_at_ms) FROM deliveries WHERE settled_at_ms IS NULL) AS oldest`,
  )
  return {
    dueReceivers(nowMs, limit) {
      checkLimit(limit, 1000)
      const receivers: string[] = []
      for (let last = ''; receivers.length < limit;) {
        const { receiver } = shaped<{ receiver: string | null }>(next.get(last))
        if (receiver === null) break
        if (due.some((one) => one.get({ receiver, nowMs }) !== undefined)) receivers.push(receiver)
        last = receiver
      }
      return receivers
    },
    listDeliveries: (filter, page) => listDeliveries(database, filter, page),
    countDeliveries(): DeliveryCounts {
      const row = shaped<{ owed: number; dead: number; oldest: number | null }>(count.get())
      return { owed: row.owed, dead: row.dead, oldestOwedAtMs: row.oldest ?? undefined }
    },
  }
}

function listDeliveries(
  database: DatabaseSync,
  { state, receiver, revocationId }: DeliveryFilter,
  page: PageRequest,
): Page<Delivery> {
  const conditions = ['number < ?']
  const values: SQLInputValue[] = [newestPageStart('deliveries', page)]
  for (const [column, wanted] of Object.entries({ state, receiver, revocation_id: revocationId })) {
    if (wanted === undefined) continue
    conditions.push(`${column} = ?`)
    values.push(wanted)
  }
  const rows = shaped<DeliveryRow[]>(
    database
      .prepare(
        `SELECT * FROM deliveries WHERE ${conditions.join(' AND ')} ORDER BY number DESC LIMIT ?`,
      )
      .all(...values, page.limit + 1),
  )
  return toPage(rows, page.limit, toDelivery, ({ number }) => writeCursor('deliveries', number))
}
