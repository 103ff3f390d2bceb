import { setTimeout as sleep } from 'node:timers/promises'

/** Waits for something that another process does; fails after half a minute. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 30_000
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error('waited for half a minute')
    await sleep(5)
  }
}
