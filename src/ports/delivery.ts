/**
 * Deliveries: what must be told to others because something ended, derived from the log and never
 * from a call site.
 *
 * - **Planning** follows every stream of the log by a cursor and stores what each entry makes owed,
 *   in the commit that moves the cursor. So every entry is planned exactly once, whichever node
 *   wrote it and whichever nodes die.
 * - **Sending** claims what is due for as long as a lease lasts, sends it and settles the claim. A
 *   node that dies leaves a claim that ends. A message therefore arrives at least once, each time
 *   under the same id.
 *
 * Receivers (`src/receivers`) only say what they are owed, and send one message.
 */
import type { Delivery, DeliveryState, OwedDelivery } from '../domain/delivery.ts'
import type { Revocation } from '../domain/revocation.ts'
import type { Json, Session } from '../domain/session.ts'
import type { Page, PageRequest } from './page.ts'

/** A session as one of its clients had it, and the entry that ended it for that client. */
export interface EndedSession {
  readonly entry: Revocation
  readonly session: Session
}

/** How far the entries of one stream have been planned. */
export interface DeliveryCursor {
  readonly stream: string
  /** Every entry up to this one is planned. */
  readonly sequence: number
  /**
   * Of the entry behind it: the store's number of the last participant that was looked at, 0 where
   * the entry was not begun. What one entry ended may be a million sessions.
   */
  readonly sessionNumber: number
}

export interface EndsRequest {
  /** Only entries of this stream; undefined: of any. */
  readonly stream: string | undefined
  /** Streams that are passed over, so that those behind them have their turn. Default: none. */
  readonly except?: readonly string[]
  /** Dialects in whose sessions a receiver is interested. */
  readonly dialects: readonly string[]
  /** Other issuers, by `iss`, in the ends of whose tokens a receiver is interested. */
  readonly issuers: readonly string[]
  /** How many entries, and how many participants, are looked at; 1 to 10,000. */
  readonly limit: number
}

/** What the next entries that are not planned yet have ended. */
export interface Ends {
  /** Names the plan that this was read from: see `planDeliveries`. */
  readonly version: number
  readonly ended: readonly EndedSession[]
  /** Entries that ended tokens of those issuers, in their order. */
  readonly foreign: readonly Revocation[]
  /** Where the cursor stands once this is planned. */
  readonly reached: DeliveryCursor
  /** Whether the stream had more behind it when this was read. */
  readonly hasMore: boolean
}

export interface PlanCommand {
  readonly version: number
  readonly reached: DeliveryCursor
  readonly owed: readonly OwedDelivery[]
}

export interface ClaimCommand {
  readonly receiver: string
  /** Names the process that claims; unique. */
  readonly claimedBy: string
  readonly nowMs: number
  readonly leaseMs: number
  /** 1 to 1000. */
  readonly limit: number
}

/** How an attempt ended. */
export interface SettleCommand {
  readonly id: string
  readonly claimedBy: string
  /** `owed`: it is to be tried again. */
  readonly state: Exclude<DeliveryState, 'claimed'>
  readonly attempts: number
  /** `owed`: when it is tried again. Otherwise: now. */
  readonly atMs: number
  readonly lastError: string | undefined
  /** When the attempt ended of which `lastError` is. */
  readonly failedAtMs: number | undefined
}

export interface DeliveryFilter {
  readonly state?: DeliveryState
  readonly receiver?: string
  readonly revocationId?: string
}

export interface DeliveryCounts {
  /** Owed or claimed. */
  readonly owed: number
  readonly dead: number
  /** Since when the oldest that is owed or claimed has been owed. */
  readonly oldestOwedAtMs: number | undefined
}

/** What is stored for one receiver. Times are those of the nodes that wrote them. */
export interface ReceiverDeliveries {
  readonly receiver: string
  /** Owed or claimed. */
  readonly owed: number
  readonly dead: number
  /** Since when the oldest that is owed or claimed has been owed. */
  readonly oldestOwedAtMs: number | undefined
  /** Undefined also where what was delivered is no longer stored. */
  readonly lastDeliveredAtMs: number | undefined
  /** Of what was not delivered since: the attempt that failed last. */
  readonly lastFailure: { readonly atMs: number; readonly error: string } | undefined
}

/**
 * A due time that is further ahead than any pause or lease was written by a clock that was wrong:
 * it counts as past, milliseconds.
 */
export const MAX_DUE_MS = 7_200_000

/**
 * For how long settled deliveries can be looked up, milliseconds; dead ones longer. It counts from
 * the first sweep that finds them settled, by a clock that the store keeps for all nodes: it goes
 * on as the latest time of a sweep does, by {@link MAX_COUNTED_STEP_MS} at most each time. The times
 * that nodes sweep by may lie years apart, and each is late by any amount.
 */
