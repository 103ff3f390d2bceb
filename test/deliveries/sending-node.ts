/** The part of a node that sends, to receivers of every kind. */
import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Core } from '../../src/core/core.ts'
import { deliver } from '../../src/core/deliver.ts'
import type { CoreDependencies } from '../../src/core/dependencies.ts'
import { openKeyRing } from '../../src/core/key-ring.ts'
import type { Delivery } from '../../src/domain/delivery.ts'
import { startSending, type Sending } from '../../src/server/deliveries/sending.ts'
import { silentLog, systemRandom } from '../../src/server/system.ts'
import { oweDelivery } from '../admin/deliveries.ts'
import { temporarySqlite } from '../stores/temporary.ts'
import type { World } from './bad-receivers.ts'
import { receiversOf } from './every-receiver.ts'
import { ManualClock } from './manual-clock.ts'
import { Work } from './work.ts'

const random = systemRandom()

interface SendingNode {
  readonly clock: ManualClock
  find(id: string): Promise<Delivery>
  /** Gives the id of the delivery. */
  owe(receiver: string, facts: Delivery['facts']): Promise<string>
  /** Begins to send. */
  send(): void
  retry(id: string): Promise<unknown>
  allTried(ids: Iterable<string>): Promise<boolean>
  allDelivered(ids: Iterable<string>): Promise<boolean>
}

/** The part of a node that sends, on a store of its own and a clock that goes on when told. */
export async function startSendingNode(
  context: TestContext,
  world: World,
  url: string,
): Promise<SendingNode> {
  const work = new Work()
  const clock = new ManualClock(async () => {
    do await sleep(5)
    while (work.underWay > world.held)
  })
  const database = await temporarySqlite()
  const { store } = database
  const keys = await openKeyRing({
    store,
    clock,
    random,
    algorithm: 'ES256',
    trustedMs: () => 0,
    isRemoved: () => false,
  })
  const dependencies = { store, clock, random, log: silentLog }
  const core = {
    deliver: work.counted((request: Parameters<Core['deliver']>[0]) =>
      deliver(dependencies as unknown as CoreDependencies, request),
    ),
  } as unknown as Core
  const receivers = await receiversOf(url, clock, keys)
  let sending: Sending | undefined
  context.after(async () => {
    await sending?.close()
    await database.close()
  })
  const find = async (id: string): Promise<Delivery> => {
    const delivery = await store.findDelivery(id)
    assert.ok(delivery)
    return delivery
  }
  return {
    clock,
    find,
    owe: (receiver: string, facts: Delivery['facts']) =>
      oweDelivery(store, { receiver, facts, createdAtMs: clock.nowMs() }),
    send() {
      sending = startSending({
        core,
        dependencies: {
          ...dependencies,
          receivers,
          store: work.countedIn(store),
        },
        observe: () => undefined,
      })
    },
    retry: (id: string) => store.retryDelivery(id, clock.nowMs()),
    async allTried(ids: Iterable<string>): Promise<boolean> {
      const found = await Promise.all([...ids].map(find))
      return found.every(({ lastError }) => lastError !== undefined)
    },
    async allDelivered(ids: Iterable<string>): Promise<boolean> {
      const found = await Promise.all([...ids].map(find))
      return found.every(({ state }) => state === 'delivered')
    },
  }
}
