/**
 * The leases of nodes, over any database that has the table of `node-table.ts`. The rules, and why
 * they hold, are in `ports/node-lease.ts`.
 */
import { covers, type Position } from '../domain/revocation.ts'
import type { Clock } from '../ports/clock.ts'
import type { Log } from '../ports/log.ts'
import type { ConfirmedElsewhere, EntryPlace, NodeLeases } from '../ports/node-lease.ts'
import { NodeObserver } from './node-observer.ts'
import { writePosition, type NodeRow, type NodeRows, type NodeTable } from './node-table.ts'

export interface NodeLeaseTerms {
  /** How long a lease lasts, milliseconds. The same on all nodes. Default 2000. */
  readonly leaseMs?: number
  /** How often it is renewed, milliseconds, at most half the lease. Default 500. */
  readonly renewMs?: number
  /**
   * What others add to it, milliseconds. Default: what two clocks can differ by in a lease that run
   * at 0.98 and 1.02 of true time, and 20 for their granularity.
   */
  readonly marginMs?: number
}

export interface NodeLeaseOptions extends NodeLeaseTerms {
  readonly node: string
  readonly clock: Clock
  readonly log: Log | undefined
  /** Sends `node <name>` when a node has acknowledged; undefined where rows have to be polled. */
  readonly notifier: { onNotification(listener: (payload: string) => void): () => void } | undefined
  /** Opens the table; a call that is not answered within the lease is lost. */
  readonly openTable: (leaseMs: number) => NodeTable
}

/** Acknowledgements are told at most this often, milliseconds: each notifies all nodes. */
const TELL_EVERY_MS = 2

interface Renewal {
  readonly fromMs: number
  /** The same moment on the wall clock, which goes on while the machine sleeps. */
  readonly fromWallMs: number
  /** What must be applied before it counts. */
  readonly needs: Position
}

/** @throws {Error} If the terms are out of range. */
export function keepNodeLeases(options: NodeLeaseOptions): NodeLeases {
  const { leaseMs = 2_000, renewMs = 500 } = options
  const marginMs = options.marginMs ?? Math.ceil(leaseMs * (1.02 / 0.98 - 1)) + 20
  if (!(leaseMs >= 100 && leaseMs <= 60_000 && renewMs >= 10 && renewMs <= leaseMs / 2)) {
    throw new Error('Cannot keep leases: 100 to 60000 ms, renewed at least twice a lease')
  }
  return new TableNodeLeases(options, { leaseMs, renewMs, marginMs })
}

class TableNodeLeases implements NodeLeases {
  readonly node: string
  readonly #options: NodeLeaseOptions
  readonly #terms: Required<NodeLeaseTerms>
  readonly #table: NodeTable
  readonly #observer: NodeObserver
  readonly #applied = new Map<string, number>()
  readonly #acknowledged = new Map<string, number>()
  #member: string = crypto.randomUUID()
  #renewals: readonly Renewal[] = []
  /** What the latest renewal named. */
  #latest: Position | undefined
  #endMs = 0
  #endWallMs = 0
  #joined = false
  #closed = false
  #renewing = false
  #telling = false
  #tellAgain = false
  #away = false
  #stopNotifications: (() => void) | undefined
  #stopTimer: (() => void) | undefined

