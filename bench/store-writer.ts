/**
 * Should SQLite commit on a thread of its own, or on the thread that serves? And how many durable
 * logouts a second does the store take, by how many call at once?
 *
 * Run: `node bench/store-writer.ts [seconds=2] [rounds=3]`. The two writers are the product's own
 * and differ in one thing: who runs the batch. Both commit with `synchronous=FULL` in the folder
 * for temporary files; where that is in memory, TMPDIR names another. Sessions are logged out in
 * random order, which is the order of life and not the best one for a tree of keys.
 *
 * The answer is a thread of its own. On the serving thread a batch is cheaper (nothing is copied
 * between threads), and for its whole length, the wait for the disk included, nothing else is
 * served. Two cores of a virtual machine, ext4, one round of half a second a sample:
 *
 * | commits on     | callers | logouts/s | held p99 ms | busy  |
 * | -------------- | ------- | --------- | ----------- | ----- |
 * | own thread     | 1       | 2,390     | 1.5         | 12 %  |
 * | own thread     | 64      | 39,233    | 1.8         | 21 %  |
 * | own thread     | 1024    | 73,488    | 5.0         | 34 %  |
 * | serving thread | 1       | 4,204     | 1.2         | 100 % |
 * | serving thread | 64      | 49,415    | 3.4         | 100 % |
 * | serving thread | 1024    | 93,177    | 26.9        | 100 % |
 *
 * "Held" is how long the event loop could not serve anything else: the 99th percentile and the
 * longest delay of a timer. "Busy" is the share of time that the serving thread worked.
 */
import { randomBytes, randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { monitorEventLoopDelay, performance } from 'node:perf_hooks'
import { mintId } from '../src/core/mint-id.ts'
import { BatchRunner } from '../src/stores/sqlite/batch.ts'
import { headPathOf } from '../src/stores/sqlite/head.ts'
import { openSqliteStore } from '../src/stores/sqlite/store.ts'
import { threadCommitter, Writer, type Committer } from '../src/stores/sqlite/writer.ts'
import { QuietGuard, spread } from './measure.ts'

interface Sample {
  readonly perSecond: number
  readonly heldP99Ms: number
  readonly heldMaxMs: number
  readonly busy: number
}

const seconds = Number(process.argv[2] ?? 2)
const rounds = Number(process.argv[3] ?? 3)
const callerCounts = [1, 16, 64, 256, 1024]

const committers: Readonly<Record<string, (path: string) => Committer>> = {
  'own thread': (path) => threadCommitter({ path, durability: 'full', headPath: headPathOf(path) }),
  'serving thread': (path) => {
    const runner = new BatchRunner({ path, durability: 'full', headPath: headPathOf(path) })
    return {
      commit: async (commands) => runner.run(commands),
      async close() {
        runner.close()
      },
    }
  },
}

const guard = new QuietGuard(() => [process.pid], 2)
const samples = new Map<string, Sample[]>()
for (let round = 0; round < rounds; round += 1) {
  const names = Object.keys(committers)
  for (const name of round % 2 === 0 ? names : names.toReversed()) {
    for (const callers of callerCounts) {
      const sample = await guard.sample(() => guard.watch(() => measure(name, callers)))
      const row = `${name} ${callers}`
      samples.set(row, [...(samples.get(row) ?? []), sample])
    }
  }
}
report()

async function measure(name: string, callers: number): Promise<Sample> {
  const folder = await mkdtemp(join(tmpdir(), 'outright-bench-'))
  const path = join(folder, 'outright.db')
  const store = await openSqliteStore({ path, stream: 'bench', durability: 'full' })
  await store.close()
  const make = committers[name]
  if (!make) throw new Error(`no committer ${name}`)
  const writer = new Writer({ committer: make(path), onEntries: () => {} })
  await writer.submit('probe', undefined)
  const sids = sessionIds(400_000)
  const delay = monitorEventLoopDelay({ resolution: 1 })
  const before = performance.eventLoopUtilization()
  delay.enable()
  const start = performance.now()
  const until = start + seconds * 1000
  let done = 0
  await Promise.all(
    Array.from({ length: callers }, async () => {
      while (performance.now() < until) {
        await writer.submit('revoke', command(sids.pop() ?? randomUUID()))
        done += 1
      }
    }),
  )
  const elapsed = performance.now() - start
  delay.disable()
  const busy = performance.eventLoopUtilization(before).utilization
  await writer.close()
  await rm(folder, { recursive: true })
  return {
    perSecond: (done * 1000) / elapsed,
    heldP99Ms: delay.percentile(99) / 1e6,
    heldMaxMs: delay.max / 1e6,
    busy,
  }
}

/** Ids as sessions have them, minted over a day, in random order. */
function sessionIds(count: number): string[] {
  const day = 86_400_000
  const random = { bytes: (length: number) => randomBytes(length) }
  const start = Date.now() - day
  const ids = Array.from({ length: count }, (_, index) =>
    mintId(random, start + Math.floor((index * day) / count)),
  )
  for (let last = ids.length - 1; last > 0; last -= 1) {
    const other = Math.floor(Math.random() * (last + 1))
    const moved = ids[last] ?? ''
    ids[last] = ids[other] ?? ''
    ids[other] = moved
  }
  return ids
}

function command(sid: string) {
  const atMs = Date.now()
  return {
    id: mintId({ bytes: (length) => randomBytes(length) }, atMs),
    scope: 'session',
    key: sid,
    reason: 'logout',
    actor: 'subject:maria',
    note: '',
    atMs,
  } as const
}

function report(): void {
  console.log(
    '| commits on | callers | logouts/s (min-max) | held p99 ms | held longest ms | busy |',
  )
  console.log('|---|---|---|---|---|---|')
  for (const name of Object.keys(committers)) {
    for (const callers of callerCounts) {
      const taken = samples.get(`${name} ${callers}`) ?? []
      const of = (field: keyof Sample) => spread(taken.map((sample) => sample[field]))
      const { median, min, max } = of('perSecond')
      console.log(
        `| ${name} | ${callers} | ${Math.round(median)} (${Math.round(min)}-${Math.round(max)}) ` +
          `| ${of('heldP99Ms').median.toFixed(1)} | ${of('heldMaxMs').median.toFixed(1)} ` +
          `| ${Math.round(of('busy').median * 100)} % |`,
      )
    }
  }
  console.log(`\n${guard.note}`)
}
