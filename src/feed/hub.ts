/**
 * The hub: the node's end of every guard's feed. It publishes what was committed, grants leases,
 * and knows when no verifier can accept any more what a revocation ended.
 */
import type { Receipt } from '../domain/receipt.ts'
import type { Position, Revocation } from '../domain/revocation.ts'
import type { Confirmed } from '../ports/confirmation.ts'
import { closeCodes, feedLimits, type StartFrame, entryWords } from '../protocol/feed.ts'
import { writeEntry } from '../verifier/fingerprint.ts'
import type { FeedConnection, FeedConnectionEvents } from './connection.ts'
import { GuardSession, type GuardSessionContext } from './guard-session.ts'
import type { FeedHub, FeedHubOptions } from './hub-types.ts'
import { countedLeaseMs, leaseRules, type LeaseRules } from './lease-rules.ts'
import { Ledger, type BatchRecord, type Holder } from './ledger.ts'
import { describeReceipt, ReceiptBook, type DetailedReceipt } from './receipts.ts'
import { RecentBatches } from './recent.ts'
import { Progress } from './progress.ts'
import { Rounds } from './rounds.ts'
import { feedSettings, type FeedHubSettings } from './settings.ts'
import { describeVerifiers, type VerifierStatus } from './verifiers.ts'

/** @throws {RangeError} If a setting is out of its range. */
export function createFeedHub(options: FeedHubOptions): FeedHub {
  return new Hub(options)
}

class Hub implements FeedHub {
  readonly #options: FeedHubOptions
  readonly #settings: FeedHubSettings
  readonly #rules: LeaseRules
  readonly #ledger = new Ledger()
  readonly #recent: RecentBatches
  readonly #receipts: ReceiptBook
  readonly #rounds: Rounds
  readonly #progress: Progress
  readonly #context: GuardSessionContext
  readonly #sessions = new Set<GuardSession>()
  readonly #byGuard = new Map<string, GuardSession>()
  #timer: { readonly atMs: number; readonly cancel: () => void } | undefined
  #remembered: 'no' | 'asked' | 'yes'
  #closed = false

