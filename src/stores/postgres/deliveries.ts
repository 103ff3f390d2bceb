/**
 * Deliveries: planning, claiming and settling them, and looking at them. Over a connection of their
 * own: the row that lets one plan through at a time is nothing that a logout may wait for.
 */
import type { Delivery } from '../../domain/delivery.ts'
import {
  MAX_DUE_MS,
  type ClaimCommand,
  type DeliveryCounts,
  type DeliveryFilter,
  type DeliveryStore,
  type PlanCommand,
  type SettleCommand,
} from '../../ports/delivery.ts'
import type { Page, PageRequest } from '../../ports/store.ts'
import { readEnds } from './ends.ts'
import { checkLimit, newestPageStart, toPage, writeCursor } from '../pages.ts'
import type { Statement } from './connection.ts'
import type { Link } from './link.ts'
import { countByReceiver, storedReceivers } from './receivers.ts'
import { allOf, toDelivery, type DeliveryRow } from './rows.ts'

/** @param own Where deliveries are planned, claimed and settled. */
export function deliveryStore({
  own,
  short,
  long,
}: Readonly<Record<'own' | 'short' | 'long', Link>>): DeliveryStore {
  return {
    readEnds: (request) => readEnds(own, request),
    planDeliveries: (command) => planDeliveries(own, command),
    dueReceivers: (nowMs, limit) => dueReceivers(own, nowMs, limit),
    claimDeliveries: (command) => claimDeliveries(own, command),
    settleDelivery: (command) => settleDelivery(own, command),
    retryDelivery: (id, nowMs) => retryDelivery(own, id, nowMs),
    findDelivery: (id) => findDelivery(short, id),
    listDeliveries: (filter, page) => listDeliveries(long, filter, page),
    countDeliveries: () => countDeliveries(long),
    storedReceivers: (after, limit) => storedReceivers(long, after, limit),
    countByReceiver: (receivers) => countByReceiver(long, receivers),
  }
}

const columns = allOf('deliveries', 'd')

const plan: Statement = {
  name: 'deliveries_plan',
  text: `WITH fence AS (
      UPDATE delivery_plan SET version = version + 1 WHERE number = 1 AND version = $1 RETURNING 1),
    moved AS (
      INSERT INTO delivery_cursors (stream, sequence, session_number)
      SELECT $2::text, $3::bigint, $4::bigint FROM fence
      ON CONFLICT (stream) DO UPDATE
        SET sequence = excluded.sequence, session_number = excluded.session_number),
    added AS (
      INSERT INTO deliveries (id, receiver, subject, revocation_id, facts, created_at_ms, state,
        attempts, due_at_ms)
      SELECT id, receiver, subject, revocation_id, facts, created_at_ms, 'owed', 0, created_at_ms
      FROM unnest($5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::bigint[])
        WITH ORDINALITY AS g(id, receiver, subject, revocation_id, facts, created_at_ms, n)
      WHERE EXISTS (SELECT 1 FROM fence) ORDER BY n
      ON CONFLICT (id) DO NOTHING)
    SELECT EXISTS (SELECT 1 FROM fence) AS planned`,
}

async function planDeliveries(
  link: Link,
  { version, reached, owed }: PlanCommand,
): Promise<boolean> {
  const [row] = await link.run<{ planned: boolean }>(plan, [
    version,
    reached.stream,
    reached.sequence,
    reached.sessionNumber,
    owed.map(({ id }) => id),
    owed.map(({ receiver }) => receiver),
    owed.map(({ subject }) => subject),
    owed.map(({ revocationId }) => revocationId),
    owed.map(({ facts }) => JSON.stringify(facts)),
    owed.map(({ createdAtMs }) => createdAtMs),
  ])
  return row?.planned ?? false
}

function dueRanges(nowMs: string): readonly string[] {
  return [`d.due_at_ms <= ${nowMs}`, `d.due_at_ms > ${nowMs} + ${String(MAX_DUE_MS)}`]
}

/** One read of the index for each range: what is put off is not looked at, however much it is. */
function anyOf(range: string): string {
  return `EXISTS (SELECT 1 FROM deliveries d
        WHERE d.receiver = r.receiver AND d.settled_at_ms IS NULL AND ${range})`
}

// Jumps from one receiver to the next in the index, however much each is owed.
const due: Statement = {
  name: 'deliveries_due',
  text: `WITH RECURSIVE r(receiver) AS (
      SELECT min(n.receiver) FROM deliveries n WHERE n.settled_at_ms IS NULL
      UNION ALL
      SELECT (SELECT min(n.receiver) FROM deliveries n
        WHERE n.settled_at_ms IS NULL AND n.receiver > r.receiver)
      FROM r WHERE r.receiver IS NOT NULL)
    SELECT r.receiver FROM r WHERE r.receiver IS NOT NULL
      AND (${dueRanges('$1::bigint').map(anyOf).join(' OR ')})
    ORDER BY r.receiver LIMIT $2`,
}

async function dueReceivers(link: Link, nowMs: number, limit: number): Promise<readonly string[]> {
  checkLimit(limit, 1000)
  const rows = await link.run<{ receiver: string }>(due, [nowMs, limit])
  return rows.map(({ receiver }) => receiver)
}

