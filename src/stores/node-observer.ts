/** Watching the rows of other nodes, and waiting until none of them can accept what has ended. */
import { covers, type Position } from '../domain/revocation.ts'
import type { Clock } from '../ports/clock.ts'
import type { ConfirmedElsewhere, OtherNode } from '../ports/node-lease.ts'
import { readPosition, type NodeRow, type NodeRows } from './node-table.ts'

export interface ObserverOptions {
  readonly clock: Clock
  readonly connect: () => Promise<NodeRows>
  /** The row of this process, which is not observed. */
  readonly isOwn: (member: string) => boolean
  readonly leaseMs: number
  readonly marginMs: number
  /** How often rows are polled while a call waits and no notification comes, in milliseconds. */
  readonly lookEveryMs: number
}

interface Observed {
  readonly name: string
  readonly renewals: number
  /** When this observer first saw this counter: its lease began before that. */
  readonly sinceMs: number
  readonly acknowledged: Position
}

interface Waiting {
  readonly position: Position
  readonly fromMs: number
  readonly resolve: (outcome: ConfirmedElsewhere) => void
  readonly stopTimer: () => void
}

/** A row that was not renewed for this many leases is removed. */
const REMOVE_AFTER_LEASES = 30

export class NodeObserver {
  readonly #options: ObserverOptions
  readonly #waiting = new Set<Waiting>()
  #observed: ReadonlyMap<string, Observed> = new Map()
  #looking = false
  #lookAgain = false
  #stopTimer: (() => void) | undefined
  #closed = false

  constructor(options: ObserverOptions) {
    this.#options = options
  }

  others(): readonly OtherNode[] {
    const nowMs = this.#options.clock.monotonicMs()
    return [...this.#observed.values()].map((node) => ({
      name: node.name,
      acknowledged: node.acknowledged,
      mayHoldLease: nowMs < this.#endOf(node.sinceMs),
    }))
  }

  /** See `NodeLeases.confirmedUpTo`. */
  confirmed(position: Position): Promise<ConfirmedElsewhere> {
    const { clock, leaseMs, marginMs } = this.#options
    const fromMs = clock.monotonicMs()
    return new Promise((resolve) => {
      const waiting: Waiting = {
        position,
        fromMs,
        resolve,
        // By then every lease that does not know of the entries has run out, seen or not.
        stopTimer: clock.after(leaseMs + marginMs, () => {
          this.#decide(waiting)
        }),
      }
      this.#waiting.add(waiting)
      this.look()
    })
  }

  /** Looks at the rows now, or again after the look that is under way. */
  look(): void {
    if (this.#closed) return
    if (this.#looking) {
      this.#lookAgain = true
      return
    }
    this.#looking = true
    void this.#read().finally(() => {
      this.#looking = false
      if (this.#lookAgain) {
        this.#lookAgain = false
        this.look()
      } else if (this.#waiting.size > 0) this.#lookLater()
    })
  }

  /** Some node has acknowledged something. */
  notified(): void {
    if (this.#waiting.size > 0) this.look()
  }

  close(): void {
    this.#closed = true
    this.#stopTimer?.()
  }

  #lookLater(): void {
    this.#stopTimer?.()
    this.#stopTimer = this.#options.clock.after(this.#options.lookEveryMs, () => {
      this.look()
    })
  }

  async #read(): Promise<void> {
    const { clock, connect } = this.#options
    const startMs = clock.monotonicMs()
    let found: readonly NodeRow[]
    try {
      const rows = await connect()
      found = await rows.list()
      await this.#removeOld(rows)
    } catch {
      // The database is away: the timers of those who wait decide.
      return
    }
    this.#note(found, clock.monotonicMs())
    for (const waiting of this.#waiting) {
      // What was read before the entries were durable says nothing about them.
      if (waiting.fromMs <= startMs && this.#pending(waiting).length === 0) this.#decide(waiting)
    }
  }

  #note(rows: readonly NodeRow[], nowMs: number): void {
    const others = rows.filter(({ member }) => !this.#options.isOwn(member))
    this.#observed = new Map(
      others.map(({ member, name, renewals, acknowledged }) => {
        const before = this.#observed.get(member)
        const sinceMs = before?.renewals === renewals ? before.sinceMs : nowMs
        return [member, { name, renewals, sinceMs, acknowledged: readPosition(acknowledged) }]
      }),
    )
  }

  async #removeOld(rows: NodeRows): Promise<void> {
    const { clock, leaseMs } = this.#options
    const beforeMs = clock.monotonicMs() - REMOVE_AFTER_LEASES * leaseMs
    for (const [member, { sinceMs, renewals }] of this.#observed) {
      if (sinceMs < beforeMs) await rows.remove(member, renewals)
    }
  }

  /** The nodes that may hold a lease and have not acknowledged the entries. */
  #pending(waiting: Waiting): readonly Observed[] {
    const nowMs = this.#options.clock.monotonicMs()
    if (nowMs >= this.#endOf(waiting.fromMs)) return []
    return [...this.#observed.values()].filter(
      (node) => !hasAcknowledged(node, waiting) && nowMs < this.#endOf(node.sinceMs),
    )
  }

  #decide(waiting: Waiting): void {
    if (!this.#waiting.delete(waiting)) return
    waiting.stopTimer()
    // Those that were gone before the call were not waited for, and no longer verify.
    const asked = [...this.#observed.values()].filter(
      ({ sinceMs }) => waiting.fromMs < this.#endOf(sinceMs),
    )
    const acknowledged = asked.filter((node) => hasAcknowledged(node, waiting)).length
    waiting.resolve({ acknowledged, lapsed: asked.length - acknowledged })
  }

  #endOf(sinceMs: number): number {
    return sinceMs + this.#options.leaseMs + this.#options.marginMs
  }
}

function hasAcknowledged({ acknowledged }: Observed, { position }: Waiting): boolean {
  return covers(acknowledged, position)
}