export const DELIVERED_KEPT_MS: number = 7 * 86_400_000
export const DEAD_KEPT_MS: number = 90 * 86_400_000

/** While a server runs it sweeps far more often. What goes beyond it while none ran does not count. */
export const MAX_COUNTED_STEP_MS = 86_400_000

export interface DeliveryStore {
  /**
   * Reads on behind the cursor of a stream: the sessions of these dialects that the next entries
   * ended, in the order of the entries, for each client that was in one. Each once, whatever ended
   * it again: what an entry which is planned already had ended is left out. What has expired is
   * told of for as long as it is stored: the entry's own time may be that of a wrong clock. And the
   * entries among them that ended tokens of these issuers, each once. Undefined where every entry
   * is planned.
   *
   * The cursor of a new stream stands before its first entry.
   */
  readEnds(request: EndsRequest): Promise<Ends | undefined>

  /**
   * Stores what is owed and moves the cursor, in one commit. Ids that are stored already are passed
   * over.
   *
   * @returns False where anything was planned since that version was read: then nothing changed.
   */
  planDeliveries(command: PlanCommand): Promise<boolean>

  /** Receivers that something is due for, by name, at most `limit` (1 to 1000). */
  dueReceivers(nowMs: number, limit: number): Promise<readonly string[]>

  /**
   * Claims what is due for a receiver, the longest due first, and counts an attempt of each. Of
   * messages on one subject only the oldest that is neither delivered nor dead can be claimed.
   */
  claimDeliveries(command: ClaimCommand): Promise<readonly Delivery[]>

  /** @returns False where the claim had ended and another node has it: then nothing changed. */
  settleDelivery(command: SettleCommand): Promise<boolean>

  /**
   * Makes a dead or owed delivery due now, as if it had never been tried. One that is claimed or
   * delivered stays as it is.
   *
   * @returns As it is afterwards; undefined where there is none.
   */
  retryDelivery(id: string, nowMs: number): Promise<Delivery | undefined>

  findDelivery(id: string): Promise<Delivery | undefined>

  /** Newest first. */
  listDeliveries(filter: DeliveryFilter, page: PageRequest): Promise<Page<Delivery>>

  countDeliveries(): Promise<DeliveryCounts>

  /**
   * Receivers that any delivery is stored for, by name in order of code points: at most `limit` (1
   * to 10,000) behind `after`.
   */
  storedReceivers(after: string, limit: number): Promise<readonly string[]>

  /** What is stored for each of these, at most 10,000, in their order. Delivered ones are not read. */
  countByReceiver(receivers: readonly string[]): Promise<readonly ReceiverDeliveries[]>
}

/** What a receiver is owed because something ended. */
export interface Owed {
  /** Which of the receivers of this kind. */
  readonly name: string
  readonly subject: string
  /** What the message is about: of one entry, the same twice is one message. */
  readonly about: string
  readonly facts: { readonly [name: string]: Json }
}

export type SendOutcome =
  | { readonly kind: 'delivered' }
  /** It may be taken later. */
  | { readonly kind: 'again'; readonly error: string; readonly retryAfterMs?: number }
  /** It will never be taken as it is. */
  | { readonly kind: 'refused'; readonly error: string }

/** A receiver that is told now. */
export interface ConfiguredReceiver {
  /** Which of the receivers of this kind: what `owes` calls it. */
  readonly name: string
  /** What people call it. */
  readonly title: string
  /** How it is told, in words: a standard or a product. */
  readonly standard: string
  /** Where it is told; undefined where that is no URL. Only its host is shown. */
  readonly url: string | undefined
}

/** Tells others of one kind. Formats and sends; everything else is the core's. */
export interface Receiver {
  /** Letters, digits and hyphens. */
  readonly kind: string
  /** Dialects whose sessions concern it. */
  readonly dialects: readonly string[]
  /** What is owed because this session ended; undefined for nothing. Never throws. */
  owes(ended: EndedSession): Owed | undefined
  /** Other issuers, by `iss`, the end of whose tokens concerns it. Default: none. */
  readonly issuers?: readonly string[]
  /** What is owed because tokens of one of them ended here. Never throws. */
  owesForeign?(entry: Revocation): Owed | undefined
  /**
   * Those of this kind that are told now, as configuration and registry have them. At least the
   * `limit` first whose names stand behind `after` in order of code points; it may be more, in any
   * order. Without it they are listed once they have been owed something.
   */
  configured?(after: string, limit: number): Promise<readonly ConfiguredReceiver[]>
  /** Sends one message. Ends soon after the signal is aborted. */
  send(delivery: Delivery, signal: AbortSignal): Promise<SendOutcome>
}