/**
 * The longest due of a range that are the first of their subjects. The statement is planned while
 * hardly anything is owed, and the plan is kept. So each part asks for the order that only its own
 * index has: with an equality the smallest index would do, and be read whole for each message.
 */
function firstDue(range: string): string {
  return `SELECT id FROM (SELECT d.id FROM deliveries d
        WHERE d.receiver = $1 AND d.settled_at_ms IS NULL AND ${range}
          AND d.number = (
            SELECT e.number FROM deliveries e
            WHERE e.receiver = $1 AND e.settled_at_ms IS NULL AND e.subject >= d.subject
            ORDER BY e.subject, e.number LIMIT 1)
        ORDER BY d.due_at_ms LIMIT $5 FOR UPDATE OF d SKIP LOCKED) AS due`
}

// Nodes that claim at once skip each other's rows instead of waiting for them.
const claim: Statement = {
  name: 'deliveries_claim',
  text: `UPDATE deliveries d SET state = 'claimed', attempts = d.attempts + 1, claimed_by = $2,
      due_at_ms = $3::bigint + $4::bigint
    WHERE d.id IN (${dueRanges('$3::bigint').map(firstDue).join(' UNION ALL ')} LIMIT $5)
    RETURNING ${columns}`,
}

async function claimDeliveries(
  link: Link,
  { receiver, claimedBy, nowMs, leaseMs, limit }: ClaimCommand,
): Promise<readonly Delivery[]> {
  checkLimit(limit, 1000)
  const rows = await link.run<DeliveryRow>(claim, [receiver, claimedBy, nowMs, leaseMs, limit])
  return rows.toSorted((one, other) => one.number - other.number).map(toDelivery)
}

const settle: Statement = {
  name: 'deliveries_settle',
  text: `UPDATE deliveries SET state = $3, attempts = $4, due_at_ms = $5::bigint, claimed_by = NULL,
      last_error = $6, failed_at_ms = $7,
      settled_at_ms = CASE WHEN $3 = 'owed' THEN NULL ELSE $5::bigint END
    WHERE id = $1 AND state = 'claimed' AND claimed_by = $2 RETURNING 1`,
}

async function settleDelivery(link: Link, command: SettleCommand): Promise<boolean> {
  const { id, claimedBy, state, attempts, atMs, lastError = null, failedAtMs = null } = command
  const values = [id, claimedBy, state, attempts, atMs, lastError, failedAtMs]
  return (await link.run(settle, values)).length === 1
}

const retry: Statement = {
  name: 'deliveries_retry',
  text: `UPDATE deliveries SET state = 'owed', attempts = 0, due_at_ms = $2, settled_at_ms = NULL,
       counted_from_ms = NULL
    WHERE id = $1 AND state IN ('owed', 'dead')`,
}

async function retryDelivery(link: Link, id: string, nowMs: number): Promise<Delivery | undefined> {
  await link.run(retry, [id, nowMs])
  return findDelivery(link, id)
}

const find: Statement = {
  name: 'deliveries_find',
  text: `SELECT ${columns} FROM deliveries d WHERE d.id = $1`,
}

async function findDelivery(link: Link, id: string): Promise<Delivery | undefined> {
  const [row] = await link.run<DeliveryRow>(find, [id])
  return row && toDelivery(row)
}

async function listDeliveries(
  link: Link,
  { state, receiver, revocationId }: DeliveryFilter,
  page: PageRequest,
): Promise<Page<Delivery>> {
  const before = newestPageStart('deliveries', page)
  const conditions = ['d.number < $1']
  const values: unknown[] = [before, page.limit + 1]
  for (const [column, wanted] of Object.entries({ state, receiver, revocation_id: revocationId })) {
    if (wanted === undefined) continue
    values.push(wanted)
    conditions.push(`d.${column} = $${String(values.length)}`)
  }
  const named = { state, receiver, revocation: revocationId }
  const name = [
    'deliveries_list',
    ...Object.keys(named).filter((key) => named[key as keyof typeof named]),
  ]
  const rows = await link.run<DeliveryRow>(
    {
      name: name.join('_'),
      text: `SELECT ${columns} FROM deliveries d WHERE ${conditions.join(' AND ')}
        ORDER BY d.number DESC LIMIT $2`,
    },
    values,
  )
  return toPage(rows, page.limit, toDelivery, ({ number }) => writeCursor('deliveries', number))
}

const count: Statement = {
  name: 'deliveries_count',
  text: `SELECT (SELECT count(*) FROM deliveries WHERE settled_at_ms IS NULL) AS owed,
    (SELECT count(*) FROM deliveries WHERE state = 'dead') AS dead,
    (SELECT min(created_at_ms) FROM deliveries WHERE settled_at_ms IS NULL) AS oldest`,
}

async function countDeliveries(link: Link): Promise<DeliveryCounts> {
  const [row] = await link.run<{ owed: number; dead: number; oldest: number | null }>(count)
  if (row === undefined) throw new Error('a query that always has one row had none')
  return { owed: row.owed, dead: row.dead, oldestOwedAtMs: row.oldest ?? undefined }
}
