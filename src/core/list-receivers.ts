import { receiverKind } from '../domain/delivery.ts'
import type { ConfiguredReceiver, Receiver, ReceiverDeliveries } from '../ports/delivery.ts'
import type { Page } from '../ports/page.ts'
import type { CoreDependencies } from './dependencies.ts'

/** Somebody who is told of logouts, or was and still has deliveries. */
export interface ReceiverStatus extends ReceiverDeliveries {
  /** What the configuration or the registry says of it; undefined where they do not name it. */
  readonly known: ConfiguredReceiver | undefined
  /** Whether it is told of what ends from now on. */
  readonly isConfigured: boolean
}

/**
 * Everyone who is told of logouts, by name in order of code points: those that the configuration
 * and the client registry know, and those that deliveries are stored for.
 *
 * @param page The cursor is the name behind which the page begins; `limit` is 1 to 1000.
 * @throws {Refusal} `store_unavailable`.
 */
export async function listReceivers(
  { store, receivers }: Pick<CoreDependencies, 'store' | 'receivers'>,
  { after, limit }: { readonly after: string; readonly limit: number },
): Promise<Page<ReceiverStatus>> {
  // One more than is shown. What stands on the page is among so many of every source, so whatever
  // a source does not give of it the source does not have.
  const atMost = limit + 1
  const [stored, ...configured] = await Promise.all([
    store.storedReceivers(after, atMost),
    ...receivers.map((receiver) => configuredOf(receiver, after, atMost)),
  ])
  const known = new Map(configured.flat())
  const names = [...new Set([...stored, ...known.keys()])]
    .filter((name) => byCodePoint(name, after) > 0)
    .toSorted(byCodePoint)
  const counted = await store.countByReceiver(names.slice(0, limit))
  const items = counted.map((counts) => {
    const { receiver: name, lastDeliveredAtMs = -Infinity, lastFailure } = counts
    const one = known.get(name)
    return {
      ...counts,
      // What was delivered since says that it takes messages again.
      lastFailure: lastFailure && lastFailure.atMs >= lastDeliveredAtMs ? lastFailure : undefined,
      known: one,
      isConfigured: one !== undefined || receivers.some((each) => takesAny(each, name)),
    }
  })
  return { items, next: names.length > limit ? counted.at(-1)?.receiver : undefined }
}

async function configuredOf(
  receiver: Receiver,
  after: string,
  limit: number,
): Promise<readonly (readonly [string, ConfiguredReceiver])[]> {
  const prefix = `${receiver.kind}:`
  const behind = after.startsWith(prefix) ? after.slice(prefix.length) : ''
  const found = (await receiver.configured?.(behind, limit)) ?? []
  return found.map((one) => [prefix + one.name, one])
}

/** Where a kind does not say whom it tells, each that it was made to tell is one of them. */
function takesAny(receiver: Receiver, name: string): boolean {
  return receiver.configured === undefined && receiver.kind === receiverKind(name)
}

/** The order of the stores. `<` compares UTF-16 units, which differs from U+10000 on. */
function byCodePoint(one: string, other: string): number {
  return Buffer.compare(Buffer.from(one), Buffer.from(other))
}
