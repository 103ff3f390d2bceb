/** What tests of cuts are made of. */
import { cutLog, type StreamCut } from '../../src/core/cut-log.ts'
import type { CoreDependencies } from '../../src/core/dependencies.ts'
import type { Store } from '../../src/ports/store.ts'
import { now } from '../../src/stores/contract/samples.ts'

export const day: number = 86_400_000
export const old: { readonly atMs: number } = { atMs: now - 100 * day }
export const beforeMs: number = now - 10 * day

/** Plans every delivery, so that nothing stands in the way of a cut. */
export async function planAll(store: Store): Promise<void> {
  for (;;) {
    const ends = await store.readEnds({ stream: undefined, dialects: [], issuers: [], limit: 1000 })
    if (ends === undefined) return
    await store.planDeliveries({ ...ends, owed: [] })
  }
}

const nobody = { acknowledged: 0, verifiers: 0, lapsed: 0, elapsedMs: 0 }

/** Every verifier has confirmed everything, and no time passes. */
export const confirmedAtOnce: Pick<CoreDependencies, 'confirmation' | 'clock'> = {
  clock: { nowMs: () => now, monotonicMs: () => 0, after: () => () => undefined },
  confirmation: {
    confirmedUpTo: () => Promise.resolve(nobody),
    confirmed: () => Promise.reject(new Error('it is not asked')),
    receipt: () => undefined,
  },
}

/** Cuts as a server does. */
export async function cut(
  store: Store,
  request: { readonly dryRun?: boolean; readonly steps?: number } = {},
): Promise<readonly StreamCut[]> {
  await planAll(store)
  return cutLog({ store, ...confirmedAtOnce }, { beforeMs, actor: 'retention', ...request })
}
