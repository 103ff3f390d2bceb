/**
 * Does the replica hold ten million revocations in 16 bytes each, without ever stalling a server?
 *
 * Run: `node --expose-gc bench/replica.ts [count=10000000]`. Each part runs in a process of its
 * own. The peers, `Set<bigint>` and `Set<string>`, are measured at one million with look-up keys
 * made beforehand, which favours them: the replica's keys are two numbers cut from an id.
 */

import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { Replica } from '../src/verifier/replica.ts'

interface Figures {
  readonly insertMs: number
  readonly stallMs: number
  readonly stallsAbove5: number
  readonly bytesAnEntry: number
  readonly hits: number
  readonly misses: number
}

const lookups = 1_000_000
const rounds = 5
const forgetAfter = 2_000_000_000

const [task = 'all', amount = ''] = process.argv.slice(2)
const gc = globalThis.gc
if (gc === undefined) throw new Error('Run with --expose-gc')

switch (task) {
  case 'replica':
    print(replicaFigures(Number(amount)))
    break
  case 'bigint':
    print(setFigures(Number(amount), bigintAt))
    break
  case 'string':
    print(setFigures(Number(amount), stringAt))
    break
  case 'snapshot':
    print({ ms: snapshotMilliseconds(Number(amount)) })
    break
  default:
    report(task === 'all' ? 10_000_000 : Number(task))
}

function report(count: number): void {
  const peers = Math.min(count, 1_000_000)
  // Three times: on a shared machine a single largest stall says more about the neighbours.
  const rows: readonly (readonly [string, Figures])[] = [
    [`Replica, ${count}`, inChild<Figures>('replica', count)],
    [`Replica, ${count}, again`, inChild<Figures>('replica', count)],
    [`Replica, ${count}, again`, inChild<Figures>('replica', count)],
    [`Replica, ${peers}`, inChild<Figures>('replica', peers)],
    [`Set<bigint>, ${peers}`, inChild<Figures>('bigint', peers)],
    [`Set<string>, ${peers}`, inChild<Figures>('string', peers)],
  ]
  const snapshot = inChild<{ readonly ms: number }>('snapshot', 1_000_000)
  console.log(
    '| | insert ms | largest stall ms | stalls > 5 ms | RSS bytes/entry | hits/s | misses/s |',
  )
  console.log('|---|---|---|---|---|---|---|')
  for (const [name, figures] of rows) {
    const { insertMs, stallMs, stallsAbove5, bytesAnEntry, hits, misses } = figures
    const cells = [
      insertMs.toFixed(0),
      stallMs.toFixed(2),
      stallsAbove5,
      bytesAnEntry.toFixed(1),
      thousands(hits),
      thousands(misses),
    ]
    console.log(`| ${name} | ${cells.join(' | ')} |`)
  }
  console.log(`\nSnapshot of 1,000,000 entries applied in ${snapshot.ms.toFixed(0)} ms`)
}

function replicaFigures(count: number): Figures {
  const replica = new Replica()
  // Warm: compiled code is not what is measured.
  for (let index = 0; index < 50_000; index++)
    replica.revoke(highAt(index), lowAt(index), forgetAfter)
  for (let index = 0; index < 50_000; index++) replica.isRevoked(highAt(index), lowAt(index))
  replica.clear()
  const before = settledBytes()
  const inserted = timedInserts(count, (index) =>
    replica.revoke(highAt(index), lowAt(index), forgetAfter),
  )
  const bytesAnEntry = (settledBytes() - before) / count
  const highs = new Uint32Array(lookups)
  const lows = new Uint32Array(lookups)
  const rate = (from: (lookup: number) => number, expected: boolean): number => {
    for (let lookup = 0; lookup < lookups; lookup++) {
      highs[lookup] = highAt(from(lookup))
      lows[lookup] = lowAt(from(lookup))
    }
    return lookupRate((lookup) => replica.isRevoked(highs[lookup]!, lows[lookup]!), expected)
  }
  const hits = rate((lookup) => mixed(lookup) % count, true)
  const misses = rate((lookup) => count + lookup, false)
  return { ...inserted, bytesAnEntry, hits, misses }
}

