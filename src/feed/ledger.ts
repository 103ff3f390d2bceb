/**
 * The ledger: which guards may hold a lease, and which batches still wait for whom. It decides when
 * a batch is confirmed, and knows no connections, frames or timers. `docs/lease-argument.md` argues
 * about this file.
 */

/** A guard object in some process, from its first lease until none can be left. */
export interface Holder {
  readonly id: string
  readonly name: string
  /** Until when it may hold a lease, on this node's monotonic clock. Never goes back. */
  endsMs: number
  /** The newest mark that it said it applied. */
  appliedMark: number
  /** From the publication of a batch to its acknowledgement, when that last came; for operators. */
  lagMs: number | undefined
  /** Batches after this mark were published while it might have held a lease. */
  countedAfterMark: number
  /** Whether it is counted. False until its first lease, and again once that has ended. */
  counted: boolean
  /** Whether its feed is open. */
  connected: boolean
}

export type Outcome = 'acknowledged' | 'lapsed'

/** What one verifier had to say to one batch. */
export interface VerifierOutcome {
  readonly id: string
  readonly name: string
  readonly outcome: Outcome
  /** From the publication, in milliseconds. */
  readonly afterMs: number
}

/** The confirmation of one batch. */
export interface BatchRecord {
  readonly mark: number
  readonly publishedMs: number
  /** When no verifier can hold a lease any more that it held at the publication. */
  readonly deadlineMs: number
  readonly verifiers: number
  acknowledged: number
  lapsed: number
  /** Undefined until it is confirmed. */
  confirmedMs: number | undefined
  /** The first outcomes, and those of all that lapsed, up to a bound. */
  readonly outcomes: VerifierOutcome[]
  readonly waiters: (() => void)[]
}

const outcomesKept = 100

export class Ledger {
  readonly #holders = new Map<string, Holder>()
  /** Unconfirmed batches in the order of their marks, which have no gaps. */
  #pending: BatchRecord[] = []
  /** No later than the next end that matters; undefined where it must be looked for. */
  #nextMs: number | undefined

  get holders(): Iterable<Holder> {
    return this.#holders.values()
  }

  get pending(): number {
    return this.#pending.length
  }

  /** The newest unconfirmed batch: when it is confirmed, so is everything before it. */
  get newestPending(): BatchRecord | undefined {
    return this.#pending.at(-1)
  }

