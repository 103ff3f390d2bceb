/** Every verifier that a confirmation waits for, as the admin API shows it. */
import type { Position } from '../../../domain/revocation.ts'
import type { VerifierStatus } from '../../../feed/index.ts'
import type { WireAcknowledgement, WireVerifier } from '../../../protocol/admin-api.ts'
import type { NodeView } from '../../node-view.ts'

/** This node with its guards, and the other nodes, each of which speaks for its guards. */
export function wireVerifiers(node: NodeView): readonly WireVerifier[] {
  const own = node.hub.verifiers()
  const head = own[0]?.position ?? new Map<string, number>()
  return [...own.map((verifier) => wireVerifier(verifier, head)), ...otherNodes(node, head)]
}

/** What each verifier said to one revocation; undefined once that is no longer remembered. */
export function wireAcknowledgements(
  { hub }: NodeView,
  revocationId: string,
): readonly WireAcknowledgement[] | undefined {
  return hub.detailedReceipt(revocationId)?.outcomes.map(({ name, outcome, afterMs }) => ({
    verifier: name,
    outcome,
    elapsedMs: Math.round(afterMs),
  }))
}

function wireVerifier(verifier: VerifierStatus, head: Position): WireVerifier {
  const { position, leaseLeftMs, lagMs, connectedSinceMs, kind } = verifier
  return {
    id: verifier.id,
    kind,
    name: verifier.name,
    address: verifier.address ?? null,
    fresh: kind === 'node' || (leaseLeftMs ?? 0) > 0,
    leaseLeftMs: leaseLeftMs === undefined ? null : Math.round(leaseLeftMs),
    behind: behind(head, position),
    lagMs: lagMs === undefined ? null : Math.round(lagMs),
    connectedAt: connectedSinceMs === undefined ? null : new Date(connectedSinceMs).toISOString(),
  }
}

function otherNodes(node: NodeView, head: Position): readonly WireVerifier[] {
  return node.otherNodes().map(({ name, acknowledged, mayHoldLease }) => {
    const measuredMs = node.lagMsOf(name)
    const ageMs = node.hub.ageAfter(acknowledged)
    return {
      id: name,
      kind: 'node',
      name,
      address: null,
      fresh: mayHoldLease,
      leaseLeftMs: null,
      behind: behind(head, acknowledged),
      lagMs:
        measuredMs === undefined && ageMs === 0
          ? null
          : Math.round(Math.max(measuredMs ?? 0, ageMs)),
      connectedAt: null,
    }
  })
}

function behind(head: Position, reached: Position | undefined): number {
  let entries = 0
  for (const [stream, sequence] of head) {
    entries += Math.max(0, sequence - (reached?.get(stream) ?? 0))
  }
  return entries
}
