/**
 * How many durable logouts a second does the store on PostgreSQL take, by how many call at once,
 * and how much of what the database itself can do is that?
 *
 * Run: `node bench/postgres-logouts.ts [seconds=2] [rounds=5]`. Needs PostgreSQL's programs; the
 * cluster lies in the folder for temporary files and writes with `fsync` and `synchronous_commit`
 * on.
 *
 * The floor is the same driver, the same table and its indexes, and rows of the same size, sent as
 * statements of 64 rows one after another: no numbering, no chain of hashes, no fence, no look
 * whether the key has ended already, no notifier, nobody to answer. Every row of the report is a
 * sample in an empty database, in turns, and its ratio is that to the floor of the same round.
 * Client and server share the machine.
 */
import { randomBytes } from 'node:crypto'
import pg from 'pg'
import { mintId } from '../src/core/mint-id.ts'
import { silentLog, systemClock, systemRandom } from '../src/server/system.ts'
import { openPostgresStore, type PostgresStore } from '../src/stores/postgres/store.ts'
import { startCluster } from '../src/testing/postgres.ts'
import { QuietGuard, spread } from './measure.ts'

const seconds = Number(process.argv[2] ?? 2)
const rounds = Number(process.argv[3] ?? 5)
const random = systemRandom()
const BATCH = 64
const columns = `sequence, id, scope, key, generation, reason, actor, note, at_ms, forget_after_ms,
  previous_hash, hash`

const cluster = await startCluster({ settings: { shared_buffers: '256MB' } })
const guard = new QuietGuard(() => [process.pid, ...cluster.processIds()], 2)

/** Logouts a second in an empty database. */
type Contender = (url: string) => Promise<number>

const contenders: Readonly<Record<string, Contender>> = {
  'floor: bare batches of 64': bareBatches,
  'store, 1 caller': (url) => oneNode(url, 1),
  'store, 16 callers': (url) => oneNode(url, 16),
  'store, 64 callers': (url) => oneNode(url, 64),
  'store, 256 callers': (url) => oneNode(url, 256),
  'two nodes, 64 callers each': twoNodes,
}

try {
  const samples = new Map<string, number[]>()
  // The first round warms everything up and does not count.
  for (let round = -1; round < rounds; round += 1) {
    const names = Object.keys(contenders)
    for (const name of round % 2 === 0 ? names : names.toReversed()) {
      const take = contenders[name]!
      const perSecond = await guard.sample(() =>
        guard.watch(async () => take(await cluster.createDatabase())),
      )
      if (round >= 0) samples.set(name, [...(samples.get(name) ?? []), perSecond])
    }
  }
  report(samples)
} finally {
  await cluster.stop()
}

function openNode(url: string, stream: string): Promise<PostgresStore> {
  return openPostgresStore({ url, stream, clock: systemClock, random, log: silentLog })
}

async function oneNode(url: string, callers: number): Promise<number> {
  const node = await openNode(url, 'north')
  try {
    return await callStore(node, callers)
  } finally {
    await node.close()
  }
}

async function twoNodes(url: string): Promise<number> {
  const nodes = [await openNode(url, 'north'), await openNode(url, 'south')]
  try {
    const each = await Promise.all(nodes.map((node) => callStore(node, 64)))
    return each.reduce((sum, perSecond) => sum + perSecond, 0)
  } finally {
    await Promise.all(nodes.map((node) => node.close()))
  }
}

async function callStore(node: PostgresStore, callers: number): Promise<number> {
  return rate(callers, async () => {
    const atMs = Date.now()
    await node.revoke({
      id: mintId(random, atMs),
      scope: 'session',
      key: mintId(random, atMs),
      reason: 'logout',
      actor: 'subject:maria',
      note: '',
      atMs,
    })
    return 1
  })
}

async function bareBatches(url: string): Promise<number> {
  // The schema is the store's own.
  await (await openNode(url, 'north')).close()
  const client = new pg.Client({ connectionString: url, pipeline: true })
  await client.connect()
  const hash = randomBytes(32).toString('base64url')
  let sequence = 0
  try {
    return await rate(1, async () => {
      const atMs = Date.now()
      const fill = <T>(make: () => T): T[] => Array.from({ length: BATCH }, make)
      await client.query({
        name: 'bare',
        text: `INSERT INTO log (stream, ${columns}) SELECT 'bare', * FROM unnest($1::bigint[],
          $2::text[], $3::text[], $4::text[], $5::bigint[], $6::text[], $7::text[], $8::text[],
          $9::bigint[], $10::bigint[], $11::text[], $12::text[])`,
        values: [
          fill(() => ++sequence),
          fill(() => mintId(random, atMs)),
          fill(() => 'session'),
          fill(() => mintId(random, atMs)),
          fill(() => 0),
          fill(() => 'logout'),
          fill(() => 'subject:maria'),
          fill(() => ''),
          fill(() => atMs),
          fill(() => atMs + 3_600_000),
          fill(() => hash),
          fill(() => hash),
        ],
      })
      return BATCH
    })
  } finally {
    await client.end()
  }
}

/** Calls again and again, so many at once, and counts what was done. */
async function rate(callers: number, call: () => Promise<number>): Promise<number> {
  const start = performance.now()
  const until = start + seconds * 1000
  let done = 0
  await Promise.all(
    Array.from({ length: callers }, async () => {
      while (performance.now() < until) {
        const logouts = await call()
        done += logouts
      }
    }),
  )
  return (done * 1000) / (performance.now() - start)
}

function report(samples: ReadonlyMap<string, readonly number[]>): void {
  const [[, floors] = ['', []]] = samples
  console.log('| | logouts/s (min-max) | of the floor (min-max) |')
  console.log('|---|---|---|')
  for (const [name, taken] of samples) {
    const { median, min, max } = spread(taken)
    const ratio = spread(taken.map((perSecond, round) => perSecond / (floors[round] ?? 0)))
    console.log(
      `| ${name} | ${Math.round(median)} (${Math.round(min)}-${Math.round(max)}) ` +
        `| ${ratio.median.toFixed(2)} (${ratio.min.toFixed(2)}-${ratio.max.toFixed(2)}) |`,
    )
  }
  console.log(`\n${guard.note}`)
}