  constructor(options: FeedHubOptions) {
    this.#options = options
    this.#settings = feedSettings(options)
    this.#rules = { ...leaseRules, ...options.rules }
    this.#recent = new RecentBatches(this.#settings.recentEntries, new Map(options.position))
    this.#receipts = new ReceiptBook(this.#settings.receipts)
    this.#rounds = new Rounds({
      members: this.#sessions,
      after: (delayMs, callback) => options.clock.after(delayMs, callback),
    })
    this.#remembered = options.rememberLeases ? 'no' : 'yes'
    this.#progress = new Progress(this.#recent, options.clock)
    this.#tellConfirmed(this.#admitPredecessors(), options.position)
    this.#context = this.#makeContext()
    this.#arm()
  }

  get connections(): number {
    return this.#sessions.size
  }

  accept(connection: FeedConnection): FeedConnectionEvents {
    this.#ledger.expire(this.#options.clock.monotonicMs())
    const session = new GuardSession(this.#context, connection)
    this.#sessions.add(session)
    if (this.#closed) session.close(closeCodes.goingAway, 'the node is stopping')
    else if (this.#sessions.size > this.#settings.connections) {
      session.close(closeCodes.full, 'too many guards')
    }
    return {
      frame: (bytes) => {
        session.receive(bytes)
        this.#arm()
      },
      closed: () => {
        session.ended()
        this.#arm()
      },
    }
  }

  publish(entries: readonly Revocation[]): void {
    const { clock } = this.#options
    const nowMs = clock.monotonicMs()
    for (let from = 0; from < entries.length; from += feedLimits.entries) {
      const batch = entries.slice(from, from + feedLimits.entries)
      const words = new Uint32Array(batch.length * entryWords)
      const moved = new Map<string, number>()
      for (const [index, entry] of batch.entries()) {
        writeEntry(entry, words, index * entryWords)
        const reached = moved.get(entry.stream) ?? this.#recent.position.get(entry.stream) ?? 0
        moved.set(entry.stream, Math.max(reached, entry.sequence))
      }
      const mark = this.#recent.append(words, moved, nowMs)
      // The record before the frames: an immediate acknowledgement must find it.
      const record = this.#ledger.publish(mark, nowMs)
      this.#receipts.add(batch, record)
      this.#tellConfirmed(record, moved)
    }
    this.#rounds.published()
    this.#progress.moved()
    this.#arm()
  }

  async confirmed(revocation: Revocation): Promise<Receipt> {
    const { id, stream, sequence } = revocation
    const record = this.#receipts.find(id)
    if (record === undefined) {
      // Of an earlier run, of another node and still on its way, or so old that it is not remembered.
      const confirmed = await this.confirmedUpTo(new Map([[stream, sequence]]))
      return { revocationId: id, confirmed: true, ...confirmed }
    }
    await settled(record)
    return this.#describe(id, record)
  }

  async confirmedUpTo(position: Position): Promise<Confirmed> {
    const { clock } = this.#options
    const startedMs = clock.monotonicMs()
    // Without the entries this node has no lease that it had not before the call, and its guards none
    // that ends after its own: then all have run out, and there is nothing to wait for.
    await this.#progress.reaches(position, countedLeaseMs(this.#settings.leaseMs, this.#settings))
    this.#ledger.expire(clock.monotonicMs())
    const newest = this.#ledger.newestPending
    if (newest === undefined) {
      const verifiers = this.#ledger.counted + 1
      const elapsedMs = clock.monotonicMs() - startedMs
      return { acknowledged: verifiers, verifiers, lapsed: 0, elapsedMs }
    }
    await settled(newest)
    const { acknowledged, verifiers, lapsed } = newest
    return { acknowledged, verifiers, lapsed, elapsedMs: clock.monotonicMs() - startedMs }
  }

  receipt({ id }: Pick<Revocation, 'id'>): Receipt | undefined {
    const record = this.#receipts.find(id)
    return record && this.#describe(id, record)
  }

  detailedReceipt(revocationId: string): DetailedReceipt | undefined {
    const record = this.#receipts.find(revocationId)
    return record && { ...this.#describe(revocationId, record), outcomes: [...record.outcomes] }
  }

  verifiers(): readonly VerifierStatus[] {
    const { clock, node } = this.#options
    const { holders } = this.#ledger
    return describeVerifiers({ clock, node, holders, byGuard: this.#byGuard, recent: this.#recent })
  }

  ageAfter(position: Position): number {
    const publishedMs = this.#recent.publishedBeyond(position)
    return publishedMs === undefined ? 0 : this.#options.clock.monotonicMs() - publishedMs
  }

  heldForMs(): number {
    const nowMs = this.#options.clock.monotonicMs()
    let endsMs = nowMs
    for (const holder of this.#ledger.holders) {
      if (holder.counted) endsMs = Math.max(endsMs, holder.endsMs)
    }
    return endsMs - nowMs
  }

  close(): void {
    this.#closed = true
    for (const session of this.#sessions) {
      session.close(closeCodes.goingAway, 'the node is stopping')
    }
  }

  end(): void {
    this.#timer?.cancel()
  }

  /**
   * What was committed before this run may be unknown to guards of the run before: batch 0 waits
   * for them.
   */
  #admitPredecessors(): BatchRecord {
    const { clock, predecessorLeaseMs = this.#settings.leaseMs } = this.#options
    const nowMs = clock.monotonicMs()
    if (predecessorLeaseMs > 0) {
      const predecessors = this.#ledger.holder('before-restart', 'guards of before the restart')
      const endsMs = nowMs + countedLeaseMs(predecessorLeaseMs, this.#settings)
      this.#ledger.grant(predecessors, endsMs, -1)
    }
    return this.#ledger.publish(0, nowMs)
  }

  #tellConfirmed(record: BatchRecord, position: Position): void {
    const { onConfirmed } = this.#options
    if (onConfirmed === undefined) return
    if (record.confirmedMs !== undefined) onConfirmed(position)
    else {
      record.waiters.push(() => {
        onConfirmed(position)
      })
    }
  }

  #makeContext(): GuardSessionContext {
    const { clock, epoch, issuer, node, snapshot, overSeconds } = this.#options
    return {
      settings: this.#settings,
      rules: this.#rules,
      clock,
      epoch,
      issuer,
      node,
      recent: this.#recent,
      ledger: this.#ledger,
      rounds: this.#rounds,
      snapshot,
      overSeconds,
      grantableMs: () => this.#grantableMs(),
      claim: (session, start) => this.#claim(session, start),
      gone: (session) => {
        this.#gone(session)
      },
    }
  }

  #grantableMs(): number {
    this.#rememberLeases()
    if (this.#remembered !== 'yes') return 0
    const { leaseMs } = this.#settings
    return Math.max(0, Math.floor(Math.min(leaseMs, this.#options.grantableMs?.() ?? leaseMs)))
  }

  #rememberLeases(): void {
    const { rememberLeases, log } = this.#options
    if (this.#remembered !== 'no' || !rememberLeases) return
    this.#remembered = 'asked'
    rememberLeases(this.#settings.leaseMs).then(
      () => {
        this.#remembered = 'yes'
      },
      (error: unknown) => {
        this.#remembered = 'no'
        log.error({ error: String(error) }, 'no lease is granted: its length could not be stored')
      },
    )
  }

  #claim(session: GuardSession, start: StartFrame): Holder | undefined {
    // Of this credential alone: no guard acknowledges for another, whose instance it may have seen.
    const { guard } = session.connection
    const instance = hex(start.instance)
    const id = guard === undefined ? instance : `${guard}/${instance}`
    const other = this.#byGuard.get(id)
    if (other && other.attempt >= start.attempt) return undefined
    this.#byGuard.set(id, session)
    other?.close(closeCodes.superseded, 'a newer connection was opened')
    const { name, software } = start
    this.#options.log.info(
      { guard: id, name, software, address: session.connection.address },
      'guard connected',
    )
    this.#rememberLeases()
    const holder = this.#ledger.holder(id, name)
    holder.connected = true
    return holder
  }

  #gone(session: GuardSession): void {
    this.#sessions.delete(session)
    const { holder, closedWith, connection } = session
    if (!holder && closedWith) {
      const { address } = connection
      this.#options.log.info({ address, ...closedWith }, 'guard refused')
    }
    if (!holder || this.#byGuard.get(holder.id) !== session) return
    this.#byGuard.delete(holder.id)
    if (!this.#rules.waitsForDisconnected) {
      this.#ledger.release(holder, this.#options.clock.monotonicMs())
    }
    this.#ledger.disconnect(holder)
    const { id, name } = holder
    this.#options.log.info({ guard: id, name, ...closedWith }, 'guard disconnected')
  }

  #describe(revocationId: string, record: BatchRecord): Receipt {
    return describeReceipt(revocationId, record, this.#options.clock.monotonicMs())
  }

  /** Makes sure that a timer is set for the next lease whose end confirms something. */
  #arm(): void {
    const nextMs = this.#ledger.nextExpiryMs()
    if (nextMs === undefined || (this.#timer && this.#timer.atMs <= nextMs)) return
    this.#timer?.cancel()
    const { clock } = this.#options
    const cancel = clock.after(Math.max(1, nextMs - clock.monotonicMs()), () => {
      this.#timer = undefined
      this.#ledger.expire(clock.monotonicMs())
      this.#arm()
    })
    this.#timer = { atMs: nextMs, cancel }
  }
}

/** Resolves when a batch is confirmed. */
async function settled(record: BatchRecord): Promise<void> {
  if (record.confirmedMs !== undefined) return
  await new Promise<void>((resolve) => record.waiters.push(resolve))
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}
