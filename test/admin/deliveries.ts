import { randomUUID } from 'node:crypto'
import type { OwedDelivery } from '../../src/domain/delivery.ts'
import type { Store } from '../../src/ports/store.ts'

/**
 * Makes the store owe something to a receiver that no part of the program tells, so that it stays
 * as it is. Returns its id.
 */
export async function oweDelivery(
  store: Store,
  values: Partial<OwedDelivery> = {},
): Promise<string> {
  const id = randomUUID()
  for (;;) {
    await store.revoke({
      id: randomUUID(),
      scope: 'session',
      key: randomUUID(),
      reason: 'logout',
      actor: 'system',
      note: '',
      atMs: Date.now(),
    })
    const ends = await store.readEnds({ stream: undefined, dialects: [], issuers: [], limit: 1000 })
    const delivery: OwedDelivery = {
      id,
      receiver: 'nobody:knows',
      subject: 'maria',
      revocationId: randomUUID(),
      facts: { userId: 'maria' },
      createdAtMs: Date.now(),
      ...values,
    }
    // The server plans as well, and may be quicker.
    if (ends !== undefined && (await store.planDeliveries({ ...ends, owed: [delivery] }))) return id
  }
}
