import type { Store } from '../../src/ports/store.ts'

/** What a node that sends has begun and not ended: simulated time must not pass meanwhile. */
export class Work {
  underWay = 0

  counted<Request extends unknown[], Result>(
    act: (...request: Request) => Promise<Result>,
  ): (...request: Request) => Promise<Result> {
    return async (...request) => {
      this.underWay++
      try {
        return await act(...request)
      } finally {
        this.underWay--
      }
    }
  }

  /** A store whose look for what is due, and its claim, are counted: they come before a sending. */
  countedIn(store: Store): Store {
    return {
      ...store,
      dueReceivers: this.counted((...request: Parameters<Store['dueReceivers']>) =>
        store.dueReceivers(...request),
      ),
      claimDeliveries: this.counted((...request: Parameters<Store['claimDeliveries']>) =>
        store.claimDeliveries(...request),
      ),
    }
  }
}
