import { setTimeout as sleep } from 'node:timers/promises'

/** Waits for something that another process does; fails after two minutes. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 120_000
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error('waited for two minutes')
    await sleep(5)
  }
}
