import type { Clock } from '../ports/clock.ts'
import type { Position } from '../domain/revocation.ts'
import type { ConfirmedElsewhere, EntryPlace, NodeLeases } from '../ports/node-lease.ts'

type Leases = Pick<NodeLeases, 'others' | 'confirmOnOtherNodes' | 'confirmedUpTo'>

/** A hundred times a second is often enough, however many logouts are confirmed. */
const measureEveryMs = 10

/**
 * How long other nodes take to acknowledge what is committed here. It stands between those who wait
 * for a confirmation and the leases that give it, and looks at the clock; what other nodes commit
 * is measured there.
 */
export class NodeLags {
  readonly #leases: Leases
  readonly #clock: Pick<Clock, 'monotonicMs'>
  #lags: ReadonlyMap<string, number> = new Map()
  #measuredMs = -Infinity

  constructor(leases: Leases, clock: Pick<Clock, 'monotonicMs'>) {
    this.#leases = leases
    this.#clock = clock
  }

  /** See `NodeLeases.others`. */
  others(): ReturnType<NodeLeases['others']> {
    return this.#leases.others()
  }

  /** See `NodeLeases.confirmOnOtherNodes`. */
  async confirmOnOtherNodes(place: EntryPlace): Promise<ConfirmedElsewhere> {
    const fromMs = this.#clock.monotonicMs()
    const outcome = await this.#leases.confirmOnOtherNodes(place)
    this.#measure(place, fromMs)
    return outcome
  }

  /**
   * See `NodeLeases.confirmedUpTo`. Of entries from anywhere and of any age, so nothing is
   * measured.
   */
  confirmedUpTo(position: Position): Promise<ConfirmedElsewhere> {
    return this.#leases.confirmedUpTo(position)
  }

  /**
   * From a commit here until that node and its guards had acknowledged it, as last measured, in
   * milliseconds; undefined where it has acknowledged nothing yet. Of several nodes, all are as
   * slow as the slowest: a confirmation waits for it.
   */
  of(node: string): number | undefined {
    return this.#lags.get(node)
  }

  #measure({ stream, sequence }: EntryPlace, fromMs: number): void {
    const nowMs = this.#clock.monotonicMs()
    if (nowMs - this.#measuredMs < measureEveryMs) return
    this.#measuredMs = nowMs
    const lags = new Map<string, number>()
    for (const { name, acknowledged } of this.#leases.others()) {
      const has = (acknowledged.get(stream) ?? 0) >= sequence
      const lagMs = has ? nowMs - fromMs : this.#lags.get(name)
      if (lagMs !== undefined) lags.set(name, lagMs)
    }
    this.#lags = lags
  }
}
