/** Revocations as they are committed, followed for as long as the console is open. */
import { ApiError, type WireNamedRevocation } from 'outright/client'
import { api, signInAddress } from './api.ts'
import { createStore } from './store.ts'

export interface Live {
  readonly state: 'connecting' | 'connected' | 'lost' | 'refused'
  /** Newest first. */
  readonly recent: readonly WireNamedRevocation[]
  /** How many came since the page was opened. */
  readonly total: number
}

const KEPT = 200

export const live = createStore<Live>({ state: 'connecting', recent: [], total: 0 })

/** Never ends while the page is open: a connection that breaks is made again. */
export async function followLive(): Promise<void> {
  for (;;) {
    try {
      // What ended before the page was opened, so that it does not begin empty.
      const { items } = await api.revocations({}, { pageSize: 50 }).page()
      live.set({ ...live.get(), recent: items })
      for await (const { revocation } of api.events({
        onConnected: () => {
          set('connected')
        },
        onLost: () => {
          set('lost')
        },
      })) {
        keep(revocation)
      }
    } catch (error) {
      if (error instanceof ApiError && error.status < 500) {
        set('refused')
        // Signed out elsewhere: what is shown here is no longer theirs to see.
        if (error.status === 401) location.assign(signInAddress())
        return
      }
      set('lost')
    }
    await new Promise((resolve) => setTimeout(resolve, 2000))
  }
}

function set(state: Live['state']): void {
  live.set({ ...live.get(), state })
}

/** Many may come at once, and are drawn at most once a frame. */
let waiting: WireNamedRevocation[] = []

function keep(revocation: WireNamedRevocation): void {
  waiting.push(revocation)
  if (waiting.length > 1) return
  requestAnimationFrame(() => {
    const { recent, total, state } = live.get()
    const all = [...waiting.toReversed(), ...recent].slice(0, KEPT)
    live.set({ state, recent: all, total: total + waiting.length })
    waiting = []
  })
}
