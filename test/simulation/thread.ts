/**
 * A thread in which worlds run. The test runner counts every promise of the thread that it runs in,
 * which costs feeds half of their time and fleets a third; a thread of its own is not counted.
 */
import { once } from 'node:events'
import { isMainThread, parentPort, Worker } from 'node:worker_threads'

interface WorldRequest {
  readonly seed: number
  /** Name of what is wrong on purpose; none: a world in which nothing is. */
  readonly broken: string | undefined
}

type Run<Outcome> = (seed: number, broken: string | undefined) => Promise<Outcome>

export class SimulationThread<Outcome> implements Disposable {
  readonly #module: URL
  #worker: Worker | undefined

  /** @param module Calls {@link runWorlds} when it is a thread. */
  constructor(module: URL) {
    this.#module = module
  }

  /** One world at a time. Rejects if it throws. */
  async run(seed: number, broken?: string): Promise<Outcome> {
    this.#worker ??= new Worker(this.#module)
    this.#worker.postMessage({ seed, broken } satisfies WorldRequest)
    const [outcome] = (await once(this.#worker, 'message')) as [Outcome]
    return outcome
  }

  [Symbol.dispose](): void {
    void this.#worker?.terminate()
  }
}

/** Runs the worlds that this thread is asked for; nothing on the main thread. */
export function runWorlds<Outcome>(run: Run<Outcome>): void {
  if (isMainThread) return
  parentPort?.on('message', ({ seed, broken }: WorldRequest) => {
    void run(seed, broken).then((outcome) => parentPort?.postMessage(outcome))
  })
}
