import { authenticateGuard } from '../core/guard-credential.ts'
import type { CoreDependencies } from '../core/dependencies.ts'
import type { FeedSocketsOptions } from '../feed/websocket.ts'
import type { ClientAddresses } from '../http/client-address.ts'
import { addressBlock } from '../http/rate-limit.ts'

/**
 * Makes the check of credentials on the feed, and closes the connections of a guard that is
 * removed: its removal is a revocation of the client that it is, which every node hears of.
 */
export function guardConnections(
  dependencies: CoreDependencies,
): FeedSocketsOptions['authenticate'] {
  const connections = new Map<string, Set<() => void>>()
  dependencies.store.onCommitted((entries) => {
    for (const { scope, key } of entries) {
      if (scope !== 'client') continue
      for (const drop of connections.get(key) ?? []) drop()
    }
  })
  return async (credential, { drop, onClosed }) => {
    const { id } = await authenticateGuard(dependencies, credential)
    const own = connections.get(id) ?? new Set()
    connections.set(id, own.add(drop))
    onClosed(() => {
      own.delete(drop)
      if (own.size === 0 && connections.get(id) === own) connections.delete(id)
    })
    // Again, now that a removal would be heard: one may have been committed in between.
    await authenticateGuard(dependencies, credential)
    return id
  }
}

/** Who calls on the feed, and who holds an address: as the limits of calls count them. */
export function callersOf(
  addresses: Pick<ClientAddresses, 'of'>,
): Required<Pick<FeedSocketsOptions, 'addressOf' | 'holderOfAddress'>> {
  return {
    addressOf: ({ socket, headers }) => addresses.of(socket.remoteAddress ?? '', headers),
    holderOfAddress: addressBlock,
  }
}
