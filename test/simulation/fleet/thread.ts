/**
 * A thread in which fleets run. The test runner counts every promise of the thread that it runs in,
 * which costs a third of the time of a fleet; a thread of its own is not counted.
 */
import { once } from 'node:events'
import { isMainThread, parentPort, Worker } from 'node:worker_threads'
import { simulateFleet, type FleetOutcome } from './simulate.ts'
import { brokenFleets } from './variants.ts'

interface FleetRequest {
  readonly seed: number
  /** A key of `brokenFleets`; none: a fleet in which nothing is wrong on purpose. */
  readonly broken: string | undefined
}

export class FleetThread implements Disposable {
  #worker: Worker | undefined

  /** As `simulateFleet`, for one seed at a time. Rejects if the fleet throws. */
  async run(seed: number, broken?: string): Promise<FleetOutcome> {
    this.#worker ??= new Worker(new URL(import.meta.url))
    this.#worker.postMessage({ seed, broken } satisfies FleetRequest)
    const [outcome] = (await once(this.#worker, 'message')) as [FleetOutcome]
    return outcome
  }

  [Symbol.dispose](): void {
    void this.#worker?.terminate()
  }
}

if (!isMainThread) {
  // Thousands of refusals are made, and their stack traces are not read.
  Error.stackTraceLimit = 0
  parentPort?.on('message', ({ seed, broken }: FleetRequest) => {
    const variant = broken === undefined ? {} : brokenFleets[broken]?.variant
    void simulateFleet(seed, variant).then((outcome) => parentPort?.postMessage(outcome))
  })
}
