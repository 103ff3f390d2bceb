/** Sends what is due: some at once, and to no receiver so many that another has to wait. */
import { DELIVERY_LEASE_MS } from '../../core/deliver.ts'
import { receiverKind, type Delivery } from '../../domain/delivery.ts'
import type { Receiver } from '../../ports/delivery.ts'
import { reasonOf } from '../reason-of.ts'
import type { DeliveringParts } from './index.ts'

/** How often this node looks for what has become due. */
const LOOK_EVERY_MS = 1_000

/** On their way to one receiver, and to all of them. */
const MAX_PER_RECEIVER = 8
const MAX_CONCURRENT = 128

/** Receivers that one look takes care of. */
const MAX_RECEIVERS = 1_000

export interface Sending {
  /** Looks now, or again after the look that is under way. */
  wake(): void
  close(): Promise<void>
}

export function startSending(parts: DeliveringParts): Sending {
  return new Sender(parts)
}

class Sender implements Sending {
  readonly #parts: DeliveringParts
  readonly #receivers: ReadonlyMap<string, Receiver>
  /** Names this process in its claims. */
  readonly #claimant: string = crypto.randomUUID()
  readonly #stopping = new AbortController()
  readonly #underWay = new Map<string, Set<Promise<void>>>()
  /** By the monotonic clock: receivers that want to be left alone until then. */
  readonly #pausedUntilMs = new Map<string, number>()
  #looking: Promise<void> | undefined
  #again = false
  #cancelLook: () => void = () => undefined

  constructor(parts: DeliveringParts) {
    this.#parts = parts
    this.#receivers = new Map(
      parts.dependencies.receivers.map((receiver) => [receiver.kind, receiver]),
    )
    this.wake()
  }

  wake(): void {
    if (this.#stopping.signal.aborted) return
    if (this.#looking !== undefined) {
      this.#again = true
      return
    }
    this.#cancelLook()
    this.#looking = this.#look().finally(() => {
      this.#looking = undefined
      if (this.#again) {
        this.#again = false
        this.wake()
      } else if (!this.#stopping.signal.aborted) {
        this.#cancelLook = this.#parts.dependencies.clock.after(LOOK_EVERY_MS, () => {
          this.wake()
        })
      }
    })
  }

  async close(): Promise<void> {
    this.#stopping.abort()
    this.#cancelLook()
    await this.#looking
    await Promise.all([...this.#underWay.values()].flatMap((some) => [...some]))
  }

  async #look(): Promise<void> {
    const { store, clock, log } = this.#parts.dependencies
    try {
      const due = await store.dueReceivers(clock.nowMs(), MAX_RECEIVERS)
      for (const name of due) await this.#claim(name)
    } catch (error) {
      if (this.#stopping.signal.aborted) return
      log.warn({ reason: reasonOf(error) }, 'Cannot look for what is to be delivered')
    }
  }

  async #claim(name: string): Promise<void> {
    const { store, clock } = this.#parts.dependencies
    const free = this.#freePlaces(name)
    if (free === 0 || !this.#receivers.has(receiverKind(name)) || this.#isPaused(name)) return
    const claimed = await store.claimDeliveries({
      receiver: name,
      claimedBy: this.#claimant,
      nowMs: clock.nowMs(),
      leaseMs: DELIVERY_LEASE_MS,
      limit: free,
    })
    for (const delivery of claimed) this.#send(delivery)
  }

  #send(delivery: Delivery): void {
    const { core, dependencies, observe } = this.#parts
    const { clock, log } = dependencies
    const { receiver: name } = delivery
    const receiver = this.#receivers.get(receiverKind(name))
    if (receiver === undefined) return
    const others = this.#underWay.get(name) ?? new Set()
    this.#underWay.set(name, others)
    const stopping = this.#stopping.signal
    const sent = core
      .deliver({ receiver, delivery, stopping })
      .then(({ state, retryAfterMs }) => {
        observe(name, state)
        if (retryAfterMs !== undefined) {
          this.#pausedUntilMs.set(name, clock.monotonicMs() + retryAfterMs)
        }
      })
      .catch((error: unknown) => {
        // Its claim ends, and it is sent again under the same id.
        const fields = { delivery: delivery.id, receiver: name, reason: reasonOf(error) }
        log.warn(fields, 'Cannot settle a delivery')
      })
      .finally(() => {
        others.delete(sent)
        if (others.size === 0) this.#underWay.delete(name)
        this.wake()
      })
    others.add(sent)
  }

  #freePlaces(name: string): number {
    let all = 0
    for (const some of this.#underWay.values()) all += some.size
    return Math.min(MAX_PER_RECEIVER - (this.#underWay.get(name)?.size ?? 0), MAX_CONCURRENT - all)
  }

  #isPaused(name: string): boolean {
    const untilMs = this.#pausedUntilMs.get(name)
    if (untilMs === undefined) return false
    if (untilMs > this.#parts.dependencies.clock.monotonicMs()) return true
    this.#pausedUntilMs.delete(name)
    return false
  }
}
