/** Medians, and samples that are taken again where the machine was busy with something else. */
import { readFileSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'

/** The p-th percentile by rank; NaN of nothing. */
export function percentile(values: ArrayLike<number>, p: number): number {
  const sorted = Float64Array.from(values).sort()
  return sorted[Math.min(sorted.length - 1, Math.floor((sorted.length * p) / 100))] ?? Number.NaN
}

export interface Spread {
  readonly median: number
  readonly min: number
  readonly max: number
}

export function spread(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  const upper = sorted[middle] ?? Number.NaN
  const lower = sorted[middle - 1] ?? upper
  return {
    median: sorted.length % 2 === 1 ? upper : (lower + upper) / 2,
    min: sorted[0] ?? Number.NaN,
    max: sorted.at(-1) ?? Number.NaN,
  }
}

/** More of a core than this, used by other processes, spoils a sample. */
const OTHERS_ALLOWED = 0.25
const QUIET_WINDOW_MS = 250
/** All waiting of one guard together, so that a busy machine does not keep a bench for ever. */
const MAX_WAIT_MS = 30_000
const TICKS_PER_SECOND = 100

/** A sample, and how many cores others used meanwhile. */
export interface Watched<T> {
  readonly value: T
  readonly others: number
}

/** Repeats samples that something else on the machine has disturbed, a bounded number of times. */
export class QuietGuard {
  readonly #pids: () => readonly number[]
  readonly #retries: number
  #taken = 0
  #repeated = 0
  #disturbed = 0
  #waitLeftMs = MAX_WAIT_MS

  /**
   * @param pids The bench's own processes, whose work counts as its own.
   * @param retries How often one sample is taken again at most.
   */
  constructor(pids: () => readonly number[], retries: number) {
    this.#pids = pids
    this.#retries = retries
  }

  /**
   * Takes a sample while the machine is quiet.
   *
   * @param take Takes it; gives undefined where it cannot be taken again.
   * @returns The first sample that nothing disturbed, or of all that were the least disturbed.
   */
  async sample<T>(take: (repeated: boolean) => Promise<Watched<T> | undefined>): Promise<T> {
    this.#taken += 1
    let best: Watched<T> | undefined
    for (let attempt = 0; attempt <= this.#retries; attempt++) {
      const taken = await take(attempt > 0)
      if (taken === undefined) break
      if (attempt > 0) this.#repeated += 1
      if (taken.others <= OTHERS_ALLOWED) return taken.value
      if (best === undefined || taken.others < best.others) best = taken
    }
    this.#disturbed += 1
    if (best === undefined) throw new Error('no sample was taken')
    return best.value
  }

  /** Runs something and says how many cores others used meanwhile. */
  async watch<T>(run: () => Promise<T>): Promise<Watched<T>> {
    await this.#quiet()
    const before = this.#reading()
    const value = await run()
    return { value, others: othersBetween(before, this.#reading()) }
  }

  /** What became of the samples, for the reader of the table. */
  get note(): string {
    return (
      `${this.#taken} samples; ${this.#repeated} repeated because something else used more than ` +
      `${OTHERS_ALLOWED} core; ${this.#disturbed} disturbed every time (the least disturbed counts)`
    )
  }

  /** Waits for a quiet moment, but not for ever: the sample itself is judged anyway. */
  async #quiet(): Promise<void> {
    while (this.#waitLeftMs > 0) {
      const before = this.#reading()
      await pause(QUIET_WINDOW_MS)
      if (othersBetween(before, this.#reading()) <= OTHERS_ALLOWED) return
      this.#waitLeftMs -= QUIET_WINDOW_MS
    }
  }

  #reading(): Reading {
    const all = machineSeconds()
    const own = this.#pids().reduce((sum, pid) => sum + processSeconds(pid), 0)
    return { othersSeconds: all - own, atMs: performance.now() }
  }
}

interface Reading {
  readonly othersSeconds: number
  readonly atMs: number
}

function othersBetween(before: Reading, after: Reading): number {
  return (after.othersSeconds - before.othersSeconds) / ((after.atMs - before.atMs) / 1000)
}

/**
 * Seconds that all cores were busy for processes or for another virtual machine. Interrupts are
 * left out: most of them carry the bench's own packets. 0 where the system has no /proc.
 */
function machineSeconds(): number {
  const [, user = 0, nice = 0, system = 0, , , , , steal = 0] = fields('/proc/stat', /\s+/).map(
    Number,
  )
  return (user + nice + system + steal) / TICKS_PER_SECOND
}

function processSeconds(pid: number): number {
  // Fields are counted from behind the name, which may hold spaces (proc(5): 14 utime, 15 stime).
  const after = fields(`/proc/${pid}/stat`, /\) /)[1]?.split(' ') ?? []
  return (Number(after[11] ?? 0) + Number(after[12] ?? 0)) / TICKS_PER_SECOND
}

function fields(path: string, separator: RegExp): string[] {
  try {
    return (readFileSync(path, 'utf8').split('\n', 1)[0] ?? '').split(separator)
  } catch {
    return []
  }
}
