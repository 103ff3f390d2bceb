/**
 * What time it is, as far as this node may rely on it.
 *
 * Two questions, and no answer to either comes from the wall clock alone. _Up to when may something
 * be forgotten or deleted?_ By the trusted time (`domain/trusted-time.ts`), which is stored, so
 * that a restart with a wrong clock changes nothing. _May this node sign tokens and judge them?_
 * Where the database has a clock of its own, which all nodes share, only within 30 seconds of it.
 *
 * Revocation needs neither: see `docs/lease-argument.md`.
 */
import type { Clock, ReliableTime } from '../ports/clock.ts'
import type { Log } from '../ports/log.ts'
import type { MaintenanceStore } from '../ports/store.ts'
import type { TicketStore } from '../ports/ticket.ts'
import {
  BELIEVED_AFTER_HOURS,
  formatTrustedTime,
  lastLeadMs,
  latestMs,
  neverRan,
  parseTrustedTime,
  read,
  trustedMs,
  type TrustedTime,
} from '../domain/trusted-time.ts'
import { settingTexts, writeSettingText } from './settings.ts'

export interface Timekeeper extends ReliableTime {
  /**
   * The time up to which something may be forgotten, whole milliseconds since 1970. Late, never
   * early.
   */
  trustedMs(): number
  /** By how much the wall clock is ahead of that. */
  leadMs(): number
  /**
   * By how much the wall clock is ahead of the database's, milliseconds; undefined where there is
   * none, or it has not been asked yet.
   */
  databaseLeadMs(): number | undefined
  /** Why this node may neither sign nor judge tokens, in words; undefined where it may. */
  refusal(): string | undefined
  stop(): void
}

export type TimeStore = Pick<TicketStore, 'listTickets' | 'putTicket'> &
  Pick<MaintenanceStore, 'databaseTimeMs'> & { readonly stream: string }

/** Of the ticket that keeps the trusted time of a node, before its stream. */
export const TRUSTED_TIME = 'trusted-time'

/** A node whose clock is further from the database's than this refuses to serve. */
export const MAX_APART_MS = 30_000
const READ_EVERY_MS = 1000
const STORE_EVERY_MS = 60_000
const COMPARE_EVERY_MS = 5000
/** A lead worth a warning. */
const NOTABLE_MS = 60_000

/**
 * Reads what is stored, and both clocks.
 *
 * @param databaseAheadMs By how much the database's clock is taken to be ahead of what it says, for
 *   tests in which time passes for all nodes. Default: 0.
 * @throws {Refusal} `store_unavailable`.
 */
export async function openTimekeeper(
  store: TimeStore,
  clock: Clock,
  log: Log,
  databaseAheadMs: () => number = () => 0,
): Promise<Timekeeper> {
  const keeper = new StoredTime(store, clock, log, await storedTime(store), databaseAheadMs)
  await keeper.open()
  return keeper
}

/**
 * What this node has stored. A database that was restored begins a new stream, and a node that is
 * new has none: then the earliest of what others have stored, for it may be late and not early.
 */
async function storedTime(store: TimeStore): Promise<TrustedTime> {
  const stored = await settingTexts(store, `${TRUSTED_TIME} `)
  const own = stored.get(`${TRUSTED_TIME} ${store.stream}`)
  return (own === undefined ? [...stored.values()] : [own])
    .map((text) => parseTrustedTime(text) ?? neverRan)
    .reduce((first, time) => (trustedMs(time) < trustedMs(first) ? time : first), neverRan)
}

class StoredTime implements Timekeeper {
  readonly #store: TimeStore
  readonly #clock: Clock
  readonly #log: Log
  readonly #databaseAheadMs: () => number
  #time: TrustedTime
  #readAtMs: number
  #storedAtMs: number
  #comparedAtMs = -Infinity
  /** What the database's clock would show when this machine's monotonic clock showed 0. */
  #databaseStartMs: number | undefined
  #isApartTold = false
  /** The lead that is known: of before the last stop, or told since. */
  #knownLeadMs: number
  #cancel: () => void = () => undefined
  #stopped = false

  constructor(
    store: TimeStore,
    clock: Clock,
    log: Log,
    stored: TrustedTime,
    databaseAheadMs: () => number,
  ) {
    this.#databaseAheadMs = databaseAheadMs
    this.#store = store
    this.#clock = clock
    this.#log = log
    this.#time = stored
    this.#knownLeadMs = lastLeadMs(stored)
    this.#readAtMs = clock.monotonicMs()
    this.#storedAtMs = this.#readAtMs
  }

  async open(): Promise<void> {
    this.#read()
    await this.#compare()
    await this.#keep()
    this.#tell()
    this.#later()
  }