function setFigures<Key>(count: number, keyAt: (index: number) => Key): Figures {
  const set = new Set<Key>()
  const before = settledBytes()
  const inserted = timedInserts(count, (index) => set.add(keyAt(index)))
  const bytesAnEntry = (settledBytes() - before) / count
  const rate = (from: (lookup: number) => number, expected: boolean): number => {
    const keys = Array.from({ length: lookups }, (_, lookup) => keyAt(from(lookup)))
    return lookupRate((lookup) => set.has(keys[lookup]!), expected)
  }
  const hits = rate((lookup) => mixed(lookup) % count, true)
  const misses = rate((lookup) => count + lookup, false)
  return { ...inserted, bytesAnEntry, hits, misses }
}

function snapshotMilliseconds(count: number): number {
  const source = new Replica()
  for (let index = 0; index < count; index++)
    source.revoke(highAt(index), lowAt(index), forgetAfter)
  const chunks = [...source.chunks(4096)]
  const target = new Replica()
  const start = performance.now()
  for (const chunk of chunks) target.applyWords(chunk.words, chunk.count)
  const elapsed = performance.now() - start
  if (target.entries !== count) throw new Error(`Applied ${target.entries} of ${count} entries`)
  return elapsed
}

function timedInserts(
  count: number,
  insert: (index: number) => void,
): Pick<Figures, 'insertMs' | 'stallMs' | 'stallsAbove5'> {
  let stallMs = 0
  let stallsAbove5 = 0
  const start = performance.now()
  let last = start
  for (let index = 0; index < count; index++) {
    insert(index)
    const now = performance.now()
    if (now - last > stallMs) stallMs = now - last
    if (now - last > 5) stallsAbove5++
    last = now
  }
  return { insertMs: last - start, stallMs, stallsAbove5 }
}

/** The median of a few rounds, in look-ups a second. */
function lookupRate(found: (lookup: number) => boolean, expected: boolean): number {
  const rates: number[] = []
  for (let round = 0; round < rounds; round++) {
    let right = 0
    const start = performance.now()
    for (let lookup = 0; lookup < lookups; lookup++) if (found(lookup) === expected) right++
    rates.push(lookups / ((performance.now() - start) / 1000))
    if (right !== lookups) throw new Error(`Only ${right} of ${lookups} look-ups were right`)
  }
  return rates.sort((a, b) => a - b)[rounds >> 1]!
}

function settledBytes(): number {
  for (let round = 0; round < 3; round++) gc!()
  return process.memoryUsage.rss()
}

/** Distinct fingerprints like the last 64 bits of a UUIDv7: the top two bits are always `10`. */
function highAt(index: number): number {
  return ((mixed(index ^ 0x5bd1_e995) >>> 2) | 0x8000_0000) >>> 0
}

function lowAt(index: number): number {
  return mixed(index)
}

function bigintAt(index: number): bigint {
  return (BigInt(highAt(index)) << 32n) | BigInt(lowAt(index))
}

/** As long as a base64url UUID. */
function stringAt(index: number): string {
  return bigintAt(index).toString(36).padStart(22, '0')
}

function mixed(input: number): number {
  let bits = Math.imul(input ^ (input >>> 16), 0x85eb_ca6b)
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2_ae35)
  return (bits ^ (bits >>> 16)) >>> 0
}

function thousands(rate: number): string {
  return `${Math.round(rate / 1000)}k`
}

function inChild<Result>(childTask: string, count: number): Result {
  const argv = ['--expose-gc', fileURLToPath(import.meta.url), childTask, String(count)]
  const { stdout, stderr, status } = spawnSync(process.execPath, argv, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`Cannot measure ${childTask}: ${stderr}`)
  return JSON.parse(stdout) as Result
}

function print(result: object): void {
  console.log(JSON.stringify(result))
}
