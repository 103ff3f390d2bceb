/** What a server says of itself while it is under load: CPU, stalls of its event loop, memory. */
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { Tasks } from './child.ts'

export interface ServerFigures {
  readonly cpuSeconds: number
  /** How much later than asked for the event loop came round. */
  readonly delayP50Ms: number
  readonly delayP99Ms: number
  readonly delayMaxMs: number
  readonly rssMegabytes: number
}

/** The monitor asks to be woken this often, and counts the wish as part of the delay. */
const RESOLUTION_MS = 1

/** Tasks that every server of a bench answers: `begin` before a sample and `end` after it. */
export function watchTasks(): Tasks {
  const delays = monitorEventLoopDelay({ resolution: RESOLUTION_MS })
  let before = process.cpuUsage()
  return {
    begin() {
      delays.reset()
      delays.enable()
      before = process.cpuUsage()
    },
    end(): ServerFigures {
      delays.disable()
      const { user, system } = process.cpuUsage(before)
      const late = (nanoseconds: number): number => Math.max(0, nanoseconds / 1e6 - RESOLUTION_MS)
      return {
        cpuSeconds: (user + system) / 1e6,
        delayP50Ms: late(delays.percentile(50)),
        delayP99Ms: late(delays.percentile(99)),
        delayMaxMs: late(delays.max),
        rssMegabytes: process.memoryUsage.rss() / 2 ** 20,
      }
    },
  }
}

/** After requests were prepared in a server: their garbage is not to be collected in a sample. */
export function collectGarbage(): void {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  collect()
}