  constructor(options: NodeLeaseOptions, terms: Required<NodeLeaseTerms>) {
    const { node, clock, notifier, openTable } = options
    this.node = node
    this.#options = options
    this.#terms = terms
    this.#table = openTable(terms.leaseMs)
    this.#observer = new NodeObserver({
      clock,
      connect: () => this.#table.connect(),
      isOwn: (member) => member === this.#member,
      leaseMs: terms.leaseMs,
      marginMs: terms.marginMs,
      lookEveryMs: notifier === undefined ? 10 : 25,
    })
  }

  async join(): Promise<void> {
    if (!(await this.#table.use((rows) => this.#add(rows)))) {
      throw new Error('Cannot join: the other nodes have a lease of another length')
    }
    this.#joined = true
    this.#stopNotifications = this.#options.notifier?.onNotification((payload) => {
      if (payload === '' || payload.startsWith('node ')) this.#observer.notified()
    })
    await this.#renew()
    this.#renewLater()
    this.#observer.look()
  }

  applied(position: Position): void {
    merge(this.#applied, position)
    this.#count()
  }

  acknowledge(position: Position): void {
    merge(this.#acknowledged, position)
    this.#tell()
  }

  leaseLeftMs(): number {
    if (this.#closed) return 0
    const { clock } = this.#options
    // A machine that sleeps may stop its monotonic clock. A wall clock that was set forward costs a
    // lease, one that was set back changes nothing.
    const left = Math.min(this.#endMs - clock.monotonicMs(), this.#endWallMs - clock.nowMs())
    return Math.max(0, left)
  }

  others(): ReturnType<NodeLeases['others']> {
    return this.#observer.others()
  }

  confirmOnOtherNodes({ stream, sequence }: EntryPlace): Promise<ConfirmedElsewhere> {
    return this.#observer.confirmed(new Map([[stream, sequence]]))
  }

  confirmedUpTo(position: Position): Promise<ConfirmedElsewhere> {
    return this.#observer.confirmed(position)
  }

  async close(heldForMs: number): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    this.#stopNotifications?.()
    this.#stopTimer?.()
    this.#observer.close()
    if (heldForMs <= 0) {
      try {
        await (await this.#table.connect()).remove(this.#member, undefined)
      } catch {
        // The others see that it is not renewed any more.
      }
    }
    await this.#table.close()
  }

  /** Adds the row of this process. False, without it, where others have a lease of another length. */
  async #add(rows: NodeRows): Promise<boolean> {
    const { clock } = this.#options
    const { leaseMs, marginMs } = this.#terms
    const row = { member: this.#member, name: this.node, lease_ms: leaseMs }
    await rows.add({ ...row, acknowledged: writePosition(this.#acknowledged) })
    const differs = ({ lease_ms: other }: NodeRow): boolean => other !== leaseMs
    const strange = (await rows.list()).filter(differs)
    if (strange.length === 0) return true
    // They may be what is left of processes that ended: those do not renew.
    const maxMs = Math.max(...strange.map((node) => node.lease_ms))
    await new Promise<void>((resolve) => {
      clock.after(maxMs + marginMs, resolve)
    })
    for (const { member, renewals } of strange) await rows.remove(member, renewals)
    if (!(await rows.list()).some(differs)) return true
    await rows.remove(this.#member, undefined)
    return false
  }

  #renewLater(): void {
    if (this.#closed) return
    this.#stopTimer = this.#options.clock.after(this.#terms.renewMs, () => {
      void this.#renew()
      // Also keeps what is known of the others fresh.
      this.#observer.look()
      this.#renewLater()
    })
  }

  async #renew(): Promise<void> {
    if (this.#renewing || this.#closed) return
    this.#renewing = true
    // Before anything is sent: what the lease is counted from.
    const fromMs = this.#options.clock.monotonicMs()
    const fromWallMs = this.#options.clock.nowMs()
    try {
      const rows = await this.#table.connect()
      if (await this.#isBehind(rows, fromMs)) return
      const needs = await rows.renew(this.#member, this.#acknowledged)
      if (needs === undefined) await this.#joinAnew(rows)
      else {
        this.#latest = needs
        // What is so old that its lease is over cannot count any more.
        const kept = this.#renewals.filter((old) => old.fromMs + this.#terms.leaseMs > fromMs)
        this.#renewals = [...kept, { fromMs, fromWallMs, needs }]
        this.#count()
      }
      if (this.#away) this.#options.log?.info({ node: this.node }, 'Renewing the lease again')
      this.#away = false
    } catch (error) {
      const reason = this.#table.failed(error)
      if (!this.#away) this.#options.log?.warn({ reason }, 'Cannot renew the lease of this node')
      this.#away = true
    } finally {
      this.#renewing = false
    }
  }

  /**
   * Whether this node has had no lease for the length of one, because it did not apply what its
   * renewals named. Another renewal would bring it nothing, and keep the others waiting for it in
   * every confirmation: it hangs, or another process has taken its stream.
   */
  async #isBehind(rows: NodeRows, nowMs: number): Promise<boolean> {
    const latest = this.#latest
    if (latest === undefined || covers(this.#applied, latest)) return false
    if (nowMs < this.#endMs + this.#terms.leaseMs) return false
    // Read anew, because a failover may have taken back what was named then.
    this.#latest = await rows.heads()
    return !covers(this.#applied, this.#latest)
  }

  /** This process was away for so long that its row was removed. */
  async #joinAnew(rows: NodeRows): Promise<void> {
    this.#member = crypto.randomUUID()
    const added = await this.#add(rows)
    this.#options.log?.warn({ node: this.node, added }, 'This node was away: it joins anew')
  }

  /** Counts the newest renewal of which everything is applied; older ones do not matter any more. */
  #count(): void {
    const place = this.#renewals.findLastIndex(({ needs }) => covers(this.#applied, needs))
    const counted = this.#renewals[place]
    if (counted === undefined) return
    this.#endMs = Math.max(this.#endMs, counted.fromMs + this.#terms.leaseMs)
    this.#endWallMs = counted.fromWallMs + this.#terms.leaseMs
    this.#renewals = this.#renewals.slice(place + 1)
  }

  #tell(): void {
    if (!this.#joined || this.#closed) return
    if (this.#telling) {
      this.#tellAgain = true
      return
    }
    this.#telling = true
    const { clock } = this.#options
    const row = { member: this.#member, name: this.node }
    this.#table
      .connect()
      .then((rows) => rows.tell(row, this.#acknowledged))
      // The next renewal says it again.
      .catch(() => undefined)
      .finally(() => {
        clock.after(TELL_EVERY_MS, () => {
          this.#telling = false
          if (!this.#tellAgain) return
          this.#tellAgain = false
          this.#tell()
        })
      })
  }
}

function merge(into: Map<string, number>, position: Position): void {
  for (const [stream, sequence] of position) {
    if (sequence > (into.get(stream) ?? 0)) into.set(stream, sequence)
  }
}
