import type { Receipt } from '../domain/receipt.ts'
import { RecentMap } from '../domain/recent-map.ts'
import type { Position, Revocation } from '../domain/revocation.ts'
import type { Clock } from '../ports/clock.ts'
import type { Confirmation, Confirmed } from '../ports/confirmation.ts'
import type { ConfirmedElsewhere, NodeLeases } from '../ports/node-lease.ts'
import type { Metrics } from './metrics.ts'

/** Receipts of several nodes together that are remembered. */
const RECEIPTS = 10_000

type OtherNodes = Pick<NodeLeases, 'confirmOnOtherNodes' | 'confirmedUpTo' | 'others'>

/**
 * Confirmation by all verifiers: this node with its guards (the hub), and the other nodes with
 * theirs. Each other node counts as one verifier in the receipt; it speaks for its guards.
 */
export function confirmEverywhere(
  hub: Confirmation,
  leases: OtherNodes | undefined,
  clock: Clock,
  metrics: Pick<Metrics, 'observeConfirmation'>,
): Confirmation {
  const all = leases === undefined ? hub : new AllNodes(hub, leases, clock)
  return {
    async confirmed(revocation) {
      const receipt = await all.confirmed(revocation)
      metrics.observeConfirmation(receipt.elapsedMs, receipt.lapsed)
      return receipt
    },
    confirmedUpTo: (position) => all.confirmedUpTo(position),
    receipt: (revocation) => all.receipt(revocation),
  }
}

class AllNodes implements Confirmation {
  readonly #hub: Confirmation
  readonly #leases: OtherNodes
  readonly #clock: Clock
  readonly #remembered = new RecentMap<string, Receipt>(RECEIPTS)
  readonly #asked = new Map<string, Promise<Receipt>>()

  constructor(hub: Confirmation, leases: OtherNodes, clock: Clock) {
    this.#hub = hub
    this.#leases = leases
    this.#clock = clock
  }

  confirmed(revocation: Revocation): Promise<Receipt> {
    const { id } = revocation
    const asked = this.#asked.get(id)
    if (asked) return asked
    const answer = this.#ask(revocation).finally(() => this.#asked.delete(id))
    this.#asked.set(id, answer)
    return answer
  }

  /**
   * What this node and its guards have said is not a confirmation yet. The others are asked, so
   * that a later look finds the answer, also where no call waits.
   */
  receipt(revocation: Revocation): Receipt | undefined {
    const known = this.#remembered.get(revocation.id)
    if (known) return known
    const here = this.#hub.receipt(revocation)
    if (here === undefined) return undefined
    // Neither the hub nor the leases reject.
    void this.confirmed(revocation)
    const verifiers = here.verifiers + this.#leases.others().length
    return { ...here, confirmed: false, verifiers }
  }

  async confirmedUpTo(position: Position): Promise<Confirmed> {
    const startedMs = this.#clock.monotonicMs()
    const [here, elsewhere] = await Promise.all([
      this.#hub.confirmedUpTo(position),
      this.#leases.confirmedUpTo(position),
    ])
    return together(here, elsewhere, this.#clock.monotonicMs() - startedMs)
  }

  async #ask(revocation: Revocation): Promise<Receipt> {
    const startedMs = this.#clock.monotonicMs()
    const [here, elsewhere] = await Promise.all([
      this.#hub.confirmed(revocation),
      this.#leases.confirmOnOtherNodes(revocation),
    ])
    const elapsedMs = this.#clock.monotonicMs() - startedMs
    const receipt: Receipt = { ...here, ...together(here, elsewhere, elapsedMs) }
    this.#remembered.set(revocation.id, receipt)
    return receipt
  }
}

/** This node with its guards, and the others with theirs. */
function together(here: Confirmed, elsewhere: ConfirmedElsewhere, elapsedMs: number): Confirmed {
  return {
    acknowledged: here.acknowledged + elsewhere.acknowledged,
    verifiers: here.verifiers + elsewhere.acknowledged + elsewhere.lapsed,
    lapsed: here.lapsed + elsewhere.lapsed,
    elapsedMs: Math.max(here.elapsedMs, elapsedMs),
  }
}
