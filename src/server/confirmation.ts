import type { Receipt } from '../domain/receipt.ts'
import type { Clock } from '../ports/clock.ts'
import type { Confirmation } from '../ports/confirmation.ts'
import type { NodeLeases } from '../ports/node-lease.ts'
import type { Metrics } from './metrics.ts'

/** Receipts of several nodes together that are remembered. */
const RECEIPTS = 10_000

/**
 * Confirmation by everybody: this node with its guards (the hub), and the other nodes with theirs.
 * Each other node counts as one verifier in the receipt; it speaks for its guards.
 */
export function confirmEverywhere(
  hub: Confirmation,
  leases: Pick<NodeLeases, 'confirmOnOtherNodes'> | undefined,
  clock: Clock,
  metrics: Pick<Metrics, 'observeConfirmation'>,
): Confirmation {
  const remembered = new Map<string, Receipt>()

  async function together(
    revocation: Parameters<Confirmation['confirmed']>[0],
    nodes: Pick<NodeLeases, 'confirmOnOtherNodes'>,
  ): Promise<Receipt> {
    const startedMs = clock.monotonicMs()
    const [here, elsewhere] = await Promise.all([
      hub.confirmed(revocation),
      nodes.confirmOnOtherNodes(revocation),
    ])
    const receipt: Receipt = {
      ...here,
      acknowledged: here.acknowledged + elsewhere.acknowledged,
      verifiers: here.verifiers + elsewhere.acknowledged + elsewhere.lapsed,
      lapsed: here.lapsed + elsewhere.lapsed,
      elapsedMs: Math.max(here.elapsedMs, clock.monotonicMs() - startedMs),
    }
    remembered.set(revocation.id, receipt)
    if (remembered.size > RECEIPTS) {
      const [oldest] = remembered.keys()
      if (oldest !== undefined) remembered.delete(oldest)
    }
    return receipt
  }

  return {
    async confirmed(revocation) {
      const receipt = await (leases === undefined
        ? hub.confirmed(revocation)
        : together(revocation, leases))
      metrics.observeConfirmation(receipt.elapsedMs, receipt.lapsed)
      return receipt
    },
    receipt: (revocationId) => remembered.get(revocationId) ?? hub.receipt(revocationId),
  }
}