  trustedMs(): number {
    this.#read()
    const maxMs = this.#databaseMs() ?? Infinity
    return Math.floor(Math.min(trustedMs(this.#time), maxMs))
  }

  leadMs(): number {
    return this.#clock.nowMs() - this.trustedMs()
  }

  databaseLeadMs(): number | undefined {
    const databaseMs = this.#databaseMs()
    return databaseMs === undefined ? undefined : this.#clock.nowMs() - databaseMs
  }

  refusal(): string | undefined {
    const leadMs = this.databaseLeadMs() ?? 0
    if (Math.abs(leadMs) <= MAX_APART_MS) return undefined
    return `its clock is ${inWords(Math.abs(leadMs))} ${leadMs < 0 ? 'behind' : 'ahead of'} the database's`
  }

  nowMs(): number {
    const wallMs = this.#clock.nowMs()
    const databaseMs = this.#databaseMs()
    if (databaseMs === undefined || Math.abs(wallMs - databaseMs) <= MAX_APART_MS) return wallMs
    return databaseMs
  }

  cutoffMs(): number {
    const databaseMs = this.#databaseMs() ?? -Infinity
    return Math.floor(Math.max(this.nowMs(), databaseMs))
  }

  latestMs(): number {
    this.#read()
    return Math.ceil(Math.max(this.nowMs(), latestMs(this.#time)))
  }

  stop(): void {
    this.#stopped = true
    this.#cancel()
    this.#read()
    // What cannot be stored any more only makes the next start later.
    this.#keep().catch(() => undefined)
  }

  #databaseMs(): number | undefined {
    if (this.#databaseStartMs === undefined) return undefined
    return this.#databaseStartMs + this.#clock.monotonicMs() + this.#databaseAheadMs()
  }

  #read(): void {
    const nowMs = this.#clock.monotonicMs()
    this.#time = read(this.#time, nowMs - this.#readAtMs, this.#clock.nowMs())
    this.#readAtMs = nowMs
  }

  #later(): void {
    if (this.#stopped) return
    this.#cancel = this.#clock.after(READ_EVERY_MS, () => void this.#turn())
  }

  /** Fails where the store is away, which others say: the clocks go on. */
  async #turn(): Promise<void> {
    this.#read()
    const nowMs = this.#clock.monotonicMs()
    try {
      if (nowMs - this.#comparedAtMs >= COMPARE_EVERY_MS) await this.#compare()
      if (nowMs - this.#storedAtMs >= STORE_EVERY_MS) await this.#keep()
    } catch {
      // Tried again at the next turn.
    }
    this.#tell()
    this.#later()
  }

  /** The answer is of some moment between the question and now; the middle is the best guess. */
  async #compare(): Promise<void> {
    const askedMs = this.#clock.monotonicMs()
    const databaseMs = await this.#store.databaseTimeMs()
    const answeredMs = this.#clock.monotonicMs()
    this.#comparedAtMs = answeredMs
    // An answer that was long on its way says little.
    if (databaseMs === undefined || answeredMs - askedMs > MAX_APART_MS / 2) return
    this.#databaseStartMs = databaseMs - (askedMs + answeredMs) / 2
  }

  async #keep(): Promise<void> {
    const name = `${TRUSTED_TIME} ${this.#store.stream}`
    await writeSettingText(this.#store, name, formatTrustedTime(this.#time))
    this.#storedAtMs = this.#clock.monotonicMs()
  }

  #tell(): void {
    const refusal = this.refusal()
    const isApart = refusal !== undefined
    if (isApart !== this.#isApartTold) {
      if (isApart)
        this.#log.error(
          { reason: refusal },
          'This node answers no checks and signs no tokens: set its clock',
        )
      else this.#log.warn({}, 'The clock agrees with the database again: this node serves')
    }
    this.#isApartTold = isApart
    const leadMs = this.leadMs()
    if (leadMs > this.#knownLeadMs + NOTABLE_MS) {
      this.#log.warn(
        { leadMs: Math.round(leadMs) },
        'The wall clock has jumped ahead, or this node was down: nothing is forgotten or deleted by ' +
          `it until it has said so for ${String(BELIEVED_AFTER_HOURS)} hours of running`,
      )
      this.#knownLeadMs = leadMs
    }
    this.#knownLeadMs = Math.min(this.#knownLeadMs, leadMs)
  }
}

/**
 * Replicas forget ten minutes late: a guard whose clock is behind by less than that believes its
 * node (`guard/feed-session.ts`), and nothing that it checks is over before its time.
 */
const FORGET_LATE_MS = 600_000

/** Up to when a replica may forget, Unix time in seconds. */
export function forgetUntilSeconds(time: Pick<Timekeeper, 'trustedMs'>): number {
  return Math.max(0, Math.floor((time.trustedMs() - FORGET_LATE_MS) / 1000))
}

/** A length of time for people. */
export function inWords(ms: number): string {
  const seconds = Math.round(ms / 1000)
  if (seconds < 120) return `${String(seconds)} s`
  const minutes = Math.round(seconds / 60)
  if (minutes < 120) return `${String(minutes)} min`
  const hours = Math.round(minutes / 60)
  return hours < 72 ? `${String(hours)} h` : `${String(Math.round(hours / 24))} days`
}