  /** How many guards may hold a lease. Call `expire` before. */
  get counted(): number {
    let counted = 0
    for (const holder of this.#holders.values()) if (holder.counted) counted++
    return counted
  }

  /** The guard with this id; made, uncounted, where it is not known. */
  holder(id: string, name: string): Holder {
    const known = this.#holders.get(id)
    if (known) return known
    const holder: Holder = {
      id,
      name,
      endsMs: -Infinity,
      appliedMark: -1,
      lagMs: undefined,
      countedAfterMark: -1,
      counted: false,
      connected: false,
    }
    this.#holders.set(id, holder)
    return holder
  }

  /** Its feed is closed. It stays counted until its lease has ended; then it is forgotten. */
  disconnect(holder: Holder): void {
    holder.connected = false
    if (!holder.counted) this.#holders.delete(holder.id)
  }

  /** Notes that a pong will carry a lease. Call before the pong leaves. */
  grant(holder: Holder, endsMs: number, headMark: number): void {
    holder.endsMs = Math.max(holder.endsMs, endsMs)
    if (holder.counted) return
    if (endsMs < (this.#nextMs ?? -Infinity)) this.#nextMs = endsMs
    holder.counted = true
    holder.countedAfterMark = headMark
  }

  /** Opens the record of a batch: every guard that may hold a lease now is waited for. */
  publish(mark: number, nowMs: number): BatchRecord {
    this.expire(nowMs)
    let guards = 0
    let deadlineMs = nowMs
    for (const holder of this.#holders.values()) {
      if (!holder.counted) continue
      guards++
      deadlineMs = Math.max(deadlineMs, holder.endsMs)
    }
    const record: BatchRecord = {
      mark,
      publishedMs: nowMs,
      deadlineMs,
      // The node itself is a verifier, and has applied the batch before it publishes it.
      verifiers: guards + 1,
      acknowledged: 1,
      lapsed: 0,
      confirmedMs: undefined,
      outcomes: [],
      waiters: [],
    }
    this.#pending.push(record)
    // It makes guards be waited for that had nothing left to say.
    this.#nextMs = undefined
    this.#confirm(nowMs)
    return record
  }

  /** The guard has applied everything up to the mark. */
  acknowledge(holder: Holder, mark: number, nowMs: number): void {
    if (mark <= holder.appliedMark) return
    if (holder.counted) this.#settle(holder, mark, 'acknowledged', nowMs)
    holder.appliedMark = mark
    this.#confirm(nowMs)
  }

  /** The guard said that it accepts nothing any more. */
  release(holder: Holder, nowMs: number): void {
    if (holder.counted) this.#lapse(holder, nowMs)
    this.#confirm(nowMs)
  }

  /** Takes leases that have ended into account, and confirms what waited for nothing else. */
  expire(nowMs: number): void {
    this.#nextMs = undefined
    for (const holder of this.#holders.values()) {
      if (holder.counted && holder.endsMs <= nowMs) this.#lapse(holder, nowMs)
    }
    for (const record of this.#pending) {
      if (record.deadlineMs > nowMs) break
      record.lapsed = record.verifiers - record.acknowledged
    }
    this.#confirm(nowMs)
  }

  /**
   * When `expire` should be called next; undefined while nothing waits. What was found is kept
   * until the next publication: leases only grow, so that at worst it is called too early.
   */
  nextExpiryMs(): number | undefined {
    if (this.#pending.length === 0) return undefined
    return (this.#nextMs ??= this.#findNextMs())
  }

  #findNextMs(): number | undefined {
    const oldest = this.#pending[0]
    const newest = this.#pending.at(-1)
    if (!oldest || !newest) return undefined
    let nextMs = oldest.deadlineMs
    for (const holder of this.#holders.values()) {
      if (holder.counted && holder.appliedMark < newest.mark && holder.endsMs < nextMs) {
        nextMs = holder.endsMs
      }
    }
    return nextMs
  }

  #lapse(holder: Holder, nowMs: number): void {
    this.#settle(holder, this.#pending.at(-1)?.mark ?? -1, 'lapsed', nowMs)
    holder.counted = false
    if (!holder.connected) this.#holders.delete(holder.id)
  }

  /** Counts an outcome in every unconfirmed batch that waits for the guard, up to a mark. */
  #settle(holder: Holder, upToMark: number, outcome: Outcome, nowMs: number): void {
    const afterMark = Math.max(holder.appliedMark, holder.countedAfterMark)
    // Marks have no gaps, so the first record that waits for the guard is found without a search.
    const first = Math.max(0, afterMark + 1 - (this.#pending[0]?.mark ?? 0))
    for (let index = first; index < this.#pending.length; index++) {
      const record = this.#pending[index]!
      if (record.mark > upToMark) break
      if (record.acknowledged + record.lapsed >= record.verifiers) continue
      record[outcome]++
      if (record.outcomes.length < outcomesKept) {
        const { id, name } = holder
        record.outcomes.push({ id, name, outcome, afterMs: nowMs - record.publishedMs })
      }
    }
  }

  #confirm(nowMs: number): void {
    let confirmed = 0
    for (const record of this.#pending) {
      if (record.acknowledged + record.lapsed < record.verifiers) break
      record.confirmedMs = nowMs
      confirmed++
    }
    if (confirmed === 0) return
    const done = this.#pending.slice(0, confirmed)
    this.#pending = this.#pending.slice(confirmed)
    for (const record of done) for (const wake of record.waiters.splice(0)) wake()
  }
}
